//! The commands of the fake Redis: replies, errors, expiry.

use std::{rc::Rc, time::Duration};

use super::{ask, redis, talk};
use crate::support::{redis::Value, sim::BEGIN};

const WRONG_TYPE: &str = "!WRONGTYPE Operation against a key holding the wrong kind of value";
const NO_INTEGER: &str = "!ERR value is not an integer or out of range";
const OVERFLOW: &str = "!ERR increment or decrement would overflow";
const SYNTAX: &str = "!ERR syntax error";
const INVALID: &str = "!ERR invalid expire time in 'set' command";

#[test]
fn texts_are_set_under_conditions() {
    talk(
        &redis().1,
        &[
            ("GET k", "nil"),
            ("SET k v XX", "nil"),
            ("set k v nx", "'OK'"),
            ("SeT k w Nx", "nil"),
            ("GET k", "'v'"),
            ("SET k w XX", "'OK'"),
            ("SET k x GET", "'w'"),
            ("SET k y NX GET", "'x'"),
            ("SET none y XX GET", "nil"),
            ("SET k \"\"", "'OK'"),
            ("GET k", "''"),
            ("STRLEN k", "0"),
            ("EXISTS k k none", "2"),
            ("MGET k none k", "['' nil '']"),
            ("DEL k k none", "1"),
            ("UNLINK k", "0"),
            ("TYPE k", "'none'"),
            ("SET k v NX XX", SYNTAX),
            ("SET k v PX", SYNTAX),
            ("SET k v PX 1 EX 1", SYNTAX),
            ("SET k v KEEPTTL PX 1", SYNTAX),
            ("SET k v FOO", SYNTAX),
            ("SET k v PX x", NO_INTEGER),
            ("SET k v PX 0", INVALID),
            ("SET k v EX -1", INVALID),
            ("SET k v PXAT 0", INVALID),
            ("SET k v PX 9223372036854775807", INVALID),
            ("SET k v EX 9223372036854775807", INVALID),
            ("EXISTS k", "0"),
        ],
    );
}

#[test]
fn lists_are_read_and_cut_from_both_ends() {
    talk(
        &redis().1,
        &[
            ("LRANGE l 0 -1", "[]"),
            ("LINDEX l 0", "nil"),
            ("LPOP l", "nil"),
            ("RPUSH l a b c d", "4"),
            ("RPUSH l e", "5"),
            ("TYPE l", "'list'"),
            ("LINDEX l 0", "'a'"),
            ("LINDEX l -1", "'e'"),
            ("LINDEX l 5", "nil"),
            ("LINDEX l -6", "nil"),
            ("LRANGE l 1 2", "['b' 'c']"),
            ("LRANGE l -9 0", "['a']"),
            ("LRANGE l 3 99", "['d' 'e']"),
            ("LRANGE l 3 2", "[]"),
            ("LPOP l", "'a'"),
            ("PEXPIRE l 100", "1"),
            ("LTRIM l -2 -1", "'OK'"),
            ("LRANGE l 0 -1", "['d' 'e']"),
            ("PTTL l", "100"),
            ("LTRIM l 5 9", "'OK'"),
            ("EXISTS l", "0"),
            ("SET t x", "'OK'"),
            ("RPUSH t a", WRONG_TYPE),
            ("LINDEX t x", WRONG_TYPE),
            ("RPUSH l a", "1"),
            ("LINDEX l x", NO_INTEGER),
        ],
    );
}

#[test]
fn a_text_is_as_long_as_its_bytes() {
    talk(
        &redis().1,
        &[
            ("STRLEN k", "0"),
            ("SET k é€🚀", "'OK'"),
            ("STRLEN k", "9"),
            ("INCRBY n -100", "-100"),
            ("strlen n", "4"),
        ],
    );
}

#[test]
fn numbers_are_counted_up() {
    talk(
        &redis().1,
        &[
            ("INCR n", "1"),
            ("INCRBY n -5", "-4"),
            ("GET n", "'-4'"),
            ("INCRBY n 9223372036854775808", NO_INTEGER),
            ("INCRBY n x", NO_INTEGER),
            ("SET n 9223372036854775807", "'OK'"),
            ("INCR n", OVERFLOW),
            ("SET n 007", "'OK'"),
            ("INCR n", NO_INTEGER),
            ("SET n v", "'OK'"),
            ("INCR n", NO_INTEGER),
        ],
    );
}

#[test]
fn hashes_have_fields() {
    talk(
        &redis().1,
        &[
            ("HGETALL h", "[]"),
            ("HSET h a 1 b x", "2"),
            ("HSET h a 2 c 3", "1"),
            ("HINCRBY h a 5", "7"),
            ("HINCRBY h d -1", "-1"),
            ("HGETALL h", "['a' '7' 'b' 'x' 'c' '3' 'd' '-1']"),
            ("TYPE h", "'hash'"),
            ("HINCRBY h b 1", "!ERR hash value is not an integer"),
            ("HINCRBY h a x", NO_INTEGER),
            ("HINCRBY h a 9223372036854775807", OVERFLOW),
            ("HSET h a 1 b", "!ERR wrong number of arguments for 'hset' command"),
        ],
    );
}

#[test]
fn another_type_is_an_error_but_not_for_everything() {
    let (_, redis) = redis();
    redis.put("l", Value::List(Rc::from(["a".to_owned()])), None);
    talk(
        &redis,
        &[
            ("HSET h a 1", "1"),
            ("SET k v", "'OK'"),
            ("GET h", WRONG_TYPE),
            ("GET l", WRONG_TYPE),
            ("STRLEN h", WRONG_TYPE),
            ("INCR h", WRONG_TYPE),
            ("HGETALL k", WRONG_TYPE),
            ("HSET k a 1", WRONG_TYPE),
            ("HINCRBY k a 1", WRONG_TYPE),
            ("SET h v GET", WRONG_TYPE),
            ("MGET h k l", "[nil 'v' nil]"),
            ("TYPE l", "'list'"),
            ("EXISTS h l", "2"),
            ("PTTL l", "-1"),
            ("SET l v NX", "nil"),
            ("SET l v", "'OK'"),
            ("GET l", "'v'"),
            ("DEL h", "1"),
        ],
    );
    assert_eq!(redis.get("h"), None);
}

#[test]
fn a_command_has_its_number_of_words() {
    let (_, redis) = redis();
    for line in [
        "GET",
        "GET a b",
        "SET k",
        "MGET",
        "STRLEN",
        "STRLEN a b",
        "DEL",
        "EXISTS",
        "TYPE",
        "PTTL",
        "PEXPIRE k",
        "INCR",
        "HINCRBY h f",
        "HGETALL",
        "SCAN",
        "TIME x",
        "EVAL x",
    ] {
        let name = line.split(' ').next().unwrap().to_lowercase();
        let expected = format!("!ERR wrong number of arguments for '{name}' command");
        assert_eq!(ask(&redis, line), expected, "{line}");
    }
}

#[test]
fn keys_expire_by_the_clock_of_redis() {
    let (sim, redis) = redis();
    let ms = Duration::from_millis;
    talk(
        &redis,
        &[
            ("SET k v PX 100", "'OK'"),
            ("SET s v EX 1", "'OK'"),
            ("PTTL k", "100"),
            ("PTTL none", "-2"),
            ("PEXPIRETIME k", &(BEGIN + 100).to_string()),
            ("PEXPIRETIME none", "-2"),
        ],
    );
    sim.run_for(ms(100));
    talk(&redis, &[("GET k", "'v'"), ("PTTL k", "0")]);
    sim.run_for(ms(1));
    talk(&redis, &[("GET k", "nil"), ("PTTL k", "-2"), ("DEL k", "0"), ("PTTL s", "899")]);
    redis.clock_offset_ms.set(-50);
    talk(&redis, &[("PTTL s", "949"), ("SET k v PX 10", "'OK'")]);
    redis.clock_offset_ms.set(0);
    assert_eq!(redis.keys(), ["s"]);
    redis.clock_offset_ms.set(899_899);
    talk(&redis, &[("EXISTS s", "0"), ("TIME", "['1790000900' '0']"), ("SET k v PXAT 1", "'OK'")]);
    assert_eq!(redis.get("k"), None, "an expiry that has passed is one");
}

#[test]
fn an_expiry_stays_unless_the_value_is_set() {
    talk(
        &redis().1,
        &[
            ("SET n 1 PX 500", "'OK'"),
            ("INCR n", "2"),
            ("PTTL n", "500"),
            ("SET n 3 KEEPTTL", "'OK'"),
            ("PTTL n", "500"),
            ("SET n 3", "'OK'"),
            ("PTTL n", "-1"),
            ("PEXPIRETIME n", "-1"),
            ("HSET h a 1", "1"),
            ("PEXPIRE h 500", "1"),
            ("HINCRBY h a 1", "2"),
            ("HSET h b 1", "1"),
            ("PTTL h", "500"),
        ],
    );
}

#[test]
fn an_expiry_is_moved_under_conditions() {
    let (_, redis) = redis();
    let both = "at the same time are not compatible";
    talk(
        &redis,
        &[
            ("PEXPIRE k 100", "0"),
            ("SET k v", "'OK'"),
            ("PEXPIRE k x", NO_INTEGER),
            ("PEXPIRE k 100 FOO", "!ERR Unsupported option FOO"),
            ("PEXPIRE k 1 NX XX", &format!("!ERR NX and XX, GT or LT options {both}")),
            ("PEXPIRE k 1 GT LT", &format!("!ERR GT and LT options {both}")),
            ("PEXPIRE k 9223372036854775807", "!ERR invalid expire time in 'pexpire' command"),
            ("PEXPIRE k 100 GT", "0"),
            ("PEXPIRE k 100 XX", "0"),
            ("PEXPIRE k 200 LT", "1"),
            ("PEXPIRE k 300 nx", "0"),
            ("PEXPIRE k 200 GT", "0"),
            ("PEXPIRE k 300 lt", "0"),
            ("PEXPIRE k 300 gt XX", "1"),
            ("PTTL k", "300"),
            ("PEXPIREAT k 1 XX", "1"),
            ("EXISTS k", "0"),
            ("SET k v", "'OK'"),
            ("PEXPIRE k -1", "1"),
            ("EXISTS k", "0"),
            ("PEXPIREAT k x", NO_INTEGER),
        ],
    );
}

/// Every key that a whole scan finds, with how many steps it took.
fn scan(step: impl Fn(&str) -> String) -> (Vec<String>, usize) {
    let (mut cursor, mut found, mut steps) = ("0".to_owned(), Vec::new(), 0);
    loop {
        let reply = step(&cursor);
        let mut words = reply.split('\'').skip(1).step_by(2).map(str::to_owned);
        cursor = words.next().unwrap();
        found.extend(words);
        steps += 1;
        if cursor == "0" {
            found.sort();
            return (found, steps);
        }
    }
}

#[test]
fn a_scan_finds_what_stays() {
    let (_, redis) = redis();
    for number in 0..50 {
        redis.set(&format!("k{number:02}"), "v", None);
    }
    redis.set("other", "v", None);
    let (found, steps) = scan(|cursor| ask(&redis, &format!("SCAN {cursor} MATCH k* COUNT 7")));
    assert_eq!((found.len(), steps), (50, 8));
    let (found, steps) = scan(|cursor| ask(&redis, &format!("scan {cursor}")));
    assert_eq!((found.len(), steps), (51, 6));
    let (found, _) = scan(|cursor| {
        // What comes and goes meanwhile takes nothing of the rest away.
        redis.set(&format!("new{cursor}"), "v", None);
        redis.run(&["DEL", "k00", "k01"]);
        ask(&redis, &format!("SCAN {cursor} MATCH k[^0]? COUNT 3"))
    });
    assert_eq!(found.len(), 40);
    talk(
        &redis,
        &[
            ("SCAN x", "!ERR invalid cursor"),
            ("SCAN 0 COUNT 0", SYNTAX),
            ("SCAN 0 COUNT -1", SYNTAX),
            ("SCAN 0 COUNT x", NO_INTEGER),
            ("SCAN 0 MATCH", SYNTAX),
            ("SCAN 0 FOO x", SYNTAX),
        ],
    );
}

#[test]
fn patterns_read_signs() {
    let (_, redis) = redis();
    for key in ["a", "ab", "abc", "a*c", "a[c", "a]c", "a^c", "a-c", "a\\c"] {
        redis.set(key, "v", None);
    }
    for (pattern, expected) in [
        ("*", "a a*c a-c a[c a\\c a]c a^c ab abc"),
        ("a", "a"),
        ("a?", "ab"),
        ("a*c", "a*c a-c a[c a\\c a]c a^c abc"),
        ("a\\*c", "a*c"),
        ("a\\[c", "a[c"),
        ("a[bc]*", "ab abc"),
        ("a[a-c]c", "abc"),
        ("a[^b]c", "a*c a-c a[c a\\c a]c a^c"),
        ("a[\\^]c", "a^c"),
        ("a[\\]]c", "a]c"),
        ("a\\\\c", "a\\c"),
        ("**c", "a*c a-c a[c a\\c a]c a^c abc"),
        ("b*", ""),
        ("a[b", "ab"),
    ] {
        let (found, _) = scan(|cursor| ask(&redis, &format!("SCAN {cursor} MATCH {pattern}")));
        assert_eq!(found.join(" "), expected, "{pattern}");
    }
}
