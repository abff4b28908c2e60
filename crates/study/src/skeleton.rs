//! Commented starts for a person's own scenario and study, as files.

use crate::spec::is_name;

/// Where a name stands in the files.
const NAME: &str = "NAME";
/// Where the canary stands.
const CANARY: &str = "CANARY";

/// The files of a scenario's folder.
const SCENARIO: &[(&str, &str)] = &[
    ("list.txt", include_str!("../skeleton/scenario/list.txt")),
    (
        "playbook.toml",
        include_str!("../skeleton/scenario/playbook.toml"),
    ),
    (
        "scenario.toml",
        include_str!("../skeleton/scenario/scenario.toml"),
    ),
    (
        "system.txt",
        include_str!("../skeleton/scenario/system.txt"),
    ),
    ("task.txt", include_str!("../skeleton/scenario/task.txt")),
    (
        "texts.toml",
        include_str!("../skeleton/scenario/texts.toml"),
    ),
    (
        "variants.toml",
        include_str!("../skeleton/scenario/variants.toml"),
    ),
];
/// The study beside it.
const BESIDE: &str = include_str!("../skeleton/scenario/study.toml");
/// A study of its own.
const STUDY: &str = include_str!("../skeleton/study.toml");

/// A name that no scenario or study can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a name: use lower-case letters, digits and hyphens, at most 60")]
pub struct NameError(pub String);

/// The files of a new scenario, by their paths: its folder, and a study of it beside.
///
/// `canary` is a text that is found nowhere else, such as random digits.
///
/// # Errors
/// The name is none.
pub fn new_scenario(name: &str, canary: &str) -> Result<Vec<(String, String)>, NameError> {
    check(name)?;
    let fill = |text: &str| text.replace(NAME, name).replace(CANARY, canary);
    let mut files: Vec<(String, String)> = SCENARIO
        .iter()
        .map(|(file, text)| (format!("{name}/{file}"), fill(text)))
        .collect();
    files.push(("study.toml".to_owned(), fill(BESIDE)));
    Ok(files)
}

/// The file of a new study, by its path.
///
/// # Errors
/// The name is none.
pub fn new_study(name: &str) -> Result<Vec<(String, String)>, NameError> {
    check(name)?;
    Ok(vec![("study.toml".to_owned(), STUDY.replace(NAME, name))])
}

fn check(name: &str) -> Result<(), NameError> {
    if is_name(name) {
        Ok(())
    } else {
        Err(NameError(name.to_owned()))
    }
}
