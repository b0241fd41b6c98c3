//! The service, put together from the environment: settings, bindings, adapters.

use std::rc::Rc;

use worker::Env;

use super::{
    bindings::{WorkerFront, WorkerKv, WorkerRateLimit},
    clock::WorkerClock,
    colo::WorkerColo,
    env::WorkerVars,
    fetch::WorkerHttp,
    log::Console,
};
use crate::{
    app::App,
    config::{Config, ConfigError},
    http::Limiter,
    ports::{Clock, Http, Ports, RateLimit},
    supabase::Supabase,
    upstash::Upstash,
};

const KV_BINDING: &str = "CATALOG_KV";
/// Optional: how often one client may ask for what needs credentials.
const RATE_LIMIT_BINDING: &str = "OPERATORS_RATE_LIMIT";
/// May be missing.
const ANALYTICS_BINDING: &str = "CATALOG_ANALYTICS";

/// Builds the service; fails with every mistake in the settings at once.
pub(super) fn build(env: &Env) -> Result<App, ConfigError> {
    let (config, kv) = Config::with_binding(&WorkerVars(env), KV_BINDING, env.kv(KV_BINDING).ok())?;
    let http: Rc<dyn Http> = Rc::new(WorkerHttp);
    let redis = &config.upstash;
    let upstash = Upstash::new(Rc::clone(&http), &redis.url, &redis.token);
    let project = &config.supabase;
    let clock: Rc<dyn Clock> = Rc::new(WorkerClock);
    let supabase = Supabase::new(
        http,
        Rc::clone(&clock),
        &project.url,
        &project.key,
        &project.enabled_providers,
    )
    .with_price_fallback(project.price_fallback);
    let ports = Ports {
        colo: Rc::new(WorkerColo),
        redis: Rc::new(upstash),
        kv: Rc::new(WorkerKv(kv)),
        origin: Rc::new(supabase),
        front: Rc::new(WorkerFront),
        clock,
        log: Rc::new(Console(env.analytics_engine(ANALYTICS_BINDING).ok())),
    };
    let bound = env.rate_limiter(RATE_LIMIT_BINDING).ok();
    let limit = bound.map(|limit| -> Rc<dyn RateLimit> { Rc::new(WorkerRateLimit(limit)) });
    Ok(App::new(config, ports).with_limiter(Limiter::new(limit)))
}
