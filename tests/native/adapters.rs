//! The two REST adapters over a fake Http: what they send, what they make of answers, and that no secret shows.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};

use async_trait::async_trait;
use futures_util::FutureExt;
use model_catalog_edge::{
    catalog::{Order, Scope, Selection, Snapshot, SortBy},
    ports::{
        Http, HttpError, HttpRequest, HttpResponse, Load, Origin, OriginError, Redis, Reply,
        TierError,
    },
    supabase::Supabase,
    upstash::Upstash,
};
use serde_json::json;

use crate::support::{postgrest::FakePostgrest, vectors};

const SECOND: Duration = Duration::from_secs(1);

/// Answers what it was given, in order.
#[derive(Default)]
struct Script {
    answers: RefCell<VecDeque<Result<HttpResponse, HttpError>>>,
    requests: RefCell<Vec<HttpRequest>>,
}

#[async_trait(?Send)]
impl Http for Script {
    async fn send(&self, request: HttpRequest, _: Duration) -> Result<HttpResponse, HttpError> {
        self.requests.borrow_mut().push(request);
        self.answers.borrow_mut().pop_front().expect("an answer for each request")
    }
}

fn answering(status: u16, body: &str) -> Rc<Script> {
    let script = Rc::new(Script::default());
    let response = HttpResponse { status, body: body.to_owned(), ..HttpResponse::default() };
    script.answers.borrow_mut().push_back(Ok(response));
    script
}

/// A reply of nothing that carries a header of Upstash's.
fn synced(token: Option<&str>) -> HttpResponse {
    HttpResponse {
        status: 200,
        body: r#"[{"result":null}]"#.to_owned(),
        sync_token: token.map(str::to_owned),
        ..HttpResponse::default()
    }
}

fn pipeline(http: &Rc<Script>, commands: &[&[&str]]) -> Result<Vec<Reply>, TierError> {
    let upstash =
        Upstash::new(Rc::clone(http) as Rc<dyn Http>, "https://redis.example/", "token-a");
    let commands = commands
        .iter()
        .map(|words| words.iter().map(|word| (*word).to_owned()).collect())
        .collect();
    upstash.pipeline(commands, SECOND).now_or_never().expect("no waiting")
}

#[test]
fn upstash_sends_one_authorized_pipeline() {
    let http = answering(200, r#"[{"result":"OK"},{"result":null}]"#);
    let replies = pipeline(&http, &[&["SET", "k", "\"é中\""], &["GET", "x"]]).unwrap();
    assert_eq!(replies, [Reply::Text("OK".into()), Reply::Nil]);
    let requests = http.requests.borrow();
    assert_eq!(requests[0].url, "https://redis.example/pipeline");
    assert!(requests[0].headers.contains(&("authorization", "Bearer token-a".to_owned())));
    let body = r#"[["SET","k","\"é中\""],["GET","x"]]"#;
    assert_eq!(requests[0].body.as_deref(), Some(body.as_bytes()), "UTF-8, and nothing escaped");
}

#[test]
fn upstash_replies_are_typed() {
    let body =
        r#"[{"result":7},{"result":-2},{"result":["a",null,3,["b"]]},{"error":"ERR wrong"}]"#;
    let commands: [&[&str]; 4] = [&["A"], &["B"], &["C"], &["D"]];
    let text = |text: &str| Reply::Text(text.to_owned());
    let nested =
        Reply::Array(vec![text("a"), Reply::Nil, Reply::Integer(3), Reply::Array(vec![text("b")])]);
    assert_eq!(
        pipeline(&answering(200, body), &commands).unwrap(),
        [Reply::Integer(7), Reply::Integer(-2), nested, Reply::Error("ERR wrong".into())]
    );
}

#[test]
fn upstash_failures_are_typed_and_tell_no_text() {
    let command = |class: &str| TierError::Command(class.to_owned());
    for (status, body, expected) in [
        (401, r#"{"error":"WRONGPASS invalid or missing auth token"}"#, command("WRONGPASS")),
        (
            400,
            r#"{"error":"ERR max daily request limit exceeded. Limit: 10000"}"#,
            TierError::Quota,
        ),
        (200, r#"[{"error":"ERR max requests limit exceeded"}]"#, TierError::Quota),
        (400, r#"{"error":"ERR max request size exceeded. token-a"}"#, TierError::RequestTooLarge),
        (413, "<html>", TierError::RequestTooLarge),
        (403, r#"{"error":"NOPERM token-a may not run 'set'"}"#, TierError::NotPermitted),
        (400, r#"{"error":"ERR unknown command 'token-a'"}"#, command("ERR")),
        (429, "slow down", TierError::Limited),
        (429, r#"{"error":"ERR unknown"}"#, TierError::Limited),
        (429, r#"{"error":"ERR max requests limit exceeded. Limit: 500000"}"#, TierError::Quota),
        (503, r#"{"error":"ERR max daily request limit exceeded"}"#, TierError::Quota),
        (500, r#"{"error":"OOM command not allowed"}"#, TierError::Status(500)),
        (502, "<html>", TierError::Status(502)),
        (500, r#"{"error":"ERR connection refused"}"#, TierError::Status(500)),
        (200, "<html>", TierError::Malformed),
        (200, r#"[{"result":1},{"result":2}]"#, TierError::Malformed),
        (200, r#"[{"result":{"a":1}}]"#, TierError::Malformed),
    ] {
        let error = pipeline(&answering(status, body), &[&["GET", "k"]]).unwrap_err();
        assert_eq!(error, expected, "{status} {body}");
        assert!(!format!("{error} {error:?}").contains("token-a"));
    }
    let http = Rc::new(Script::default());
    http.answers.borrow_mut().push_back(Err(HttpError::Timeout));
    assert_eq!(pipeline(&http, &[&["GET", "k"]]), Err(TierError::Timeout));
}

/// A replica that lags must not show what was there before this isolate's own writes.
#[test]
fn upstash_is_told_what_was_seen_last() {
    let http = Rc::new(Script::default());
    for token in [Some("a"), None, Some("b"), None] {
        http.answers.borrow_mut().push_back(Ok(synced(token)));
    }
    let refused = HttpResponse { status: 400, ..synced(Some("c")) };
    http.answers.borrow_mut().insert(3, Ok(refused));
    let upstash = Upstash::new(Rc::clone(&http) as Rc<dyn Http>, "https://redis.example", "t");
    for _ in 0..5 {
        let command = vec![vec!["GET".to_owned(), "k".to_owned()]];
        drop(upstash.pipeline(command, SECOND).now_or_never().expect("no waiting"));
    }
    let requests = http.requests.borrow();
    let sent: Vec<Option<&str>> = requests
        .iter()
        .map(|request| {
            let token = request.headers.iter().find(|(name, _)| *name == "upstash-sync-token");
            token.map(|(_, token)| token.as_str())
        })
        .collect();
    assert_eq!(sent, [None, Some("a"), Some("a"), Some("b"), Some("c")]);
}

#[test]
fn no_debug_output_holds_a_secret() {
    let http = answering(200, r#"[{"result":null}]"#);
    pipeline(&http, &[&["GET", "k"]]).unwrap();
    let upstash =
        Upstash::new(Rc::clone(&http) as Rc<dyn Http>, "https://redis.example", "token-a");
    let supabase =
        Supabase::new(Rc::clone(&http) as Rc<dyn Http>, "https://x.example", "token-a", &[]);
    let shown = format!("{upstash:?} {supabase:?} {:?}", http.requests.borrow());
    assert!(!shown.contains("token-a"), "{shown}");
}

fn load(http: Rc<dyn Http>, key: &str, enabled: &[&str]) -> Result<Load, OriginError> {
    let enabled: Vec<String> = enabled.iter().map(|slug| (*slug).to_owned()).collect();
    let supabase = Supabase::new(http, "https://project.example/", key, &enabled);
    supabase.load(Scope::Active.into(), SECOND).now_or_never().expect("no waiting")
}

fn tiny() -> FakePostgrest {
    FakePostgrest::new(vectors::read("tiny/tables.json"))
}

#[test]
fn every_paged_request_is_ordered_and_the_first_is_counted() {
    let mut postgrest = tiny();
    postgrest.rows_max = 10;
    let postgrest = Rc::new(postgrest);
    let load = load(Rc::clone(&postgrest) as Rc<dyn Http>, "jwt", &[]).unwrap();
    let requests = postgrest.requests.borrow();
    assert_eq!(load.requests, requests.len());
    assert!(requests.len() > 8, "{}", requests.len());
    for request in requests.iter() {
        assert!(request.url.contains("&order=id&"), "{}", request.url);
        let first = request.url.ends_with("&offset=0");
        assert_eq!(
            request.headers.iter().any(|(name, _)| *name == "prefer"),
            first,
            "{}",
            request.url
        );
    }
}

#[test]
fn a_jwt_goes_into_both_headers_and_a_secret_key_into_one() {
    for (key, both) in [("jwt", true), ("sb_secret_x", false)] {
        let postgrest = Rc::new(tiny());
        load(Rc::clone(&postgrest) as Rc<dyn Http>, key, &[]).unwrap();
        let requests = postgrest.requests.borrow();
        let headers = &requests[0].headers;
        assert!(headers.contains(&("apikey", key.to_owned())));
        assert_eq!(headers.iter().any(|(name, _)| *name == "authorization"), both, "{key}");
    }
}

#[test]
fn only_enabled_providers_are_asked_for() {
    let all = load(Rc::new(tiny()), "jwt", &[]).unwrap();
    let some = load(Rc::new(tiny()), "jwt", &["OpenAI", "google-vertex"]).unwrap();
    assert!(some.rows > 0 && some.rows < all.rows, "{} of {}", some.rows, all.rows);
    assert!(some.snapshot.text().contains("google_vertex"), "compared as the backend compares");
    assert!(!some.snapshot.text().contains("\"slug\":\"groq\""));
    assert!(load(Rc::new(tiny()), "jwt", &["nobody"]).unwrap().snapshot.is_empty());
}

/// Makes every mappings page what `change` makes of it.
fn tampered(change: impl Fn(HttpResponse) -> HttpResponse + 'static) -> Result<Load, OriginError> {
    let mut postgrest = tiny();
    postgrest.rows_max = 20;
    postgrest.tamper =
        Box::new(
            move |url, answer| {
                if url.contains("unique_models_provider") { change(answer) } else { answer }
            },
        );
    load(Rc::new(postgrest), "jwt", &[])
}

#[test]
fn rows_that_are_missing_or_there_twice_are_refused() {
    let fewer = |answer: HttpResponse| {
        let mut rows: Vec<serde_json::Value> = serde_json::from_str(&answer.body).unwrap();
        rows.pop();
        HttpResponse { body: json!(rows).to_string(), ..answer }
    };
    assert!(matches!(tampered(fewer), Err(OriginError::CountMismatch { .. })));
    let twice = |answer: HttpResponse| {
        let mut rows: Vec<serde_json::Value> = serde_json::from_str(&answer.body).unwrap();
        rows.push(rows[0].clone());
        HttpResponse { body: json!(rows).to_string(), ..answer }
    };
    assert!(matches!(tampered(twice), Err(OriginError::DuplicateIds { .. })));
    let uncounted = |answer: HttpResponse| HttpResponse { content_range: None, ..answer };
    assert!(matches!(tampered(uncounted), Err(OriginError::Malformed)));
}

#[test]
fn a_truncated_body_is_refused_wherever_it_is_cut() {
    for share in [1, 10, 50, 90, 99] {
        let cut = move |answer: HttpResponse| {
            let length = answer.body.chars().count() * share / 100;
            HttpResponse { body: answer.body.chars().take(length).collect(), ..answer }
        };
        assert!(matches!(tampered(cut), Err(OriginError::Malformed)), "{share} %");
    }
    let html = |answer: HttpResponse| HttpResponse { body: "<html>".into(), ..answer };
    assert!(matches!(tampered(html), Err(OriginError::Malformed)));
}

#[test]
fn postgrests_errors_are_typed_by_code() {
    for (status, body, code) in [
        (500, r#"{"code":"57014","message":"canceling statement"}"#, "57014"),
        (503, r#"{"code":"PGRST002","message":"x"}"#, "PGRST002"),
        (401, r#"{"message":"Invalid API key"}"#, ""),
        (500, r#"{"code":"secret in a long code"}"#, ""),
        (502, "<html>", ""),
    ] {
        let refused =
            move |_| HttpResponse { status, body: body.to_owned(), ..HttpResponse::default() };
        match tampered(refused) {
            Err(OriginError::Refused { status: seen, code: named }) => {
                assert_eq!((seen, named.as_str()), (status, code));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Real catalogs have such pairs: one price, computed in two ways.
#[test]
fn prices_one_unit_in_the_last_place_apart_do_not_tie() {
    let model = |name: &str, price: &str| {
        format!(
            r#"{{"id":"{name}","name":"{name}","providers":[],"provider_count":0,"cheapest_provider":null,"fastest_provider":null,"cheapest_prompt_price":{price},"fastest_response_time":null}}"#
        )
    };
    let (dearer, cheaper) = (model("a", "5.0000000000000004e-08"), model("b", "5e-08"));
    let snapshot = Snapshot::decode(Scope::Active.into(), format!("[{dearer},{cheaper}]")).unwrap();
    let selection =
        Selection { sort: SortBy::CheapestPrice, order: Order::Asc, ..Selection::default() };
    assert_eq!(snapshot.derive(&selection.into()).text(), format!("[{cheaper},{dearer}]"));
}
