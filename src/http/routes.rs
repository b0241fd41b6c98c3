//! The route table, and the way of a request through it: path, access, method, endpoint.

use futures_util::FutureExt;

use super::{
    auth::Operators,
    cors,
    endpoints::{about, clear, statistics, unique, warm},
    problem,
    request::{Request, RequestHeaders, Target},
    response::Response,
};
use crate::{
    cache::{Cache, FollowUp},
    config::CorsConfig,
};

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
}

/// What answers.
#[derive(Clone, Copy)]
pub(super) enum Endpoint {
    About,
    OpenApi,
    Docs,
    Unique,
    Clear,
    Warm,
    Statistics,
}

pub(super) const ROUTES: [Route; 7] = [
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
];

impl Methods {
    /// The value of `Allow`.
    pub(super) fn allow(self) -> &'static str {
        match self {
            Self::Read => "GET, HEAD, OPTIONS",
            Self::Command => "POST, OPTIONS",
        }
    }

    fn include(self, method: &str) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method)
    }
}

/// What a service has besides its cache: who may do what.
#[derive(Debug)]
pub struct Service {
    /// Those who may use the operators' routes.
    pub operators: Operators,
    /// Whose pages may read what is public.
    pub cors: CorsConfig,
}

/// Answers a request; what comes with the response is left to do behind it.
pub async fn answer(
    cache: &Cache,
    service: &Service,
    request: Request,
) -> (Response, Vec<FollowUp>) {
    let origin = request.headers.origin.clone();
    let shared = |response| cors::shared(response, &service.cors, origin.as_deref());
    let Some((route, path)) = find(&request.path, &service.operators) else {
        return (shared(problem::not_found()), Vec::new());
    };
    let is_public = route.access == Access::Public;
    let (response, follow_ups) = answer_route(cache, service, (route, path), request).await;
    (if is_public { shared(response) } else { response }, follow_ups)
}

async fn answer_route(
    cache: &Cache,
    service: &Service,
    (route, path): (&Route, &'static str),
    request: Request,
) -> (Response, Vec<FollowUp>) {
    let allowed = route.methods.allow();
    if request.method == "OPTIONS" {
        let response = Response::options(allowed);
        let is_public = route.access == Access::Public;
        let response = if is_public { cors::preflight(response, allowed) } else { response };
        return (response, Vec::new());
    }
    if !route.methods.include(&request.method) {
        return (problem::method_not_allowed(allowed), Vec::new());
    }
    let is_head = request.method == "HEAD";
    let (response, follow_ups) = ask((route, path), cache, &service.operators, request).await;
    (if is_head { response.without_body() } else { response }, follow_ups)
}

/// Answers a GET or a HEAD that memory can answer at once, for anyone. None is for [`answer`], which answers the same, header for
/// header, and whatever must be waited for.
pub fn answer_at_once(
    cache: &Cache,
    service: &Service,
    url: &str,
    is_head: bool,
    asked: &RequestHeaders,
) -> Option<Response> {
    let target = Target::of(url);
    let (route, path) = find(&target.path, &service.operators)?;
    let if_none_match = asked.if_none_match.as_deref();
    let response = match route.endpoint {
        Endpoint::Unique => {
            unique::hit(cache, unique::Asked { path, query: target.query, if_none_match })?
        }
        Endpoint::About
        | Endpoint::OpenApi
        | Endpoint::Docs
        | Endpoint::Clear
        | Endpoint::Warm
        | Endpoint::Statistics => return None,
    };
    let response = if is_head { response.without_body() } else { response };
    Some(cors::shared(response, &service.cors, asked.origin.as_deref()))
}

/// The route of a path, and the path as the route has it.
fn find(path: &str, operators: &Operators) -> Option<(&'static Route, &'static str)> {
    let of = |route: &'static Route| {
        route.paths.iter().find(|known| **known == path).map(|path| (route, *path))
    };
    let (route, path) = ROUTES.iter().find_map(of)?;
    let exists = route.access == Access::Public || operators.exist();
    exists.then_some((route, path))
}

async fn ask(
    (route, path): (&Route, &'static str),
    cache: &Cache,
    operators: &Operators,
    request: Request,
) -> (Response, Vec<FollowUp>) {
    let is_admitted = match route.access {
        Access::Public => true,
        Access::Operator => operators.admit(request.headers.authorization.as_deref()),
    };
    if !is_admitted {
        return (problem::unauthorized(), Vec::new());
    }
    match route.endpoint {
        Endpoint::About => (about::get(request.headers.accept.as_deref()), Vec::new()),
        Endpoint::OpenApi => (about::openapi(request.headers.if_none_match.as_deref()), Vec::new()),
        Endpoint::Docs => (about::docs(request.headers.if_none_match.as_deref()), Vec::new()),
        Endpoint::Unique => {
            let if_none_match = request.headers.if_none_match.as_deref();
            let asked = unique::Asked { path, query: &request.query, if_none_match };
            unique::get(cache, asked).await
        }
        // What is not run is not compiled, if it is in a box of its own (docs/platform.md, "Code is compiled when it first runs").
        Endpoint::Clear => (clear::post(cache, request.body).boxed_local().await, Vec::new()),
        Endpoint::Warm => (warm::post(cache, request.body).boxed_local().await, Vec::new()),
        Endpoint::Statistics => (statistics::get(cache).boxed_local().await, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::http::request::ReadBody;

    #[test]
    fn every_path_leads_to_one_route() {
        let mut paths: Vec<&str> = ROUTES.iter().flat_map(|route| route.paths).copied().collect();
        let all = paths.len();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), all);
    }

    #[test]
    fn a_path_is_decoded_once_before_it_is_looked_up() {
        let operators = Operators::new(None);
        let found = |path: &str| {
            let body: ReadBody = Box::new(|_| async { None }.boxed_local());
            let url = format!("https://host{path}?limit=1");
            find(
                &Request::new("GET".to_owned(), &url, RequestHeaders::default(), body).path,
                &operators,
            )
            .is_some()
        };
        for path in [
            "/models/unique",
            "/v1/models/uniqu%65",
            "/%6Dodels%2funique",
            "/models%2Funique",
            "/%76%31/models/%75nique",
        ] {
            assert!(found(path), "{path}");
        }
        for path in [
            "/models/uniqu%2565",
            "/models/uniqu%",
            "/models/uniqu%6",
            "/models/uniqu%zz",
            "/models/unique%00",
            "/models/unique%20",
            "/models/unique%2F",
            "/models/unique%3Flimit=1",
            "/models/unique%FF",
            "/models/%C3%BCnique",
            "/models/unique+",
            "/MODELS/unique",
        ] {
            assert!(!found(path), "{path}");
        }
    }

    #[test]
    fn a_missing_token_hides_operators_routes_and_no_other() {
        let (some, none) = (Operators::new(Some("token".to_owned())), Operators::new(None));
        for route in &ROUTES {
            for path in route.paths {
                assert!(find(path, &some).is_some(), "{path}");
                let is_public = route.access == Access::Public;
                assert_eq!(find(path, &none).is_some(), is_public, "{path}");
            }
        }
    }

    #[test]
    fn methods_are_compared_whole() {
        assert!(Methods::Read.include("HEAD") && Methods::Command.include("POST"));
        for method in ["", "get", "GE", "GET, HEAD", "POST"] {
            assert!(!Methods::Read.include(method), "{method}");
        }
    }
}
