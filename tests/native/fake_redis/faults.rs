//! The faults of the fake Redis, and what it counts.

use std::time::Duration;

use model_catalog_edge::ports::{Redis, TierError};

use super::{ask, redis, show, talk};
use crate::support::{
    redis::{FakeRedis, Fault, Lag, Refusal},
    sim::Sim,
    spent::Counts,
};

/// Sends commands, whose words are apart by spaces, as one request; the replies as a line.
fn send(sim: &Sim, redis: &FakeRedis, lines: &[&str]) -> Result<String, TierError> {
    let words = |line: &&str| line.split(' ').map(|word| word.to_owned().into()).collect();
    let commands = lines.iter().map(words).collect();
    let redis = redis.clone();
    let replies = sim.block_on(async move { redis.pipeline(commands, Duration::ZERO).await })?;
    Ok(replies.iter().map(show).collect::<Vec<_>>().join(" "))
}

/// The same, where the answer comes.
fn answer(sim: &Sim, redis: &FakeRedis, lines: &[&str]) -> String {
    send(sim, redis, lines).expect("an answer")
}

/// Three writes: `a` twice, `b` between them.
fn written(redis: &FakeRedis) {
    talk(redis, &[("SET a 1", "'OK'"), ("SET b 1", "'OK'"), ("SET a 2", "'OK'")]);
}

#[test]
fn a_whole_copy_is_as_it_was() {
    let (sim, redis) = redis();
    written(&redis);
    for (behind, expected) in
        [(0, "['2' '1']"), (1, "['1' '1']"), (2, "['1' nil]"), (3, "[nil nil]"), (9, "[nil nil]")]
    {
        redis.lag.set(Lag::Whole(behind));
        assert_eq!(answer(&sim, &redis, &["MGET a b"]), expected, "{behind}");
    }
}

#[test]
fn keys_of_a_copy_can_lag_each_by_itself() {
    let (sim, redis) = redis();
    written(&redis);
    for (behind, expected) in [(0, "['2' '1']"), (1, "['1' nil]"), (2, "[nil nil]")] {
        redis.lag.set(Lag::PerKey(behind));
        assert_eq!(answer(&sim, &redis, &["MGET a b"]), expected, "{behind}");
    }
    redis.lag.set(Lag::Torn(1));
    let seen = |_| answer(&sim, &redis, &["MGET a b"]);
    let mut seen: Vec<String> = (0..100).map(seen).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen, ["['1' '1']", "['1' nil]", "['2' '1']", "['2' nil]"]);
}

#[test]
fn only_reads_lag() {
    let (sim, redis) = redis();
    written(&redis);
    redis.lag.set(Lag::PerKey(1));
    for (line, expected) in [
        ("GET a", "'1'"),
        ("PTTL b", "-2"),
        ("EXISTS b", "0"),
        ("STRLEN b", "0"),
        ("TYPE b", "'none'"),
        ("HGETALL b", "[]"),
        ("PEXPIRETIME b", "-2"),
        ("SCAN 0", "['0' ['a']]"),
        ("EVAL_RO return{redis.call('GET',KEYS[1])} 1 a", "['1']"),
    ] {
        assert_eq!(answer(&sim, &redis, &[line]), expected, "{line}");
    }
    let eval = "EVAL return{redis.call('GET',KEYS[1])} 1 a";
    assert_eq!(answer(&sim, &redis, &[eval]), "['2']");
    assert_eq!(answer(&sim, &redis, &["GET a", "DEL none"]), "'2' 0");
    assert_eq!(ask(&redis, "GET a"), "'2'", "past the network there are no copies");
}

#[test]
fn a_copy_expires_keys_by_itself() {
    let (sim, redis) = redis();
    talk(&redis, &[("SET a 1 PX 50", "'OK'"), ("SET a 2", "'OK'")]);
    redis.lag.set(Lag::Whole(1));
    assert_eq!(answer(&sim, &redis, &["GET a"]), "'1'");
    sim.run_for(Duration::from_millis(50));
    assert_eq!(answer(&sim, &redis, &["GET a"]), "nil");
}

#[test]
fn a_client_reads_what_it_wrote() {
    let (sim, redis) = redis();
    let (one, other) = (redis.client(), redis.client());
    redis.lag.set(Lag::Torn(9));
    assert_eq!(answer(&sim, &one, &["SET a 1"]), "'OK'");
    assert_eq!(answer(&sim, &one, &["SET a 2"]), "'OK'");
    redis.lag.set(Lag::PerKey(9));
    assert_eq!(answer(&sim, &one, &["GET a"]), "'2'");
    assert_eq!(answer(&sim, &other, &["GET a"]), "nil");
    redis.set("a", "3", None);
    assert_eq!(answer(&sim, &one, &["GET a"]), "'2'", "of others it may know nothing");
    redis.lag.set(Lag::None);
    assert_eq!(answer(&sim, &other, &["GET a"]), "'3'");
    redis.lag.set(Lag::Whole(9));
    assert_eq!(answer(&sim, &other, &["GET a"]), "'3'", "nor does it go back");
}

#[test]
fn writes_are_refused_for_the_whole_request() {
    for (refusal, error) in [
        (Refusal::NotPermitted, TierError::NotPermitted),
        (Refusal::ReadOnlyToken, TierError::NotPermitted),
        (Refusal::OutOfMemory, TierError::Full),
        (Refusal::ReadOnlyReplica, TierError::ReadOnlyReplica),
    ] {
        let (sim, redis) = redis();
        redis.set("k", "v", None);
        redis.refusal.set(refusal);
        for line in [
            "SET k w",
            "INCR n",
            "INCRBY n 1",
            "HSET h a 1",
            "HINCRBY h a 1",
            "EVAL redis.call('SET','k','w') 0",
            "EVAL return(redis.pcall('SET','k','w')) 0",
        ] {
            assert_eq!(send(&sim, &redis, &["GET k", line]), Err(error.clone()), "{line}");
        }
        assert_eq!(answer(&sim, &redis, &["GET k"]), "'v'");
        let script = "EVAL_RO return(redis.call('GET','k')) 0";
        assert_eq!(answer(&sim, &redis, &[script]), "'v'");
        assert_eq!(redis.keys(), ["k"]);
        // What else fails is a matter of the command.
        let wrong = "!ERR wrong number of arguments for 'get' command";
        assert_eq!(answer(&sim, &redis, &["GET"]), wrong);
    }
}

#[test]
fn refusals_have_the_words_of_redis() {
    let (_, redis) = redis();
    let denied = |name| format!("!NOPERM this user has no permissions to run the '{name}' command");
    redis.refusal.set(Refusal::NotPermitted);
    assert_eq!(ask(&redis, "SET k v"), denied("set"));
    let in_script = "!ERR The user executing the script can't run this command or subcommand";
    for script in [
        "EVAL redis.call('DEL','k') 0",
        "EVAL return(redis.pcall('DEL','k')) 0",
        "EVAL_RO redis.call('DEL','k') 0",
    ] {
        assert_eq!(ask(&redis, script), in_script, "{script}");
    }
    assert_eq!(ask(&redis, "SCAN 0"), "['0' []]");
    redis.refusal.set(Refusal::ReadOnlyToken);
    assert_eq!(ask(&redis, "EVAL_RO return(redis.call('SCAN',0)) 0"), in_script);
    assert_eq!(ask(&redis, "EVAL return(1) 0"), denied("eval"));
    assert_eq!(ask(&redis, "SCAN 0"), denied("scan"));
    redis.refusal.set(Refusal::ReadOnlyReplica);
    let replica = "!READONLY You can't write against a read only replica.";
    assert_eq!(ask(&redis, "DEL k"), replica);
    assert_eq!(ask(&redis, "EVAL redis.call('DEL','k') 0"), replica);
    assert_eq!(ask(&redis, "EVAL return(1) 0"), "1");
}

#[test]
fn without_room_a_script_runs_whole_or_not_at_all() {
    let (_, redis) = redis();
    redis.set("k", "v", None);
    redis.refusal.set(Refusal::OutOfMemory);
    let full = "OOM command not allowed when used memory > 'maxmemory'.";
    let refused = format!("!{full}");
    for (script, expected) in [
        ("redis.call('GET', 'k') redis.call('SET', 'k', 'w')", refused.as_str()),
        ("redis.call('DEL', 'none') return redis.call('SET', 'a', 1)", "'OK'"),
        ("redis.call('PEXPIRE', 'none', 1) return redis.call('INCR', 'a')", "2"),
        // The first write is refused, the next one begins.
        (
            "local first = redis.pcall('SET', 'a', 1) redis.call('UNLINK', 'none') \
             return {first.err, redis.call('INCR', 'a')}",
            &format!("['{full}' 3]"),
        ),
    ] {
        assert_eq!(show(&redis.run(&["EVAL", script, "0"])), expected, "{script}");
    }
    assert_eq!(ask(&redis, "SET k w"), refused);
    talk(&redis, &[("PEXPIRE k 100", "1"), ("PEXPIREAT k 1", "1"), ("DEL a", "1")]);
}

#[test]
fn a_request_that_is_too_large_does_nothing() {
    let (sim, redis) = redis();
    redis.request_bytes_max.set(10);
    assert_eq!(answer(&sim, &redis, &["SET k 123456"]), "'OK'");
    assert_eq!(
        send(&sim, &redis, &["DEL k", "SET k 123"]),
        Err(TierError::RequestTooLarge { limit: None })
    );
    assert_eq!(redis.get("k").as_deref(), Some("123456"));
}

#[test]
fn some_key_is_evicted() {
    let (sim, redis) = redis();
    assert_eq!(redis.evict(), None);
    talk(&redis, &[("SET a 1 PX 5", "'OK'"), ("SET b 1 PX 50", "'OK'"), ("SET c 1", "'OK'")]);
    sim.run_for(Duration::from_millis(10));
    let mut evicted: Vec<String> = [redis.evict(), redis.evict()].into_iter().flatten().collect();
    evicted.sort();
    assert_eq!(evicted, ["b", "c"], "not what has expired");
    assert_eq!(redis.evict(), None);
}

#[test]
fn everything_is_lost_or_as_it_was() {
    let (sim, redis) = redis();
    talk(&redis, &[("SET a 1 PX 50", "'OK'"), ("HSET h f 1", "1")]);
    let dump = redis.snapshot();
    talk(&redis, &[("SET a 2", "'OK'"), ("HINCRBY h f 1", "2"), ("SET b 1", "'OK'")]);
    redis.flush();
    assert!(redis.keys().is_empty());
    redis.restore(&dump);
    talk(
        &redis,
        &[("GET a", "'1'"), ("PTTL a", "50"), ("HGETALL h", "['f' '1']"), ("GET b", "nil")],
    );
    redis.lag.set(Lag::PerKey(9));
    assert_eq!(answer(&sim, &redis, &["GET a"]), "'1'", "copies are made anew");
    sim.run_for(Duration::from_millis(51));
    redis.flush();
    redis.restore(&dump);
    assert_eq!(redis.keys(), ["h"], "what was to expire meanwhile has");
    assert_eq!(redis.stored("h").unwrap().expires, None);
}

#[test]
fn requests_commands_and_bytes_are_counted() {
    let (sim, redis) = redis();
    let script = "EVAL return{'abc',{12,false}} 1 k";
    answer(&sim, &redis, &["SET k abc", script, "GET k"]);
    let bytes_up = 7 + (script.len() - 3) + 4;
    let bytes_down = 2 + 5 + 3;
    let counts = Counts { requests: 1, commands: 3, bytes_up, bytes_down };
    assert_eq!(redis.counts.take(), counts);
    redis.fault.set(Fault::LostAnswer);
    assert_eq!(send(&sim, &redis, &["GET k"]), Err(TierError::Timeout));
    redis.fault.set(Fault::Quota);
    assert_eq!(send(&sim, &redis, &["GET k", "GET k"]), Err(TierError::Quota));
    let counts = Counts { requests: 2, commands: 1, bytes_up: 12, bytes_down: 0 };
    assert_eq!(redis.counts.take(), counts);
    assert_eq!(redis.counts.get(), Counts::default());
    let calls = redis.calls.borrow();
    assert_eq!(*calls, [vec!["SET k", "EVAL", "GET k"], vec!["GET k"], vec!["GET k", "GET k"]]);
}

#[test]
fn a_listing_is_cut_wherever_it_stands() {
    let (sim, redis) = redis();
    talk(&redis, &[("SET l [1,2]", "'OK'"), ("SET n 7", "'OK'")]);
    redis.fault.set(Fault::Corrupt);
    let script = "EVAL_RO return{{redis.call('GET','l')}} 0";
    let replies = answer(&sim, &redis, &["GET l", script, "MGET l n"]);
    assert_eq!(replies, "'[1' [['[1']] ['[1' '7']");
}

#[test]
fn others_get_between_commands_but_not_into_a_script() {
    let (sim, redis) = redis();
    let meanwhile = redis.clone();
    let other = sim.clone();
    sim.spawn(1, async move {
        loop {
            other.sleep(Duration::from_millis(1)).await;
            meanwhile.run(&["INCR", "n"]);
        }
    });
    let script = "EVAL return{redis.call('INCR','n'),redis.call('INCR','n')} 0";
    let replies = answer(&sim, &redis, &["INCR n", "INCR n", script]);
    let numbers: Vec<i64> =
        replies.split(' ').map(|word| word.trim_matches(['[', ']']).parse().unwrap()).collect();
    let [first, second, inside, next] = numbers[..] else { panic!("{replies}") };
    assert!(second > first + 1, "{replies}");
    assert_eq!(next, inside + 1, "{replies}");
}
