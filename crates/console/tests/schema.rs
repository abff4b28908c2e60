//! The schema in the guide is the schema of the reports that this code writes.

use std::path::Path;

/// Where the guide keeps it.
const FILE: &str = "../../docs/guide/src/report.schema.json";

#[test]
fn the_schema_in_the_guide_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(
        kept == tribune_console::json_schema(),
        "the schema changed: write it anew with\n    \
         cargo run --release -- report --schema > docs/guide/src/report.schema.json"
    );
}
