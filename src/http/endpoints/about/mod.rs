//! What this service is and how it is asked: in a few words, as an OpenAPI document, as a page.

mod page;
mod reference;
mod root;

pub(in crate::http) use reference::{docs, openapi, operator_docs, provider_docs};
pub(in crate::http) use root::get;
