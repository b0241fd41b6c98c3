//! A cached thing with what it is judged by.

mod content;
mod dated;

pub use content::Content;
pub use dated::Entry;
