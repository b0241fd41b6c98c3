//! That every rule of the protocol is needed: without it the search finds a run that breaks a promise, the shortest
//! there is. docs/model.md has their lengths.

use crate::{
    environment::{Copies, Environment, Faults, Leases, Parts, Without},
    isolate::Broken,
    search::search,
};

const STATES_MAX: usize = 3_000_000;

const LISTINGS: Parts =
    Parts { kv: false, listings: true, two_invalidators: false, colo: [false; 2] };
const KV: Parts = Parts { kv: true, listings: false, two_invalidators: true, colo: [false; 2] };
/// Both isolates in one data center.
const COLO: Parts = Parts { kv: false, listings: false, two_invalidators: false, colo: [true; 2] };

/// Searches without a rule; the same world with the rule is among those of `holds`, or is searched here as far.
fn breaks(environment: &Environment, rule: Without, broken: Broken, length: usize) {
    let mut lacking = environment.clone().without(rule);
    lacking.is_live = broken == Broken::NeverFresh;
    let report = search(&lacking, STATES_MAX);
    let Some(run) = &report.counterexample else { panic!("without {rule:?}: {report}") };
    println!("without {rule:?}: {run}");
    assert_eq!((run.broken, run.steps.len()), (broken, length), "{run}");
    let whole = search(environment, report.states * 2);
    assert!(whole.counterexample.is_none(), "{whole}: {:?}", whole.counterexample);
}

fn world(name: &'static str) -> Environment {
    Environment::new(name)
}

#[test]
fn control_is_one_value() {
    let faults = Faults { copies: Copies::Torn, ..Faults::default() };
    breaks(&world("torn copies").with(faults), Without::OneControl, Broken::ServedCleared, 2);
}

#[test]
fn an_epoch_is_at_least_the_time_of_its_raise() {
    let faults = Faults { restore: true, ..Faults::default() };
    let parts = Parts { two_invalidators: true, ..Parts::default() };
    let environment = world("an old dump").with(faults).parts(parts);
    let environment = environment.left(|left| (left.soft, left.losses, left.loads) = (1, 1, 1));
    breaks(&environment, Without::EpochsOfTime, Broken::ServedCleared, 6);
}

#[test]
fn what_is_known_only_grows() {
    let faults = Faults { copies: Copies::Whole, ..Faults::default() };
    breaks(&world("copies behind").with(faults), Without::Growth, Broken::ServedCleared, 3);
}

#[test]
fn a_missing_record_tells_nothing() {
    let faults = Faults { flush: true, ..Faults::default() };
    let environment = world("a flush").with(faults).left(|left| left.losses = 1);
    breaks(&environment, Without::MissingTellsNothing, Broken::ServedCleared, 5);
}

#[test]
fn a_version_tells_of_its_epoch() {
    let faults = Faults { eviction: true, ..Faults::default() };
    let environment = world("eviction").with(faults).left(|left| left.losses = 1);
    breaks(&environment, Without::VersionsEpoch, Broken::NeverFresh, 2);
}

#[test]
fn what_was_told_is_learned_as_from_any_copy() {
    breaks(&world("a data center").parts(COLO), Without::ToldIsLearned, Broken::ServedCleared, 4);
}

#[test]
fn what_is_told_only_grows() {
    let environment = world("a data center").parts(COLO);
    let environment = environment.left(|left| (left.spells, left.loads) = (1, 0));
    breaks(&environment, Without::ToldGrows, Broken::AnsweredLate, 8);
}

#[test]
fn what_was_told_is_an_answer_for_a_while() {
    let environment = world("a data center").parts(COLO).left(|left| left.spells = 1);
    breaks(&environment, Without::ToldExpires, Broken::AnsweredLate, 4);
}

#[test]
fn what_was_told_is_an_answer_for_less_than_memorys_lifetime() {
    let faults = Faults { fast_isolate: true, ..Faults::default() };
    let environment = world("a data center").parts(COLO).with(faults);
    let environment = environment.left(|left| left.spells = 1);
    breaks(&environment, Without::ToldExpiresSooner, Broken::AnsweredLate, 4);
}

#[test]
fn what_was_told_is_as_old_as_the_question() {
    let environment = world("a data center").parts(COLO).left(|left| left.spells = 1);
    breaks(&environment, Without::ToldWhenAsked, Broken::AnsweredLate, 5);
}

#[test]
fn a_data_centers_snapshot_is_dated_by_itself() {
    let environment = world("a data center").parts(COLO).left(|left| left.loads = 1);
    breaks(&environment, Without::NearDatedByItself, Broken::ServedCleared, 9);
}

#[test]
fn what_redis_lacks_is_published_again() {
    let faults = Faults { flush: true, ..Faults::default() };
    let environment = world("a data center and a flush").parts(COLO).with(faults);
    let environment = environment.left(|left| (left.loads, left.losses) = (1, 1));
    breaks(&environment, Without::PublishingAgain, Broken::NeverFresh, 7);
}

#[test]
fn writers_lift() {
    let faults = Faults { failover: true, ..Faults::default() };
    let environment = world("failover").with(faults).left(|left| left.losses = 1);
    breaks(&environment, Without::Lifting, Broken::NeverFresh, 3);
}

#[test]
fn a_listing_is_the_versions_by_its_exact_expiry() {
    let environment = world("a backend").parts(LISTINGS).left(|left| left.listings = 1);
    breaks(&environment, Without::ExactExpiry, Broken::PairedWrongly, 3);
}

#[test]
fn a_listing_of_the_backends_has_no_epoch() {
    let faults = Faults { copies: Copies::Whole, ..Faults::default() };
    let environment = world("a backend").parts(LISTINGS).with(faults);
    let environment = environment.left(|left| left.listings = 1);
    breaks(&environment, Without::DatedByItself, Broken::ServedCleared, 4);
}

#[test]
fn a_load_belongs_to_the_epoch_of_its_claim() {
    breaks(&world("nothing"), Without::ClaimsEpoch, Broken::ServedCleared, 5);
}

#[test]
fn publishing_is_guarded() {
    breaks(&world("listings").parts(LISTINGS), Without::Guard, Broken::BackendFindsCleared, 5);
}

#[test]
fn what_is_renewed_expires_when_the_version_says() {
    let environment = world("a backend").parts(LISTINGS).left(|left| left.listings = 1);
    breaks(&environment, Without::RenewedExpiry, Broken::RenewedOther, 4);
}

#[test]
fn an_invalidation_is_one_step_and_not_unlinked_first() {
    let environment = world("deriving").parts(LISTINGS).left(|left| left.derived = 1);
    breaks(&environment, Without::OneStepUnlinkedFirst, Broken::BackendFindsCleared, 4);
}

#[test]
fn an_invalidation_is_one_step_and_not_raised_first() {
    let environment = world("a backend").parts(LISTINGS).left(|left| left.listings = 1);
    breaks(&environment, Without::OneStepRaisedFirst, Broken::ServedCleared, 4);
}

#[test]
fn control_is_read_again_when_the_marker_was_written() {
    let environment = world("two clears").parts(KV).left(|left| left.hard = 2);
    breaks(&environment, Without::MarkerReadAgain, Broken::MarkerWentBack, 6);
}

#[test]
fn control_is_read_until_it_stands_still() {
    let environment = world("three clears").parts(KV);
    let environment = environment.left(|left| (left.hard, left.soft, left.loads) = (1, 2, 0));
    breaks(&environment, Without::MarkerUntilStill, Broken::MarkerWentBack, 13);
}

#[test]
fn control_is_read_again_from_no_copy() {
    let faults = Faults { copies: Copies::Whole, ..Faults::default() };
    let environment = world("two clears").parts(KV).with(faults);
    let environment = environment.left(|left| (left.hard, left.loads) = (2, 0));
    breaks(&environment, Without::MarkerFromPrimary, Broken::MarkerWentBack, 8);
}

#[test]
fn who_mends_the_marker_reads_control_again() {
    let environment = world("a clear").parts(KV);
    let environment = environment.left(|left| (left.hard, left.soft, left.loads) = (1, 1, 0));
    breaks(&environment, Without::MarkerMendedSo, Broken::MarkerWentBack, 11);
}

#[test]
fn a_lease_without_end_is_taken_over_in_one_step() {
    let faults = Faults { leases: Leases::Endless, ..Faults::default() };
    let environment = world("endless leases").with(faults).left(|left| left.losses = 1);
    breaks(&environment, Without::TakeoverInOneStep, Broken::TwoLoads, 5);
}
