//! The routes over the catalogs of providers, over an origin that has what the reference backend stored.

mod golden;
mod mended;
mod passed;
mod routes;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

use async_trait::async_trait;
use model_catalog_edge::{
    app::App,
    catalog::{Snapshot, Source, provider::registry},
    config::Config,
    http::Response,
    ports::{Load, Origin, OriginError, Ports},
    supabase::Supabase,
};
use serde_json::{Value, json};

use super::{Service, TOKEN, ports, settings};
use crate::support::{
    isolate::{Lines, World},
    postgrest::FakePostgrest,
    sim::SimClock,
    vectors,
};

const URL: &str = "https://project.example";

/// The lists of providers by their sources' names, the registry, and the tables, which the unique catalog is read of.
struct Stored {
    texts: RefCell<BTreeMap<String, String>>,
    registry: Snapshot,
    tables: Supabase,
    /// A source that cannot be read.
    broken: Cell<Option<&'static str>>,
}

#[async_trait(?Send)]
impl Origin for Stored {
    async fn load(&self, source: Source, timeout: Duration) -> Result<Load, OriginError> {
        if self.broken.get() == Some(source.as_str()) {
            return Err(OriginError::Unreachable);
        }
        let whole = |snapshot: Snapshot| Load { rows: snapshot.len(), requests: 1, snapshot };
        match source {
            Source::Unique(_) => return self.tables.load(source, timeout).await,
            Source::Registry => return Ok(whole(self.registry.clone())),
            Source::Provider(_) | Source::Full => {}
        }
        let text = self.texts.borrow().get(source.as_str()).cloned();
        let text = text.unwrap_or_else(|| panic!("nobody may ask for {}", source.as_str()));
        let snapshot = Snapshot::decode(source, text).map_err(|_| OriginError::Malformed)?;
        Ok(whole(snapshot))
    }

    async fn probe(&self, _timeout: Duration) -> Result<(), OriginError> {
        Ok(())
    }
}

/// A value as text, in which the order of keys counts.
fn written(value: &Value) -> String {
    serde_json::to_string(value).unwrap()
}

/// A service over the vectors.
struct Catalogs {
    service: Service,
    stored: Rc<Stored>,
}

impl Catalogs {
    /// One that has everything in memory.
    fn new() -> Self {
        Self::cold(&[], |_| {}).warmed()
    }

    /// Asks for all until it is there: a request loads but some of what is missing.
    fn warmed(self) -> Self {
        let is_there = (0..10).any(|_| self.get("/models").status == 200);
        assert!(is_there, "all is there after as many requests as it has parts");
        self
    }

    /// One that has nothing, where these providers are enabled, and rows of `providers` are changed.
    fn cold(enabled: &[&str], change: impl FnMut(&mut Value)) -> Self {
        let mut tables = vectors::read("providers/tables.json");
        tables["providers"].as_array_mut().unwrap().iter_mut().for_each(change);
        let rows = tables["providers"].as_array().unwrap();
        let is_shown = |row: &&Value| {
            let slug = row["slug"].as_str().unwrap();
            row["is_active"] == json!(true) && (enabled.is_empty() || enabled.contains(&slug))
        };
        let active: Vec<&Value> = rows.iter().filter(is_shown).collect();
        let registry = registry::read_rows(&json!(active).to_string()).unwrap();
        let registry = Snapshot::of_registry(registry).unwrap();
        let text = |row: &Value| {
            let slug = row["slug"].as_str().unwrap();
            let key = format!("providers/expected/gw:models:provider:{slug}.json");
            // The reference keeps no empty list.
            let text = if slug == "lonely" { "[]".to_owned() } else { vectors::text(&key) };
            (format!("provider:{slug}"), text)
        };
        let texts = RefCell::new(active.into_iter().map(text).collect());
        let world = World::new(1);
        let clock = SimClock { sim: world.sim.clone(), skew_ms: 0 };
        let postgrest = Rc::new(FakePostgrest::new(tables));
        let tables = Supabase::new(postgrest, Rc::new(clock), URL, "jwt", &[]);
        let stored = Rc::new(Stored { texts, registry, tables, broken: Cell::default() });
        let log = Rc::new(Lines::default());
        let origin = Rc::clone(&stored) as Rc<dyn Origin>;
        let ports = Ports { origin, ..ports(&world, Rc::clone(&log) as Rc<_>) };
        let config = Config::from_vars(&settings(&[("ADMIN_TOKEN", TOKEN)])).unwrap();
        let app = Rc::new(App::new(config, ports));
        Self { service: Service { world, app, log }, stored }
    }

    fn ask(&self, method: &str, path: &str) -> Response {
        self.service.ask(method, path, None, "")
    }

    fn get(&self, path: &str) -> Response {
        self.ask("GET", path)
    }

    /// The body of what was found.
    fn found(&self, path: &str) -> Value {
        let response = self.get(path);
        assert_eq!(response.status, 200, "{path}");
        super::parsed(&response)
    }
}
