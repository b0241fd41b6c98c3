//! Settings from the environment: vars and secrets.

use js_sys::{JSON, Reflect};
use worker::Env;

use crate::ports::Vars;

pub(super) struct WorkerVars<'a>(pub(super) &'a Env);

impl Vars for WorkerVars<'_> {
    /// A number or a boolean of `wrangler.toml` arrives as such, not as text, and counts as it is written there. Anything
    /// else shows as JSON, whose quotes and brackets no setting takes.
    fn get(&self, name: &str) -> Option<String> {
        let value = Reflect::get(self.0, &name.into()).ok()?;
        if value.is_undefined() || value.is_null() {
            return None;
        }
        value.as_string().or_else(|| JSON::stringify(&value).ok().map(String::from))
    }
}
