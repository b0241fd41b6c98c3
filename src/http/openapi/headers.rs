//! Headers of responses. A response names those that it has; whoever sends another one adds a row here and its name there.

use serde_json::{Map, Value, json};

use crate::cache::Served;

/// What every answer has.
pub(super) const EVERY: [&str; 2] = ["Cache-Control", "X-Request-ID"];

/// What an answer to anyone has besides, for pages of other origins. `CORS_ORIGINS` decides whether, so none is required.
pub(super) const SHARED: [&str; 3] =
    ["Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Vary"];

/// What a listing has, whether or not its body is sent.
pub(super) const LISTING: [&str; 10] = [
    "ETag",
    "Last-Modified",
    "No-Vary-Search",
    "Link",
    "X-Total-Count",
    "X-Cache",
    "Age",
    "Cache-Status",
    "Cache-Tag",
    "Cloudflare-CDN-Cache-Control",
];

/// What anything else has that is made of a listing: it is in no pages.
pub(super) const SERVED: [&str; 8] = [
    "ETag",
    "Last-Modified",
    "No-Vary-Search",
    "X-Cache",
    "Age",
    "Cache-Status",
    "Cache-Tag",
    "Cloudflare-CDN-Cache-Control",
];

/// What an answer out of the catalogs of providers has, whether or not its body is sent.
pub(super) const CATALOG: [&str; 8] = [
    "X-Stale-Providers",
    "ETag",
    "No-Vary-Search",
    "X-Cache",
    "Age",
    "Cache-Status",
    "Cache-Tag",
    "Cloudflare-CDN-Cache-Control",
];

/// What a header is said to be.
struct Header {
    name: &'static str,
    kind: Kind,
    /// Whether a response that names it always has it.
    required: bool,
    description: &'static str,
}

/// What values it has.
enum Kind {
    Text,
    /// A whole number of at least so much.
    Whole(u32),
    /// How a listing was served.
    Served,
}

const fn always(name: &'static str, kind: Kind, description: &'static str) -> Header {
    Header { name, kind, required: true, description }
}

const fn sometimes(name: &'static str, kind: Kind, description: &'static str) -> Header {
    Header { name, kind, required: false, description }
}

const HEADERS: [Header; 24] = [
    sometimes(
        "X-Request-ID",
        Kind::Text,
        "What the request is called here and in the log: the client's `X-Request-ID` if it is sane, else a name of its own. Not of what \
         a cache in front may give to others.",
    ),
    always("Last-Modified", Kind::Text, "When the origin was read (RFC 9110), in whole seconds."),
    always(
        "No-Vary-Search",
        Kind::Text,
        "Which parameters of the query say what is asked for: neither their order nor any other does.",
    ),
    always("Cache-Control", Kind::Text, "What caches may do with it (RFC 9111, RFC 5861)."),
    always("ETag", Kind::Text, "A strong validator (RFC 9110): the same as long as the body is."),
    always(
        "Link",
        Kind::Text,
        "Where to go from here (RFC 8288): `first`, `prev`, `next` and `last` page of a listing, relative to \
         the host; `self` of changes, `start` of a 410; of `/`, `service-desc` and `service-doc` (RFC 8631).",
    ),
    sometimes("X-Catalog-Version", Kind::Text, "The version of the catalog that this leads to."),
    always("X-Total-Count", Kind::Whole(0), "Models of all pages, as `total` in the body."),
    always(
        "X-Cache",
        Kind::Served,
        "`HIT`: from a cache, fresh. `STALE`: from a cache, past its time. `MISS`: from the origin.",
    ),
    sometimes(
        "X-Stale-Providers",
        Kind::Text,
        "Of a list of several providers: the slugs of those whose part of it is stale.",
    ),
    sometimes(
        "Age",
        Kind::Whole(0),
        "Seconds since the origin was read (RFC 9111). Not where a cache stands in front, which counts its own.",
    ),
    sometimes(
        "Cache-Tag",
        Kind::Text,
        "What a cache in front files the listing under. It does not reach clients.",
    ),
    sometimes(
        "Cloudflare-CDN-Cache-Control",
        Kind::Text,
        "What a cache in front may do with it (RFC 9213). It does not reach clients.",
    ),
    always(
        "Cache-Status",
        Kind::Text,
        "A member for each cache tier that was asked, the nearest to the client last (RFC 9211).",
    ),
    always(
        "Retry-After",
        Kind::Whole(1),
        "Whole seconds after which asking again makes sense (RFC 9110).",
    ),
    always("Allow", Kind::Text, "The methods of the route (RFC 9110)."),
    always(
        "WWW-Authenticate",
        Kind::Text,
        "The scheme of the credentials that are needed (RFC 9110).",
    ),
    sometimes(
        "Content-Security-Policy",
        Kind::Text,
        "What a browser may do with the page: nothing but show it. Of pages only.",
    ),
    sometimes(
        "Vary",
        Kind::Text,
        "The headers of the request that the answer depends on (RFC 9110): `Accept` on `/`; `Origin` where `CORS_ORIGINS` names origins.",
    ),
    sometimes(
        "Access-Control-Allow-Origin",
        Kind::Text,
        "Whose pages may read the answer in a browser (the Fetch standard): `*`, or the origin that asked where `CORS_ORIGINS` names it.",
    ),
    sometimes(
        "Access-Control-Expose-Headers",
        Kind::Text,
        "Which headers of the answer such a page may read.",
    ),
    always("Access-Control-Allow-Methods", Kind::Text, "What such a page may ask."),
    always("Access-Control-Allow-Headers", Kind::Text, "With which headers it may ask."),
    always("Access-Control-Max-Age", Kind::Whole(0), "Seconds for which a browser remembers that."),
];

fn schema(kind: &Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Whole(least) => json!({ "type": "integer", "minimum": least }),
        Kind::Served => {
            let words = [Served::Hit, Served::Stale, Served::Miss].map(Served::as_str);
            json!({ "type": "string", "enum": words })
        }
    }
}

/// All of them, as components.
pub(super) fn components() -> Map<String, Value> {
    let each = HEADERS.iter().map(|Header { name, kind, required, description }| {
        let schema = schema(kind);
        let header = json!({ "description": description, "required": required, "schema": schema });
        ((*name).to_owned(), header)
    });
    each.collect()
}

/// References to some of them.
pub(super) fn named(names: &[&'static str]) -> Map<String, Value> {
    let reference = |name: &&str| {
        ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))
    };
    names.iter().map(reference).collect()
}
