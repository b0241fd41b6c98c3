//! A cached thing with what its freshness is judged by. Decisions are functions of `now`.

mod content;
mod dated;
mod epochs;
mod freshness;

pub use content::Content;
pub use dated::Entry;
pub use epochs::Epochs;
pub use freshness::Freshness;
