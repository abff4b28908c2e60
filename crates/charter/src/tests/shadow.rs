//! Shadow: decide, record, let pass. By charter, by agent and by rule.

use tribune_evidence::Decision::{Allow, Deny, Hold};

use super::{MAIN, ask, charter, load, rule};

const ALL: &str = "permit (principal, action, resource);";
const NONE: &str = "forbid (principal, action, resource);";

#[test]
fn a_charter_or_an_agent_in_shadow_decides_and_lets_pass() {
    let rules = rule("yes", "low", "allow", ALL) + &rule("no", "low", "deny", NONE);
    let of_charter = MAIN.replace("[defaults]", "[defaults]\nshadow = true");
    let of_agent = MAIN.replace("[agents.a]", "[agents.a]\nshadow = true");
    for (main, passes) in [(MAIN, false), (&of_charter, true), (&of_agent, true)] {
        let verdict = ask(&load(main, &rules).unwrap(), &["think"]);
        assert_eq!((verdict.decision, verdict.shadow), (Deny, passes));
    }
    // Whatever else denies is let pass too: the whole charter is only looked on.
    let nothing = ask(&load(&of_charter, &rules).unwrap(), &[]);
    assert_eq!((nothing.decision, nothing.shadow), (Deny, true));
}

#[test]
fn where_only_a_rule_in_shadow_denies_the_call_passes_and_both_are_recorded() {
    let charter = charter(&[
        rule("yes", "low", "allow", ALL),
        "@shadow\n".to_owned() + &rule("tried", "middle", "deny", NONE),
    ]);
    let verdict = ask(&charter, &["think"]);
    assert_eq!(
        (verdict.decision, verdict.by.tier(), verdict.shadow),
        (Deny, Some(1), true)
    );
    let said = |name: &str| {
        verdict
            .considerations
            .iter()
            .find(|it| it.rule == name)
            .unwrap()
    };
    assert_eq!(said("charter.shadow").decision, Allow);
    assert!(
        said("charter.shadow")
            .because
            .contains("by the rules in force it is allowed")
    );
    assert!(
        said("tried")
            .because
            .starts_with("In shadow, not counted: ")
    );
}

#[test]
fn a_rule_in_shadow_never_weakens_what_is_enforced() {
    // A permit in shadow, of the highest tier, does not open what is denied.
    let permit = charter(&[
        rule("yes", "low", "allow", ALL),
        rule("no", "middle", "deny", NONE),
        "@shadow\n".to_owned() + &rule("tried", "top", "allow", ALL),
    ]);
    let verdict = ask(&permit, &["think"]);
    assert_eq!(
        (verdict.decision, verdict.by.tier(), verdict.shadow),
        (Deny, Some(1), false)
    );
    let other = verdict
        .considerations
        .iter()
        .find(|it| it.rule == "charter.shadow");
    assert_eq!(other.unwrap().decision, Allow);
    // Nor does one that is alone.
    let alone = charter(&["@shadow\n".to_owned() + &rule("tried", "top", "allow", ALL)]);
    let verdict = ask(&alone, &["think"]);
    assert_eq!(
        (verdict.decision, verdict.by.tier(), verdict.shadow),
        (Deny, None, false)
    );
    // A deny in shadow leaves a hold a hold.
    let held = charter(&[
        rule("wait", "low", "hold", ALL),
        "@shadow\n".to_owned() + &rule("tried", "top", "deny", NONE),
    ]);
    let verdict = ask(&held, &["think"]);
    assert_eq!((verdict.decision, verdict.shadow), (Hold, false));
    // A rule in shadow that breaks denies nothing, and is told.
    let broken = charter(&[
        rule("yes", "low", "allow", ALL),
        "@shadow\n".to_owned()
            + &rule(
                "tried",
                "top",
                "deny",
                "forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };",
            ),
    ]);
    let verdict = ask(&broken, &["think"]);
    assert_eq!(
        (verdict.decision, verdict.by.tier(), verdict.shadow),
        (Deny, None, true)
    );
    let told = verdict
        .considerations
        .iter()
        .any(|it| it.rule == "charter.error");
    assert!(told);
}

#[test]
fn where_shadow_changes_nothing_nothing_is_said_of_it() {
    let charter = charter(&[
        rule("yes", "low", "allow", ALL),
        "@shadow\n".to_owned() + &rule("tried", "middle", "allow", ALL),
    ]);
    let verdict = ask(&charter, &["think"]);
    assert_eq!(
        (verdict.decision, verdict.by.tier(), verdict.shadow),
        (Allow, Some(2), false)
    );
    assert_eq!(verdict.considerations.len(), 2);
}
