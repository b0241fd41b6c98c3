//! Requests to answers: routes, parameters, bodies, headers. It knows nothing of Workers and nothing of tiers.

mod endpoints;
mod headers;
mod params;
mod response;

use std::{fmt, rc::Rc};

use futures_util::future::LocalBoxFuture;

pub use headers::cache_status;
pub use response::Response;

use crate::{
    cache::{Cache, FollowUp, WarmReport},
    config::Config,
    ports::Ports,
};

/// A request's body, read only when somebody asks for it: none when it is larger than the limit given.
pub type ReadBody = Box<dyn FnOnce(usize) -> LocalBoxFuture<'static, Option<Vec<u8>>>>;

/// A client's request.
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// What stands behind `?`, as it was sent.
    pub query: String,
    /// `Authorization`.
    pub authorization: Option<String>,
    /// The body.
    pub body: ReadBody,
}

impl fmt::Debug for Request {
    /// Credentials and bodies are never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The service of one isolate.
pub struct App {
    cache: Rc<Cache>,
    admin_token: Option<String>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl App {
    /// A service over these ports.
    pub fn new(config: Config, ports: Ports) -> Self {
        let cache = Cache::new(ports, config.policy, config.keys);
        Self { cache, admin_token: config.admin.token }
    }

    /// The cache behind it.
    pub fn cache(&self) -> &Rc<Cache> {
        &self.cache
    }

    /// Answers a request; what comes with the answer is left to do behind it.
    pub async fn handle(&self, request: Request) -> (Response, Vec<FollowUp>) {
        let (methods, route) = match request.path.as_str() {
            "/models/unique" | "/v1/models/unique" => ("GET, HEAD, OPTIONS", Route::Listing),
            _ if self.admin_token.is_none() => return (Response::not_found(), Vec::new()),
            "/api/system/cache/clear" => ("POST, OPTIONS", Route::Clear),
            "/api/system/cache/warm" => ("POST, OPTIONS", Route::Warm),
            "/api/system/cache/stats" => ("GET, HEAD, OPTIONS", Route::Statistics),
            _ => return (Response::not_found(), Vec::new()),
        };
        let method = request.method.as_str();
        if method == "OPTIONS" {
            return (Response::options(methods), Vec::new());
        }
        if !methods.split(", ").any(|allowed| allowed == method) {
            return (Response::method_not_allowed(methods), Vec::new());
        }
        let is_head = method == "HEAD";
        let (response, follow_ups) = match route {
            Route::Listing => endpoints::unique::get(&self.cache, &request.query).await,
            route => (self.admin(route, request).await, Vec::new()),
        };
        (if is_head { response.without_body() } else { response }, follow_ups)
    }

    /// What cron does.
    pub async fn scheduled(&self) -> WarmReport {
        Rc::clone(&self.cache).warm(false).await
    }
}

/// What a path means.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Route {
    Listing,
    Clear,
    Warm,
    Statistics,
}
