//! What the commands do, as Redis 7 does it; each gets the right number of words, or more than it takes.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    glob,
    keyspace::{Keyspace, Stored, Value, place},
    lists,
    server::Output,
};

/// A reply, or the text of an error.
pub type Outcome = Result<Output, String>;

pub(super) const WRONG_TYPE: &str =
    "WRONGTYPE Operation against a key holding the wrong kind of value";
const NO_INTEGER: &str = "ERR value is not an integer or out of range";
const OVERFLOW: &str = "ERR increment or decrement would overflow";
const SYNTAX: &str = "ERR syntax error";

pub fn wrong_number(name: &str) -> String {
    format!("ERR wrong number of arguments for '{}' command", name.to_ascii_lowercase())
}

fn invalid_expiry(name: &str) -> String {
    format!("ERR invalid expire time in '{name}' command")
}

/// An integer as Redis takes it: no sign, zero or space too many.
pub fn integer(text: &str) -> Result<i64, String> {
    let value: Option<i64> = text.parse().ok();
    value.filter(|value| value.to_string() == text).ok_or_else(|| NO_INTEGER.to_owned())
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap()
}

fn bulk(text: &str) -> Output {
    Output::Bulk(Rc::from(text))
}

fn count(of: impl Iterator) -> Output {
    Output::Integer(i64::try_from(of.count()).unwrap())
}

pub fn apply(data: &mut Keyspace, name: &str, words: &[String]) -> Outcome {
    match (name, words) {
        ("GET", [key]) => get(data, key),
        ("MGET", keys) => {
            let found = keys.iter().map(|key| get(data, key).unwrap_or(Output::Nil));
            Ok(Output::Array(found.collect()))
        }
        ("STRLEN", [key]) => match get(data, key)? {
            Output::Bulk(text) => Ok(Output::Integer(i64::try_from(text.len()).unwrap())),
            _ => Ok(Output::Integer(0)),
        },
        ("EXISTS", keys) => Ok(count(keys.iter().filter(|key| data.find(key).is_some()))),
        ("DEL" | "UNLINK", keys) => Ok(count(keys.iter().filter(|key| data.remove(key).is_some()))),
        ("TYPE", [key]) => {
            let kind = data.find(key).map_or("none", |stored| stored.value.kind());
            Ok(Output::Status(Rc::from(kind)))
        }
        ("PTTL", [key]) => {
            let now = data.now();
            Ok(expiry(data.find(key), |at| at - now))
        }
        ("PEXPIRETIME", [key]) => Ok(expiry(data.find(key), |at| at)),
        ("PEXPIRE", [key, ms, options @ ..]) => expire(data, "pexpire", key, ms, options),
        ("PEXPIREAT", [key, ms, options @ ..]) => expire(data, "pexpireat", key, ms, options),
        ("SET", [key, value, options @ ..]) => set(data, key, value, options),
        ("INCR", [key]) => increment(data, key, 1),
        ("INCRBY", [key, by]) => increment(data, key, integer(by)?),
        ("HSET", [key, pairs @ ..]) if pairs.len() % 2 == 0 => set_fields(data, key, pairs),
        ("HINCRBY", [key, field, by]) => increment_field(data, key, field, integer(by)?),
        ("HGETALL", [key]) => {
            let fields = hash(data, key)?.0;
            let words = fields.iter().flat_map(|(name, value)| [Rc::clone(name), Rc::clone(value)]);
            Ok(Output::Array(words.map(Output::Bulk).collect()))
        }
        ("LINDEX" | "LRANGE" | "RPUSH" | "LPOP" | "LTRIM", [key, words @ ..]) => {
            lists::apply(data, name, key, words)
        }
        ("SCAN", [cursor, options @ ..]) => scan(data, cursor, options),
        ("TIME", []) => {
            let (seconds, micros) = (data.now() / 1_000, data.now() % 1_000 * 1_000);
            Ok(Output::Array(vec![bulk(&seconds.to_string()), bulk(&micros.to_string())]))
        }
        _ => Err(wrong_number(name)),
    }
}

fn get(data: &mut Keyspace, key: &str) -> Outcome {
    match data.find(key) {
        None => Ok(Output::Nil),
        Some(stored) => {
            let text = stored.text().ok_or(WRONG_TYPE)?;
            Ok(Output::Bulk(Rc::clone(text)))
        }
    }
}

fn expiry(stored: Option<&Stored>, shown: impl FnOnce(u64) -> u64) -> Output {
    let expires = stored.map(|stored| stored.expires);
    Output::Integer(expires.map_or(-2, |at| at.map_or(-1, |at| signed(shown(at)))))
}

/// The options of SET and PEXPIRE, which may come in any order and any case.
#[derive(Default)]
struct Options {
    flags: Vec<String>,
    /// The option and its number.
    expiry: Option<(String, String)>,
}

impl Options {
    fn of_set(words: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let name = word.to_ascii_uppercase();
            match name.as_str() {
                "NX" | "XX" | "GET" | "KEEPTTL" => options.flags.push(name),
                "EX" | "PX" | "EXAT" | "PXAT" => {
                    let number = words.next().ok_or(SYNTAX)?;
                    if options.expiry.as_ref().is_some_and(|(other, _)| *other != name) {
                        return Err(SYNTAX.to_owned());
                    }
                    options.expiry = Some((name, number.clone()));
                }
                _ => return Err(SYNTAX.to_owned()),
            }
        }
        let contradicts = (options.has("NX") && options.has("XX"))
            || (options.has("KEEPTTL") && options.expiry.is_some());
        if contradicts { Err(SYNTAX.to_owned()) } else { Ok(options) }
    }

    fn of_expire(words: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        for word in words {
            let name = word.to_ascii_uppercase();
            if !["NX", "XX", "GT", "LT"].contains(&name.as_str()) {
                return Err(format!("ERR Unsupported option {word}"));
            }
            options.flags.push(name);
        }
        let contradiction = if options.has("NX") && options.flags.iter().any(|flag| flag != "NX") {
            "NX and XX, GT or LT"
        } else if options.has("GT") && options.has("LT") {
            "GT and LT"
        } else {
            return Ok(options);
        };
        Err(format!("ERR {contradiction} options at the same time are not compatible"))
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|found| found == flag)
    }

    /// When what SET sets expires.
    fn expires(&self, now: u64) -> Result<Option<u64>, String> {
        let Some((name, number)) = &self.expiry else { return Ok(None) };
        let number = integer(number)?;
        let factor = if name.starts_with("EX") { 1_000 } else { 1 };
        let from = if name.ends_with("AT") { 0 } else { signed(now) };
        let at = Some(number).filter(|number| *number > 0);
        let at = at.and_then(|number| number.checked_mul(factor)?.checked_add(from));
        let at = at.and_then(|at| u64::try_from(at).ok());
        at.map(Some).ok_or_else(|| invalid_expiry("set"))
    }
}

fn set(data: &mut Keyspace, key: &str, value: &str, options: &[String]) -> Outcome {
    let options = Options::of_set(options)?;
    let expires = options.expires(data.now())?;
    let old = if options.has("GET") { Some(get(data, key)?) } else { None };
    let before = data.find(key);
    let is_refused = if before.is_some() { options.has("NX") } else { options.has("XX") };
    if is_refused {
        return Ok(old.unwrap_or(Output::Nil));
    }
    let kept = before.and_then(|before| before.expires).filter(|_| options.has("KEEPTTL"));
    data.write(key, Value::Text(Rc::from(value)), expires.or(kept));
    Ok(old.unwrap_or_else(|| Output::Status(Rc::from("OK"))))
}

fn expire(data: &mut Keyspace, name: &str, key: &str, number: &str, options: &[String]) -> Outcome {
    let options = Options::of_expire(options)?;
    let from = if name == "pexpire" { signed(data.now()) } else { 0 };
    let at = integer(number)?.checked_add(from).ok_or_else(|| invalid_expiry(name))?;
    let Some(stored) = data.find(key).cloned() else { return Ok(Output::Integer(0)) };
    // A key that does not expire counts as one that does so after all others.
    let current = stored.expires.map_or(i64::MAX, signed);
    let is_refused = (options.has("NX") && stored.expires.is_some())
        || (options.has("XX") && stored.expires.is_none())
        || (options.has("GT") && at <= current)
        || (options.has("LT") && at >= current);
    if is_refused {
        return Ok(Output::Integer(0));
    }
    match u64::try_from(at) {
        Ok(at) if at > data.now() => data.write(key, stored.value, Some(at)),
        _ => drop(data.remove(key)),
    }
    Ok(Output::Integer(1))
}

fn increment(data: &mut Keyspace, key: &str, by: i64) -> Outcome {
    let (value, expires) = match data.find(key) {
        None => (0, None),
        Some(stored) => (integer(stored.text().ok_or(WRONG_TYPE)?)?, stored.expires),
    };
    let value = value.checked_add(by).ok_or(OVERFLOW)?;
    data.write(key, Value::Text(Rc::from(value.to_string())), expires);
    Ok(Output::Integer(value))
}

/// A hash, an empty one where there is none, and when it expires.
fn hash(data: &mut Keyspace, key: &str) -> Result<(Rc<Fields>, Option<u64>), String> {
    match data.find(key) {
        None => Ok((Rc::default(), None)),
        Some(Stored { value: Value::Hash(fields), expires }) => Ok((Rc::clone(fields), *expires)),
        Some(_) => Err(WRONG_TYPE.to_owned()),
    }
}

type Fields = BTreeMap<Rc<str>, Rc<str>>;

fn set_fields(data: &mut Keyspace, key: &str, pairs: &[String]) -> Outcome {
    let (mut fields, expires) = hash(data, key)?;
    let before = fields.len();
    for pair in pairs.chunks_exact(2) {
        Rc::make_mut(&mut fields).insert(Rc::from(pair[0].as_str()), Rc::from(pair[1].as_str()));
    }
    let added = fields.len() - before;
    data.write(key, Value::Hash(fields), expires);
    Ok(Output::Integer(i64::try_from(added).unwrap()))
}

fn increment_field(data: &mut Keyspace, key: &str, field: &str, by: i64) -> Outcome {
    let (mut fields, expires) = hash(data, key)?;
    let value = fields.get(field).map_or(Ok(0), |text| integer(text));
    let value = value.map_err(|_| "ERR hash value is not an integer")?;
    let value = value.checked_add(by).ok_or(OVERFLOW)?;
    Rc::make_mut(&mut fields).insert(Rc::from(field), Rc::from(value.to_string()));
    data.write(key, Value::Hash(fields), expires);
    Ok(Output::Integer(value))
}

fn scan(data: &Keyspace, cursor: &str, options: &[String]) -> Outcome {
    let begin: u64 = cursor.parse().map_err(|_| "ERR invalid cursor")?;
    let (mut pattern, mut size) = ("*", 10);
    for option in options.chunks(2) {
        let [name, value] = option else { return Err(SYNTAX.to_owned()) };
        match name.to_ascii_uppercase().as_str() {
            "MATCH" => pattern = value,
            "COUNT" => size = usize::try_from(integer(value)?).map_err(|_| SYNTAX)?,
            _ => return Err(SYNTAX.to_owned()),
        }
    }
    if size == 0 {
        return Err(SYNTAX.to_owned());
    }
    // By their hashes, so that a cursor keeps its place whatever is added and removed meanwhile. 0 begins and ends.
    let places = data.names().into_iter().map(|key| (place(&key) | 1, key));
    let mut rest: Vec<(u64, Rc<str>)> = places.filter(|(place, _)| *place >= begin).collect();
    rest.sort();
    let next = rest.get(size).map_or(0, |(place, _)| *place);
    rest.truncate(size);
    let found = rest.into_iter().map(|(_, key)| key);
    let mut found: Vec<_> =
        found.filter(|key| glob::matches(pattern.as_bytes(), key.as_bytes())).collect();
    found.sort();
    let found = found.into_iter().map(Output::Bulk).collect();
    Ok(Output::Array(vec![bulk(&next.to_string()), Output::Array(found)]))
}
