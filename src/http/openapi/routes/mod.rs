//! What each route is said to do: a file a group of routes.

mod about;
mod catalog;
mod changes;
mod excerpts;
mod explain;
mod health;
mod operators;
mod providers;
mod values;
mod webhooks;

use super::{components::Named, operation::Operation};
use crate::http::routes::Endpoint;

/// The description of an endpoint.
pub(super) fn of(endpoint: Endpoint) -> Operation {
    match endpoint {
        Endpoint::About => about::root(),
        Endpoint::OpenApi => about::openapi(),
        Endpoint::Docs => about::docs(),
        Endpoint::Unique(shape) => catalog::of(shape),
        Endpoint::Catalog(kind) => providers::of(kind),
        Endpoint::Changes => changes::changes(),
        Endpoint::Healthz => health::healthz(),
        Endpoint::Readyz => health::readyz(),
        Endpoint::Webhook => webhooks::supabase(),
        Endpoint::Metrics => operators::metrics(),
        Endpoint::Clear => operators::clear(),
        Endpoint::Warm => operators::warm(),
        Endpoint::Mode => operators::mode(),
        Endpoint::Statistics => operators::statistics(),
        Endpoint::Explain => explain::explain(),
    }
}

/// What the groups answer with.
pub(super) fn responses() -> Named {
    [
        about::responses(),
        catalog::responses(),
        changes::responses(),
        excerpts::responses(),
        explain::responses(),
        health::responses(),
        providers::responses(),
        webhooks::responses(),
        operators::responses(),
    ]
    .concat()
}

/// What they are asked with.
pub(super) fn parameters() -> Named {
    [
        catalog::parameters(),
        changes::parameters(),
        excerpts::parameters(),
        explain::parameters(),
        providers::parameters(),
    ]
    .concat()
}

/// The schemas of what they are sent.
pub(super) fn schemas() -> Named {
    [operators::schemas(), webhooks::schemas()].concat()
}

/// What they are sent.
pub(super) fn bodies() -> Named {
    [operators::bodies(), webhooks::bodies()].concat()
}
