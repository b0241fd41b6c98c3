//! What a client wrote, as values: the query of a listing, the bodies of the operators' routes.

pub(super) mod body;
mod integer;
pub(super) mod unique;
