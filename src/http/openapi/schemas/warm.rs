//! What a clear, a warm run and a change of the mode report.

use super::{array_of, count, flag, number, object, or_null, text, words};
use crate::{
    catalog::{Order, SortBy},
    http::{
        endpoints::operators::{
            clear::{CACHE_TYPES, MODES},
            mode,
        },
        openapi::components::{Named, to},
    },
};

pub(super) fn all() -> Named {
    let cleared = object(
        "What an invalidation did.",
        vec![
            ("success", flag("Always true.")),
            ("cache_type", words("As asked for.", &CACHE_TYPES)),
            ("mode", or_null(words("As understood; null where nothing was invalidated.", &MODES))),
            ("keys_deleted", count("Keys that were unlinked in Redis.")),
            ("duration_ms", count("Milliseconds.")),
        ],
    );
    let cleared = with_optional(
        cleared,
        vec![
            ("epoch", count("Of everything: the new epoch, which each invalidation raises.")),
            (
                "kv_marked",
                flag("Of everything: whether isolates that cannot reach Redis know of it too."),
            ),
            (
                "swept",
                flag(
                    "Of everything: whether all of Redis was looked through for keys of the backend's that cannot be named.",
                ),
            ),
            ("provider", text("Of one provider: its slug.")),
        ],
    );
    vec![
        ("Cleared", cleared),
        (
            "WarmReport",
            with_optional(report(), vec![("providers", to("schemas", "ProvidersReport"))]),
        ),
        ("ProvidersReport", providers()),
        ("ModeSet", mode_set()),
        ("Changes", changes()),
        ("Published", published()),
    ]
}

fn mode_set() -> serde_json::Value {
    object(
        "What is done with the tiers from now on.",
        vec![
            ("success", flag("Always true.")),
            ("mode", words("The mode.", &mode::MODES)),
            ("previous", words("The one before.", &mode::MODES)),
            ("duration_ms", count("Milliseconds.")),
        ],
    )
}

fn report() -> serde_json::Value {
    let variant = object(
        "A listing that is cached.",
        vec![
            (
                "variant",
                object(
                    "Its parameters.",
                    vec![
                        ("include_inactive", flag("As of the catalog.")),
                        ("min_providers", or_null(count("As of the catalog."))),
                        ("sort_by", words("As of the catalog.", &SortBy::ALL.map(SortBy::as_str))),
                        ("order", words("As of the catalog.", &Order::BOTH.map(Order::as_str))),
                    ],
                ),
            ),
            (
                "key",
                or_null(text("Its key in Redis and KV; null when no model has so many offers.")),
            ),
            ("count", count("Models.")),
        ],
    );
    object(
        "The report of a warm run.",
        vec![
            ("total_variants", count("How many listings are kept warm.")),
            ("successful", count("How many of them are cached as of this run: all or none.")),
            ("failed", count("How many are not.")),
            ("variants_cached", array_of("Those that are.", variant)),
            ("duration_ms", count("How long it took, in milliseconds.")),
            (
                "origin_requests",
                count("Requests to the origin; 0 when another request's load was used."),
            ),
            ("rows", count("Rows that were read from it.")),
            ("changes", super::component_or_null("Changes")),
            (
                "missed_invalidation",
                flag(
                    "Whether it found a change that no webhook had told of, where they are heard.",
                ),
            ),
            ("at_ms", count("When it ended, in milliseconds since 1970.")),
            (
                "error",
                or_null(text(
                    "Why it failed, with the tier if one did: `upstash: timeout`; null when it did not.",
                )),
            ),
            ("published", to("schemas", "Published")),
        ],
    )
}

fn providers() -> serde_json::Value {
    let warmed = object(
        "A provider's catalog that was loaded.",
        vec![
            ("provider", text("Its slug.")),
            ("count", count("Models.")),
            ("duration_ms", count("How long it took, in milliseconds.")),
            ("origin_requests", count("Requests to the origin.")),
            ("changes", super::component_or_null("Changes")),
            ("error", or_null(text("Why it failed; null when it did not."))),
            ("published", to("schemas", "Published")),
        ],
    );
    object(
        "What became of providers' catalogs.",
        vec![
            ("warmed", array_of("Those that were loaded, in that order.", warmed)),
            (
                "behind",
                array_of(
                    "Those that had to wait: a cron run may make only so many requests.",
                    text("A slug."),
                ),
            ),
        ],
    )
}

/// The same object, with members that are not always there.
fn with_optional(
    mut object: serde_json::Value,
    members: Vec<(&'static str, serde_json::Value)>,
) -> serde_json::Value {
    for (name, schema) in members {
        object["properties"][name] = schema;
    }
    object
}

fn changes() -> serde_json::Value {
    object(
        "What is new against the catalog before, in models: unique ones are told apart by name, those of a provider by id.",
        vec![
            ("added", count("Not there before.")),
            ("changed", count("With any other byte than before.")),
            ("deleted", count("Gone.")),
            ("unchanged", count("The same.")),
            ("efficiency_percent", number("The unchanged share, in percent.")),
        ],
    )
}

fn published() -> serde_json::Value {
    object(
        "Where others can read it.",
        vec![
            (
                "redis",
                or_null(text(
                    "`published`, `renewed`, `elsewhere` when another isolate did, or why not.",
                )),
            ),
            ("kv", or_null(count("How many values KV has; null when it was not asked."))),
            ("kv_error", or_null(text("What went wrong in KV."))),
            ("hash", or_null(text("XXH3 of the text, in hexadecimal."))),
            ("epoch", or_null(count("The epoch that it was read under."))),
        ],
    )
}
