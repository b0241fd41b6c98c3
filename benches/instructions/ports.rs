//! A service over one snapshot: its origin has it at once, and there is nothing else.

use std::{rc::Rc, time::Duration};

use async_trait::async_trait;
use futures_util::{FutureExt, future};
use model_catalog_edge::{
    app::App,
    catalog::{KeySpace, Snapshot, Source},
    config::{AdminConfig, Config, CorsConfig, Policy, SupabaseConfig, UpstashConfig},
    http::{Request, RequestHeaders},
    ports::{
        Clock, Colo, Command, Front, FrontReply, Kv, Load, Log, Origin, OriginError, Ports, Redis,
        Reply, TierError, Timestamp,
    },
};

/// The service. Log lines and random numbers are none: a hit is not sampled.
pub(crate) fn app_over(snapshot: Snapshot) -> App {
    let config = Config {
        keys: KeySpace::new("gw:"),
        policy: Policy::default(),
        upstash: UpstashConfig { url: String::new(), token: String::new() },
        supabase: SupabaseConfig {
            url: String::new(),
            key: String::new(),
            enabled_providers: Vec::new(),
            price_fallback: model_catalog_edge::catalog::PriceFallback::Off,
        },
        admin: AdminConfig::default(),
        cors: CorsConfig::default(),
        warnings: Vec::new(),
    };
    let ports = Ports {
        colo: Rc::new(Nothing),
        redis: Rc::new(Nothing),
        kv: Rc::new(Nothing),
        origin: Rc::new(Held(snapshot)),
        front: Rc::new(Nothing),
        clock: Rc::new(Nothing),
        log: Rc::new(Nothing),
    };
    App::new(config, ports)
}

/// A GET of a URL.
pub(crate) fn get(url: &str) -> Request {
    Request::new(
        "GET".into(),
        url,
        RequestHeaders::default(),
        Box::new(|_| future::ready(Some(Vec::new())).boxed_local()),
    )
}

struct Held(Snapshot);

#[async_trait(?Send)]
impl Origin for Held {
    async fn load(&self, _: Source, _: Duration) -> Result<Load, OriginError> {
        Ok(Load { snapshot: self.0.clone(), rows: self.0.len(), requests: 1 })
    }

    async fn probe(&self, _: Duration) -> Result<(), OriginError> {
        Ok(())
    }
}

struct Nothing;

#[async_trait(?Send)]
impl Colo for Nothing {
    async fn get(&self, _: &str) -> Result<Option<String>, TierError> {
        Ok(None)
    }

    async fn put(&self, _: &str, _: &str, _: Duration) -> Result<(), TierError> {
        Ok(())
    }
}

#[async_trait(?Send)]
impl Redis for Nothing {
    async fn pipeline(&self, _: Vec<Command>, _: Duration) -> Result<Vec<Reply>, TierError> {
        Err(TierError::Unreachable)
    }
}

#[async_trait(?Send)]
impl Kv for Nothing {
    async fn get(&self, _: &str) -> Result<Option<String>, TierError> {
        Err(TierError::Unreachable)
    }

    async fn put(
        &self,
        _: &str,
        _: &[&str],
        _: &str,
        _: Option<Duration>,
    ) -> Result<(), TierError> {
        Err(TierError::Unreachable)
    }

    async fn list(&self, _: &str) -> Result<Vec<(String, Option<String>)>, TierError> {
        Err(TierError::Unreachable)
    }
}

#[async_trait(?Send)]
impl Front for Nothing {
    async fn invalidate(&self, _: &[&str]) -> FrontReply {
        FrontReply::Absent
    }
}

#[async_trait(?Send)]
impl Clock for Nothing {
    fn now(&self) -> Timestamp {
        Timestamp(1_800_000_000_000)
    }

    async fn sleep(&self, _: Duration) {
        future::pending::<()>().await;
    }

    fn random(&self) -> u64 {
        1
    }
}

impl Log for Nothing {
    fn write(&self, _: &str) {}
}
