//! The faults of the fake Redis.

use std::time::Duration;

use model_catalog_edge::ports::Redis;

use super::{redis, show, talk};
use crate::support::{
    redis::{FakeRedis, Fault},
    sim::Sim,
};

/// Sends commands, whose words are apart by spaces, as one request; the replies as a line.
fn answer(sim: &Sim, redis: &FakeRedis, lines: &[&str]) -> String {
    let words = |line: &&str| line.split(' ').map(str::to_owned).collect();
    let commands = lines.iter().map(words).collect();
    let redis = redis.clone();
    let replies = sim.block_on(async move { redis.pipeline(commands, Duration::ZERO).await });
    replies.unwrap().iter().map(show).collect::<Vec<_>>().join(" ")
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
