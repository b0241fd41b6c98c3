//! Requests to responses: routes, parameters, bodies, headers. Nothing here knows the runtime or a tier.

mod auth;
mod cors;
mod endpoints;
mod headers;
mod params;
mod problem;
mod request;
mod response;
mod routes;

pub use auth::Operators;
pub use headers::{cache_control, cache_status};
pub use problem::misconfigured;
pub use request::{ReadBody, Request, RequestHeaders};
pub use response::Response;
pub use routes::{Service, answer, answer_at_once};

#[cfg(test)]
mod openapi;
