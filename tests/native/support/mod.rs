//! What native tests run on: a fake clock with its executor, and fakes of every port with a switch for faults.

pub mod catalog;
pub mod colo;
pub mod front;
pub mod isolate;
pub mod kv;
pub mod meter;
pub mod origin;
pub mod postgrest;
pub mod redis;
pub mod sim;
pub mod spent;
pub mod vectors;
