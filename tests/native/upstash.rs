//! The Redis adapter over a fake Http: what it sends, what it makes of answers, and that no secret shows.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};

use async_trait::async_trait;
use futures_util::FutureExt;
use model_catalog_edge::{
    ports::{Http, HttpError, HttpRequest, HttpResponse, Redis, Reply, TierError},
    upstash::Upstash,
};

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
        .map(|words| words.iter().map(|word| (*word).to_owned().into()).collect())
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
    assert_eq!(
        requests[0].body.as_ref().map(|pieces| pieces.concat()),
        Some(body.into()),
        "UTF-8, and nothing escaped"
    );
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
        (
            400,
            r#"{"error":"ERR max request size exceeded. token-a"}"#,
            TierError::RequestTooLarge { limit: None },
        ),
        (413, "<html>", TierError::RequestTooLarge { limit: None }),
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
        let command = vec![vec!["GET".to_owned().into(), "k".to_owned().into()]];
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
fn no_debug_output_holds_the_token() {
    let http = answering(200, r#"[{"result":null}]"#);
    pipeline(&http, &[&["GET", "k"]]).unwrap();
    let upstash =
        Upstash::new(Rc::clone(&http) as Rc<dyn Http>, "https://redis.example", "token-a");
    let shown = format!("{upstash:?} {:?}", http.requests.borrow());
    assert!(!shown.contains("token-a"), "{shown}");
}
