//! The pages: the document for people, and what a browser shows at `/`. HTML without scripts, with one style, whose digest is the
//! only thing that the policy of the pages allows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// A longer pattern is not shown.
const PATTERN_CHARS_MAX: usize = 60;
/// More words than these are the document's.
const WORDS_MAX: usize = 8;

const STYLE: &str = include_str!("style.css");

/// The value of `Content-Security-Policy`.
pub(super) fn policy() -> String {
    let digest = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn page(title: &str, main: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<main>\n<h1>{title}</h1>\n{main}</main>\n</html>\n"
    )
}

/// What a browser shows at `/`.
pub(super) fn index(document: &Value) -> String {
    let links = [
        ("/v1/models/unique", "The catalog", "JSON"),
        ("/docs", "What can be asked, and what is answered", "a page"),
        ("/docs/providers", "The same of the catalogs of single providers", "a page"),
        ("/docs/operators", "The same of what operators and databases may ask", "a page"),
        ("/openapi.json", "The same for programs", "OpenAPI 3.1"),
    ];
    let links = links.map(|(to, what, kind)| format!("<li><a href=\"{to}\">{what}</a> ({kind})\n"));
    let summary = prose(&document["info"]["summary"]);
    let main = format!("<p>{summary}</p>\n<ul>\n{}</ul>\n", links.concat());
    page(text(&document["info"]["title"]), &main)
}

/// The document as a page.
pub(super) fn docs(document: &Value) -> String {
    let info = &document["info"];
    let mut main = format!(
        "<p>{} {} This is <a href=\"/openapi.json\">the OpenAPI document</a> of version {}.</p>\n",
        prose(&info["summary"]),
        prose(&info["description"]),
        text(&info["version"]),
    );
    main.push_str(&contents(document));
    let mut said = BTreeSet::new();
    for section in sections(document) {
        main.push_str(&operation_section(document, &section, &mut said));
    }
    main.push_str(&everywhere(document));
    main.push_str(
        "<h2 id=\"schemas\">Bodies</h2>\n<p>A table each: fields, values, meaning.</p>\n",
    );
    let mut known = BTreeMap::new();
    for (name, schema) in members(&document["components"]["schemas"]) {
        main.push_str(&schema_section(name, schema, &mut known));
    }
    let headers = members(&document["components"]["headers"]).iter();
    let headers = headers
        .map(|(name, header)| format!("<tr><th>{name}<td>{}\n", prose(&header["description"])));
    let headers = table("", &["name", "meaning"], &headers.collect::<String>());
    let _ = write!(main, "<h2 id=\"headers\">Headers of answers</h2>\n{headers}");
    page(text(&info["title"]), &main)
}

/// Answers that come with a route's access, and their components.
const EVERYWHERE: [(&str, &str); 4] = [
    ("401", "Unauthorized"),
    ("404", "NotFound"),
    ("429", "TooManyRequests"),
    ("500", "Misconfigured"),
];

/// What every route, or every one that needs credentials, may answer; and what credentials there are.
fn everywhere(document: &Value) -> String {
    let answers = EVERYWHERE.map(|(status, name)| {
        let answer = &document["components"]["responses"][name];
        row(status, &prose(&answer["description"]), &bodies(answer))
    });
    let schemes = members(&document["components"]["securitySchemes"]).iter();
    let schemes = schemes
        .map(|(name, scheme)| format!("<tr><th>{name}<td>{}\n", prose(&scheme["description"])));
    format!(
        "<h2 id=\"everywhere\">Credentials, and answers everywhere</h2>\n{}{}",
        table("Credentials", &["name", "what they are"], &schemes.collect::<String>()),
        table("Answers", &["status", "when", "body"], &answers.concat()),
    )
}

/// An operation, with all that it is asked by.
struct Section<'a> {
    asked_by: Vec<String>,
    operation: &'a Value,
}

/// Operations, those that say the same as one; without HEAD and OPTIONS, which are the same everywhere.
fn sections(document: &Value) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (path, item) in members(&document["paths"]) {
        let shown =
            members(item).iter().filter(|(name, _)| !["head", "options"].contains(&name.as_str()));
        for (method, operation) in shown {
            let asked = format!("{} {path}", method.to_uppercase());
            let same =
                |known: &&mut Section<'_>| known.operation["summary"] == operation["summary"];
            match sections.iter_mut().find(same) {
                Some(known) => known.asked_by.push(asked),
                None => sections.push(Section { asked_by: vec![asked], operation }),
            }
        }
    }
    sections
}

fn contents(document: &Value) -> String {
    let links = sections(document).into_iter().map(|Section { asked_by, operation }| {
        let (id, summary) = (text(&operation["operationId"]), prose(&operation["summary"]));
        format!("<li><a href=\"#{id}\">{}</a>: {summary}\n", asked_by.join(", "))
    });
    let links: String = links.collect();
    format!(
        "<nav aria-label=\"Contents\">\n<ul>\n{links}<li><a href=\"#everywhere\">Credentials, and answers everywhere</a>\n<li><a href=\"#schemas\">Bodies</a>\n<li><a href=\"#headers\">Headers of \
         answers</a>\n</ul>\n</nav>\n"
    )
}

/// What is told of several operations is said in the first of them, and named in the others.
fn operation_section<'a>(
    document: &'a Value,
    Section { asked_by, operation }: &Section<'a>,
    said: &mut BTreeSet<&'a str>,
) -> String {
    let asked_by: Vec<String> =
        asked_by.iter().map(|asked| format!("<code>{asked}</code>")).collect();
    let mut section = format!(
        "<h2 id=\"{}\">{}</h2>\n<p>{}. {}",
        text(&operation["operationId"]),
        asked_by.join(", "),
        prose(&operation["summary"]),
        prose(&operation["description"]),
    );
    if let Some(security) = operation.get("security") {
        let schemes = items(security).iter().flat_map(|scheme| members(scheme).keys());
        let schemes: Vec<&str> = schemes.map(String::as_str).collect();
        let _ = write!(section, " Needs credentials: {}.", schemes.join(", or "));
    }
    section.push_str("</p>\n");
    if let Some(body) = operation.get("requestBody") {
        let body = resolved(document, body);
        let schema = kind(&body["content"]["application/json"]["schema"]);
        let _ = writeln!(section, "<p>Body: {schema}. {}</p>", prose(&body["description"]));
    }
    let (mut parameters, mut above) = (String::new(), Vec::new());
    for parameter in items(&operation["parameters"]) {
        let is_new = said.insert(text(&parameter["$ref"]));
        let parameter = resolved(document, parameter);
        if is_new {
            parameters.push_str(&row(
                text(&parameter["name"]),
                &kind(&parameter["schema"]),
                &prose(&parameter["description"]),
            ));
        } else {
            above.push(text(&parameter["name"]));
        }
    }
    if !parameters.is_empty() {
        section.push_str(&table("Parameters", &["name", "values", "meaning"], &parameters));
    }
    if !above.is_empty() {
        let _ = writeln!(section, "<p>Parameters as above: {}.", above.join(", "));
    }
    // What comes with the access is the same everywhere, and is said once.
    let answers = members(&operation["responses"])
        .iter()
        .filter(|(status, _)| !EVERYWHERE.iter().any(|(known, _)| known == status));
    let (mut rows, mut above) = (String::new(), Vec::new());
    for (status, answer) in answers {
        if said.insert(text(&answer["$ref"])) {
            let answer = resolved(document, answer);
            rows.push_str(&row(status, &prose(&answer["description"]), &bodies(answer)));
        } else {
            above.push(status.as_str());
        }
    }
    if !rows.is_empty() {
        section.push_str(&table("Answers", &["status", "when", "body"], &rows));
    }
    if !above.is_empty() {
        let _ = writeln!(section, "<p>Answers as above: {}.", above.join(", "));
    }
    section
}

/// What a response can have as its body.
fn bodies(answer: &Value) -> String {
    let media = answer.get("content").map(members).into_iter().flatten();
    let shown: Vec<String> = media
        .map(|(name, of)| match of["schema"].get("$ref") {
            Some(_) => kind(&of["schema"]),
            None => format!("<code>{name}</code>"),
        })
        .collect();
    shown.join(", ")
}

/// A schema; of one that has the fields of one before it, only which of them are always there.
fn schema_section(name: &str, schema: &Value, known: &mut BTreeMap<String, String>) -> String {
    let mut rows = fields("", schema);
    let names: Vec<&str> = schema
        .get("properties")
        .map(members)
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .collect();
    let same = known.entry(names.join(" ")).or_insert_with(|| name.to_owned());
    if *same != name && !names.is_empty() {
        let always: Vec<&str> = items(&schema["required"]).iter().map(text).collect();
        return format!(
            "<h3 id=\"{name}\">{name}</h3>\n<p>{} Fields of <a href=\"#{same}\">{same}</a>; always there: {}.\n",
            prose(&schema["description"]),
            always.join(", ")
        );
    }
    for of in schema.get("allOf").map(items).into_iter().flatten() {
        rows.push_str(&row("…", &kind(of), "Its fields as well."));
    }
    let intro =
        format!("<h3 id=\"{name}\">{name}</h3>\n<p>{}</p>\n", prose(&schema["description"]));
    intro + &table("", &[], &rows)
}

/// The fields of a schema, and those of the objects within.
fn fields(before: &str, schema: &Value) -> String {
    let mut rows = String::new();
    for (name, field) in schema.get("properties").map(members).into_iter().flatten() {
        let path = format!("{before}{name}");
        let description = field.get("description").map(prose).unwrap_or_default();
        rows.push_str(&row(&path, &kind(field), &description));
        rows.push_str(&fields(&format!("{path}."), field));
        for (inner, mark) in [("items", "[]."), ("additionalProperties", ".*.")] {
            let within = field.get(inner).map(|of| fields(&format!("{path}{mark}"), of));
            rows.push_str(&within.unwrap_or_default());
        }
    }
    rows
}

/// What values a schema has, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(target) = schema.get("$ref") {
        let name = text(target).rsplit('/').next().unwrap();
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    let mut parts: Vec<String> = Vec::new();
    if let Some(choices) = schema.get("anyOf") {
        parts.push(items(choices).iter().map(kind).collect::<Vec<_>>().join(" or "));
    }
    match schema.get("type") {
        Some(Value::Array(kinds)) => {
            parts.push(kinds.iter().map(text).collect::<Vec<_>>().join(" or "));
        }
        Some(kind) => parts.push(text(kind).to_owned()),
        None => {}
    }
    if let Some(of) = schema.get("items") {
        parts.push(format!("of {}", kind(of)));
    }
    if let Some(words) = schema.get("enum").filter(|words| items(words).len() <= WORDS_MAX) {
        parts.push(
            items(words)
                .iter()
                .map(|word| format!("<code>{}</code>", escaped(text(word))))
                .collect::<Vec<_>>()
                .join(" "),
        );
    }
    for (name, shown) in
        [("minimum", "from"), ("maximum", "to"), ("default", "default"), ("pattern", "as")]
    {
        // Counts are never negative.
        let value = schema.get(name).filter(|value| (name, value.as_u64()) != ("minimum", Some(0)));
        if let Some(value) = value {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // A long pattern spells out the words that stand in the description.
            if name != "pattern" || value.len() <= PATTERN_CHARS_MAX {
                parts.push(format!("{shown} <code>{}</code>", escaped(&value)));
            }
        }
    }
    parts.join(" ")
}

fn table(caption: &str, heads: &[&str], rows: &str) -> String {
    let heads = if heads.is_empty() {
        String::new()
    } else {
        format!("<thead><tr><th>{}<tbody>", heads.join("<th>"))
    };
    let caption =
        if caption.is_empty() { String::new() } else { format!("<caption>{caption}</caption>") };
    format!("<table>{caption}{heads}\n{rows}</table>\n")
}

fn row(name: &str, first: &str, second: &str) -> String {
    format!(
        "<tr><th>{name}<td>{first}<td>{second}
"
    )
}

/// Text with its `code`.
fn prose(value: &Value) -> String {
    let parts = text(value).split('`').enumerate();
    let shown = parts.map(|(number, part)| match number % 2 {
        0 => escaped(part),
        _ => format!("<code>{}</code>", escaped(part)),
    });
    shown.collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn members(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref") {
        Some(target) => document.pointer(text(target).strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}
