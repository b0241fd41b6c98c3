//! The service of one isolate: all that the runtime calls. A request is answered, what is left to do runs behind the
//! answer, and cron warms.

use std::{fmt, rc::Rc};

use futures_util::future::join_all;
use serde_json::json;

use crate::{
    cache::{Cache, Failure, FollowUp, Reason},
    config::{Config, ConfigError},
    http::{self, Limiter, Operators, Request, RequestHeaders, Response, Senders, Service},
    ports::{Log, Ports},
};

/// The cache of one isolate with the routes over it. It is built with the isolate's first event and serves every
/// later one.
pub struct App {
    cache: Cache,
    service: Service,
}

impl fmt::Debug for App {
    /// The operators' tokens are never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl App {
    /// A service with an empty memory tier over these ports. What its settings are warned of is logged, once: the service
    /// lives as long as its isolate.
    pub fn new(config: Config, ports: Ports) -> Self {
        if !config.warnings.is_empty() {
            let line = json!({ "event": "config_warning", "warnings": config.warnings });
            ports.log.write(&line.to_string());
        }
        let cache = Cache::new(ports, config.policy, config.keys);
        let operators =
            Operators::new(config.admin.tokens).with_scrapers(config.admin.metrics_tokens);
        let senders = Senders::new(config.admin.webhook_secrets);
        let limiter = Limiter::default();
        Self { cache, service: Service { operators, senders, limiter, cors: config.cors } }
    }

    /// The same service, whose operators' routes one client may ask only so often.
    #[must_use]
    pub fn with_limiter(mut self, limiter: Limiter) -> Self {
        self.service.limiter = limiter;
        self
    }

    /// Answers a request. What comes with the response is left to do behind it, by [`App::run`].
    pub async fn handle(&self, request: Request) -> (Response, Vec<FollowUp>) {
        let (response, mut follow_ups) = http::answer(&self.cache, &self.service, request).await;
        follow_ups.extend(self.cache.left_to_do());
        (response, follow_ups)
    }

    /// Answers a GET or a HEAD that needs no waiting and leaves nothing to do. None is for [`App::handle`], which answers the same.
    pub fn hit(&self, url: &str, is_head: bool, headers: &RequestHeaders) -> Option<Response> {
        http::answer_at_once(&self.cache, &self.service, url, is_head, headers)
    }

    /// Does what a response left to do, side by side: none waits for another that hangs, since all of them must end in time
    /// (docs/platform.md, "Work behind a response lasts 30 seconds").
    pub async fn run(self: Rc<Self>, follow_ups: Vec<FollowUp>) {
        join_all(follow_ups.into_iter().map(|follow_up| self.cache.run(follow_up))).await;
    }

    /// What a cron run does: one load of the origin, published as the six warm variants. Fails as the run did; one that
    /// `EDGE_MODE` forbids is as it should be.
    pub async fn scheduled(&self) -> Result<(), Failure> {
        let report = self.cache.warm_on_schedule().await;
        if let Some(follow_up) = self.cache.left_to_do() {
            self.cache.run(follow_up).await;
        }
        match report.error {
            None | Some(Failure { tier: None, reason: Reason::ReadOnly | Reason::Passthrough }) => {
                Ok(())
            }
            Some(failure) => Err(failure),
        }
    }
}

/// What every request gets while settings are missing or wrong: a 500 that names them. The same is logged.
pub fn misconfigured(
    error: &ConfigError,
    log: &dyn Log,
    headers: &RequestHeaders,
    random: u64,
) -> Response {
    log_misconfigured(error, log);
    http::misconfigured(error, headers, random)
}

/// Logs which settings are missing or wrong: all that a cron run can do about them.
pub fn log_misconfigured(ConfigError(faults): &ConfigError, log: &dyn Log) {
    log.write(&json!({ "event": "misconfigured", "faults": faults }).to_string());
}
