//! What is published of a source now: the version record, and the header of a snapshot or of a copy in KV, which is the
//! same record about that text.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{catalog::Extent, ports::Timestamp};

/// Clocks of two machines that date loads differ by less than this; a date that is further ahead is nonsense.
const CLOCKS_APART: Duration = Duration::from_secs(60);

/// What says how a text is to be taken. In Redis it is JSON in this order of fields, since the scripts find them by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The format of the record and of what it is about; what has another one is a miss.
    pub v: u32,
    /// The fingerprint of the settings that shape the content.
    #[serde(with = "hex")]
    pub config: u64,
    /// When the origin was read, by the clock of who read it.
    pub at: Timestamp,
    /// How long after `at` it is fresh, in ms.
    pub ttl: u64,
    /// Control's epoch that it was read under.
    pub epoch: u64,
    /// The backend's epoch that it was read under; none when there was none.
    pub backend_epoch: Option<u64>,
    /// The XXH3 of the text.
    #[serde(with = "hex")]
    pub hash: u64,
    /// The number of entries.
    pub n: usize,
    /// The largest number of offers of an entry: a view that asks for more is empty and has no key.
    pub offers_max: u32,
    /// The bytes of the text.
    pub bytes: usize,
    /// Where the snapshot is.
    pub place: Place,
    /// Which of the warm views' listings are in Redis beside it: a bit each, in their order.
    pub listings: u32,
    /// The XXH3 of the snapshot as it is packed; none where the text itself follows the header.
    #[serde(default, with = "hex_option")]
    pub packed: Option<u64>,
    /// What was read of this source by then is wrong: a hard invalidation of it alone, by the clock of Redis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barrier_at: Option<Timestamp>,
}

/// Where a snapshot is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In Redis, and in KV.
    #[default]
    Redis,
    /// In KV alone: it is too large for a request to Redis.
    Kv,
    /// Nowhere: the source was withdrawn. The record is there for what was to be told.
    Nowhere,
}

impl Version {
    /// The format that this edition writes.
    pub const FORMAT: u32 = 2;

    /// Reads a record. What is nonsense, or of another format, counts as missing.
    pub fn read(text: &str) -> Option<Self> {
        let version: Self = serde_json::from_str(text).ok()?;
        (version.v == Self::FORMAT).then_some(version)
    }

    /// The record as it is stored.
    pub fn to_text(self) -> String {
        // A record of numbers and words cannot fail to be written.
        serde_json::to_string(&self).unwrap_or_default()
    }

    /// The header of a snapshot, and what follows it: its text, or that text packed.
    pub fn split(value: &str) -> Option<(Self, &str)> {
        let (header, body) = value.split_once('\n')?;
        let version = Self::read(header)?;
        let is_whole = version.packed.is_some() || version.bytes == body.len();
        is_whole.then_some((version, body))
    }

    /// The order of versions: that of an invalidation's epochs first, then when the origin was read.
    pub fn order(&self) -> (u64, Timestamp) {
        (self.epoch, self.at)
    }

    /// How large the content is.
    pub fn extent(&self) -> Extent {
        Extent { models: self.n, offers_max: self.offers_max }
    }

    /// When keys of this expire, to the millisecond: it tells listings of ours from the backend's.
    pub fn expires_at(&self) -> Timestamp {
        self.at + Duration::from_millis(self.ttl)
    }

    /// What is left of it when its source is withdrawn: how large it was.
    #[must_use]
    pub fn withdrawn(&self) -> Self {
        Self { hash: 0, place: Place::Nowhere, listings: 0, packed: None, ..*self }
    }

    /// The same content as a later load found it again.
    #[must_use]
    pub fn renewed_as(&self, load: &Self) -> Self {
        let Self { at, ttl, epoch, backend_epoch, .. } = *load;
        Self { at: self.followed_at(at), ttl, epoch, backend_epoch, ..*self }
    }

    /// The date of a load that began at `at` when this was there already. Where that load's clock is behind the one that dated
    /// this, time moves on all the same: readers take for later what is dated later.
    #[must_use]
    pub fn followed_at(&self, at: Timestamp) -> Timestamp {
        let is_behind = at <= self.at && self.at.since(at) < CLOCKS_APART;
        if is_behind { self.at + Duration::from_millis(1) } else { at }
    }
}

/// Numbers of 64 bits as text: those of JavaScript are exact up to 53.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[cfg_attr(
        target_pointer_width = "64",
        expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")
    )]
    pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{value:016x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map_err(D::Error::custom)
    }
}

/// The same, where there may be none.
mod hex_option {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::hex::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<u64>, D::Error> {
        let text: Option<String> = Option::deserialize(deserializer)?;
        text.map(|text| u64::from_str_radix(&text, 16).map_err(D::Error::custom)).transpose()
    }
}

#[cfg(test)]
impl Version {
    /// Any version, for tests that look at little of it.
    pub(in crate::cache) fn example() -> Self {
        Self {
            v: Self::FORMAT,
            config: 1,
            at: Timestamp(5_000),
            ttl: 1_800_000,
            epoch: 7,
            backend_epoch: None,
            hash: u64::MAX,
            n: 2,
            offers_max: 3,
            bytes: 2,
            place: Place::Redis,
            listings: 63,
            packed: None,
            barrier_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version() -> Version {
        Version::example()
    }

    #[test]
    fn a_record_is_read_as_it_was_written_and_nothing_else_is() {
        let text = version().to_text();
        assert!(text.len() < 1024, "{text}");
        assert_eq!(Version::read(&text), Some(version()));
        assert_eq!(Version::split(&format!("{text}\n[]")), Some((version(), "[]")));
        assert_eq!(Version::split(&format!("{text}\n[")), None, "cut");
        assert_eq!(Version::split(&text), None);
        let packed = Version { packed: Some(7), ..version() };
        let value = format!("{}\nABCDEF", packed.to_text());
        assert_eq!(Version::split(&value), Some((packed, "ABCDEF")));
        let other = Version { v: Version::FORMAT + 1, ..version() };
        for text in [String::new(), "7".into(), "{}".into(), "[]".into(), other.to_text()] {
            assert_eq!(Version::read(&text), None, "{text}");
        }
    }

    #[test]
    fn a_version_says_its_order_its_size_and_its_end() {
        assert_eq!(version().order(), (7, Timestamp(5_000)));
        assert_eq!(version().extent(), Extent { models: 2, offers_max: 3 });
        assert_eq!(version().expires_at(), Timestamp(1_805_000));
    }

    #[test]
    fn a_load_is_dated_after_what_it_follows_unless_that_is_nonsense() {
        let there = Version { at: Timestamp(100_000), ..version() };
        for (begun, expected) in
            [(100_001, 100_001), (100_000, 100_001), (40_001, 100_001), (40_000, 40_000), (0, 0)]
        {
            assert_eq!(there.followed_at(Timestamp(begun)), Timestamp(expected), "{begun}");
        }
    }

    #[test]
    fn what_is_renewed_moves_on_by_any_clock() {
        let renewed =
            |at| version().renewed_as(&Version { at: Timestamp(at), epoch: 8, ..version() });
        assert_eq!(renewed(9_000), Version { at: Timestamp(9_000), epoch: 8, ..version() });
        assert_eq!(renewed(5_000).at, Timestamp(5_001));
        assert_eq!(renewed(1_000).at, Timestamp(5_001), "a clock that is behind");
        let load = Version { ttl: 9, backend_epoch: Some(4), hash: 2, ..version() };
        let expected =
            Version { ttl: 9, backend_epoch: Some(4), at: Timestamp(5_001), ..version() };
        assert_eq!(version().renewed_as(&load), expected, "content is what was there");
    }

    #[test]
    fn the_scripts_find_the_fields_by_this_form() {
        let expected = concat!(
            r#"{"v":2,"config":"0000000000000001","at":5000,"ttl":1800000,"epoch":7,"backend_epoch":null,"#,
            r#""hash":"ffffffffffffffff","n":2,"offers_max":3,"bytes":2,"place":"redis","listings":63,"packed":null}"#
        );
        assert_eq!(version().to_text(), expected);
    }
}
