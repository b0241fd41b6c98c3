//! What things cost all that was asked: by invocation, and from one reading to the next.

use std::cell::Cell;

use super::{isolate::World, redis::Counts};

/// What was asked of the tiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    pub redis: Counts,
    pub kv_reads: usize,
    pub kv_writes: usize,
    pub loads: usize,
    /// Lines of the log, where whose they are is known.
    pub lines: usize,
}

impl Spent {
    pub fn add(&mut self, other: &Self) {
        self.redis.requests += other.redis.requests;
        self.redis.commands += other.redis.commands;
        self.redis.bytes_up += other.redis.bytes_up;
        self.redis.bytes_down += other.redis.bytes_down;
        self.kv_reads += other.kv_reads;
        self.kv_writes += other.kv_writes;
        self.loads += other.loads;
        self.lines += other.lines;
    }
}

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
            lines: 0,
        }
    }
}
