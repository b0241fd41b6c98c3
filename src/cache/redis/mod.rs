//! What the cache says to Redis: commands, scripts, and what the replies mean. One round trip each, and no policy.

mod claim;
mod invalidate;
mod publish;
mod read;
mod replies;
mod scripts;
mod session;
mod statistics;

pub use claim::{Claim, OriginHealth, claim, release};
pub use invalidate::{InvalidationStep, raise, unlink};
pub use publish::{PublishReply, VALUE_BYTES_MAX, publish};
pub use read::{Read, check, read};
pub use replies::KeyTtl;
pub use scripts::{PUBLISH, RAISE, RELEASE};
pub use session::Session;
pub use statistics::{Shared, add, save_report, statistics};
