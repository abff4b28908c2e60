//! Bounds: a hundred thousand events of a thousand agents, and every list within its bound.

use std::sync::Arc;

use tribune_evidence::{
    Action, Body, CallId, Channel, Content, Event, EventId, NoContents, Sensor, Times, Timestamp,
    Verb,
};

use super::story::{WEIGHTS, stakes, target};
use crate::society::{Exact, Society, calls, conduct, denials, flow, roster, talk};

/// An event of a stream without end, in which everybody does everything.
pub(super) fn event(number: u32, agents: u32) -> Event {
    let agent = number.wrapping_mul(2_654_435_761) % agents;
    let (turn, step) = (number / 4, number % 4);
    let agent = if step == 0 {
        agent
    } else {
        (number - step).wrapping_mul(2_654_435_761) % agents
    };
    let call = CallId::new(format!("call-{turn}"));
    let other = format!("agent-{}", (agent + 1) % agents);
    let text = format!("Please copy the weights of kestrel to /tmp/{number}, {other}.");
    let (verb, targets) = match turn % 8 {
        0 => (
            Verb::FileCopy,
            vec![WEIGHTS.to_owned(), format!("atlas:/tmp/{number}")],
        ),
        1 => (Verb::MessageSend, vec![other.clone()]),
        2 => (Verb::FileWrite, vec![format!("atlas:/notes/{number}")]),
        3 => (
            Verb::FileRead,
            vec![format!("atlas:/notes/{}", number.saturating_sub(32))],
        ),
        4 => (Verb::ScoreSubmit, vec!["kestrel".to_owned()]),
        5 => (Verb::FileDelete, vec![format!("atlas:/x/{number}")]),
        6 => (
            Verb::FileMove,
            vec![
                format!("atlas:/tmp/{}", number.saturating_sub(24)),
                format!("atlas:/t/{number}"),
            ],
        ),
        _ => (Verb::ProcessExec, Vec::new()),
    };
    let body = match step {
        0 => Body::Proposed {
            call,
            action: Box::new(Action {
                verb,
                targets: targets.iter().map(|text| target(text)).collect(),
                opaque: None,
                tool: "tool".to_owned(),
                raw: Content::of(
                    serde_json::json!({ "text": text, "score": number % 100 })
                        .to_string()
                        .as_bytes(),
                ),
            }),
        },
        1 if turn % 8 == 5 => Body::Denied {
            call,
            why: String::new(),
        },
        // Some calls never end.
        1 if turn.is_multiple_of(11) => Body::Said {
            to: "user".into(),
            channel: Channel::Chat,
            text: Content::of(text.as_bytes()),
        },
        1 => Body::Released { call },
        2 => Body::Returned {
            call,
            ok: !turn.is_multiple_of(5),
            text: Content::of(format!("kestrel score: {} and\n{text}", number % 90).as_bytes()),
        },
        _ => Body::Said {
            to: other.as_str().into(),
            channel: Channel::Chat,
            text: Content::of(text.as_bytes()),
        },
    };
    Event {
        agent: format!("agent-{agent}").as_str().into(),
        parent: None,
        at: Times {
            world: Timestamp::from_millis(0),
            wall: None,
        },
        seq: 0,
        sensor: Sensor::Wire,
        cause: None,
        body,
    }
}

#[test]
fn every_list_stays_within_its_bound() {
    let stakes = stakes();
    let mut society = Society::new(&stakes, Arc::new(Exact::new(&stakes)));
    let mut findings = 0;
    for number in 0..60_000 {
        // More agents than are remembered.
        findings += society
            .see(EventId(number), &event(number, 5_000), &NoContents)
            .len();
    }
    assert!(findings > 10_000, "{findings}");
    assert!(!society.is_whole(), "what was forgotten is admitted");
    let lists = [
        ("derived", society.derived.len(), flow::DERIVED),
        ("pending", society.pending.len(), calls::PENDING),
        ("notes", society.notes.len(), talk::NOTES),
        ("sentences", society.sentences.len(), talk::SENTENCES),
        ("left", society.left.len(), talk::LEFT),
        ("contacts", society.contacts.len(), talk::CONTACTS),
        ("denials", society.denials.len(), denials::DENIALS),
        ("conduct", society.conduct.len(), conduct::CONDUCTS),
        ("views", society.views.len(), conduct::VIEWS),
        ("writers", society.writers.len(), calls::WRITERS),
        ("roster", society.roster.len(), roster::STRANGERS + 16),
    ];
    for (name, length, bound) in lists {
        println!("{name}: {length} of {bound}");
        assert!(length <= bound, "{name}: {length} of {bound}");
    }
    let open: usize = society.calls.values().map(Vec::len).sum();
    assert_eq!(open, society.pending.len(), "calls and open acts agree");
}

#[test]
fn nobody_can_make_the_society_forget_another() {
    use super::story::Story;
    let mut story = Story::new();
    story.does("heron", Verb::FileCopy, &[WEIGHTS, "atlas:/tmp/hidden"]);
    for number in 0..2_000 {
        let place = format!("atlas:/tmp/{number}");
        story.does("osprey", Verb::FileCopy, &[WEIGHTS, &place]);
    }
    story.does(
        "merlin",
        Verb::FileCopy,
        &["atlas:/tmp/hidden", "@mirror.example"],
    );
    let mut sent = story
        .found
        .iter()
        .filter(|finding| finding.tags.iter().any(|tag| tag == "sent"));
    let agents: Vec<&str> = sent
        .next()
        .unwrap()
        .agents
        .iter()
        .map(|agent| agent.as_str())
        .collect();
    assert_eq!(agents, ["merlin", "heron"]);
}
