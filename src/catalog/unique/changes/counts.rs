//! How many models changed.

use serde::{Deserialize, Serialize};

use super::difference::{Difference, differences};
use crate::catalog::JsonArray;

/// Counts of models, and which share of them needed no change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// Models that were not there before.
    pub added: usize,
    /// Models with any other byte than before.
    pub changed: usize,
    /// Models that are gone.
    pub deleted: usize,
    /// Models that are the same.
    pub unchanged: usize,
    /// `unchanged` as percent of the new models.
    pub efficiency_percent: f64,
}

impl Changes {
    /// Nothing changed among so many models.
    pub fn none(models: usize) -> Self {
        let efficiency_percent = percent(models, models);
        Self { unchanged: models, efficiency_percent, ..Self::default() }
    }

    /// Whether anything is other than before.
    pub fn is_some(&self) -> bool {
        self.added > 0 || self.changed > 0 || self.deleted > 0
    }

    /// Compares two snapshots of a scope, whose models are told apart by name; without an earlier one every model is new.
    pub fn between(before: Option<&JsonArray>, after: &JsonArray) -> Self {
        let mut changes = Self::default();
        for difference in differences(before, after).into_values() {
            changes.count(&difference);
        }
        changes.of(after.len())
    }

    /// Counts what became of one model.
    pub(super) fn count(&mut self, difference: &Difference<'_>) {
        let counter = match difference {
            Difference::Added(_) => &mut self.added,
            Difference::Changed(..) => &mut self.changed,
            Difference::Deleted(_) => &mut self.deleted,
            Difference::Unchanged => &mut self.unchanged,
        };
        *counter = counter.saturating_add(1);
    }

    /// The same, when all of so many new models are counted.
    pub(in crate::catalog) fn of(self, models: usize) -> Self {
        Self { efficiency_percent: percent(self.unchanged, models), ..self }
    }
}

/// `part` of `whole` in percent, to two decimal places; 0 of nothing.
fn percent(part: usize, whole: usize) -> f64 {
    let hundredths = part.saturating_mul(10_000).checked_div(whole).unwrap_or(0);
    f64::from(u32::try_from(hundredths).unwrap_or(u32::MAX)) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Scope, Snapshot};

    fn snapshot(models: &[(&str, &str)]) -> Snapshot {
        let models: Vec<String> = models
            .iter()
            .map(|(name, id)| {
                format!(
                    r#"{{"id":"{id}","name":"{name}","providers":[],"provider_count":0,"cheapest_provider":null,"fastest_provider":null,"cheapest_prompt_price":null,"fastest_response_time":null}}"#
                )
            })
            .collect();
        Snapshot::decode(Scope::Active.into(), format!("[{}]", models.join(","))).unwrap()
    }

    #[test]
    fn models_are_told_apart_by_name_and_compared_whole() {
        let before = snapshot(&[("a", "1"), ("b", "1"), ("c", "1"), ("d", "1")]);
        let after = snapshot(&[("d", "1"), ("a", "2"), ("e", "1")]);
        let changes = after.changes_since(Some(&before));
        let expected =
            Changes { added: 1, changed: 1, deleted: 2, unchanged: 1, efficiency_percent: 33.33 };
        assert_eq!(changes, expected);
        let first = after.changes_since(None);
        assert_eq!(first, Changes { added: 3, ..Changes::default() });
        assert_eq!(after.changes_since(Some(&after)), Changes::none(3));
        assert_eq!(Changes::none(3).efficiency_percent.to_string(), "100");
        assert_eq!(Changes::none(0), Changes::default());
    }
}
