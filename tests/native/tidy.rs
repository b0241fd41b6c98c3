//! The house rules that a reader cannot be asked to check: imports point down, files are short and say what they
//! own, and only src/worker knows of Workers.

use std::{fs, path::PathBuf};

const LINES_MAX: usize = 400;

/// Modules from the ground up (ARCHITECTURE.md); each may name itself and those before it.
const LAYERS: [&str; 9] =
    ["catalog", "ports", "config", "cache", "upstash", "supabase", "http", "app", "worker"];

/// Adapters and policy stand side by side over the ports: neither may name the other.
const STRANGERS: [(&str, &str); 4] =
    [("upstash", "cache"), ("supabase", "cache"), ("upstash", "supabase"), ("supabase", "upstash")];

struct Source {
    path: String,
    is_rust: bool,
    text: String,
}

impl Source {
    fn layer(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        inside.split(['/', '.']).next().filter(|layer| *layer != "lib")
    }

    /// The modules that this file names by `crate::…` outside its tests.
    fn imports(&self) -> Vec<&str> {
        let text = self.text.split("#[cfg(test)]").next().unwrap();
        let mut found = Vec::new();
        for rest in text.split("crate::").skip(1) {
            if let Some(group) = rest.strip_prefix('{') {
                let group = group.split("\n};").next().unwrap();
                let names = group.lines().filter_map(|line| line.trim().split("::").next());
                found.extend(names.filter(|name| is_module(name)));
            } else {
                found.extend(rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next());
            }
        }
        found
    }
}

fn is_module(name: &str) -> bool {
    LAYERS.contains(&name)
}

fn sources(folder: &str) -> Vec<Source> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| {
                ["rs", "mjs", "js"].iter().any(|ending| extension == *ending)
            }) {
                let text = fs::read_to_string(&path).unwrap();
                let is_rust = path.extension().is_some_and(|extension| extension == "rs");
                let path = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                found.push(Source { path, is_rust, text });
            }
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// Everything that is written here, pages of a browser included.
fn everything() -> impl Iterator<Item = Source> {
    ["src", "tests", "dev", "web"].into_iter().flat_map(sources)
}

#[test]
fn imports_point_down() {
    let rank = |name: &str| LAYERS.iter().position(|layer| *layer == name).expect("a layer");
    let mut checked = 0;
    for source in sources("src") {
        let Some(layer) = source.layer() else { continue };
        for import in source.imports() {
            checked += 1;
            assert!(rank(import) <= rank(layer), "{}: {layer} names {import}", source.path);
            assert!(
                !STRANGERS.contains(&(layer, import)),
                "{}: {layer} names {import}",
                source.path
            );
        }
    }
    assert!(checked > 50, "only {checked} imports were found: this test reads them wrong");
}

#[test]
fn the_worker_crate_is_named_in_its_layer_only() {
    for source in sources("src") {
        let names = ["worker::", "wasm_bindgen", "js_sys", "web_sys"];
        let outside = source.layer() != Some("worker");
        assert!(
            !(outside && names.iter().any(|name| source.text.contains(name))),
            "{}",
            source.path
        );
    }
    let manifest =
        fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let (everywhere, wasm_only) =
        manifest.split_once("[target.'cfg(target_arch = \"wasm32\")'").unwrap();
    assert!(!everywhere.contains("\nworker ") && wasm_only.contains("\nworker "));
}

#[test]
fn files_are_short_and_say_what_they_own() {
    for source in everything() {
        let lines = source.text.lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", source.path);
        let says = if source.is_rust { "//! " } else { "// " };
        assert!(
            source.text.starts_with(says),
            "{} does not begin by saying what it owns",
            source.path
        );
    }
}

#[test]
fn nothing_is_left_for_later() {
    // Written in two parts, or this file would be the first find.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("unimple", "mented!"),
    ];
    for source in everything() {
        for mark in marks {
            assert!(!source.text.contains(mark), "{} holds {mark}", source.path);
        }
    }
}
