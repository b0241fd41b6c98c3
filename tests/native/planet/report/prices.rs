//! What the plans cost, as published (docs/operations.md, "What it costs"); the vendors' pages decide.

/// Of when the prices are.
pub const DATE: &str = "November 2026";

/// US dollars for so many Redis commands, on Upstash's pay as you go.
pub const UPSTASH_COMMANDS: (f64, f64) = (0.20, 100_000.0);
/// Upstash's cheapest plan on which commands are not billed, a month.
pub const UPSTASH_FIXED: f64 = 10.0;
/// Commands and bytes a month of Upstash's free plan.
pub const UPSTASH_FREE: (f64, f64) = (500_000.0, 10e9);

/// Workers' paid plan a month, the requests within it, and a million more.
pub const WORKERS: (f64, f64, f64) = (5.0, 10e6, 0.30);
/// Requests a day of Workers' free plan.
pub const WORKERS_FREE: f64 = 100_000.0;

/// KV on the paid plan: reads within it and a million more, then writes (lists are billed as such).
pub const KV_READS: (f64, f64) = (10e6, 0.50);
pub const KV_WRITES: (f64, f64) = (1e6, 5.0);
/// Reads and writes a day of KV's free plan.
pub const KV_FREE: (f64, f64) = (100_000.0, 1_000.0);

/// What is used in a month.
#[derive(Clone, Copy, Debug)]
pub struct Month {
    pub requests: f64,
    pub redis_commands: f64,
    pub redis_bytes: f64,
    pub kv_reads: f64,
    pub kv_writes: f64,
}

/// A plan, and what a month on it costs; none where the month is more than it allows.
#[derive(Clone, Copy, Debug)]
pub struct Bill {
    pub plan: &'static str,
    pub dollars: Option<f64>,
}

impl Month {
    /// What it costs on each plan.
    pub fn bills(&self) -> Vec<Bill> {
        let beyond = |used: f64, included: f64| (used - included).max(0.0) / 1e6;
        let free = |fits: bool| fits.then_some(0.0);
        let days = 30.0;
        let (commands, bytes) = UPSTASH_FREE;
        let (base, requests, more) = WORKERS;
        let kv = beyond(self.kv_reads, KV_READS.0)
            .mul_add(KV_READS.1, beyond(self.kv_writes, KV_WRITES.0) * KV_WRITES.1);
        let fits_kv = self.kv_reads / days <= KV_FREE.0 && self.kv_writes / days <= KV_FREE.1;
        let upstash_is_free = self.redis_commands <= commands && self.redis_bytes <= bytes;
        vec![
            Bill { plan: "Upstash Free", dollars: free(upstash_is_free) },
            Bill {
                plan: "Upstash pay as you go",
                dollars: Some(self.redis_commands / UPSTASH_COMMANDS.1 * UPSTASH_COMMANDS.0),
            },
            Bill { plan: "Upstash Fixed, from", dollars: Some(UPSTASH_FIXED) },
            Bill { plan: "Workers Free", dollars: free(self.requests / days <= WORKERS_FREE) },
            Bill {
                plan: "Workers Paid, without CPU",
                dollars: Some(beyond(self.requests, requests).mul_add(more, base)),
            },
            Bill { plan: "KV Free", dollars: free(fits_kv) },
            Bill { plan: "KV Paid, beyond Workers Paid", dollars: Some(kv) },
        ]
    }
}
