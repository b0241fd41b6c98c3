//! Settings as operators write them, and what is said of wrong ones.

use std::collections::HashMap;

use super::*;
use crate::catalog::PriceFallback;

struct Map(HashMap<&'static str, &'static str>);

impl Vars for Map {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| (*value).to_owned())
    }
}

fn minimal() -> Map {
    Map(HashMap::from([
        ("UPSTASH_REDIS_REST_URL", "https://redis.example"),
        ("UPSTASH_REDIS_REST_TOKEN", "secret-token"),
        ("SUPABASE_URL", "https://project.example"),
        ("SUPABASE_SERVICE_ROLE_KEY", "secret-key"),
    ]))
}

#[test]
fn what_is_not_set_has_its_default() {
    let config = Config::from_vars(&minimal()).ok().unwrap();
    let Policy { fingerprint, colo, .. } = config.policy;
    assert!(colo.is_some());
    assert_eq!(config.policy, Policy { colo, fingerprint, ..Policy::default() });
    assert_eq!(config.keys, KeySpace::default());
    assert!(config.admin.tokens.is_empty());
    assert!(config.admin.metrics_tokens.is_empty());
    assert!(config.supabase.enabled_providers.is_empty());
}

#[test]
fn deployments_share_a_data_centers_cache_only_where_they_share_all_that_it_tells_of() {
    let colo = |name, value| {
        let mut vars = minimal();
        vars.0.insert(name, value);
        Config::from_vars(&vars).ok().unwrap().policy.colo
    };
    let unset = colo("COLO_CACHE", "on");
    assert_eq!(colo("ADMIN_TOKEN", "a-token-that-is-long-enough"), unset);
    for (name, value) in [
        ("UPSTASH_REDIS_REST_URL", "https://another.example"),
        ("CACHE_NAMESPACE", "gw:"),
        ("SUPABASE_URL", "https://another.example"),
        ("ENABLED_PROVIDERS", "openai"),
    ] {
        let other = colo(name, value);
        assert!(other.is_some() && other != unset, "{name}");
    }
    assert_eq!(colo("COLO_CACHE", "off"), None);
    let mut vars = minimal();
    vars.0.insert("COLO_CACHE", "no");
    assert!(Config::from_vars(&vars).is_err());
}

#[test]
fn what_is_switched_is_on_or_off() {
    let front = |value| {
        let mut vars = minimal();
        vars.0.insert("WORKERS_CACHE", value);
        Config::from_vars(&vars).map(|config| config.policy.front)
    };
    assert_eq!(["", " on ", "off"].map(front), [Ok(false), Ok(true), Ok(false)]);
    for wrong in ["yes", "ON", "true", "1"] {
        let ConfigError(faults) = front(wrong).unwrap_err();
        assert_eq!(faults, ["WORKERS_CACHE must be on or off"]);
    }
}

#[test]
fn the_fingerprint_tells_settings_apart_that_shape_the_catalog() {
    let fingerprint = |name, value| {
        let mut vars = minimal();
        vars.0.insert(name, value);
        Config::from_vars(&vars).ok().unwrap().policy.fingerprint
    };
    let unset = fingerprint("ENABLED_PROVIDERS", "");
    let set = fingerprint("ENABLED_PROVIDERS", "openai,groq");
    assert_ne!(set, unset);
    assert_ne!(fingerprint("ENABLED_PROVIDERS", "openai"), set);
    assert_ne!(fingerprint("SUPABASE_URL", "https://other.example"), unset);
    assert_ne!(fingerprint("PRICE_FALLBACK", "model_pricing"), unset);
    assert_eq!(fingerprint("PRICE_FALLBACK", "off"), unset);
    for (name, value, same) in [
        ("ENABLED_PROVIDERS", " groq , openai,groq,", set),
        ("SUPABASE_URL", "https://project.example/rest/v1/", unset),
        ("SUPABASE_SERVICE_ROLE_KEY", "another-key", unset),
        ("CACHE_TTL_SECONDS", "300", unset),
        ("EDGE_MODE", "read_only", unset),
    ] {
        assert_eq!(fingerprint(name, value), same, "{name}");
    }
}

#[test]
fn every_mistake_is_reported_and_no_value() {
    let vars = Map(HashMap::from([
        ("UPSTASH_REDIS_REST_URL", "redis://value-a"),
        ("SUPABASE_SERVICE_ROLE_KEY", "  "),
        ("CACHE_TTL_SECONDS", "0"),
        ("HEDGE_MS", "value-b"),
        ("EDGE_MODE", "value-c"),
    ]));
    let ConfigError(faults) = Config::from_vars(&vars).err().unwrap();
    assert_eq!(faults.len(), 7, "{faults:?}");
    for name in ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN", "SUPABASE_URL"] {
        assert!(faults.iter().any(|fault| fault.starts_with(name)), "{name}");
    }
    assert!(!faults.join(" ").contains("value-"), "{faults:?}");
}

#[test]
fn a_missing_binding_is_reported_with_the_settings() {
    let faults = |vars: &Map, binding: Option<()>| {
        Config::with_binding(vars, "KV", binding).err().map(|ConfigError(faults)| faults)
    };
    assert_eq!(faults(&minimal(), Some(())), None);
    assert_eq!(faults(&minimal(), None).unwrap(), ["KV is not bound"]);
    let mut vars = minimal();
    vars.0.remove("SUPABASE_URL");
    assert_eq!(faults(&vars, Some(())).unwrap(), ["SUPABASE_URL is not set"]);
    assert_eq!(faults(&vars, None).unwrap(), ["SUPABASE_URL is not set", "KV is not bound"]);
}

/// What a setting of this value is complained of, besides itself being named.
fn complaint(name: &'static str, value: &'static str) -> Option<String> {
    let mut vars = minimal();
    vars.0.insert(name, value);
    let ConfigError(faults) = Config::from_vars(&vars).err()?;
    assert_eq!(faults.len(), 1, "{name}: {faults:?}");
    let shown = value.trim();
    assert!(
        shown.len() <= "https://".len() || !faults[0].contains(shown),
        "{faults:?} shows the value"
    );
    Some(faults[0].strip_prefix(name).unwrap().trim_start().to_owned())
}

const SECRETS: [&str; 4] =
    ["UPSTASH_REDIS_REST_TOKEN", "SUPABASE_SERVICE_ROLE_KEY", "ADMIN_TOKEN", "ADMIN_TOKEN_NEXT"];
const URLS: [&str; 2] = ["UPSTASH_REDIS_REST_URL", "SUPABASE_URL"];

#[test]
fn what_was_pasted_along_with_a_secret_is_refused_by_name() {
    let unprintable = "holds a character that is not printable ASCII, such as a byte-order mark";
    for name in SECRETS {
        for (value, expected) in [
            (" \t\u{a0}abcdefghijklmnop\r\n", None),
            ("sb_secret_a-b.c=/+~", None),
            ("\u{feff}abc", Some(unprintable)),
            ("abc\u{200b}", Some(unprintable)),
            ("ab\u{0}c", Some(unprintable)),
            ("ab\u{7f}c", Some(unprintable)),
            ("abc…", Some(unprintable)),
            ("“abc”", Some(unprintable)),
            ("\"abc\"", Some("holds a quote")),
            ("'abc'", Some("holds a quote")),
            ("`abc`", Some("holds a quote")),
            ("\"abc", Some("holds a quote")),
            ("abc def", Some("holds white space")),
            ("abc\ndef", Some("holds white space")),
            ("abc...", Some("holds an ellipsis, as if it had been cut off")),
            ("a.b.c.d.e.f.g.h.", None),
        ] {
            assert_eq!(complaint(name, value).as_deref(), expected, "{name} {value:?}");
        }
    }
}

#[test]
fn a_token_that_opens_something_here_is_long_enough() {
    let short = Some("must have at least 16 characters".to_owned());
    for name in ["ADMIN_TOKEN", "ADMIN_TOKEN_NEXT"] {
        assert_eq!(complaint(name, "abcdefghijklmno"), short, "{name}");
        assert_eq!(
            complaint(name, "abcdefghijklmno "),
            short,
            "{name}: white space is no character"
        );
        assert_eq!(complaint(name, "abcdefghijklmnop"), None, "{name}");
        assert_eq!(complaint(name, ""), None, "{name}: unset");
    }
    assert_eq!(
        complaint("UPSTASH_REDIS_REST_TOKEN", "abc"),
        None,
        "its length is Upstash's affair"
    );
}

#[test]
fn two_tokens_are_valid_at_once_and_neither_is_printed() {
    let mut vars = minimal();
    vars.0.insert("ADMIN_TOKEN_NEXT", "the-next-admin-token");
    assert_eq!(Config::from_vars(&vars).unwrap().admin.tokens, ["the-next-admin-token"]);
    vars.0.insert("ADMIN_TOKEN", "the-present-admin-token");
    vars.0.insert("WEBHOOK_SECRET", "the-webhook-secret");
    let config = Config::from_vars(&vars).unwrap();
    assert!(config.policy.hears_changes);
    assert_eq!(config.admin.tokens, ["the-present-admin-token", "the-next-admin-token"]);
    assert_eq!(config.admin.webhook_secrets, ["the-webhook-secret"]);
    assert_eq!(
        format!("{:?}", config.admin),
        "AdminConfig { tokens: 2, metrics_tokens: 0, webhook_secrets: 1 }"
    );
    assert!(!Config::from_vars(&minimal()).unwrap().policy.hears_changes);
}

#[test]
fn a_url_is_a_scheme_a_host_and_perhaps_a_path() {
    let no_url = "must be an http:// or https:// URL with a host";
    for name in URLS {
        for value in [
            " https://x.example/ ",
            "http://127.0.0.1:8000",
            "http://[::1]:80/a/b",
            "HTTPS://X.example",
            "http://redis_1:8079",
            "https://x.example.:443",
        ] {
            assert_eq!(complaint(name, value), None, "{name} {value:?}");
        }
        for value in [
            "x.example",
            "redis://x.example",
            "rediss://x.example:6379",
            "https:/x.example",
            "https://",
            "https:///a",
            "https://:443",
            "https://x.example:port",
            "https://x.example:70000",
            "https://x.example:",
            "https://[::1",
            "https://x,y",
            "https://https://x.example",
            "https://x\\y",
            "https://x..example",
            "https://.example",
            "https://.",
        ] {
            assert_eq!(complaint(name, value).as_deref(), Some(no_url), "{name} {value:?}");
        }
        for (value, expected) in [
            ("https://user:pass@x.example", "must not hold credentials"),
            ("https://x.example/?a=b", "must not have a query or a fragment"),
            ("https://x.example#a", "must not have a query or a fragment"),
            ("\"https://x.example\"", "holds a quote"),
            ("https://x.exam ple", "holds white space"),
        ] {
            assert_eq!(complaint(name, value).as_deref(), Some(expected), "{name} {value:?}");
        }
        assert!(complaint(name, "\u{feff}https://x.example").unwrap().contains("byte-order"));
        assert!(complaint(name, "https://x…").unwrap().contains("printable"));
        assert_eq!(complaint(name, "").as_deref(), Some("is not set"));
    }
}

#[test]
fn the_dashboards_rest_url_is_the_project() {
    for value in [
        "https://x.example",
        "https://x.example/",
        "https://x.example/rest/v1",
        "https://x.example/rest/v1/",
        "https://x.example//",
    ] {
        let mut vars = minimal();
        vars.0.insert("SUPABASE_URL", value);
        assert_eq!(Config::from_vars(&vars).unwrap().supabase.url, "https://x.example");
    }
    let mut vars = minimal();
    vars.0.insert("SUPABASE_URL", "https://x.example/proxy/rest/v1/");
    assert_eq!(Config::from_vars(&vars).unwrap().supabase.url, "https://x.example/proxy");
}

#[test]
fn providers_are_refused_for_what_cannot_be_in_a_slug() {
    assert!(complaint("ENABLED_PROVIDERS", "\u{feff}openai,groq").is_some());
    assert!(complaint("ENABLED_PROVIDERS", "openai,\"groq\"").is_some());
    assert!(complaint("ENABLED_PROVIDERS", "openai\ngroq").is_some());
    assert!(complaint("ENABLED_PROVIDERS", "openai,\n groq").is_none());
}

#[test]
fn a_namespace_is_bounded_and_warned_of_where_the_backend_cannot_share_it() {
    let longest: &'static str = Box::leak(format!("{}:", "n".repeat(63)).into_boxed_str());
    let longer: &'static str = Box::leak(format!("{}:", "n".repeat(64)).into_boxed_str());
    for (value, expected) in [
        ("gw:", None),
        (longest, None),
        (longer, Some("must have at most 64 characters")),
        (
            "g\u{200b}w:",
            Some("holds a character that is not printable ASCII, such as a byte-order mark"),
        ),
        ("'gw:'", Some("holds a quote")),
        ("g w:", Some("holds white space")),
    ] {
        assert_eq!(complaint("CACHE_NAMESPACE", value).as_deref(), expected, "{value:?}");
    }
    for (value, warned) in [("", false), ("gw:", false), (" gw: ", false), ("gw", true)] {
        let mut vars = minimal();
        vars.0.insert("CACHE_NAMESPACE", value);
        let config = Config::from_vars(&vars).unwrap();
        assert_eq!(config.keys, KeySpace::new(value.trim()));
        assert_eq!(!config.warnings.is_empty(), warned, "{value:?}");
        assert!(config.warnings.iter().all(|text| text.starts_with("CACHE_NAMESPACE ")));
    }
}

#[test]
fn lists_and_modes_are_read() {
    let mut vars = minimal();
    vars.0.extend([("ENABLED_PROVIDERS", " openai, x_ai ,,"), ("EDGE_MODE", "read_only")]);
    let config = Config::from_vars(&vars).ok().unwrap();
    assert_eq!(config.supabase.enabled_providers, ["openai", "x_ai"]);
    assert_eq!(config.policy.mode, Mode::ReadOnly);
}

#[test]
fn prices_are_looked_for_where_there_is_such_a_place() {
    let read = |value| {
        let mut vars = minimal();
        vars.0.insert("PRICE_FALLBACK", value);
        Config::from_vars(&vars).map(|config| config.supabase.price_fallback)
    };
    assert_eq!(read(""), Ok(PriceFallback::Off));
    assert_eq!(read(" model_pricing "), Ok(PriceFallback::ModelPricing));
    let ConfigError(faults) = read("models").unwrap_err();
    assert_eq!(faults, ["PRICE_FALLBACK must be off or model_pricing"]);
}
