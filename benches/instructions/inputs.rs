//! What the origin answered: providers, and the pages of mappings.

use std::{fs, path::Path};

use model_catalog_edge::catalog::{ProviderRow, Scope, Source};

/// The source that the rows are of.
pub(crate) const SOURCE: Source = Source::Unique(Scope::Active);

/// The origin's answers, as far as they are read.
pub(crate) struct Inputs {
    pub(crate) providers: Vec<ProviderRow>,
    /// Pages of mappings, as they came.
    pub(crate) pages: Vec<String>,
}

impl Inputs {
    /// Reads `providers.json` and `page0.json`, `page1.json` and so on of a folder.
    pub(crate) fn read(folder: &Path) -> Self {
        let providers = fs::read_to_string(folder.join("providers.json")).expect("providers");
        let pages = (0..)
            .map_while(|page| fs::read_to_string(folder.join(format!("page{page}.json"))).ok());
        Self { providers: serde_json::from_str(&providers).unwrap(), pages: pages.collect() }
    }
}
