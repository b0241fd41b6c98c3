//! The routes over the catalogs of providers, over an origin that has what the reference backend stored.

mod golden;
mod mended;
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
    catalog::{Snapshot, Source},
    config::Config,
    http::Response,
    ports::{Load, Origin, OriginError, Ports},
    supabase::Supabase,
};
use serde_json::{Value, json};

use super::{Service, ports, settings};
use crate::support::{
    isolate::{Lines, World},
    postgrest::FakePostgrest,
    sim::SimClock,
    vectors,
};

/// Texts by source, and the tables of the unique catalog.
struct Stored {
    texts: RefCell<BTreeMap<String, String>>,
    unique: Supabase,
    /// A source that cannot be read.
    broken: Cell<Option<&'static str>>,
}

#[async_trait(?Send)]
impl Origin for Stored {
    async fn load(&self, source: Source, timeout: Duration) -> Result<Load, OriginError> {
        if self.broken.get() == Some(source.as_str()) {
            return Err(OriginError::Unreachable);
        }
        if matches!(source, Source::Unique(_)) {
            return self.unique.load(source, timeout).await;
        }
        let text = self.texts.borrow().get(source.as_str()).cloned();
        let text = text.unwrap_or_else(|| panic!("nobody may ask for {}", source.as_str()));
        let snapshot = Snapshot::decode(source, text).map_err(|_| OriginError::Malformed)?;
        Ok(Load { rows: snapshot.len(), requests: 1, snapshot })
    }

    async fn probe(&self, _timeout: Duration) -> Result<(), OriginError> {
        Ok(())
    }
}

/// The registry of a row of `providers`.
fn registered(row: &Value) -> Value {
    let metadata = &row["metadata"];
    let aliases = metadata.get("aliases").cloned().unwrap_or_else(|| json!([]));
    json!({
        "id": row["id"], "slug": row["slug"], "name": row["name"], "aliases": aliases,
        "fetch_override": metadata["fetch_slug_override"],
        "has_fetch_function": metadata["has_fetch_function"] != json!(false),
        "site_url": row["site_url"], "logo_url": row["logo_url"], "color": metadata["color"],
        "priority": metadata["priority"], "icon": metadata["icon"],
    })
}

/// A service over the vectors; `change` makes another row of a row of `providers`.
struct Catalogs {
    service: Service,
    stored: Rc<Stored>,
}

impl Catalogs {
    fn new() -> Self {
        Self::with(&[], |_| {})
    }

    fn with(more: &[(&'static str, &'static str)], change: impl Fn(&mut Value)) -> Self {
        let tables = vectors::read("providers/tables.json");
        let rows = tables["providers"].as_array().unwrap().clone();
        let mut texts = BTreeMap::new();
        let mut registry = Vec::new();
        for mut row in rows {
            change(&mut row);
            if row["is_active"] != json!(true) {
                continue;
            }
            let slug = row["slug"].as_str().unwrap();
            let text = match slug {
                "lonely" => "[]".to_owned(),
                _ => vectors::text(&format!("providers/expected/gw:models:provider:{slug}.json")),
            };
            texts.insert(format!("provider:{slug}"), text);
            registry.push(registered(&row));
        }
        texts.insert("registry".to_owned(), Value::from(registry).to_string());
        let world = World::new(1);
        let clock = SimClock { sim: world.sim.clone(), skew_ms: 0 };
        let postgrest = Rc::new(FakePostgrest::new(tables));
        let unique =
            Supabase::new(postgrest, Rc::new(clock), "https://project.example", "jwt", &[]);
        let broken = Cell::default();
        let stored = Rc::new(Stored { texts: RefCell::new(texts), unique, broken });
        let log = Rc::new(Lines::default());
        let origin = Rc::clone(&stored) as Rc<dyn Origin>;
        let ports = Ports { origin, ..ports(&world, Rc::clone(&log) as Rc<_>) };
        let config = Config::from_vars(&settings(more)).unwrap();
        let app = Rc::new(App::new(config, ports));
        Self { service: Service { app, world, log }, stored }
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
