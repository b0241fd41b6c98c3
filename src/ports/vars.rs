//! Where settings come from.

/// Settings by name: vars and secrets.
pub trait Vars {
    /// The value of a setting, as it was written; none if it is not set.
    fn get(&self, name: &str) -> Option<String>;
}
