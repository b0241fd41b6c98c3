//! What was published before: changes that clients follow, and versions that they walk.

mod changes;
mod walks;

use std::collections::BTreeMap;

use model_catalog_edge::http::Response;
use serde_json::Value;

use super::{Service, TOKEN, WARM, nothing, parsed};

const CHANGES: &str = "/models/unique/changes";

/// Models by name, as a client keeps them.
type Models = BTreeMap<String, Value>;

/// The whole catalog as it is listed now.
fn listed(service: &Service) -> Models {
    let listing = parsed(&service.get("/models/unique?limit=1000"));
    by_name(&listing["models"])
}

fn by_name(models: &Value) -> Models {
    let models = models.as_array().unwrap().iter();
    models.map(|model| (model["name"].as_str().unwrap().to_owned(), model.clone())).collect()
}

fn warm(service: &Service) -> Value {
    parsed(&service.ask("POST", WARM, Some(TOKEN), ""))
}

fn text(response: &Response) -> &str {
    std::str::from_utf8(&response.body).unwrap()
}
