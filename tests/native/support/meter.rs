//! Counts what a whole world asks of its tiers, from one reading to the next.

use std::cell::Cell;

use super::{isolate::World, spent::Spent};

/// Counts what all spend, from one reading to the next.
pub struct Meter {
    world: World,
    loads: Cell<usize>,
}

impl Meter {
    pub fn new(world: &World) -> Self {
        let meter = Self { world: world.clone(), loads: Cell::default() };
        meter.read();
        meter
    }

    pub fn read(&self) -> Spent {
        let calls = self.world.kv.calls.take();
        let kv_writes = calls.iter().filter(|call| call.starts_with("put ")).count();
        let loads = self.world.origin.loads.borrow().len();
        Spent {
            redis: self.world.redis.counts.take(),
            kv_reads: calls.len() - kv_writes,
            kv_writes,
            loads: loads - self.loads.replace(loads),
            colo: self.world.colo.calls.take().len(),
            lines: 0,
        }
    }
}
