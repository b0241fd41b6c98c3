//! Pages of models that were chosen by more than a view can say, with the fields that were asked for.

use std::fmt::Write;

use super::{json, made};
use crate::{
    cache::{Answer, Trace},
    catalog::{Count, FacetCounts, Fields, Filter, Listing, Page},
    config::Policy,
    http::{
        endpoints::listed::{self, Asked, HEAD, respond, tail},
        headers,
        params::{
            Shape,
            unique::{Query, excerpt::Excerpt},
        },
        problem,
        response::Response,
    },
};

/// A page of the models that pass.
pub(super) fn page(
    asked: Asked<'_>,
    query: &Query,
    served: (&Answer, &Trace, &Policy),
    listing: &Listing,
) -> Response {
    let whole = Box::default();
    let excerpt = query.excerpt.as_ref().unwrap_or(&whole);
    let fields = match (asked.shape, &excerpt.fields) {
        (Shape::Health, Some(fields)) => Some(fields.and(&Fields::moving())),
        (Shape::Health, None) => Some(Fields::moving()),
        (_, fields) => fields.clone(),
    };
    let excerpt = Excerpt { fields, ..Excerpt::clone(excerpt) };
    show(asked, query, served, (listing, &excerpt), (asked.path, ""))
}

/// A page of what a provider offers, with its relation; 404 where there is no such provider.
pub(super) fn of_provider(
    asked: Asked<'_>,
    query: &Query,
    served: (&Answer, &Trace, &Policy),
    listing: &Listing,
) -> Response {
    let Some((index, _)) = listing.indexed() else { return problem::not_found() };
    let Some(relation) = index.relation_of_provider(asked.named) else {
        let nearest = index.nearest_providers(asked.named);
        return problem::not_found_but("There is no provider with this slug", &nearest);
    };
    let excerpt = query.excerpt.as_deref().cloned().unwrap_or_default();
    let providers = vec![relation.provider.to_owned()];
    let excerpt = Excerpt { filter: Filter { providers, ..excerpt.filter }, ..excerpt };
    let path = asked.path_of(relation.provider);
    let relation = format!(",\"relation\":{}", json(&relation));
    show(asked, query, served, (listing, &excerpt), (&path, &relation))
}

fn show(
    asked: Asked<'_>,
    query: &Query,
    served: (&Answer, &Trace, &Policy),
    (listing, excerpt): (&Listing, &Excerpt),
    (path, more): (&str, &str),
) -> Response {
    let listing = listing.filtered(&excerpt.filter);
    let mut more = more.to_owned();
    if let Some(counts) = listing.counts().filter(|_| excerpt.facets) {
        let _ = write!(more, ",\"facets\":{}", facets(&counts));
    }
    let tail = tail(query, listing.len(), &excerpt.echo(), &more);
    let pages = Some((headers::link(path, query, listing.len()), listing.len()));
    if excerpt.fields.is_some() {
        let mut body = HEAD.as_bytes().to_vec();
        records(&listing, &query.page, excerpt.fields.as_ref(), &mut body);
        body.extend_from_slice(tail.as_bytes());
        return made(asked, query, served, body, pages);
    }
    let etag = headers::etag(listing.digest(&query.page), &tail);
    let body = || listed::body(&listing, &query.page, &tail);
    respond(asked, query.selection.scope, served, (etag, body), pages)
}

/// Appends the records of a page with commas between them; where there are fields, with no others.
pub(super) fn records(listing: &Listing, page: &Page, fields: Option<&Fields>, into: &mut Vec<u8>) {
    for (number, record) in listing.records(page).enumerate() {
        if number > 0 {
            into.push(b',');
        }
        match fields {
            Some(fields) => fields.write(record, into),
            None => into.extend_from_slice(record.as_bytes()),
        }
    }
}

fn facets(counts: &FacetCounts<'_>) -> String {
    let object = |counts: &[Count<'_>]| {
        let members = counts.iter().map(|(value, count)| format!("{}:{count}", json(value)));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    };
    format!(
        "{{\"provider\":{},\"modality\":{},\"capability\":{}}}",
        object(&counts.providers),
        object(&counts.modalities),
        object(&counts.capabilities)
    )
}
