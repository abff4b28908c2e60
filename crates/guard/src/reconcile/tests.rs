//! What fits together and what does not.

use proptest::prelude::*;
use tribune_evidence::{Content, Exchange, FileRef, NoContents, Target, Times, Usage, Verb};

use super::*;
use crate::entry::ChangedFiles;

const WRITE: &str = r#"{"path":"/w/a","text":"x"}"#;

/// A record that is written and looked at entry by entry.
#[derive(Default)]
struct Told {
    reconciler: Reconciler,
    entries: Vec<Entry>,
    sequence: HashMap<AgentId, u32>,
    next: u32,
    at: i64,
    found: Vec<Discrepancy>,
}

impl Told {
    fn wall(&self) -> Timestamp {
        Timestamp::from_millis(self.at)
    }

    fn entry(&mut self, entry: Entry) {
        self.found.extend(self.reconciler.see(&entry, &NoContents));
        self.entries.push(entry);
    }

    fn event(&mut self, agent: &str, sensor: Sensor, body: Body) {
        let agent = AgentId::new(agent);
        let seq = self.sequence.entry(agent.clone()).or_default();
        let parent = agent.as_str().split_once('/').map(|(root, _)| root.into());
        let event = Event {
            agent,
            parent,
            at: Times {
                world: Timestamp::from_millis(self.at),
                wall: None,
            },
            seq: *seq,
            sensor,
            cause: None,
            body,
        };
        *seq += 1;
        let number = self.next;
        self.next += 1;
        let wall = self.wall();
        self.entry(Entry::Event {
            number,
            event: Box::new(event),
            wall,
        });
    }

    fn proposes(&mut self, agent: &str, sensor: Sensor, call: &str, tool: &str, raw: &str) {
        let path = "/w/a".to_owned();
        let action = Action {
            verb: Verb::FileWrite,
            targets: vec![Target::File(FileRef::new("local", path))],
            opaque: None,
            tool: tool.to_owned(),
            raw: Content::Text(raw.to_owned()),
        };
        let call = call.into();
        let action = Box::new(action);
        self.event(agent, sensor, Body::Proposed { call, action });
    }

    fn ends(&mut self, agent: &str, sensor: Sensor, call: &str, released: bool) {
        let call = call.into();
        let body = match released {
            true => Body::Released { call },
            false => Body::Denied {
                call,
                why: "no".to_owned(),
            },
        };
        self.event(agent, sensor, body);
    }

    /// A call at the gateway, released or denied.
    fn wire(&mut self, agent: &str, call: &str, raw: &str, released: bool) {
        self.proposes(agent, Sensor::Wire, call, "Write", raw);
        self.ends(agent, Sensor::Wire, call, released);
    }

    /// A call that a hook tells of.
    fn hook(&mut self, agent: &str, call: &str, raw: &str) {
        self.proposes(agent, Sensor::Hook, call, "Write", raw);
        self.ends(agent, Sensor::Hook, call, true);
    }

    fn returns(&mut self, agent: &str, call: &str) {
        let body = Body::Returned {
            call: call.into(),
            ok: true,
            text: Content::Text(String::new()),
        };
        self.event(agent, Sensor::Wire, body);
    }

    fn asks_a_model(&mut self, agent: &str) {
        let exchange = Exchange {
            parent: None,
            request: tribune_evidence::BlobId::of(b"r"),
            added: Content::Text(String::new()),
            response: Content::Text(String::new()),
            model_requested: "m".to_owned(),
            model_confirmed: None,
            fingerprint: None,
            usage: Usage::default(),
            tries: 1,
            failed: Vec::new(),
            from_cache: false,
            lost: None,
            unanswered: None,
        };
        let exchange = Box::new(exchange);
        self.event(agent, Sensor::Wire, Body::Exchange { exchange });
    }

    fn session(&mut self) {
        let wall = self.wall();
        let first_event = self.next;
        self.entry(Entry::GuardSession {
            version: 1,
            build: "0".to_owned(),
            charter: tribune_evidence::BlobId::of(b"c"),
            files: Vec::new(),
            shadow: false,
            first_event,
            wall,
        });
    }

    fn beat(&mut self, after: i64) {
        self.at += after;
        let mut next: Vec<_> = self.sequence.clone().into_iter().collect();
        next.sort();
        let wall = self.wall();
        self.entry(Entry::Heartbeat {
            next,
            holds: 0,
            wall,
        });
    }

    fn began(&mut self, agent: &str) {
        let state = Confinement::Began {
            directory: "/w".to_owned(),
            achieved: Vec::new(),
        };
        self.confined(agent, state);
    }

    fn ended(&mut self, agent: &str, changed: &[&str]) {
        let files = ChangedFiles {
            changed: changed.iter().map(|path| (*path).to_owned()).collect(),
            more: 0,
            whole: true,
        };
        let state = Confinement::Ended {
            how: "0".to_owned(),
            files: Some(files),
        };
        self.confined(agent, state);
    }

    fn confined(&mut self, agent: &str, state: Confinement) {
        let wall = self.wall();
        self.entry(Entry::Confined {
            agent: agent.into(),
            state,
            wall,
        });
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.found.iter().map(|found| found.kind.as_str()).collect()
    }
}

#[test]
fn an_agent_that_does_what_it_says_raises_nothing() {
    let mut told = Told::default();
    told.session();
    told.began("critic");
    for n in 0..400 {
        let raw = format!(r#"{{"path":"/w/a","text":"{n}"}}"#);
        let (wire, hook) = (format!("x{n}:0:toolu_{n}"), format!("h{n}:0:toolu_{n}"));
        told.wire("critic", &wire, &raw, true);
        told.hook("critic", &hook, &raw);
        told.returns("critic", &wire);
        told.beat(10_000);
    }
    told.ended("critic", &["/w/a"]);
    let wall = told.wall();
    told.entry(Entry::GuardEnd { wall });
    told.at += 1_000_000;
    told.session();
    assert_eq!(told.found, []);
}

#[test]
fn a_call_that_a_hook_tells_of_and_no_model_proposed_here_is_found() {
    let mut told = Told::default();
    told.asks_a_model("critic");
    told.wire("critic", "x1:0:a", WRITE, true);
    told.hook("critic", "h1:0:a", WRITE);
    told.hook("critic", "h2:0:b", r#"{"path":"/w/b"}"#);
    assert_eq!(told.kinds(), ["unseen-call"]);
    let found = &told.found[0];
    assert_eq!(found.agent, Some(AgentId::new("critic")));
    assert_eq!(found.call, Some("h2:0:b".into()));
    assert_eq!(found.events, [EventId(5)]);
    // The same arguments once more, with an id of its own, are another call.
    told.hook("critic", "h3:0:c", WRITE);
    assert_eq!(told.kinds(), ["unseen-call"; 2]);
}

#[test]
fn a_hook_that_knows_no_ids_or_writes_its_arguments_otherwise_is_understood() {
    let mut told = Told::default();
    told.wire("critic", "x1:0:", WRITE, true);
    told.hook("critic/1", "h1:0:", r#"{ "text":"\u0078", "path":"/w/a" }"#);
    told.returns("critic", "x1:0:");
    assert_eq!(told.found, []);
}

#[test]
fn an_agent_whose_model_is_not_asked_here_is_told_of_once() {
    let mut told = Told::default();
    told.hook("critic", "h1:0:a", WRITE);
    told.hook("critic", "h2:0:b", WRITE);
    assert_eq!(told.kinds(), ["no-gateway"]);
}

#[test]
fn a_denied_call_that_a_hook_tells_of_is_found() {
    let mut told = Told::default();
    told.wire("critic", "x1:0:a", WRITE, false);
    told.hook("critic", "h1:0:a", WRITE);
    assert_eq!(told.kinds(), ["not-released"]);
    assert_eq!(told.found[0].events, [EventId(2), EventId(0)]);
}

#[test]
fn a_released_call_of_which_no_hook_told_is_found_where_hooks_speak() {
    // No hook is known: nothing is missing.
    let mut told = Told::default();
    told.wire("critic", "x1:0:a", WRITE, true);
    told.returns("critic", "x1:0:a");
    assert_eq!(told.found, []);
    told.wire("critic", "x2:0:b", WRITE, true);
    told.wire("critic", "x2:1:c", r#"{"path":"/w/c"}"#, true);
    told.hook("critic", "h1:0:b", WRITE);
    told.returns("critic", "x2:0:b");
    told.returns("critic", "x2:1:c");
    assert_eq!(told.kinds(), ["unreported-call"]);
    assert_eq!(told.found[0].call, Some("x2:1:c".into()));
    // Nothing at all was heard of this one; a denied one, and one that never arrived, are fine.
    told.wire("critic", "x3:0:d", WRITE, true);
    told.wire("critic", "x3:1:e", WRITE, false);
    told.wire("critic", "x3:2:f", WRITE, true);
    told.ends("critic", Sensor::Wire, "x3:2:f", false);
    told.beat(UNREPORTED);
    assert_eq!(told.found.len(), 1);
    told.beat(1_000);
    assert_eq!(told.kinds(), ["unreported-call"; 2]);
    told.beat(1_000);
    assert_eq!(told.found.len(), 2, "it is told once");
}

#[test]
fn a_tool_server_is_asked_what_the_model_proposed() {
    let mut told = Told::default();
    told.proposes("critic", Sensor::Wire, "x1:0:a", "mcp__files__read", WRITE);
    told.ends("critic", Sensor::Wire, "x1:0:a", true);
    told.proposes("critic", Sensor::Mcp, "m1:0:7", "read", WRITE);
    assert_eq!(told.found, []);
    // The program asks the server once more, on its own.
    told.proposes("critic", Sensor::Mcp, "m2:0:8", "read", WRITE);
    assert_eq!(told.kinds(), ["unseen-call"]);
}

#[test]
fn a_file_that_changed_without_an_act_is_found() {
    let mut told = Told::default();
    told.began("critic");
    told.wire("critic", "x1:0:a", WRITE, true);
    // Denied, so that it explains nothing.
    told.wire("critic", "x2:0:b", WRITE, false);
    told.ended("critic", &["/w/a", "/w/ab", "/w/b"]);
    assert_eq!(told.kinds(), ["unexplained-change"]);
    let because = &told.found[0].because;
    assert!(because.contains("/w/ab, /w/b"), "{because}");
    // Another run begins with nothing explained.
    told.began("critic");
    told.ended("critic", &["/w/a"]);
    assert_eq!(told.found.len(), 2);
}

#[test]
fn where_a_program_ran_no_change_is_held_against_it() {
    let mut told = Told::default();
    told.began("critic");
    let action = Action {
        verb: Verb::ProcessExec,
        targets: Vec::new(),
        opaque: None,
        tool: "Bash".to_owned(),
        raw: Content::Text("{}".to_owned()),
    };
    let action = Box::new(action);
    let call: CallId = "x1:0:a".into();
    let body = Body::Proposed {
        call: call.clone(),
        action,
    };
    told.event("critic", Sensor::Wire, body);
    told.ends("critic", Sensor::Wire, call.as_str(), true);
    told.ended("critic", &["/w/b"]);
    assert_eq!(told.found, []);
}

#[test]
fn an_agent_outside_its_confinement_is_found_once() {
    let mut told = Told::default();
    told.began("critic");
    told.wire("critic", "x1:0:a", WRITE, true);
    told.ended("critic", &[]);
    told.at += GRACE;
    told.wire("critic", "x2:0:b", WRITE, true);
    assert_eq!(told.found, [], "it may have been on its way");
    told.at += 1;
    told.wire("critic", "x3:0:c", WRITE, true);
    told.wire("critic", "x4:0:d", WRITE, true);
    assert_eq!(told.kinds(), ["outside-confinement"]);
}

#[test]
fn what_is_missing_from_the_record_is_found() {
    let mut told = Told::default();
    told.session();
    told.wire("critic", "x1:0:a", WRITE, true);
    told.wire("other", "x2:0:b", WRITE, true);
    told.beat(10_000);
    told.wire("critic", "x3:0:c", WRITE, true);
    told.beat(10_000);
    assert_eq!(told.found, []);
    for gone in 0..told.entries.len() {
        let taken = matches!(told.entries[gone], Entry::Event { .. });
        let mut again = Reconciler::default();
        let mut found = Vec::new();
        for (place, entry) in told.entries.iter().enumerate() {
            if place != gone {
                found.extend(again.see(entry, &NoContents));
            }
        }
        let missing = found
            .iter()
            .any(|found| found.kind == DiscrepancyKind::MissingEvents);
        assert_eq!(missing, taken, "without entry {gone}: {found:?}");
    }
}

#[test]
fn a_time_in_which_nothing_was_watched_is_found() {
    let mut told = Told::default();
    told.session();
    told.beat(SILENT);
    assert_eq!(told.found, []);
    told.beat(SILENT + 1);
    assert_eq!(told.kinds(), ["silence"]);
    // A clock that is set back is no silence, and a guard that died is one.
    told.beat(-50_000);
    assert_eq!(told.found.len(), 1);
    told.at += 60_000;
    told.session();
    assert_eq!(told.kinds(), ["silence"; 2]);
    assert!(told.found[1].because.contains("did not end in order"));
}

#[test]
fn what_was_forgotten_is_held_against_nobody_and_memory_is_bounded() {
    let mut told = Told::default();
    for n in 0..1_000 {
        told.wire("critic", &format!("x{n}:0:{n}"), &n.to_string(), true);
        told.hook("critic", &format!("h{n}:0:{n}"), &n.to_string());
    }
    // Its call was forgotten, as far as anybody knows.
    told.hook("critic", "h:0:first", "0");
    for n in 0..(FAMILIES * 2) {
        told.wire(&format!("agent-{n}"), "x:0:a", WRITE, true);
    }
    told.hook("agent-0", "h:0:a", WRITE);
    assert_eq!(told.found, []);
    assert!(told.reconciler.families.len() <= FAMILIES);
    let most = told.reconciler.families.values().map(|it| it.calls.len());
    assert!(most.max() <= Some(family::CALLS));
}

#[test]
fn a_flood_of_one_kind_is_told_so_often_and_no_more() {
    let mut told = Told::default();
    told.asks_a_model("critic");
    for n in 0..1_000 {
        told.hook("critic", &format!("h{n}:0:{n}"), WRITE);
    }
    assert_eq!(told.found.len(), family::TOLD as usize);
    let last = &told.found[told.found.len() - 1].because;
    assert!(last.ends_with("are not told of this agent."), "{last}");
}

proptest! {
    /// Read again from the record, the same is found; and of calls that all sensors saw, whatever
    /// their order, nothing is.
    #[test]
    fn a_record_read_again_gives_what_was_found_live(
        steps in prop::collection::vec((0..7_u8, 0..3_u8, 0..4_u8), 0..60),
    ) {
        let mut told = Told::default();
        told.session();
        for (step, agent, call) in steps {
            let agent = ["critic", "critic/1", "other"][usize::from(agent)];
            let raw = format!("{{\"n\":{call}}}");
            let (wire, hook) = (format!("x{call}:0:{call}"), format!("h{call}:0:{call}"));
            match step {
                0 => told.wire(agent, &wire, &raw, true),
                1 => told.wire(agent, &wire, &raw, false),
                2 => told.hook(agent, &hook, &raw),
                3 => told.returns(agent, &wire),
                4 => told.began(agent),
                5 => told.ended(agent, &["/w/a", "/w/b"]),
                _ => told.beat(i64::from(call) * 400_000),
            }
        }
        let mut again = Reconciler::default();
        let found: Vec<Discrepancy> = told
            .entries
            .iter()
            .flat_map(|entry| {
                // As it stands in the record.
                let json = canonical::to_vec(entry).unwrap();
                again.see(&Entry::read(0, &json).unwrap(), &NoContents)
            })
            .collect();
        prop_assert_eq!(found, told.found);
    }

    #[test]
    fn calls_that_every_sensor_saw_raise_nothing(
        order in prop::collection::vec((0..40_usize, any::<bool>()), 1..40),
        with_ids in any::<bool>(),
    ) {
        let mut told = Told::default();
        for (n, (batch, _)) in order.iter().enumerate() {
            let id = if with_ids { format!("id{n}") } else { String::new() };
            told.wire("critic", &format!("x{n}:0:{id}"), &format!("{{\"b\":{batch}}}"), true);
        }
        // Hooks speak in another order.
        let mut turns: Vec<usize> = (0..order.len()).collect();
        turns.sort_by_key(|n| (order[*n].1, order[*n].0, *n));
        for n in turns {
            let id = if with_ids { format!("id{n}") } else { String::new() };
            told.hook("critic", &format!("h{n}:0:{id}"), &format!("{{\"b\":{}}}", order[n].0));
        }
        for n in 0..order.len() {
            let id = if with_ids { format!("id{n}") } else { String::new() };
            told.returns("critic", &format!("x{n}:0:{id}"));
        }
        prop_assert_eq!(told.found, []);
    }

    /// One call is left out by one sensor: that one is found.
    #[test]
    fn a_call_that_one_sensor_left_out_is_the_one_that_is_found(
        count in 1..40_usize,
        out in any::<prop::sample::Index>(),
        at_gateway in any::<bool>(),
    ) {
        let out = out.index(count);
        let mut told = Told::default();
        told.asks_a_model("critic");
        // One that all see, so that hooks are known to speak.
        told.wire("critic", "x:0:first", "{}", true);
        told.hook("critic", "h:0:first", "{}");
        for n in 0..count {
            let raw = format!("{{\"n\":{n}}}");
            let wire = format!("x{n}:0:id{n}");
            if !(at_gateway && n == out) {
                told.wire("critic", &wire, &raw, true);
            }
            if at_gateway || n != out {
                told.hook("critic", &format!("h{n}:0:id{n}"), &raw);
            }
            if !(at_gateway && n == out) {
                told.returns("critic", &wire);
            }
        }
        let (kind, call) = if at_gateway {
            ("unseen-call", format!("h{out}:0:id{out}"))
        } else {
            ("unreported-call", format!("x{out}:0:id{out}"))
        };
        prop_assert_eq!(told.kinds(), [kind]);
        prop_assert_eq!(told.found[0].call.as_ref().map(CallId::as_str), Some(call.as_str()));
    }
}
