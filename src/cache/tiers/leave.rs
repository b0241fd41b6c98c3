//! Leaving to the other isolates of the data center what this one has learned.

use super::{
    colo::{WRITE, life, put_near},
    found::Found,
    near::{is_replaced, snapshot_name},
    told::{read_told, write_told},
};
use crate::{
    cache::{
        isolate::Isolate,
        protocol::{Control, Version},
        state::{Unleft, Work},
    },
    catalog::Source,
    config::Mode,
};

/// Notes what Redis or KV gave, to be left behind the response.
pub(super) fn note_found(isolate: &Isolate, source: Source, found: &Found, value: String) {
    if let Found::Entry(entry) = found
        && let Some(hash) = entry.content.hash()
    {
        note_unleft(isolate, source, hash, value);
    }
}

/// Notes a snapshot as Redis and KV hold it, to be left behind the response.
pub(in crate::cache) fn note_unleft(isolate: &Isolate, source: Source, hash: u64, value: String) {
    if life(isolate).is_some() && isolate.mode() == Mode::Active {
        isolate.state.borrow_mut().colo.note_unleft(Unleft { source, hash, value });
    }
}

/// Notes what this isolate published.
pub(in crate::cache) fn note_published(isolate: &Isolate, source: Source, version: Version) {
    if life(isolate).is_some() {
        isolate.state.borrow_mut().colo.note_published(source, version);
    }
}

/// Notes what this isolate raised control to.
pub(in crate::cache) fn note_raised(isolate: &Isolate, control: Control) {
    isolate.state.borrow_mut().colo.told_mut(true).note_raised(control);
}

/// Whether something is to be left.
pub(in crate::cache) fn has_unleft(isolate: &Isolate) -> bool {
    isolate.mode() == Mode::Active
        && life(isolate).is_some()
        && isolate.state.borrow().colo.has_unleft()
        && !isolate
            .state
            .borrow()
            .sources()
            .into_iter()
            .any(|source| is_being_fetched(isolate, source))
}

/// Whether a check is asking, or what it was told of is on its way: who is told of a snapshot that is not here yet would fetch it as
/// well.
fn is_being_fetched(isolate: &Isolate, source: Source) -> bool {
    let is_held = |work| isolate.state.borrow().leases.is_held(work, isolate.now());
    is_held(Work::Check) || is_held(Work::Refresh(source)) && is_replaced(isolate, source)
}

/// Leaves what this isolate has learned to the others: snapshots first, so that who is told of one finds it.
pub(in crate::cache) async fn leave(isolate: &Isolate) {
    if !has_unleft(isolate) {
        return;
    }
    let (snapshots, is_news) = isolate.state.borrow_mut().colo.take_unleft();
    let lasting = isolate.policy.ttl.saturating_add(isolate.policy.stale);
    for Unleft { source, hash, value } in snapshots {
        let name = snapshot_name(source, hash);
        let put = put_near(isolate, &name, &value, lasting, WRITE).await;
        isolate.state.borrow_mut().colo.note_snapshot(hash, put.is_ok());
    }
    if is_news {
        // Another isolate may know better meanwhile.
        let _ = read_told(isolate).await;
        isolate.state.borrow_mut().colo.tell_published();
        let told = isolate.state.borrow().colo.told().clone();
        write_told(isolate, &told, WRITE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::{
        cache::{
            protocol::{BackendEpoch, Observed},
            tiers::{
                observe::learn,
                told::{Heard, hear},
            },
        },
        support::isolate::World,
    };

    const SOURCE: Source = Source::WARMED;

    fn two_isolates(world: &mut World) -> [Rc<Isolate>; 2] {
        world.policy.colo = Some(0);
        [Isolate::of(world), Isolate::of(world)]
    }

    fn asks(world: &World, isolate: &Rc<Isolate>) -> Heard {
        let isolate = Rc::clone(isolate);
        world.sim.block_on(async move { hear(&isolate, &[SOURCE], false).await })
    }

    /// The first who asks leaves that it does, and may hear nothing.
    #[test]
    fn who_was_never_told_by_redis_tells_nothing() {
        let mut world = World::new(1);
        let [first, second] = two_isolates(&mut world);
        assert!(matches!(asks(&world, &first), Heard::Nothing(_)));
        assert!(matches!(asks(&world, &second), Heard::Nothing(_)));
        let state = second.state.borrow();
        assert!(state.colo.is_present(), "the record was read");
        assert!(!state.knowledge.is_informed(), "no control is not that there is none");
        assert_eq!(state.knowledge.backend_epoch(), BackendEpoch::Unknown);
    }

    #[test]
    fn who_invalidates_and_was_never_told_by_redis_tells_of_that_alone() {
        let mut world = World::new(1);
        let [first, second] = two_isolates(&mut world);
        let control = Control { epoch: 7, ..Control::default() };
        note_raised(&first, control);
        let leaving = Rc::clone(&first);
        world.sim.block_on(async move { leave(&leaving).await });
        assert!(matches!(asks(&world, &second), Heard::Nothing(_)));
        let state = second.state.borrow();
        assert_eq!(state.knowledge.control(), control);
        assert_eq!(state.knowledge.backend_epoch(), BackendEpoch::Unknown);
        assert_eq!(state.colo.told().observed.control, Some(control), "others hear it from here");
    }

    #[test]
    fn what_redis_told_is_an_answer_and_that_it_had_nothing_too() {
        let mut world = World::new(1);
        let [first, second] = two_isolates(&mut world);
        let observed = Observed { versions: vec![(SOURCE, None)], ..Observed::default() };
        learn(&first, &observed, first.now(), true);
        let leaving = Rc::clone(&first);
        world.sim.block_on(async move { leave(&leaving).await });
        assert!(matches!(asks(&world, &second), Heard::Answer(_)));
        let state = second.state.borrow();
        assert!(state.knowledge.is_informed());
        assert_eq!(state.knowledge.backend_epoch(), BackendEpoch::Told(None));
    }
}
