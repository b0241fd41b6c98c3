//! What the service says of itself, and of its tiers.

use super::{array_of, count, flag, map_of, object, text, words};
use crate::http::openapi::components::Named;

pub(super) fn all() -> Named {
    let about = object(
        "What this is.",
        vec![
            ("name", text("The name of the service.")),
            ("version", text("Its version.")),
            ("description", text("What it is for.")),
            ("catalog", text("Where the catalog is.")),
            (
                "parameters",
                array_of("What the catalog can be asked by.", text("A parameter's name.")),
            ),
            ("openapi", text("Where the OpenAPI document is.")),
            ("docs", text("Where that is as a page.")),
            ("documentation", text("Where more is written.")),
        ],
    );
    let health = object("The Worker runs.", vec![("status", words("Always the same.", &["ok"]))]);
    vec![("About", about), ("Health", health), ("Readiness", readiness())]
}

fn readiness() -> serde_json::Value {
    let mut tier = object(
        "A tier.",
        vec![("answers", flag("Whether it does.")), ("duration_ms", count("Milliseconds."))],
    );
    tier["properties"]["reason"] = text("Why it does not.");
    let mut readiness = object(
        "Whether every tier answers.",
        vec![("status", words("All of them, or not.", &["ready", "not ready"]))],
    );
    readiness["properties"]["checked_at_ms"] =
        count("When they were asked, in milliseconds since 1970. For operators.");
    readiness["properties"]["tiers"] = map_of("Each of them. For operators.", tier);
    readiness
}
