//! The cache in front as a Worker tells it: every call is recorded with its time, and can be refused, hang, or find none there.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use async_trait::async_trait;
use model_catalog_edge::ports::{Front, FrontReply, Timestamp};

use super::sim::Sim;

/// Longer than anybody waits.
const HANGS: Duration = Duration::from_secs(3600);

/// When a call came, and its tags.
pub type Call = (Timestamp, Vec<String>);

/// The cache in front; its clones are the same one.
#[derive(Clone)]
pub struct FakeFront {
    sim: Sim,
    /// What it says to a call; none: nothing, ever.
    pub reply: Rc<Cell<Option<FrontReply>>>,
    pub calls: Rc<RefCell<Vec<Call>>>,
}

impl FakeFront {
    pub fn new(sim: &Sim) -> Self {
        let reply = Rc::new(Cell::new(Some(FrontReply::Invalidated)));
        Self { sim: sim.clone(), reply, calls: Rc::default() }
    }
}

#[async_trait(?Send)]
impl Front for FakeFront {
    async fn invalidate(&self, tags: &[&str]) -> FrontReply {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self.calls.borrow_mut().push((self.sim.now(), tags));
        if self.reply.get().is_none() {
            self.sim.sleep(HANGS).await;
        }
        self.reply.get().unwrap_or(FrontReply::Absent)
    }
}
