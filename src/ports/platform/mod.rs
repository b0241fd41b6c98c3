//! What the platform does around the Worker: nothing that a listing is made of is read there.

mod front;
mod rate_limit;

pub use front::{Front, FrontReply};
pub use rate_limit::RateLimit;
