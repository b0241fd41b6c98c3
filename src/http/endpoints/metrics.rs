//! `GET /metrics`: the metrics in the text format of Prometheus (docs/operations.md, "Metrics").

use std::fmt::Write;

use crate::{
    cache::{Cache, Family, Sample},
    http::{headers::NO_STORE, response::Response},
};

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Gives the counters of all isolates where Redis can be asked, and the gauges of this one.
pub(crate) async fn get(cache: &Cache) -> Response {
    Response::new(200, CONTENT_TYPE, NO_STORE, exposition(&cache.metrics().await).into_bytes())
}

/// The text format. Names and helps are words of ours, which need no escapes; labels may be slugs.
fn exposition(families: &[Family]) -> String {
    let mut text = String::new();
    for Family { name, help, kind, samples } in families.iter().filter(|of| !of.samples.is_empty())
    {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {}", kind.as_str());
        for Sample { suffix, labels, value } in samples {
            let labels =
                labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
            let labels: Vec<String> = labels.collect();
            let labels =
                if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(text, "{name}{suffix}{labels} {value}");
        }
    }
    text
}

/// A label's value, with the three escapes of the text format.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Kind;

    #[test]
    fn a_family_is_its_help_its_type_and_its_samples() {
        let family = |name: &str, kind, samples| Family {
            name: name.to_owned(),
            help: "What.",
            kind,
            samples,
        };
        let bucket = Sample { suffix: "_bucket", ..Sample::new(&[("le", "+Inf")], &2) };
        let text = exposition(&[
            family("a_total", Kind::Counter, vec![Sample::new(&[("x", "1"), ("y", "2")], &3)]),
            family("none", Kind::Gauge, Vec::new()),
            family("odd", Kind::Gauge, vec![Sample::new(&[("x", "a\"b\\c\nd")], &4)]),
            family("b_seconds", Kind::Histogram, vec![bucket]),
        ]);
        let expected = "# HELP a_total What.\n# TYPE a_total counter\na_total{x=\"1\",y=\"2\"} 3\n\
            # HELP odd What.\n# TYPE odd gauge\nodd{x=\"a\\\"b\\\\c\\nd\"} 4\n\
            # HELP b_seconds What.\n# TYPE b_seconds histogram\nb_seconds_bucket{le=\"+Inf\"} 2\n";
        assert_eq!(text, expected);
    }
}
