//! The integrity gate: a snapshot that is empty or lost more than half of its entries is not admitted. That its rows are
//! all there, each once, the origin's adapter has checked.

use crate::{cache::telemetry::Reason, catalog::Source};

/// Judges a new snapshot's number of entries against the last good one's; `force` is an operator's word that the
/// catalog did shrink. A source that may be empty is so only where it was so before, or nothing is known of that.
pub(in crate::cache) fn judge(
    source: Source,
    models: usize,
    last_good: Option<usize>,
    force: bool,
) -> Result<(), Reason> {
    let was_empty = last_good.is_none_or(|before| before == 0);
    if models == 0 && !(source.may_be_empty() && (was_empty || force)) {
        return Err(Reason::Empty);
    }
    let shrunk = last_good.is_some_and(|before| models.saturating_mul(2) < before);
    if shrunk && !force { Err(Reason::Shrunk) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Slug;

    #[test]
    fn the_gate_is_a_table() {
        for (models, last_good, force, expected) in [
            (0, None, false, Err(Reason::Empty)),
            (0, Some(10), true, Err(Reason::Empty)),
            (1, None, false, Ok(())),
            (4, Some(10), false, Err(Reason::Shrunk)),
            (4, Some(10), true, Ok(())),
            (5, Some(10), false, Ok(())),
            (5, Some(11), false, Err(Reason::Shrunk)),
            (100, Some(10), false, Ok(())),
        ] {
            let judged = judge(Source::WARMED, models, last_good, force);
            assert_eq!(judged, expected, "{models} of {last_good:?}");
        }
    }

    #[test]
    fn a_provider_may_offer_nothing_but_not_of_a_sudden() {
        let provider = Source::Provider(Slug::new("lonely").unwrap());
        for (last_good, force, expected) in [
            (None, false, Ok(())),
            (Some(0), false, Ok(())),
            (Some(1), false, Err(Reason::Empty)),
            (Some(1), true, Ok(())),
        ] {
            assert_eq!(judge(provider, 0, last_good, force), expected, "{last_good:?}");
        }
    }
}
