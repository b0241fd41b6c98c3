//! An entry as it is stored, and what every filter asks of it.

use super::members::Members;

/// What tells whether an entry is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Its id is no text, or a blank one.
    pub blank: bool,
    /// Its own row says that it is down.
    pub down: bool,
    /// Its metadata says that it is private.
    pub private: bool,
}

impl Marks {
    /// Reads them out of a provider's entry. What is no object is nothing to be shown.
    pub fn read(entry: &str) -> Self {
        let Some(members) = Members::read(entry) else {
            return Self { blank: true, ..Self::default() };
        };
        let metadata = members.get("metadata").and_then(Members::read);
        Self {
            blank: is_blank(&members),
            down: is_down(&members),
            private: metadata.and_then(|metadata| metadata.get("is_private")) == Some("true"),
        }
    }

    /// Reads them out of an entry of the unique catalog: it is down when all of its offers are.
    pub fn of_unique(entry: &str) -> Self {
        let Some(members) = Members::read(entry) else {
            return Self { blank: true, ..Self::default() };
        };
        let offers: Vec<Members<'_>> = members
            .get("providers")
            .and_then(|offers| serde_json::from_str(offers).ok())
            .unwrap_or_default();
        Self {
            blank: is_blank(&members),
            down: !offers.is_empty() && offers.iter().all(is_down),
            private: false,
        }
    }
}

fn is_blank(members: &Members<'_>) -> bool {
    // Python also counts the four ASCII separators as white space.
    let is_space = |c: char| c.is_whitespace() || matches!(c, '\x1c'..='\x1f');
    members.text("id").is_none_or(|id| id.chars().all(is_space))
}

/// No status, or one that is not known, is no reason to hide a model.
fn is_down(members: &Members<'_>) -> bool {
    members.text("health_status").is_some_and(|status| status.to_lowercase() == "down")
}

/// An entry.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its JSON, as it is stored.
    pub text: &'a str,
    /// What tells whether it is shown.
    pub marks: Marks,
}

impl<'a> Row<'a> {
    /// An entry of a provider, of which nothing is known but its text.
    pub fn read(text: &'a str) -> Self {
        Self { text, marks: Marks::read(text) }
    }

    /// An entry of the unique catalog.
    pub fn of_unique(text: &'a str) -> Self {
        Self { text, marks: Marks::of_unique(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_judged_by_itself() {
        let (blank, down, private) = (true, true, true);
        let none = Marks::default();
        for (text, expected) in [
            (r#"{"id":"a"}"#, none),
            (r#"{"id":"a","health_status":null,"metadata":null}"#, none),
            (r#"{"id":"a","health_status":"degraded","metadata":5}"#, none),
            (r#"{"id":"a","health_status":"Down"}"#, Marks { down, ..none }),
            (r#"{"id":"a","health_status":"down "}"#, none),
            (r#"{"id":"a","metadata":{"is_private": true}}"#, Marks { private, ..none }),
            (r#"{"id":"a","metadata":{"is_private":"true"}}"#, none),
            (r#"{"id":"a","is_private":true}"#, none),
            (r#"{"id":" \u00a0\u001c"}"#, Marks { blank, ..none }),
            (r#"{"id":7,"health_status":"down"}"#, Marks { blank, down, ..none }),
            ("[]", Marks { blank, ..none }),
        ] {
            assert_eq!(Marks::read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_unique_model_is_down_when_all_of_its_offers_are() {
        let offers = |offers: &str| {
            let text = format!(r#"{{"id":"a","providers":[{offers}]}}"#);
            Row::of_unique(&text).marks.down
        };
        let (down, healthy) = (r#"{"health_status":"DOWN"}"#, r#"{"health_status":null}"#);
        assert!(offers(down) && offers(&[down, down].join(",")));
        for some in ["", healthy, &[down, healthy].join(",")] {
            assert!(!offers(some), "{some}");
        }
    }
}
