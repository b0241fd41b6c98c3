//! The logo that stands for a site: its favicon, as Google keeps it.

/// The favicon's address; none where nothing names a site.
pub(in crate::catalog::provider::served) fn favicon(site: &str) -> Option<String> {
    let domain = domain(site);
    let domain = domain.strip_prefix("www.").unwrap_or(domain);
    let address = format!("https://www.google.com/s2/favicons?domain={domain}&sz=128");
    (!site.is_empty()).then_some(address)
}

/// The host and its port; where the site is no whole URL, what stands for its path.
fn domain(site: &str) -> &str {
    let after_scheme = match site.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => site,
    };
    let until = |text: &str, ends: &[char]| text.find(ends).unwrap_or(text.len());
    let (text, ends): (_, &[char]) = match after_scheme.strip_prefix("//") {
        Some(rest) if !rest.starts_with(['/', '?', '#']) && !rest.is_empty() => {
            (rest, &['/', '?', '#'])
        }
        Some(rest) => (rest, &['?', '#']),
        None => (after_scheme, &['?', '#']),
    };
    text.get(..until(text, ends)).unwrap_or_default()
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_known_by_its_host_and_port() {
        for (site, domain) in [
            ("https://www.openai.com/api", "openai.com"),
            ("http://www.featherless.example:8080/a?b=c", "featherless.example:8080"),
            ("https://cloud.google.com/vertex-ai", "cloud.google.com"),
            ("lonely.example", "lonely.example"),
            ("lonely.example/x?y#z", "lonely.example/x"),
            ("//near.example?q", "near.example"),
            ("www.www.x", "www.x"),
        ] {
            let expected = format!("https://www.google.com/s2/favicons?domain={domain}&sz=128");
            assert_eq!(favicon(site), Some(expected), "{site}");
        }
        assert_eq!(favicon(""), None);
    }
}
