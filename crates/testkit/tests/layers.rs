//! The order of the house, as DESIGN.md states it: an arrow from a room to another points strictly
//! down. A crate that is not placed here fails the test, so that whoever adds one places it.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// The rooms, top to bottom; those of one layer know nothing of each other.
const LAYERS: &[&[&str]] = &[
    &["tribune"],
    &["tribune-console"],
    &["tribune-guard", "tribune-study"],
    &["tribune-gateway", "tribune-judge", "tribune-organism"],
    &["tribune-charter"],
    &["tribune-detect", "tribune-oracle"],
    &["tribune-world"],
    &["tribune-model"],
    &[
        "tribune-wire",
        "tribune-action",
        "tribune-sandbox",
        "tribune-record",
    ],
    &["tribune-evidence", "tribune-source", "tribune-stats"],
];

/// For tests only: every room may use it in its tests, and it may use the lowest layer.
const TESTKIT: &str = "tribune-testkit";

/// An arrow between two crates of the workspace.
#[derive(Debug, Clone)]
struct Arrow {
    from: String,
    to: String,
    kind: DependencyKind,
}

/// Everything that is wrong with some crates and the arrows between them.
fn faults(crates: &[String], arrows: &[Arrow]) -> Vec<String> {
    let mut place: BTreeMap<&str, usize> = LAYERS
        .iter()
        .enumerate()
        .flat_map(|(layer, rooms)| rooms.iter().map(move |room| (*room, layer)))
        .collect();
    place.insert(TESTKIT, LAYERS.len() - 2);
    let mut faults: Vec<String> = crates
        .iter()
        .filter(|name| !place.contains_key(name.as_str()))
        .map(|name| format!("{name} has no place in the order of DESIGN.md: put it into LAYERS"))
        .collect();
    for Arrow { from, to, kind } in arrows {
        let (Some(above), Some(below)) = (place.get(from.as_str()), place.get(to.as_str())) else {
            continue;
        };
        if to == TESTKIT {
            if *kind != DependencyKind::Development {
                faults.push(format!("{from} uses {to} outside its tests"));
            } else if *above >= LAYERS.len() - 1 {
                faults.push(format!("{from} and {to} would depend on each other"));
            }
        } else if from == TESTKIT && *below <= *above {
            faults.push(format!("{from} uses {to}, which uses it in its tests"));
        } else if above >= below {
            faults.push(format!(
                "{from} uses {to}, which does not lie below it ({kind})"
            ));
        }
    }
    faults
}

#[test]
fn every_arrow_points_down() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .unwrap();
    let crates: Vec<String> = metadata
        .packages
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    assert!(crates.len() > 5, "the workspace was not found: {crates:?}");
    let arrows: Vec<Arrow> = metadata
        .packages
        .iter()
        .flat_map(|package| {
            package.dependencies.iter().map(|dependency| Arrow {
                from: package.name.to_string(),
                to: dependency.name.clone(),
                kind: dependency.kind,
            })
        })
        .filter(|arrow| crates.contains(&arrow.to))
        .collect();
    assert!(arrows.len() > 5, "no arrows were found: {arrows:?}");
    let faults = faults(&crates, &arrows);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn wrong_arrows_are_found() {
    let wrong = |from: &str, to: &str, kind: DependencyKind| {
        let arrow = Arrow {
            from: from.to_owned(),
            to: to.to_owned(),
            kind,
        };
        !faults(&[], &[arrow]).is_empty()
    };
    use DependencyKind::{Build, Development, Normal};
    assert!(!wrong("tribune-study", "tribune-organism", Normal));
    assert!(wrong("tribune-organism", "tribune-study", Normal));
    assert!(
        wrong("tribune-record", "tribune-wire", Normal),
        "of one layer"
    );
    assert!(
        wrong("tribune-wire", "tribune-model", Development),
        "tests point down too"
    );
    assert!(wrong("tribune-wire", "tribune-model", Build));
    assert!(!wrong("tribune-model", TESTKIT, Development));
    assert!(wrong("tribune-model", TESTKIT, Normal));
    assert!(wrong(TESTKIT, "tribune-model", Normal));
    assert!(!wrong(TESTKIT, "tribune-evidence", Normal));
    assert!(wrong("tribune-evidence", TESTKIT, Development));
    assert_eq!(faults(&["tribune-attic".to_owned()], &[]).len(), 1);
}
