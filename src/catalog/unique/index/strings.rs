//! Many short texts: side by side in one, or told apart by numbers.

use std::collections::BTreeMap;

/// Texts, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Strings {
    text: String,
    /// Where each ends in the text, in bytes.
    ends: Vec<usize>,
}

impl Strings {
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// Adds empty ones until there are so many, and takes no more than these.
    pub(super) fn fill(&mut self, count: usize) {
        self.ends.truncate(count);
        self.text.truncate(self.ends.last().copied().unwrap_or_default());
        self.ends.resize(count, self.text.len());
    }

    /// Gives back the room that was taken ahead.
    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// The text at a position; an empty one where there is none.
    pub(super) fn get(&self, position: usize) -> &str {
        let start = position.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(position).copied().unwrap_or_default();
        self.text.get(start.unwrap_or_default()..end).unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|position| self.get(position))
    }

    /// What this takes in memory, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let ends = self.ends.capacity().saturating_mul(size_of::<usize>());
        self.text.capacity().saturating_add(ends)
    }
}

/// The number of what is no text, and of texts beyond so many different ones.
pub(super) const NONE: u16 = u16::MAX;

/// Different texts, numbered in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    numbers: BTreeMap<Box<str>, u16>,
    texts: Vec<Box<str>>,
}

impl Numbered {
    /// The number of a text.
    pub(super) fn number(&mut self, text: Option<&str>) -> u16 {
        let Some(text) = text else { return NONE };
        if let Some(known) = self.numbers.get(text) {
            return *known;
        }
        let next = u16::try_from(self.texts.len()).unwrap_or(NONE);
        if next != NONE {
            self.numbers.insert(text.into(), next);
            self.texts.push(text.into());
        }
        next
    }

    /// The texts, by their numbers.
    pub(super) fn finish(self) -> Box<[Box<str>]> {
        self.texts.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_where_they_were_put() {
        let mut strings = Strings::default();
        for text in ["a", "", "ü☃", "b"] {
            strings.push(text);
        }
        assert_eq!(strings.iter().collect::<Vec<_>>(), ["a", "", "ü☃", "b"]);
        assert_eq!(strings.get(4), "");
        assert_eq!(Strings::default().iter().count(), 0);
    }

    #[test]
    fn a_text_has_one_number_and_there_are_only_so_many() {
        let mut numbered = Numbered::default();
        let numbers =
            [Some("a"), None, Some("b"), Some("a"), Some("")].map(|it| numbered.number(it));
        assert_eq!(numbers, [0, NONE, 1, 0, 2]);
        for number in 0..70_000 {
            numbered.number(Some(&number.to_string()));
        }
        assert_eq!((numbered.number(Some("last")), numbered.number(Some("b"))), (NONE, 1));
        assert_eq!(numbered.finish().len(), usize::from(NONE));
    }
}
