//! The route table: a row a route.

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
    Unique,
    Healthz,
    Readyz,
    Clear,
    Warm,
    Statistics,
    Webhook,
    Metrics,
}

pub(super) const ROUTES: [Route; 11] = [
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
        paths: &["/docs"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Docs,
    },
    Route {
        paths: &["/models/unique", "/v1/models/unique"],
        methods: Methods::Read,
        access: Access::Public,
        endpoint: Endpoint::Unique,
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
        paths: &["/api/system/cache/stats"],
        methods: Methods::Read,
        access: Access::Operator,
        endpoint: Endpoint::Statistics,
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
];

impl Endpoint {
    /// The name that its requests are counted by.
    pub(super) fn name(self) -> RouteName {
        match self {
            Self::About => RouteName::About,
            Self::OpenApi => RouteName::OpenApi,
            Self::Docs => RouteName::Docs,
            Self::Unique => RouteName::Unique,
            Self::Clear => RouteName::Clear,
            Self::Warm => RouteName::Warm,
            Self::Statistics => RouteName::Statistics,
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
    fn methods_are_compared_whole() {
        assert!(Methods::Read.include("HEAD") && Methods::Command.include("POST"));
        for method in ["", "get", "GE", "GET, HEAD", "POST"] {
            assert!(!Methods::Read.include(method), "{method}");
        }
    }
}
