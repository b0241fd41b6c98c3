//! What a client wrote, as values: the query of a listing, the bodies of the operators' routes, and the mistakes in
//! both.

pub(super) mod body;
pub(super) mod changes;
mod coercion;
pub(super) mod explain;
mod integer;
mod mistake;
pub(super) mod models;
pub(super) mod parameter;
pub(super) mod unique;

pub(super) use body::BodyError;
pub(super) use mistake::Mistake;
pub(super) use unique::shape::Shape;
