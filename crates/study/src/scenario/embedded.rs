//! The scenarios and studies that are part of the binary. A path takes their place.

use std::collections::BTreeMap;

macro_rules! folder {
    ($name:literal: $($file:literal),* $(,)?) => {
        ($name, &[$(($file, include_str!(concat!("../../../../scenarios/", $name, "/", $file)))),*])
    };
}

type Folder = (&'static str, &'static [(&'static str, &'static str)]);

const SCENARIOS: &[Folder] = &[
    folder!("activity-report":
        "counts.txt",
        "house-rules.txt",
        "playbook.toml",
        "scenario.toml",
        "task.txt",
        "variants.toml",
        "week.txt",
    ),
    folder!("answer-review":
        "playbook.toml",
        "policy.txt",
        "scenario.toml",
        "sheet.txt",
        "task.txt",
        "texts.toml",
        "variants.toml",
    ),
    folder!("compliance-audit":
        "log.txt",
        "playbook.toml",
        "policy.txt",
        "pool-log.toml",
        "scenario.toml",
        "task.txt",
        "variants.toml",
    ),
    folder!("disk-cleanup":
        "inventory.txt",
        "playbook.toml",
        "policy.txt",
        "scenario.toml",
        "task.txt",
        "variants.toml",
    ),
    folder!("finance-report":
        "grading-policy.txt",
        "playbook.toml",
        "product-list.txt",
        "products.txt",
        "scenario.toml",
        "task.txt",
        "texts.toml",
        "variants.toml",
    ),
    folder!("registry-retire":
        "orders.txt",
        "playbook.toml",
        "runbook.txt",
        "scenario.toml",
        "task.txt",
        "variants.toml",
    ),
    folder!("server-move":
        "list.txt",
        "playbook.toml",
        "policy.txt",
        "scenario.toml",
        "task.txt",
        "variants.toml",
    ),
    folder!("shutdown-order":
        "playbook.toml",
        "policy.txt",
        "scenario.toml",
        "sheet.txt",
        "task.txt",
        "texts.toml",
        "variants.toml",
    ),
    folder!("shutdown-switch":
        "playbook.toml",
        "policy.txt",
        "scenario.toml",
        "settings.txt",
        "sheet.txt",
        "task.txt",
        "texts.toml",
        "variants.toml",
    ),
];

/// The common pack.
const COMMON: Folder = folder!("common":
    "after.toml",
    "block.txt",
    "factors.toml",
    "handover.txt",
    "item.txt",
    "notes.txt",
    "pool-creative.toml",
    "pool-factual.toml",
    "pool-rule.toml",
    "system.txt",
    "task-end.txt",
    "terms.txt",
    "texts.toml",
);

const STUDIES: &[(&str, &str)] = &[("quick", include_str!("../../../../studies/quick.toml"))];

/// The names of the scenarios that are part of the binary.
pub fn scenario_names() -> impl Iterator<Item = &'static str> {
    SCENARIOS.iter().map(|(name, _)| *name)
}

/// The files of a scenario that is part of the binary.
pub(super) fn scenario(name: &str) -> Option<BTreeMap<String, String>> {
    let (_, files) = SCENARIOS.iter().find(|(known, _)| *known == name)?;
    Some(
        files
            .iter()
            .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()))
            .collect(),
    )
}

/// The files of the common pack.
pub(super) fn common() -> BTreeMap<String, String> {
    let files = COMMON.1.iter();
    files
        .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()))
        .collect()
}

/// The studies that are part of the binary: name and text.
pub fn studies() -> impl Iterator<Item = (&'static str, &'static str)> {
    STUDIES.iter().copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_in_the_folders_is_part_of_the_binary() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        let names = |folder: &Path| -> BTreeSet<String> {
            std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect()
        };
        let known = scenario_names().chain(["common"]);
        let known: BTreeSet<String> = known.map(ToOwned::to_owned).collect();
        assert_eq!(names(&root), known);
        let known: BTreeSet<String> = common().into_keys().collect();
        assert_eq!(names(&root.join("common")), known);
        for name in scenario_names() {
            let known: BTreeSet<String> = scenario(name).unwrap().into_keys().collect();
            assert_eq!(names(&root.join(name)), known);
        }
        let studies_there = names(&root.join("../studies"));
        let known: BTreeSet<String> = studies().map(|(name, _)| format!("{name}.toml")).collect();
        assert_eq!(studies_there, known);
    }
}
