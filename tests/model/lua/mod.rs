//! That Redis's scripts decide as the model has it: generated cases, each through the production's calls and the real
//! Lua, in the fake Redis and, where there is one, in redis-server; and through the model's plain functions.

mod cases;
mod servers;
#[path = "../../native/support"]
mod support {
    //! What native tests run on, as far as it is of use here.
    #[expect(dead_code, reason = "native tests use all of it")]
    pub mod redis;
    #[expect(dead_code, reason = "native tests use all of it")]
    pub mod sim;
    #[expect(dead_code, reason = "native tests use all of it")]
    pub mod spent;
}

use std::{cell::Cell, time::Duration};

use futures_util::FutureExt;
use model_catalog_edge::{
    cache::{
        protocol::{Control, Expiry, Version},
        redis::{self, PublishReply, ReadListing, Session},
    },
    catalog::{KeySpace, Resource, Scope, Selection, Source, View},
    ports::{Reply, Timestamp},
};

use self::{
    cases::{Call, Case},
    servers::{Direct, Server},
};
use crate::{
    environment::Environment,
    redis::{Caller, Word},
    state::{By, Data, Lease, Listing, Published, Record, Redis, Snapshot},
    time::Stamp,
};

/// What a lease lasts here.
const LEASE: Duration = Duration::from_secs(10);
/// A version stays longer than what it tells of.
const FORGOTTEN: Duration = Duration::from_secs(80_000);
/// A record of control that is nonsense.
const NONSENSE: &str = "{\"epoch\":7}";

/// A server that holds what a case begins with, its clock being so far from the model's.
struct Stage<'a> {
    server: &'a dyn Server,
    keys: KeySpace,
    source: Source,
    view: View,
    offset: u64,
}

/// What a call is answered, in the model's words.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    word: Option<Word>,
    is_ours: bool,
    was_endless: bool,
    control: Record,
}

#[test]
fn the_fake_redis_decides_as_the_model() {
    compare(&servers::Fake::new(), cases::all());
}

#[test]
fn redis_server_decides_as_the_model() {
    match servers::Real::start() {
        Some(server) => compare(&server, cases::all()),
        None => println!("there is no redis-server: its scripts are not compared with the model"),
    }
}

fn compare(server: &dyn Server, cases: Vec<Case>) {
    let count = cases.len();
    let mut words = Vec::new();
    for case in cases {
        let stage = Stage::set(server, &case);
        let (expected, after) = decide(&case);
        let answer = stage.call(&case);
        let slack = server.slack_ms();
        assert!(is_near(answer.control, expected.control, slack), "{case:?}: {answer:?}");
        let control = expected.control;
        assert_eq!(Answer { control, ..answer }, expected, "{case:?}");
        stage.check(&case, &after);
        words.push(expected.word);
    }
    for word in
        [Word::Published, Word::EpochMoved, Word::NewerThere, Word::VersionMoved, Word::NotOurs]
    {
        assert!(words.contains(&Some(word)), "no case comes to {word:?}");
    }
    println!("{count} cases are decided alike");
}

/// What the model makes of a case.
fn decide(case: &Case) -> (Answer, Redis) {
    let environment = Environment::new("scripts");
    let caller = Caller { environment: &environment, known: case.known };
    let mut redis = case.redis;
    let none =
        Answer { word: None, is_ours: false, was_endless: false, control: Record::default() };
    let of = |(word, control): (Word, Record)| Answer { word: Some(word), control, ..none };
    let answer = match case.call {
        Call::Claim => {
            let claim = redis.claim(caller, By::Ours(0));
            let (is_ours, was_endless) = (claim.is_ours, claim.was_endless);
            Answer { is_ours, was_endless, control: claim.control, ..none }
        }
        Call::Publish(version) => of(redis.data.publish(caller, version, case.now)),
        Call::Add(version, listing) => of(redis.data.add(caller, version, listing)),
        Call::Renew(there, renewed) => of(redis.data.renew(caller, there, renewed)),
        Call::Invalidate(hard) => {
            let control = redis.data.invalidate(caller, hard.then_some(1), case.now);
            Answer { control, ..none }
        }
    };
    (answer, redis)
}

fn is_near(a: Record, b: Record, slack_ms: u64) -> bool {
    let near = |a: Stamp, b: Stamp| a.time().0.abs_diff(b.time().0) <= slack_ms;
    near(a.epoch, b.epoch) && near(a.barrier, b.barrier) && near(a.barrier_at, b.barrier_at)
}

impl<'a> Stage<'a> {
    fn set(server: &'a dyn Server, case: &Case) -> Self {
        let source = Source::from(Scope::Active);
        let view = View::from(Selection::default());
        let offset = server.now() - case.now.time().0;
        let stage = Self { server, keys: KeySpace::new("model:"), source, view, offset };
        let Redis { data, lease, .. } = case.redis;
        let keys = &stage.keys;
        server.run(&["FLUSHALL"]);
        if case.is_nonsense {
            server.run(&["SET", &keys.control(), NONSENSE]);
        } else if data.control.is_there() {
            server.run(&["SET", &keys.control(), &stage.control(data.control).to_text()]);
        }
        if data.version.is_there() {
            let version = stage.version(data.version);
            let forgotten = version.at + FORGOTTEN;
            stage.put(&keys.version(source), &version.to_text(), forgotten);
        }
        if data.snapshot.header.is_there() {
            let text = stage.snapshot(data.snapshot.header);
            stage.put(&stage.snapshot_key(), &text, stage.time(data.snapshot.expires));
        }
        if data.listing.expires.is_some() {
            let text = listing_text(data.listing);
            stage.put(&keys.listing(&view), &text, stage.time(data.listing.expires));
        }
        if lease.by != By::Nobody {
            server.run(&["SET", &keys.lease(source), token(lease.by)]);
            if !lease.is_endless {
                server.run(&["PEXPIRE", &keys.lease(source), "10000"]);
            }
        }
        stage
    }

    fn put(&self, key: &str, text: &str, expires: Timestamp) {
        self.server.run(&["SET", key, text, "PXAT", &expires.0.to_string()]);
    }

    fn snapshot_key(&self) -> String {
        self.keys.resource(&Resource::Snapshot(self.source))
    }

    fn time(&self, stamp: Stamp) -> Timestamp {
        Timestamp(if stamp.is_some() { stamp.time().0 + self.offset } else { 0 })
    }

    /// The point of a time, or the nearest before it.
    fn stamp(&self, time: u64) -> Stamp {
        if time == 0 {
            return Stamp::default();
        }
        let time = time - self.offset;
        let (slot, rest) = (time / 10_000 * 10_000, time % 10_000);
        let rest = if rest < 4_000 { rest.min(31) } else { rest.min(4_031) };
        Stamp::of(Timestamp(slot + rest))
    }

    fn control(&self, record: Record) -> Control {
        let [epoch, barrier] = [record.epoch, record.barrier].map(|stamp| self.time(stamp).0);
        Control { epoch, barrier, barrier_at: self.time(record.barrier_at) }
    }

    fn record(&self, control: Control) -> Record {
        let Control { epoch, barrier, barrier_at } = control;
        let [epoch, barrier, barrier_at] =
            [epoch, barrier, barrier_at.0].map(|time| self.stamp(time));
        Record { epoch, barrier, barrier_at, generation: 0 }
    }

    fn version(&self, published: Published) -> Version {
        let version = published.version();
        let (at, epoch) = (self.time(published.at), self.time(published.epoch).0);
        Version { at, epoch, ..version }
    }

    fn snapshot(&self, header: Published) -> String {
        format!("{}\n[]", self.version(header).to_text())
    }

    /// The production's call.
    fn call(&self, case: &Case) -> Answer {
        let port = Direct(self.server);
        let known = self.control(case.known);
        let traffic = Cell::default();
        let session = Session::new(&port, &self.keys, known, LEASE, &traffic);
        let mut answer =
            Answer { word: None, is_ours: false, was_endless: false, control: Record::default() };
        let guarded = match case.call {
            Call::Claim => {
                let claim = redis::claim(session, self.source, token(By::Ours(0)), LEASE);
                let claim = claim.now_or_never().expect("an answer at once").expect("a claim");
                (answer.is_ours, answer.was_endless) = (claim.acquired, claim.endless_lease);
                answer.control = self.record(claim.control.unwrap_or_default());
                assert_eq!(claim.healed, case.is_nonsense, "{case:?}");
                let there = case.redis.data.version;
                let expected = there.is_there().then(|| self.version(there));
                assert_eq!(claim.version, expected, "{case:?}");
                return answer;
            }
            Call::Invalidate(hard) => {
                let values = [self.snapshot_key(), self.keys.listing(&self.view)];
                let raised = redis::invalidate(session, hard, &values, "{}");
                let raised = raised.now_or_never().expect("an answer at once").expect("a raise");
                answer.control = self.record(raised.control);
                return answer;
            }
            Call::Publish(version) => {
                let text = self.snapshot(version);
                let (version, values) =
                    (self.version(version), vec![(self.snapshot_key(), text.into())]);
                let until = version.at + FORGOTTEN;
                redis::publish(session, self.source, &version, until, values, None, None)
                    .now_or_never()
            }
            Call::Add(version, listing) => {
                let values = vec![(self.keys.listing(&self.view), listing_text(listing).into())];
                let version = self.version(version);
                redis::add(session, self.source, &version, None, values, None).now_or_never()
            }
            Call::Renew(there, renewed) => {
                let values = vec![self.snapshot_key(), self.keys.listing(&self.view)];
                let living = redis::Living { values, derived: Vec::new() };
                let (there, renewed) = (self.version(there), self.version(renewed));
                let until = renewed.at + FORGOTTEN;
                redis::renew(session, self.source, &there, &renewed, until, living, None)
                    .now_or_never()
            }
        };
        let guarded = guarded.expect("an answer at once").expect("a guard's word");
        answer.word = Some(word(guarded.reply));
        answer.control = self.record(guarded.control.unwrap_or_default());
        answer
    }

    /// Whether Redis holds what the model says it does.
    fn check(&self, case: &Case, after: &Redis) {
        let Data { control, version, snapshot, listing } = after.data;
        let (keys, server) = (&self.keys, self.server);
        let text = |key: &str| match server.run(&["GET", key]) {
            Reply::Text(text) => Some(text),
            _ => None,
        };
        let record = text(&keys.control()).and_then(|text| Control::read(&text));
        let record = self.record(record.unwrap_or_default());
        assert!(is_near(record, control, server.slack_ms()), "{case:?}: {record:?}");
        let there = version.is_there().then(|| self.version(version).to_text());
        assert_eq!(text(&keys.version(self.source)), there, "{case:?}");
        let header = snapshot.header.is_there().then(|| self.snapshot(snapshot.header));
        self.check_value(case, &self.snapshot_key(), header, snapshot.expires);
        let listed = listing.expires.is_some().then(|| listing_text(listing));
        self.check_value(case, &keys.listing(&self.view), listed, listing.expires);
        self.check_listing(case, &after.data);
        let holder = (after.lease.by != By::Nobody).then(|| token(after.lease.by).to_owned());
        assert_eq!(text(&keys.lease(self.source)), holder, "{case:?}");
        let left = server.run(&["PTTL", &keys.lease(self.source)]);
        assert_eq!(left == Reply::Integer(-1), after.lease.is_endless, "{case:?}: {left:?}");
    }

    /// The script that reads a listing tells its expiry and the version beside it.
    fn check_listing(&self, case: &Case, data: &Data) {
        let port = Direct(self.server);
        let traffic = Cell::default();
        let session = Session::new(&port, &self.keys, Control::default(), LEASE, &traffic);
        let read = redis::read_listing(session, &self.view).now_or_never();
        let found = read.expect("an answer at once").expect("a read");
        let found = found.filter(|found| found.expiry != Expiry::Missing);
        let expected = data.listing.expires.is_some().then(|| ReadListing {
            text: listing_text(data.listing),
            expiry: Expiry::At(self.time(data.listing.expires)),
            version: data.version.is_there().then(|| self.version(data.version)),
        });
        assert_eq!(found, expected, "{case:?}");
    }

    fn check_value(&self, case: &Case, key: &str, text: Option<String>, expires: Stamp) {
        let expiry = match &text {
            Some(_) => i64::try_from(self.time(expires).0).expect("a time"),
            None => -2,
        };
        let found = self.server.run(&["GET", key]);
        assert_eq!(found, text.map_or(Reply::Nil, Reply::Text), "{case:?}: {key}");
        let found = self.server.run(&["PEXPIRETIME", key]);
        assert_eq!(found, Reply::Integer(expiry), "{case:?}: {key}");
    }
}

fn word(reply: PublishReply) -> Word {
    match reply {
        PublishReply::Published => Word::Published,
        PublishReply::EpochMoved => Word::EpochMoved,
        PublishReply::NewerThere => Word::NewerThere,
        PublishReply::VersionMoved => Word::VersionMoved,
        PublishReply::NotOurs => Word::NotOurs,
        reply => panic!("{reply:?} is not modelled"),
    }
}

fn token(by: By) -> &'static str {
    match by {
        By::Nobody => "",
        By::Ours(0) => "a",
        By::Ours(_) => "b",
        By::Other => "somebody",
    }
}

fn listing_text(listing: Listing) -> String {
    format!("[{},{:?}]", listing.content, listing.by)
}

/// What is there of a version: its snapshot as it was published.
fn snapshot_of(version: Published) -> Snapshot {
    Snapshot { header: version, expires: version.expires() }
}

/// Nobody's lease, and whose else.
fn leases() -> [Lease; 4] {
    [
        Lease::default(),
        Lease { by: By::Ours(0), is_endless: false },
        Lease { by: By::Ours(1), is_endless: false },
        Lease { by: By::Other, is_endless: true },
    ]
}
