//! What Redis decides by itself, in Lua: each script is one step that nothing gets between (docs/platform.md, "Scripts are
//! atomic").

macro_rules! script {
    ($($name:literal),+) => {
        concat!(include_str!("scripts/control.lua"), $(include_str!(concat!("scripts/", $name))),+)
    };
}

/// Asks for a source's lease.
pub const CLAIM: &str = script!("claim.lua");
/// Publishes a snapshot, its listings and its version.
pub const PUBLISH: &str = script!("version.lua", "publish.lua");
/// Publishes listings of a version that is there.
pub const ADD: &str = script!("add.lua");
/// Renews what is published.
pub const RENEW: &str = script!("renew.lua");
/// Unlinks every value and raises control.
pub const INVALIDATE: &str = script!("invalidate.lua");
/// Gives a lease back.
pub const RELEASE: &str = include_str!("scripts/release.lua");
/// Lets a lease last on.
pub const EXTEND: &str = include_str!("scripts/extend.lua");
/// Reads a listing; a read, so that a copy near by may answer.
pub const LISTING: &str = include_str!("scripts/listing.lua");
/// Says which derived listings need not be sent; a read as well.
pub const DERIVED: &str = include_str!("scripts/derived.lua");
/// Reads control where it is written.
pub const CONTROL: &str = include_str!("scripts/read_control.lua");
/// Adds to counters.
pub const COUNT: &str = include_str!("scripts/count.lua");

/// A script as it is sent: without its comments and indents, which Redis would be sent again and again.
pub(super) fn sent(script: &str) -> String {
    let lines = script.lines().map(str::trim_start);
    let code = lines.filter(|line| !line.starts_with("--") && !line.is_empty());
    code.collect::<Vec<&str>>().join("\n")
}
