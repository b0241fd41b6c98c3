//! Whether the fake Redis does as a real one: what is expected here is what Redis 7.0.15 answered.

mod commands;
mod faults;
mod scripts;

use model_catalog_edge::ports::Reply;

use crate::support::{redis::FakeRedis, sim::Sim};

fn redis() -> (Sim, FakeRedis) {
    let sim = Sim::new(1);
    let redis = FakeRedis::new(&sim);
    (sim, redis)
}

/// A reply on a line: texts in quotes, errors behind an exclamation mark.
fn show(reply: &Reply) -> String {
    match reply {
        Reply::Nil => "nil".to_owned(),
        Reply::Integer(value) => value.to_string(),
        Reply::Text(text) => format!("'{text}'"),
        Reply::Array(items) => {
            format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(" "))
        }
        Reply::Error(text) => format!("!{text}"),
    }
}

/// Runs a command whose words are apart by spaces; an empty pair of quotes is an empty word.
fn ask(redis: &FakeRedis, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').map(|word| word.trim_matches('"')).collect();
    show(&redis.run(&words))
}

/// Runs commands one after the other, each with the reply that is expected.
fn talk(redis: &FakeRedis, lines: &[(&str, &str)]) {
    for (line, expected) in lines {
        assert_eq!(ask(redis, line), *expected, "{line}");
    }
}
