//! What the cache says to Redis: commands, scripts, and what the replies mean. One round trip each, and no policy.

mod changes;
mod claim;
mod invalidate;
mod publish;
mod read;
mod replies;
mod scripts;
mod session;
mod statistics;
mod tally;

pub use changes::{changed_at, note_change};
pub use claim::{Claim, OriginHealth, Release, claim, extend};
pub use invalidate::{Raised, Sweep, control, invalidate, unlink};
pub use publish::{Guarded, Living, PublishReply, add, publish, renew};
pub use read::{ReadDerived, ReadListing, check, read_derived, read_listing, read_snapshot};
pub use scripts::{
    ADD, CLAIM, CONTROL, COUNT, DERIVED, EXTEND, INVALIDATE, LISTING, PUBLISH, RELEASE, RENEW,
    TALLY,
};
pub use session::{Session, Traffic};
pub use statistics::{Shared, SharedSource, count, save_report, statistics};
pub use tally::{Tally, tally};
