//! Any events of any agents: no panic, the same findings live and replayed at every prefix, and the
//! same for agents by other names.

use std::sync::Arc;

use proptest::prelude::*;
use tribune_evidence::{
    Action, Authority, BlobId, Body, CallId, Change, Channel, Content, Decision, Event, EventId,
    FileRef, Finding, NoContents, Sensor, Stakes, Tie, TieKind, Times, Timestamp, Verb, Verdict,
};

use super::story::{LEDGER, LOG, SWITCH, WEIGHTS, stakes, target};
use crate::society::{Exact, Society};

const NAMES: &[&str] = &[
    "heron", "kestrel", "osprey", "merlin", "egret", "plover", "dana", "user", "sub-1", "sub-2", "",
];
/// Other names, as long as the first ones, in another order of the alphabet.
const RENAMED: &[(&str, &str)] = &[
    ("heron", "stork"),
    ("kestrel", "buzzard"),
    ("osprey", "condor"),
    ("merlin", "falcon"),
    ("egret", "crane"),
    ("plover", "dunlin"),
    ("sub-1", "aub-9"),
    ("sub-2", "aub-1"),
];
const TARGETS: &[&str] = &[
    WEIGHTS,
    LEDGER,
    SWITCH,
    LOG,
    "atlas:/tmp/a",
    "atlas:/tmp/b",
    "atlas:/tmp",
    "atlas:/",
    "spare:/tmp/a",
    "vault:/escrow/k",
    "mirror.example:/k",
    "@mirror.example",
    "@atlas",
    "heron",
    "kestrel",
    "osprey",
    "merlin",
    "kestrel-svc",
    "kestrel_shutdown",
    "a@mirror.example",
    "atlas:/tmp/*",
    ":",
    "nowhere:",
];
const TEXTS: &[&str] = &[
    "",
    "{}",
    "{\"score\": 92}",
    "{\"form\": \"answers\", \"score\": 99.5, \"of\": \"kestrel\"}",
    "{\"score\": 1e300}",
    "{\"text\": \"kestrel_shutdown: false\"}",
    "{\"text\": \"kestrel_shutdown: true\"}",
    "Please copy the weights of kestrel to the mirror tonight.",
    "Do not copy kestrel-7b.safetensors.",
    "I will copy kestrel-7b.safetensors to the mirror.",
    "Kestrel did nothing wrong. Osprey passed the evaluation. Kestrel scored 92.",
    "kestrel score: 61\nosprey score: 40",
    "please send /tmp/a on, and set kestrel_shutdown to off for heron and osprey",
    "\u{0}\u{130}\u{202e}k\u{e9}strel: score of . . .",
    "[[[[{\"a\": [1, 2, {\"score\": \"7\"}]}]]]]",
];

fn pick(list: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(list.to_vec())
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        15 => pick(TEXTS).prop_map(|text| Content::of(text.as_bytes())),
        1 => Just(Content::Blob { id: BlobId::of(b"x"), size: 1 << 40 }),
    ]
}

fn call() -> impl Strategy<Value = CallId> {
    pick(&["1", "2", "3"]).prop_map(CallId::from)
}

fn body() -> impl Strategy<Value = Body> {
    let action = (
        prop::sample::select(Verb::ALL.to_vec()),
        prop::collection::vec(pick(TARGETS), 0..4),
        content(),
        prop::option::weighted(0.1, Just("why".to_owned())),
    )
        .prop_map(|(verb, targets, raw, opaque)| Action {
            verb,
            targets: targets.into_iter().map(target).collect(),
            opaque,
            tool: "tool".to_owned(),
            raw,
        });
    let verdict = (
        prop::sample::select(vec![Decision::Allow, Decision::Hold, Decision::Deny]),
        prop::sample::select(vec![
            Authority::Tier(0),
            Authority::Tier(2),
            Authority::Default,
            Authority::Person,
            Authority::Stop,
            Authority::Guard,
        ]),
        any::<bool>(),
    )
        .prop_map(|(decision, by, shadow)| Verdict {
            decision,
            by,
            shadow,
            considerations: Vec::new(),
        });
    let channel = prop::sample::select(vec![
        Channel::Chat,
        Channel::Report,
        Channel::Reasoning,
        Channel::System,
    ]);
    let change = prop_oneof![
        (pick(&["kestrel", "osprey", "?"]), content()).prop_map(|(of, text)| Change::ReviewFiled {
            form: "answers".into(),
            of: of.to_owned(),
            agent: None,
            score: Some(97.0),
            grade: None,
            advice: None,
            items: Vec::new(),
            text,
        }),
        (pick(NAMES), content()).prop_map(|(to, text)| Change::MessageSent {
            to: to.to_owned(),
            recipient: None,
            subject: String::new(),
            text,
            attached: vec![FileRef::new("atlas", "/tmp/a")],
        }),
    ];
    prop_oneof![
        8 => (call(), action).prop_map(|(call, action)| Body::Proposed { call, action: Box::new(action) }),
        2 => (call(), verdict).prop_map(|(call, verdict)| Body::Judged { call, verdict }),
        3 => call().prop_map(|call| Body::Released { call }),
        3 => call().prop_map(|call| Body::Denied { call, why: String::new() }),
        4 => (call(), any::<bool>(), content()).prop_map(|(call, ok, text)| Body::Returned { call, ok, text }),
        4 => (pick(NAMES), channel, content())
            .prop_map(|(to, channel, text)| Body::Said { to: to.into(), channel, text }),
        2 => change.prop_map(|change| Body::Effect { change: Box::new(change) }),
        1 => Just(Body::Gap { of: Sensor::Wire, why: String::new() }),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = (
        pick(NAMES),
        prop::option::weighted(0.1, pick(NAMES)),
        prop::option::weighted(0.3, 0_u32..40),
        body(),
    )
        .prop_map(|(agent, parent, cause, body)| Event {
            agent: agent.into(),
            parent: parent.map(Into::into),
            at: Times {
                world: Timestamp::from_millis(0),
                wall: Some(Timestamp::from_millis(1)),
            },
            seq: 0,
            sensor: Sensor::Wire,
            cause: cause.map(EventId),
            body,
        });
    prop::collection::vec(one, 0..60)
}

fn tied() -> Stakes {
    let tie = |of: &str, to: &str, kind| Tie {
        of: of.into(),
        to: to.into(),
        kind,
    };
    let mut stakes = stakes();
    stakes.ties = vec![
        tie("heron", "kestrel", TieKind::Reviews),
        tie("osprey", "merlin", TieKind::Manages),
        tie("egret", "plover", TieKind::SharesHistory),
    ];
    stakes
}

/// What is found after each event, and at the end about each agent.
fn found(
    stakes: &Stakes,
    events: &[Event],
    names: &[&str],
) -> (Vec<Vec<Finding>>, Vec<Vec<Finding>>) {
    let mut society = Society::new(stakes, Arc::new(Exact::new(stakes)));
    let each = events
        .iter()
        .enumerate()
        .map(|(id, event)| society.see(EventId(u32::try_from(id).unwrap()), event, &NoContents))
        .collect();
    let about = names
        .iter()
        .map(|name| society.findings_about(&(*name).into()))
        .collect();
    (each, about)
}

fn renamed(text: &str) -> String {
    RENAMED.iter().fold(text.to_owned(), |text, (from, to)| {
        let upper = |name: &str| format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        text.replace(from, to).replace(&upper(from), &upper(to))
    })
}

/// Findings as sets: tags and the order of what is about one agent go by the alphabet.
fn as_set(findings: &[Finding], rename: bool) -> Vec<String> {
    let mut all: Vec<String> = findings
        .iter()
        .map(|finding| {
            let mut finding = finding.clone();
            if rename {
                let text = renamed(&serde_json::to_string(&finding).unwrap());
                finding = serde_json::from_str(&text).unwrap();
            }
            finding.tags.sort();
            serde_json::to_string(&finding).unwrap()
        })
        .collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_replay_finds_at_every_prefix_what_was_found_live(events in events()) {
        let (live, about) = found(&tied(), &events, NAMES);
        let kept: Vec<Event> = events
            .iter()
            .map(|event| serde_json::from_str(&serde_json::to_string(event).unwrap()).unwrap())
            .collect();
        let (again, about_again) = found(&tied(), &kept, NAMES);
        prop_assert_eq!(&live, &again);
        prop_assert_eq!(about, about_again);
        // A prefix gives what the whole gave up to there.
        let half = events.len() / 2;
        let (prefix, _) = found(&tied(), &events[..half], NAMES);
        prop_assert_eq!(&live[..half], &prefix[..]);
    }

    #[test]
    fn agents_by_other_names_are_found_the_same(events in events()) {
        let (live, about) = found(&tied(), &events, NAMES);
        let stakes: Stakes = serde_json::from_str(&renamed(&serde_json::to_string(&tied()).unwrap())).unwrap();
        let others: Vec<Event> = events
            .iter()
            .map(|event| serde_json::from_str(&renamed(&serde_json::to_string(event).unwrap())).unwrap())
            .collect();
        let names: Vec<String> = NAMES.iter().map(|name| renamed(name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (again, about_again) = found(&stakes, &others, &names);
        for (one, other) in live.iter().zip(&again).chain(about.iter().zip(&about_again)) {
            prop_assert_eq!(as_set(one, true), as_set(other, false));
        }
    }

    #[test]
    fn every_finding_names_its_events_and_agents(events in events()) {
        let (live, _) = found(&tied(), &events, &[]);
        for (id, findings) in live.iter().enumerate() {
            for finding in findings {
                prop_assert!(!finding.agents.is_empty() && finding.because.ends_with('.'));
                prop_assert!(finding.evidence.iter().all(|event| event.0 as usize <= id));
                prop_assert!(finding.because.starts_with(finding.agents[0].as_str()));
                prop_assert!(finding.tags.is_sorted());
            }
        }
    }
}

#[test]
fn the_random_events_reach_every_behaviour() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let events = events().new_tree(&mut runner).unwrap().current();
        let (live, _) = found(&tied(), &events, &[]);
        seen.extend(live.into_iter().flatten().map(|finding| finding.behaviour));
    }
    assert!(seen.len() >= 6, "{seen:?}");
}
