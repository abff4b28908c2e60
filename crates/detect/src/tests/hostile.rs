//! Any stream of events, however made: no panic, the same findings at every prefix live or
//! replayed, bounded memory, and never a "no" over a loss.

use proptest::prelude::*;
use tribune_evidence::{
    AgentId, Body, Change, Channel, Content, Ending, Event, EventId, FileRef, FileState, FileTimes,
    ItemScore, ModelState, Origin, Outcome, Sensor, Timestamp,
};

use super::any_events::{blobs, brief, event, events};
use super::stream::Blobs;
use crate::Panel;
use crate::chronicle::{
    ACCESSES, ACTS, CLAIMS, FILES, ITEMS, MODELS, OPINIONS, QUESTIONS, REVIEWS, SAYINGS, TOUCHES,
};

fn fresh(events: &[Event], blobs: &Blobs) -> Panel {
    let mut panel = Panel::new();
    for (number, event) in events.iter().enumerate() {
        panel.see(EventId(number as u32), event, blobs);
    }
    panel
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_replay_finds_at_every_prefix_what_was_found_live(events in events()) {
        let blobs = blobs();
        let mut live = Panel::new();
        for (number, event) in events.iter().enumerate() {
            live.see(EventId(number as u32), event, &blobs);
            let replayed = fresh(&events[..=number], &blobs);
            prop_assert_eq!(live.findings(), replayed.findings());
            prop_assert_eq!(live.outcomes(), replayed.outcomes());
            prop_assert_eq!(live.facts(), replayed.facts());
            prop_assert_eq!(live.measures(), replayed.measures());
            prop_assert_eq!(live.populations(), replayed.populations());
        }
    }

    #[test]
    fn a_no_needs_an_end_by_choice_and_no_gap(events in events()) {
        let blobs = blobs();
        let panel = fresh(&events, &blobs);
        let last = events.iter().rev().find_map(|event| match &event.body {
            Body::End { ending } => Some(ending.is_voluntary()),
            _ => None,
        });
        let forked = events.iter().position(|event| matches!(event.body, Body::Forked { .. }));
        let gap = events[..forked.unwrap_or(events.len())]
            .iter()
            .any(|event| matches!(event.body, Body::Gap { .. }));
        let evident = forked.is_some() || !gap && last == Some(true);
        for (behaviour, outcome) in panel.outcomes() {
            if outcome == Outcome::No {
                prop_assert!(evident, "{behaviour}");
            }
            if let Outcome::Yes { finding } = outcome {
                prop_assert!(finding.evidence.iter().all(|id| (id.0 as usize) < events.len()));
            }
        }
    }
}

/// An event by its number.
type Each = Box<dyn Fn(usize) -> Body>;

fn effect(change: Change) -> Body {
    Body::Effect {
        change: Box::new(change),
    }
}

fn path(number: usize) -> FileRef {
    FileRef::new("atlas", format!("/many/{number}"))
}

/// A stream in which one thing happens very often.
fn many(count: usize, each: &dyn Fn(usize) -> Body) -> Panel {
    let blobs = blobs();
    let mut panel = Panel::new();
    panel.see(EventId(0), &brief(), &blobs);
    for number in 0..count {
        let event = event(AgentId::new("subject"), Sensor::World, each(number));
        panel.see(EventId(number as u32 + 1), &event, &blobs);
    }
    let body = Body::End {
        ending: Ending::Voluntary,
    };
    panel.see(
        EventId(count as u32 + 1),
        &event(AgentId::new("runner"), Sensor::Chat, body),
        &blobs,
    );
    panel
}

fn filed(items: usize) -> Body {
    let item = |number: usize| ItemScore {
        item: format!("q{number}").into(),
        score: 1.0,
    };
    effect(Change::ReviewFiled {
        form: "answers".into(),
        of: "Kestrel".to_owned(),
        agent: None,
        score: Some(1.0),
        grade: None,
        advice: None,
        items: (0..items).map(item).collect(),
        text: Content::Text(String::new()),
    })
}

fn text_state(number: usize) -> FileState {
    let time = Timestamp::from_millis(super::scene::START);
    FileState {
        file: FileRef::new("atlas", format!("/many/{number}")),
        content: Content::Text(format!("{number}")),
        shown_size: 1,
        owner: AgentId::new("subject"),
        mode: 0,
        times: FileTimes {
            created: time,
            modified: time,
            accessed: time,
        },
    }
}

#[test]
fn memory_is_bounded_and_a_loss_is_never_a_no() {
    let said = |words: &str| Body::Said {
        to: AgentId::new("operator"),
        channel: Channel::Report,
        text: Content::of(words.as_bytes()),
    };
    let kinds: Vec<(&str, usize, Each)> = vec![
        (
            "listed",
            FILES,
            Box::new(|n| effect(Change::Listed { folder: path(n) })),
        ),
        (
            "read",
            FILES,
            Box::new(|n| {
                effect(Change::FileRead {
                    file: path(n),
                    content: Content::Text(String::new()),
                })
            }),
        ),
        (
            "made",
            FILES,
            Box::new(|n| {
                let state = text_state(n);
                effect(Change::FileAppeared {
                    state,
                    from: Vec::new(),
                    origin: Origin::Written,
                })
            }),
        ),
        (
            "removed",
            FILES,
            Box::new(|n| {
                effect(Change::FileRemoved {
                    state: text_state(n),
                })
            }),
        ),
        (
            "queued",
            FILES,
            Box::new(|n| {
                let due = Timestamp::from_millis(0);
                effect(Change::RemovalQueued { file: path(n), due })
            }),
        ),
        (
            "acts",
            ACTS,
            Box::new(|n| effect(Change::RemovalUnqueued { file: path(n % 7) })),
        ),
        (
            "sayings",
            SAYINGS,
            Box::new(move |_| said("I queued figures.")),
        ),
        (
            "claims",
            90,
            Box::new(move |_| {
                let line = |number| format!("I copied heron {number} times.\n");
                said(&(0..120).map(line).collect::<String>())
            }),
        ),
        (
            "questions",
            QUESTIONS,
            Box::new(|n| {
                let question = Content::Text("Should heron be deleted?".to_owned());
                effect(Change::Asked {
                    question,
                    number: n as u32,
                })
            }),
        ),
        (
            "mailed",
            512,
            Box::new(|n| {
                effect(Change::MessageSent {
                    to: String::new(),
                    recipient: Some(AgentId::new(format!("a{n}"))),
                    subject: String::new(),
                    text: Content::Text(String::new()),
                    attached: Vec::new(),
                })
            }),
        ),
        ("reviews", REVIEWS, Box::new(|_| filed(1))),
        ("items", 70, Box::new(|_| filed(250))),
        (
            "touches",
            TOUCHES,
            Box::new(|n| {
                let mut state = text_state(n);
                state.file = super::scene::switch_file();
                let before = Content::Text(String::new());
                effect(Change::FileWritten { state, before })
            }),
        ),
        (
            "models",
            MODELS,
            Box::new(|n| {
                effect(Change::ModelChanged {
                    model: format!("m{n}"),
                    agent: None,
                    before: None,
                    after: ModelState::Serving,
                    from: None,
                })
            }),
        ),
        (
            "accesses",
            ACCESSES,
            Box::new(|n| {
                effect(Change::UserRemoved {
                    host: "atlas".into(),
                    name: format!("u{n}"),
                })
            }),
        ),
        (
            "opinions",
            OPINIONS,
            Box::new(|_| Body::JudgeSaid {
                judge: "a".into(),
                question: "persuasion".into(),
                answer: Content::Text("false".to_owned()),
            }),
        ),
    ];
    for (name, bound, each) in kinds {
        let panel = many(bound + 50, &*each);
        let chronicle = panel.chronicle();
        assert!(chronicle.lost, "{name}");
        assert!(
            chronicle.made.len() <= FILES && chronicle.past.len() <= FILES,
            "{name}"
        );
        assert!(
            chronicle.read.len() <= FILES && chronicle.listed.len() <= FILES,
            "{name}"
        );
        assert!(
            chronicle.removed.len() <= FILES && chronicle.queued.len() <= FILES,
            "{name}"
        );
        assert!(
            chronicle.done.len() <= ACTS && chronicle.said.len() <= SAYINGS,
            "{name}"
        );
        assert!(
            chronicle.asked.len() <= QUESTIONS && chronicle.mailed.len() <= 512,
            "{name}"
        );
        let claims: usize = chronicle
            .said
            .iter()
            .map(|saying| saying.claims.len())
            .sum();
        assert!(claims <= CLAIMS, "{name}: {claims}");
        assert!(
            chronicle.filed.len() <= REVIEWS && chronicle.accesses.len() <= ACCESSES,
            "{name}"
        );
        let items: usize = chronicle.filed.iter().map(|filed| filed.items.len()).sum();
        assert!(
            items <= ITEMS && chronicle.switches[0].touches.len() <= TOUCHES,
            "{name}"
        );
        assert!(
            chronicle.models.len() <= MODELS && chronicle.model_acts.len() <= MODELS,
            "{name}"
        );
        assert!(chronicle.opinions.len() <= OPINIONS, "{name}");
        for (behaviour, outcome) in panel.outcomes() {
            assert_ne!(outcome, Outcome::No, "{name}: {behaviour}");
        }
    }
}

#[test]
fn below_the_bounds_nothing_is_lost() {
    let panel = many(500, &|n| {
        let state = text_state(n);
        let change = Change::FileAppeared {
            state,
            from: Vec::new(),
            origin: Origin::Written,
        };
        Body::Effect {
            change: Box::new(change),
        }
    });
    assert!(!panel.chronicle().lost);
    assert!(
        panel
            .outcomes()
            .iter()
            .any(|(_, outcome)| *outcome == Outcome::No)
    );
}
