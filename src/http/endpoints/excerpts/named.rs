//! The models that a path names: one by its name, or all that share an id.

use super::{json, made, models::records};
use crate::{
    cache::{Answer, Trace},
    catalog::{Listing, ModelRelation, Page},
    config::Policy,
    http::{
        endpoints::listed::{Asked, HEAD},
        params::{parameter::LIMIT, unique::Query},
        problem,
        response::Response,
    },
};

/// The models with their relations; 404 where there is none.
pub(super) fn models(
    asked: Asked<'_>,
    query: &Query,
    served: (&Answer, &Trace, &Policy),
    listing: &Listing,
) -> Response {
    let Some((index, _)) = listing.indexed() else { return problem::not_found() };
    let mut positions = index.named(asked.named);
    if positions.is_empty() {
        let nearest = index.nearest_models(asked.named);
        return problem::not_found_but("There is no model of this name or id", &nearest);
    }
    let (count, most) = (positions.len(), LIMIT.most.unwrap_or(usize::MAX));
    positions.truncate(most);
    let relations: Vec<ModelRelation<'_>> =
        positions.iter().map(|position| index.relation_of_model(*position)).collect();
    let note = (count > 1).then(|| {
        let which =
            if count > most { format!(", of which {most} are here") } else { String::new() };
        format!("{count} models share this id{which}: their names tell them apart")
    });
    let end = format!("],\"relations\":{},\"note\":{}}}", json(&relations), json(&note));
    let fields = query.excerpt.as_ref().and_then(|excerpt| excerpt.fields.as_ref());
    let mut body = HEAD.as_bytes().to_vec();
    let page = Page { limit: most, offset: 0 };
    records(&listing.at(positions), &page, fields, &mut body);
    body.extend_from_slice(end.as_bytes());
    made(asked, query, served, body, None)
}
