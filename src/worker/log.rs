//! Log lines to the console, which Workers Logs indexes as JSON.

use crate::ports::Log;

pub(super) struct Console;

impl Log for Console {
    fn write(&self, line: &str) {
        worker::console_log!("{line}");
    }
}
