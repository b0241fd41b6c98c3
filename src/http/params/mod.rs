//! What a client wrote, as values: the query of a listing, the bodies of the operators' routes, and the mistakes in
//! both.

pub(super) mod body;
pub(super) mod changes;
mod coercion;
pub(super) mod cursor;
pub(super) mod excerpt;
mod integer;
mod mistake;
pub(super) mod models;
pub(super) mod parameter;
mod shape;
pub(super) mod unique;

pub(super) use body::BodyError;
pub(super) use mistake::Mistake;
pub(super) use shape::Shape;
