//! `Cache-Status` (RFC 9211): one member for each tier that was asked, the nearest to the client last.

use std::fmt::Write;

use crate::{
    cache::{TierReport, Trace},
    ports::Tier,
};

/// The value of `Cache-Status`. The origin is no cache and is never a member.
pub fn cache_status(trace: &Trace) -> String {
    let members: Vec<String> = trace
        .iter()
        .filter(|(tier, _)| *tier != Tier::Origin)
        .map(|(tier, report)| member(*tier, report))
        .collect();
    members.join(", ")
}

fn member(tier: Tier, report: &TierReport) -> String {
    let mut text = String::from(tier.as_str());
    // Writing to a String cannot fail.
    let _ = match report {
        TierReport::Hit { ttl_secs, key, stale, derived } => {
            let detail = match (stale, derived) {
                (Some(reason), _) => format!("; detail={}", reason.as_str()),
                (None, true) => "; detail=derived".to_owned(),
                (None, false) => String::new(),
            };
            write!(text, "; hit; ttl={ttl_secs}; key={}{detail}", quoted(key))
        }
        TierReport::Forward { reason, detail, stored, collapsed } => {
            let stored = if *stored { "; stored" } else { "" };
            let collapsed = if *collapsed { "; collapsed" } else { "" };
            let detail =
                detail.map(|detail| format!("; detail={}", detail.as_str())).unwrap_or_default();
            write!(text, "; fwd={}{stored}{collapsed}{detail}", reason.as_str())
        }
    };
    text
}

/// A string of RFC 8941 §3.3.3: printable ASCII, `"` and `\` escaped.
fn quoted(text: &str) -> String {
    let printable = text.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' });
    let escaped = printable.flat_map(|c| {
        let escape = matches!(c, '"' | '\\').then_some('\\');
        escape.into_iter().chain([c])
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{ForwardReason, Reason};

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
