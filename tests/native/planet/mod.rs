//! The planet, simulated: many colos with many isolates, each running the cache's own code on virtual time over fakes that
//! count, for a day of requests, changes, cron runs, deployments and outages (docs/simulation.md).

pub mod catalog;
pub mod chance;
pub mod demand;
pub mod floor;
pub mod front;
pub mod isolate;
pub mod meter;
pub mod plan;
pub mod ports;
pub mod prices;
pub mod report;
pub mod requests;
pub mod runs;
pub mod spread;
pub mod table;
pub mod world;
