//! What Redis tells of control, of the backend and of versions, and the same as one data center's isolates tell each other.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{control::Control, known::CLOCKS, version::Version};
use crate::{catalog::Source, ports::Timestamp};

/// What a read of Redis tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Control; none when the record is missing, or nonsense.
    pub control: Option<Control>,
    /// The backend's epoch.
    pub backend_epoch: Option<u64>,
    /// The version of each source that was asked for; none where there is none that this edition can read.
    pub versions: Vec<(Source, Option<Version>)>,
}

impl Observed {
    /// The version of a source.
    pub fn version(&self, source: Source) -> Option<Version> {
        self.versions.iter().find(|(of, _)| *of == source).and_then(|(_, version)| *version)
    }

    /// Whether all of these sources were asked for.
    pub fn covers(&self, sources: &[Source]) -> bool {
        sources.iter().all(|source| self.versions.iter().any(|(of, _)| of == source))
    }

    /// The sources that were asked for.
    pub fn sources(&self) -> impl Iterator<Item = Source> {
        self.versions.iter().map(|(source, _)| *source)
    }
}

/// What the isolates of a data center leave each other of what Redis told. It is a copy of Redis that lags: what it says is
/// learned by maximum, as from any other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// When Redis was asked, for the source of which that is longest ago.
    pub at: Timestamp,
    /// When an isolate last set out to ask again: the others wait for what it hears.
    pub asked_at: Timestamp,
    /// What it said.
    pub observed: Observed,
}

/// The record as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    v: u32,
    at: Timestamp,
    asked_at: Timestamp,
    control: Option<Control>,
    backend_epoch: Option<u64>,
    versions: Vec<(String, Option<Version>)>,
}

impl Told {
    const FORMAT: u32 = 1;

    /// Reads the record. What is cut or changed, of another format, or from a clock that is ahead counts as missing: a digit more would
    /// be believed for good.
    pub fn read(text: &str, now: Timestamp) -> Option<Self> {
        let (checksum, record) = text.split_once('\n')?;
        if checksum != checksum_of(record) {
            return None;
        }
        let Record { v, at, asked_at, control, backend_epoch, versions } =
            serde_json::from_str(record).ok()?;
        let is_ahead = at.max(asked_at) > now + CLOCKS;
        let is_ours = |version: &Version| version.v == Version::FORMAT;
        let versions = versions.into_iter().filter_map(|(name, version)| {
            let source = Source::named(&name)?;
            Some((source, version.filter(is_ours)))
        });
        let observed = Observed { control, backend_epoch, versions: versions.collect() };
        (v == Self::FORMAT && !is_ahead).then_some(Self { at, asked_at, observed })
    }

    /// The record as it is stored: the XXH3 of the JSON on a line of its own, then the JSON.
    pub fn to_text(&self) -> String {
        let Observed { control, backend_epoch, versions } = &self.observed;
        let versions =
            versions.iter().map(|(source, version)| (source.as_str().to_owned(), *version));
        let record = Record {
            v: Self::FORMAT,
            at: self.at,
            asked_at: self.asked_at,
            control: *control,
            backend_epoch: *backend_epoch,
            versions: versions.collect(),
        };
        // A record of numbers and words cannot fail to be written.
        let record = serde_json::to_string(&record).unwrap_or_default();
        [checksum_of(&record).as_str(), &record].join("\n")
    }

    /// Whether Redis told any of it; an invalidator may leave what it raised before anybody asked.
    pub fn is_of_redis(&self) -> bool {
        self.at > Timestamp::default()
    }

    /// Whether this answers a check of these sources: all of them were asked for less than `life` ago.
    pub fn answers(&self, sources: &[Source], now: Timestamp, life: Duration) -> bool {
        self.observed.covers(sources) && now.since(self.at) < life
    }

    /// Adds what was heard from Redis, or from another record, that was asked at `begun`. What tells of all that is here moves the
    /// whole on; what tells of a part does not make the rest any younger.
    pub fn hear(&mut self, heard: &Observed, begun: Timestamp) {
        let is_later = begun >= self.at;
        let known: Vec<Source> = self.observed.sources().collect();
        let observed = &mut self.observed;
        observed.control = match (observed.control, heard.control) {
            (Some(known), Some(heard)) => Some(known.merged(heard)),
            (known, heard) => known.or(heard),
        };
        if is_later {
            observed.backend_epoch = heard.backend_epoch;
        }
        for (source, version) in &heard.versions {
            match observed.versions.iter_mut().find(|(of, _)| of == source) {
                Some((_, known)) if is_later || is_newer(version.as_ref(), known.as_ref()) => {
                    *known = *version;
                }
                Some(_) => {}
                None => observed.versions.push((*source, *version)),
            }
        }
        let adds = observed.versions.len() > known.len();
        self.at = match (heard.covers(&known) && is_later, adds) {
            (true, _) => begun,
            (false, true) if known.is_empty() => begun,
            (false, true) => self.at.min(begun),
            (false, false) => self.at,
        };
    }

    /// Adds what an invalidation raised control to.
    pub fn note_raised(&mut self, control: Control) {
        self.observed.control = Some(self.observed.control.unwrap_or_default().merged(control));
    }

    /// Adds a version that this isolate has published, and with it nothing that Redis said of others.
    pub fn note_published(&mut self, source: Source, version: Version) {
        let known = self.observed.versions.iter_mut().find(|(of, _)| *of == source);
        if let Some((_, known)) = known
            && is_newer(Some(&version), known.as_ref())
        {
            *known = Some(version);
        }
    }
}

fn checksum_of(record: &str) -> String {
    format!("{:016x}", xxh3_64(record.as_bytes()))
}

fn is_newer(version: Option<&Version>, than: Option<&Version>) -> bool {
    version.map(Version::order) > than.map(Version::order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Scope;

    const ACTIVE: Source = Source::Unique(Scope::Active);
    const ALL: Source = Source::Unique(Scope::All);

    fn version(epoch: u64, at: u64) -> Version {
        Version { v: Version::FORMAT, epoch, at: Timestamp(at), ..Version::example() }
    }

    fn observed(
        epoch: u64,
        backend: Option<u64>,
        versions: &[(Source, Option<Version>)],
    ) -> Observed {
        let control = Some(Control { epoch, ..Control::default() });
        Observed { control, backend_epoch: backend, versions: versions.to_vec() }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut told = Told { asked_at: Timestamp(7), ..Told::default() };
        let heard = observed(3, Some(9), &[(ACTIVE, Some(version(3, 5))), (ALL, None)]);
        told.hear(&heard, Timestamp(10));
        let text = told.to_text();
        assert_eq!(Told::read(&text, Timestamp(10)), Some(told.clone()));
        let ahead = Timestamp(10_000);
        let far = Told { at: ahead + Duration::from_millis(5_001), ..told };
        assert_eq!(Told::read(&far.to_text(), ahead), None, "a clock that is ahead");
        let signed = |record: &str| [checksum_of(record).as_str(), record].join("\n");
        let (_, record) = text.split_once('\n').unwrap();
        for (broken, why) in [
            (String::new(), "nothing"),
            ("{}".to_owned(), "no checksum"),
            (text.get(..40).unwrap().to_owned(), "cut"),
            (text.replace("\"epoch\":3", "\"epoch\":7"), "changed"),
            (signed(&record.replace("\"v\":1", "\"v\":2")), "another format"),
            (signed(record.get(..40).unwrap()), "no record"),
        ] {
            assert_eq!(Told::read(&broken, Timestamp(10)), None, "{why}");
        }
        let foreign = signed(&record.replace("\"active\"", "\"nobody's\""));
        assert!(!Told::read(&foreign, Timestamp(10)).unwrap().observed.covers(&[ACTIVE]));
    }

    #[test]
    fn what_is_told_only_grows_but_for_what_the_backend_takes_back() {
        let mut told = Told::default();
        told.hear(&observed(3, Some(9), &[(ACTIVE, Some(version(3, 50)))]), Timestamp(100));
        told.hear(&observed(2, Some(8), &[(ACTIVE, Some(version(3, 40)))]), Timestamp(90));
        assert_eq!(told.observed, observed(3, Some(9), &[(ACTIVE, Some(version(3, 50)))]));
        told.hear(&observed(2, None, &[(ACTIVE, None)]), Timestamp(110));
        assert_eq!(told.observed, observed(3, None, &[(ACTIVE, None)]), "Redis lost its data");
        told.hear(&observed(3, Some(1), &[(ACTIVE, Some(version(4, 60)))]), Timestamp(105));
        assert_eq!(
            told.observed.version(ACTIVE),
            Some(version(4, 60)),
            "newer, though asked sooner"
        );
    }

    #[test]
    fn a_part_makes_the_rest_no_younger() {
        let life = Duration::from_millis(25);
        let mut told = Told::default();
        told.hear(&observed(3, None, &[(ACTIVE, None)]), Timestamp(100));
        told.hear(&observed(4, None, &[]), Timestamp(120));
        assert_eq!((told.at, told.observed.control.unwrap().epoch), (Timestamp(100), 4));
        told.hear(&observed(4, None, &[(ALL, None)]), Timestamp(120));
        assert_eq!(told.at, Timestamp(100));
        assert!(told.answers(&[ACTIVE, ALL], Timestamp(124), life));
        assert!(!told.answers(&[ACTIVE, ALL], Timestamp(125), life));
        told.hear(&observed(4, None, &[(ALL, None), (ACTIVE, None)]), Timestamp(130));
        assert_eq!(told.at, Timestamp(130));

        let mut told = Told::default();
        told.hear(&observed(3, None, &[(ACTIVE, None)]), Timestamp(100));
        assert!(!told.answers(&[ACTIVE, ALL], Timestamp(100), life), "nobody asked for that");
        told.hear(&observed(3, None, &[(ALL, None)]), Timestamp(90));
        assert_eq!(told.at, Timestamp(90));
    }

    #[test]
    fn what_was_published_is_told_where_redis_told_of_the_source() {
        let mut told = Told::default();
        told.note_published(ACTIVE, version(3, 50));
        assert_eq!(told, Told::default());
        told.hear(&observed(3, None, &[(ACTIVE, Some(version(3, 50)))]), Timestamp(100));
        told.note_published(ACTIVE, version(3, 40));
        assert_eq!(told.observed.version(ACTIVE), Some(version(3, 50)));
        told.note_published(ACTIVE, version(3, 60));
        assert_eq!(
            (told.observed.version(ACTIVE), told.at),
            (Some(version(3, 60)), Timestamp(100))
        );
    }
}
