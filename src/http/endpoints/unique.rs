//! `GET /models/unique`: the page of a listing with how it was served (DESIGN.md §3).

use std::rc::Rc;

use crate::{
    cache::{Answer, Cache, FollowUp, Outcome},
    catalog::Scope,
    http::{
        Response,
        headers::cache_status,
        params::unique::{Query, parse},
    },
};

/// What DESIGN.md §3 says: past a minute of age a cache downstream serves a listing while it asks again, up to the
/// listing's own TTL, and for a day when nothing answers. `s-maxage` and `must-revalidate` would switch that off
/// (PLATFORM.md §1).
const CACHE_CONTROL: &str = "public, max-age=60, stale-while-revalidate=1740, stale-if-error=86400";

pub(crate) async fn get(cache: &Rc<Cache>, query: &str) -> (Response, Vec<FollowUp>) {
    let query = match parse(query) {
        Ok(query) => query,
        Err(items) => return (Response::unprocessable(&items), Vec::new()),
    };
    let Outcome { answer, trace, follow_ups } = Rc::clone(cache).lookup(query.selection).await;
    let response = match answer {
        Ok(answer) => page(&query, &answer),
        Err(unavailable) => {
            let detail = "The model catalog is temporarily unavailable";
            Response::unavailable(detail, unavailable.retry_after)
        }
    };
    (response.with("cache-status", cache_status(&trace)), follow_ups)
}

fn page(query: &Query, answer: &Answer) -> Response {
    Response::new(200, "application/json", CACHE_CONTROL, body(query, answer))
        .with("x-cache", answer.served.as_str())
        .with("age", answer.age.as_secs().to_string())
}

/// The models are copied as they stand in the listing; only what is around them is written here.
fn body(query: &Query, answer: &Answer) -> Vec<u8> {
    let models = answer.listing.page(&query.page);
    let minimum = query.min_providers.as_ref().map_or("null", |minimum| minimum.as_str());
    let tail = format!(
        "],\"total\":{},\"limit\":{},\"offset\":{},\"filters\":{{\"min_providers\":{minimum},\
         \"include_inactive\":{}}},\"sort\":{{\"by\":\"{}\",\"order\":\"{}\"}}}}",
        answer.listing.len(),
        query.page.limit,
        query.offset.as_str(),
        query.selection.scope == Scope::All,
        query.selection.sort.as_str(),
        query.selection.order.as_str(),
    );
    ["{\"models\":[", models, &tail].concat().into_bytes()
}
