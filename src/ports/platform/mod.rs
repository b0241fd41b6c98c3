//! What the platform does around the Worker: nothing is stored or read there that a listing is made of.

mod rate_limit;

pub use rate_limit::RateLimit;
