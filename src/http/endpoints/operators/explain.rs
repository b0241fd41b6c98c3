//! `GET /api/system/explain`: what a request of the API comes to, tier by tier, and why. It is answered as any other, and what is
//! told are the traces of its own walks.

use std::time::Duration;

use form_urlencoded::parse;
use serde_json::{Map, Value, json};

use super::why::why;
use crate::{
    cache::{Cache, ForwardReason, Label, Reason, Standing, TierReport, Trace, Walked},
    http::{
        params::{changes, parameter::Parameter, unique},
        response::Response,
        routes::Endpoint,
    },
    ports::{Tier, millis},
};

/// The outcome of the origin that gave what was served.
const READ: &str = "read";

/// A request that was answered to be explained.
pub(in crate::http) struct Explained<'a> {
    /// What it asked.
    pub(in crate::http) endpoint: Endpoint,
    /// The path, decoded.
    pub(in crate::http) path: &'a str,
    /// The query, as it was sent.
    pub(in crate::http) query: &'a str,
    /// How long the answer took.
    pub(in crate::http) took: Duration,
}

impl Explained<'_> {
    /// What the answer was and what it stands on.
    pub(in crate::http) fn of(
        &self,
        cache: &Cache,
        answer: &Response,
        walked: &[Walked],
    ) -> Response {
        let body = json!({
            "request": { "path": self.path, "query": self.query },
            "route": self.endpoint.name().as_str(),
            "parameters": parameters(self.endpoint, self.query),
            "answer": answer_view(answer),
            "walks": walked.iter().map(|walked| walk_view(cache, walked)).collect::<Vec<Value>>(),
            "took_ms": millis(self.took),
        });
        Response::json(200, &body)
    }
}

/// The parameters as they were understood: those that were given, last of each name, and what counts where none was given. What the
/// route does not know is ignored.
fn parameters(endpoint: Endpoint, query: &str) -> Vec<Value> {
    let mut given: Vec<(String, String)> = Vec::new();
    for (name, value) in parse(query.as_bytes()) {
        given.retain(|(before, _)| *before != name);
        given.push((name.into_owned(), value.into_owned()));
    }
    let mut defaults = match endpoint {
        Endpoint::Unique(shape) => unique::parse(shape, query)
            .map(|understood| understood.understood(shape))
            .unwrap_or_default(),
        _ => Vec::new(),
    };
    let is_known = |name: &str| match endpoint {
        Endpoint::Unique(shape) => {
            Parameter::ALL.iter().any(|known| known.as_str() == name && shape.has(*known))
        }
        Endpoint::Catalog(kind) => kind.parameters().contains(&name),
        Endpoint::Changes => changes::NAMES.contains(&name),
        _ => false,
    };
    let mut views: Vec<Value> = Vec::new();
    for (name, value) in &given {
        let understood = defaults.iter().position(|(known, _)| known == name);
        let understood = understood.map(|at| defaults.remove(at).1);
        let value = understood.as_ref().unwrap_or(value);
        views.push(
            json!({ "name": name, "value": value, "given": true, "ignored": !is_known(name) }),
        );
    }
    views.extend(defaults.into_iter().map(
        |(name, value)| json!({ "name": name, "value": value, "given": false, "ignored": false }),
    ));
    views
}

fn answer_view(answer: &Response) -> Value {
    let body: Option<Value> =
        (answer.status >= 400).then(|| serde_json::from_slice(&answer.body).ok()).flatten();
    json!({
        "status": answer.status,
        "bytes": answer.body.len(),
        "etag": answer.header("etag"),
        "cache_control": answer.header("cache-control"),
        "cache_status": answer.header("cache-status"),
        "served": answer.header("x-cache"),
        "problem": body,
    })
}

fn walk_view(cache: &Cache, walked: &Walked) -> Value {
    let Walked { view, trace, found, behind } = walked;
    let standing = found.as_ref().ok();
    json!({
        "view": {
            "source": view.source().as_str(),
            "key": cache.keys().listing(view),
            "parameters": view.parameters(),
        },
        "tiers": tiers(trace, found.is_ok()),
        "served": standing.map(|standing| standing.served.as_str()),
        "count": standing.map(|standing| standing.count),
        "age_secs": standing.map(|standing| standing.age.as_secs()),
        "compared_secs": standing.and_then(compared_secs),
        "unavailable": found.as_ref().err().map(|reason| reason.as_str()),
        "why": why(walked, cache.policy()),
        "behind": behind,
    })
}

/// How long ago it was compared with what Redis has; none where that never was.
fn compared_secs(standing: &Standing) -> Option<u64> {
    const NEVER: Duration = Duration::from_hours(24 * 366);
    Some(standing.compared).filter(|compared| *compared < NEVER).map(|compared| compared.as_secs())
}

/// What each tier said, the one that is nearest to the client first; the origin last, where it was read and something was found.
fn tiers(trace: &Trace, is_found: bool) -> Vec<Value> {
    let mut tiers: Vec<&(Tier, TierReport)> = trace.iter().collect();
    tiers.reverse();
    let told = tiers.iter().any(|(tier, _)| *tier == Tier::Origin);
    let read = trace.took(Tier::Origin).filter(|_| is_found && !told);
    let read = read.map(|took| {
        json!({ "tier": Tier::Origin.as_str(), "outcome": READ, "detail": null, "took_ms": millis(took) })
    });
    let views = tiers.into_iter().map(|(tier, report)| tier_view(*tier, report, trace.took(*tier)));
    views.chain(read).collect()
}

fn tier_view(tier: Tier, report: &TierReport, took: Option<Duration>) -> Value {
    let mut view = Map::new();
    let mut tell = |name: &str, value: Value| drop(view.insert(name.to_owned(), value));
    tell("tier", json!(tier.as_str()));
    tell("took_ms", json!(took.map(millis)));
    match report {
        TierReport::Hit { ttl_secs, key, stale, derived } => {
            tell("outcome", json!(if stale.is_some() { "stale-hit" } else { "hit" }));
            tell("detail", json!(stale.map(Reason::as_str)));
            tell("ttl_secs", json!(ttl_secs));
            tell("key", json!(key));
            tell("derived", json!(derived));
        }
        TierReport::Forward { reason, detail, stored, collapsed } => {
            tell("outcome", json!(ForwardReason::as_str(*reason)));
            tell("detail", json!(detail.map(Reason::as_str)));
            tell("stored", json!(stored));
            tell("collapsed", json!(collapsed));
        }
    }
    Value::Object(view)
}
