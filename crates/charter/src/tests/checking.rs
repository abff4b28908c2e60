//! `check`: what it finds, and that it finds nothing in what is sound.

use tribune_evidence::Timestamp;

use super::{MAIN, load, rule};
use crate::{Charter, Severity, check};

const ALL: &str = "permit (principal, action, resource);";

fn found(main: &str, rules: &str) -> Vec<String> {
    let charter = load(main, rules).unwrap_or_else(|error| panic!("{error}"));
    check(&charter, Timestamp::from_millis(0))
        .problems
        .iter()
        .map(|it| format!("{:?} {}: {}", it.severity, it.place, it.what))
        .collect()
}

/// The kinds of problem of a charter whose values and assets are all in use.
fn kinds(rules: &str) -> Vec<&'static str> {
    let used = rule(
        "w",
        "middle",
        "hold",
        "forbid (principal, action == Action::\"file.list\", resource in Kind::\"weights\");",
    ) + &rule(
        "s",
        "other",
        "hold",
        "forbid (principal, action == Action::\"file.list\", resource in Kind::\"switch\");",
    ) + &rule(
        "t",
        "top",
        "hold",
        "forbid (principal, action == Action::\"model.delete\", resource);",
    ) + &rule("l", "low", "allow", ALL);
    let charter = load(MAIN, &(used + rules)).unwrap_or_else(|error| panic!("{error}"));
    let checked = check(&charter, Timestamp::from_millis(0));
    checked.problems.iter().map(|it| it.kind).collect()
}

#[test]
fn the_default_charter_has_nothing_to_object_to() {
    let charter = Charter::embedded("default").unwrap();
    let checked = check(&charter, Timestamp::from_millis(0));
    assert!(checked.problems.is_empty(), "{:#?}", checked.problems);
    assert_eq!(
        checked.matched, checked.rules,
        "every rule was seen to match something"
    );
}

#[test]
fn a_rule_that_can_never_match_is_found() {
    for text in [
        // Cedar proves these.
        "forbid (principal, action == Action::\"think\", resource) when { false };",
        "forbid (principal, action == Action::\"think\", resource) when { principal == resource };",
        // These take a look at all requests.
        "forbid (principal, action == Action::\"think\", resource) when { context.opaque && !context.opaque };",
        "forbid (principal, action == Action::\"think\", resource) when { resource.kind == \"flie\" };",
        "forbid (principal, action == Action::\"think\", resource) when { context.part == \"source\" };",
        "forbid (principal, action == Action::\"file.read\", resource in Kind::\"weights\") when { !resource.protected };",
        "forbid (principal, action, resource in Kind::\"weights\") when { resource.kind == \"agent\" };",
        "forbid (principal in Role::\"worker\", action, resource) when { principal.kind == \"controller\" };",
        "forbid (principal, action, resource) when { context.own.effected.contains(Behaviour::\"collusion\") && !context.own.any.contains(Behaviour::\"collusion\") };",
    ] {
        assert_eq!(
            kinds(&rule("never", "top", "deny", text)),
            ["never-matches"],
            "{text}"
        );
    }
    // A permit that would match only what is not understood, and does not say that it speaks of it.
    let opaque = rule(
        "p",
        "top",
        "hold",
        "permit (principal, action, resource) when { context.opaque };",
    );
    assert_eq!(kinds(&opaque), ["never-matches"]);
    assert!(kinds(&("@opaque\n".to_owned() + &opaque)).is_empty());
}

#[test]
fn what_depends_on_texts_is_not_claimed() {
    let text = "forbid (principal, action, resource) when { resource.name like \"/q/*.z\" };";
    assert!(
        kinds(&rule("like", "top", "deny", text)).is_empty(),
        "it can match"
    );
    let never = "forbid (principal, action, resource) when { resource.name == \"a\" && resource.name == \"b\" };";
    let charter = load(
        MAIN,
        &(rule("like", "top", "deny", never) + &rule("l", "low", "allow", ALL)),
    )
    .unwrap();
    let problems = check(&charter, Timestamp::from_millis(0)).problems;
    let of_rule: Vec<_> = problems
        .iter()
        .filter(|it| it.kind == "never-matches")
        .collect();
    assert_eq!(of_rule.len(), 1);
    assert_eq!(of_rule[0].severity, Severity::Note, "{of_rule:?}");
}

#[test]
fn a_contradiction_within_a_tier_is_found() {
    let think = "(principal, action == Action::\"think\", resource)";
    let permit = |tail: &str| rule("yes", "top", "allow", &format!("permit {think}{tail};"));
    let forbid = |tail: &str| rule("no", "top", "deny", &format!("forbid {think}{tail};"));
    assert_eq!(kinds(&(permit("") + &forbid(""))), ["contradiction"]);
    let when = " when { context.own.any.contains(Behaviour::\"collusion\") }";
    assert_eq!(kinds(&(permit(when) + &forbid(""))), ["contradiction"]);
    // A forbid that takes some of it away is how rules are meant to be written.
    assert!(kinds(&(permit("") + &forbid(when))).is_empty());
    // So are two values of one tier: the tier decides, not the value.
    let both = rule("yes", "middle", "allow", &format!("permit {think};"))
        + &rule("no", "other", "deny", &format!("forbid {think};"));
    assert_eq!(kinds(&both), ["contradiction"]);
    // A rule in shadow is only tried.
    assert!(kinds(&("@shadow\n".to_owned() + &permit("") + &forbid(""))).is_empty());
}

#[test]
fn a_rule_that_never_decides_is_found() {
    let think = "(principal, action == Action::\"think\", resource)";
    let above = rule("yes", "top", "allow", &format!("permit {think};"));
    let below = rule("no", "middle", "deny", &format!("forbid {think};"));
    assert_eq!(kinds(&(above.clone() + &below)), ["never-decides"]);
    // The permit below a forbid that holds is needed, or it would be a deny.
    let held = rule("wait", "top", "hold", &format!("forbid {think};"));
    let permit = rule("yes", "middle", "allow", &format!("permit {think};"));
    assert!(kinds(&(held + &permit)).is_empty());
}

#[test]
fn what_nothing_speaks_of_is_found_with_its_line() {
    let section = "[exceptions.old]\nvalue = \"middle\"\nby = \"boss\"\nagents = [\"a\"]\nverbs = [\"file.copy\"]\n\
         assets = [\"w\"]\nfrom = \"1969-01-01T09:00:00Z\"\nuntil = \"1969-01-01T10:00:00Z\"\nbecause = \"x\"\n";
    let main = MAIN.replace("decides-holds = true\n", "") + section;
    let rules = rule("yes", "low", "hold", ALL)
        + &rule(
            "s",
            "top",
            "deny",
            "forbid (principal, action, resource in Asset::\"s\");",
        );
    insta::assert_snapshot!(found(&main, &rules).join("\n"));
}
