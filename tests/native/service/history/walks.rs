//! Walks by cursor: that they see one version, whatever is published meanwhile and in whichever isolate a page is asked for, which walks
//! by offset do not; for how long; and what an invalidation does to them.

use std::{collections::BTreeSet, time::Duration};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Models, Service, TOKEN, by_name, listed, parsed, warm};
use crate::{
    service::{CLEAR, Limiter},
    support::{isolate::World, meter::Meter, redis::Fault},
};

const UNIQUE: &str = "/models/unique";

/// What a walk saw: all models, in the order in which they came, and the versions that pages named.
#[derive(Default)]
struct Seen {
    models: Vec<Value>,
    versions: BTreeSet<String>,
}

impl Seen {
    /// The models, if none came twice.
    fn models(&self) -> Option<Models> {
        let models = by_name(&json!(self.models));
        (models.len() == self.models.len()).then_some(models)
    }
}

/// Walks by cursor; between two pages something happens. The status where a page is refused.
fn walk(
    query: &str,
    mut service: impl FnMut() -> Service,
    mut between: impl FnMut(),
) -> Result<Seen, u16> {
    let (mut seen, mut cursor) = (Seen::default(), "*".to_owned());
    loop {
        let answer = service().get(&format!("{UNIQUE}?cursor={cursor}&{query}"));
        if answer.status != 200 {
            return Err(answer.status);
        }
        let page = parsed(&answer);
        seen.models.extend(page["models"].as_array().unwrap().iter().cloned());
        seen.versions.insert(page["version"].as_str().unwrap().to_owned());
        let Some(next) = page["next_cursor"].as_str() else {
            assert_eq!(page["total"], json!(seen.models.len()));
            return Ok(seen);
        };
        let link = answer.header("link").unwrap();
        assert!(link.contains(&format!("cursor={next}&limit=")), "{link}");
        next.clone_into(&mut cursor);
        between();
    }
}

/// Walks by offset, until a page is empty.
fn walk_by_offset(limit: usize, service: &Service, mut between: impl FnMut()) -> Seen {
    let mut seen = Seen::default();
    loop {
        let offset = seen.models.len();
        let page = parsed(&service.get(&format!("{UNIQUE}?limit={limit}&offset={offset}")));
        let models = page["models"].as_array().unwrap();
        if models.is_empty() {
            return seen;
        }
        seen.models.extend(models.iter().cloned());
        between();
    }
}

fn isolate(world: &World) -> Service {
    Service::of(world.clone(), &[("ADMIN_TOKEN", TOKEN)], Limiter::default())
}

/// What is published between two pages: how many models, and how many offers the largest has.
fn change(world: &World, (models, offers_max): (u64, u64)) {
    world.origin.models.set(models);
    world.origin.offers_max.set(offers_max);
    world.origin.change();
    world.sim.run_for(Duration::from_secs(7));
    warm(&isolate(world));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn a_walk_sees_one_version_over_any_history_and_a_walk_by_offset_does_not(
        changes in prop::collection::vec((5u64..16, 1u64..6), 6..16),
        limit in 1usize..4,
        is_one in any::<bool>(),
    ) {
        let world = World::new(1);
        let one = isolate(&world);
        warm(&one);
        let before = listed(&one);
        let mut history = changes.iter().copied();
        let next = || history.next().into_iter().for_each(|change_to| change(&world, change_to));
        // Each page by the same isolate, or each by one that knows nothing.
        let services = || if is_one { Service { world: world.clone(), app: one.app.clone(), log: one.log.clone() } } else { isolate(&world) };
        let seen = walk(&format!("limit={limit}"), services, next).unwrap();
        prop_assert_eq!(seen.versions.len(), 1);
        prop_assert_eq!(seen.models(), Some(before));

        let world = World::new(1);
        let one = isolate(&world);
        warm(&one);
        let before = listed(&one);
        let mut history = changes.iter().copied();
        let seen = walk_by_offset(limit, &one, || {
            history.next().into_iter().for_each(|change_to| change(&world, change_to));
            // The isolate hears of it.
            world.sim.run_for(Duration::from_secs(31));
            one.get(UNIQUE);
        });
        prop_assert_ne!(seen.models(), Some(before), "a walk by offset mixes versions");
    }
}

#[test]
fn a_walk_keeps_its_selection_and_a_plain_page_says_nothing_of_it() {
    let world = World::new(1);
    let one = isolate(&world);
    warm(&one);
    for query in
        ["min_providers=2&limit=3", "sort_by=name&order=asc&limit=4", "include_inactive=1&limit=7"]
    {
        let whole = parsed(&one.get(&format!("{UNIQUE}?{query}").replace("&limit=", "&x=")));
        let seen = walk(query, || isolate(&world), || {}).unwrap();
        assert_eq!(json!(seen.models), whole["models"], "{query}");
        assert!(whole.get("next_cursor").is_none() && whole.get("version").is_none());
    }
    let begin = parsed(&one.get(&format!("{UNIQUE}?cursor=&min_providers=2&limit=3")));
    let next = begin["next_cursor"].as_str().unwrap();
    let page = parsed(&one.get(&format!("{UNIQUE}?cursor={next}&limit=3")));
    assert_eq!((&page["filters"]["min_providers"], &page["offset"]), (&json!(2), &json!(3)));
    for query in ["&offset=1", "&sort_by=name", "&min_providers=3"] {
        assert_eq!(one.get(&format!("{UNIQUE}?cursor={next}{query}")).status, 422, "{query}");
    }
    assert_eq!(one.get(&format!("{UNIQUE}?cursor={next}x")).status, 422);
}

/// The way on from a first page of a version.
fn begun(service: &Service) -> String {
    let page = parsed(&service.get(&format!("{UNIQUE}?cursor=*&limit=3")));
    format!("{UNIQUE}?cursor={}&limit=3", page["next_cursor"].as_str().unwrap())
}

#[test]
fn what_was_replaced_is_readable_for_ten_minutes_everywhere() {
    let world = World::new(1);
    let one = isolate(&world);
    warm(&one);
    let next = begun(&one);
    world.sim.run_for(Duration::from_secs(60));
    change(&world, (12, 4));
    world.sim.run_for(Duration::from_secs(590));
    for service in [&one, &isolate(&world)] {
        let page = service.get(&next);
        assert_eq!((page.status, page.header("x-cache")), (200, Some("STALE")));
    }
    world.sim.run_for(Duration::from_secs(20));
    let gone = isolate(&world).get(&next);
    assert_eq!(gone.status, 410);
    assert!(gone.header("link").unwrap().starts_with("</models/unique?cursor=*&limit=3"));
    world.sim.run_for(Duration::from_secs(600));
    assert_eq!(one.get(&next).status, 410, "nor does memory keep it longer");
}

#[test]
fn a_page_of_what_was_replaced_costs_one_command_and_then_none() {
    let world = World::new(1);
    let one = isolate(&world);
    warm(&one);
    let next = begun(&one);
    change(&world, (12, 4));
    let other = isolate(&world);
    other.get(UNIQUE);
    let spent = || {
        let meter = Meter::new(&world);
        assert_eq!(other.get(&next).status, 200);
        let spent = meter.read();
        (spent.redis.commands, spent.kv_reads, spent.loads)
    };
    assert_eq!([spent(), spent()], [(1, 0, 0), (0, 0, 0)]);
}

#[test]
fn a_cleared_version_is_walked_no_further() {
    for mode in ["hard", "soft"] {
        let world = World::new(1);
        let (one, other) = (isolate(&world), isolate(&world));
        warm(&one);
        let next = begun(&one);
        assert_eq!(other.get(&next).status, 200);
        change(&world, (12, 4));
        let body = format!(r#"{{"cache_type":"all","mode":"{mode}"}}"#);
        one.ask("POST", CLEAR, Some(TOKEN), &body);
        warm(&one);
        // The other hears of it when it checks memory.
        world.sim.run_for(Duration::from_secs(31));
        other.get(UNIQUE);
        other.get(UNIQUE);
        for service in [&one, &other] {
            let expected = if mode == "hard" { 410 } else { 200 };
            assert_eq!(service.get(&next).status, expected, "{mode}");
        }
        assert_eq!(isolate(&world).get(&next).status, 410, "{mode}");
    }
}

#[test]
fn a_clear_that_found_the_same_again_ends_no_walk() {
    let world = World::new(1);
    let one = isolate(&world);
    warm(&one);
    let next = begun(&one);
    one.ask("POST", CLEAR, Some(TOKEN), r#"{"cache_type":"all"}"#);
    warm(&one);
    assert_eq!(one.get(&next).status, 200);
    assert_eq!(isolate(&world).get(&next).status, 200);
}

#[test]
fn without_redis_memory_goes_on_and_who_has_nothing_says_so() {
    let world = World::new(1);
    let one = isolate(&world);
    warm(&one);
    let next = begun(&one);
    change(&world, (12, 4));
    one.get(UNIQUE);
    let other = isolate(&world);
    other.get(UNIQUE);
    world.redis.fault.set(Fault::Error);
    assert_eq!(one.get(&next).status, 200);
    let answer = other.get(&next);
    assert!([200, 503].contains(&answer.status), "{}", answer.status);
    assert_eq!(answer.status == 503, answer.header("retry-after").is_some());
}
