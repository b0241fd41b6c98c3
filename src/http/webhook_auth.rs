//! Who may say that the tables changed: senders that know a secret, and show it or sign with it.

use std::{fmt, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::{
    auth::{any, bearer},
    request::RequestHeaders,
};
use crate::ports::Timestamp;

/// How far a signature's timestamp may be from now, to both sides.
pub(super) const WINDOW: Duration = Duration::from_mins(5);
const SCHEME: &str = "sha256=";
const DIGEST_BYTES: usize = 32;

/// The senders of a deployment, known by the secrets of `WEBHOOK_SECRET` and `WEBHOOK_SECRET_NEXT`.
pub struct Senders {
    secrets: Vec<String>,
}

impl fmt::Debug for Senders {
    /// Secrets are never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Senders").field("exist", &self.exist()).finish_non_exhaustive()
    }
}

/// How a call shows that it is authentic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// By the secret itself: Supabase's own webhooks send nothing else.
    Secret,
    /// By an HMAC-SHA256 over its timestamp, a full stop and its body.
    Signature([u8; DIGEST_BYTES]),
}

impl Senders {
    /// Senders with any of these secrets; without one there are none.
    pub fn new(secrets: Vec<String>) -> Self {
        Self { secrets }
    }

    /// Whether this deployment hears of changes. Without a secret the route does not exist.
    pub fn exist(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// What a call's headers say of it, before its body is read: none when they prove nothing.
    pub(super) fn proof(&self, headers: &RequestHeaders, now: Timestamp) -> Option<Proof> {
        if let Some(signature) = &headers.webhook_signature {
            let secs: u64 = headers.webhook_timestamp.as_deref()?.parse().ok()?;
            let sent = Timestamp(secs.checked_mul(1000)?);
            let is_now = now.since(sent) <= WINDOW && sent.since(now) <= WINDOW;
            let mut digest = [0; DIGEST_BYTES];
            hex::decode_to_slice(signature.strip_prefix(SCHEME)?, &mut digest).ok()?;
            return is_now.then_some(Proof::Signature(digest));
        }
        let given = headers.webhook_secret.as_deref();
        let given = given.or_else(|| bearer(headers.authorization.as_deref()))?;
        let fits = |secret: &str| secret.as_bytes().ct_eq(given.as_bytes());
        any(&self.secrets, fits).then_some(Proof::Secret)
    }

    /// Whether a digest is that of a timestamp and a body, by one of the secrets.
    pub(super) fn has_signed(
        &self,
        digest: &[u8; DIGEST_BYTES],
        timestamp: &str,
        body: &[u8],
    ) -> bool {
        any(&self.secrets, |secret| {
            // A key of any length will do.
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
                return Choice::from(0);
            };
            for part in [timestamp.as_bytes(), b".", body] {
                mac.update(part);
            }
            mac.finalize().into_bytes().as_slice().ct_eq(digest)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);
    /// By OpenSSL: `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac webhook-secret-next`.
    const DIGEST: &str = "ce532b1e7ff4de5012b7be98730be95aec6c482d855d888b7f024974322b3f38";

    fn senders() -> Senders {
        Senders::new(vec!["webhook-secret-one".to_owned(), "webhook-secret-next".to_owned()])
    }

    fn signed(timestamp: &str, signature: &str) -> RequestHeaders {
        RequestHeaders {
            webhook_timestamp: Some(timestamp.to_owned()),
            webhook_signature: Some(signature.to_owned()),
            ..RequestHeaders::default()
        }
    }

    #[test]
    fn a_secret_is_shown_in_either_header() {
        for (secret, authorization, expected) in [
            (Some("webhook-secret-one"), None, true),
            (Some("webhook-secret-next"), None, true),
            (None, Some("Bearer webhook-secret-next"), true),
            (None, Some("bearer webhook-secret-one"), true),
            (None, Some("Basic webhook-secret-one"), false),
            (Some("webhook-secret"), None, false),
            (Some("webhook-secret-one "), None, false),
            (Some(""), Some("Bearer webhook-secret-one"), false),
            (None, None, false),
        ] {
            let headers = RequestHeaders {
                webhook_secret: secret.map(str::to_owned),
                authorization: authorization.map(str::to_owned),
                ..RequestHeaders::default()
            };
            let proof = senders().proof(&headers, NOW);
            assert_eq!(proof, expected.then_some(Proof::Secret), "{secret:?} {authorization:?}");
        }
    }

    #[test]
    fn a_signature_is_of_now_and_of_the_whole_body() {
        let signature = format!("{SCHEME}{DIGEST}");
        let Some(Proof::Signature(digest)) =
            senders().proof(&signed("1700000000", &signature), NOW)
        else {
            panic!("no signature")
        };
        let body = br#"{"a":1}"#;
        assert!(senders().has_signed(&digest, "1700000000", body));
        assert!(!senders().has_signed(&digest, "1700000001", body));
        assert!(!senders().has_signed(&digest, "1700000000", br#"{"a":2}"#));
        assert!(!Senders::new(vec!["another-secret-0".to_owned()]).has_signed(
            &digest,
            "1700000000",
            body
        ));
        assert!(!Senders::new(Vec::new()).has_signed(&digest, "1700000000", body));
    }

    #[test]
    fn what_is_too_old_too_early_or_no_signature_is_not_even_read() {
        let signature = format!("{SCHEME}{DIGEST}");
        for (timestamp, expected) in [
            ("1699999700", true),
            ("1699999699", false),
            ("1700000300", true),
            ("1700000301", false),
            ("1700000000000", false),
            ("99999999999999999999", false),
            ("18446744073709551615", false),
            ("-1", false),
            ("", false),
        ] {
            let proof = senders().proof(&signed(timestamp, &signature), NOW);
            assert_eq!(proof.is_some(), expected, "{timestamp}");
        }
        for other in
            [DIGEST, "", "sha256=", "sha256=00", "sha1=00", &format!("{signature}00"), "sha256=zz"]
        {
            assert_eq!(senders().proof(&signed("1700000000", other), NOW), None, "{other}");
        }
        let without = RequestHeaders { webhook_timestamp: None, ..signed("", &signature) };
        assert_eq!(senders().proof(&without, NOW), None);
    }

    #[test]
    fn no_secret_is_printed() {
        assert_eq!(format!("{:?}", senders()), "Senders { exist: true, .. }");
        assert!(!Senders::new(Vec::new()).exist());
    }
}
