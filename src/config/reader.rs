//! How a setting is read: trimmed and checked. Mistakes are noted by the setting's name and never show its value.

use std::time::Duration;

use crate::ports::{self, Vars};

/// No call may take longer than work behind a response lasts (docs/platform.md, "Work behind a response lasts 30 seconds").
const MILLIS_MAX: u64 = 25_000;
/// A year.
const SECONDS_MAX: u64 = 31_536_000;
/// What an isolate has is for everything (docs/platform.md, "Limits of an isolate").
const BYTES_MAX: u64 = 100_000_000;

/// Reads settings and collects every mistake in them.
pub(super) struct Reader<'a> {
    vars: &'a dyn Vars,
    faults: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(vars: &'a dyn Vars) -> Self {
        Self { vars, faults: Vec::new() }
    }

    /// Every mistake so far.
    pub(super) fn into_faults(self) -> Vec<String> {
        self.faults
    }

    pub(super) fn fault(&mut self, name: &str, mistake: &str) {
        self.faults.push(format!("{name} {mistake}"));
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = self.vars.get(name)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub(super) fn required(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.fault(name, "is not set");
            String::new()
        })
    }

    pub(super) fn url(&mut self, name: &str) -> String {
        let url = self.required(name);
        let schemes = ["http://", "https://"];
        if !url.is_empty() && !schemes.iter().any(|scheme| url.starts_with(scheme)) {
            self.fault(name, "must begin with https:// or http://");
        }
        url
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(str::to_owned).collect()
    }

    pub(super) fn seconds(&mut self, name: &str, default: Duration, least: u64) -> Duration {
        Duration::from_secs(self.number(name, default.as_secs(), least, SECONDS_MAX))
    }

    pub(super) fn millis(&mut self, name: &str, default: Duration) -> Duration {
        Duration::from_millis(self.number(name, ports::millis(default), 1, MILLIS_MAX))
    }

    pub(super) fn bytes(&mut self, name: &str, default: usize) -> usize {
        let default = u64::try_from(default).unwrap_or(u64::MAX);
        usize::try_from(self.number(name, default, 0, BYTES_MAX)).unwrap_or(usize::MAX)
    }

    fn number(&mut self, name: &str, default: u64, least: u64, most: u64) -> u64 {
        let Some(text) = self.text(name) else { return default };
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                self.fault(name, &format!("must be a whole number from {least} to {most}"));
                default
            }
        }
    }
}
