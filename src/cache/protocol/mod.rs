//! The protocol between isolates, Redis, KV and the backend, as decisions over plain data: what an isolate learns, how a
//! value is dated, and how it may be served (docs/design.md, "The protocol"). What Redis decides is in `redis/scripts`.

mod control;
mod dating;
mod journal;
mod judgement;
mod known;
mod observed;
mod version;

pub use control::Control;
pub use dating::{Dated, Expiry};
pub use journal::{Journal, JournalEntry};
pub use judgement::Freshness;
pub use known::{BackendEpoch, Known};
pub use observed::{Observed, Told};
pub use version::{Place, Version};
