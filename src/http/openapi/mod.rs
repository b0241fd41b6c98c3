//! The OpenAPI 3.1 document and the pages, made from the route table and from what the parsers use, and committed in `made/`, where the
//! endpoints take them from. It is built for tests only: `OPENAPI_WRITE=1 cargo test --lib openapi` writes the files anew, and without
//! that the test fails when they are not what is made.
//!
//! A new route is an arm of [`routes::of`] and a function in a file of `routes/`. What it answers must be described there: the tests of
//! the service compare each answer with the document.

mod chapter;
mod components;
mod document;
mod headers;
mod operation;
mod pages;
mod routes;
mod schemas;

use std::{env, fs, path::PathBuf};

use serde_json::Value;

/// Every `$ref` below a value.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| match member.as_str() {
                Some(target) if name == "$ref" => vec![target],
                _ => references(member),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// What the page of everything else tells.
fn main(document: &Value) -> Value {
    chapter::chapter(document, |tag| tag == document::PUBLIC)
}

/// What the page for operators and for senders of webhooks tells.
fn operators(document: &Value) -> Value {
    chapter::chapter(document, |tag| tag == document::OPERATORS || tag == document::SENDERS)
}

/// What the page of the catalogs of providers tells.
fn providers(document: &Value) -> Value {
    chapter::chapter(document, |tag| tag == document::PROVIDERS)
}

#[test]
fn the_pages_tell_of_every_operation_once() {
    let document = document::document();
    let paths = |document: &Value| -> Vec<String> {
        document["paths"].as_object().unwrap().keys().cloned().collect()
    };
    let chapters = [main(&document), providers(&document), operators(&document)];
    let mut told: Vec<String> = chapters.iter().flat_map(paths).collect();
    let mut all = paths(&document);
    told.sort();
    all.sort();
    assert_eq!(told, all);
}

#[test]
fn the_committed_files_are_what_the_route_table_makes() {
    let made = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/http/openapi/made");
    let document = document::document();
    let text = serde_json::to_string(&document).unwrap();
    for (name, content) in [
        ("openapi.json", text),
        ("docs.html", pages::docs(&main(&document))),
        ("providers.html", pages::docs(&providers(&document))),
        ("operators.html", pages::docs(&operators(&document))),
        ("index.html", pages::index(&document)),
        ("policy.txt", pages::policy()),
    ] {
        let path = made.join(name);
        if env::var_os("OPENAPI_WRITE").is_some() {
            fs::write(&path, &content).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == content, "{name} is out of date: see the top of openapi/mod.rs");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = document::document();
    let used = references(&document);
    assert!(used.len() > 50, "only {} references were found", used.len());
    for target in &used {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
    for (kind, components) in document["components"].as_object().unwrap() {
        // These are named by requirements, not by reference.
        let is_named = kind == "securitySchemes";
        for name in components.as_object().unwrap().keys().filter(|_| !is_named) {
            let target = format!("#/components/{kind}/{name}");
            let is_elsewhere = components::ELSEWHERE.contains(&name.as_str());
            assert!(is_elsewhere || used.contains(&target.as_str()), "{target} is not used");
        }
    }
}

#[test]
fn the_pages_are_small_and_load_nothing() {
    let document = document::document();
    let chapters = [main(&document), providers(&document), operators(&document)];
    let pages = chapters.iter().map(pages::docs).chain([pages::index(&document)]);
    for page in pages {
        assert!(page.len() <= 36_000, "{} bytes", page.len());
        for forbidden in
            ["<script", " style=", "<link", "<img", "<iframe", "javascript:", " onclick"]
        {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
    }
}
