//! Where log lines go.

/// A log of structured lines.
pub trait Log {
    /// Writes a line: one event as one JSON object.
    fn write(&self, line: &str);
}
