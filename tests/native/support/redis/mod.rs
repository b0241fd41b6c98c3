//! A Redis in memory on virtual time, as its port: it runs commands and scripts as Redis 7 does, with faults of the
//! network, of replicas and of the server, and counts what it is asked.

mod commands;
mod glob;
mod keyspace;
mod lists;
mod lua;
mod server;

use std::{
    cell::{Cell, RefCell, RefMut},
    rc::Rc,
    time::Duration,
};

use async_trait::async_trait;
use model_catalog_edge::ports::{Command, Redis, Reply, TierError};

use self::server::{Output, Server, is_read};
pub use self::{
    keyspace::{Dump, Keyspace, Lag, Stored, Value},
    server::Refusal,
};
use super::{sim::Sim, spent::Counts};

/// How a fake tier behaves just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// As it should, after this many milliseconds.
    #[default]
    None,
    /// As it should, only late.
    Slow(u64),
    /// Never answers.
    Hung,
    /// No connection.
    Error,
    /// Does it, and says it failed: the answer got lost.
    LostAnswer,
    /// What it says is broken.
    Corrupt,
    /// Too many requests.
    Limited,
    /// The plan is used up.
    Quota,
}

/// Where control is in every world.
const CONTROL: &str = "t:models:edge:control";

/// The server; every isolate talks to the same one.
#[derive(Clone)]
pub struct FakeRedis {
    sim: Sim,
    pub fault: Rc<Cell<Fault>>,
    /// What the server refuses.
    pub refusal: Rc<Cell<Refusal>>,
    /// How far the copies that answer reads are behind.
    pub lag: Rc<Cell<Lag>>,
    /// How large a request may be.
    pub request_bytes_max: Rc<Cell<usize>>,
    /// How far the clock of Redis is from the simulation's.
    pub clock_offset_ms: Rc<Cell<i64>>,
    pub data: Rc<RefCell<Keyspace>>,
    /// Every pipeline, as its commands' first two words, of scripts the first one.
    pub calls: Rc<RefCell<Vec<Vec<String>>>>,
    pub counts: Rc<Cell<Counts>>,
    /// When commands gave control another value, in ms.
    pub control_moved: Rc<RefCell<Vec<u64>>>,
    /// The effects that this client has seen, if it tells the server of them.
    seen: Option<Rc<Cell<u64>>>,
}

impl FakeRedis {
    pub fn new(sim: &Sim) -> Self {
        Self {
            sim: sim.clone(),
            fault: Rc::default(),
            refusal: Rc::default(),
            lag: Rc::default(),
            request_bytes_max: Rc::new(Cell::new(usize::MAX)),
            clock_offset_ms: Rc::default(),
            data: Rc::default(),
            calls: Rc::default(),
            counts: Rc::default(),
            control_moved: Rc::default(),
            seen: None,
        }
    }

    /// The same server for a client of its own that reads what it wrote (docs/platform.md, "Upstash replicas lag").
    pub fn client(&self) -> Self {
        Self { seen: Some(Rc::default()), ..self.clone() }
    }

    /// The time in ms, by the clock of Redis.
    pub fn now(&self) -> u64 {
        self.sim.now().0.saturating_add_signed(self.clock_offset_ms.get())
    }

    fn data_now(&self) -> RefMut<'_, Keyspace> {
        let mut data = self.data.borrow_mut();
        data.set_now(self.now());
        data
    }

    /// Sets a text as the backend would.
    pub fn set(&self, key: &str, text: &str, ttl: Option<Duration>) {
        self.put(key, Value::Text(Rc::from(text)), ttl);
    }

    /// Sets a value of any type, as somebody would who knows nothing of us.
    pub fn put(&self, key: &str, value: Value, ttl: Option<Duration>) {
        let expires = ttl.map(|ttl| self.now() + u64::try_from(ttl.as_millis()).unwrap());
        self.data_now().write(key, value, expires);
    }

    pub fn stored(&self, key: &str) -> Option<Stored> {
        self.data_now().find(key).cloned()
    }

    /// The text of a key; none where there is none, or another type.
    pub fn get(&self, key: &str) -> Option<String> {
        self.data_now().find(key)?.text().map(|text| text.as_ref().to_owned())
    }

    pub fn keys(&self) -> Vec<String> {
        self.data_now().names().iter().map(|key| key.as_ref().to_owned()).collect()
    }

    /// Removes everything.
    pub fn flush(&self) {
        self.data_now().retain(|_, _| false);
    }

    /// Evicts some key, whether it expires or not; says which.
    pub fn evict(&self) -> Option<String> {
        let keys = self.keys();
        let victim = if keys.is_empty() { None } else { Some(self.sim.pick(&keys)) };
        victim.inspect(|key| drop(self.data_now().remove(key)))
    }

    /// All that is there, to be restored later.
    pub fn snapshot(&self) -> Dump {
        self.data.borrow().dump()
    }

    /// Makes it what it was, as from an old backup: what was to expire meanwhile has.
    pub fn restore(&self, dump: &Dump) {
        self.data.borrow_mut().restore(dump);
    }

    /// Runs a command or script at once, past the network and its faults, uncounted.
    pub fn run(&self, words: &[&str]) -> Reply {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Reply::from(self.execute(&words))
    }

    fn execute(&self, words: &[String]) -> Output {
        Server { data: &mut self.data_now(), refusal: self.refusal.get() }.run(words)
    }

    /// How far what answers a request is behind: only reads may go to a copy.
    fn lag_of(&self, commands: &[Vec<String>]) -> Lag {
        let lag = self.lag.get();
        let may_lag = lag != Lag::None && commands.iter().all(|words| is_read(words));
        if may_lag { lag } else { Lag::None }
    }

    /// Runs a read on a copy that lags.
    fn execute_behind(&self, words: &[String], lag: Lag, seed: u64) -> Output {
        let known = self.seen.as_ref().map_or(0, |seen| seen.get());
        let mut copy = self.data_now().behind(lag, seed, known);
        Server { data: &mut copy, refusal: self.refusal.get() }.run(words)
    }

    /// An answer arrived: its client never goes back behind it.
    fn see(&self, lag: Lag) {
        if let Some(seen) = &self.seen {
            seen.set(seen.get().max(self.data.borrow().shown(lag)));
        }
    }

    fn count(&self, add: impl Fn(&mut Counts)) {
        let mut counts = self.counts.get();
        add(&mut counts);
        self.counts.set(counts);
        self.sim.spend(|spent| add(&mut spent.redis));
    }

    /// Notes a request, whatever becomes of it.
    fn note(&self, commands: &[Vec<String>]) {
        let call = |command: &Vec<String>| match command[0].to_ascii_uppercase().as_str() {
            "EVAL" | "EVAL_RO" => command[0].clone(),
            _ => command.iter().take(2).cloned().collect::<Vec<String>>().join(" "),
        };
        self.calls.borrow_mut().push(commands.iter().map(call).collect());
        self.count(|counts| {
            counts.requests += 1;
            counts.bytes_up += bytes(commands);
        });
    }

    /// Runs a pipeline's commands one by one: it is not atomic, others get in between.
    async fn execute_all(&self, commands: &[Vec<String>], lag: Lag) -> Vec<Reply> {
        let copy = (lag != Lag::None).then(|| self.sim.random());
        let mut replies = Vec::new();
        for command in commands {
            self.sim.sleep(Duration::from_millis(1 + self.sim.below(2))).await;
            self.count(|counts| counts.commands += 1);
            let control = self.get(CONTROL);
            let output = match copy {
                Some(seed) => self.execute_behind(command, lag, seed),
                None => self.execute(command),
            };
            if self.get(CONTROL) != control {
                self.control_moved.borrow_mut().push(self.sim.now().0);
            }
            replies.push(Reply::from(output));
        }
        replies
    }
}

#[async_trait(?Send)]
impl Redis for FakeRedis {
    async fn pipeline(
        &self,
        commands: Vec<Command>,
        _timeout: Duration,
    ) -> Result<Vec<Reply>, TierError> {
        let words = |command: &Command| command.iter().map(ToString::to_string).collect();
        let commands: Vec<Vec<String>> = commands.iter().map(words).collect();
        self.note(&commands);
        let fault = self.fault.get();
        match fault {
            Fault::Hung => std::future::pending::<()>().await,
            Fault::Error => return Err(TierError::Unreachable),
            Fault::Limited => return Err(TierError::Limited),
            Fault::Quota => return Err(TierError::Quota),
            Fault::Slow(ms) => self.sim.sleep(Duration::from_millis(ms)).await,
            Fault::None | Fault::LostAnswer | Fault::Corrupt => {}
        }
        if bytes(&commands) > self.request_bytes_max.get() {
            return Err(TierError::RequestTooLarge { limit: None });
        }
        let lag = self.lag_of(&commands);
        let replies = self.execute_all(&commands, lag).await;
        if fault == Fault::LostAnswer {
            return Err(TierError::Timeout);
        }
        self.see(lag);
        self.count(|counts| counts.bytes_down += replies.iter().map(text_bytes).sum::<usize>());
        let broken = |reply| if fault == Fault::Corrupt { corrupt(reply) } else { reply };
        replies.into_iter().map(|reply| arrived(broken(reply))).collect()
    }
}

fn bytes(commands: &[Vec<String>]) -> usize {
    commands.iter().flatten().map(String::len).sum()
}

fn text_bytes(reply: &Reply) -> usize {
    match reply {
        Reply::Nil => 0,
        Reply::Integer(value) => value.to_string().len(),
        Reply::Text(text) | Reply::Error(text) => text.len(),
        Reply::Array(items) => items.iter().map(text_bytes).sum(),
    }
}

/// As the client of Upstash has it: a refusal that means more than a failed command is the whole request's.
fn arrived(reply: Reply) -> Result<Reply, TierError> {
    match reply {
        Reply::Error(text) => match TierError::of_refusal(&text) {
            TierError::Command(_) => Ok(Reply::Error(text)),
            refusal => Err(refusal),
        },
        reply => Ok(reply),
    }
}

/// Cuts every text that holds a listing in half.
fn corrupt(reply: Reply) -> Reply {
    match reply {
        Reply::Text(text) if text.contains('[') => {
            Reply::Text(text.chars().take(text.chars().count() / 2).collect())
        }
        Reply::Array(items) => Reply::Array(items.into_iter().map(corrupt).collect()),
        reply => reply,
    }
}
