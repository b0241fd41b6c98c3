//! An entry of a stored list: its members, what filters ask of it, and how it is shown.

mod members;
pub(super) use members::{Members, find, text};

mod row;
pub use row::{Marks, Row};

mod site;
pub(super) use site::favicon;

mod shown;
pub(super) use shown::{Form, write_shown};
