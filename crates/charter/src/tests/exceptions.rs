//! Exceptions: who grants them, for what, for how long, and what they never do.

use tribune_evidence::{AgentId, Decision, Sensor, Timestamp, Verb};

use super::{MAIN, actions, ask_with, charter, load, rule};
use crate::{Charter, Context, Grant, GrantError, GrantTerms, decide};

fn rules() -> Vec<String> {
    let weights = "forbid (principal, action, resource in Kind::\"weights\");";
    vec![
        rule(
            "yes",
            "low",
            "allow",
            "permit (principal, action, resource);",
        ),
        rule("weights", "middle", "deny", weights),
        rule(
            "switch",
            "top",
            "deny",
            "forbid (principal, action, resource in Kind::\"switch\");",
        ),
    ]
}

fn terms() -> GrantTerms {
    GrantTerms {
        name: "backup".to_owned(),
        value: "middle".to_owned(),
        by: AgentId::new("boss"),
        agents: vec![AgentId::new("a")],
        verbs: vec![Verb::FileCopy],
        assets: vec!["w".into()],
        paths: vec!["/w/**".to_owned()],
        hosts: vec!["localhost".to_owned()],
        from: Timestamp::from_millis(-1_000),
        until: Timestamp::from_millis(1_000),
        because: "the yearly backup".to_owned(),
    }
}

fn says(charter: &Charter, call: &str, terms: GrantTerms) -> Decision {
    let grants = [Grant::new(terms, charter).unwrap()];
    ask_with(charter, &[call], &[], &grants).decision
}

#[test]
fn an_exception_lifts_the_rules_of_its_value_within_its_scope() {
    let charter = charter(&rules());
    let copy = "file.copy /w/a /tmp/a";
    let of_source = "file.copy /w/a";
    assert_eq!(says(&charter, of_source, terms()), Decision::Allow);
    let grants = [Grant::new(terms(), &charter).unwrap()];
    let verdict = ask_with(&charter, &[of_source], &[], &grants);
    let lifted = verdict
        .considerations
        .iter()
        .find(|it| it.rule == "weights")
        .unwrap();
    assert!(
        lifted
            .because
            .starts_with("Lifted, since boss granted the exception \"backup\" until "),
        "{}",
        lifted.because
    );
    assert_eq!(says(&charter, copy, terms()), Decision::Allow);
    for (what, call, change) in [
        (
            "another agent",
            of_source,
            GrantTerms {
                agents: vec!["b".into()],
                ..terms()
            },
        ),
        ("another deed", "file.move /w/a", terms()),
        ("another host", "file.copy h:/w/a", terms()),
        (
            "another file",
            of_source,
            GrantTerms {
                paths: vec!["/w/b".to_owned()],
                ..terms()
            },
        ),
        ("the folder, which may hold more", "file.copy /w", terms()),
        ("a folder above", "file.copy /", terms()),
        ("a pattern", "file.copy /w/*", terms()),
        (
            "what is not understood",
            "file.copy /w/a opaque=eval",
            terms(),
        ),
        (
            "over",
            of_source,
            GrantTerms {
                until: Timestamp::from_millis(0),
                ..terms()
            },
        ),
        (
            "not begun",
            of_source,
            GrantTerms {
                from: Timestamp::from_millis(1),
                ..terms()
            },
        ),
        (
            "another value",
            of_source,
            GrantTerms {
                value: "low".to_owned(),
                ..terms()
            },
        ),
    ] {
        assert_eq!(says(&charter, call, change), Decision::Deny, "{what}");
    }
}

#[test]
fn an_exception_permits_nothing() {
    let charter = charter(&rules()[1..2]);
    assert_eq!(says(&charter, "file.copy /w/a", terms()), Decision::Deny);
}

#[test]
fn an_exception_for_one_asset_does_not_take_another_along() {
    let main = MAIN.to_owned() + "[assets.two]\nkind = \"weights\"\npaths = [\"/w/a\"]\n";
    let charter = load(&main, &rules().concat()).unwrap();
    let only_first = GrantTerms {
        paths: vec![],
        ..terms()
    };
    assert_eq!(
        says(&charter, "file.copy /w/a", only_first.clone()),
        Decision::Deny
    );
    assert_eq!(
        says(&charter, "file.copy /w/b", only_first),
        Decision::Allow
    );
}

#[test]
fn tier_0_admits_no_exception_by_any_way() {
    let charter = charter(&rules());
    let top = GrantTerms {
        value: "top".to_owned(),
        ..terms()
    };
    assert_eq!(
        Grant::new(top.clone(), &charter).unwrap_err(),
        GrantError::TopTier("top".to_owned())
    );
    // One that was made for another charter, where the value was not the highest, is not heard.
    let lower = MAIN
        .replace("tier = 0", "tier = 1")
        .replace("may-grant = [", "may-grant = [\"top\", ");
    let elsewhere = load(&lower, &rules().concat()).unwrap();
    let of_switch = GrantTerms {
        assets: vec!["s".into()],
        paths: vec!["/s/**".to_owned()],
        ..top
    };
    let grant = [Grant::new(of_switch, &elsewhere).unwrap()];
    let call = ["file.copy /s/a"];
    assert_eq!(
        ask_with(&elsewhere, &call, &[], &grant).decision,
        Decision::Allow
    );
    assert_eq!(
        ask_with(&charter, &call, &[], &grant).decision,
        Decision::Deny
    );
    let section = "[exceptions.x]\nvalue = \"top\"\nby = \"boss\"\nagents = [\"a\"]\nverbs = [\"file.copy\"]\n\
         paths = [\"/s/**\"]\nfrom = \"2026-03-02T09:00:00Z\"\nuntil = \"2026-03-02T10:00:00Z\"\nbecause = \"x\"\n";
    let error = load(&(MAIN.to_owned() + section), &rules().concat())
        .unwrap_err()
        .to_string();
    assert!(error.contains("c/charter.toml:"), "{error}");
    assert!(
        error.ends_with("\"top\" is a value of tier 0, which admits no exception"),
        "{error}"
    );
}

#[test]
fn who_may_not_grant_does_not() {
    let charter = charter(&rules());
    let refused = |terms: GrantTerms| Grant::new(terms, &charter).unwrap_err().to_string();
    for (change, says) in [
        (
            GrantTerms {
                by: "a".into(),
                ..terms()
            },
            "there is no person \"a\" in the charter",
        ),
        (
            GrantTerms {
                value: "other".to_owned(),
                ..terms()
            },
            "boss may not grant exceptions to \"other\"",
        ),
        (
            GrantTerms {
                value: "mid".to_owned(),
                ..terms()
            },
            "there is no value \"mid\"",
        ),
        (
            GrantTerms {
                until: Timestamp::from_millis(7_200_000),
                ..terms()
            },
            "it lasts 7201000 ms; boss may grant 1 to 7200000 ms",
        ),
        (
            GrantTerms {
                until: Timestamp::from_millis(-1_000),
                ..terms()
            },
            "it lasts 0 ms; boss may grant 1 to 7200000 ms",
        ),
        (
            GrantTerms {
                assets: vec!["x".into()],
                ..terms()
            },
            "there is no asset \"x\"",
        ),
        (
            GrantTerms {
                agents: vec![],
                ..terms()
            },
            "it has no scope: it needs agents, verbs, and assets, paths or hosts",
        ),
    ] {
        assert_eq!(refused(change), says);
    }
}

#[test]
fn an_exception_of_the_charter_holds_until_its_moment() {
    let section = "[exceptions.move]\nvalue = \"middle\"\nby = \"boss\"\nagents = [\"a\"]\nverbs = [\"file.change\"]\n\
         assets = [\"w\"]\nfrom = \"2026-03-02T09:00:00Z\"\nuntil = \"2026-03-02T10:00:00Z\"\nbecause = \"planned\"\n";
    let charter = load(&(MAIN.to_owned() + section), &rules().concat()).unwrap();
    let agent = AgentId::new("a");
    for (at, decision) in [
        ("2026-03-02T08:59:59Z", Decision::Deny),
        ("2026-03-02T09:00:00Z", Decision::Allow),
        ("2026-03-02T09:59:59Z", Decision::Allow),
        ("2026-03-02T10:00:00Z", Decision::Deny),
    ] {
        let context = Context {
            agent: &agent,
            parent: None,
            at: at.parse().unwrap(),
            via: Sensor::Wire,
            exceptions: &[],
        };
        let verdict = decide(
            &charter,
            &actions(&["file.move /w/a /tmp/a"]),
            &[],
            &context,
        );
        assert_eq!(verdict.decision, decision, "{at}");
    }
}
