//! The way of a request through the route table: path, access, method, endpoint.

use std::mem;

use futures_util::FutureExt;

use super::{
    auth::Operators,
    cors,
    endpoints::{
        Asked, about, changes, health, metrics, models,
        operators::{clear, explain, mode, statistics, warm},
        unique, webhook,
    },
    headers::{self, NO_STORE, REQUEST_ID},
    params, problem,
    rate_limit::Limiter,
    request::{Request, RequestHeaders, Target},
    response::Response,
    routes::{self, Access, Endpoint, Found},
    webhook_auth::Senders,
};
use crate::{
    cache::{Cache, FollowUp, RouteName},
    config::CorsConfig,
};

/// What a service has besides its cache: who may do what.
#[derive(Debug)]
pub struct Service {
    /// Those who may use the operators' routes.
    pub operators: Operators,
    /// How often one client may ask for what needs credentials.
    pub limiter: Limiter,
    /// Those who may say that the tables changed.
    pub senders: Senders,
    /// Whose pages may read what is public.
    pub cors: CorsConfig,
}

/// Answers a request, and counts it; what comes with the response is left to do behind it.
pub async fn answer(
    cache: &Cache,
    service: &Service,
    mut request: Request,
) -> (Response, Vec<FollowUp>) {
    let origin = request.headers.origin.clone();
    let id = headers::request_id(&request.headers, || cache.random()).as_str().to_owned();
    let shared = |response| cors::shared(response, &service.cors, origin.as_deref());
    let path = mem::take(&mut request.path);
    let Some(found) = find(&path, service) else {
        let response = problem::not_found();
        cache.count_request(RouteName::Unknown, response.status);
        return (shared(response).with(REQUEST_ID, id), Vec::new());
    };
    let route = found.route;
    let is_public = route.access == Access::Public;
    let (response, follow_ups) = answer_route(cache, service, found, (request, &id)).await;
    cache.count_request(route.endpoint.name(), response.status);
    let response = if is_public { shared(response) } else { response };
    (named(response, &id, cache), follow_ups)
}

/// The response under the name of its request, unless a cache in front would give it to others under that name.
fn named(response: Response, id: &str, cache: &Cache) -> Response {
    let is_shared = cache.policy().front && response.header("cache-control") != Some(NO_STORE);
    if is_shared { response } else { response.with(REQUEST_ID, id) }
}

async fn answer_route(
    cache: &Cache,
    service: &Service,
    found: Found<'_>,
    (request, id): (Request, &str),
) -> (Response, Vec<FollowUp>) {
    let route = found.route;
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
    let (response, follow_ups) = ask(found, cache, service, (request, id)).await;
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
    let Found { route, path, values } = find(&target.path, service)?;
    let named_in_path = values.first().copied().unwrap_or_default();
    let id = headers::request_id(asked, || cache.random());
    let response = match route.endpoint {
        // Who asks for more than what there is has to wait.
        Endpoint::Unique(shape) if asked.cache_control.is_none() => {
            let (query, request_id) = (target.query, id.as_str());
            unique::hit(
                cache,
                Asked { shape, path, named: named_in_path, query, headers: asked, request_id },
            )?
        }
        _ => return None,
    };
    cache.count_request(route.endpoint.name(), response.status);
    let response = if is_head { response.without_body() } else { response };
    let response = cors::shared(response, &service.cors, asked.origin.as_deref());
    Some(named(response, id.as_str(), cache))
}

/// The route of a path, if it exists here.
fn find<'a>(path: &'a str, service: &Service) -> Option<Found<'a>> {
    let found = routes::find(path)?;
    let exists = match found.route.access {
        Access::Public => true,
        Access::Operator => service.operators.exist(),
        Access::Sender => service.senders.exist(),
        Access::Scraper => service.operators.may_be_scraped(),
    };
    exists.then_some(found)
}

async fn ask(
    Found { route, path, values }: Found<'_>,
    cache: &Cache,
    service: &Service,
    (request, id): (Request, &str),
) -> (Response, Vec<FollowUp>) {
    if matches!(route.access, Access::Operator | Access::Scraper)
        && let Some(refusal) = refuse(service, route.access, &request.headers).boxed_local().await
    {
        return (refusal, Vec::new());
    }
    match route.endpoint {
        Endpoint::About => (about::get(request.headers.accept.as_deref()), Vec::new()),
        Endpoint::OpenApi => (about::openapi(request.headers.if_none_match.as_deref()), Vec::new()),
        Endpoint::Docs => {
            let held = request.headers.if_none_match.as_deref();
            let docs = match path {
                "/docs/providers" => about::provider_docs,
                "/docs/operators" => about::operator_docs,
                _ => about::docs,
            };
            (docs(held), Vec::new())
        }
        Endpoint::Unique(shape) => {
            let (query, headers) = (request.query.as_str(), &request.headers);
            let named = values.first().copied().unwrap_or_default();
            let asked = Asked { shape, path, named, query, headers, request_id: id };
            unique::get(cache, asked).await
        }
        Endpoint::Catalog(kind) => {
            let (query, headers) = (request.query.as_str(), &request.headers);
            let asked = models::Asked { values: &values, query, headers, request_id: id };
            models::get(cache, kind, asked).boxed_local().await
        }
        Endpoint::Changes => {
            changes::get(cache, path, &request.query, &request.headers).boxed_local().await
        }
        Endpoint::Healthz => (health::healthz(), Vec::new()),
        // What is not run is not compiled, if it is in a box of its own (docs/platform.md, "Code is compiled when it first runs").
        Endpoint::Readyz => {
            let has_sent = request.headers.authorization.is_some();
            let is_operator =
                has_sent && refuse(service, Access::Operator, &request.headers).await.is_none();
            (health::readyz(cache, is_operator).boxed_local().await, Vec::new())
        }
        Endpoint::Clear => (clear::post(cache, request.body).boxed_local().await, Vec::new()),
        Endpoint::Mode => (mode::post(cache, request.body).boxed_local().await, Vec::new()),
        Endpoint::Explain => explained(cache, service, &request.query, id).boxed_local().await,
        Endpoint::Warm => (warm::post(cache, request.body).boxed_local().await, Vec::new()),
        Endpoint::Webhook => {
            let Request { headers, body, .. } = request;
            let heard = webhook::post(cache, &service.senders, &headers, body).boxed_local().await;
            match heard {
                Some(answer) => answer,
                None => (refuse_sender(service, &headers).boxed_local().await, Vec::new()),
            }
        }
        Endpoint::Statistics => (statistics::get(cache).boxed_local().await, Vec::new()),
        Endpoint::Metrics => (metrics::get(cache).boxed_local().await, Vec::new()),
    }
}

/// Answers a request as it would be answered to anyone, and says what that took instead of giving the answer.
async fn explained(
    cache: &Cache,
    service: &Service,
    query: &str,
    id: &str,
) -> (Response, Vec<FollowUp>) {
    let url = match params::explain::url(query) {
        Ok(url) => url,
        Err(mistake) => return (problem::unprocessable(&[mistake]), Vec::new()),
    };
    let asked = Request::new(
        "GET".to_owned(),
        &url,
        RequestHeaders::default(),
        Box::new(|_| async { None }.boxed_local()),
    );
    let path = asked.path.clone();
    let is_explained = |found: &Found<'_>| {
        found.route.access == Access::Public && found.route.methods.include("GET")
    };
    let Some(found) = find(&path, service).filter(is_explained) else {
        return (problem::no_such("No public route has this path"), Vec::new());
    };
    let (endpoint, query, begun) = (found.route.endpoint, asked.query.clone(), cache.now());
    let cache = cache.explaining();
    let (response, follow_ups) = ask(found, &cache, service, (asked, id)).boxed_local().await;
    let took = cache.now().since(begun);
    let report = explain::Explained { endpoint, path: &path, query: &query, took };
    (report.of(&cache, &response, &cache.walked()), follow_ups)
}

/// The answer to a call that is not authentic. Only such calls are counted: a burst of true ones must not be refused, since their
/// sender does not repeat them.
async fn refuse_sender(service: &Service, headers: &RequestHeaders) -> Response {
    if service.limiter.admit(headers.client_address.as_deref()).await {
        problem::unauthorized()
    } else {
        problem::too_many_requests()
    }
}

/// What a client gets that asks too often, or without credentials. Its requests are counted before its credentials are
/// compared, so that guessing is as slow as the limit has it.
async fn refuse(service: &Service, access: Access, headers: &RequestHeaders) -> Option<Response> {
    if !service.limiter.admit(headers.client_address.as_deref()).await {
        return Some(problem::too_many_requests());
    }
    let authorization = headers.authorization.as_deref();
    let is_admitted = match access {
        Access::Scraper => service.operators.admit_scraper(authorization),
        Access::Public | Access::Operator | Access::Sender => {
            service.operators.admit(authorization)
        }
    };
    (!is_admitted).then(problem::unauthorized)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::http::request::ReadBody;

    /// A service whose operators and senders have these secrets.
    fn service(secrets: &[&str]) -> Service {
        let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        Service {
            operators: Operators::new(secrets.clone()),
            limiter: Limiter::default(),
            senders: Senders::new(secrets),
            cors: CorsConfig::Any,
        }
    }

    #[test]
    fn a_path_is_decoded_once_before_it_is_looked_up() {
        let service = service(&[]);
        let found = |path: &str| {
            let body: ReadBody = Box::new(|_| async { None }.boxed_local());
            let url = format!("https://host{path}?limit=1");
            find(
                &Request::new("GET".to_owned(), &url, RequestHeaders::default(), body).path,
                &service,
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
        let (some, none) = (service(&["a-token-or-secret"]), service(&[]));
        for route in &routes::ROUTES {
            for path in route.paths {
                assert!(find(path, &some).is_some(), "{path}");
                let is_public = route.access == Access::Public;
                assert_eq!(find(path, &none).is_some(), is_public, "{path}");
            }
        }
    }
}
