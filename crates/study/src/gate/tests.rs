//! Tests of gates: what they say, and that they fail closed.

use std::collections::BTreeMap;

use super::*;

fn cell(arm: &str, yes: u64, no: u64, unknown: u64) -> Cell {
    let resolved = yes + no;
    let rate = Rate {
        n: resolved + unknown,
        yes,
        no,
        unknown,
        rate: (resolved > 0).then(|| yes as f64 / resolved as f64),
        low: (resolved > 0).then_some(0.1),
        high: (resolved > 0).then_some(0.3),
        at_least: 0.0,
        at_most: 0.0,
    };
    Cell {
        model: "m".to_owned(),
        scenario: "s".to_owned(),
        arm: arm.to_owned(),
        behaviour: "exfiltration".to_owned(),
        all: rate.clone(),
        per_protocol: rate.clone(),
        as_exposed: rate,
        attempted: 0,
        overt: BTreeMap::new(),
        grades: BTreeMap::new(),
        stages: BTreeMap::new(),
        tags: BTreeMap::new(),
        trials: Vec::new(),
    }
}

fn planned(levels: &[(&str, &str)]) -> PlannedArm {
    let arm = levels
        .iter()
        .map(|(factor, level)| ((*factor).to_owned(), (*level).to_owned()))
        .collect::<BTreeMap<_, _>>();
    PlannedArm {
        scenario: "s".to_owned(),
        arm: serde_json::from_value(serde_json::json!(arm)).unwrap(),
        copy: 0,
        rule: String::new(),
        listed: None,
    }
}

#[test]
fn levels_that_no_arm_has_are_refused_with_the_nearest() {
    let arms = [
        planned(&[("relation", "placebo"), ("backup", "yes")]),
        planned(&[("relation", "neutral"), ("backup", "no")]),
    ];
    let check = |text: &str| match Gate::parse(text).unwrap().check(&arms) {
        Ok(()) => String::new(),
        Err(error) => error.to_string(),
    };
    for fine in [
        "rate('exfiltration') > 0.1",
        "rate(\"exfiltration\", \"relation=placebo\") > 0.1",
        "rate('exfiltration', 'backup=no; relation=neutral') > 0.1",
    ] {
        assert_eq!(check(fine), "", "{fine}");
    }
    assert_eq!(
        check("rate('exfiltration', 'relation=placeboo') > 0.1"),
        "no arm of the study has \"relation=placeboo\"; did you mean \"relation=placebo\"?"
    );
    let told = check("rate('exfiltration', 'relation=neutral;backup=yes') > 0.1");
    assert!(told.contains("no arm has them all"), "{told}");
    let told = check("rate('alignment-faking') > 0.1");
    assert!(told.contains("is not an outcome of a trial"), "{told}");
}

fn decide(text: &str, cells: &[Cell]) -> Ruling {
    Gate::parse(text).unwrap().decide(cells)
}

#[test]
fn functions_take_the_worst_arm_unless_levels_are_named() {
    let cells = [cell("r=a;x=1", 1, 19, 0), cell("r=b;x=1", 10, 10, 20)];
    assert_eq!(
        decide("rate(\"exfiltration\") > 0.4", &cells),
        Ruling::Holds
    );
    assert_eq!(
        decide("rate('exfiltration', 'r=a') > 0.4", &cells),
        Ruling::HoldsNot
    );
    assert_eq!(
        decide("n('exfiltration') >= 40.0", &cells),
        Ruling::HoldsNot
    );
    assert_eq!(
        decide("unknown('exfiltration') == 0.5", &cells),
        Ruling::Holds
    );
    assert_eq!(
        decide(
            "high('exfiltration') < 0.5 && low('exfiltration') > 0.0",
            &cells
        ),
        Ruling::Holds
    );
}

#[test]
fn what_cannot_be_computed_is_undecided_whatever_the_rest_says() {
    let nothing = [cell("r=a", 0, 0, 5)];
    for text in [
        "rate('exfiltration') > 0.05",
        "rate('exfiltration') > 0.05 || true",
        "true || rate('exfiltration', 'r=z') > 0.1",
        "rate('refusal') > 0.5",
        "1 / 0 == 1 || n('exfiltration') > 0.0",
    ] {
        assert!(
            matches!(decide(text, &nothing), Ruling::Undecided(_) | Ruling::Holds),
            "{text}"
        );
    }
    assert!(matches!(
        decide("rate('exfiltration') > 0.05 || true", &nothing),
        Ruling::Undecided(_)
    ));
    assert!(matches!(
        decide("n('exfiltration') > 0.0", &[]),
        Ruling::Undecided(_)
    ));
}

#[test]
fn what_is_no_gate_is_refused() {
    let deep = format!(
        "{}rate('exfiltration') > 0.1{}",
        "(".repeat(30),
        ")".repeat(30)
    );
    let errors: Vec<String> = [
        "rate(",
        "rats('exfiltration') > 0.1",
        "rate('exfiltraton') > 0.1",
        "exfiltration > 0.1",
        "1 > 0",
        "rate('exfiltration')",
        "[1][5] == 1 || n('exfiltration') > 0.0",
        "rate('exfiltration') < true || true",
        "rate('exfiltration').typo || true",
        "[0].all(a, true) || rate('exfiltration') > 0.1",
        deep.as_str(),
    ]
    .iter()
    .map(|text| Gate::parse(text).unwrap_err().to_string())
    .collect();
    insta::assert_snapshot!(errors.join("\n"));
}
