//! The structure of src/: the rooms inside cache/ stand in order, nothing is in a circle, folders and functions stay small, and
//! every reference to a page resolves. Folders of dev/, tests/ and web/ are small as well.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const FUNCTION_LINES_MAX: usize = 70;
const FOLDER_FILES_MAX: usize = 10;

/// Where people write, besides src/, and how those files end.
const WRITTEN: [(&str, &str); 5] =
    [("tests", ".rs"), ("tests", ".mjs"), ("dev", ".mjs"), ("web", ".js"), ("docs", ".md")];

/// The rooms of cache/ from the ground up; each may name itself and those before it.
const ROOMS: [&str; 14] = [
    "telemetry",
    "protocol",
    "entry",
    "state",
    "redis",
    "isolate",
    "tiers",
    "publish",
    "rebuild",
    "background",
    "lookup",
    "history",
    "operations",
    "mod",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder whose name ends so, by its path from the root, without its unit tests.
fn files(folder: &str, ending: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// `src/cache/entry/mod.rs` and `src/cache/entry.rs` are both `cache::entry`.
fn module(path: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    let words = inside.split('/').filter(|word| *word != "lib");
    words.map(str::to_owned).collect()
}

/// The paths that the `use` items of a text name, braces taken apart; with whether the item is public.
fn uses(text: &str) -> Vec<(bool, Vec<String>)> {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let mut found = Vec::new();
    for item in code.split(';') {
        let Some((before, tree)) = item.rsplit_once("use ").filter(|(_, tree)| tree.contains("::"))
        else {
            continue;
        };
        let before = before.trim_end_matches(' ').lines().last().unwrap_or("").trim();
        if !(before.is_empty() || before.starts_with("pub") || before.starts_with(['#', '}', '/']))
        {
            continue;
        }
        let tree: String = tree.chars().filter(|c| !c.is_whitespace()).collect();
        let mut paths = Vec::new();
        expand("", &tree, &mut paths);
        let public = before.starts_with("pub");
        found.extend(
            paths.iter().map(|path| (public, path.split("::").map(str::to_owned).collect())),
        );
    }
    found
}

fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        paths.push(format!("{prefix}{tree}"));
        return;
    };
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let (mut depth, mut branch) = (0, String::new());
    for c in inner.chars().chain([',']) {
        match c {
            ',' if depth == 0 => {
                if !branch.is_empty() {
                    expand(&format!("{prefix}{head}"), &std::mem::take(&mut branch), paths);
                }
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        branch.push(c);
    }
}

struct Graph {
    texts: BTreeMap<String, String>,
    by_module: BTreeMap<Vec<String>, String>,
}

impl Graph {
    fn read() -> Self {
        let texts = files("src", ".rs");
        let by_module = texts.keys().map(|path| (module(path), path.clone())).collect();
        Self { texts, by_module }
    }

    /// The file that a path leads to, through what mod.rs files pass on.
    fn resolve(&self, from: &[String], path: &[String], depth: usize) -> Option<String> {
        let (mut base, rest) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "super" => (from[..from.len() - 1].to_vec(), &path[1..]),
            "self" => (from.to_vec(), &path[1..]),
            _ if depth > 0 || self.by_module.contains_key(&[from, &path[..1]].concat()) => {
                (from.to_vec(), path)
            }
            _ => return None,
        };
        let mut left = rest;
        while let Some((word, more)) = left.split_first() {
            let next = [base.as_slice(), std::slice::from_ref(word)].concat();
            if !self.by_module.contains_key(&next) {
                break;
            }
            (base, left) = (next, more);
        }
        let file = self.by_module.get(&base)?;
        let (Some(item), true) = (left.first(), depth < 8) else { return Some(file.clone()) };
        let passed = uses(&self.texts[file])
            .into_iter()
            .find(|(public, path)| *public && path.last() == Some(item));
        match passed {
            Some((_, path)) => self.resolve(&base, &path, depth + 1).or(Some(file.clone())),
            None => Some(file.clone()),
        }
    }

    /// Which files each file names. What a mod.rs passes on is its table of contents, no use of its own.
    fn edges(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, text) in &self.texts {
            let from = module(path);
            let named = uses(text)
                .into_iter()
                .filter(|(public, _)| !(*public && path.ends_with("mod.rs")))
                .filter_map(|(_, names)| self.resolve(&from, &names, 0))
                .filter(|target| target != path);
            edges.insert(path.clone(), named.collect());
        }
        edges
    }
}

/// A way from a node back to itself, if there is one.
fn circle(edges: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn visit(
        node: &str,
        edges: &BTreeMap<String, BTreeSet<String>>,
        way: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(at) = way.iter().position(|seen| seen == node) {
            return Some(way[at..].to_vec());
        }
        if done.contains(node) {
            return None;
        }
        way.push(node.to_owned());
        let found =
            edges.get(node).into_iter().flatten().find_map(|next| visit(next, edges, way, done));
        way.pop();
        done.insert(node.to_owned());
        found
    }
    let mut done = BTreeSet::new();
    edges.keys().find_map(|node| visit(node, edges, &mut Vec::new(), &mut done))
}

#[test]
fn no_file_and_no_folder_is_in_a_circle() {
    let edges = Graph::read().edges();
    let count: usize = edges.values().map(BTreeSet::len).sum();
    assert!(count > 250, "only {count} uses were found: this test reads them wrong");
    assert_eq!(circle(&edges), None);
    for folder in folders(&edges) {
        assert_eq!(circle(&among_children(&folder, &edges)), None, "in {folder}");
    }
}

#[test]
fn the_rooms_of_cache_stand_in_order() {
    let rank = |name: &str| ROOMS.iter().position(|room| *room == name).expect(name);
    let rooms = among_children("src/cache/", &Graph::read().edges());
    assert!(rooms.len() >= ROOMS.len(), "{rooms:?}");
    for (from, targets) in rooms.iter().filter(|(from, _)| !from.ends_with("_test")) {
        for target in targets {
            assert!(rank(target) < rank(from), "cache/{from} names cache/{target}");
        }
    }
}

/// Every folder that holds one of these files, by its path with a slash at the end.
fn folders(edges: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let parents = edges.keys().flat_map(|path| Path::new(path).ancestors().skip(1));
    let names = parents.map(|folder| format!("{}/", folder.display()));
    names.filter(|name| name.starts_with("src/")).collect()
}

/// Which files and folders right in a folder name each other.
fn among_children(
    folder: &str,
    edges: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeMap<String, BTreeSet<String>> {
    let child = |path: &str| {
        let inside = path.strip_prefix(folder)?;
        inside.split(['/', '.']).next().map(str::to_owned)
    };
    let mut children: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (from, targets) in edges {
        let Some(from) = child(from) else { continue };
        let named = targets.iter().filter_map(|target| child(target)).filter(|name| *name != from);
        children.entry(from.clone()).or_default().extend(named);
    }
    children
}

#[test]
fn the_reader_of_uses_finds_a_circle() {
    let text =
        "use std::fmt;\n\npub use self::x::Y;\nuse crate::{\n    a::{b::C, d},\n    e,\n};\n";
    let paths: Vec<String> = uses(text).iter().map(|(_, path)| path.join("::")).collect();
    assert_eq!(paths, ["std::fmt", "self::x::Y", "crate::a::b::C", "crate::a::d", "crate::e"]);
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let edges = BTreeMap::from([("a".to_owned(), of(&["b"])), ("b".to_owned(), of(&["a"]))]);
    assert_eq!(circle(&edges), Some(vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn functions_are_short() {
    let mut functions = 0;
    for (path, text) in files("src", ".rs").into_iter().chain(files("tests", ".rs")) {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            if !begins_function(code) {
                continue;
            }
            functions += 1;
            let indent = line.len() - code.len();
            let margin = " ".repeat(indent);
            let (end, declared) = (format!("{margin}}}"), format!("{margin})"));
            // A function without a body of its own lines ends where it begins; a declaration with its parameters.
            let is_end =
                |line: &&str| **line == end || (line.starts_with(&declared) && line.ends_with(';'));
            let ends_here = code.ends_with(['}', ';']);
            let length = if ends_here { Some(0) } else { lines[at..].iter().position(is_end) };
            let length = length.unwrap_or_else(|| panic!("{path}:{} does not end", at + 1));
            assert!(length < FUNCTION_LINES_MAX, "{path}:{} has {length} lines", at + 1);
        }
    }
    assert!(functions > 500, "only {functions} functions were found");
}

/// Whether a line begins a function, whatever stands before `fn`.
fn begins_function(code: &str) -> bool {
    let Some((before, _)) = code.split_once("fn ") else { return false };
    let mut words = before.split_whitespace();
    words.all(|word| {
        word.starts_with("pub") || ["async", "const", "in"].contains(&word) || word.ends_with(')')
    })
}

#[test]
fn folders_are_small() {
    let mut counts: BTreeMap<PathBuf, usize> = BTreeMap::new();
    let is_root = |folder: &Path| folder.join("main.rs").exists();
    let (src, tests, dev) = (files("src", ".rs"), files("tests", ".rs"), files("dev", ".mjs"));
    let (scripts, web) = (files("src", ".lua"), files("web", ".js"));
    // A target's tests stand side by side at its root.
    let tests = tests.keys().filter(|path| !is_root(root().join(path).parent().unwrap()));
    let others = scripts.keys().chain(dev.keys()).chain(web.keys());
    for path in src.keys().chain(others).chain(tests) {
        *counts.entry(Path::new(path).parent().unwrap().to_owned()).or_default() += 1;
    }
    for (folder, count) in counts {
        // A mod.rs is the folder's table of contents.
        assert!(count <= FOLDER_FILES_MAX + 1, "{} has {count} files", folder.display());
    }
}

#[test]
fn every_page_that_is_named_exists_and_has_the_heading() {
    let mut checked = 0;
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (folder, ending) in WRITTEN.iter().chain(&[("src", ".rs")]) {
        texts.extend(files(folder, ending));
    }
    texts.extend(pages_at_the_root());
    for (path, text) in &texts {
        // Comments are broken into lines; a citation may go over the end of one.
        let joined: Vec<&str> =
            text.lines().map(|line| line.trim_start_matches(['/', '!', ' '])).collect();
        let joined = joined.join(" ");
        for rest in joined.split("docs/").skip(1) {
            let Some((page, rest)) = rest.split_once(".md") else { continue };
            if !page.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'-') {
                continue;
            }
            checked += 1;
            let page = root().join(format!("docs/{page}.md"));
            let content = fs::read_to_string(&page);
            let content = content.unwrap_or_else(|_| panic!("{path} names {}", page.display()));
            if let Some(heading) = rest.strip_prefix(", \"").and_then(|rest| rest.split('"').next())
            {
                let found = content.lines().any(|line| {
                    line.starts_with('#') && line.trim_start_matches('#').trim() == heading
                });
                assert!(found, "{path} cites \"{heading}\", which {} has not", page.display());
            }
        }
    }
    assert!(checked > 40, "only {checked} references were found");
}

/// README and its like.
fn pages_at_the_root() -> BTreeMap<String, String> {
    let entries = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let pages = entries.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    pages.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let mut checked = 0;
    for (path, text) in pages_at_the_root().into_iter().chain(files("docs", ".md")) {
        let folder = root().join(&path).parent().unwrap().to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (page, heading) = target.split_once('#').unwrap_or((target, ""));
            if page.contains("://") {
                continue;
            }
            checked += 1;
            let file = if page.is_empty() { root().join(&path) } else { folder.join(page) };
            assert!(file.exists(), "{path} links {target}");
            if heading.is_empty() {
                continue;
            }
            let content = fs::read_to_string(&file).unwrap();
            let found = content.lines().filter(|line| line.starts_with('#')).any(|line| {
                let words = line.trim_start_matches('#').trim().to_lowercase();
                let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
                kept.collect::<String>().replace(' ', "-") == heading
            });
            assert!(found, "{path} links {target}");
        }
    }
    assert!(checked > 20, "only {checked} links were found");
}

#[test]
fn no_reference_leaves_the_repository() {
    // Written in two parts, or this file would be the first find.
    let pages = [concat!("DESIGN", ".md"), concat!("REFERENCE", ".md"), concat!("PLATFORM", ".md")];
    let pages = pages.iter().chain(&[concat!("ANCHORS", ".md")]);
    let mut texts = files("src", ".rs");
    texts.extend(pages_at_the_root());
    for (folder, ending) in WRITTEN {
        texts.extend(files(folder, ending));
    }
    for page in pages {
        for (path, text) in &texts {
            assert!(!text.contains(page), "{path} names {page}");
        }
    }
}
