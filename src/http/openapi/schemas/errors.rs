//! Errors: problems, and the backend's own form of what is wrong with a request.

use serde_json::json;

use super::{array_of, object, text};
use crate::http::openapi::components::{Named, to};

pub(super) fn all() -> Named {
    let mut problem = object(
        "A problem (RFC 9457).",
        vec![
            ("type", json!({ "type": "string", "const": "about:blank" })),
            ("title", text("The status in words.")),
            ("status", json!({ "type": "integer", "minimum": 400, "maximum": 599 })),
            ("detail", text("What is wrong, for people.")),
        ],
    );
    problem["properties"]["nearest"] =
        array_of("Of a name that nothing has: what is called nearly so.", text(""));
    problem["properties"]["missing"] =
        array_of("Of a list of all providers: whose part can not be had now.", text(""));
    let mistakes = object(
        "What is wrong with a request, as FastAPI says it.",
        vec![("detail", array_of("An item for each mistake.", to("schemas", "Mistake")))],
    );
    let place = json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }] });
    let mut mistake = object(
        "A mistake, as pydantic says it.",
        vec![
            (
                "type",
                text(
                    "Its name, such as `int_parsing`, `greater_than_equal`, `literal_error` or `missing`.",
                ),
            ),
            (
                "loc",
                array_of(
                    "Where: `query` or `body`, then the name, or the column of what is no JSON.",
                    place,
                ),
            ),
            ("msg", text("A sentence.")),
        ],
    );
    mistake["properties"]["input"] =
        json!({ "description": "What was sent there; of a query its text." });
    mistake["properties"]["ctx"] = json!({
        "type": "object",
        "description": "What was expected.",
        "properties": {
            "ge": { "type": "integer", "description": "The least." },
            "le": { "type": "integer", "description": "The most." },
            "expected": text("The words."),
            "pattern": text("What it should look like."),
            "max_length": { "type": "integer", "description": "The most characters, or items." },
        },
    });
    vec![("Problem", problem), ("Mistakes", mistakes), ("Mistake", mistake)]
}
