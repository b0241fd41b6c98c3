//! `Last-Modified` and `If-Modified-Since` (RFC 9110 §8.8.2, §13.1.3): the weaker validator, for who sends no `If-None-Match`.

use std::time::{Duration, UNIX_EPOCH};

use httpdate::{HttpDate, parse_http_date};

use crate::ports::Timestamp;

/// The year 9999, in seconds since the Unix epoch: what comes later has no date of this form.
const SECS_MAX: u64 = 253_402_300_799;

/// A point in time as HTTP has it: in whole seconds.
pub(in crate::http) fn last_modified(at: Timestamp) -> String {
    HttpDate::from(UNIX_EPOCH.checked_add(whole_secs(at)).unwrap_or(UNIX_EPOCH)).to_string()
}

/// Whether who has what was there at the date it sent has this. What is no date is as if it had not been sent.
pub(in crate::http) fn is_unmodified_since(sent: &str, at: Timestamp) -> bool {
    let since = parse_http_date(sent).ok().and_then(|date| date.duration_since(UNIX_EPOCH).ok());
    since.is_some_and(|since| whole_secs(at) <= since)
}

fn whole_secs(at: Timestamp) -> Duration {
    Duration::from_secs(at.0.checked_div(1000).unwrap_or_default().min(SECS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_in_whole_seconds_of_any_time() {
        for (ms, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777_999, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (u64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(last_modified(Timestamp(ms)), expected);
        }
    }

    #[test]
    fn what_was_read_no_later_than_the_date_is_unmodified() {
        let at = Timestamp(784_111_777_500);
        for (sent, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", true),
            ("Sunday, 06-Nov-94 08:49:37 GMT", true),
            ("Sun Nov  6 08:49:37 1994", true),
            ("Sun, 06 Nov 1994 08:49:38 GMT", true),
            ("Sun, 06 Nov 1994 08:49:36 GMT", false),
            ("Wed, 31 Dec 1969 23:59:59 GMT", false),
            ("784111777", false),
            ("", false),
            ("Sun, 06 Nov 1994 08:49:37 CET", false),
        ] {
            assert_eq!(is_unmodified_since(sent, at), expected, "{sent}");
        }
    }
}
