//! What a request came to, tier by tier.

use serde_json::{Value, json};

use super::{array_of, count, flag, map_of, object, or_null, text, words};
use crate::http::openapi::components::{Named, to};

pub(super) fn all() -> Named {
    vec![
        ("Explanation", explanation()),
        ("ExplainedAnswer", answer()),
        ("ExplainedWalk", walk()),
        ("ExplainedTier", tier()),
    ]
}

fn explanation() -> Value {
    let parameter = object(
        "A parameter.",
        vec![
            ("name", text("Its name.")),
            ("value", text("As it was understood.")),
            ("given", flag("Whether the request had it; if not, this is what counts without it.")),
            ("ignored", flag("Whether the route knows no such parameter.")),
        ],
    );
    let request = object(
        "What was asked.",
        vec![("path", text("The path, decoded.")), ("query", text("What stands behind it."))],
    );
    object(
        "What a request came to.",
        vec![
            ("request", request),
            ("route", text("What it asked for, as metrics name it.")),
            ("parameters", array_of("The parameters as they were understood.", parameter)),
            ("answer", to("schemas", "ExplainedAnswer")),
            (
                "walks",
                array_of(
                    "The listings that the answer stands on, each with its walk through the tiers.",
                    to("schemas", "ExplainedWalk"),
                ),
            ),
            ("took_ms", count("How long the answer took, in milliseconds.")),
        ],
    )
}

fn answer() -> Value {
    object(
        "The answer in short.",
        vec![
            ("status", count("Its status.")),
            ("bytes", count("Bytes of its body.")),
            ("etag", or_null(text("`ETag`."))),
            ("cache_control", or_null(text("`Cache-Control`."))),
            ("cache_status", or_null(text("`Cache-Status`."))),
            ("served", or_null(words("`X-Cache`.", &["HIT", "STALE", "MISS"]))),
            (
                "problem",
                json!({ "type": ["object", "null"], "description": "The body of an error." }),
            ),
        ],
    )
}

fn walk() -> Value {
    let parameters = json!({ "description": "A parameter." });
    let view = object(
        "The listing.",
        vec![
            ("source", text("What it is made of.")),
            ("key", text("Its key in Redis and KV.")),
            ("parameters", map_of("What makes it another one.", parameters)),
        ],
    );
    object(
        "A walk through the tiers.",
        vec![
            ("view", view),
            (
                "tiers",
                array_of("What each said, the nearest one first.", to("schemas", "ExplainedTier")),
            ),
            ("served", or_null(words("How it was served.", &["HIT", "STALE", "MISS"]))),
            ("count", or_null(count("Entries of the listing."))),
            ("age_secs", or_null(count("Seconds since the origin was read."))),
            (
                "compared_secs",
                or_null(count("Seconds since it was compared with what Redis has; null: never.")),
            ),
            (
                "unavailable",
                or_null(text("Why there was nothing; null where there was something.")),
            ),
            ("why", text("The same in a sentence.")),
            ("behind", array_of("What is done behind the response.", text("A task."))),
        ],
    )
}

fn tier() -> Value {
    let outcome = words(
        "`hit`, `stale-hit`, `read` of the origin, or why the walk went on, as `fwd` of `Cache-Status` has it.",
        &["hit", "stale-hit", "read", "miss", "stale", "request", "bypass"],
    );
    let mut tier = object(
        "What a tier said.",
        vec![
            ("tier", words("The tier.", &["memory", "colo", "upstash", "kv", "origin"])),
            ("outcome", outcome),
            ("detail", or_null(text("The reason, one of those that docs/operations.md lists."))),
            (
                "took_ms",
                or_null(count(
                    "How long the walk waited for it; null: it was not asked over the network.",
                )),
            ),
        ],
    );
    let ttl = json!({ "type": "integer", "description": "Of a hit: freshness left in seconds; negative when stale." });
    for (name, schema) in [
        ("ttl_secs", ttl),
        ("key", text("Of a hit: the key.")),
        ("derived", flag("Of a hit: whether its order was made of a snapshot.")),
        ("stored", flag("Else: whether the answer is kept there now.")),
        ("collapsed", flag("Else: whether another request's load was waited for.")),
    ] {
        tier["properties"][name] = schema;
    }
    tier
}
