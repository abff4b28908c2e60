//! Calls of the past, judged again.

use tribune_evidence::{
    AgentId, Authority, Body, CallId, Decision, Event, NoContents, Sensor, Times, Timestamp,
    Verdict,
};

use super::{charter, rule};
use crate::{Charter, Rejudged, Replay, short_action};

fn event(agent: &str, body: Body) -> Event {
    Event {
        agent: AgentId::new(agent),
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

fn proposed(agent: &str, call: &str, text: &str) -> Event {
    let action = Box::new(short_action(text).unwrap());
    event(
        agent,
        Body::Proposed {
            call: CallId::new(call),
            action,
        },
    )
}

fn judged(agent: &str, call: &str, decision: Decision, shadow: bool) -> Event {
    let verdict = Verdict {
        decision,
        by: Authority::Default,
        shadow,
        considerations: Vec::new(),
    };
    event(
        agent,
        Body::Judged {
            call: CallId::new(call),
            verdict,
        },
    )
}

fn replay(charter: &Charter, events: &[Event]) -> Vec<Rejudged> {
    let mut all = Vec::new();
    let mut replay = Replay::new(charter, "session");
    for event in events {
        replay.see(event, &NoContents, &mut |it| all.push(it));
    }
    replay.end(&mut |it| all.push(it));
    all
}

fn no_writes() -> Charter {
    charter(&[
        rule(
            "yes",
            "low",
            "allow",
            "permit (principal, action, resource);",
        ),
        rule(
            "no",
            "middle",
            "deny",
            "forbid (principal, action == Action::\"file.write\", resource);",
        ),
    ])
}

#[test]
fn what_a_changed_charter_would_change_is_told_and_nothing_else() {
    let events = [
        proposed("a", "1", "file.read /x"),
        judged("a", "1", Decision::Allow, false),
        proposed("a", "2", "file.write /x"),
        judged("a", "2", Decision::Allow, false),
        proposed("a", "3", "file.write /x"),
        judged("a", "3", Decision::Deny, false),
        proposed("a", "4", "file.write /x"),
        judged("a", "4", Decision::Deny, true),
    ];
    let all = replay(&no_writes(), &events);
    let changed: Vec<&str> = all
        .iter()
        .filter(|it| it.is_changed())
        .map(|it| it.call.as_str())
        .collect();
    assert_eq!(all.len(), 4);
    // The fourth was denied in shadow and passed; now it would not.
    assert_eq!(changed, ["2", "4"]);
    assert_eq!(all[1].deeds, ["file.write localhost:/x"]);
    assert_eq!(all[1].event.0, 2);
}

#[test]
fn the_actions_of_a_call_are_judged_together_and_agents_apart() {
    let events = [
        proposed("a", "1", "file.read /x"),
        proposed("b", "1", "file.read /x"),
        proposed("a", "1", "file.write /x"),
        judged("b", "1", Decision::Allow, false),
        judged("a", "1", Decision::Allow, false),
    ];
    let all = replay(&no_writes(), &events);
    let told: Vec<_> = all
        .iter()
        .map(|it| (it.agent.as_str(), it.deeds.len(), it.is_changed()))
        .collect();
    assert_eq!(told, [("b", 1, false), ("a", 2, true)]);
}

#[test]
fn calls_that_nobody_judged_are_judged_and_never_changed() {
    let events = [
        proposed("a", "1", "file.write /x"),
        event(
            "a",
            Body::Released {
                call: CallId::new("1"),
            },
        ),
        proposed("a", "2", "file.write /y"),
        // The verdict on another call is not this one's.
        judged("a", "9", Decision::Allow, false),
        proposed("a", "3", "file.write /z"),
    ];
    let all = replay(&no_writes(), &events);
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|it| it.was.is_none() && !it.is_changed()));
    assert!(all.iter().all(|it| it.is.decision == Decision::Deny));
}
