//! The golden vectors: tables, and what the reference backend made of them.

use std::{fs, io::Read, path::PathBuf};

use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// A file of the vectors as JSON, gzipped or not.
pub fn read(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap()
}

/// A file of the vectors.
pub fn text(path: &str) -> String {
    let plain = folder().join(path);
    if plain.exists() {
        return fs::read_to_string(plain).unwrap();
    }
    let packed = fs::File::open(folder().join(format!("{path}.gz"))).expect(path);
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    text
}
