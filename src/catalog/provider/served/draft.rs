//! An answer that is being written: a JSON object, member by member.

use serde::Serialize;

/// An answer whose end is not written yet: what an entity tag is made of, since the time that ends it says nothing of its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    text: Vec<u8>,
    is_timed: bool,
}

impl Draft {
    /// An object without members.
    pub(super) fn new() -> Self {
        Self { text: vec![b'{'], is_timed: false }
    }

    /// The object, whose last member will be the time that it is of.
    #[must_use]
    pub(super) fn timed(self) -> Self {
        Self { is_timed: true, ..self }
    }

    /// The object with one more member.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.name(name);
        self.text.extend_from_slice(json(value).as_bytes());
        self
    }

    /// The object with one more member, an array whose elements are written one by one.
    #[must_use]
    pub(super) fn with_each<T>(
        mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(T, &mut Vec<u8>),
    ) -> Self {
        self.name(name);
        self.text.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.text.push(b',');
            }
            write(item, &mut self.text);
        }
        self.text.push(b']');
        self
    }

    /// The object with one more member, a value that is written already.
    #[must_use]
    pub(super) fn with_written(mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        self.name(name);
        write(&mut self.text);
        self
    }

    /// What is written so far.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The object as it is.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.text.push(b'}');
        self.text
    }

    /// The whole object; `timestamp` is the time that it is of.
    pub fn finish_at(self, timestamp: &str) -> Vec<u8> {
        let whole = if self.is_timed { self.with("timestamp", timestamp) } else { self };
        whole.finish()
    }

    fn name(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(b',');
        }
        self.text.extend_from_slice(json(name).as_bytes());
        self.text.push(b':');
    }
}

/// A value as JSON. What is written here, texts and numbers and lists of them, always has a form in it.
pub(super) fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_in_the_order_in_which_they_were_written() {
        let draft = || {
            Draft::new()
                .with("b", "ü\"")
                .with_each("a", [1, 2], |number, into| {
                    into.extend_from_slice(json(&number).as_bytes());
                })
                .with_written("c", |into| into.extend_from_slice(b"{}"))
        };
        let text = r#"{"b":"ü\"","a":[1,2],"c":{}"#;
        assert_eq!(draft().text(), text.as_bytes());
        assert_eq!(draft().finish(), format!("{text}}}").into_bytes());
        assert_eq!(draft().finish_at("now"), draft().finish());
        let timed = format!(r#"{text},"timestamp":"now"}}"#);
        assert_eq!(draft().timed().finish_at("now"), timed.into_bytes());
        assert_eq!(Draft::new().finish(), b"{}");
    }
}
