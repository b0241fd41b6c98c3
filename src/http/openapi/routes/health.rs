//! Whether the service lives, and whether its tiers answer.

use crate::http::openapi::{
    components::{Named, json_body, public},
    operation::Operation,
};

pub(super) fn healthz() -> Operation {
    Operation {
        id: "getHealth",
        summary: "Whether the Worker runs",
        description: "No tier is asked.",
        parameters: Vec::new(),
        body: None,
        answers: vec![(200, "Healthy")],
    }
}

pub(super) fn readyz() -> Operation {
    Operation {
        id: "getReadiness",
        summary: "Whether every tier answers",
        description: "Each is asked for something small, once in five seconds. Operators who send their token see each of them.",
        parameters: Vec::new(),
        body: None,
        answers: vec![(200, "Ready"), (503, "NotReady")],
    }
}

pub(super) fn responses() -> Named {
    let ready = |description: &str| public(description, &[], &json_body("Readiness"));
    vec![
        ("Healthy", public("It runs, and its settings can be read.", &[], &json_body("Health"))),
        ("Ready", ready("Every tier answers.")),
        ("NotReady", ready("A tier does not answer; listings may be served all the same.")),
    ]
}
