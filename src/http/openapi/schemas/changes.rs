//! What changed, as a document and as lines.

use serde_json::{Value, json};

use super::{array_of, component_or_null, count, flag, object, or_null, text, words};
use crate::http::openapi::components::{Named, to};

pub(super) fn all() -> Named {
    vec![("ChangeDocument", document()), ("CatalogVersion", version()), ("CatalogChange", change())]
}

fn document() -> Value {
    object(
        "What changed.",
        vec![
            ("version", or_null(text("What is published; null where nothing is."))),
            ("since", or_null(text("As asked for."))),
            ("until", or_null(text("Where a client is that applied this: its next `since`."))),
            ("include_inactive", flag("As understood.")),
            ("provider", or_null(text("As asked for."))),
            ("entries", array_of("Oldest first.", to("schemas", "CatalogVersion"))),
        ],
    )
}

fn version() -> Value {
    object(
        "A version, and what it changed.",
        vec![
            ("version", text("The XXH3 of its content: the same content is the same version.")),
            ("at_ms", count("When the origin was read, in milliseconds since 1970.")),
            ("reset", flag("Whether what it changed is not known. Never after `since`.")),
            ("summary", component_or_null("Changes")),
            ("changes", array_of("By name.", to("schemas", "CatalogChange"))),
        ],
    )
}

/// What a change has depends on its type.
fn change() -> Value {
    let types = ["added", "changed", "deleted", "reset"];
    let mut change = object(
        "What became of a model.",
        vec![("type", words("`reset` is a line of a version that is one.", &types))],
    );
    let objects = |description: &str| json!({ "type": "array", "items": { "type": "object" }, "description": description });
    let properties = &mut change["properties"];
    properties["version"] = text("Of a line: the version that has it.");
    properties["name"] = text("The model's name: the key.");
    properties["providers"] = array_of("Whose offers it touches.", text("A slug."));
    properties["model"] = to("schemas", "Model");
    properties["prices"] = objects("Of `changed`: `provider`, `field`, `old` and `new` price.");
    properties["patch"] = objects("Of `changed`: a JSON Patch (RFC 6902) of the old record.");
    change
}
