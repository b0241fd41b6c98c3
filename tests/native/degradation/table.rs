//! The table of docs/degradation.md, and that it is what the code does.

use std::{collections::BTreeMap, env, fmt::Write, fs, path::PathBuf};

use super::{
    IN_COLO, IN_KV, IN_MEMORY, IN_UPSTASH, KV, MEMORY, ORIGIN, Seen, State, UPSTASH, cells,
    data_center, run, run_near,
};

/// Cells that differ only in a tier that does not matter become one row.
fn table() -> String {
    let mut rows: BTreeMap<(State, State, State), Vec<(State, String)>> = BTreeMap::new();
    for cell in cells() {
        let row = rows.entry((cell.memory, cell.upstash, cell.kv)).or_default();
        row.push((cell.origin, describe(&run(cell))));
    }
    let mut lines: Vec<[String; 5]> = Vec::new();
    for ((memory, upstash, kv), origins) in rows {
        let names = [memory, upstash, kv].map(|state| state.as_str().to_owned());
        let all_same = origins.iter().all(|(_, text)| *text == origins[0].1);
        for (origin, text) in origins {
            let origin = if all_same { "any" } else { origin.as_str() }.to_owned();
            let [memory, upstash, kv] = names.clone();
            lines.push([memory, upstash, kv, origin, text]);
        }
    }
    for column in [3, 2, 1] {
        lines = merged(lines, column);
    }
    let mut text = String::from(HEAD);
    text.push_str(&near());
    text.push_str(TABLE_HEAD);
    for line in lines {
        writeln!(text, "| {} |", line.join(" | ")).unwrap();
    }
    text
}

/// What a data center's cache makes of it.
fn near() -> String {
    let mut text = String::new();
    for state in data_center::COLO {
        let mut rows: Vec<String> = data_center::walks()
            .map(|cell| {
                let (seen, without) = (run_near(cell, Some(state)), run(cell));
                if seen.version == Some(IN_COLO) {
                    return describe(&seen);
                }
                let later = seen.latency.saturating_sub(without.latency).as_millis();
                let most = later.div_ceil(5) * 5;
                assert_eq!(
                    seen.version, without.version,
                    "{state:?} {cell:?}: {seen:?} {without:?}"
                );
                format!("what it gets without, up to {most} ms later")
            })
            .collect();
        rows.sort();
        writeln!(text, "| {} | {} |", state.as_str(), rows.pop().unwrap()).unwrap();
    }
    text
}

const HEAD: &str = "\
# What a client gets when tiers fail

Made by `DEGRADATION_WRITE=1 cargo test degradation` (tests/native/degradation.rs), which runs every one of the
1,944 cells on a fake clock and checks status, `Cache-Status`, latency and the calls made to every tier; the test fails when this
table is not what the code does. Times are those of the simulated tiers: 1 to 2 ms a Redis command, 2 ms a KV read, 100 ms a load,
*slow* is 400 ms, *hung* never ends. *Stale (recent)* is within `REVALIDATE_SECONDS` past the TTL, *stale* is past that and within
`STALE_SECONDS`. A memory that holds something *stale (recent)* belongs to an isolate that idled, so its first request
looks at Redis first, for at most `HEDGE_MS`. Several states in one column mean: each of them.

Where isolates of a data center leave each other what they read, and memory has nothing or something *stale*:

| data center | the client gets |
|---|---|
";

const TABLE_HEAD: &str = "
Without it:

| memory | Upstash | KV | origin | the client gets |
|---|---|---|---|---|
";

/// Joins rows that differ in one column alone.
fn merged(lines: Vec<[String; 5]>, column: usize) -> Vec<[String; 5]> {
    let mut order: Vec<[String; 5]> = Vec::new();
    for line in lines {
        let same = |other: &&mut [String; 5]| {
            (0..5).all(|index| index == column || other[index] == line[index])
        };
        match order.iter_mut().find(same) {
            Some(other) if other[column] != line[column] => {
                let joined = format!("{}, {}", other[column], line[column]);
                other[column] = joined;
            }
            Some(_) => {}
            None => order.push(line),
        }
    }
    let full: [usize; 4] = [MEMORY.len(), UPSTASH.len(), KV.len(), ORIGIN.len()];
    for line in &mut order {
        if line[column].split(", ").count() == full[column] {
            "any".clone_into(&mut line[column]);
        }
    }
    order
}

fn describe(seen: &Seen) -> String {
    let whose = |version| match version {
        Some(IN_MEMORY) => "memory",
        Some(IN_KV) => "KV",
        Some(IN_UPSTASH) => "Upstash",
        Some(IN_COLO) => "the data center",
        _ => "the origin",
    };
    let within = seen.latency.as_millis().div_ceil(50) * 50;
    match seen.served {
        None => format!("503, within {within} ms"),
        Some(served) => {
            format!("200 {} from {}, within {within} ms", served.as_str(), whose(seen.version))
        }
    }
}

#[test]
fn the_committed_table_is_what_the_code_does() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/degradation.md");
    let table = table();
    if env::var_os("DEGRADATION_WRITE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &table).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == table, "docs/degradation.md is out of date: see the top of this file");
}
