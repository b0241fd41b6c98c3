//! Requests to responses: routes, parameters, bodies, headers. Nothing here knows the runtime or a tier.

mod auth;
mod cors;
mod endpoints;
mod headers;
mod params;
mod problem;
mod rate_limit;
mod request;
mod response;
mod routes;
mod service;
mod webhook_auth;

pub use auth::Operators;
pub use headers::{cache_control, cache_status};
pub use problem::misconfigured;
pub use rate_limit::Limiter;
pub use request::{ReadBody, Request, RequestHeaders};
pub use response::Response;
pub use service::{Service, answer, answer_at_once};
pub use webhook_auth::Senders;

#[cfg(test)]
mod openapi;
