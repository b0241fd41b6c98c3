//! What one page's failure costs a load: it is asked for again, in time, a few times, and not where that is useless.

use std::{cell::Cell, rc::Rc, time::Duration};

use model_catalog_edge::{
    catalog::Scope,
    ports::{Http, HttpError, HttpRequest, HttpResponse, Load, Origin, OriginError},
    supabase::Supabase,
};
use serde_json::{Value, json};

use crate::support::{
    postgrest::FakePostgrest,
    sim::{Sim, SimClock},
    vectors,
};

const DEADLINE: Duration = Duration::from_secs(8);

type Fault = Box<dyn Fn(HttpResponse) -> Result<HttpResponse, HttpError>>;
type Make = fn() -> Fault;

/// What a load came to.
struct Outcome {
    result: Result<Load, OriginError>,
    /// The offsets and limits of the mappings' pages, in the order in which they were asked for.
    pages: Vec<(usize, usize)>,
    requests: Vec<HttpRequest>,
    timeouts: Vec<Duration>,
    took: Duration,
}

fn refused(status: u16, body: &'static str, retry_after: Option<&'static str>) -> Fault {
    Box::new(move |_| {
        Ok(HttpResponse {
            status,
            retry_after: retry_after.map(str::to_owned),
            body: body.to_owned(),
            ..HttpResponse::default()
        })
    })
}

fn reset() -> Fault {
    Box::new(|_| Err(HttpError::Unreachable))
}

/// Makes another text of a page's.
fn body(change: fn(&str) -> String) -> Fault {
    Box::new(move |answer| Ok(HttpResponse { body: change(&answer.body), ..answer }))
}

fn hung() -> Fault {
    Box::new(|_| Err(HttpError::Timeout))
}

/// Makes another list of rows of a page's.
fn rows(change: fn(&mut Vec<Value>)) -> Fault {
    Box::new(move |answer| {
        let mut rows: Vec<Value> = serde_json::from_str(&answer.body).unwrap();
        change(&mut rows);
        Ok(HttpResponse { body: json!(rows).to_string(), ..answer })
    })
}

fn number(url: &str, name: &str) -> usize {
    let (_, rest) = url.split_once(&format!("&{name}=")).unwrap();
    rest.split('&').next().unwrap().parse().unwrap()
}

/// Loads the tiny catalog of 20 rows a page with faults: each is of the nth request for the mappings, which counts from 0.
fn load(faults: Vec<(usize, Fault)>) -> Outcome {
    load_within(DEADLINE, 20, faults)
}

fn load_within(deadline: Duration, rows_max: usize, faults: Vec<(usize, Fault)>) -> Outcome {
    let mut postgrest = FakePostgrest::new(vectors::read("tiny/tables.json"));
    postgrest.rows_max = rows_max;
    let asked = Cell::new(0);
    postgrest.tamper = Box::new(move |url, answer| {
        if !url.contains("unique_models_provider") {
            return Ok(answer);
        }
        let nth = asked.replace(asked.get() + 1);
        match faults.iter().find(|(at, _)| *at == nth) {
            Some((_, fault)) => fault(answer),
            None => Ok(answer),
        }
    });
    run(deadline, &Rc::new(postgrest))
}

fn run(deadline: Duration, postgrest: &Rc<FakePostgrest>) -> Outcome {
    let sim = Sim::new(1);
    let clock = Rc::new(SimClock { sim: sim.clone(), skew_ms: 0 });
    let http = Rc::clone(postgrest) as Rc<dyn Http>;
    let supabase = Supabase::new(http, clock, "https://project.example", "jwt", &[]);
    let begun = sim.now();
    let result = sim.block_on(async move { supabase.load(Scope::Active.into(), deadline).await });
    let requests = postgrest.requests.borrow().clone();
    let mappings = requests.iter().filter(|request| request.url.contains("unique_models_provider"));
    let pages =
        mappings.map(|request| (number(&request.url, "offset"), number(&request.url, "limit")));
    Outcome {
        result,
        pages: pages.collect(),
        timeouts: postgrest.timeouts.borrow().clone(),
        took: sim.now().since(begun),
        requests,
    }
}

/// The text of the whole catalog, and how many mappings' pages it takes.
fn whole() -> (String, usize) {
    let outcome = load(Vec::new());
    (outcome.result.unwrap().snapshot.text().to_string(), outcome.pages.len())
}

#[test]
fn a_passing_failure_of_any_page_costs_one_request() {
    let (text, pages) = whole();
    assert!(pages >= 4, "{pages}");
    let passing: [Make; 10] = [
        || refused(502, "<html>", None),
        || refused(503, r#"{"code":"PGRST002"}"#, None),
        || refused(504, r#"{"code":"PGRST003"}"#, None),
        || refused(500, r#"{"code":"PGRST000"}"#, None),
        || refused(520, "error code: 520", None),
        || refused(527, "", Some("0")),
        || refused(429, "", Some("0")),
        || body(|text| text.split_at(text.len() / 2).0.to_owned()),
        || body(|_| "<html>".to_owned()),
        reset,
    ];
    for make in passing {
        for nth in 0..pages {
            let outcome = load(vec![(nth, make())]);
            let load = outcome.result.unwrap();
            assert_eq!(load.snapshot.text().to_string(), text);
            assert_eq!(outcome.pages.len(), pages + 1);
            assert_eq!(load.requests, outcome.requests.len(), "those made again are counted");
            assert!(outcome.took >= Duration::from_millis(50), "{:?}", outcome.took);
            assert!(outcome.took <= Duration::from_millis(100), "{:?}", outcome.took);
        }
    }
}

#[test]
fn what_lasts_is_not_asked_again() {
    let (_, pages) = whole();
    for (status, body, wish) in [
        (401, r#"{"code":"PGRST301"}"#, Some("1")),
        (403, r#"{"code":"42501"}"#, Some("1")),
        (404, r#"{"code":"PGRST205"}"#, Some("1")),
        (429, "", None),
        (429, "", Some("60")),
        (500, r#"{"code":"XX000"}"#, Some("1")),
    ] {
        let outcome = load(vec![(0, refused(status, body, wish))]);
        assert!(
            matches!(outcome.result, Err(OriginError::Refused { status: seen, .. }) if seen == status)
        );
        assert_eq!((outcome.pages.len(), outcome.took), (1, Duration::ZERO), "{status}");
    }
    let outcome = load(vec![(pages - 1, hung())]);
    assert!(matches!(outcome.result, Err(OriginError::Timeout)), "there is no time left");
    assert_eq!(outcome.pages.len(), pages);
}

#[test]
fn a_load_is_mended_three_times_wherever_that_is() {
    let (text, pages) = whole();
    let three = [(0, reset()), (2, refused(503, "", None)), (3, refused(521, "", None))];
    let outcome = load(three.into());
    assert_eq!(outcome.result.unwrap().snapshot.text().to_string(), text);
    assert_eq!(outcome.pages.len(), pages + 3);
    let outcome = load((0..9).map(|nth| (nth, reset())).collect());
    assert!(matches!(outcome.result, Err(OriginError::Unreachable)));
    assert_eq!(outcome.pages.len(), 4, "the first page once, and three times more");
    let pauses = Duration::from_millis(350)..=Duration::from_millis(700);
    assert!(pauses.contains(&outcome.took), "small and growing: {:?}", outcome.took);
}

#[test]
fn a_server_is_left_alone_for_as_long_as_it_says_up_to_two_seconds() {
    for (wish, secs) in [("1", 1), ("2", 2)] {
        let outcome = load(vec![(1, refused(503, "", Some(wish)))]);
        assert!(outcome.result.is_ok());
        let least = Duration::from_secs(secs);
        assert!(outcome.took >= least, "{wish}: {:?}", outcome.took);
        assert!(outcome.took < least + Duration::from_millis(200), "{wish}: {:?}", outcome.took);
    }
    for wish in ["3", "32", "99999999999"] {
        let outcome = load(vec![(0, refused(503, "", Some(wish)))]);
        assert!(matches!(outcome.result, Err(OriginError::Refused { status: 503, .. })));
        assert_eq!((outcome.pages.len(), outcome.took), (1, Duration::ZERO), "{wish}");
    }
    for no_number in ["soon", "-1", "Wed, 21 Oct 2026 07:28:00 GMT", ""] {
        let outcome = load(vec![(0, refused(503, "", Some(no_number)))]);
        assert!(outcome.result.is_ok(), "{no_number}");
    }
}

#[test]
fn nothing_is_asked_again_after_the_deadline_and_no_request_outlives_it() {
    let second = Duration::from_secs(1);
    let outcome = load_within(second, 20, vec![(0, refused(503, "", Some("1")))]);
    assert!(matches!(outcome.result, Err(OriginError::Refused { status: 503, .. })));
    assert_eq!((outcome.pages.len(), outcome.took), (1, Duration::ZERO));
    let outcome = load_within(DEADLINE, 20, vec![(0, refused(503, "", Some("2"))), (1, reset())]);
    assert!(outcome.result.is_ok());
    assert_eq!(outcome.timeouts[0], DEADLINE);
    let last = outcome.timeouts.last().unwrap();
    assert_eq!(*last + outcome.took, DEADLINE, "what is left of it");
}

#[test]
fn a_page_that_takes_the_database_too_long_is_asked_for_in_halves() {
    let (text, pages) = whole();
    let slow = || refused(500, r#"{"code":"57014","message":"canceling statement"}"#, None);
    let outcome = load(vec![(2, slow())]);
    assert_eq!(outcome.result.unwrap().snapshot.text().to_string(), text);
    assert_eq!(outcome.pages.len(), pages + 2);
    let page = outcome.pages[2].0;
    let halves: Vec<_> = outcome.pages.iter().filter(|(_, limit)| *limit == 10).collect();
    assert_eq!(halves, [&(page, 10), &(page + 10, 10)], "each half once");
    // A server without a cap of its own: the first page tells how long all are.
    let outcome = load_within(DEADLINE, 1000, vec![(0, slow())]);
    assert_eq!(outcome.result.unwrap().snapshot.text().to_string(), text);
    assert_eq!(outcome.pages[..2], [(0, 1000), (0, 500)]);
    let outcome = load(vec![(2, slow()), (5, slow()), (6, slow()), (7, slow()), (8, slow())]);
    assert!(matches!(outcome.result, Err(OriginError::Refused { status: 500, .. })), "not twice");
}

#[test]
fn a_row_that_came_or_went_between_pages_is_one_new_load_at_once() {
    let (text, pages) = whole();
    let moved: [Make; 3] = [
        || rows(|rows| drop(rows.pop())),
        || rows(|rows| rows.push(rows[0].clone())),
        || rows(|rows| rows.truncate(1)),
    ];
    for make in moved {
        let outcome = load(vec![(2, make())]);
        assert_eq!(outcome.result.unwrap().snapshot.text().to_string(), text);
        assert_eq!((outcome.pages.len(), outcome.took), (2 * pages, Duration::ZERO));
        let again = load(vec![(2, make()), (pages + 2, make())]);
        assert!(again.result.unwrap_err().is_quarantine(), "one new load, not two");
        assert_eq!(again.pages.len(), 2 * pages);
    }
}

#[test]
fn one_load_in_a_hundred_fails_where_one_request_in_twenty_does() {
    let sim = Sim::new(7);
    let failed =
        (0..1000).filter(|_| {
            let chance = sim.clone();
            let mut postgrest = FakePostgrest::new(vectors::read("tiny/tables.json"));
            postgrest.rows_max = 10;
            postgrest.tamper = Box::new(move |_, answer| {
                if chance.below(20) == 0 { Err(HttpError::Unreachable) } else { Ok(answer) }
            });
            run(DEADLINE, &Rc::new(postgrest)).result.is_err()
        });
    let failed = failed.count();
    assert!(failed <= 30, "{failed} of 1000");
}
