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

/// What the first edition kept beside its values.
const EARLIER: [&str; 3] = ["epoch", "barrier", "fence"];

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
            View::Registry => self.edge_alone("registry"),
            View::Full => self.full(),
            View::Provider(slug) => format!("{}models:provider:{}", self.namespace, slug.as_str()),
            #[cfg(test)]
            View::Toy => format!("{}models:toy", self.namespace),
        }
    }

    /// Every provider's list, one after the other: the backend's.
    fn full(&self) -> String {
        format!("{}models:catalog:v2:full", self.namespace)
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

    /// Control: the epoch that every invalidation raises, and the barrier of the last hard one. The marker in KV is the
    /// same record.
    pub fn control(&self) -> String {
        self.edge_alone("control")
    }

    /// Control's copy in KV.
    pub fn marker(&self) -> String {
        self.edge_alone("marker")
    }

    /// What is published of a source now.
    pub fn version(&self, source: Source) -> String {
        self.edge("version", source.as_str())
    }

    /// How many bytes of derived listings were published of a version.
    pub fn derived(&self, source: Source) -> String {
        self.edge("derived", source.as_str())
    }

    /// What each publication of a source changed, a list.
    pub fn journal(&self, source: Source) -> String {
        self.edge("changes", source.as_str())
    }

    /// The snapshots of a source that others replaced a moment ago, a list.
    pub fn kept(&self, source: Source) -> String {
        self.edge("kept", source.as_str())
    }

    /// The backend's own epoch, which its invalidations and synchronizations raise.
    pub fn backend_epoch(&self) -> String {
        format!("{}models:catalog:epoch", self.namespace)
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
        self.edge_alone("statistics")
    }

    /// The last warm report, JSON.
    pub fn warm_report(&self) -> String {
        self.edge_alone("warm")
    }

    /// What cron and operators did lately, a list.
    pub fn operations(&self) -> String {
        self.edge_alone("operations")
    }

    /// What a deployment does with its tiers, where `EDGE_MODE` leaves that to KV.
    pub fn mode(&self) -> String {
        format!("{}edge:mode", self.namespace)
    }

    /// When a webhook last told that the tables changed, in ms since the Unix epoch.
    pub fn changed(&self) -> String {
        self.edge_alone("changed")
    }

    /// A webhook's signature that was seen.
    pub fn seen(&self, signature: &str) -> String {
        self.edge("seen", signature)
    }

    /// The backend's marker: while it exists nothing is published (docs/backend.md, "The sync guard").
    pub fn sync_marker(&self) -> String {
        format!("{}models:sync:in_progress", self.namespace)
    }

    /// Every key of a value that an invalidation unlinks, while no entry has more than `offers_max` offers: each view's of
    /// each source, the snapshots, those that were replaced, and what an earlier edition of this Worker kept.
    pub fn values(&self, sources: &[Source], offers_max: u32) -> Vec<String> {
        let views = sources.iter().flat_map(|source| source.views(offers_max));
        let listings = views.map(|view| self.listing(&view));
        let own = sources.iter().flat_map(|source| {
            let snapshot = self.resource(&Resource::Snapshot(*source));
            [snapshot, self.derived(*source), self.kept(*source)]
        });
        listings.chain(own).chain(EARLIER.map(|kind| self.edge_alone(kind))).collect()
    }

    /// What begins the keys of the backend's listings of a kind, in Redis and in KV.
    fn listing_prefixes(&self) -> [String; 2] {
        ["unique:filtered:", "provider:"].map(|kind| format!("{}models:{kind}", self.namespace))
    }

    /// Whether a key is a listing's.
    pub fn is_listing(&self, key: &str) -> bool {
        self.listing_prefixes().iter().any(|prefix| key.starts_with(prefix))
    }

    /// What begins the keys that [`Self::is_listing`] is asked of, and what follows that in SCAN's language: little else begins so.
    pub fn listing_pattern(&self) -> (String, &'static str) {
        (self.prefix(), "[up][nr]*:*")
    }

    /// What begins every key of ours in KV.
    pub fn prefix(&self) -> String {
        format!("{}models:", self.namespace)
    }

    fn edge_alone(&self, kind: &str) -> String {
        format!("{}models:edge:{kind}", self.namespace)
    }

    fn edge(&self, kind: &str, source: &str) -> String {
        format!("{}models:edge:{kind}:{source}", self.namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Order, Slug, SortBy, WARM};

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
        assert_eq!(keys.control(), "gw:models:edge:control");
        assert_eq!(keys.version(ACTIVE), "gw:models:edge:version:active");
        assert_eq!(keys.backend_epoch(), "gw:models:catalog:epoch");
        assert_eq!(keys.lease(ACTIVE), "gw:models:edge:lease:active");
        assert_eq!(keys.backoff(ACTIVE), "gw:models:edge:backoff:active");
        assert_eq!(keys.derived(ACTIVE), "gw:models:edge:derived:active");
        assert_eq!(keys.journal(ACTIVE), "gw:models:edge:changes:active");
        assert_eq!(keys.kept(ACTIVE), "gw:models:edge:kept:active");
        assert_eq!(keys.marker(), "gw:models:edge:marker");
        assert_eq!(keys.statistics(), "gw:models:edge:statistics");
        assert_eq!(keys.warm_report(), "gw:models:edge:warm");
        assert_eq!(keys.operations(), "gw:models:edge:operations");
        assert_eq!(keys.prefix(), "gw:models:");
        assert_eq!(keys.listing_pattern(), ("gw:models:".to_owned(), "[up][nr]*:*"));
        let of = |kind: &str| keys.is_listing(&format!("gw:models:{kind}"));
        assert!(of("unique:filtered:sortname:asc") && of("provider:fal"));
        assert!(!of("unique:index") && !of("pricing:x") && !of("edge:control"));
        let provider = Source::Provider(Slug::new("fal").unwrap());
        assert_eq!(keys.listing(&provider.views(0)[0]), "gw:models:provider:fal");
        assert_eq!(keys.version(provider), "gw:models:edge:version:provider:fal");
        assert_eq!(keys.listing(&View::Full), "gw:models:catalog:v2:full");
        assert_eq!(
            keys.resource(&Resource::Snapshot(Scope::All.into())),
            "gw:models:edge:snapshot:all"
        );
    }

    #[test]
    fn an_invalidation_names_every_value_and_no_control() {
        let keys = KeySpace::new("gw:");
        let values = keys.values(&Source::STANDING, 5);
        let mut distinct = values.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), values.len());
        for selection in WARM {
            assert!(values.contains(&keys.listing(&selection.into())), "{selection:?}");
        }
        for kind in EARLIER {
            assert!(values.contains(&format!("gw:models:edge:{kind}")), "{kind}");
        }
        for source in Source::STANDING {
            assert!(values.contains(&keys.resource(&Resource::Snapshot(source))), "{source:?}");
            assert!(values.contains(&keys.derived(source)), "{source:?}");
            assert!(values.contains(&keys.kept(source)), "{source:?}");
            assert!(!values.contains(&keys.journal(source)), "{source:?}");
        }
        let kept = Source::STANDING
            .into_iter()
            .flat_map(|source| [keys.lease(source), keys.backoff(source), keys.version(source)])
            .chain([keys.control(), keys.statistics(), keys.warm_report(), keys.backend_epoch()]);
        for key in kept {
            assert!(!values.contains(&key), "{key}");
        }
        // The backend's keys of single models: none of them is taken for ours.
        for name in ["index", "filtered:sortname:asc", "edge:epoch", "edge:snapshot:active"] {
            assert!(!values.contains(&format!("gw:models:unique:{name}:x")), "{name}");
        }
    }
}
