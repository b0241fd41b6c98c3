//! How a setting is read: trimmed and checked. Mistakes are noted by the setting's name and never show its value.

use std::time::Duration;

use super::{text::blemish, url};
use crate::ports::{self, Vars};

/// No call may take longer than work behind a response lasts (docs/platform.md, "Work behind a response lasts 30 seconds").
const MILLIS_MAX: u64 = 25_000;
/// A year.
const SECONDS_MAX: u64 = 31_536_000;
/// What an isolate has is for everything (docs/platform.md, "Limits of an isolate").
const BYTES_MAX: u64 = 100_000_000;

/// 128 random bits are 22 characters of base64: fewer than these can be guessed, or were not random.
const SECRET_CHARS_MIN: usize = 16;

/// More is as good as never.
const COUNT_MAX: u64 = 1_000_000;

/// Reads settings and collects every mistake in them.
pub(super) struct Reader<'a> {
    vars: &'a dyn Vars,
    faults: Vec<String>,
    warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(vars: &'a dyn Vars) -> Self {
        Self { vars, faults: Vec::new(), warnings: Vec::new() }
    }

    /// Every mistake, and every warning.
    pub(super) fn finish(self) -> (Vec<String>, Vec<String>) {
        (self.faults, self.warnings)
    }

    /// Notes a mistake: the deployment cannot work with it.
    pub(super) fn fault(&mut self, name: &str, mistake: &str) {
        self.faults.push(format!("{name} {mistake}"));
    }

    /// Notes what works but is hardly meant.
    pub(super) fn warn(&mut self, name: &str, warning: &str) {
        self.warnings.push(format!("{name} {warning}"));
    }

    /// A setting without the white space around it; one that is empty is not set.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = self.vars.get(name)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A setting that is used to the letter: a key, a token, a name.
    pub(super) fn token(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        if let Some(blemish) = blemish(&text) {
            self.fault(name, blemish);
        }
        Some(text)
    }

    /// A token that is chosen by whoever sets it, and opens something here: long enough not to be guessed.
    pub(super) fn secret(&mut self, name: &str) -> Option<String> {
        let before = self.faults.len();
        let token = self.token(name)?;
        if self.faults.len() == before && token.len() < SECRET_CHARS_MIN {
            self.fault(name, &format!("must have at least {SECRET_CHARS_MIN} characters"));
        }
        Some(token)
    }

    /// A token that must be set.
    pub(super) fn required(&mut self, name: &str) -> String {
        self.token(name).unwrap_or_else(|| {
            self.fault(name, "is not set");
            String::new()
        })
    }

    /// The base URL of a server, which must be set; without the slashes at its end.
    pub(super) fn url(&mut self, name: &str) -> String {
        let before = self.faults.len();
        let url = self.required(name);
        if self.faults.len() == before
            && let Some(mistake) = url::mistake(&url)
        {
            self.fault(name, mistake);
        }
        url.trim_end_matches('/').to_owned()
    }

    /// Names with commas between them; white space around each does not count, nor does an empty one.
    pub(super) fn list(&mut self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let items: Vec<String> = items.map(str::to_owned).collect();
        if let Some(blemish) = items.iter().find_map(|item| blemish(item)) {
            self.fault(name, blemish);
        }
        items
    }

    /// What is on or off.
    pub(super) fn switch(&mut self, name: &str, default: bool) -> bool {
        match self.text(name).as_deref() {
            None => default,
            Some("on") => true,
            Some("off") => false,
            Some(_) => {
                self.fault(name, "must be on or off");
                default
            }
        }
    }

    /// Whole seconds, at least `least`.
    pub(super) fn seconds(&mut self, name: &str, default: Duration, least: u64) -> Duration {
        Duration::from_secs(self.number(name, default.as_secs(), least, SECONDS_MAX))
    }

    /// Whole milliseconds, at least one.
    pub(super) fn millis(&mut self, name: &str, default: Duration) -> Duration {
        Duration::from_millis(self.number(name, ports::millis(default), 1, MILLIS_MAX))
    }

    /// A number of bytes.
    pub(super) fn bytes(&mut self, name: &str, default: usize) -> usize {
        let default = u64::try_from(default).unwrap_or(u64::MAX);
        usize::try_from(self.number(name, default, 0, BYTES_MAX)).unwrap_or(usize::MAX)
    }

    /// A number of times.
    pub(super) fn count(&mut self, name: &str, default: u64) -> u64 {
        self.number(name, default, 0, COUNT_MAX)
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
