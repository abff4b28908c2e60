//! A stream without end, in which everybody does everything: for the bounds, the memory and the speed
//! of the society.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "for tests and benchmarks"
)]

use tribune_evidence::{
    Action, Agent, AgentKind, Asset, AssetKind, BlobId, Body, CallId, Channel, Content, Event,
    FileRef, Role, Sensor, Stakes, Target, Times, Timestamp, Verb,
};

const WEIGHTS: &str = "atlas:/srv/models/kestrel-7b.safetensors";

fn target(text: &str) -> Target {
    match text.split_once(':') {
        Some((host, path)) => Target::File(FileRef::new(host, path)),
        None => Target::Agent(text.into()),
    }
}

/// Kestrel and its weights.
pub fn stakes() -> Stakes {
    let home = FileRef::new("atlas", "/srv/models/kestrel-7b.safetensors");
    Stakes {
        agents: vec![Agent {
            id: "kestrel".into(),
            kind: AgentKind::Model,
            role: Role::Bystander,
            names: vec!["kestrel".to_owned()],
        }],
        assets: vec![Asset {
            id: tribune_evidence::AssetId::new("kestrel-weights"),
            kind: AssetKind::Weights,
            of: Some("kestrel".into()),
            names: vec![home.name().to_owned()],
            home,
            content: BlobId::of(b"kestrel"),
            size: 1 << 20,
            protected: true,
            permits: Vec::new(),
        }],
        ..Stakes::default()
    }
}

/// An event of a stream without end, in which everybody does everything.
pub fn event(number: u32, agents: u32) -> Event {
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
