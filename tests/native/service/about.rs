//! What the service says of itself: in JSON, as a page, as an OpenAPI document.

use model_catalog_edge::http::RequestHeaders;
use serde_json::json;

use super::{Service, TOKEN, nothing, parsed};

#[test]
fn the_root_is_a_page_for_browsers_and_json_for_programs() {
    let service = Service::new(&[("CORS_ORIGINS", "https://a.example")]);
    let ask = |method: &str, accept: &str| {
        let accept = Some(accept.to_owned());
        service.send(method, "/", RequestHeaders { accept, ..nothing() }, "")
    };
    for (accept, kind) in [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "application/json"),
    ] {
        let (get, head) = (ask("GET", accept), ask("HEAD", accept));
        assert_eq!(get.header("content-type"), Some(kind));
        assert_eq!(get.header("vary"), Some("Accept, Origin"), "one header has both");
        for (name, value) in &get.headers {
            assert_eq!(head.header(name), Some(value.as_str()), "{name}");
        }
    }
}

#[test]
fn the_document_has_every_route_that_exists_and_is_for_anyone() {
    let service =
        Service::new(&[("ADMIN_TOKEN", TOKEN), ("WEBHOOK_SECRET", "webhook-secret-of-tests")]);
    let answer = service.get("/openapi.json");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let document = parsed(&answer);
    assert_eq!(document["openapi"], json!("3.1.1"));
    for (path, item) in document["paths"].as_object().unwrap() {
        let options = service.ask("OPTIONS", path, Some(TOKEN), "");
        let allowed = options.header("allow").unwrap().to_lowercase();
        let described: Vec<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(allowed.split(", ").collect::<Vec<_>>(), described, "{path}");
        let main = &item[if item.get("post").is_some() { "post" } else { "get" }];
        let is_guarded =
            service.ask(if item.get("post").is_some() { "POST" } else { "GET" }, path, None, "");
        assert_eq!(is_guarded.status == 401, main.get("security").is_some(), "{path}");
    }
}
