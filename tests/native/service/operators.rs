//! Who is let in to the operators' routes, and how often they may try.

use std::{cell::RefCell, rc::Rc};

use async_trait::async_trait;
use model_catalog_edge::{
    http::{Limiter, RequestHeaders},
    ports::RateLimit,
};

use super::{CLEAR, STATS, Service, TOKEN, WARM, parsed};

const NEXT: &str = "token-of-the-next-operators";

/// Admits so many requests, or cannot tell; and keeps the keys that it was asked.
struct Fake {
    limit: Option<usize>,
    keys: RefCell<Vec<String>>,
}

#[async_trait(?Send)]
impl RateLimit for Fake {
    async fn admit(&self, key: &str) -> Option<bool> {
        self.keys.borrow_mut().push(key.to_owned());
        self.limit.map(|limit| self.keys.borrow().len() <= limit)
    }
}

fn limited(limit: Option<usize>) -> (Service, Rc<Fake>) {
    let fake = Rc::new(Fake { limit, keys: RefCell::default() });
    let limiter = Limiter::new(Some(Rc::clone(&fake) as Rc<_>));
    (Service::with_limiter(&[("ADMIN_TOKEN", TOKEN)], limiter), fake)
}

/// The headers of a client at an address that bears a token.
fn at(client_address: &str, token: &str) -> RequestHeaders {
    RequestHeaders {
        authorization: Some(format!("Bearer {token}")),
        client_address: Some(client_address.to_owned()),
        ..RequestHeaders::default()
    }
}

#[test]
fn while_a_token_is_replaced_both_are_valid() {
    let during = Service::new(&[("ADMIN_TOKEN", TOKEN), ("ADMIN_TOKEN_NEXT", NEXT)]);
    let after = Service::new(&[("ADMIN_TOKEN", NEXT)]);
    for (service, token, status) in
        [(&during, TOKEN, 200), (&during, NEXT, 200), (&after, NEXT, 200), (&after, TOKEN, 401)]
    {
        assert_eq!(service.ask("GET", STATS, Some(token), "").status, status, "{token}");
    }
}

#[test]
fn who_asks_too_often_is_told_when_to_come_back_whatever_the_token() {
    let (service, fake) = limited(Some(3));
    for (method, path, token, status) in [
        ("GET", STATS, "a guess", 401),
        ("POST", CLEAR, "another", 401),
        ("GET", STATS, TOKEN, 200),
        ("GET", STATS, TOKEN, 429),
        ("POST", WARM, TOKEN, 429),
        ("POST", CLEAR, "a guess", 429),
    ] {
        let response = service.send(method, path, at("192.0.2.7", token), "");
        assert_eq!(response.status, status, "{method} {path} {token}");
        if status == 429 {
            assert_eq!(response.header("retry-after"), Some("60"));
            assert_eq!(response.header("cache-control"), Some("no-store"));
            assert_eq!(response.header("content-type"), Some("application/problem+json"));
            assert_eq!(parsed(&response)["status"], 429);
        }
    }
    assert_eq!(service.world.origin.loads.borrow().len(), 0, "nobody who is refused costs a load");
    assert_eq!(*fake.keys.borrow(), ["192.0.2.7"; 6]);
}

#[test]
fn what_anyone_may_ask_is_not_counted() {
    let (service, fake) = limited(Some(0));
    for (method, path, status) in [
        ("GET", "/", 200),
        ("GET", "/models/unique", 200),
        ("GET", "/nowhere", 404),
        ("OPTIONS", STATS, 204),
        ("DELETE", STATS, 405),
    ] {
        let response = service.send(method, path, at("192.0.2.7", TOKEN), "");
        assert_eq!(response.status, status, "{method} {path}");
    }
    assert!(fake.keys.borrow().is_empty(), "{:?}", fake.keys.borrow());
}

#[test]
fn a_limit_that_cannot_tell_locks_nobody_out() {
    let (service, fake) = limited(None);
    for _ in 0..3 {
        assert_eq!(service.ask("GET", STATS, Some(TOKEN), "").status, 200);
    }
    assert_eq!(*fake.keys.borrow(), ["unknown"; 3]);
}
