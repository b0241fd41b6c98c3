//! `X-Request-ID`: what a client, the log and whoever is asked for help call one request by.

use crate::http::request::RequestHeaders;

/// The name of the header.
pub(in crate::http) const REQUEST_ID: &str = "x-request-id";

/// A longer one is no name.
const BYTES_MAX: usize = 128;

/// What a request is called. It is made without an allocation: not every request that is named is answered.
pub(in crate::http) enum RequestId<'a> {
    /// By the client, or by the platform.
    Given(&'a str),
    /// Here: sixteen digits.
    Made([u8; 16]),
}

impl RequestId<'_> {
    pub(in crate::http) fn as_str(&self) -> &str {
        match self {
            Self::Given(id) => id,
            Self::Made(digits) => str::from_utf8(digits).unwrap_or_default(),
        }
    }
}

/// The client's own, if it is sane; else the platform's name of the request, and where there is none a random one.
pub(in crate::http) fn request_id(
    headers: &RequestHeaders,
    random: impl FnOnce() -> u64,
) -> RequestId<'_> {
    let given = headers.request_id.as_deref().filter(|id| is_sane(id));
    let known = given.or_else(|| headers.ray.as_deref().filter(|id| is_sane(id)));
    known.map_or_else(|| RequestId::Made(digits(random())), RequestId::Given)
}

fn digits(random: u64) -> [u8; 16] {
    let mut digits = [b'0'; 16];
    // Eight bytes are sixteen digits.
    let _ = hex::encode_to_slice(random.to_be_bytes(), &mut digits);
    digits
}

/// Whether a name can stand in a log and in a header without meaning anything else there.
fn is_sane(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&byte);
    !id.is_empty() && id.len() <= BYTES_MAX && id.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_name_is_kept_and_another_one_made_for_what_is_none() {
        let long = "a".repeat(BYTES_MAX);
        let longer = "a".repeat(BYTES_MAX + 1);
        for (given, ray, expected) in [
            (None, None, "00000000000000ff"),
            (None, Some("8f1-FRA"), "8f1-FRA"),
            (
                Some("550e8400-e29b-41d4-a716-446655440000"),
                Some("8f1-FRA"),
                "550e8400-e29b-41d4-a716-446655440000",
            ),
            (Some("Root=1-67/a:b+c=@d.e_f"), None, "Root=1-67/a:b+c=@d.e_f"),
            (Some(long.as_str()), None, long.as_str()),
            (Some(longer.as_str()), None, "00000000000000ff"),
            (Some(""), None, "00000000000000ff"),
            (Some("a b"), Some("8f1-FRA"), "8f1-FRA"),
            (Some("a\r\nset-cookie: x"), None, "00000000000000ff"),
            (Some("a\"b"), None, "00000000000000ff"),
            (Some("ä"), None, "00000000000000ff"),
        ] {
            let (request_id_header, ray) = (given.map(str::to_owned), ray.map(str::to_owned));
            let headers =
                RequestHeaders { request_id: request_id_header, ray, ..RequestHeaders::default() };
            assert_eq!(request_id(&headers, || 255).as_str(), expected, "{given:?}");
        }
    }
}
