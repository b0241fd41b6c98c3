//! What a listing is: selections, keys, models, snapshots, listings and pages. No I/O, no time, no async.

mod selection;
pub use selection::{Order, Scope, Selection, SortBy, WARM};

mod key;
pub use key::{KeySpace, Resource};

mod page;
pub use page::Page;

mod price;
pub use price::{Price, python_float};

mod model;
pub use model::{Mapping, Offer, ProviderRow, models};

mod record;
pub use record::Malformed;

mod listing;
pub use listing::Listing;

mod snapshot;
pub use snapshot::Snapshot;

mod changes;
pub use changes::Changes;
