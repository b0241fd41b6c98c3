//! Under which keys everything stands.

use super::reader::Reader;
use crate::catalog::KeySpace;

/// KV takes keys of 512 bytes (docs/platform.md, "KV sizes and quotas"). The longest name under a namespace has about 80,
/// so this leaves room for more.
const BYTES_MAX: usize = 64;

/// Reads `CACHE_NAMESPACE`: empty, or what all keys begin with.
pub(super) fn read(reader: &mut Reader<'_>) -> KeySpace {
    const NAME: &str = "CACHE_NAMESPACE";
    let namespace = reader.token(NAME).unwrap_or_default();
    if namespace.len() > BYTES_MAX {
        reader.fault(NAME, &format!("must have at most {BYTES_MAX} characters"));
    }
    if !namespace.is_empty() && !namespace.ends_with(':') {
        reader.warn(
            NAME,
            "does not end in `:`, so nothing is shared with the backend, whose keys have one there",
        );
    }
    KeySpace::new(namespace)
}
