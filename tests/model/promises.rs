//! What must hold in every state, whatever led there.

use crate::{
    environment::Environment,
    isolate::{Broken, served_cold},
    state::{By, Clearing, Date, Published, State, Work},
    steps::reader,
};

/// Whether every promise is kept.
pub fn check(environment: &Environment, state: &State) -> Result<(), Broken> {
    for (index, isolate) in state.isolates.iter().enumerate() {
        let reader = reader(environment, index, state);
        for (held, is_snapshot) in [(isolate.memory, true), (isolate.listing, false)] {
            if held.date != Date::Nothing {
                reader.check(isolate, held, is_snapshot)?;
            }
        }
    }
    // A Redis that lost data tells nothing of what was cleared, until the next clear.
    if state.has_lost {
        return Ok(());
    }
    check_redis(environment, state)?;
    if is_marker_at_rest(state) { check_kv(environment, state) } else { Ok(()) }
}

fn check_redis(environment: &Environment, state: &State) -> Result<(), Broken> {
    let data = state.redis.data;
    if matches!(data.listing.by, By::Ours(_)) && data.listing.generation < state.completed {
        return Err(Broken::BackendFindsCleared);
    }
    if data.snapshot.header.is_there() && data.snapshot.header.generation < state.completed {
        let reader = reader(environment, 0, state);
        let held = served_cold(reader, data.control, data.version, data.snapshot.header);
        if held.is_some_and(|held| held.generation < state.completed) {
            return Err(Broken::RedisHoldsCleared);
        }
    }
    Ok(())
}

fn check_kv(environment: &Environment, state: &State) -> Result<(), Broken> {
    let (marker, value) = (state.kv.marker[0], state.kv.value[0]);
    if marker.epoch < state.marked {
        return Err(Broken::MarkerWentBack);
    }
    if value.is_there() && value.generation < state.marked_generation {
        let reader = reader(environment, 0, state);
        if served_cold(reader, marker, Published::default(), value).is_some() {
            return Err(Broken::KvHoldsCleared);
        }
    }
    Ok(())
}

/// Nobody is about to write the marker.
fn is_marker_at_rest(state: &State) -> bool {
    let is_mending =
        state.isolates.iter().any(|of| matches!(of.work, Work::Mending(_) | Work::Mended(_)));
    !is_mending && state.invalidators.iter().all(|of| of.at == Clearing::Idle)
}
