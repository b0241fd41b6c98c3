//! The integrity gate: a snapshot that is empty or lost more than half of its entries is not admitted. That its rows are
//! all there, each once, the origin's adapter has checked.

use crate::cache::telemetry::Reason;

/// Judges a new snapshot's number of entries against the last good one's; `force` is an operator's word that the
/// catalog did shrink.
pub(in crate::cache) fn judge(
    models: usize,
    last_good: Option<usize>,
    force: bool,
) -> Result<(), Reason> {
    if models == 0 {
        return Err(Reason::Empty);
    }
    let shrunk = last_good.is_some_and(|before| models.saturating_mul(2) < before);
    if shrunk && !force { Err(Reason::Shrunk) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(judge(models, last_good, force), expected, "{models} of {last_good:?}");
        }
    }
}
