//! The query of what explains a request: the request, as a path or a URL.

use form_urlencoded::parse;

use super::mistake::Mistake;

/// The parameter.
pub(crate) const URL: &str = "url";
/// A longer one is none that the API knows.
pub(crate) const URL_BYTES_MAX: usize = 4096;

/// The path and the query that are to be explained; a whole URL will do.
pub(crate) fn url(query: &str) -> Result<String, Mistake> {
    let given = parse(query.as_bytes()).filter(|(name, _)| name == URL).last();
    let Some((_, url)) = given else {
        return Err(Mistake::of_query("missing", URL, "Field required", ""));
    };
    let mistake = |sentence: &str| Mistake::of_query("value_error", URL, sentence, &url);
    if url.len() > URL_BYTES_MAX {
        return Err(mistake("It is too long"));
    }
    if !["/", "http://", "https://"].iter().any(|start| url.starts_with(start)) {
        return Err(mistake("A path with its query is wanted, such as /v1/models/unique?limit=5"));
    }
    Ok(url.into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_to_be_explained_is_a_path_or_a_url() {
        for (query, expected) in [
            ("url=%2Fmodels%2Funique%3Flimit%3D5%26q%3Da%2520b", "/models/unique?limit=5&q=a%20b"),
            ("url=/x&url=https://host/models?a=b", "https://host/models?a=b"),
        ] {
            assert_eq!(url(query).unwrap(), expected, "{query}");
        }
        let long = format!("url=/{}", "a".repeat(URL_BYTES_MAX));
        for query in ["", "url=", "url=models", "URL=/x", "url=ftp://x/y", &long] {
            let mistake = json!(url(query).unwrap_err());
            assert_eq!(mistake["loc"], json!(["query", "url"]), "{query}");
        }
    }
}
