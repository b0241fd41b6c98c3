//! What the routes promise besides bodies: validators, methods, failures, names.

use super::Catalogs;

#[test]
fn placeholder() {
    assert_eq!(Catalogs::new().found("/models?limit=1")["total"], 1202);
    let _ = &Catalogs::new().stored.broken;
}
