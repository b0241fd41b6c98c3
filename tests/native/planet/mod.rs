//! The planet, simulated: many colos with many isolates, each running the cache's own code on virtual time over fakes that
//! count, for a day of requests, changes, cron runs, deployments and outages (docs/simulation.md).

pub mod plan;
pub mod report;
pub mod world;
