//! A walk over the JSON of records, which was checked when it was read: it finds where values end, and checks nothing again. What is no JSON ends
//! the walk.

use memchr::memchr2;

/// A place in a text.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// The beginning of a text.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Goes into an object (`{`) or an array (`[`); none where there is none.
    pub(super) fn open(&mut self, bracket: u8) -> Option<()> {
        (self.peek()? == bracket).then(|| self.step())
    }

    /// Goes on to the value of an object's next member, whose name is given as it is written; none at the end, which is left behind.
    pub(super) fn next_key(&mut self) -> Option<&'a str> {
        self.next_item(b'}')?;
        let key = self.value()?;
        (self.peek()? == b':').then(|| self.step())?;
        key.strip_prefix('"')?.strip_suffix('"')
    }

    /// Goes on to an array's next element; none at the end, which is left behind.
    pub(super) fn next_element(&mut self) -> Option<()> {
        self.next_item(b']')
    }

    /// The value that begins here, which is left behind.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        let first = self.peek()?;
        let start = self.at;
        self.at = match first {
            b'"' => self.string_end(start)?,
            b'{' | b'[' => self.nested_end(start)?,
            _ => self.literal_end(start),
        };
        self.text.get(start..self.at).filter(|value| !value.is_empty())
    }

    fn next_item(&mut self, end: u8) -> Option<()> {
        let mut next = self.peek()?;
        if next == b',' {
            self.step();
            next = self.peek()?;
        }
        if next == end {
            self.step();
            return None;
        }
        Some(())
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.step(),
                byte => return Some(*byte),
            }
        }
    }

    /// Where the string ends that begins at a quote.
    fn string_end(&self, start: usize) -> Option<usize> {
        let mut at = start.checked_add(1)?;
        loop {
            let rest = self.text.as_bytes().get(at..)?;
            at = at.checked_add(memchr2(b'"', b'\\', rest)?)?.checked_add(1)?;
            match self.text.as_bytes().get(at.checked_sub(1)?)? {
                b'"' => return Some(at),
                // What is escaped is no end.
                _ => at = at.checked_add(1)?,
            }
        }
    }

    fn nested_end(&self, start: usize) -> Option<usize> {
        let (mut at, mut depth) = (start, 0_usize);
        loop {
            let byte = self.text.as_bytes().get(at)?;
            at = at.checked_add(1)?;
            match byte {
                b'"' => at = self.string_end(at.checked_sub(1)?)?,
                b'{' | b'[' => depth = depth.checked_add(1)?,
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
    }

    fn literal_end(&self, start: usize) -> usize {
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
        start.saturating_add(rest.iter().position(ends).unwrap_or(rest.len()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// The value at the scanner's place, taken apart by it as deep as it goes.
    fn read(scanner: &mut Scanner<'_>) -> Option<Value> {
        if scanner.open(b'{').is_some() {
            let mut object = serde_json::Map::new();
            while let Some(key) = scanner.next_key() {
                let key = serde_json::from_str(&format!("\"{key}\"")).ok()?;
                object.insert(key, read(scanner)?);
            }
            return Some(Value::Object(object));
        }
        if scanner.open(b'[').is_some() {
            let mut array = Vec::new();
            while scanner.next_element().is_some() {
                array.push(read(scanner)?);
            }
            return Some(Value::Array(array));
        }
        serde_json::from_str(scanner.value()?).ok()
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(|it| json!(it)),
            any::<i64>().prop_map(|it| json!(it)),
            "[a-z\"\\\\{}\\[\\],: ☃\n]{0,8}".prop_map(|it| json!(it)),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(|it| json!(it)),
                prop::collection::btree_map("[a-z\"\\\\{},]{0,4}", inner, 0..5)
                    .prop_map(|it| json!(it)),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_walked_over_is_what_a_parser_reads(value in any_value()) {
            for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                prop_assert_eq!(read(&mut Scanner::new(&text)), Some(value.clone()));
                prop_assert_eq!(Scanner::new(&text).value(), Some(text.as_str()));
            }
        }

        #[test]
        fn what_is_no_json_ends_the_walk(text in "[\\[{\"\\\\:,a1 \\]}☃]{0,24}") {
            let mut scanner = Scanner::new(&text);
            for _ in 0..=text.len() {
                let before = scanner.at;
                if read(&mut scanner).is_none() && scanner.at == before {
                    break;
                }
            }
        }
    }
}
