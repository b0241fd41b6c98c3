//! Virtual time and an executor on it: tasks run until all of them wait, then time jumps to the next timer. With the
//! same seed everything happens again in the same order.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use async_trait::async_trait;
use model_catalog_edge::ports::{Clock, Timestamp};

use super::spent::Spent;

/// When every simulation begins: some day, in milliseconds.
pub const BEGIN: u64 = 1_790_000_000_000;

/// A simulated world's time, chance and tasks.
#[derive(Clone)]
pub struct Sim(Rc<Inner>);

struct Inner {
    now: Cell<u64>,
    random: Cell<u64>,
    sequence: Cell<u64>,
    sleeps: Cell<u64>,
    /// The invocation whose task runs just now; none outside of tasks.
    invocation: Cell<Option<u64>>,
    spent: RefCell<BTreeMap<u64, Spent>>,
    timers: RefCell<BTreeMap<(u64, u64), Waker>>,
    tasks: RefCell<BTreeMap<u64, Task>>,
    ready: Ready,
}

struct Task {
    group: u64,
    invocation: u64,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

/// The tasks that have something to do, by their numbers.
type Ready = Arc<Mutex<BTreeSet<u64>>>;

struct Alarm {
    task: u64,
    ready: Ready,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.ready.lock().unwrap().insert(self.task);
    }
}

impl Sim {
    pub fn new(seed: u64) -> Self {
        Self(Rc::new(Inner {
            now: Cell::new(BEGIN),
            random: Cell::new(seed.wrapping_mul(2).wrapping_add(1)),
            sequence: Cell::new(0),
            sleeps: Cell::new(0),
            invocation: Cell::new(None),
            spent: RefCell::default(),
            timers: RefCell::default(),
            tasks: RefCell::default(),
            ready: Ready::default(),
        }))
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.now.get())
    }

    /// `SplitMix64`: small, seeded, good enough to choose by.
    pub fn random(&self) -> u64 {
        let state = self.0.random.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.0.random.set(state);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&self, bound: u64) -> u64 {
        self.random() % bound
    }

    /// One of several.
    pub fn pick<T: Clone>(&self, several: &[T]) -> T {
        let index = usize::try_from(self.random()).unwrap() % several.len();
        several[index].clone()
    }

    fn next(&self) -> u64 {
        let number = self.0.sequence.get() + 1;
        self.0.sequence.set(number);
        number
    }

    /// Starts a task that belongs to a group, such as an isolate, and to the invocation that starts it; outside of any it is a
    /// new invocation. Returns that.
    pub fn spawn(&self, group: u64, future: impl Future<Output = ()> + 'static) -> u64 {
        let id = self.next();
        let invocation = self.0.invocation.get().unwrap_or(id);
        let task = Task { group, invocation, future: Box::pin(future) };
        self.0.tasks.borrow_mut().insert(id, task);
        self.0.ready.lock().unwrap().insert(id);
        invocation
    }

    /// Counts for the invocation that runs, if one does.
    pub fn spend(&self, add: impl FnOnce(&mut Spent)) {
        if let Some(invocation) = self.0.invocation.get() {
            add(self.0.spent.borrow_mut().entry(invocation).or_default());
        }
    }

    /// What an invocation has spent so far.
    pub fn spent(&self, invocation: u64) -> Spent {
        self.0.spent.borrow().get(&invocation).copied().unwrap_or_default()
    }

    /// Forgets what invocations have spent: a long simulation has millions.
    pub fn forget_spent(&self) {
        self.0.spent.borrow_mut().clear();
    }

    /// Ends every task of a group where it stands.
    pub fn kill(&self, group: u64) {
        let mut tasks = self.0.tasks.borrow_mut();
        let dead: Vec<u64> =
            tasks.iter().filter(|(_, task)| task.group == group).map(|(id, _)| *id).collect();
        let dropped: Vec<Task> = dead.iter().filter_map(|id| tasks.remove(id)).collect();
        drop(tasks);
        drop(dropped);
    }

    /// The world ends: what waits is dropped, since it holds the world that holds it.
    pub fn end(&self) {
        let tasks = std::mem::take(&mut *self.0.tasks.borrow_mut());
        drop(tasks);
    }

    /// Ends one task where it stands, if there is one: a client that disconnected.
    pub fn kill_one(&self) {
        let victim = {
            let tasks = self.0.tasks.borrow();
            let ids: Vec<u64> = tasks.keys().copied().collect();
            if ids.is_empty() { None } else { Some(self.pick(&ids)) }
        };
        let dropped = victim.and_then(|id| self.0.tasks.borrow_mut().remove(&id));
        drop(dropped);
    }

    /// Waits.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        let millis = u64::try_from(duration.as_millis()).unwrap();
        self.0.sleeps.set(self.0.sleeps.get() + 1);
        Sleep { sim: self.clone(), at: self.0.now.get() + millis, timer: None }
    }

    /// How often anybody has waited.
    pub fn sleeps(&self) -> u64 {
        self.0.sleeps.get()
    }

    fn poll_ready(&self) {
        loop {
            let ids: Vec<u64> = {
                let tasks = self.0.tasks.borrow();
                let mut ready = self.0.ready.lock().unwrap();
                ready.retain(|id| tasks.contains_key(id));
                ready.iter().copied().collect()
            };
            let chosen = match ids.as_slice() {
                [] => return,
                [only] => *only,
                several => self.pick(several),
            };
            self.0.ready.lock().unwrap().remove(&chosen);
            let task = self.0.tasks.borrow_mut().remove(&chosen);
            let Some(mut task) = task else { return };
            let alarm = Alarm { task: chosen, ready: Arc::clone(&self.0.ready) };
            let waker = Waker::from(Arc::new(alarm));
            self.0.invocation.set(Some(task.invocation));
            let polled = task.future.as_mut().poll(&mut Context::from_waker(&waker));
            if polled.is_pending() {
                self.0.tasks.borrow_mut().insert(chosen, task);
            } else {
                drop(task);
            }
            self.0.invocation.set(None);
        }
    }

    /// Jumps to the next timer that is not after `end`; says whether there was one.
    fn advance(&self, end: u64) -> bool {
        let first = self.0.timers.borrow().keys().next().copied();
        let Some((at, id)) = first.filter(|(at, _)| *at <= end) else { return false };
        self.0.now.set(self.0.now.get().max(at));
        let waker = self.0.timers.borrow_mut().remove(&(at, id));
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// Lets time pass.
    pub fn run_for(&self, duration: Duration) {
        let end = self.0.now.get() + u64::try_from(duration.as_millis()).unwrap();
        loop {
            self.poll_ready();
            if !self.advance(end) {
                break;
            }
        }
        self.0.now.set(end);
    }

    /// Runs the world until this is done. Panics where it never would be: a hung request.
    pub fn block_on<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> T {
        let output = Rc::new(RefCell::new(None));
        let slot = Rc::clone(&output);
        self.spawn(u64::MAX, async move {
            let value = future.await;
            *slot.borrow_mut() = Some(value);
        });
        loop {
            self.poll_ready();
            if let Some(value) = output.borrow_mut().take() {
                return value;
            }
            assert!(self.advance(u64::MAX), "hung: nothing will ever happen any more");
        }
    }
}

/// A timer.
pub struct Sleep {
    sim: Sim,
    at: u64,
    timer: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.sim.0.now.get() >= self.at {
            return Poll::Ready(());
        }
        let id = self.timer.unwrap_or_else(|| self.sim.next());
        self.timer = Some(id);
        let key = (self.at, id);
        self.sim.0.timers.borrow_mut().insert(key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.timer {
            self.sim.0.timers.borrow_mut().remove(&(self.at, id));
        }
    }
}

/// One machine's clock: the world's, but for a skew.
pub struct SimClock {
    pub sim: Sim,
    pub skew_ms: i64,
}

#[async_trait(?Send)]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.sim.now().0.saturating_add_signed(self.skew_ms))
    }

    async fn sleep(&self, duration: Duration) {
        self.sim.sleep(duration).await;
    }

    fn random(&self) -> u64 {
        self.sim.random()
    }
}
