//! Where log lines go, and points that are queried as a table.

/// A log of structured lines.
pub trait Log {
    /// Writes a line: one event as one JSON object.
    fn write(&self, line: &str);
    /// Writes a point; nothing where no table is bound.
    fn point(&self, _point: &Point) {}
}

/// A row of a table: words of ours, and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// What is sampled together.
    pub index: &'static str,
    /// The words, in the order of the columns.
    pub words: [&'static str; 3],
    /// How long it took, in milliseconds.
    pub millis: u32,
}
