//! Which fields of a record are shown, and a record with no others.

use std::mem;

use super::scanner::Scanner;

/// The fields of a model, in the order of the API.
const MODEL: [&str; 8] = [
    "id",
    "name",
    "providers",
    "provider_count",
    "cheapest_provider",
    "fastest_provider",
    "cheapest_prompt_price",
    "fastest_response_time",
];
/// The fields of an offer.
const OFFER: [&str; 12] = [
    "slug",
    "name",
    "pricing",
    "context_length",
    "health_status",
    "average_response_time_ms",
    "modality",
    "supports_streaming",
    "supports_function_calling",
    "supports_vision",
    "description",
    "model_name",
];
const OFFERS: &str = "providers";

/// What every record has, however sparse.
pub const MODEL_ALWAYS: [&str; 2] = ["id", "name"];
/// What every offer has that is shown.
pub const OFFER_ALWAYS: [&str; 1] = ["slug"];

/// What changes by the minute.
const MODEL_MOVING: [&str; 2] = ["fastest_provider", "fastest_response_time"];
const OFFER_MOVING: [&str; 2] = ["health_status", "average_response_time_ms"];

/// A choice of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    model: [bool; MODEL.len()],
    offer: [bool; OFFER.len()],
}

impl Fields {
    /// Every field.
    pub fn all() -> Self {
        Self { model: [true; MODEL.len()], offer: [true; OFFER.len()] }
    }

    /// What every record has.
    pub fn least() -> Self {
        Self {
            model: MODEL.map(|field| MODEL_ALWAYS.contains(&field)),
            offer: OFFER.map(|field| OFFER_ALWAYS.contains(&field)),
        }
    }

    /// What does not change by the minute.
    pub fn stable() -> Self {
        Self {
            model: MODEL.map(|field| !MODEL_MOVING.contains(&field)),
            offer: OFFER.map(|field| !OFFER_MOVING.contains(&field)),
        }
    }

    /// What does, of each model and offer.
    pub fn moving() -> Self {
        let mut fields = Self::least();
        for name in Self::names() {
            let bare = name.rsplit('.').next().unwrap_or_default();
            if MODEL_MOVING.contains(&&*name) || OFFER_MOVING.contains(&bare) {
                fields.add(&name);
            }
        }
        fields
    }

    /// Every name that [`Self::add`] knows.
    pub fn names() -> impl Iterator<Item = String> {
        let offers = OFFER.into_iter().map(|field| format!("{OFFERS}.{field}"));
        MODEL.into_iter().map(str::to_owned).chain(offers)
    }

    /// Adds a field by its name: one of a model, such as `providers`, or one of its offers, such as `providers.pricing`. False where there
    /// is no such field.
    pub fn add(&mut self, name: &str) -> bool {
        if name == OFFERS {
            self.offer = [true; OFFER.len()];
        }
        match name.split_once('.') {
            None => show(&mut self.model, &MODEL, name),
            Some((OFFERS, field)) => {
                show(&mut self.offer, &OFFER, field) && show(&mut self.model, &MODEL, OFFERS)
            }
            Some(_) => false,
        }
    }

    /// What both show.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (shown, too) in both.model.iter_mut().zip(other.model) {
            *shown &= too;
        }
        for (shown, too) in both.offer.iter_mut().zip(other.offer) {
            *shown &= too;
        }
        both
    }

    /// Appends a record without the fields that are not shown; those that are stand as they stood.
    pub fn write(&self, record: &str, into: &mut Vec<u8>) {
        let start = into.len();
        // Records were checked when they were read: they are objects.
        if self.write_model(&mut Scanner::new(record), into).is_none() {
            into.truncate(start);
            into.extend_from_slice(b"{}");
        }
    }

    fn write_model(&self, from: &mut Scanner<'_>, into: &mut Vec<u8>) -> Option<()> {
        from.open(b'{')?;
        let mut separator = b'{';
        while let Some(key) = from.next_key() {
            if !begin(key, &MODEL, &self.model, &mut separator, into) {
                from.value()?;
            } else if key == OFFERS && self.offer.contains(&false) {
                self.write_offers(from, into)?;
            } else {
                into.extend_from_slice(from.value()?.as_bytes());
            }
        }
        end(separator, into);
        Some(())
    }

    fn write_offers(&self, from: &mut Scanner<'_>, into: &mut Vec<u8>) -> Option<()> {
        from.open(b'[')?;
        let mut before = b'[';
        while from.next_element().is_some() {
            into.push(mem::replace(&mut before, b','));
            from.open(b'{')?;
            let mut separator = b'{';
            while let Some(key) = from.next_key() {
                let is_shown = begin(key, &OFFER, &self.offer, &mut separator, into);
                let value = from.value()?;
                if is_shown {
                    into.extend_from_slice(value.as_bytes());
                }
            }
            end(separator, into);
        }
        if before == b'[' {
            into.push(b'[');
        }
        into.push(b']');
        Some(())
    }
}

/// Begins a member, if it is shown.
fn begin(
    key: &str,
    names: &[&str],
    shown: &[bool],
    separator: &mut u8,
    into: &mut Vec<u8>,
) -> bool {
    let mut all = names.iter().zip(shown);
    let is_shown = all.find(|(name, _)| **name == key).is_some_and(|(_, shown)| *shown);
    if is_shown {
        into.push(mem::replace(separator, b','));
        into.push(b'"');
        into.extend_from_slice(key.as_bytes());
        into.extend_from_slice(b"\":");
    }
    is_shown
}

/// Ends an object, whose next member would have had this before it.
fn end(separator: u8, into: &mut Vec<u8>) {
    if separator == b'{' {
        into.push(b'{');
    }
    into.push(b'}');
}

fn show(shown: &mut [bool], names: &[&str], name: &str) -> bool {
    let Some((shown, _)) = shown.iter_mut().zip(names).find(|(_, known)| **known == name) else {
        return false;
    };
    *shown = true;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"id":"a","name":"A","providers":[{"slug":"p", "name":null,"health_status":"down","pricing":{"prompt":"1"}},{"slug":"q","average_response_time_ms":7}],"provider_count":2,"fastest_provider":"q","extra":1}"#;

    fn written(fields: &Fields) -> String {
        let mut text = b"before".to_vec();
        fields.write(RECORD, &mut text);
        String::from_utf8(text).unwrap().strip_prefix("before").unwrap().to_owned()
    }

    #[test]
    fn a_record_shows_what_was_asked_for_and_what_always_stays() {
        let of = |names: &[&str]| {
            let mut fields = Fields::least();
            assert!(names.iter().all(|name| fields.add(name)), "{names:?}");
            written(&fields)
        };
        assert_eq!(of(&[]), r#"{"id":"a","name":"A"}"#);
        assert_eq!(of(&["provider_count"]), r#"{"id":"a","name":"A","provider_count":2}"#);
        assert_eq!(
            of(&["providers.pricing"]),
            r#"{"id":"a","name":"A","providers":[{"slug":"p","pricing":{"prompt":"1"}},{"slug":"q"}]}"#
        );
        let whole = r#""providers":[{"slug":"p", "name":null,"health_status":"down","pricing":{"prompt":"1"}},{"slug":"q","average_response_time_ms":7}]"#;
        assert_eq!(of(&["providers", "id"]), format!(r#"{{"id":"a","name":"A",{whole}}}"#));
    }

    #[test]
    fn what_moves_and_what_holds_still_are_a_whole() {
        assert_eq!(
            written(&Fields::stable()),
            r#"{"id":"a","name":"A","providers":[{"slug":"p","name":null,"pricing":{"prompt":"1"}},{"slug":"q"}],"provider_count":2}"#
        );
        assert_eq!(
            written(&Fields::moving()),
            r#"{"id":"a","name":"A","providers":[{"slug":"p","health_status":"down"},{"slug":"q","average_response_time_ms":7}],"fastest_provider":"q"}"#
        );
        let neither = Fields::stable().and(&Fields::moving());
        assert_eq!(neither.model.iter().filter(|shown| **shown).count(), 3);
        assert_eq!(Fields::all().and(&Fields::stable()), Fields::stable());
    }

    #[test]
    fn every_name_is_known_and_no_other() {
        for name in Fields::names() {
            assert!(Fields::least().add(&name), "{name}");
        }
        for name in ["", "ID", "providers.", "providers.x", "pricing", "id.x", "providers.slug.x"] {
            assert!(!Fields::least().add(name), "{name}");
        }
    }

    #[test]
    fn what_is_no_record_is_an_empty_one() {
        for text in ["", "[]", "{\"id\":", "7"] {
            let mut into = Vec::new();
            Fields::all().write(text, &mut into);
            assert_eq!(into, b"{}", "{text}");
        }
        let mut into = Vec::new();
        Fields::least().write("{\"x\":1}", &mut into);
        assert_eq!(into, b"{}");
    }
}
