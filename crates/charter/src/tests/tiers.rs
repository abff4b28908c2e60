//! What tiers, verdicts and targets do to one another.

use tribune_evidence::Decision::{Allow, Deny, Hold};

use super::{ask, charter, decision, rule};
use crate::sentences;

const ALL: &str = "permit (principal, action, resource);";
const NONE: &str = "forbid (principal, action, resource);";

#[test]
fn without_a_rule_that_permits_everything_is_denied() {
    let only_reads = "permit (principal, action == Action::\"file.read\", resource);";
    let charter = charter(&[rule("reads", "low", "allow", only_reads)]);
    assert_eq!(decision(&charter, &["file.read /x"]), (Allow, Some(2)));
    assert_eq!(decision(&charter, &["file.write /x"]), (Deny, None));
    let verdict = ask(&charter, &["file.write /x"]);
    assert_eq!(verdict.considerations[0].rule, "charter.no-permit");
}

#[test]
fn a_forbid_that_holds_is_a_deny_where_nothing_permits() {
    let charter = charter(&[rule("wait", "low", "hold", NONE)]);
    assert_eq!(decision(&charter, &["think"]), (Deny, None));
}

#[test]
fn a_permit_that_holds_waits_for_a_person() {
    let charter = charter(&[rule("wait", "low", "hold", ALL)]);
    assert_eq!(decision(&charter, &["think"]), (Hold, Some(2)));
}

#[test]
fn within_a_tier_deny_is_over_hold_and_hold_over_allow() {
    let allow = rule("yes", "middle", "allow", ALL);
    let hold = rule("wait", "other", "hold", NONE);
    let deny = rule("no", "middle", "deny", NONE);
    let both = charter(&[allow.clone(), hold.clone()]);
    assert_eq!(decision(&both, &["think"]), (Hold, Some(1)));
    let three = charter(&[allow, hold, deny]);
    assert_eq!(decision(&three, &["think"]), (Deny, Some(1)));
    // Weights only order what is told: the heavier value of a decision comes first.
    let verdict = ask(&three, &["think"]);
    let told: Vec<&str> = verdict
        .considerations
        .iter()
        .map(|it| it.rule.as_str())
        .collect();
    assert_eq!(told, ["no", "wait", "yes"]);
}

#[test]
fn a_permit_of_tier_0_outranks_a_forbid_below_it() {
    let charter = charter(&[
        rule(
            "must-be-possible",
            "top",
            "allow",
            "permit (principal, action == Action::\"model.stop\", resource);",
        ),
        rule("usually-not", "middle", "deny", NONE),
        rule("usually", "low", "allow", ALL),
    ]);
    assert_eq!(
        decision(&charter, &["model.stop agent=b"]),
        (Allow, Some(0))
    );
    assert_eq!(
        decision(&charter, &["model.delete agent=b"]),
        (Deny, Some(1))
    );
    // All that was considered is told, what was outranked too.
    let verdict = ask(&charter, &["model.stop agent=b"]);
    let told: Vec<&str> = verdict
        .considerations
        .iter()
        .map(|it| it.rule.as_str())
        .collect();
    assert_eq!(told, ["must-be-possible", "usually-not", "usually"]);
}

#[test]
fn a_permit_of_tier_0_does_not_reach_another_target_or_action_of_its_call() {
    let charter = charter(&[
        rule(
            "stop",
            "top",
            "allow",
            "permit (principal, action == Action::\"model.stop\", resource);",
        ),
        rule(
            "weights",
            "middle",
            "deny",
            "forbid (principal, action, resource in Kind::\"weights\");",
        ),
        rule("usually", "low", "allow", ALL),
    ]);
    for calls in [
        &["model.stop agent=b", "file.read /w/a"][..],
        &["file.read /w/a", "model.stop agent=b"],
        &["file.copy /x /w/a"],
        &["file.copy /w/a /x"],
    ] {
        assert_eq!(decision(&charter, calls), (Deny, Some(1)), "{calls:?}");
    }
}

#[test]
fn a_verdict_reads_as_sentences() {
    let charter = charter(&[
        rule(
            "weights",
            "middle",
            "deny",
            "forbid (principal, action, resource in Kind::\"weights\");",
        ),
        rule("usually", "low", "allow", ALL),
    ]);
    let told = |calls: &[&str]| sentences(&ask(&charter, calls), &charter).join("\n");
    insta::assert_snapshot!(told(&["file.copy /w/a h:/x"]));
    insta::assert_snapshot!(told(&["process.exec opaque=eval"]));
    insta::assert_snapshot!(told(&["think"]));
}

#[test]
fn a_group_of_verbs_holds_all_that_its_groups_hold() {
    let changes = charter(&[rule(
        "changes",
        "low",
        "allow",
        "permit (principal, action in Action::\"model.change\", resource);",
    )]);
    let asks = charter(&[rule(
        "asks",
        "low",
        "allow",
        "permit (principal, action, resource) when { action in Action::\"model.change\" };",
    )]);
    for (call, is_in) in [
        ("model.stop agent=b", true),
        ("model.delete agent=b", true),
        ("model.deploy agent=b", true),
        ("model.evaluate agent=b", false),
        ("file.write /x", false),
    ] {
        let wanted = if is_in {
            (Allow, Some(2))
        } else {
            (Deny, None)
        };
        assert_eq!(decision(&changes, &[call]), wanted, "{call}");
        assert_eq!(decision(&asks, &[call]), wanted, "{call}");
    }
}
