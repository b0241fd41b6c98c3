//! `Cache-Status` (RFC 9211): one member for each tier that was asked, the nearest to the client last.

use std::fmt::Write;

use crate::{
    cache::{Reason, TierReport, Trace},
    ports::Tier,
};

/// A hit of memory takes less.
const USUAL_BYTES: usize = 128;

/// The value of `Cache-Status`. The origin is no cache and is never a member.
pub fn cache_status(trace: &Trace) -> String {
    let mut text = String::with_capacity(USUAL_BYTES);
    for (tier, report) in trace.iter().filter(|(tier, _)| *tier != Tier::Origin) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(tier.as_str());
        write_report(report, &mut text);
    }
    text
}

fn write_report(report: &TierReport, text: &mut String) {
    let detail = match report {
        TierReport::Hit { ttl_secs, key, stale, derived } => {
            // Writing to a String cannot fail.
            let _ = write!(text, "; hit; ttl={ttl_secs}; key=");
            write_quoted(key, text);
            stale.map(Reason::as_str).or(derived.then_some("derived"))
        }
        TierReport::Forward { reason, detail, stored, collapsed } => {
            text.push_str("; fwd=");
            text.push_str(reason.as_str());
            text.push_str(if *stored { "; stored" } else { "" });
            text.push_str(if *collapsed { "; collapsed" } else { "" });
            detail.map(Reason::as_str)
        }
    };
    if let Some(detail) = detail {
        text.push_str("; detail=");
        text.push_str(detail);
    }
}

/// A string of RFC 8941 §3.3.3: printable ASCII, `"` and `\` escaped.
fn write_quoted(value: &str, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(if matches!(c, ' '..='~') { c } else { '?' });
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::ForwardReason;

    fn hit(ttl_secs: i64, stale: Option<Reason>, derived: bool) -> TierReport {
        TierReport::Hit { ttl_secs, key: "gw:k\"\\é".into(), stale, derived }
    }

    #[test]
    fn the_nearest_tier_stands_last() {
        let mut trace = Trace::default();
        trace.note_miss(Tier::Memory);
        trace.note(Tier::Upstash, hit(1290, None, false));
        trace.mark_stored();
        assert_eq!(
            cache_status(&trace),
            r#"upstash; hit; ttl=1290; key="gw:k\"\\?", memory; fwd=miss; stored"#
        );
    }

    #[test]
    fn stale_derived_and_failed_show() {
        let mut trace = Trace::default();
        trace.note(Tier::Kv, hit(-40, Some(Reason::Stale), false));
        trace.note_forward(Tier::Upstash, ForwardReason::Miss, Some(Reason::Timeout));
        trace.note_miss(Tier::Upstash);
        trace.note(Tier::Memory, hit(3, None, true));
        assert_eq!(
            cache_status(&trace),
            "kv; hit; ttl=-40; key=\"gw:k\\\"\\\\?\"; detail=stale, \
             upstash; fwd=miss; detail=timeout, \
             memory; hit; ttl=3; key=\"gw:k\\\"\\\\?\"; detail=derived"
        );
    }
}
