//! The provider that an operator names.

use crate::{
    cache::Cache,
    catalog::{
        Listing, Slug, View,
        provider::{
            Registry,
            served::{Gateway, resolve},
        },
    },
    http::{problem, response::Response},
};

/// The provider of a slug or an alias; 400 where there is none. While nothing tells who the providers are, a slug is taken as it is: an
/// outage is when it is wanted.
pub(super) async fn named(cache: &Cache, name: &str) -> Result<Slug, Response> {
    let refused = |sentence: &str| problem::bad_request(sentence);
    let Some(registry) = registry(cache).await else {
        return Slug::new(name).ok_or_else(|| refused("A provider's slug is wanted"));
    };
    match resolve(name, &registry) {
        Ok(Gateway::One(entry)) => {
            Slug::new(&entry.slug).ok_or_else(|| refused("A provider's slug is wanted"))
        }
        Ok(Gateway::All) => Err(refused("One provider is wanted, and not all")),
        Err(unknown) => Err(refused(&unknown.to_string())),
    }
}

async fn registry(cache: &Cache) -> Option<Registry> {
    let outcome = cache.lookup(View::Registry.into()).await;
    for follow_up in outcome.follow_ups {
        cache.run(follow_up).await;
    }
    match outcome.answer.ok()?.listing {
        Listing::Ordered(snapshot, _) => snapshot.registry().cloned(),
        Listing::Foreign(_) => None,
    }
}
