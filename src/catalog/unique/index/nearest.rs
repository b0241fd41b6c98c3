//! Which of many names a mistyped one was probably meant to be.

use strsim::levenshtein;

/// At most so many names are given.
const GIVEN_MAX: usize = 5;
/// So much of what was asked for is compared, in characters.
const ASKED_MAX: usize = 100;
/// Edits are counted for no more names than this, those that share most with what was asked for: a stranger's mistake must cost no more
/// than a page.
const COMPARED_MAX: usize = 40;

/// The names nearest to `asked`, the nearest first, without any that has not a quarter of it. Each comes with the texts that it goes by, in lower
/// case.
pub(super) fn nearest<'a, T: AsRef<str>>(
    asked: &str,
    names: impl Iterator<Item = (&'a str, [T; 2])>,
) -> Vec<&'a str> {
    let asked: String = asked.to_lowercase().chars().take(ASKED_MAX).collect();
    let wanted = pairs(&asked);
    let shared = |text: &str| (pairs(text) & wanted).count_ones();
    let mut candidates: Vec<(u32, &str, [T; 2])> = names
        .map(|(name, texts)| {
            let most = texts.iter().map(|text| shared(text.as_ref())).max().unwrap_or(0);
            (most, name, texts)
        })
        .filter(|(shared, ..)| *shared > 0)
        .collect();
    candidates.sort_by_key(|(shared, name, _)| (std::cmp::Reverse(*shared), name.len()));
    candidates.truncate(COMPARED_MAX);
    let edits = |text: &T| {
        let text: String = text.as_ref().chars().take(ASKED_MAX).collect();
        let (edits, longer) = (levenshtein(&asked, &text), asked.len().max(text.len()));
        (edits.saturating_mul(4) <= longer.saturating_mul(3)).then_some(edits)
    };
    let mut near: Vec<(usize, &str)> = candidates
        .iter()
        .filter_map(|(_, name, texts)| Some((texts.iter().filter_map(edits).min()?, *name)))
        .collect();
    near.sort_unstable();
    near.dedup_by_key(|(_, name)| *name);
    near.into_iter().take(GIVEN_MAX).map(|(_, name)| name).collect()
}

/// Which pairs of neighbouring bytes a text has, each as one of 64 bits.
fn pairs(text: &str) -> u64 {
    let bit = |(first, second): (u8, u8)| {
        let mixed = u32::from(first).wrapping_mul(31).wrapping_add(u32::from(second));
        1_u64.rotate_left(mixed)
    };
    let bytes = text.bytes().take(ASKED_MAX);
    let padded = std::iter::once(b' ').chain(bytes.clone());
    padded.zip(bytes).map(bit).fold(0, |all, pair| all | pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near<'a>(asked: &str, names: &[&'a str]) -> Vec<&'a str> {
        nearest(asked, names.iter().map(|name| (*name, [name.to_lowercase(), String::new()])))
    }

    #[test]
    fn the_nearest_come_first_in_any_letter_case() {
        let names = ["GPT-4o", "GPT-4", "Claude 3 Opus", "gpt-4o-mini", "Llama 3", "Qwen"];
        assert_eq!(near("gpt4o", &names).first(), Some(&"GPT-4o"));
        assert_eq!(near("GPT-4", &names).first(), Some(&"GPT-4"));
        assert_eq!(near("claude-3-opus", &names).first(), Some(&"Claude 3 Opus"));
        assert_eq!(near("llama", &names).first(), Some(&"Llama 3"));
        assert!(near("gpt", &names).len() <= GIVEN_MAX);
    }

    #[test]
    fn what_has_nothing_in_common_has_no_neighbour() {
        assert_eq!(near("☃", &["abc"]), Vec::<&str>::new());
        assert_eq!(near("", &["abc"]), Vec::<&str>::new());
        assert_eq!(near("abc", &[]), Vec::<&str>::new());
    }

    #[test]
    fn a_name_is_given_once_and_by_whatever_it_goes_by() {
        let names = [("A long name", ["a long name", "short-id"]), ("Other", ["other", "o"])];
        assert_eq!(nearest("short-ID", names.into_iter()).first(), Some(&"A long name"));
    }

    #[test]
    fn work_is_bounded_however_long_the_texts_are() {
        let long = "x".repeat(100_000);
        let names: Vec<String> = (0..1_000).map(|n| format!("{long}{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(near(&long, &names).len(), GIVEN_MAX);
    }
}
