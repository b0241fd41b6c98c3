//! What one provider offers, among what others do.

use std::collections::HashMap;

use super::entry::{Row, find, text};
use crate::catalog::provider::RegistryEntry;

/// The entries of a provider.
#[derive(Clone, Debug)]
pub struct Block<'a> {
    /// The provider.
    pub provider: &'a RegistryEntry,
    /// Its entries, in their order.
    pub rows: Vec<Row<'a>>,
}

impl<'a> Block<'a> {
    /// Takes the list of all apart, whose blocks the backend keeps in any order, into those of these providers; entries of others, which
    /// may have been active before, are nobody's.
    pub fn of_full(rows: Vec<Row<'a>>, providers: &[&'a RegistryEntry]) -> Vec<Self> {
        let block = |provider: &&'a RegistryEntry| Self { provider, rows: Vec::new() };
        let mut blocks: Vec<Self> = providers.iter().map(block).collect();
        let positions: HashMap<&str, usize> =
            providers.iter().map(|provider| provider.slug.as_str()).zip(0..).collect();
        for row in rows {
            let [gateway] = find(row.text, ["source_gateway"]);
            let gateway = gateway.and_then(text);
            let position = gateway.and_then(|gateway| positions.get(&*gateway).copied());
            if let Some(block) = position.and_then(|position| blocks.get_mut(position)) {
                block.rows.push(row);
            }
        }
        blocks
    }

    /// The entries of these blocks, one after another.
    pub fn rows(blocks: &[Self]) -> Vec<Row<'a>> {
        blocks.iter().flat_map(|block| block.rows.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::provider::served::resolve::tests::registry;

    #[test]
    fn the_list_of_all_falls_into_blocks_in_the_order_of_the_registry() {
        let registry = registry(&[("a", &[]), ("b", &[]), ("c", &[])]);
        let entry =
            |id: &str, gateway: &str| format!(r#"{{"id":"{id}","source_gateway":"{gateway}"}}"#);
        let texts = [
            entry("1", "c"),
            entry("2", "a"),
            entry("3", "gone"),
            entry("4", "c"),
            entry("5", "A"),
        ];
        let rows = texts.iter().map(|text| Row::read(text)).collect();
        let providers: Vec<&RegistryEntry> = registry.entries().iter().collect();
        let blocks = Block::of_full(rows, &providers);
        let counts: Vec<(&str, usize)> =
            blocks.iter().map(|block| (block.provider.slug.as_str(), block.rows.len())).collect();
        assert_eq!(counts, [("a", 1), ("b", 0), ("c", 2)]);
        let texts: Vec<&str> = Block::rows(&blocks).iter().map(|row| row.text).collect();
        assert_eq!(texts, [entry("2", "a"), entry("1", "c"), entry("4", "c")]);
    }
}
