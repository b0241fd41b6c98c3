//! Where settings come from.

/// Named settings: vars and secrets.
pub trait Vars {
    /// The value of a setting, if it is set.
    fn get(&self, name: &str) -> Option<String>;
}
