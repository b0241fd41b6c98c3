//! The Redis port over Upstash's REST API (docs/platform.md, "Upstash is HTTP"). It knows commands and errors, not what
//! they are for. `upstash-redis-rs` cannot be used (docs/platform.md, "upstash-redis-rs does not build for Workers").

use std::{
    cell::RefCell,
    fmt,
    io::{self, Write},
    rc::Rc,
    time::Duration,
};

use async_trait::async_trait;
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

use crate::ports::{Command, Http, HttpRequest, Redis, Reply, TierError};

/// The header that says which state of the database a client has seen.
const SYNC_TOKEN: &str = "upstash-sync-token";

/// A client of one database. It reads what it wrote: a replica that has not come as far as the last answer catches up
/// first (docs/platform.md, "Upstash replicas lag").
pub struct Upstash {
    http: Rc<dyn Http>,
    url: String,
    token: String,
    /// What the last answer said that was seen.
    seen: RefCell<Option<String>>,
}

impl fmt::Debug for Upstash {
    /// The token is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstash").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Upstash {
    /// `url` is `UPSTASH_REDIS_REST_URL`, `token` its secret.
    pub fn new(http: Rc<dyn Http>, url: &str, token: &str) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        Self { http, url, token: token.to_owned(), seen: RefCell::default() }
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let seen = self.seen.borrow().clone();
        let mut headers = vec![
            ("authorization", format!("Bearer {}", self.token)),
            ("content-type", "application/json".to_owned()),
        ];
        headers.extend(seen.map(|seen| (SYNC_TOKEN, seen)));
        headers
    }
}

#[async_trait(?Send)]
impl Redis for Upstash {
    async fn pipeline(
        &self,
        commands: Vec<Command>,
        timeout: Duration,
    ) -> Result<Vec<Reply>, TierError> {
        let expected = commands.len();
        let body = InPieces::json(&commands).ok_or(TierError::Malformed)?;
        // Megabytes of values: they need not be held twice while the request is under way.
        drop(commands);
        let url = format!("{}/pipeline", self.url);
        let request = HttpRequest { url, headers: self.headers(), body: Some(body) };
        let mut response = self.http.send(request, timeout).await?;
        if let Some(seen) = response.sync_token.take() {
            self.seen.replace(Some(seen));
        }
        match response.status {
            200 => replies(&response.body, expected),
            429 => match refusal(&response.body) {
                // A used-up quota can come with the same status, and lasts.
                Some(TierError::Quota) => Err(TierError::Quota),
                _ => Err(TierError::Limited),
            },
            413 => Err(TierError::RequestTooLarge { limit: None }),
            status => match refusal(&response.body) {
                // A server that is out of order may say so in words; only a used-up quota is more than that.
                Some(error) if status < 500 || error == TierError::Quota => Err(error),
                _ => Err(TierError::Status(status)),
            },
        }
    }
}

/// A body in the making. What is as long as a catalog finds no place in one piece (docs/platform.md, "Wasm memory never
/// shrinks").
#[derive(Default)]
struct InPieces(Vec<Vec<u8>>);

impl InPieces {
    const PIECE_BYTES: usize = 1 << 20;

    fn json(commands: &[Command]) -> Option<Vec<Vec<u8>>> {
        let mut body = Self::default();
        serde_json::to_writer(&mut body, commands).ok()?;
        Some(body.0)
    }
}

impl Write for InPieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_full = |piece: &Vec<u8>| piece.len().saturating_add(bytes.len()) > Self::PIECE_BYTES;
        match self.0.last_mut() {
            Some(piece) if !is_full(piece) => piece.extend_from_slice(bytes),
            _ => self.0.push(bytes.to_vec()),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Deserialize)]
struct Item {
    result: Option<Value>,
    error: Option<String>,
}

struct Value(Reply);

fn replies(body: &str, expected: usize) -> Result<Vec<Reply>, TierError> {
    let items: Vec<Item> = serde_json::from_str(body).map_err(|_| TierError::Malformed)?;
    if items.len() != expected {
        return Err(TierError::Malformed);
    }
    items.into_iter().map(reply).collect()
}

fn reply(item: Item) -> Result<Reply, TierError> {
    match item {
        Item { error: Some(text), .. } => match TierError::of_refusal(&text) {
            TierError::Command(_) => Ok(Reply::Error(text)),
            limit => Err(limit),
        },
        Item { result, error: None } => Ok(result.map_or(Reply::Nil, |Value(reply)| reply)),
    }
}

/// The error that stands in the body of a refused request, if one does.
fn refusal(body: &str) -> Option<TierError> {
    serde_json::from_str::<Item>(body).ok()?.error.map(|text| TierError::of_refusal(&text))
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Redis reply: null, an integer, a string or an array of these")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value(Reply::Nil))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value(Reply::Integer(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value(Reply::Integer(i64::try_from(value).unwrap_or(i64::MAX))))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value(Reply::Text(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value(Reply::Text(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Option<Value>>()? {
            items.push(item.map_or(Reply::Nil, |Value(reply)| reply));
        }
        Ok(Value(Reply::Array(items)))
    }
}
