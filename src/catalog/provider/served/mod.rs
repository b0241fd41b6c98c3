//! What is served of the catalogs of providers: from stored texts to answers (docs/api.md, "Provider catalogs").

mod draft;
pub use draft::Draft;

mod entry;
pub use entry::{Marks, Row};

mod block;
pub use block::Block;

mod resolve;
pub use resolve::{Gateway, UnknownGateway, resolve};

mod filter;
pub use filter::{Filter, is_shown};

mod list;
pub use list::{Part, list};

mod developer;
pub use developer::developer;

mod single;
pub use single::single;

mod search;
pub use search::{Search, SearchBy, search};

mod gateways;
pub use gateways::gateways;

mod providers;
pub use providers::providers;
