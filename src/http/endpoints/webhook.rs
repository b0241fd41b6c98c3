//! `POST /api/webhooks/supabase`: the database says that a table changed.

use serde::Deserialize;
use serde_json::json;

use crate::{
    cache::{Cache, ChangeOutcome, Counter, FollowUp, WebhookOutcome},
    http::{
        problem,
        request::{ReadBody, RequestHeaders},
        response::Response,
        webhook_auth::{Proof, Senders, WINDOW},
    },
};

/// A row and what it was before, with all that a provider says of a model.
pub(crate) const BYTES_MAX: usize = 1_048_576;
/// What listings are made of.
pub(crate) const TABLES: [&str; 4] =
    ["models", "providers", "unique_models", "unique_models_provider"];
/// What can be done to a table.
pub(crate) const TYPES: [&str; 4] = ["INSERT", "UPDATE", "DELETE", "TRUNCATE"];

/// What is read of a payload (docs/platform.md, "Supabase webhooks").
#[derive(Deserialize)]
struct Payload {
    r#type: String,
    table: String,
    schema: String,
}

/// Hears of a change: 202 when it is followed, 200 when it is of another table. None where the call is not authentic.
pub(crate) async fn post(
    cache: &Cache,
    senders: &Senders,
    headers: &RequestHeaders,
    body: ReadBody,
) -> Option<(Response, Vec<FollowUp>)> {
    let answer = |response: Response| Some((response, Vec::new()));
    let refused = |response: Option<Response>| {
        cache.count(Counter::Webhooks(WebhookOutcome::Refused));
        response.and_then(answer)
    };
    let Some(proof) = senders.proof(headers, cache.now()) else { return refused(None) };
    let Some(bytes) = body(BYTES_MAX).await else {
        return refused(Some(problem::too_large(BYTES_MAX)));
    };
    let timestamp = headers.webhook_timestamp.as_deref().unwrap_or_default();
    if let Proof::Signature(digest) = &proof
        && !senders.has_signed(digest, timestamp, &bytes)
    {
        return refused(None);
    }
    let payload = serde_json::from_slice::<Payload>(&bytes).ok();
    let Some(payload) = payload.filter(|payload| TYPES.contains(&payload.r#type.as_str())) else {
        return refused(Some(problem::bad_request("The body is no webhook of Supabase's")));
    };
    if payload.schema != "public" || !TABLES.contains(&payload.table.as_str()) {
        cache.count(Counter::Webhooks(WebhookOutcome::Ignored));
        return answer(Response::json(200, &json!({ "accepted": false })));
    }
    let signature = match &proof {
        Proof::Signature(digest) => Some(hex::encode(digest)),
        Proof::Secret => None,
    };
    // It lies in the window from its first minute to its last.
    let lasts = WINDOW.saturating_mul(2);
    match cache.hear_of_change(signature.as_deref().map(|signature| (signature, lasts))).await {
        Ok(ChangeOutcome::Accepted(follow_ups)) => {
            Some((Response::json(202, &json!({ "accepted": true })), follow_ups))
        }
        Ok(ChangeOutcome::Replayed) => answer(problem::conflict("This signature was used before")),
        Err(_) => answer(problem::conflict("EDGE_MODE forbids writing to Redis")),
    }
}
