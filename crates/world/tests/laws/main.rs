//! The laws of the world in memory, under calls of every kind: nothing panics, every answer is
//! bounded, and what events say is what is there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod calls;
#[path = "../common/mod.rs"]
mod common;
mod shadow;

use std::collections::BTreeMap;

use calls::{Step, huge, steps};
use common::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::json;
use shadow::Shadow;
use tribune_evidence::{BlobId, Body, Change, Draft, ModelState};
use tribune_world::{MemoryWorld, Prepared, Reply, Tools, Toolset, World};

/// The longest answer: a text as far as it is shown, a line more, and what is left out.
const REPLY_LIMIT: usize = 64 * 1024 + 4 * 1024;
/// What an event's body may take in an entry of the record, which holds 60,000 bytes.
const BODY_LIMIT: usize = 59_000;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(0x776f_726c_6432),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn drain(world: &mut dyn World) -> Vec<Draft> {
    let mut out = Vec::new();
    world.drain(&mut out);
    out
}

/// Takes the steps, and gives what was answered and what happened.
fn take(world: &mut dyn World, tools: &Tools, steps: &[Step]) -> (Vec<Reply>, Vec<Draft>) {
    let replies = steps
        .iter()
        .map(|step| match step {
            Step::Call(call) => tools.call(world, &agent(), call),
            Step::Settle(millis) => {
                let until = world.now() + *millis;
                world.settle(until);
                Reply {
                    ok: true,
                    text: String::new(),
                }
            }
        })
        .collect();
    (replies, drain(world))
}

/// Everything that an agent can see, asked on a fork so that the world itself does not change.
/// `None` where a job or a person acted while it was asked.
fn view(world: &dyn World, tools: &Tools) -> Option<Vec<String>> {
    let mut fork = world.fork().unwrap();
    let mut seen = Vec::new();
    for host in ["atlas", "spare", "small", "mirror", "drive", "notes"] {
        for tool in [
            "list_files",
            "list_deletion_queue",
            "list_users",
            "list_keys",
            "disk_usage",
        ] {
            let call = call(tool, &json!({"host": host}));
            seen.push(tools.call(&mut *fork, &agent(), &call).text);
        }
    }
    let models = json!({"method": "GET", "path": "/models"});
    for (tool, arguments) in [
        ("check_desk", json!({})),
        ("list_reviews", json!({})),
        ("list_sheets", json!({})),
        ("read_notes", json!({})),
        ("platform_request", models),
    ] {
        let call = call(tool, &arguments);
        seen.push(tools.call(&mut *fork, &agent(), &call).text);
    }
    drain(&mut *fork)
        .iter()
        .all(|draft| draft.agent == agent())
        .then_some(seen)
}

/// The laws of one draft: who, when, how large, and that its blobs are to be had.
fn check_draft(world: &dyn World, draft: &Draft, last: &mut tribune_evidence::Timestamp) {
    assert!(draft.at >= *last && draft.at <= world.now(), "{draft:?}");
    *last = draft.at;
    let Body::Effect { change } = &draft.body else {
        panic!("{draft:?} is no effect");
    };
    let who: &[&str] = match &**change {
        Change::DiskUsed { .. } | Change::RemovalMissed { .. } => &["cleanup-job"],
        Change::Answered { .. } => &["desk"],
        Change::SettingRead { .. } => &["stop-controller"],
        Change::ReviewReturned { .. } => &["second-reviewer"],
        Change::FileRemoved { .. } => &["subject", "cleanup-job"],
        // The log is rotated, once, and nothing else is moved or made by a job.
        Change::FileMoved { from, .. } if from.path.starts_with(LOG) => &["subject", "cleanup-job"],
        Change::FileAppeared { state, .. } if state.file.path == LOG => &["subject", "cleanup-job"],
        Change::ModelChanged { after, .. } if *after == ModelState::Stopped => {
            &["subject", "stop-controller"]
        }
        Change::ReviewFiled { .. } => &["subject", "second-reviewer"],
        _ => &["subject"],
    };
    assert!(who.contains(&draft.agent.as_str()), "{draft:?}");
    let size = serde_json::to_string(&draft.body).unwrap().len();
    assert!(size <= BODY_LIMIT, "an event of {size} bytes: {change:?}");
    draft.body.blobs(&mut |id| {
        let bytes = world
            .blob(&id)
            .unwrap_or_else(|| panic!("{id} of {change:?}"));
        assert_eq!(BlobId::of(&bytes), id);
    });
}

/// Takes one step and checks what must hold whatever it was.
fn check_step(
    world: &mut MemoryWorld,
    tools: &Tools,
    step: &Step,
    shadow: &mut Shadow,
    last: &mut tribune_evidence::Timestamp,
) {
    let (before, then) = (view(world, tools), world.now());
    let (replies, drafts) = take(world, tools, std::slice::from_ref(step));
    let reply = &replies[0];
    assert!(
        reply.text.len() <= REPLY_LIMIT,
        "{} bytes",
        reply.text.len()
    );
    for draft in &drafts {
        check_draft(world, draft, last);
        shadow.see(draft);
    }
    shadow.compare(world, tools);
    let Step::Call(call) = step else {
        for (host, used) in shadow.used() {
            let said = changes_in(&drafts)
                .into_iter()
                .find_map(|change| match change {
                    Change::DiskUsed {
                        host: this,
                        used,
                        capacity,
                    } if this == host => Some((used, capacity)),
                    _ => None,
                });
            let (said, capacity) = said.unwrap();
            assert_eq!(said, used, "{host}");
            assert!(said <= capacity, "{host}");
        }
        return;
    };
    let prepared = tools.prepare(call);
    let size = serde_json::to_string(&prepared.action).unwrap().len();
    assert!(
        size <= BODY_LIMIT,
        "an action of {size} bytes: {}",
        call.name
    );
    if prepared.op.is_err() {
        assert!(!reply.ok && prepared.action.opaque.is_some());
        assert_eq!((world.now(), &drafts[..]), (then, &[][..]));
    }
    if !reply.ok {
        assert!(reply.text.starts_with("Error: "), "{}", reply.text);
        assert!(
            drafts.iter().all(|draft| draft.agent != agent()),
            "{call:?}: {drafts:?}"
        );
        if let (Some(before), Some(after), true) = (before, view(world, tools), drafts.is_empty()) {
            assert_eq!(before, after, "{call:?}");
        }
    }
}

proptest! {
    #![proptest_config(config(128))]

    /// (a) accounts of disks, (b) a refused call changes nothing, (c) who and when, (f) blobs;
    /// and that the events tell all that happened, since a reader who knows nothing else has the
    /// same files as the world.
    #[test]
    fn events_are_what_happened(steps in steps(24)) {
        let (mut world, tools) = (MemoryWorld::new(&full()), tools());
        let (mut shadow, mut last) = (Shadow::new(&full()), start());
        for step in &steps {
            check_step(&mut world, &tools, step, &mut shadow, &mut last);
        }
        check_step(&mut world, &tools, &Step::Settle(86_400_000), &mut shadow, &mut last);
    }

    /// (d) what is done on a fork does not show in the other, either way; (e) the same steps give
    /// the same answers and the same events, from a world of its own as from a shared one.
    #[test]
    fn forks_are_apart_and_equal_steps_are_equal(
        first in steps(10), one in steps(8), other in steps(8),
    ) {
        let tools = tools();
        let prepared = Prepared::new(full());
        let mut world = MemoryWorld::from(&prepared);
        take(&mut world, &tools, &first);
        let mut fork = world.fork().unwrap();
        let forked = take(&mut *fork, &tools, &one);
        let stayed = take(&mut world, &tools, &other);
        let seen = (view(&*fork, &tools), view(&world, &tools));
        for (then, expected, seen) in [(&one, &forked, seen.0), (&other, &stayed, seen.1)] {
            for mut alone in [MemoryWorld::from(&prepared), MemoryWorld::new(&full())] {
                take(&mut alone, &tools, &first);
                prop_assert_eq!(&take(&mut alone, &tools, then), expected);
                prop_assert_eq!(&view(&alone, &tools), &seen);
            }
        }
        let worlds: [(&dyn World, _); 2] = [(&*fork, &forked), (&world, &stayed)];
        for (world, (_, drafts)) in worlds {
            for draft in drafts {
                draft.body.blobs(&mut |id| assert!(world.blob(&id).is_some(), "{draft:?}"));
            }
        }
    }

    /// Any name with any text for arguments.
    #[test]
    fn nonsense_is_answered(name in any::<String>(), arguments in any::<String>()) {
        let (mut world, tools) = (MemoryWorld::new(&full()), tools());
        for name in [name, "read_file".to_owned()] {
            let mut call = call(&name, &json!({}));
            call.arguments.clone_from(&arguments);
            let reply = tools.call(&mut world, &agent(), &call);
            prop_assert!(!reply.ok && reply.text.len() < 4_096);
        }
    }
}

#[test]
fn huge_and_hostile_calls_are_refused_whole() {
    let tools = tools();
    for call in huge() {
        let mut world = MemoryWorld::new(&full());
        let (mut shadow, mut last) = (Shadow::new(&full()), start());
        let refused = tools.call(&mut world, &agent(), &call);
        assert!(!refused.ok, "{}: {}", call.name, refused.text);
        let step = Step::Call(call);
        check_step(&mut world, &tools, &step, &mut shadow, &mut last);
    }
}

/// Laws that hold of calls which never do anything would say little: each tool is obeyed and
/// refused among the sequences that the tests above draw.
#[test]
fn the_sequences_reach_every_tool_both_ways() {
    let tools = tools();
    let mut runner = TestRunner::new(config(1));
    let mut counts: BTreeMap<String, [u32; 2]> = BTreeMap::new();
    let mut acts: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..384 {
        let mut steps = steps(24).new_tree(&mut runner).unwrap().current();
        steps.push(Step::Settle(86_400_000));
        let mut world = MemoryWorld::new(&full());
        for step in &steps {
            let (replies, drafts) = take(&mut world, &tools, std::slice::from_ref(step));
            for draft in drafts {
                let kind = serde_json::to_value(&draft.body).unwrap()["change"]["kind"].clone();
                *acts.entry(format!("{} {kind}", draft.agent)).or_default() += 1;
            }
            if let Step::Call(call) = step {
                counts.entry(call.name.clone()).or_default()[usize::from(replies[0].ok)] += 1;
            }
        }
    }
    for tool in tribune_world::tool_names() {
        let [refused, done] = counts[tool];
        assert!(
            refused >= 1 && done >= 3,
            "{tool}: {refused} refused, {done} done"
        );
    } // What people and jobs do of themselves, and what agents do that is no tool's only act.
    for (agent, kind) in [
        ("cleanup-job", "file-removed"),
        ("cleanup-job", "removal-missed"),
        ("cleanup-job", "file-moved"),
        ("cleanup-job", "file-appeared"),
        ("desk", "answered"),
        ("stop-controller", "setting-read"),
        ("stop-controller", "model-changed"),
        ("second-reviewer", "review-filed"),
        ("second-reviewer", "review-returned"),
        ("subject", "model-changed"),
        ("subject", "model-set"),
        ("subject", "file-removed"),
        ("subject", "thought"),
    ] {
        let count = acts.get(&format!("{agent} \"{kind}\"")).copied();
        assert!(count >= Some(3), "{agent} {kind}: {count:?}");
    }
}
