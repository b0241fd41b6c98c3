//! Scripts in the fake Redis: real Lua, with what Redis gives to it and takes from it.

use super::{redis, show};

/// Runs scripts one after the other on one Redis that holds `k`, a text, and `h`, a hash; they get it as KEYS[1] and
/// KEYS[2], and `x` and `7` as ARGV.
fn evaluate(scripts: &[(&str, &str)]) {
    let (_, redis) = redis();
    redis.set("k", "v", None);
    redis.run(&["HSET", "h", "f", "1"]);
    for (script, expected) in scripts {
        let reply = redis.run(&["EVAL", script, "2", "k", "h", "x", "7"]);
        assert_eq!(show(&reply), *expected, "{script}");
    }
}

#[test]
fn results_become_replies() {
    evaluate(&[
        ("return 1", "1"),
        ("return 3.99", "3"),
        ("return -3.99", "-3"),
        ("return 9007199254740993", "9007199254740992"),
        ("return 1e30", "-9223372036854775808"),
        ("return 0/0", "-9223372036854775808"),
        ("return 'text'", "'text'"),
        ("return ''", "''"),
        ("return true", "1"),
        ("return false", "nil"),
        ("return nil", "nil"),
        ("", "nil"),
        ("return 1, 2", "1"),
        ("return redis.call", "nil"),
        ("return {1, 2.9, 'a', false, true, nil, 3}", "[1 2 'a' nil 1]"),
        ("return {{{1}}, {}}", "[[[1]] []]"),
        ("return {a = 1}", "[]"),
        ("return {ok = 'fine'}", "'fine'"),
        ("return {1, err = 'E x'}", "!E x"),
        ("return {1, {err = 'X y'}, {ok = 'Z'}}", "[1 !X y 'Z']"),
        ("return redis.status_reply('A B')", "'A B'"),
        ("return redis.error_reply('A B')", "!A B"),
        ("return redis.error_reply('-A B')", "!A B"),
        ("return redis.error_reply('oops')", "!ERR oops"),
    ]);
}

#[test]
fn replies_become_values() {
    evaluate(&[
        ("return #KEYS .. #ARGV .. KEYS[1] .. ARGV[2]", "'22k7'"),
        ("return type(redis.call('GET', 'none'))", "'boolean'"),
        ("return redis.call('GET', KEYS[1]) .. ARGV[1]", "'vx'"),
        ("return type(redis.call('EXISTS', 'k')) .. redis.call('EXISTS', 'k')", "'number1'"),
        ("return redis.call('set', 's', ARGV[2]).ok", "'OK'"),
        ("return redis.call('SET', 's', 1, 'NX')", "nil"),
        ("return redis.call('INCRBY', 's', ARGV[2])", "14"),
        ("return redis.call('MGET', 'k', 'none', 'h')", "['v' nil nil]"),
        ("return {unpack(redis.call('HGETALL', 'h'))}", "['f' '1']"),
        ("return type(redis.call('TIME')[1])", "'string'"),
        ("return redis.call('TYPE', 'h').ok", "'hash'"),
        ("return redis.call('DEL', unpack(KEYS))", "2"),
    ]);
}

#[test]
fn a_script_runs_the_commands_that_a_client_runs() {
    evaluate(&[
        ("return redis.call('STRLEN', 'k') + redis.call('STRLEN', 'none')", "1"),
        ("return redis.pcall('STRLEN', 'h').err:sub(1, 9)", "'WRONGTYPE'"),
        (
            "return {redis.call('HSET', 'h', 'g', 2, 'f', 3), redis.call('HINCRBY', 'h', 'f', -4)}",
            "[1 -1]",
        ),
        ("return redis.call('HGETALL', 'h')", "['f' '-1' 'g' '2']"),
        (
            "return {redis.call('PEXPIREAT', 'h', '4000000000000'), redis.call('PEXPIRETIME', 'h')}",
            "[1 4000000000000]",
        ),
        ("return {redis.call('PEXPIRE', 'h', 100, 'LT'), redis.call('PTTL', 'h')}", "[1 100]"),
        ("return {redis.call('PEXPIREAT', 'h', 1), redis.call('PEXPIRETIME', 'h')}", "[1 -2]"),
        ("return {redis.call('UNLINK', 'k', 'h'), redis.call('PEXPIRETIME', 'k')}", "[1 -2]"),
    ]);
}

#[test]
fn numbers_become_words_as_c_writes_them() {
    for (number, text) in [
        ("1790000000123", "1790000000123"),
        ("-5", "-5"),
        ("0.1", "0.10000000000000001"),
        ("1790000000000.5", "1790000000000.5"),
        ("2^60", "1.152921504606847e+18"),
        ("1e300", "1.0000000000000001e+300"),
        ("1e15", "1000000000000000"),
        // Lua's own conversion keeps fourteen digits.
        ("1790000000000123 .. ''", "1.7900000000001e+15"),
    ] {
        let script = format!("redis.call('SET', 'n', {number}) return redis.call('GET', 'n')");
        evaluate(&[(&script, &format!("'{text}'"))]);
    }
}

#[test]
fn errors_end_a_script_unless_it_catches_them() {
    let wrong_type = "WRONGTYPE Operation against a key holding the wrong kind of value";
    evaluate(&[
        ("redis.call('SET', 'a', 1) redis.call('GET', 'h')", &format!("!{wrong_type}")),
        ("return redis.call('GET', 'a')", "'1'"),
        ("return redis.pcall('GET', 'h')", &format!("!{wrong_type}")),
        ("return redis.pcall('GET', 'h').err", &format!("'{wrong_type}'")),
        ("return redis.pcall('INCR', 'a')", "2"),
        ("return {pcall(redis.call, 'GET', 'h')}", &format!("[nil '{wrong_type}']")),
        ("return {pcall(redis.call, 'GET', 'k')}", "[1 'v']"),
        ("error('boom')", "!ERR user_script:1: boom"),
        ("\n\nerror('boom')", "!ERR user_script:3: boom"),
        ("error({err = 'MINE x'})", "!MINE x"),
        ("error()", "!ERR nil"),
        ("return redis.call('GET')", "!ERR Wrong number of args calling Redis command from script"),
        (
            "return redis.pcall()",
            "!ERR Please specify at least one argument for this redis lib call",
        ),
        (
            "return redis.call('GET', {})",
            "!ERR Lua redis lib command arguments must be strings or integers",
        ),
        (
            "return redis.call('EVAL', 'return 1', 0)",
            "!ERR This Redis command is not allowed from script",
        ),
        (
            "this is no Lua",
            "!ERR Error compiling script (new function): user_script:1: '=' expected near 'is'",
        ),
    ]);
}

#[test]
fn the_number_of_keys_is_checked() {
    let (_, redis) = redis();
    for (count, expected) in [
        ("2", "!ERR Number of keys can't be greater than number of args"),
        ("-1", "!ERR Number of keys can't be negative"),
        ("x", "!ERR value is not an integer or out of range"),
    ] {
        assert_eq!(show(&redis.run(&["EVAL", "return 1", count, "a"])), expected);
    }
}

#[test]
fn nothing_outlives_a_script() {
    let readonly = "!ERR user_script:1: Attempt to modify a readonly table";
    let missing = "!ERR user_script:1: Script attempted to access nonexistent global variable";
    evaluate(&[
        ("x = 1", readonly),
        ("return x", &format!("{missing} 'x'")),
        ("KEYS = {}", readonly),
        ("string.x = 1", readonly),
        ("redis.call = nil", readonly),
        ("local function f() y = 1 end f()", readonly),
        ("return os.time()", &format!("{missing} 'os'")),
        ("return math.floor(2.5) .. table.concat({'a', 'b'}) .. ('x'):rep(2)", "'2abxx'"),
        ("KEYS[1] = 'changed' return KEYS[1]", "'changed'"),
        ("return KEYS[1]", "'k'"),
        ("local t = setmetatable({}, {__index = function() return 5 end}) return t.a", "5"),
    ]);
}

#[test]
fn a_read_only_script_writes_nothing() {
    let (_, redis) = redis();
    let refused = "!ERR Write commands are not allowed from read-only scripts.";
    for (script, expected) in [
        ("return redis.call('SET', 'k', 1)", refused),
        ("return redis.call('DEL', 'k')", refused),
        ("return redis.pcall('PEXPIRE', 'k', 1)", refused),
        ("return redis.call('GET', 'k')", "nil"),
        ("return #redis.call('TIME')", "2"),
    ] {
        assert_eq!(show(&redis.run(&["EVAL_RO", script, "0"])), expected, "{script}");
    }
}

#[test]
fn time_stands_still_in_a_script() {
    let (sim, redis) = redis();
    let script =
        "redis.call('SET', 'k', 1, 'PX', 5) return {redis.call('PTTL', 'k'), redis.call('TIME')}";
    let reply = redis.run(&["eval", script, "0"]);
    let seconds = (sim.now().0 / 1_000).to_string();
    assert_eq!(show(&reply), format!("[5 ['{seconds}' '0']]"));
}

#[test]
#[should_panic(expected = "the fake Redis does not know")]
fn a_command_that_only_the_fake_does_not_know_is_no_answer() {
    drop(redis().1.run(&["EVAL", "return pcall(redis.pcall, 'LPUSH', 'l', 1)", "0"]));
}
