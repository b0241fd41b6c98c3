//! What the commands of lists do.

use std::rc::Rc;

use super::{
    commands::{Outcome, WRONG_TYPE, integer},
    keyspace::{Keyspace, Stored, Value},
    server::Output,
};

pub fn apply(data: &mut Keyspace, name: &str, key: &str, words: &[String]) -> Outcome {
    let (list, expires) = match data.find(key) {
        None => (Rc::from([]), None),
        Some(Stored { value: Value::List(list), expires }) => (Rc::clone(list), *expires),
        Some(_) => return Err(WRONG_TYPE.to_owned()),
    };
    let bulk = |text: &String| Output::Bulk(Rc::from(text.as_str()));
    match (name, words) {
        ("LINDEX", [at]) => {
            let at = place(integer(at)?, list.len());
            Ok(usize::try_from(at).ok().and_then(|at| list.get(at)).map_or(Output::Nil, bulk))
        }
        ("LRANGE", [first, end]) => Ok(Output::Array(
            part(&list, integer(first)?, integer(end)?).iter().map(bulk).collect(),
        )),
        ("RPUSH", more) => {
            let list = [&*list, more].concat();
            let length = i64::try_from(list.len()).unwrap();
            data.write(key, Value::List(list.into()), expires);
            Ok(Output::Integer(length))
        }
        ("LPOP", []) => {
            let Some((first, rest)) = list.split_first() else { return Ok(Output::Nil) };
            keep(data, key, rest, expires);
            Ok(bulk(first))
        }
        ("LTRIM", [first, end]) => {
            keep(data, key, part(&list, integer(first)?, integer(end)?), expires);
            Ok(Output::Status(Rc::from("OK")))
        }
        _ => Err(super::commands::wrong_number(name)),
    }
}

/// A list without elements is none.
fn keep(data: &mut Keyspace, key: &str, list: &[String], expires: Option<u64>) {
    if list.is_empty() {
        drop(data.remove(key));
    } else {
        data.write(key, Value::List(list.into()), expires);
    }
}

/// Where an index points; a negative one counts from the end.
fn place(index: i64, length: usize) -> i64 {
    if index < 0 { index + i64::try_from(length).unwrap() } else { index }
}

fn part(list: &[String], first: i64, end: i64) -> &[String] {
    let first = usize::try_from(place(first, list.len())).unwrap_or(0);
    let end = usize::try_from(place(end, list.len()) + 1).unwrap_or(0).min(list.len());
    list.get(first..end).unwrap_or_default()
}
