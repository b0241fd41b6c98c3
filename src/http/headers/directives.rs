//! A request's `Cache-Control` (RFC 9111 §5.2.1).

use std::time::Duration;

use crate::cache::Directives;

/// What cannot be counted in so many seconds is as good as for ever (RFC 9111 §1.2.2).
const SECS_MAX: u64 = 2_147_483_648;

/// Reads the directives that are granted here; what is unknown or nonsense is ignored.
pub(in crate::http) fn directives(cache_control: Option<&str>) -> Directives {
    let mut directives = Directives::default();
    for directive in cache_control.unwrap_or_default().split(',') {
        let (name, value) = match directive.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (directive.trim(), None),
        };
        match name.to_ascii_lowercase().as_str() {
            "no-cache" => directives.no_cache = true,
            "only-if-cached" => directives.only_if_cached = true,
            "max-age" => directives.max_age = value.and_then(seconds).or(directives.max_age),
            "min-fresh" => directives.min_fresh = value.and_then(seconds).or(directives.min_fresh),
            "max-stale" => {
                let any = Some(Duration::from_secs(SECS_MAX));
                directives.max_stale = value.map_or(any, seconds).or(directives.max_stale);
            }
            _ => {}
        }
    }
    directives
}

/// A number of seconds, quoted or not.
fn seconds(value: &str) -> Option<Duration> {
    let digits = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Duration::from_secs(digits.parse().unwrap_or(SECS_MAX).min(SECS_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_in_any_case_and_nonsense_is_ignored() {
        let secs = |secs| Some(Duration::from_secs(secs));
        let none = Directives::default();
        for (sent, expected) in [
            (None, none),
            (Some(""), none),
            (Some("no-store, x=1, ,="), none),
            (Some("No-Cache"), Directives { no_cache: true, ..none }),
            (
                Some("only-if-cached , max-stale"),
                Directives { only_if_cached: true, max_stale: secs(SECS_MAX), ..none },
            ),
            (Some("max-stale=\"60\""), Directives { max_stale: secs(60), ..none }),
            (
                Some("max-age=0,min-fresh = 5"),
                Directives { max_age: secs(0), min_fresh: secs(5), ..none },
            ),
            (
                Some("max-age=99999999999999999999999"),
                Directives { max_age: secs(SECS_MAX), ..none },
            ),
            (Some("max-age=-1, min-fresh=1.5, max-stale=x, max-age"), none),
            (Some("min-fresh"), none),
        ] {
            assert_eq!(directives(sent), expected, "{sent:?}");
        }
    }
}
