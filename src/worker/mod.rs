//! Everything that only a Worker has. What needs a decision is elsewhere, where a native test can reach it.

mod entry;

mod bindings;
mod build;

mod request;
mod response;

mod clock;
mod colo;
mod env;
mod fetch;
mod log;
