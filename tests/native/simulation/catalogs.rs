//! Requests for what providers offer, walks over one version, and clients that follow the journal: what each is given, whatever
//! happens meanwhile.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

use model_catalog_edge::{
    cache::{Answer, Lost, Outcome, Parts},
    catalog::{Filter, Listing, Page, Scope, Selection, Slug, Source, ToldChanges, View},
};
use serde_json::Value;

use super::{
    cost::Kind,
    history::History,
    safety,
    schedule::{MODELS, OTHER_MODELS, Schedule},
};
use crate::support::{
    catalog::{self, slug},
    isolate::{Isolate, World},
};

/// Providers of the origin that a schedule asks for.
const PROVIDERS: u64 = 3;

/// A walk that a client is on: a listing of a version.
#[derive(Clone, Copy, Debug)]
pub struct Walking {
    selection: Selection,
    hash: u64,
    version: u64,
}

impl Schedule {
    /// A request for something else than a page of a listing.
    pub fn other_request(&mut self) {
        let isolate = self.some_isolate();
        match self.sim.below(6) {
            0 | 1 => self.ask_for_provider(&isolate),
            2 => self.ask_for_all(&isolate),
            3 => {
                let is_new = self.sim.below(3) == 0;
                self.walk(&isolate, is_new);
            }
            4 => self.follow(&isolate),
            _ => self.change_under_walk(&isolate),
        }
    }

    /// A walk during which something else is published, and goes on wherever it is asked for.
    fn change_under_walk(&mut self, isolate: &Isolate) {
        self.walk(isolate, true);
        self.sim.run_for(Duration::from_secs(3));
        self.change_catalog();
        self.warm();
        self.sim.run_for(Duration::from_secs(10));
        for _ in 0..2 {
            let isolate = self.some_isolate();
            self.walk(&isolate, false);
            self.follow(&isolate);
            self.sim.run_for(Duration::from_secs(6));
        }
    }

    fn ask_for_provider(&mut self, isolate: &Isolate) {
        self.has_asked_providers = true;
        let provider = slug(1 + self.sim.below(PROVIDERS));
        let (judge, asking) = (self.judge(isolate), isolate.clone());
        let id = self.sim.spawn(isolate.group, async move {
            let begun = judge.now();
            if let Ok(answer) = asking.ask(View::Provider(provider)).await {
                judge.provider(provider, &answer, begun);
            }
        });
        self.invocations.insert(id, Kind::Request);
    }

    fn ask_for_all(&mut self, isolate: &Isolate) {
        self.has_asked_providers = true;
        let (judge, asking) = (self.judge(isolate), isolate.clone());
        let slugs: Vec<Slug> = (1..=PROVIDERS).map(slug).collect();
        let views: Vec<View> = slugs.iter().copied().map(View::Provider).collect();
        let id = self.sim.spawn(isolate.group, async move {
            let begun = judge.now();
            let joined = asking.cache.lookup_all(View::Full.into(), &views).await;
            asking.run_behind(joined.follow_ups);
            match &joined.found {
                Parts::Each(parts) => {
                    for (slug, part) in slugs.iter().zip(parts) {
                        if let Ok(answer) = part {
                            judge.provider(*slug, answer, begun);
                        }
                    }
                }
                // What is there under its key was put together of versions that may differ.
                Parts::Full(answer) => {
                    let text = answer.listing.to_text();
                    let of = |slug: &Slug| text.contains(&source_of(*slug));
                    assert!(slugs.iter().any(of), "seed {}: {text}", judge.seed);
                }
            }
        });
        self.invocations.insert(id, Kind::All);
    }

    /// A page of a walk: the first, or the next of one that was begun wherever it was.
    fn walk(&mut self, isolate: &Isolate, is_new: bool) {
        // The last ones can still be gone on with.
        let last = self.walks.borrow().iter().rev().take(3).copied().collect::<Vec<_>>();
        let walking = (!is_new && !last.is_empty()).then(|| self.sim.pick(&last));
        let selection = walking.map_or_else(|| self.some_selection(), |walk| walk.selection);
        let (judge, asking, walks) = (self.judge(isolate), isolate.clone(), Rc::clone(&self.walks));
        let id = self.sim.spawn(isolate.group, async move {
            let begun = judge.now();
            let view = View::from(selection);
            let Outcome { answer, follow_ups, .. } = asking.cache.lookup(view.into()).await;
            asking.run_behind(follow_ups);
            let Ok(found) = answer else { return };
            let there = found.listing.version();
            let page = match walking {
                Some(walk) if there != Some(walk.hash) => {
                    match asking.cache.earlier(view, walk.hash).await {
                        Ok((answer, _)) => answer,
                        Err(Lost::Gone | Lost::Unreachable) => return,
                    }
                }
                _ => found,
            };
            let (Some(hash), Some(version)) =
                (page.listing.version(), catalog::version(&page.listing))
            else {
                return;
            };
            asking.cache.pin(Source::from(selection.scope), hash);
            match walking {
                Some(walk) => {
                    let seed = judge.seed;
                    assert_eq!((hash, version), (walk.hash, walk.version), "seed {seed}: {walk:?}");
                    judge.whole(selection, &page, begun);
                }
                None => walks.borrow_mut().push(Walking { selection, hash, version }),
            }
        });
        self.invocations.insert(id, Kind::Request);
    }

    /// Reads the journal: each entry makes of what was before it what it names, record for record.
    fn follow(&mut self, isolate: &Isolate) {
        let source =
            Source::Unique(if self.sim.below(4) == 0 { Scope::All } else { Scope::Active });
        let (judge, asking) = (self.judge(isolate), isolate.clone());
        let id = self.sim.spawn(isolate.group, async move {
            let (journal, behind) = asking.cache.journal(source).await;
            asking.run_behind(behind.into_iter().collect());
            let Some(journal) = journal else { return };
            let (entries, newest) = (journal.newest(6), judge.world.origin.version.get());
            for pair in entries.windows(2) {
                let [before, entry] = pair else { continue };
                let told = ToldChanges::unpack(&entry.changes).filter(|_| entry.follows);
                let Some(told) = told else { continue };
                let [Some(before), Some(after)] =
                    [before.hash, entry.hash].map(|hash| records(hash, newest))
                else {
                    panic!("seed {}: a version that never was", judge.seed);
                };
                let made = applied(before, &told.changes(None));
                assert_eq!(made, after, "seed {}: {:016x}", judge.seed, entry.hash);
            }
        });
        self.invocations.insert(id, Kind::Request);
    }

    fn judge(&self, isolate: &Isolate) -> Judge {
        let is_ours = self.is_ours(isolate.group);
        Judge {
            seed: self.seed,
            world: self.world.clone(),
            history: Rc::clone(&self.history),
            models: if is_ours { MODELS } else { OTHER_MODELS },
        }
    }
}

/// What judges an answer that comes later.
struct Judge {
    seed: u64,
    world: World,
    history: Rc<RefCell<History>>,
    models: u64,
}

impl Judge {
    fn now(&self) -> u64 {
        self.world.sim.now().0
    }

    fn whole(&self, selection: Selection, answer: &Answer, begun: u64) {
        let (seed, history) = (self.seed, self.history.borrow());
        safety::judge(seed, &self.world, &history, selection, self.models, answer, begun);
    }

    /// One provider's entries, all of one version, and in its time.
    fn provider(&self, provider: Slug, answer: &Answer, begun: u64) {
        let (seed, history) = (self.seed, self.history.borrow());
        let text = answer.listing.to_text();
        let count = answer.listing.len();
        assert_eq!(text.matches(&source_of(provider)).count(), count, "seed {seed}: whose entries");
        // A provider may offer nothing, and does while the origin's tables are empty.
        let Some(version) = provided_version(seed, &text) else { return };
        let count = u64::try_from(count).unwrap();
        let may_be_theirs = self.models == OTHER_MODELS || history.versions_were_lost;
        let is_whole =
            count == self.models || may_be_theirs && [MODELS, OTHER_MODELS].contains(&count);
        assert!(is_whole, "seed {seed}: {count} of {}", provider.as_str());
        safety::judge_time(seed, &self.world, &history, version, answer, begun);
    }
}

fn source_of(provider: Slug) -> String {
    format!("\"source_gateway\":\"{}\"", provider.as_str())
}

/// The one version that all entries are of; none of nothing.
fn provided_version(seed: u64, text: &str) -> Option<u64> {
    let versions = text.split(r#"{"id":"v"#).skip(1).map(|rest| rest.split('/').next());
    let mut versions = versions.map(|digits| digits.unwrap().parse::<u64>().unwrap());
    let first = versions.next()?;
    assert!(versions.all(|version| version == first), "seed {seed}: a list mixes two loads");
    Some(first)
}

/// The records of the content of a hash; none where no version had it.
fn records(hash: u64, newest: u64) -> Option<BTreeMap<String, Value>> {
    let all = (1..=newest).rev().flat_map(|version| [MODELS, OTHER_MODELS].map(|n| (version, n)));
    let mut all = all.map(|(version, models)| catalog::snapshot(version, models));
    let found = all.find(|snapshot| snapshot.hash() == hash)?;
    let models: Vec<Value> = serde_json::from_str(&found.text().to_string()).unwrap();
    Some(models.into_iter().map(|model| (named(&model), model)).collect())
}

fn named(record: &Value) -> String {
    record["name"].as_str().unwrap().to_owned()
}

/// What a client makes of its records (docs/api.md, "Following changes").
fn applied(mut records: BTreeMap<String, Value>, changes: &[&str]) -> BTreeMap<String, Value> {
    for change in changes {
        let change: Value = serde_json::from_str(change).unwrap();
        let name = named(&change);
        match change["type"].as_str().unwrap() {
            "added" => assert!(records.insert(name, change["model"].clone()).is_none()),
            "deleted" => assert!(records.remove(&name).is_some()),
            _ => {
                let patch: json_patch::Patch =
                    serde_json::from_value(change["patch"].clone()).unwrap();
                json_patch::patch(records.get_mut(&name).unwrap(), &patch).unwrap();
            }
        }
    }
    records
}

/// What a filter and a name find of a listing is what reading it through finds.
pub fn judge_filters(seed: u64, listing: &Listing, of: u64) {
    let (Listing::Ordered(snapshot, _), provider, name) =
        (listing, format!("p{}", of % 6), format!("m{}", of % 12))
    else {
        return;
    };
    let whole = Page { limit: listing.len(), offset: 0 };
    let records: Vec<&str> = listing.records(&whole).collect();
    for (filter, needle) in [
        (
            Filter { providers: vec![provider.clone()], ..Filter::default() },
            format!("{{\"slug\":\"{provider}\""),
        ),
        (Filter { name: Some(name.clone()), ..Filter::default() }, format!("\"name\":\"{name}\",")),
    ] {
        let found = listing.filtered(&filter);
        let found: Vec<&str> = found.records(&whole).collect();
        let expected: Vec<&str> =
            records.iter().copied().filter(|record| record.contains(&needle)).collect();
        assert_eq!(found, expected, "seed {seed}: {filter:?} of {:016x}", snapshot.hash());
    }
}
