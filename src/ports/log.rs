//! Where log lines go.

/// Takes structured log lines.
pub trait Log {
    /// Writes one event as one line of JSON.
    fn write(&self, line: &str);
}
