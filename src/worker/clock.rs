//! Time and chance of the runtime.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream::FuturesUnordered};
use worker::Delay;

use crate::ports::{Clock, Timestamp};

pub(super) struct WorkerClock;

#[async_trait(?Send)]
impl Clock for WorkerClock {
    fn now(&self) -> Timestamp {
        Timestamp(worker::Date::now().as_millis())
    }

    async fn sleep(&self, duration: Duration) {
        // A call that outlives its response goes on in another task, which a Delay of its own would never wake
        // (docs/platform.md, "A timer keeps its first waker"). The set around it wakes whoever polls it now.
        FuturesUnordered::from_iter([Delay::from(duration)]).next().await;
    }

    fn random(&self) -> u64 {
        // Only in global scope does the runtime refuse random values, and nothing of ours runs there.
        getrandom::u64().unwrap_or_default()
    }
}
