//! Log lines to the console, which Workers Logs indexes as JSON; points to Analytics Engine, where a dataset is bound.

use worker::{AnalyticsEngineDataPointBuilder, AnalyticsEngineDataset};

use crate::ports::{Log, Point};

/// The console, and the dataset of this deployment if it has one.
#[derive(Default)]
pub(super) struct Console(pub(super) Option<AnalyticsEngineDataset>);

impl Log for Console {
    fn write(&self, line: &str) {
        worker::console_log!("{line}");
    }

    fn point(&self, point: &Point) {
        let Some(dataset) = &self.0 else { return };
        let words = point.words.into_iter().fold(
            AnalyticsEngineDataPointBuilder::new().indexes([point.index]),
            AnalyticsEngineDataPointBuilder::add_blob,
        );
        // A point that is not taken, such as one too many of an invocation, must not fail its request.
        let _ = words.add_double(point.millis).write_to(dataset);
    }
}
