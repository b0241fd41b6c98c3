//! A cursor: which version a client walks, in which view, and how far it is. To clients it is a word without meaning.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::catalog::{Order, Scope, Selection, SortBy};

/// What this edition writes; another one's cursors are none.
const FORMAT: u8 = 1;

/// A place in a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The hash of the snapshot that is walked.
    pub(crate) version: u64,
    pub(crate) selection: Selection,
    /// How many models are behind.
    pub(crate) position: u32,
}

impl Cursor {
    /// The word.
    pub(crate) fn to_text(self) -> String {
        let Self { version, selection: Selection { scope, min_providers, sort, order }, position } =
            self;
        let scope = u8::from(scope == Scope::All);
        let sort = SortBy::ALL.iter().zip(0_u8..).find(|(known, _)| **known == sort);
        let order = u8::from(order == Order::Desc);
        let mut bytes = vec![FORMAT, scope, sort.map_or(0, |(_, number)| number), order];
        bytes.extend(min_providers.unwrap_or(0).to_be_bytes());
        bytes.extend(version.to_be_bytes());
        bytes.extend(position.to_be_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a word; none of what was not written so.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let ([FORMAT, scope, sort, order], rest) = bytes.split_first_chunk()? else { return None };
        let (minimum, rest) = rest.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let position: [u8; 4] = rest.try_into().ok()?;
        let either = |byte: &u8| [false, true].get(usize::from(*byte)).copied();
        let minimum = u32::from_be_bytes(*minimum);
        let selection = Selection {
            scope: if either(scope)? { Scope::All } else { Scope::Active },
            min_providers: (minimum > 0).then_some(minimum),
            sort: SortBy::ALL.get(usize::from(*sort)).copied()?,
            order: if either(order)? { Order::Desc } else { Order::Asc },
        };
        let version = u64::from_be_bytes(*version);
        Some(Self { version, selection, position: u32::from_be_bytes(position) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(
            version in any::<u64>(), position in any::<u32>(), minimum in prop::option::of(1u32..), kind in 0usize..12,
        ) {
            let selection = Selection {
                scope: Scope::BOTH[kind % 2],
                min_providers: minimum,
                sort: SortBy::ALL[kind / 2 % 3],
                order: Order::BOTH[kind / 6],
            };
            let cursor = Cursor { version, selection, position };
            prop_assert_eq!(Cursor::parse(&cursor.to_text()), Some(cursor));
        }

        #[test]
        fn any_other_word_is_none(bytes in prop::collection::vec(any::<u8>(), 0..30)) {
            let text = BASE64_URL_SAFE_NO_PAD.encode(&bytes);
            if let Some(cursor) = Cursor::parse(&text) {
                prop_assert_eq!(cursor.to_text(), text);
            }
        }
    }

    #[test]
    fn what_was_not_written_here_is_none() {
        let text = Cursor { version: 1, selection: Selection::default(), position: 2 }.to_text();
        assert!(Cursor::parse(&text).is_some());
        for text in [
            "",
            "*",
            "AA",
            "☃",
            text.get(1..).unwrap(),
            &format!("{text}AAAA"),
            &format!("{text}="),
        ] {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }
}
