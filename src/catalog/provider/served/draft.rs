//! An answer that is being written: a JSON object, member by member.

use serde::Serialize;

/// An answer whose end is not written yet: what an entity tag is made of, since the time that ends it says nothing of its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft(Vec<u8>);

impl Draft {
    /// An object without members.
    pub(super) fn new() -> Self {
        Self(vec![b'{'])
    }

    /// The object with one more member.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.name(name);
        self.0.extend_from_slice(json(value).as_bytes());
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
        self.0.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            write(item, &mut self.0);
        }
        self.0.push(b']');
        self
    }

    /// The object with one more member, a value that is written already.
    #[must_use]
    pub(super) fn with_written(mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        self.name(name);
        write(&mut self.0);
        self
    }

    /// What is written so far.
    pub fn text(&self) -> &[u8] {
        &self.0
    }

    /// The object as it is.
    pub fn finish(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    /// The object, with the time that it is of as its last member.
    pub fn finish_at(self, timestamp: &str) -> Vec<u8> {
        self.with("timestamp", timestamp).finish()
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.extend_from_slice(json(name).as_bytes());
        self.0.push(b':');
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
                    into.extend_from_slice(json(&number).as_bytes())
                })
                .with_written("c", |into| into.extend_from_slice(b"{}"))
        };
        let text = r#"{"b":"ü\"","a":[1,2],"c":{}"#;
        assert_eq!(draft().text(), text.as_bytes());
        assert_eq!(draft().finish(), format!("{text}}}").into_bytes());
        assert_eq!(draft().finish_at("now"), format!(r#"{text},"timestamp":"now"}}"#).into_bytes());
        assert_eq!(Draft::new().finish(), b"{}");
    }
}
