//! What the cache says to Redis: commands, scripts, and what the replies mean. One round trip each, and no policy.

mod changes;
mod claim;
mod history;
mod invalidate;
mod operations;
mod publish;
mod read;
mod replies;
mod scripts;
mod session;
mod statistics;

pub use changes::{changed_at, note_change};
pub use claim::{Claim, OriginHealth, Release, claim, extend};
pub use history::{ReadJournal, Succession, read_journal, read_kept};
pub use invalidate::{Raised, Sweep, Withdrawn, control, invalidate, unlink, withdraw};
pub use operations::{WarmRun, note_operation, save_report};
pub use publish::{Guarded, Living, PublishReply, add, full_lasts, publish, publish_full, renew};
pub use read::{
    ReadDerived, ReadListing, check, read_derived, read_listing, read_snapshot, read_snapshots,
};
pub use scripts::{
    ADD, ASKED, CLAIM, CONTROL, COUNT, DERIVED, EXTEND, INVALIDATE, JOURNAL, KEPT, LISTING,
    OPERATIONS, PUBLISH, RELEASE, RENEW, STANDING, TALLY,
};
pub use session::{Session, Traffic};
pub use statistics::{Shared, SharedSource, Tally, count, standing, statistics, tally};
