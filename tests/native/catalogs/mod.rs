//! Providers' catalogs in the cache: each source by itself, and all of them by one request.

mod joined;
mod warm;

use model_catalog_edge::{
    cache::{Joined, Parts, Served},
    catalog::{Listing, Source, View},
};

use crate::support::{
    catalog::slug,
    isolate::{Isolate, World},
};

/// How each part was served, or that there is none.
type Serves = Vec<Option<Served>>;

fn views(providers: u64) -> Vec<View> {
    (1..=providers).map(|n| View::Provider(slug(n))).collect()
}

fn provider(n: u64) -> Source {
    Source::Provider(slug(n))
}

impl Isolate {
    /// A request for what all of these providers have, with what it leaves to do behind it.
    fn all(&self, providers: u64) -> Joined {
        let (isolate, views) = (self.clone(), views(providers));
        self.sim.block_on(async move {
            let mut joined = isolate.cache.lookup_all(View::Full.into(), &views).await;
            let follow_ups = std::mem::take(&mut joined.follow_ups);
            let cache = isolate.cache.clone();
            isolate.sim.spawn(isolate.group, async move {
                let all = follow_ups.into_iter().map(|next| cache.run(next));
                futures_util::future::join_all(all).await;
            });
            joined
        })
    }
}

fn serves(joined: &Joined) -> Serves {
    match &joined.found {
        Parts::Each(parts) => {
            parts.iter().map(|part| part.as_ref().ok().map(|answer| answer.served)).collect()
        }
        Parts::Full(answer) => vec![Some(answer.served)],
    }
}

fn text(joined: &Joined) -> String {
    let listings: Vec<&Listing> = match &joined.found {
        Parts::Each(parts) => parts.iter().flatten().map(|answer| &answer.listing).collect(),
        Parts::Full(answer) => vec![&answer.listing],
    };
    let inner = listings.iter().map(|listing| listing.to_text());
    let inner = inner.map(|text| text.trim_matches(['[', ']']).to_owned());
    format!("[{}]", inner.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(","))
}

/// Every provider is published, by an isolate of its own.
fn publish(world: &World, providers: u64) {
    world.origin.providers.set(providers);
    let publisher = world.isolate(99);
    for view in views(providers) {
        publisher.get(view).0.unwrap();
        publisher.settle();
    }
}
