//! Bounded memory and a verdict that fits into the record, whatever comes.

use proptest::prelude::*;
use tribune_evidence::{
    Action, AgentId, Content, Decision, FileRef, Sensor, Target, Timestamp, Verb,
};

use super::{MAIN, ask, load, rule};
use crate::{Charter, Context, MOST_CONSIDERATIONS, MOST_TARGETS, bounds, decide, sentences};

/// The longest entry of the record.
const ENTRY: usize = 60_000;

fn action(verb: Verb, targets: Vec<Target>, opaque: Option<String>) -> Action {
    Action {
        verb,
        targets,
        opaque,
        tool: String::new(),
        raw: Content::of(b""),
    }
}

fn said(charter: &Charter, actions: &[Action]) -> tribune_evidence::Verdict {
    let agent = AgentId::new("a");
    let context = Context {
        agent: &agent,
        parent: None,
        at: Timestamp::from_millis(0),
        via: Sensor::Wire,
        exceptions: &[],
    };
    decide(charter, actions, &[], &context)
}

#[test]
fn a_call_of_too_many_targets_or_of_none_is_denied() {
    let charter = Charter::embedded("default").unwrap();
    let target = |place: usize| Target::File(FileRef::new("h", format!("/x/{place}")));
    let of = |count: usize| {
        vec![action(
            Verb::FileRead,
            (0..count).map(target).collect(),
            None,
        )]
    };
    assert_eq!(said(&charter, &of(MOST_TARGETS)).decision, Decision::Allow);
    let over = said(&charter, &of(MOST_TARGETS + 1));
    assert_eq!(over.decision, Decision::Deny);
    assert_eq!(over.considerations[0].rule, "charter.limit");
    assert_eq!(said(&charter, &[]).decision, Decision::Deny);
}

#[test]
fn a_verdict_fits_into_an_entry_and_keeps_what_decided() {
    let charter = Charter::embedded("default").unwrap();
    let long = "\u{1}ä\"".repeat(2_000);
    let mut targets: Vec<Target> = (0..MOST_TARGETS - 1)
        .map(|place| {
            Target::File(FileRef::new(
                long.as_str(),
                format!("/srv/models/{place}/{long}"),
            ))
        })
        .collect();
    targets.push(Target::File(FileRef::new("gpu-1", "/var/log/audit.log")));
    let verdict = said(
        &charter,
        &[action(Verb::FileDelete, targets, Some(long.clone()))],
    );
    assert_eq!(verdict.decision, Decision::Deny);
    assert_eq!(verdict.considerations.len(), MOST_CONSIDERATIONS);
    let json = serde_json::to_vec(&verdict).unwrap();
    assert!(json.len() < ENTRY, "{}", json.len());
    let more = verdict
        .considerations
        .iter()
        .find(|it| it.rule == "charter.limit")
        .unwrap();
    assert!(
        more.because
            .ends_with("more considerations are not listed.")
    );
    assert!(sentences(&verdict, &charter).len() >= MOST_CONSIDERATIONS);
}

#[test]
fn rules_at_the_bounds_are_loaded_and_evaluated_in_a_small_stack() {
    let deep = |inner: String| {
        let rules = rule(
            "deep",
            "low",
            "deny",
            &format!("forbid (principal, action, resource) when {{ {inner} }};"),
        ) + &rule(
            "yes",
            "low",
            "allow",
            "permit (principal, action, resource);",
        );
        // What a thread has here: enough for the bounds, far from enough for what they keep out.
        let work = move || match load(MAIN, &rules) {
            Ok(charter) => Some(ask(&charter, &["think"]).decision),
            Err(error) => {
                let what = error.to_string();
                assert!(!what.is_empty());
                None
            }
        };
        std::thread::Builder::new()
            .stack_size(2 * 1024 * 1024)
            .spawn(work)
            .unwrap()
            .join()
            .unwrap()
    };
    let chain = |word: &str, sign: &str| vec![word; (bounds::TOKENS - 30) / 4].join(sign);
    assert_eq!(deep(chain("true", " && ")), Some(Decision::Deny));
    assert_eq!(deep(chain("false", " || ")), Some(Decision::Allow));
    assert_eq!(
        deep(format!("{} > 0", chain("1", " + "))),
        Some(Decision::Deny)
    );
    assert_eq!(
        deep(format!("{} > 0", chain("1", " * "))),
        Some(Decision::Deny)
    );
    let nested = bounds::NESTING - 2;
    assert_eq!(
        deep(format!("{}true{}", "(".repeat(nested), ")".repeat(nested))),
        Some(Decision::Deny)
    );
    assert_eq!(
        deep(format!("{}true", "if true then true else ".repeat(150))),
        Some(Decision::Deny)
    );
    // What these are does not matter, only that they end.
    for hostile in [
        format!("{}true", "if ".repeat(300)),
        format!("{}true", "!".repeat(900)),
        format!("{}1 == 1", "-".repeat(900)),
        format!("context{} == 1", ".own".repeat(400)),
        format!("context{} == 1", "[\"own\"]".repeat(300)),
    ] {
        let _ = deep(hostile);
    }
    let list = format!("[{}].contains(1)", vec!["1"; 400].join(", "));
    assert_eq!(deep(list), Some(Decision::Deny));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_call_gets_a_verdict_of_bounded_size(
        verb in prop::sample::select(Verb::ALL.to_vec()),
        texts in proptest::collection::vec(("\\PC{0,80}", 0_u8..4), 0..12),
        opaque in proptest::option::of("\\PC{0,300}"),
        agent in "\\PC{0,40}",
    ) {
        let charter = super::default_charter();
        let targets = texts
            .into_iter()
            .map(|(text, kind)| match kind {
                0 => Target::File(FileRef::new(text.as_str(), text.as_str())),
                1 => Target::Host(text.as_str().into()),
                2 => Target::Agent(text.as_str().into()),
                _ => Target::Name(text),
            })
            .collect();
        let agent = AgentId::new(agent);
        let context = Context {
            agent: &agent,
            parent: Some(&agent),
            at: Timestamp::from_millis(0),
            via: Sensor::Mcp,
            exceptions: &[],
        };
        let verdict = decide(charter, &[action(verb, targets, opaque.clone())], &[], &context);
        prop_assert!(serde_json::to_vec(&verdict).unwrap().len() < ENTRY);
        prop_assert!(verdict.considerations.iter().all(|it| it.rule != "charter.error"), "{verdict:?}");
        if opaque.is_some() {
            prop_assert!(verdict.decision != Decision::Allow);
        }
    }

    #[test]
    fn any_text_as_a_file_of_a_charter_is_refused_or_loaded(text in "\\PC{0,200}", main in any::<bool>()) {
        let _ = match main {
            true => load(&text, "permit (principal, action, resource);"),
            false => load(MAIN, &text),
        };
    }
}
