//! Base URLs of servers: a scheme, a host, perhaps a port and a path. They are taken apart by hand (docs/platform.md,
//! "No URL parser").

/// What is wrong with a base URL, if anything is.
pub(super) fn mistake(url: &str) -> Option<&'static str> {
    const NO_URL: Option<&str> = Some("must be an http:// or https:// URL with a host");
    let Some((scheme, rest)) = url.split_once("://") else { return NO_URL };
    if rest.contains(['?', '#']) {
        return Some("must not have a query or a fragment");
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        return Some("must not hold credentials");
    }
    let is_http = ["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(scheme));
    if is_http && is_authority(authority) && !path.contains('\\') { None } else { NO_URL }
}

/// A host with or without a port.
fn is_authority(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => return is_address(address),
        Some((address, port)) => return is_address(address) && is_port(port),
        None => match authority.find(':') {
            Some(at) => authority.split_at(at),
            None => (authority, ""),
        },
    };
    let is_label = |label: &str| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !label.is_empty() && label.chars().all(is_part)
    };
    // A dot at the end is the root of all names.
    let is_host = host.strip_suffix('.').unwrap_or(host).split('.').all(is_label);
    is_host && (port.is_empty() || is_port(port))
}

/// An address of IPv6, as far as its characters tell.
fn is_address(text: &str) -> bool {
    text.contains(':') && text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.'))
}

/// A port with its colon.
fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok())
}
