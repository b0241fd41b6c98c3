//! What clients ask for: views and pages, by how often.

use model_catalog_edge::catalog::{Scope, Selection, Source, View, WARM};

use crate::planet::plan::chance::{Chance, zipf};

/// The sources that views are of, by their index here.
pub const SOURCES: [Source; 2] = [Source::Unique(Scope::Active), Source::Unique(Scope::All)];

/// A view that clients ask for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub view: View,
    /// Which of [`SOURCES`].
    pub source: usize,
    /// Its share of all requests.
    pub share: f64,
}

/// All that clients ask for.
#[derive(Clone, Debug)]
pub struct Demand {
    pub views: Vec<Wanted>,
    /// The shares of a view's pages.
    pub pages: Vec<f64>,
}

impl Demand {
    /// The views in the order of their popularity: what is kept warm first, then others, every fourth with what is inactive.
    pub fn new(views: usize, pages: usize, exponent: f64) -> Self {
        let mut selections = WARM.to_vec();
        let others = |scope| Selection::all(scope, 4).filter(|found| !WARM.contains(found));
        let (mut active, mut all) = (others(Scope::Active), others(Scope::All));
        while selections.len() < views {
            let next = if selections.len() % 4 == 3 { all.next() } else { active.next() };
            let Some(next) = next.or_else(|| all.next()) else { break };
            selections.push(next);
        }
        selections.truncate(views);
        let shares = zipf(selections.len(), exponent);
        let source = |selection: &Selection| usize::from(selection.scope == Scope::All);
        let wanted = |(selection, share): (Selection, f64)| Wanted {
            view: View::from(selection),
            source: source(&selection),
            share,
        };
        let views = selections.into_iter().zip(shares).map(wanted).collect();
        Self { views, pages: zipf(pages, 1.5) }
    }

    /// What share of requests is for a source.
    pub fn share(&self, source: usize) -> f64 {
        self.of(source).map(|(_, wanted)| wanted.share).sum()
    }

    /// The views of a source, with their index.
    pub fn of(&self, source: usize) -> impl Iterator<Item = (usize, &Wanted)> {
        self.views.iter().enumerate().filter(move |(_, wanted)| wanted.source == source)
    }

    /// A view of a source that is not among those of `except`, a bit for each.
    pub fn pick(&self, chance: &mut Chance, source: usize, except: u64) -> usize {
        chance.choose(self.views.len(), |index| {
            let wanted = self.views[index];
            let is_meant = wanted.source == source && except & (1 << index) == 0;
            if is_meant { wanted.share } else { 0.0 }
        })
    }
}
