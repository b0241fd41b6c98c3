//! The work of the Worker's ways, natively: one case a process, for `npm run instructions` to count what is executed in
//! [`measured`]. Arguments: the case's name and a folder with the origin's answers, as dev/bench/inputs.mjs writes them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark's panic is its failure"
)]

mod inputs;
mod ports;

use std::{env, hint::black_box, path::PathBuf, rc::Rc};

use futures_util::FutureExt;
use model_catalog_edge::{
    app::App,
    catalog::{Assembly, Order, Page, Selection, Snapshot, SortBy, View},
    http::RequestHeaders,
};

use inputs::Inputs;
use ports::app_over;

/// What is counted: this function and all that it calls. By its name the counting tool knows it.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

fn main() {
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    let case = arguments.next().expect("a case");
    let inputs = Inputs::read(&PathBuf::from(arguments.next().expect("a folder")));
    match case.as_str() {
        "transform" => transform(&inputs),
        "scan" => scan(&inputs),
        "inflate" => inflate(&inputs),
        "order" => order(&inputs, None),
        "order-filtered" => order(&inputs, Some(2)),
        "page" => page(&inputs),
        "query" => query(&inputs),
        "hit" => hit(&inputs),
        "index" => index(&inputs),
        "filter" => again(&inputs, FILTERED),
        "stable" => again(&inputs, STABLE),
        other => panic!("there is no case {other}"),
    }
}

/// The origin's rows become a snapshot.
fn transform(inputs: &Inputs) {
    let snapshot = measured(|| inputs.snapshot());
    assert!(!snapshot.is_empty());
}

/// The text of a snapshot is checked: where its entries stand, and what they are sorted by.
fn scan(inputs: &Inputs) {
    let text = inputs.snapshot().text().to_string();
    let snapshot = measured(|| Snapshot::decode(inputs::SOURCE, text)).unwrap();
    assert!(!snapshot.is_empty());
}

/// A packed snapshot is unpacked, as a cold isolate does.
fn inflate(inputs: &Inputs) {
    let whole = inputs.snapshot();
    let (packed, checksum) = whole.pack().expect("packed");
    let (entries, hash) = (whole.len(), whole.hash());
    let unpacked = measured(|| Snapshot::unpack(inputs::SOURCE, &packed, checksum, entries, hash));
    assert_eq!(unpacked, Some(whole));
}

/// A combination that nobody asked for before.
fn order(inputs: &Inputs, min_providers: Option<u32>) {
    let snapshot = inputs.snapshot();
    let view: View = by_name(min_providers).into();
    let order = measured(|| snapshot.order(&view));
    assert!(!order.is_empty());
}

/// A page of a hundred is put together from all over the text.
fn page(inputs: &Inputs) {
    let listing = Rc::new(inputs.snapshot()).listing(&by_name(None).into());
    let page = Page { limit: 100, offset: 0 };
    let body = measured(|| {
        let entries = listing.page(&page);
        let mut body = Vec::with_capacity(entries.bytes());
        entries.write(&mut body);
        body
    });
    assert_eq!(body.len(), listing.page(&page).bytes());
}

const URL: &str =
    "https://edge.example/models/unique?limit=10&offset=0&sort_by=name&order=asc&min_providers=1";

/// A request is taken apart, and memory has nothing.
fn query(inputs: &Inputs) {
    let app = app_over(inputs.snapshot());
    let response = measured(|| app.hit(URL, false, &RequestHeaders::default()));
    assert_eq!(response, None);
}

/// A request for ten models is answered from memory, headers and all.
fn hit(inputs: &Inputs) {
    let app = app_over(inputs.snapshot());
    ask(&app);
    assert!(app.hit(URL, false, &RequestHeaders::default()).is_some(), "it is no hit");
    let response = measured(|| app.hit(URL, false, &RequestHeaders::default()));
    assert_eq!(response.map(|response| response.status), Some(200));
}

/// The offers of a snapshot are read, once for all filters.
fn index(inputs: &Inputs) {
    let snapshot = inputs.snapshot();
    assert!(measured(|| snapshot.index()).is_some());
}

const FILTERED: &str = "https://edge.example/models/unique?limit=1&q=a&capability=streaming&provider=openrouter,groq&max_price=0.001&facets=true";
const STABLE: &str = "https://edge.example/models/unique?view=stable";

/// A request for a part of the listing is answered from memory, the index being read.
fn again(inputs: &Inputs, url: &str) {
    let app = app_over(inputs.snapshot());
    let (response, _) = app.handle(ports::get(url)).now_or_never().expect("nothing waits");
    assert_eq!(response.status, 200);
    assert!(app.hit(url, false, &RequestHeaders::default()).is_some(), "it is no hit");
    let response = measured(|| app.hit(url, false, &RequestHeaders::default()));
    assert_eq!(response.map(|response| response.status), Some(200));
}

/// A request the ordinary way, without what is left to do behind it.
fn ask(app: &App) {
    let (response, _) = app.handle(ports::get(URL)).now_or_never().expect("nothing waits");
    assert_eq!(response.status, 200);
}

fn by_name(min_providers: Option<u32>) -> Selection {
    Selection { sort: SortBy::Name, order: Order::Asc, min_providers, ..Selection::default() }
}

impl Inputs {
    /// What the origin's adapter makes of the rows.
    fn snapshot(&self) -> Snapshot {
        let mut assembly = Assembly::new(&self.providers);
        for page in &self.pages {
            assembly.add(page).unwrap();
        }
        Snapshot::assembled(assembly).unwrap()
    }
}
