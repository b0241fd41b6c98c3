//! The names under which things stand in Redis and KV (DESIGN.md §4). No name holds anything that a client or a
//! model's author writes, so no model called `index` or `edge:epoch` can take a key of ours (REFERENCE.md D30).

use super::selection::{Scope, Selection};

/// A thing that a tier can hold under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// The models of one selection, in its order.
    Listing(Selection),
    /// Every model of a scope, in the origin's order.
    Snapshot(Scope),
}

impl Resource {
    /// The scope whose snapshot this comes from.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Listing(selection) => selection.scope,
            Self::Snapshot(scope) => *scope,
        }
    }
}

/// Makes every key of one deployment: `{ns}` of DESIGN.md §4 is a prefix of all of them.
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
            Resource::Listing(selection) => self.listing(selection),
            Resource::Snapshot(scope) => self.edge("snapshot", scope.as_str()),
        }
    }

    /// The backend's own key for a selection.
    pub fn listing(&self, selection: &Selection) -> String {
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

    /// Who may rebuild a scope's snapshot.
    pub fn lease(&self, scope: Scope) -> String {
        self.edge("lease", scope.as_str())
    }

    /// How long the origin of a scope is left alone after failures.
    pub fn backoff(&self, scope: Scope) -> String {
        self.edge("backoff", scope.as_str())
    }

    /// Counters of all isolates, a hash.
    pub fn statistics(&self) -> String {
        format!("{}models:edge:statistics", self.namespace)
    }

    /// The last warm report, JSON.
    pub fn warm_report(&self) -> String {
        format!("{}models:edge:warm", self.namespace)
    }

    /// The backend's marker: while it exists nothing is published (REFERENCE.md §5.2, sync guard).
    pub fn sync_marker(&self) -> String {
        format!("{}models:sync:in_progress", self.namespace)
    }

    /// What begins every key that an invalidation unlinks: the listings (the backend's too) and the snapshots.
    pub fn invalidated_prefixes(&self) -> [String; 2] {
        [self.listing_prefix(), format!("{}models:edge:snapshot:", self.namespace)]
    }

    /// What begins every listing's key, in Redis and in KV.
    pub fn listing_prefix(&self) -> String {
        format!("{}models:unique:filtered:", self.namespace)
    }

    /// What begins every key of ours in KV.
    pub fn prefix(&self) -> String {
        format!("{}models:", self.namespace)
    }

    fn edge(&self, kind: &str, scope: &str) -> String {
        format!("{}models:edge:{kind}:{scope}", self.namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Order, SortBy, WARM};

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
            keys.listing(&custom),
            "gw:models:unique:filtered:inactive:minp3:sortcheapest_price:desc"
        );
        assert_eq!(
            WARM.map(|selection| KeySpace::default().listing(&selection)),
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
        assert_eq!(keys.lease(Scope::Active), "gw:models:edge:lease:active");
        assert_eq!(keys.resource(&Resource::Snapshot(Scope::All)), "gw:models:edge:snapshot:all");
    }

    #[test]
    fn d30_per_model_keys_of_the_backend_are_never_ours() {
        let keys = KeySpace::new("gw:");
        let ours: Vec<String> = Scope::BOTH
            .into_iter()
            .flat_map(|scope| [keys.lease(scope), keys.backoff(scope)])
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
            assert!(!control, "an invalidation would unlink a control key (D43)");
        }
    }
}
