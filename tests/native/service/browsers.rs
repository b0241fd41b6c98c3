//! What browsers and those who turn pages are told: whose pages may read, how many models there are, and where the other pages are.

use model_catalog_edge::http::RequestHeaders;

use super::{CLEAR, STATS, Service, TOKEN, WARM, nothing, parsed};

/// The headers of a browser that asks for a page of this origin.
fn from(origin: &str) -> RequestHeaders {
    RequestHeaders { origin: Some(origin.to_owned()), ..nothing() }
}

#[test]
fn what_anyone_may_read_every_page_may_read_and_nothing_of_operators() {
    const ALLOW: &str = "access-control-allow-origin";
    let service = Service::with_operators();
    for (path, status) in
        [("/", 200), ("/models/unique", 200), ("/models/unique?limit=0", 422), ("/nothing", 404)]
    {
        let response = service.send("GET", path, from("https://page.example"), "");
        assert_eq!((response.status, response.header(ALLOW)), (status, Some("*")), "{path}");
        assert!(response.header("access-control-expose-headers").unwrap().contains("ETag"));
        let preflight = service.send("OPTIONS", path, from("https://page.example"), "");
        assert_eq!(preflight.header(ALLOW), Some("*"), "{path}");
        let methods = (path != "/nothing").then_some("GET, HEAD, OPTIONS");
        assert_eq!(preflight.header("access-control-allow-methods"), methods, "{path}");
    }
    let refused = service.send("DELETE", "/models/unique", from("https://page.example"), "");
    assert_eq!((refused.status, refused.header(ALLOW)), (405, Some("*")));
    for (method, path) in [("GET", STATS), ("OPTIONS", STATS), ("POST", CLEAR), ("OPTIONS", WARM)] {
        for token in [None, Some(TOKEN)] {
            let authorization = token.map(|token| format!("Bearer {token}"));
            let headers = RequestHeaders { authorization, ..from("https://page.example") };
            let response = service.send(method, path, headers, r#"{"cache_type":"all"}"#);
            let is_silent =
                response.headers.iter().all(|(name, _)| !name.contains("access-control"));
            assert!(is_silent, "{method} {path}: {response:?}");
        }
    }
}

#[test]
fn origins_that_are_named_may_read_at_once_and_by_the_event() {
    let service = Service::new(&[("CORS_ORIGINS", "https://a.example")]);
    service.get("/models/unique");
    let url = "https://catalog.example/models/unique";
    for (origin, allowed) in
        [("https://a.example", Some("https://a.example")), ("https://b.example", None)]
    {
        let at_once = service.app.hit(url, false, &from(origin)).expect("a hit");
        assert_eq!(at_once.header("access-control-allow-origin"), allowed, "{origin}");
        assert_eq!(at_once.header("vary"), Some("Origin"), "{origin}");
        assert_eq!(service.send("GET", "/models/unique", from(origin), ""), at_once, "{origin}");
    }
}

#[test]
fn a_page_says_how_many_there_are_and_where_the_others_are() {
    let service = Service::new(&[]);
    let page = service.get("/v1/models/unique?limit=3&sort_by=name&offset=3");
    let total = parsed(&page)["total"].to_string();
    assert_eq!(page.header("x-total-count"), Some(total.as_str()));
    let links = page.header("link").unwrap();
    for (offset, relation) in [(0, "first"), (0, "prev"), (6, "next"), (9, "last")] {
        let link =
            format!("</v1/models/unique?sort_by=name&limit=3&offset={offset}>; rel=\"{relation}\"");
        assert!(links.contains(&link), "{link} in {links}");
    }
}
