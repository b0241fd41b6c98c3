//! What is cut out of the catalog's listing: filters, counts, sparse records, one model, one provider, and what holds still.

mod catalogs;
mod day;
mod filters;
mod naive;
mod named;
mod shown;

use std::rc::Rc;

use model_catalog_edge::catalog::{Scope, Snapshot};
use serde_json::Value;

use super::*;

/// A service over these models.
fn over(models: &[Value]) -> Service {
    let service = Service::new(&[]);
    holds(&service, models);
    service
}

/// From now on these are the models that the origin has.
fn holds(service: &Service, models: &[Value]) {
    let text = json!(models).to_string();
    let snapshot = Snapshot::decode(Scope::Active.into(), text).unwrap();
    *service.world.origin.held.borrow_mut() = Some(Rc::new(snapshot));
}

/// The text of a query of these parameters, each encoded whole.
fn query(parameters: &[(&str, String)]) -> String {
    let encoded = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let each = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    each.collect::<Vec<_>>().join("&")
}

fn names(body: &Value) -> Vec<&str> {
    body["models"].as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect()
}
