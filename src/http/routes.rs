//! The route table: a row a route, and which row a path is of.
//!
//! A path may have variables (RFC 6570): `{slug}` stands for one segment, `{+name}` for all that is left, slashes included. The path is
//! percent-decoded once before it comes here, so that `%2F` is `/`. No variable is empty. A path that is written out wins over one with
//! variables, and among those the first row.

use super::params::{Shape, models::Kind};
use crate::cache::RouteName;

/// A row of the table. `openapi/` describes each.
pub(super) struct Route {
    pub(super) paths: &'static [&'static str],
    pub(super) methods: Methods,
    pub(super) access: Access,
    pub(super) endpoint: Endpoint,
}

/// What a route can be asked.
#[derive(Clone, Copy)]
pub(super) enum Methods {
    /// To be read, as often as one likes.
    Read,
    /// To do something.
    Command,
}

/// Who may ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Anyone.
    Public,
    /// Operators; where there are none, the route does not exist.
    Operator,
    /// Senders of webhooks; where there are none, the route does not exist.
    Sender,
    /// Operators, and who reads metrics alone; where there are neither, the route does not exist.
    Scraper,
}

/// What answers.
#[derive(Clone, Copy)]
pub(super) enum Endpoint {
    About,
    OpenApi,
    Docs,
    Unique(Shape),
    Catalog(Kind),
    Changes,
    Healthz,
    Readyz,
    Clear,
    Warm,
    Mode,
    Statistics,
    Explain,
    Webhook,
    Metrics,
}

pub(super) const ROUTES: [Route; 24] = [
    Route {
        paths: &["/"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::About,
    },
    Route {
        paths: &["/openapi.json"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::OpenApi,
    },
    Route {
        paths: &["/docs", "/docs/providers", "/docs/operators"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Docs,
    },
    Route {
        paths: &["/models/unique", "/v1/models/unique"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Unique(Shape::Listing),
    },
    Route {
        paths: &["/models/unique/health", "/v1/models/unique/health"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Unique(Shape::Health),
    },
    Route {
        paths: &["/models/unique/{+name}", "/v1/models/unique/{+name}"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Unique(Shape::Model),
    },
    Route {
        paths: &["/providers", "/v1/providers"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Unique(Shape::Providers),
    },
    Route {
        paths: &["/providers/{slug}/models", "/v1/providers/{slug}/models"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Unique(Shape::ProviderModels),
    },
    Route {
        paths: &["/models/unique/changes", "/v1/models/unique/changes"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Changes,
    },
    Route {
        paths: &["/healthz"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Healthz,
    },
    Route {
        paths: &["/readyz"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Readyz,
    },
    Route {
        paths: &["/api/system/cache/clear"],
        methods: Methods::Command,
        access: Access::Operator,
        endpoint: Endpoint::Clear,
    },
    Route {
        paths: &["/api/system/cache/warm"],
        methods: Methods::Command,
        access: Access::Operator,
        endpoint: Endpoint::Warm,
    },
    Route {
        paths: &["/api/system/cache/mode"],
        methods: Methods::Command,
        access: Access::Operator,
        endpoint: Endpoint::Mode,
    },
    Route {
        paths: &["/api/system/cache/stats"],
        methods: Methods::Read,
        access: Access::Operator,
        endpoint: Endpoint::Statistics,
    },
    Route {
        paths: &["/api/system/explain"],
        methods: Methods::Read,
        access: Access::Operator,
        endpoint: Endpoint::Explain,
    },
    Route {
        paths: &["/api/webhooks/supabase"],
        methods: Methods::Command,
        access: Access::Sender,
        endpoint: Endpoint::Webhook,
    },
    Route {
        paths: &["/metrics"],
        methods: Methods::Read,
        access: Access::Scraper,
        endpoint: Endpoint::Metrics,
    },
    Route {
        paths: &["/models", "/v1/models"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Catalog(Kind::Models),
    },
    Route {
        paths: &["/v1/models/search"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Catalog(Kind::Search),
    },
    Route {
        paths: &["/v1/gateways"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Catalog(Kind::Gateways),
    },
    Route {
        paths: &["/v1/provider"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Catalog(Kind::Providers),
    },
    Route {
        paths: &["/v1/models/{developer}/{+model}"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Catalog(Kind::Model),
    },
    Route {
        paths: &["/v1/models/{developer}"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Catalog(Kind::Developer),
    },
];

/// A row, and how a path came to it.
pub(super) struct Found<'a> {
    pub(super) route: &'static Route,
    /// The path, as the row has it.
    pub(super) path: &'static str,
    /// What stands for its variables, in order.
    pub(super) values: Vec<&'a str>,
}

/// The row of a path, whoever may ask.
pub(super) fn find(path: &str) -> Option<Found<'_>> {
    find_in(&ROUTES, path)
}

fn find_in<'a>(routes: &'static [Route], path: &'a str) -> Option<Found<'a>> {
    // Most requests are for a path that is written out: comparing costs next to nothing.
    for route in routes {
        for template in route.paths {
            if *template == path && !template.as_bytes().contains(&b'{') {
                return Some(Found { route, path: template, values: Vec::new() });
            }
        }
    }
    routes.iter().find_map(|route| {
        route.paths.iter().find_map(|template| {
            Some(Found { route, path: template, values: variables(template, path)? })
        })
    })
}

/// What stands in a path for the variables of a template; none where it is another path, or the template has no variables.
fn variables<'a>(mut template: &str, mut path: &'a str) -> Option<Vec<&'a str>> {
    let mut values = Vec::new();
    while let Some((fixed, rest)) = template.split_once('{') {
        let (name, after) = rest.split_once('}')?;
        let open = path.strip_prefix(fixed)?;
        let end = open.find('/').filter(|_| !name.starts_with('+')).unwrap_or(open.len());
        let (value, left) = open.split_at_checked(end).filter(|(value, _)| !value.is_empty())?;
        values.push(value);
        (template, path) = (after, left);
    }
    (template == path && !values.is_empty()).then_some(values)
}

impl Endpoint {
    /// The name that its requests are counted by.
    pub(super) fn name(self) -> RouteName {
        match self {
            Self::About => RouteName::About,
            Self::OpenApi => RouteName::OpenApi,
            Self::Docs => RouteName::Docs,
            Self::Unique(Shape::Listing) => RouteName::Unique,
            Self::Unique(Shape::Health) => RouteName::UniqueHealth,
            Self::Unique(Shape::Model) => RouteName::UniqueModel,
            Self::Unique(Shape::Providers) => RouteName::Providers,
            Self::Unique(Shape::ProviderModels) => RouteName::ProviderModels,
            Self::Catalog(kind) => kind.name(),
            Self::Changes => RouteName::Changes,
            Self::Clear => RouteName::Clear,
            Self::Warm => RouteName::Warm,
            Self::Mode => RouteName::Mode,
            Self::Statistics => RouteName::Statistics,
            Self::Explain => RouteName::Explain,
            Self::Metrics => RouteName::Metrics,
            Self::Healthz => RouteName::Healthz,
            Self::Readyz => RouteName::Readyz,
            Self::Webhook => RouteName::Webhook,
        }
    }
}

impl Methods {
    /// The value of `Allow`.
    pub(super) fn allow(self) -> &'static str {
        match self {
            Self::Read => "GET, HEAD, OPTIONS",
            Self::Command => "POST, OPTIONS",
        }
    }

    pub(super) fn include(self, method: &str) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_leads_to_one_route() {
        let mut paths: Vec<&str> = ROUTES.iter().flat_map(|route| route.paths).copied().collect();
        let all = paths.len();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), all);
    }

    #[test]
    fn a_path_is_found_by_what_is_written_out_and_then_by_variables() {
        static TABLE: [Route; 4] = [
            row(&["/m/{+name}", "/v1/m/{+name}"]),
            row(&["/m/health", "/m"]),
            row(&["/p/{slug}/models", "/p/{slug}"]),
            row(&["/p/{slug}/{+rest}"]),
        ];
        let found =
            |path: &str| find_in(&TABLE, path).map(|found| (found.path, found.values.join("|")));
        for (path, expected, values) in [
            ("/m", "/m", ""),
            ("/m/health", "/m/health", ""),
            ("/m/health/", "/m/{+name}", "health/"),
            ("/m/Health", "/m/{+name}", "Health"),
            ("/m/a", "/m/{+name}", "a"),
            ("/m/a/b//c/", "/m/{+name}", "a/b//c/"),
            ("/m//", "/m/{+name}", "/"),
            ("/m/{+name}", "/m/{+name}", "{+name}"),
            ("/v1/m/ü %2F", "/v1/m/{+name}", "ü %2F"),
            ("/p/a", "/p/{slug}", "a"),
            ("/p/a/models", "/p/{slug}/models", "a"),
            ("/p/a/models/", "/p/{slug}/{+rest}", "a|models/"),
            ("/p/a/b/c", "/p/{slug}/{+rest}", "a|b/c"),
        ] {
            assert_eq!(found(path), Some((expected, values.to_owned())), "{path}");
        }
        for path in ["", "/", "/m/", "/v1/m", "/v1/m/", "/p/", "/p//models", "/p/a/", "/q/a"] {
            assert_eq!(found(path), None, "{path}");
        }
    }

    const fn row(paths: &'static [&'static str]) -> Route {
        let (methods, access, endpoint) =
            (Methods::Read, Access::Public, Endpoint::Unique(Shape::Listing));
        Route { paths, methods, access, endpoint }
    }

    #[test]
    fn methods_are_compared_whole() {
        assert!(Methods::Read.include("HEAD") && Methods::Command.include("POST"));
        for method in ["", "get", "GE", "GET, HEAD", "POST"] {
            assert!(!Methods::Read.include(method), "{method}");
        }
    }
}
