//! How often one client may ask for what needs credentials.

use std::{fmt, net::IpAddr, rc::Rc};

use crate::ports::RateLimit;

/// The limit of a deployment, if it has one.
#[derive(Clone, Default)]
pub struct Limiter(Option<Rc<dyn RateLimit>>);

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Limiter").field(&self.0.is_some()).finish()
    }
}

impl Limiter {
    /// A limiter over this limit; without one everything is admitted.
    pub fn new(limit: Option<Rc<dyn RateLimit>>) -> Self {
        Self(limit)
    }

    /// Whether a client of this address may go on. A limit that cannot tell is none: it must not lock operators out.
    pub(super) async fn admit(&self, address: Option<&str>) -> bool {
        match &self.0 {
            Some(limit) => limit.admit(&key(address)).await.unwrap_or(true),
            None => true,
        }
    }
}

/// What is counted together: an address, of IPv6 the network of 64 bits that one client has to itself. Those of whom nothing
/// is known are one client.
fn key(address: Option<&str>) -> String {
    match address.and_then(|address| address.parse().ok()) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_an_address_or_a_network_of_its_own() {
        for (address, expected) in [
            (Some("192.0.2.7"), "192.0.2.7"),
            (Some("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64"),
            (Some("2001:db8:1:2::7"), "2001:db8:1:2::/64"),
            (Some("2001:db8::1"), "2001:db8:0:0::/64"),
            (Some("192.0.2.7, 192.0.2.8"), "unknown"),
            (Some(""), "unknown"),
            (None, "unknown"),
        ] {
            assert_eq!(key(address), expected, "{address:?}");
        }
    }
}
