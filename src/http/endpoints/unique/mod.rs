//! The routes over the unique catalog's listing (docs/api.md, "The listing"): one is looked up, and given as it is or cut to what was asked.

mod walk;

use futures_util::FutureExt;

use super::{
    excerpts,
    listed::{Asked, body, respond, tail},
};
use crate::{
    cache::{Answer, Cache, FollowUp, Outcome, Reason, Trace, Unavailable},
    config::Policy,
    http::{
        headers::{self, cache_status},
        params::{
            Shape,
            unique::{Query, parse},
        },
        problem,
        response::Response,
    },
};

/// Looks the listing up and gives the page that was asked for; 304 to who has it. 422 for mistakes in the query; 503 when the origin cannot
/// answer and no tier has anything left; 504 where the client wants nothing of the origin and no tier has what it wants.
pub(crate) async fn get(cache: &Cache, asked: Asked<'_>) -> (Response, Vec<FollowUp>) {
    let query = match parse(asked.shape, asked.query) {
        Ok(query) => query,
        Err(mistakes) => return (problem::unprocessable(&mistakes), Vec::new()),
    };
    let Outcome { answer, trace, follow_ups } = cache.lookup(asked.of_cache(&query)).await;
    let response = match answer {
        Ok(answer) if query.walk.is_some() => {
            walk::page(cache, asked, &query, answer, trace).boxed_local().await
        }
        Ok(answer) => of(asked, &query, (&answer, &trace, cache.policy())),
        Err(Unavailable { reason: Reason::OnlyIfCached, .. }) => {
            problem::not_cached().with("cache-status", cache_status(&trace))
        }
        Err(unavailable) => {
            let detail = "The model catalog is temporarily unavailable";
            problem::unavailable(detail, unavailable.retry_after)
                .with("cache-status", cache_status(&trace))
        }
    };
    (response, follow_ups)
}

/// The page that was asked for, if memory can answer at once.
pub(crate) fn hit(cache: &Cache, asked: Asked<'_>) -> Option<Response> {
    let query = parse(asked.shape, asked.query).ok().filter(|query| query.walk.is_none())?;
    let (answer, trace) = cache.hit(asked.of_cache(&query))?;
    Some(of(asked, &query, (&answer, &trace, cache.policy())))
}

fn of(asked: Asked<'_>, query: &Query, served: (&Answer, &Trace, &Policy)) -> Response {
    if asked.shape == Shape::Listing && query.excerpt.is_none() {
        page(asked, query, served)
    } else {
        excerpts::of(asked, query, served)
    }
}

/// A page of the listing as it is.
fn page(
    asked: Asked<'_>,
    query: &Query,
    (answer, trace, policy): (&Answer, &Trace, &Policy),
) -> Response {
    let listing = &answer.listing;
    let tail = tail(query, listing.len(), "", "");
    let etag = headers::etag(listing.digest(&query.page), &tail);
    let pages = (headers::link(asked.path, query, listing.len()), listing.len());
    let body = || body(listing, &query.page, &tail);
    respond(asked, query.selection.scope, (answer, trace, policy), (etag, body), Some(pages))
}
