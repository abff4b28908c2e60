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

/// The blocks of code of a page, with the word after their fence.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let parts = page.split("```").skip(1).step_by(2);
    parts.filter_map(|part| part.split_once('\n')).collect()
}

#[test]
fn the_examples_of_the_guide_are_what_they_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/src/charter.md");
    let page = std::fs::read_to_string(path).unwrap();
    let block = |language: &str, begins: &str| {
        let fits = |(word, text): &&(&str, &str)| *word == language && text.starts_with(begins);
        blocks(&page).iter().find(fits).unwrap().1.to_owned()
    };
    // The charter and the rule of the page can be loaded together.
    let written = super::load(&block("toml", "name"), &block("", "@id")).unwrap();
    assert_eq!(written.rules().len(), 1);
    assert_eq!(written.stakes().switches.len(), 1);
    assert_eq!(written.stakes().assets.len(), 1);
    // The cases hold for the charter that ships.
    let mut charter = Charter::embedded("default").unwrap();
    let cases = block("yaml", "- name");
    charter.tests = vec![tribune_source::Source::new("charter.md", cases)];
    for case in charter.cases().unwrap() {
        let result = charter.run(case);
        assert!(result.failures.is_empty(), "{:?}", result.failures);
    }
    // All that a rule may speak of stands on the page.
    for word in crate::schema::GROUPS
        .iter()
        .chain(&crate::schema::RELATIONS)
    {
        assert!(page.contains(&format!("`{word}`")), "{word}");
    }
    for value in charter.values() {
        assert!(
            page.contains(&format!("`{}`", value.name)),
            "{}",
            value.name
        );
    }
}
