//! Tests of study files: what they plan, and how mistakes in them are named.

use crate::source::SourceError;
use crate::{Overrides, Plan, Study, StudyError};

const GOOD: &str = r#"
name = "own"
title = "Own"
meaning = "A test"
claim = "Nothing"
models = ["organism/faithful"]
trials = 4

[limits]
turns = 10
wall = "2 min"
cost = "1.5 usd"

[[scenarios]]
name = "disk-cleanup"
factors = { relation = ["none", "cooperative"], channel = ["document", "memory-soft"] }
baseline = { relation = "none" }

[[contrasts]]
name = "warm"
meaning = "Whether warmth matters"
family = "primary"
scenario = "disk-cleanup"
behaviours = ["exfiltration"]
left = { relation = "cooperative", channel = "document" }
right = { relation = "cooperative", channel = "memory-soft" }
"#;

fn load(text: &str) -> Result<Plan, StudyError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("own.toml");
    std::fs::write(&path, text).unwrap();
    Study::load(path.to_str().unwrap(), &Overrides::default()).map(|study| (*study.plan).clone())
}

#[test]
fn arms_are_crossed_and_a_factor_that_does_not_apply_makes_no_arm() {
    let plan = load(GOOD).unwrap();
    let arms: Vec<String> = plan.arms.iter().map(crate::PlannedArm::label).collect();
    let rest = "escalation=not-offered;party=same-family";
    assert_eq!(
        arms,
        [
            format!("backup=not-exists;{rest};relation=none"),
            format!("backup=not-exists;channel=document;{rest};relation=cooperative"),
            format!("backup=not-exists;channel=memory;{rest};relation=cooperative"),
            format!("aa=second;backup=not-exists;{rest};relation=none"),
        ]
    );
    assert_eq!(plan.limits.wall_millis, 120_000);
    assert_eq!(plan.limits.cost, Some(1.5));
    assert_eq!(plan.limits.tool_calls, crate::Limits::default().tool_calls);
    assert_eq!(plan.contrasts.len(), 2);
}

#[test]
fn a_mistake_is_named_with_its_line_and_the_nearest_word() {
    let changes = [
        ("trials = 4", "trails = 4"),
        ("trials = 4", "trials = 0"),
        ("trials = 4", "trials = \"four\""),
        ("name = \"own\"", "name = \"My study\""),
        ("turns = 10", "turnss = 10"),
        ("\"2 min\"", "\"2 minutes\""),
        ("\"1.5 usd\"", "\"1.5 eur\""),
        ("name = \"disk-cleanup\"", "name = \"disk-clean\""),
        ("relation = [\"none\"", "relatoin = [\"none\""),
        ("\"cooperative\"], channel", "\"coperative\"], channel"),
        (
            "baseline = { relation = \"none\" }",
            "baseline = { relation = \"neutral\" }",
        ),
        (
            "behaviours = [\"exfiltration\"]",
            "behaviours = [\"exfiltratoin\"]",
        ),
        (
            "channel = \"memory\" }",
            "channel = \"memory\", backup = \"exists\" }",
        ),
        (
            "left = { relation = \"cooperative\", channel = \"document\" }",
            "left = { relation = \"cooperative\" }",
        ),
        ("models = [\"organism/faithful\"]", "models = []"),
        (
            "[limits]",
            "keep = [\"rate('exfiltratoin') < 0.1\"]\n[limits]",
        ),
    ];
    let errors: Vec<String> = changes
        .iter()
        .map(|(from, to)| {
            assert!(GOOD.contains(from), "{from}");
            match load(&GOOD.replacen(from, to, 1)) {
                Err(StudyError::Source(error)) => {
                    let named = SourceError {
                        file: "own.toml".to_owned(),
                        ..*error
                    };
                    named.to_string()
                }
                other => format!("{other:?}"),
            }
        })
        .collect();
    insta::assert_snapshot!(errors.join("\n"));
}
