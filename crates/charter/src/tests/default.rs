//! The charter that ships.

use std::path::Path;

use crate::Charter;
use crate::embedded;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charters/default")
}

#[test]
fn the_embedded_charter_is_the_folder() {
    let there = Charter::load(&folder()).unwrap();
    let embedded = Charter::embedded("default").unwrap();
    assert_eq!(there.id(), embedded.id());
    for name in embedded::NAMES {
        Charter::find(name).unwrap();
    }
}

#[test]
fn every_case_of_the_default_charter_passes() {
    let charter = Charter::load(&folder()).unwrap_or_else(|error| panic!("{error}"));
    let cases = charter.cases().unwrap_or_else(|error| panic!("{error}"));
    assert!(cases.len() > 80, "{}", cases.len());
    let failed: Vec<String> = cases
        .into_iter()
        .map(|case| charter.run(case))
        .filter(|result| !result.failures.is_empty())
        .map(|it| {
            format!(
                "{}:{} {}\n  {}",
                it.case.file,
                it.case.line,
                it.case.name,
                it.failures.join("\n  ")
            )
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
