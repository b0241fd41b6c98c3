//! What was asked of the tiers, as numbers.

/// What Redis was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pipelines, whatever became of them.
    pub requests: usize,
    /// Commands that were run, as Upstash bills them: a script is one.
    pub commands: usize,
    /// Bytes of names and arguments.
    pub bytes_up: usize,
    /// Bytes of the replies that arrived.
    pub bytes_down: usize,
}

/// What was asked of the tiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    pub redis: Counts,
    pub kv_reads: usize,
    pub kv_writes: usize,
    pub loads: usize,
    /// Calls of a data center's cache.
    pub colo: usize,
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
        self.colo += other.colo;
        self.lines += other.lines;
    }
}
