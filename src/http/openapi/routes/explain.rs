//! What explains a request.

use serde_json::json;

use crate::http::{
    openapi::{
        components::{Named, json_body, response},
        operation::Operation,
    },
    params::explain::{URL, URL_BYTES_MAX},
};

pub(super) fn explain() -> Operation {
    Operation {
        id: "explainRequest",
        summary: "What a request of the API comes to, tier by tier, and why",
        description: "The request is answered as anyone's would be, counted and logged with it, and what its walks found is told \
                      instead of the answer.",
        parameters: vec!["ExplainedUrl"],
        body: None,
        answers: vec![(200, "Explained"), (422, "WrongParameters")],
    }
}

pub(super) fn parameters() -> Named {
    vec![(
        "ExplainedUrl",
        json!({
            "name": URL,
            "in": "query",
            "required": true,
            "description": "A path with its query, such as `/v1/models/unique?limit=5`, or a whole URL.",
            "schema": {
                "type": "string",
                "pattern": "^(/|http://|https://)",
                "maxLength": URL_BYTES_MAX,
                "example": "/v1/models/unique?limit=5",
            },
        }),
    )]
}

pub(super) fn responses() -> Named {
    vec![("Explained", response("What it came to.", &[], &json_body("Explanation")))]
}
