//! What the routes promise besides bodies: validators, methods, failures, names.

use model_catalog_edge::http::{RequestHeaders, Response};
use serde_json::{Value, json};

use super::Catalogs;
use crate::service::{CLEAR, TOKEN, holding, nothing, parsed};

/// A request of every route.
const PATHS: [&str; 9] = [
    "/models?limit=7",
    "/v1/models?gateway=groq",
    "/v1/models?unique_models=1&limit=3",
    "/v1/models/near",
    "/v1/models/groq/unpriced-gateway",
    "/v1/models/search?q=gpt",
    "/v1/gateways",
    "/v1/provider",
    "/v1/provider?gateway=groq",
];

/// The routes that take a gateway.
const GATEWAYS: [&str; 5] =
    ["/models?", "/v1/models/near?", "/v1/models/a/b?", "/v1/models/search?", "/v1/provider?"];

#[test]
fn who_has_the_answer_gets_no_body_and_nobody_else() {
    let catalogs = Catalogs::new();
    let mut tags = Vec::new();
    for path in PATHS {
        let first = catalogs.get(path);
        assert_eq!(first.status, 200, "{path}");
        let tag = first.header("etag").unwrap().to_owned();
        for method in ["GET", "HEAD"] {
            let again = catalogs.service.ask_again(method, path, &tag);
            assert_eq!((again.status, again.body.len()), (304, 0), "{method} {path}");
            assert_eq!(again.header("etag"), Some(&*tag), "{path}");
        }
        assert_eq!(catalogs.service.ask_again("GET", path, "\"0\"").status, 200, "{path}");
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), PATHS.len(), "no two answers share a tag");
}

#[test]
fn a_tag_is_of_the_whole_answer_and_not_of_its_time() {
    let path = "/v1/models?limit=100";
    let catalogs = Catalogs::new();
    let (first, time) = (catalogs.get(path), catalogs.found(path)["timestamp"].clone());
    let later = Catalogs::cold(&[], |_| {});
    later.service.world.sim.run_for(std::time::Duration::from_secs(5));
    let later = later.warmed();
    assert_ne!(later.found(path)["timestamp"], time);
    assert_eq!(later.get(path).header("etag"), first.header("etag"));
    let dearer = Catalogs::cold(&[], |_| {});
    let change = |text: &mut String| *text = text.replacen("0.000007", "0.000008", 1);
    dearer.stored.texts.borrow_mut().entry("provider:groq".to_owned()).and_modify(change);
    let dearer = dearer.warmed();
    let (dear, groq) =
        (dearer.found("/models?gateway=groq"), catalogs.found("/models?gateway=groq"));
    assert_ne!(dear["data"][2], groq["data"][2], "the third entry costs more");
    assert_ne!(dearer.get(path).header("etag"), first.header("etag"));
}

#[test]
fn every_route_can_be_asked_for_its_head_and_nothing_else() {
    let catalogs = Catalogs::new();
    for path in PATHS {
        let (get, head) = (catalogs.get(path), catalogs.ask("HEAD", path));
        let length = get.body.len().to_string();
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-length"), Some(&*length), "{path}");
        assert_eq!(catalogs.ask("OPTIONS", path).status, 204, "{path}");
        assert_eq!(catalogs.ask("POST", path).status, 405, "{path}");
    }
}

#[test]
fn a_gateway_is_the_same_word_on_every_route() {
    let catalogs = Catalogs::new();
    for route in GATEWAYS {
        for (gateway, expected) in [("nope", 400), ("", 400), ("retired-co", 400), ("maybe", 400)] {
            let response = catalogs.get(&format!("{route}gateway={gateway}"));
            let sentence =
                format!("Invalid gateway '{gateway}'. Must be 'all' or one of: MixedCase, ");
            assert_eq!(response.status, expected, "{route}{gateway}");
            let detail = parsed(&response)["detail"].as_str().unwrap().to_owned();
            assert!(detail.starts_with(&sentence), "{detail}");
        }
        for gateway in ["all", "ALL", "vertex-ai", "MIXEDCASE", "HUG"] {
            let status = catalogs.get(&format!("{route}gateway={gateway}")).status;
            assert_ne!(status, 400, "{route}{gateway}");
        }
    }
}

#[test]
fn what_is_listed_of_a_provider_is_its_block_of_all() {
    let catalogs = Catalogs::new();
    let (first, second) =
        (catalogs.found("/models?limit=1000"), catalogs.found("/models?limit=1000&offset=1000"));
    let all = [first, second];
    let all = all.iter().flat_map(|page| page["data"].as_array().unwrap());
    let mut blocks: Vec<(&str, Vec<&Value>)> = Vec::new();
    for entry in all {
        let gateway = entry["source_gateway"].as_str().unwrap();
        match blocks.last_mut().filter(|(last, _)| *last == gateway) {
            Some((_, block)) => block.push(entry),
            None => blocks.push((gateway, vec![entry])),
        }
    }
    let names: Vec<&str> = blocks.iter().map(|(gateway, _)| *gateway).collect();
    let by_id = "openai groq google-vertex huggingface featherless MixedCase near openrouter";
    assert_eq!(names.join(" "), by_id);
    for (gateway, block) in blocks {
        let page = catalogs.found(&format!("/models?gateway={gateway}&limit=1000"));
        assert_eq!(page["gateway"], gateway);
        let more = page["next_offset"].as_u64().map(|offset| {
            catalogs.found(&format!("/models?gateway={gateway}&limit=1000&offset={offset}"))
        });
        let pages = [Some(page), more];
        let own: Vec<&Value> =
            pages.iter().flatten().flat_map(|page| page["data"].as_array().unwrap()).collect();
        assert_eq!(own, block, "{gateway}");
    }
}

#[test]
fn nothing_is_answered_in_part() {
    for broken in ["provider:near", "registry"] {
        let catalogs = Catalogs::cold(&[], |_| {});
        catalogs.stored.broken.set(Some(broken));
        for path in
            ["/models", "/v1/models/near", "/v1/models/search", "/v1/provider", "/v1/models/no/no"]
        {
            // However often it is asked for.
            (0..8).for_each(|_| drop(catalogs.get(path)));
            let response = catalogs.get(path);
            assert_eq!(response.status, 503, "{path} without {broken}");
            assert!(response.header("retry-after").is_some());
            let missing = parsed(&response)["missing"].clone();
            let expected = if broken == "registry" { Value::Null } else { json!(["near"]) };
            assert_eq!(missing, expected, "{path} without {broken}");
        }
        let alone = catalogs.get("/models?gateway=groq").status;
        assert_eq!(alone, if broken == "registry" { 503 } else { 200 });
    }
}

#[test]
fn an_outage_gives_what_was_there_before_and_says_so() {
    let catalogs = Catalogs::new();
    let before = catalogs.found("/models?limit=5");
    let lifetime = std::time::Duration::from_secs(2 * 3600);
    catalogs.service.world.sim.run_for(lifetime);
    catalogs.stored.broken.set(Some("provider:near"));
    // Each request reads some of them again.
    (0..8).for_each(|_| drop(catalogs.get("/models?limit=5")));
    let response = catalogs.get("/models?limit=5");
    assert_eq!((response.status, response.header("x-cache")), (200, Some("STALE")));
    assert_eq!(response.header("x-stale-providers"), Some("near"));
    assert_eq!(parsed(&response)["data"], before["data"]);
    let fresh = catalogs.get("/models?gateway=groq");
    assert_eq!((fresh.status, fresh.header("x-cache")), (200, Some("HIT")), "groq was read again");
}

#[test]
fn what_was_cleared_is_not_served_while_the_origin_answers() {
    let catalogs = Catalogs::new();
    let cleared = catalogs.service.ask("POST", CLEAR, Some(TOKEN), r#"{"cache_type":"all"}"#);
    assert_eq!(cleared.status, 200);
    let answers: Vec<Response> = (0..10).map(|_| catalogs.get("/models")).collect();
    for answer in &answers {
        let is_stale = answer.header("x-cache") == Some("STALE");
        assert!(!is_stale && matches!(answer.status, 200 | 503), "{}", answer.status);
    }
    let missing = parsed(&answers[0])["missing"].as_array().unwrap().len();
    assert_eq!(missing, 7, "of nine two were loaded");
    assert_eq!(answers[9].status, 200);
}

#[test]
fn a_client_that_wants_nothing_of_the_origin_gets_nothing() {
    let catalogs = Catalogs::cold(&[], |_| {});
    let only = RequestHeaders { cache_control: Some("only-if-cached".to_owned()), ..nothing() };
    let ask = |headers| catalogs.service.send("GET", "/models", headers, "").status;
    assert_eq!(ask(only.clone()), 504);
    // Who has the providers, and not what they offer.
    assert_eq!(catalogs.get("/models?gateway=near").status, 200);
    assert_eq!(ask(only.clone()), 504);
    let catalogs = catalogs.warmed();
    let ask = |headers| catalogs.service.send("GET", "/models", headers, "").status;
    assert_eq!(ask(only), 200);
    assert_eq!(ask(holding("*")), 304);
}

#[test]
fn what_the_backend_cannot_fetch_has_an_empty_list() {
    let catalogs = Catalogs::cold(&[], |row| {
        if row["slug"] == "groq" {
            row["metadata"] = json!({ "has_fetch_function": false });
        }
    });
    let catalogs = catalogs.warmed();
    assert_eq!(catalogs.found("/models?gateway=groq")["total"], 0);
    assert_eq!(catalogs.found("/v1/models/search?gateway=groq")["meta"]["total"], 5);
    assert_eq!(catalogs.found("/models")["total"], 1202, "all have it");
}

#[test]
fn who_is_not_enabled_is_nowhere() {
    let catalogs = Catalogs::cold(&["groq", "near"], |_| {}).warmed();
    assert_eq!(catalogs.found("/models")["total"], 7);
    assert_eq!(catalogs.found("/v1/gateways")["total"], 2);
    assert_eq!(catalogs.found("/v1/provider")["total"], 2);
    assert_eq!(catalogs.found("/v1/models/search")["meta"]["total"], 7);
    for route in GATEWAYS {
        assert_eq!(catalogs.get(&format!("{route}gateway=openai")).status, 400, "{route}");
    }
    assert_eq!(catalogs.get("/v1/models/openai/gpt-4o").status, 404);
}

#[test]
fn the_unique_listing_keeps_its_paths() {
    let catalogs = Catalogs::new();
    assert!(catalogs.found("/v1/models/unique?limit=1").get("models").is_some());
    assert_eq!(catalogs.found("/v1/models/uniqu")["developer"], "uniqu");
    assert_eq!(catalogs.get("/v1/models/").status, 404);
    assert_eq!(catalogs.get("/models/groq").status, 404);
}

#[test]
fn what_is_said_of_tiers_is_said_of_the_part_that_is_worst_off() {
    let catalogs = Catalogs::cold(&[], |_| {});
    let said = |path: &str| {
        let response = catalogs.get(path);
        let [x_cache, status] = ["x-cache", "cache-status"].map(|name| response.header(name));
        (x_cache.unwrap_or_default().to_owned(), status.unwrap_or_default().to_owned())
    };
    let asserts = |path: &str, expected: &str, part: &str| {
        let (x_cache, status) = said(path);
        assert_eq!(x_cache, expected, "{path}: {status}");
        assert!(status.contains(part), "{path}: {status}");
    };
    // The providers are known, and a provider's list is not, and the other way around: they are two catalogs.
    asserts("/v1/gateways", "MISS", "fwd=miss");
    asserts("/models?gateway=near", "MISS", "fwd=miss");
    asserts("/models?gateway=near", "HIT", "models:provider:near\"");
    asserts("/v1/gateways", "HIT", "registry\"");
    catalogs.service.world.sim.run_for(std::time::Duration::from_secs(300));
    let catalogs = catalogs.warmed();
    let (x_cache, status) = {
        let response = catalogs.get("/models");
        (
            response.header("x-cache").unwrap().to_owned(),
            response.header("cache-status").unwrap().to_owned(),
        )
    };
    assert_eq!(x_cache, "HIT");
    assert!(status.contains("models:provider:near\""), "near is the oldest: {status}");
    // Two are read anew, and what is said is said of what is stale.
    catalogs.service.world.sim.run_for(std::time::Duration::from_secs(2 * 3600));
    let response = catalogs.get("/models");
    let status = response.header("cache-status").unwrap().to_owned();
    assert_eq!(response.header("x-cache"), Some("STALE"));
    assert!(status.contains("hit; ttl=-"), "{status}");
}
