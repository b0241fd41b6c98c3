//! The integrity gate (DESIGN.md §6): a snapshot that is empty or lost more than half of its models is not let in.
//! That its rows are all there, each once, the origin's adapter has checked.

/// Why a snapshot was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Not one model.
    Empty,
    /// Fewer than half of the models of the last good one.
    Shrunk,
}

impl Refused {
    /// One word for logs and reports.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Shrunk => "shrunk",
        }
    }
}

/// Judges a new snapshot's number of models against the last good one's; `force` is an operator's word that the
/// catalog did shrink.
pub(super) fn judge(models: usize, last_good: Option<usize>, force: bool) -> Result<(), Refused> {
    if models == 0 {
        return Err(Refused::Empty);
    }
    let shrunk = last_good.is_some_and(|before| models.saturating_mul(2) < before);
    if shrunk && !force { Err(Refused::Shrunk) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_is_a_table() {
        for (models, last_good, force, expected) in [
            (0, None, false, Err(Refused::Empty)),
            (0, Some(10), true, Err(Refused::Empty)),
            (1, None, false, Ok(())),
            (4, Some(10), false, Err(Refused::Shrunk)),
            (4, Some(10), true, Ok(())),
            (5, Some(10), false, Ok(())),
            (5, Some(11), false, Err(Refused::Shrunk)),
            (100, Some(10), false, Ok(())),
        ] {
            assert_eq!(judge(models, last_good, force), expected, "{models} of {last_good:?}");
        }
    }
}
