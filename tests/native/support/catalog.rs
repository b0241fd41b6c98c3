//! Small catalogs whose every model says which version it belongs to, so that a mixture shows.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use model_catalog_edge::{
    cache::protocol::Version,
    catalog::{JsonArray, Listing, Scope, Slug, Snapshot, Source, View},
};

/// A snapshot of `models` models; model n has n % 5 + 1 offers.
pub fn snapshot(version: u64, models: u64) -> Snapshot {
    offered(version, models, 5)
}

/// The same where the largest model has so many offers.
pub fn offered(version: u64, models: u64, offers_max: u64) -> Snapshot {
    made(version, models, offers_max).as_ref().clone()
}

thread_local! {
    /// What was made before: simulations ask for the same again and again.
    static MADE: RefCell<HashMap<(u64, u64, u64), Rc<Snapshot>>> = RefCell::default();
}

fn made(version: u64, models: u64, offers_max: u64) -> Rc<Snapshot> {
    let make = || {
        let models: Vec<String> = (0..models).map(|n| model(version, n, n % offers_max)).collect();
        let text = format!("[{}]", models.join(","));
        Rc::new(Snapshot::decode(Scope::Active.into(), text).unwrap())
    };
    MADE.with_borrow_mut(|all| {
        Rc::clone(all.entry((version, models, offers_max)).or_insert_with(make))
    })
}

/// How many models a view of such a snapshot holds.
pub fn count(version: u64, models: u64, view: impl Into<View>) -> usize {
    made(version, models, 5).count(&view.into())
}

fn model(version: u64, n: u64, last: u64) -> String {
    let offers: Vec<String> = (0..=last)
        .map(|offer| {
            format!(
                r#"{{"slug":"p{offer}","name":"P","pricing":{{"prompt":"1","completion":"1","image":"0","request":"0"}},"context_length":1,"health_status":null,"average_response_time_ms":null,"modality":null,"supports_streaming":null,"supports_function_calling":null,"supports_vision":null,"description":null,"model_name":"m{n}"}}"#
            )
        })
        .collect();
    format!(
        r#"{{"id":"v{version}","name":"m{n}","providers":[{}],"provider_count":{},"cheapest_provider":"p0","fastest_provider":null,"cheapest_prompt_price":1.0,"fastest_response_time":null}}"#,
        offers.join(","),
        offers.len()
    )
}

/// The slug of the provider with this number.
pub fn slug(n: u64) -> Slug {
    Slug::new(&format!("p{n}")).unwrap()
}

/// A registry of so many providers.
pub fn registry(providers: u64) -> Snapshot {
    let entry = |n: u64| {
        format!(
            r#"{{"id":{n},"slug":"{}","name":"P{n}","aliases":[],"fetch_override":null,"has_fetch_function":true,"site_url":null,"logo_url":null,"color":null,"priority":null,"icon":null}}"#,
            slug(n).as_str()
        )
    };
    let entries: Vec<String> = (1..=providers).map(entry).collect();
    Snapshot::decode(Source::Registry, format!("[{}]", entries.join(","))).unwrap()
}

/// What a provider offers: models that say which version they are of.
pub fn provided(version: u64, slug: Slug, models: u64) -> Snapshot {
    let entry = |n: u64| {
        format!(
            r#"{{"id":"v{version}/m{n}","name":"m{n}","source_gateway":"{0}","provider_slug":"{0}","context_length":null,"description":null,"modality":null,"pricing":null,"health_status":null,"is_active":true,"provider_site_url":null,"model_logo_url":null,"supported_parameters":[],"capabilities":{{"tools":false,"vision":false,"prompt_caching":false,"streaming":true}},"is_free":false}}"#,
            slug.as_str()
        )
    };
    let entries: Vec<String> = (0..models).map(entry).collect();
    Snapshot::decode(Source::Provider(slug), format!("[{}]", entries.join(","))).unwrap()
}

/// The text of a view's listing over such a snapshot.
pub fn listing(catalog: u64, models: u64, view: impl Into<View>) -> String {
    made(catalog, models, 5).listing(&view.into()).to_text()
}

/// The one version that all models of a listing belong to; panics at a mixture. None for an empty listing.
pub fn version(listing: &Listing) -> Option<u64> {
    let text = listing.to_text();
    let mut versions = text.split(r#"{"id":"v"#).skip(1).map(version_in);
    let first = versions.next();
    let same =
        versions.map(|version| assert_eq!(Some(version), first, "a listing mixes two snapshots"));
    assert_eq!(same.count() + usize::from(first.is_some()), listing.len());
    first
}

/// The version at the beginning of what follows `v` in an id.
fn version_in(rest: &str) -> u64 {
    rest.split('"').next().and_then(|digits| digits.parse().ok()).expect("a version")
}

/// The text of a listing, or of a snapshot, taken apart.
pub fn decoded(text: &str) -> JsonArray {
    View::from(model_catalog_edge::catalog::Selection::default()).decode(text.to_owned()).unwrap()
}

/// What stands under a key: a listing, or a snapshot with its header, packed or not.
pub fn stored(value: &str) -> JsonArray {
    match Version::split(value) {
        None => decoded(value),
        Some((header, body)) => match header.packed {
            None => decoded(body),
            Some(checksum) => {
                let source = Scope::Active.into();
                let snapshot = Snapshot::unpack(source, body, checksum, header.n, header.hash);
                decoded(&snapshot.unwrap().text().to_string())
            }
        },
    }
}

/// The version that a text's models belong to.
pub fn version_of(listing: &JsonArray) -> Option<u64> {
    let mut versions = listing.elements().map(|model| {
        let rest = model.strip_prefix(r#"{"id":"v"#).expect("one of ours");
        version_in(rest)
    });
    let first = versions.next()?;
    assert!(versions.all(|version| version == first), "a listing mixes two snapshots");
    Some(first)
}
