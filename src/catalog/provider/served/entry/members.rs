//! The members of a JSON object, in its order and as they are written there.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The members of an object; values are verbatim, so that no number loses a digit.
pub(in crate::catalog::provider::served) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads an object; none where the text is something else.
    pub(in crate::catalog::provider::served) fn read(object: &'a str) -> Option<Self> {
        serde_json::from_str(object).ok()
    }

    /// The value of a member as it is written; none where there is no such member.
    pub(in crate::catalog::provider::served) fn get(&self, name: &str) -> Option<&'a str> {
        self.iter().find(|(member, _)| *member == name).map(|(_, value)| value)
    }

    /// The value of a member that is a text.
    pub(in crate::catalog::provider::served) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        text(self.get(name)?)
    }

    /// Every member, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (&**name, value.get()))
    }
}

/// The values of these members of an object, as they are written there. What stands behind the last of them is not read: in a stored entry
/// what it is known by stands first, and most of it behind that.
pub(in crate::catalog::provider::served) fn find<'a, const N: usize>(
    object: &'a str,
    names: [&str; N],
) -> [Option<&'a str>; N] {
    let mut found = [None; N];
    // Who stops reading within an object fails; what was found by then is found.
    let _ = serde_json::Deserializer::from_str(object)
        .deserialize_map(Finder { names, found: &mut found });
    found
}

struct Finder<'n, 'f, 'a, const N: usize> {
    names: [&'n str; N],
    found: &'f mut [Option<&'a str>; N],
}

impl<'a, const N: usize> Visitor<'a> for Finder<'_, '_, 'a, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while self.found.contains(&None)
            && let Some((Name(name), value)) = map.next_entry::<Name<'_>, &RawValue>()?
        {
            let wanted = self.names.iter().zip(self.found.iter_mut());
            for (_, found) in wanted.filter(|(wanted, _)| **wanted == name) {
                found.get_or_insert(value.get());
            }
        }
        Ok(())
    }
}

/// A text out of its JSON; none of what is none.
pub(in crate::catalog::provider::served) fn text(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

/// A name, borrowed if nothing in it is escaped.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_verbatim_and_in_order() {
        let members =
            Members::read(r#"{"b": 1.50e-7, "a":"x\ny", "\u0063":{"d" :null},"e":"ü"}"#).unwrap();
        let all: Vec<(&str, &str)> = members.iter().collect();
        let expected =
            [("b", "1.50e-7"), ("a", r#""x\ny""#), ("c", r#"{"d" :null}"#), ("e", r#""ü""#)];
        assert_eq!(all, expected);
        assert_eq!((members.get("c"), members.get("d")), (Some(r#"{"d" :null}"#), None));
        assert_eq!(members.text("a").as_deref(), Some("x\ny"));
        assert_eq!(members.text("e").as_deref(), Some("ü"));
        assert_eq!((members.text("b"), members.text("d")), (None, None));
        let object = r#"{"id":"a","x":{"slug":1},"slug": 2,"id":3,"unread":"#;
        assert_eq!(find(object, ["slug", "id"]), [Some("2"), Some("\"a\"")]);
        assert_eq!(find(object, ["y", "id"]), [None, Some("\"a\"")]);
        assert_eq!(find("[]", ["id"]), [None]);
        for text in ["", "[]", "1", "{", r#"{"a":1}x"#] {
            assert!(Members::read(text).is_none(), "{text}");
        }
    }
}
