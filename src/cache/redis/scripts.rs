//! What Redis decides by itself, in Lua: each script is one step that nothing gets between (docs/platform.md, "Scripts are
//! atomic").

/// Files that follow each other in one script: what several of them need stands before.
macro_rules! script {
    ($($name:literal),+) => {
        concat!($(include_str!(concat!("scripts/", $name, ".lua"))),+)
    };
}

/// Asks for a source's lease.
pub const CLAIM: &str = script!("control/record", "lease/claim");
/// Publishes a snapshot, its listings and its version.
pub const PUBLISH: &str =
    script!("control/record", "control/clock", "values/version", "history/note", "values/publish");
/// Publishes listings of a version that is there.
pub const ADD: &str = script!("control/record", "values/add");
/// Publishes the list of all providers' models.
pub(super) const FULL: &str = script!("control/record", "values/full");
/// Renews what is published.
pub const RENEW: &str = script!("control/record", "values/renew");
/// Unlinks every value and raises control.
pub const INVALIDATE: &str =
    script!("control/record", "control/clock", "operations/of", "control/invalidate");
/// Withdraws one source.
pub(super) const WITHDRAW: &str =
    script!("control/record", "control/clock", "values/version", "values/withdraw");
/// Gives a lease back.
pub const RELEASE: &str = script!("lease/release");
/// Lets a lease last on.
pub const EXTEND: &str = script!("lease/extend");
/// Reads a listing; a read, so that a copy near by may answer.
pub const LISTING: &str = script!("values/listing");
/// Says which derived listings need not be sent; a read as well.
pub const DERIVED: &str = script!("values/derived");
/// Reads a journal beside its version; a read.
pub const JOURNAL: &str = script!("history/journal");
/// Reads a snapshot by its hash; a read.
pub const KEPT: &str = script!("history/kept");
/// Reads control where it is written.
pub const CONTROL: &str = script!("control/read");
/// Adds to counters.
pub const COUNT: &str = script!("count");
/// Reads counters, and how sources stand beside them.
pub const TALLY: &str = script!("standing/of", "standing/tally");
/// When providers were asked for.
pub const ASKED: &str = script!("asked");
/// How sources stand; a read.
pub const STANDING: &str = script!("standing/of", "standing/read");
/// Notes what cron or an operator did.
pub const OPERATIONS: &str = script!("operations/of", "operations/note");

/// A script as it is sent: without its comments and indents, which Redis would be sent again and again.
pub(super) fn sent(script: &str) -> String {
    let lines = script.lines().map(str::trim_start);
    let code = lines.filter(|line| !line.starts_with("--") && !line.is_empty());
    code.collect::<Vec<&str>>().join("\n")
}
