//! What `GET /` says.

use super::{array_of, object, text};
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
    vec![("About", about)]
}
