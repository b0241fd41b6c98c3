//! A mistake in a client's parameters, in the form that clients of the backend know (docs/backend.md, "422 bodies").

use serde::Serialize;
use serde_json::{Map, Value, json};

/// An item of `detail` in the body of a 422: `type` is pydantic's name of the mistake, `loc` where it is (`query` or
/// `body`, then a name or a column), `msg` a sentence, `input` what was written there, `ctx` what was expected.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Mistake(Map<String, Value>);

impl Mistake {
    /// A mistake somewhere; `place` is an array.
    pub(super) fn new(kind: &str, place: Value, sentence: &str) -> Self {
        let members = [("type", kind.into()), ("loc", place), ("msg", sentence.into())];
        Self(members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
    }

    /// A mistake in a parameter of the query; `input` is its value as it was sent.
    pub(super) fn of_query(kind: &str, name: &str, sentence: &str, input: &str) -> Self {
        Self::new(kind, json!(["query", name]), sentence).with_input(input.into())
    }

    /// A mistake in a field of the body.
    pub(super) fn of_body(kind: &str, name: &str, sentence: &str) -> Self {
        Self::new(kind, json!(["body", name]), sentence)
    }

    /// The mistake with what was written there.
    pub(super) fn with_input(self, input: Value) -> Self {
        self.with("input", input)
    }

    /// The mistake with what was expected.
    pub(super) fn with_context(self, context: Value) -> Self {
        self.with("ctx", context)
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}
