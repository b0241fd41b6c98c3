//! The names under which things stand in Redis and KV. No name holds anything that a client or a model's author writes,
//! so no model called `index` or `edge:epoch` can take a key of ours (docs/backend.md, "Model names share the key space").

use super::{
    source::{Source, View},
    unique::{Scope, Selection},
};

/// A thing that a tier can hold under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// The entries of one view, in its order.
    Listing(View),
    /// Every entry of a source, in the origin's order.
    Snapshot(Source),
}

impl Resource {
    /// The source that this comes from.
    pub fn source(&self) -> Source {
        match self {
            Self::Listing(view) => view.source(),
            Self::Snapshot(source) => *source,
        }
    }
}

/// Makes every key of one deployment; its namespace begins all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySpace {
    namespace: String,
}

impl KeySpace {
    /// `namespace` is `CACHE_NAMESPACE`: empty, or such as `gw:` to share one Redis with the backend.
    pub fn new(namespace: impl Into<String>) -> Self {
        Self { namespace: namespace.into() }
    }

    /// The key of a listing or a snapshot.
    pub fn resource(&self, resource: &Resource) -> String {
        match resource {
            Resource::Listing(view) => self.listing(view),
            Resource::Snapshot(source) => self.edge("snapshot", source.as_str()),
        }
    }

    /// The key of a view: the backend's own, to the letter.
    pub fn listing(&self, view: &View) -> String {
        match view {
            View::Unique(selection) => self.unique(selection),
            #[cfg(test)]
            View::Toy => format!("{}models:toy", self.namespace),
        }
    }

    fn unique(&self, selection: &Selection) -> String {
        let inactive = match selection.scope {
            Scope::Active => "",
            Scope::All => ":inactive",
        };
        let minimum = selection.min_providers.map(|n| format!(":minp{n}")).unwrap_or_default();
        let (sort, order) = (selection.sort.as_str(), selection.order.as_str());
        format!("{}models:unique:filtered{inactive}{minimum}:sort{sort}:{order}", self.namespace)
    }

    /// A counter that every invalidation raises.
    pub fn epoch(&self) -> String {
        format!("{}models:edge:epoch", self.namespace)
    }

    /// The epoch of the last hard invalidation: what is older than it may only be served when nothing else can be had.
    pub fn barrier(&self) -> String {
        format!("{}models:edge:barrier", self.namespace)
    }

    /// Stands while an invalidation unlinks: nothing is published then.
    pub fn fence(&self) -> String {
        format!("{}models:edge:fence", self.namespace)
    }

    /// Who may rebuild a source's snapshot.
    pub fn lease(&self, source: Source) -> String {
        self.edge("lease", source.as_str())
    }

    /// How long the origin is left alone after failed loads of a source.
    pub fn backoff(&self, source: Source) -> String {
        self.edge("backoff", source.as_str())
    }

    /// Counters of all isolates, a hash.
    pub fn statistics(&self) -> String {
        format!("{}models:edge:statistics", self.namespace)
    }

    /// The last warm report, JSON.
    pub fn warm_report(&self) -> String {
        format!("{}models:edge:warm", self.namespace)
    }

    /// The backend's marker: while it exists nothing is published (docs/backend.md, "The sync guard").
    pub fn sync_marker(&self) -> String {
        format!("{}models:sync:in_progress", self.namespace)
    }

    /// What begins every key that an invalidation unlinks: the listings (the backend's too) and the snapshots.
    pub fn invalidated_prefixes(&self) -> Vec<String> {
        vec![
            self.listing_prefix(),
            format!("{}models:edge:snapshot:", self.namespace),
            #[cfg(test)]
            self.listing(&View::Toy),
        ]
    }

    /// What begins every listing's key, in Redis and in KV.
    pub fn listing_prefix(&self) -> String {
        format!("{}models:unique:filtered:", self.namespace)
    }

    /// What begins every key of ours in KV.
    pub fn prefix(&self) -> String {
        format!("{}models:", self.namespace)
    }

    fn edge(&self, kind: &str, source: &str) -> String {
        format!("{}models:edge:{kind}:{source}", self.namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Order, SortBy, WARM};

    const ACTIVE: Source = Source::Unique(Scope::Active);

    #[test]
    fn keys_are_the_backends_to_the_letter() {
        let keys = KeySpace::new("gw:");
        let custom = Selection {
            scope: Scope::All,
            min_providers: Some(3),
            sort: SortBy::CheapestPrice,
            order: Order::Desc,
        };
        assert_eq!(
            keys.listing(&custom.into()),
            "gw:models:unique:filtered:inactive:minp3:sortcheapest_price:desc"
        );
        assert_eq!(
            WARM.map(|selection| KeySpace::default().listing(&selection.into())),
            [
                "models:unique:filtered:sortprovider_count:desc",
                "models:unique:filtered:minp2:sortprovider_count:desc",
                "models:unique:filtered:minp3:sortprovider_count:desc",
                "models:unique:filtered:minp5:sortprovider_count:desc",
                "models:unique:filtered:sortname:asc",
                "models:unique:filtered:sortcheapest_price:asc",
            ]
        );
        assert_eq!(keys.sync_marker(), "gw:models:sync:in_progress");
        assert_eq!(keys.epoch(), "gw:models:edge:epoch");
        assert_eq!(keys.lease(ACTIVE), "gw:models:edge:lease:active");
        assert_eq!(
            keys.resource(&Resource::Snapshot(Scope::All.into())),
            "gw:models:edge:snapshot:all"
        );
    }

    #[test]
    fn per_model_keys_of_the_backend_are_never_ours() {
        let keys = KeySpace::new("gw:");
        let ours: Vec<String> = Source::ALL
            .into_iter()
            .flat_map(|source| [keys.lease(source), keys.backoff(source)])
            .chain([
                keys.epoch(),
                keys.barrier(),
                keys.fence(),
                keys.statistics(),
                keys.warm_report(),
            ])
            .collect();
        for name in ["index", "filtered:sortname:asc", "edge:epoch", "edge:snapshot:active"] {
            let theirs = format!("gw:models:unique:{name}");
            assert!(!ours.contains(&theirs), "{theirs}");
            let control = ours.iter().any(|key| {
                keys.invalidated_prefixes().iter().any(|prefix| key.starts_with(prefix.as_str()))
            });
            assert!(!control, "an invalidation would unlink a control key");
        }
    }
}
