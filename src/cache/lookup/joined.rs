//! One request for what many sources have: a few requests to the shared tiers bring all of it into memory, and what is nowhere is
//! loaded, some with each request, so that none makes more subrequests than it may.

use std::{cell::RefCell, cmp::Reverse, future::poll_fn, rc::Rc, time::Duration};

use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, join_all},
};

use super::{
    asked::Asked,
    count_and_log,
    memory::answer_from_memory,
    note_demand,
    origin::ask_origin,
    outcome::{Answer, Served, Trace, Walked},
    pass_through::pass_through,
    serve::serve_stale,
    shared_tiers::read_own_key,
    steps::NOT_CACHED,
    walk::Walk,
};
use crate::{
    cache::{
        background::{FollowUp, check_or_wait, has_idled, mode_is_due, read_mode},
        isolate::Isolate,
        protocol::Freshness,
        publish,
        rebuild::Unavailable,
        state::Work,
        telemetry::Reason,
        tiers::{self, read_kv, read_together},
    },
    catalog::{Source, View},
    config::Mode,
};

/// How many snapshots one request to Redis asks for.
const TOGETHER: usize = 16;
/// How many sources are looked for in KV by one request: each takes two subrequests.
const KV_READS_MAX: usize = 6;
/// How many sources are loaded by one request, of some ten subrequests each (docs/design.md, "Providers' catalogs").
const LOADS_MAX: usize = 2;
/// Another request has its turn.
const NOT_YET: Unavailable =
    Unavailable { retry_after: Duration::from_secs(1), reason: Reason::Busy };

/// What was found of many sources.
#[derive(Debug)]
pub struct Joined {
    /// What each view has, in the order in which they were asked for; or all of them in one list.
    pub found: Parts,
    /// How the part was served that is worst off.
    pub trace: Trace,
    /// How each part was served; empty where there is one list of all.
    pub traces: Vec<Trace>,
    /// To be run behind the response, side by side.
    pub follow_ups: Vec<FollowUp>,
}

impl Joined {
    /// What the walks did, of the views that were asked for. What is done behind all of them is told of the last.
    pub(in crate::cache) fn walked(&self, views: &[View]) -> Vec<Walked> {
        let mut walked: Vec<Walked> = match &self.found {
            Parts::Full(answer) => {
                vec![Walked::new(View::Full, &self.trace, &Ok(answer.clone()), &[])]
            }
            Parts::Each(found) => {
                let parts = views.iter().zip(found).zip(&self.traces);
                parts
                    .map(|((view, answer), trace)| Walked::new(*view, trace, answer, &[]))
                    .collect()
            }
        };
        if let Some(last) = walked.last_mut() {
            last.behind = self.follow_ups.iter().map(FollowUp::as_str).collect();
        }
        walked
    }
}

/// The parts of a joined listing.
#[derive(Debug)]
pub enum Parts {
    /// A listing for each.
    Each(Vec<Result<Answer, Unavailable>>),
    /// One list of all, as the backend keeps it.
    Full(Answer),
}

/// One part on its way.
struct Part {
    walk: Walk,
    answer: Option<Result<Answer, Unavailable>>,
    /// Whether the origin was asked for it.
    is_loaded: bool,
}

impl Part {
    fn source(&self) -> Source {
        self.walk.view.source()
    }

    fn is_missing(&self) -> bool {
        self.answer.is_none()
    }

    /// How badly off it is: the whole is served as its worst part is, and of several alike as the oldest.
    fn rank(&self) -> (u8, Duration) {
        let Some(Ok(answer)) = &self.answer else { return (3, Duration::ZERO) };
        let served = match answer.served {
            Served::Hit => 0,
            Served::Miss => 1,
            Served::Stale => 2,
        };
        (served, answer.age)
    }

    fn look_in_memory(&mut self) {
        self.answer = answer_from_memory(&mut self.walk).map(Ok);
    }
}

/// Finds the listings of many views, each of a source of its own.
pub(in crate::cache) async fn lookup_all(
    isolate: &Rc<Isolate>,
    asked: Asked<'_>,
    views: &[View],
) -> Joined {
    if mode_is_due(isolate) {
        read_mode(isolate).await;
    }
    let begin = |view: &View| {
        note_demand(isolate, view);
        let asked = Asked { view: *view, ..asked };
        Part { walk: Walk::new(Rc::clone(isolate), asked), answer: None, is_loaded: false }
    };
    let mut parts: Vec<Part> = views.iter().map(begin).collect();
    if isolate.mode() == Mode::Passthrough {
        return pass_all_through(isolate, asked, parts).await;
    }
    if views.iter().any(|view| has_idled(isolate, view)) {
        check_or_wait(Rc::clone(isolate)).await;
    }
    parts.iter_mut().for_each(Part::look_in_memory);
    if parts.iter().any(Part::is_missing) {
        read_missing(isolate, &mut parts).await;
    }
    if parts.iter().any(Part::is_missing)
        && let Some(full) = read_full(isolate, asked).await
    {
        return full;
    }
    let behind = load_missing(isolate, &mut parts).await;
    let mut joined = joined(isolate, asked, parts);
    joined.follow_ups.extend(behind);
    joined
}

/// Brings what Redis has into memory, and of what it has not what KV has.
async fn read_missing(isolate: &Rc<Isolate>, parts: &mut [Part]) {
    let missing = |parts: &[Part]| -> Vec<Source> {
        parts.iter().filter(|part| part.is_missing()).map(Part::source).collect()
    };
    for sources in missing(parts).chunks(TOGETHER) {
        if read_together(isolate, sources).await.is_err() {
            break;
        }
    }
    parts.iter_mut().filter(|part| part.is_missing()).for_each(Part::look_in_memory);
    let sought = missing(parts).into_iter().take(KV_READS_MAX);
    join_all(sought.map(|source| read_kv(isolate, source))).await;
    for part in parts.iter_mut().filter(|part| part.is_missing()) {
        part.walk.asked_kv = true;
        part.look_in_memory();
    }
}

/// The list of all under the backend's key, where that is all there is.
async fn read_full(isolate: &Rc<Isolate>, asked: Asked<'_>) -> Option<Joined> {
    let asked = Asked { view: View::Full, ..asked };
    let mut walk = Walk::new(Rc::clone(isolate), asked);
    let answer = match answer_from_memory(&mut walk) {
        Some(answer) => answer,
        None => read_own_key(&mut walk).await?,
    };
    Some(as_one(asked, walk, answer))
}

/// What was found as one list of all, counted and logged.
fn as_one(asked: Asked<'_>, walk: Walk, answer: Answer) -> Joined {
    let Walk { isolate, trace, follow_ups, .. } = walk;
    count_and_log(&isolate, asked, (&Ok(answer.clone()), answer.listing.len()), &trace);
    Joined { found: Parts::Full(answer), trace, traces: Vec::new(), follow_ups }
}

/// Loads some of what is missing; the others are for the requests that follow. What is to go on behind the answer.
async fn load_missing(isolate: &Isolate, parts: &mut [Part]) -> Vec<FollowUp> {
    let behind: RefCell<Vec<LocalBoxFuture<'static, ()>>> = RefCell::default();
    let mut loads = Vec::new();
    for part in parts.iter_mut().filter(|part| part.is_missing()) {
        let left = isolate.state.borrow_mut().backoff(part.source()).remaining(isolate.now());
        let may_load = left.is_none() && !part.walk.directives.only_if_cached;
        if may_load && loads.len() < LOADS_MAX {
            part.is_loaded = true;
            loads.push(
                async {
                    let asked = ask_origin(&mut part.walk).await;
                    let answer = asked.or_else(|failed| serve_stale(&mut part.walk).ok_or(failed));
                    part.answer = Some(answer);
                    take_calls(&mut part.walk.follow_ups, &mut behind.borrow_mut());
                }
                .boxed_local(),
            );
        } else {
            let backing_off = |retry_after| Unavailable { retry_after, reason: Reason::BackingOff };
            let wait = if part.walk.directives.only_if_cached {
                NOT_CACHED
            } else {
                left.map_or(NOT_YET, backing_off)
            };
            // What was invalidated is served only when the origin cannot answer.
            let is_wrong = part.walk.stale_freshness() == Some(Freshness::Invalidated);
            let stale = if is_wrong && left.is_none() { None } else { serve_stale(&mut part.walk) };
            part.answer = Some(stale.ok_or(wait));
        }
    }
    let mut loads = join_all(loads);
    poll_fn(|context| {
        let loaded = loads.poll_unpin(context);
        behind.borrow_mut().retain_mut(|call| call.poll_unpin(context).is_pending());
        loaded
    })
    .await;
    drop(loads);
    behind.into_inner().into_iter().map(FollowUp::SeeThrough).collect()
}

/// Takes the calls that an answer does not wait for out of what is left to do: a load goes on, and keeps its lease, only while it is
/// polled, and the answer may wait for others.
fn take_calls(follow_ups: &mut Vec<FollowUp>, calls: &mut Vec<LocalBoxFuture<'static, ()>>) {
    for next in std::mem::take(follow_ups) {
        match next {
            FollowUp::SeeThrough(call) => calls.push(call),
            other => follow_ups.push(other),
        }
    }
}

/// The origin gives all as one list: a load for each would be more subrequests than a request has, and would read the prices that
/// providers share once for each of them.
async fn pass_all_through(isolate: &Rc<Isolate>, asked: Asked<'_>, mut parts: Vec<Part>) -> Joined {
    let asked = Asked { view: View::Full, ..asked };
    let mut walk = Walk::new(Rc::clone(isolate), asked);
    let refusal = if asked.directives.only_if_cached {
        NOT_CACHED
    } else {
        match pass_through(&mut walk).await {
            Ok(answer) => return as_one(asked, walk, answer),
            Err(unavailable) => unavailable,
        }
    };
    for part in &mut parts {
        part.walk.trace = walk.trace.clone();
        part.answer = Some(Err(refusal));
    }
    joined(isolate, asked, parts)
}

/// Which of what is stale is refreshed behind this answer: the oldest that nobody is at, and with what was loaded no more than one
/// request may load. The others are for the requests that follow.
fn to_refresh(isolate: &Isolate, parts: &[Part]) -> Vec<Source> {
    let (now, state) = (isolate.now(), isolate.state.borrow());
    let is_free = |source: Source| !state.leases.is_held(Work::Refresh(source), now);
    let has_refresh =
        |part: &&Part| part.walk.follow_ups.iter().any(|next| matches!(next, FollowUp::Refresh(_)));
    let wanted = parts.iter().filter(has_refresh).filter(|part| is_free(part.source()));
    let mut wanted: Vec<(Duration, Source)> =
        wanted.map(|part| (part.rank().1, part.source())).collect();
    wanted.sort_unstable_by_key(|(age, _)| Reverse(*age));
    let loads = parts.iter().filter(|part| part.is_loaded).count();
    let left = LOADS_MAX.saturating_sub(loads);
    wanted.into_iter().take(left).map(|(_, source)| source).collect()
}

/// Puts the parts together, and counts and logs them as the one request that they are.
fn joined(isolate: &Rc<Isolate>, asked: Asked<'_>, parts: Vec<Part>) -> Joined {
    let worst = parts.iter().max_by_key(|part| part.rank());
    let trace = worst.map(|part| part.walk.trace.clone()).unwrap_or_default();
    let lengths =
        parts.iter().filter_map(|part| Some(part.answer.as_ref()?.as_ref().ok()?.listing.len()));
    let count = lengths.fold(0, usize::saturating_add);
    if let Some(answer) = worst.and_then(|part| part.answer.as_ref()) {
        count_and_log(isolate, Asked { view: View::Full, ..asked }, (answer, count), &trace);
    }
    let sources = parts.iter().map(Part::source).collect();
    let refreshed = to_refresh(isolate, &parts);
    let (mut found, mut traces, mut follow_ups) = (Vec::new(), Vec::new(), Vec::new());
    for Part { walk, answer, .. } in parts {
        found.push(answer.unwrap_or(Err(NOT_YET)));
        traces.push(walk.trace);
        for follow_up in walk.follow_ups {
            let is_left_out = match &follow_up {
                FollowUp::Check => follow_ups.iter().any(|other| matches!(other, FollowUp::Check)),
                FollowUp::Refresh(source) => !refreshed.contains(source),
                _ => false,
            };
            if !is_left_out {
                follow_ups.push(follow_up);
            }
        }
    }
    let is_whole =
        found.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.served == Served::Hit));
    if is_whole && publish::full_is_due(isolate) {
        follow_ups.push(FollowUp::PublishFull(sources));
    }
    if tiers::has_unleft(isolate) {
        follow_ups.push(FollowUp::Leave);
    }
    Joined { found: Parts::Each(found), trace, traces, follow_ups }
}
