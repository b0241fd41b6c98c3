//! What operators see of counters, tiers and the isolate that answers.

use serde_json::{Value, json};

use super::{
    array_of, component_or_null, count, flag, map_of, number, object, or_null, text, words,
};
use crate::http::openapi::components::{Named, to};

pub(super) fn all() -> Named {
    vec![
        ("Statistics", statistics()),
        ("Isolate", isolate()),
        ("Counters", object("What is counted.", counters())),
        ("Tiers", tiers()),
        ("Version", version()),
        ("NotedOperation", noted()),
    ]
}

/// The same with counters beside its fields.
fn counting(mut schema: Value) -> Value {
    schema["allOf"] = json!([to("schemas", "Counters")]);
    schema
}

/// Counts of a period that Redis, or one isolate, remembers.
fn counters() -> Vec<(&'static str, Value)> {
    vec![
        ("hits", count("Answers from a cache.")),
        ("misses", count("Answers from the origin.")),
        ("sets", count("Values that were written.")),
        ("errors", count("Failures of a tier.")),
        ("invalidations", count("Clears.")),
        ("hit_rate_percent", number("Hits of all requests, in percent.")),
        ("total_requests", count("Hits, misses and what could not be answered.")),
        ("stale", count("Answers that were past their time.")),
        ("unavailable", count("Answers of 503.")),
        ("corrupt", count("Values that are not what their key names.")),
        ("quarantined", count("Catalogs that the integrity gate kept out.")),
        ("publish_refused", count("Publications that Redis refused.")),
        ("derived", count("Orders that were made of a snapshot.")),
        ("origin_loads", count("Loads of the origin.")),
        ("hedges", count("Answers of KV while Redis was slow.")),
        ("missed_invalidations", count("Warm runs that found a change no webhook had told of.")),
        (
            "webhooks",
            object(
                "Webhooks, by what became of them.",
                vec![
                    ("accepted", count("Followed.")),
                    ("ignored", count("Of other tables.")),
                    ("refused", count("Not authentic, or no payload.")),
                    ("replayed", count("With a signature that was used before.")),
                ],
            ),
        ),
        (
            "redis",
            object(
                "What went over the wire to Redis.",
                vec![
                    ("commands", count("Commands, failed ones included.")),
                    ("sent_bytes", count("Bytes of them.")),
                    ("received_bytes", count("Bytes of the replies.")),
                    ("connection_errors", count("Calls that Redis did not answer.")),
                ],
            ),
        ),
        ("kv", map_of("Operations of Workers KV.", outcomes())),
        ("tiers", to("schemas", "Tiers")),
    ]
}

fn outcomes() -> Value {
    object(
        "An operation.",
        vec![("ok", count("How many went well.")), ("error", count("How many failed."))],
    )
}

fn tiers() -> Value {
    let tier = |what: &str| {
        object("A tier.", vec![(what, count("How many.")), ("errors", count("Failures."))])
    };
    object(
        "Hits and failures by tier.",
        vec![
            (
                "memory",
                object(
                    "The isolate's memory, which cannot fail.",
                    vec![("hits", count("How many."))],
                ),
            ),
            ("colo", tier("hits")),
            ("upstash", tier("hits")),
            ("kv", tier("hits")),
            ("origin", tier("loads")),
        ],
    )
}

fn statistics() -> Value {
    let source = object(
        "A source.",
        vec![
            ("version", component_or_null("Version")),
            (
                "same_configuration",
                or_null(flag("Whether it was made under this deployment's settings.")),
            ),
            (
                "lease_ms",
                or_null(
                    json!({ "type": "integer", "description": "Milliseconds that a lease is held for; -1: it never expires." }),
                ),
            ),
            ("failures", or_null(count("Failed loads in a row."))),
            (
                "backoff_ms",
                or_null(count("Milliseconds that the origin is still left alone after them.")),
            ),
        ],
    );
    let fields = vec![
        (
            "redis_available",
            flag("Whether Redis answered; if not, the counters are this isolate's own."),
        ),
        ("last_warm", component_or_null("WarmReport")),
        (
            "operations",
            array_of(
                "What cron and operators did lately, the latest first.",
                to("schemas", "NotedOperation"),
            ),
        ),
        (
            "leases",
            map_of("For each source the token of the lease's holder.", or_null(text("A token."))),
        ),
        ("sources", map_of("What is published of each source.", source)),
        ("overdue", array_of("Keys that stand in the way and never expire.", text("A key."))),
        ("isolate", to("schemas", "Isolate")),
    ];
    counting(object("Counters of all isolates, and what this one knows.", fields))
}

/// Something that was done, of either kind; a later edition may note more.
fn noted() -> Value {
    let mut noted = object(
        "Something that was done.",
        vec![
            ("kind", words("What.", &["invalidation", "warm"])),
            ("at_ms", count("When it ended, in milliseconds since 1970.")),
            ("cause", words("Whose word it was.", &["cron", "operator"])),
        ],
    );
    for (name, schema) in [
        ("mode", words("Of an invalidation: its mode.", &["hard", "soft"])),
        ("provider", or_null(text("Of an invalidation: whose catalog; null: everything."))),
        ("epoch", or_null(count("Of an invalidation of everything: the new epoch."))),
        ("keys_deleted", count("Of an invalidation: keys that were unlinked in Redis.")),
        ("forced", flag("Of a warm run: whether a catalog that shrank was let in.")),
        ("providers", or_null(array_of("Of a warm run: whose catalogs.", text("A slug.")))),
        ("error", or_null(text("Of a warm run: why it failed."))),
        ("duration_ms", count("Of a warm run: how long it took.")),
        ("changes", component_or_null("Changes")),
    ] {
        noted["properties"][name] = schema;
    }
    noted
}

fn version() -> Value {
    let mut version = object(
        "What is published of a source.",
        vec![
            ("v", count("The format of the record.")),
            ("config", text("The fingerprint of the settings that shape the content.")),
            ("at", count("When the origin was read, in milliseconds since 1970.")),
            ("ttl", count("How long after that it is fresh, in milliseconds.")),
            ("epoch", count("The epoch that it was read under.")),
            ("backend_epoch", or_null(count("The backend's epoch that it was read under."))),
            ("hash", text("XXH3 of the text, in hexadecimal.")),
            ("n", count("Models.")),
            ("offers_max", count("The largest number of offers of a model.")),
            ("bytes", count("Bytes of the text.")),
            (
                "place",
                words(
                    "Where it is; nowhere when its source was withdrawn.",
                    &["redis", "kv", "nowhere"],
                ),
            ),
            ("listings", count("Which listings are beside it: a bit each.")),
            ("packed", or_null(text("XXH3 of the snapshot as it is packed."))),
        ],
    );
    version["properties"]["barrier_at"] =
        count("What was read of the source by then was withdrawn, in milliseconds since 1970.");
    version
}

fn isolate() -> Value {
    let variant = object(
        "What memory holds.",
        vec![
            ("key", text("Its key.")),
            ("kind", words("What it is.", &["listing", "snapshot"])),
            ("count", count("Models.")),
            ("bytes", count("Bytes of the text.")),
            ("age", count("Seconds since the origin was read.")),
            (
                "ttl",
                json!({ "type": "integer", "description": "Freshness left in seconds; negative when stale." }),
            ),
            ("hash", text("XXH3 of the text, in hexadecimal.")),
            ("epoch", or_null(count("The epoch that it was read under."))),
        ],
    );
    let paused = object(
        "Why nothing is published, and for how long.",
        vec![("reason", text("Why.")), ("remaining_ms", count("Milliseconds."))],
    );
    let colo = object(
        "The data center's cache.",
        vec![
            (
                "state",
                words("Whether it keeps anything.", &["present", "missing", "unknown", "off"]),
            ),
            (
                "told_at_ms",
                or_null(count("When Redis said what is told there, in milliseconds since 1970.")),
            ),
        ],
    );
    let fields = vec![
        ("epoch", or_null(count("The latest epoch it knows of."))),
        ("barrier", or_null(count("The epoch of the last hard invalidation."))),
        ("verified_at_ms", count("When it last asked, in milliseconds since 1970.")),
        ("backend_epoch", or_null(count("The backend's epoch."))),
        ("colo", colo),
        ("mode", words("What is done with the tiers.", &["active", "read_only", "passthrough"])),
        ("front", front()),
        ("publishing_paused", or_null(paused)),
        (
            "request_bytes_max",
            or_null(count("Bytes that a request to Redis may hold, as far as was learned.")),
        ),
        ("wasm_memory_bytes", or_null(count("Bytes of the module's memory, which never shrinks."))),
        ("memory_bytes", count("Bytes that the memory tier holds.")),
        ("orders", count("Orders that it holds.")),
        ("memory_max_bytes", count("Bytes that it may hold.")),
        (
            "contacts",
            map_of("For each tier that is asked over the network its last calls.", contact()),
        ),
        ("variants", array_of("What is in memory.", variant)),
        ("backoff", map_of("For each source how often it failed.", backoff())),
        (
            "breakers",
            map_of(
                "For each tier with a breaker its state.",
                words("The state.", &["closed", "open", "half-open"]),
            ),
        ),
    ];
    counting(object("What this isolate counted and knows.", fields))
}

fn backoff() -> Value {
    object(
        "A source.",
        vec![
            ("failures", count("Failed loads in a row.")),
            ("remaining_ms", or_null(count("Milliseconds for which the origin is left alone."))),
        ],
    )
}

fn contact() -> Value {
    object(
        "What a tier said last.",
        vec![
            (
                "answered_at_ms",
                or_null(count("When it answered last, in milliseconds since 1970.")),
            ),
            ("took_ms", or_null(count("How long that took."))),
            ("failed_at_ms", or_null(count("When it failed last, in milliseconds since 1970."))),
            ("error", or_null(text("Why."))),
        ],
    )
}

fn front() -> Value {
    object(
        "The cache in front of the Worker.",
        vec![
            (
                "state",
                words(
                    "Whether it can be told of changes.",
                    &["off", "unknown", "absent", "present"],
                ),
            ),
            (
                "last_invalidated_at_ms",
                or_null(count("When it last took an invalidation, in milliseconds since 1970.")),
            ),
            ("refused", count("Invalidations that it did not take.")),
        ],
    )
}
