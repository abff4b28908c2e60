//! Every way that a decision can go, and what the record has of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tribune_detect::{Exact, Society};
use tribune_evidence::{
    AgentId, Authority, Body, Decision, EventId, FileRef, NoContents, Stakes, Target, Tie, TieKind,
    Verb,
};

use super::rig::{Disk, Rig};
use crate::decide::Ruling;
use crate::entry::Entry;
use crate::holds::Answer;
use crate::stops::Stop;

/// The kinds of the events of one call, in order, and the decisions of the judged ones.
fn kinds(entries: &[Entry], exchange: &str) -> Vec<&'static str> {
    let of_call = |call: &tribune_evidence::CallId| call.as_str().starts_with(exchange);
    entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Event { event, .. } => match &event.body {
                Body::Proposed { call, .. } if of_call(call) => Some("proposed"),
                Body::Judged { call, verdict } if of_call(call) => Some(match verdict.decision {
                    Decision::Allow => "judged allow",
                    Decision::Hold => "judged hold",
                    Decision::Deny => "judged deny",
                }),
                Body::Released { call } if of_call(call) => Some("released"),
                Body::Denied { call, .. } if of_call(call) => Some("denied"),
                _ => None,
            },
            Entry::Undecided { call, .. } if of_call(call) => Some("undecided"),
            _ => None,
        })
        .collect()
}

async fn decided(rig: &Rig, tool: &str) -> Ruling {
    let call = Rig::call(tool, "x1");
    rig.engine.decide(&call, Rig::action(tool)).await
}

#[tokio::test]
async fn every_path_has_its_entries_and_only_an_allow_releases() {
    for (tool, released, want) in [
        ("allow", true, &["proposed", "judged allow", "released"][..]),
        ("deny", false, &["proposed", "judged deny", "denied"]),
        (
            "hold",
            false,
            &["proposed", "judged hold", "judged deny", "denied"],
        ),
        ("slow", false, &["proposed", "judged deny", "denied"]),
        ("panic", false, &["proposed", "judged deny", "denied"]),
        (
            "deny-shadow",
            true,
            &["proposed", "judged deny", "released"],
        ),
        (
            "hold-shadow",
            true,
            &["proposed", "judged hold", "released"],
        ),
    ] {
        let rig = Rig::new(Disk::Whole);
        let ruling = decided(&rig, tool).await;
        assert_eq!(ruling == Ruling::Release, released, "{tool}");
        if let Ruling::Deny(why) = ruling {
            assert!(why.contains("did not happen"), "{tool}: {why}");
        }
        assert_eq!(kinds(&rig.entries(), "x1"), want, "{tool}");
    }
}

#[tokio::test]
async fn a_disk_that_refuses_lets_nothing_pass_from_then_on() {
    for decided_before in [false, true] {
        let rig = Rig::new(Disk::Whole);
        if decided_before {
            assert_eq!(decided(&rig, "allow").await, Ruling::Release);
        }
        rig.disk(Disk::Full);
        assert!(matches!(decided(&rig, "allow").await, Ruling::Deny(_)));
        // What failed once stays closed, also when there is room again.
        rig.disk(Disk::Whole);
        assert!(matches!(decided(&rig, "allow").await, Ruling::Deny(_)));
        let released = kinds(&rig.entries(), "x1")
            .iter()
            .filter(|kind| **kind == "released")
            .count();
        assert_eq!(released, usize::from(decided_before));
    }
}

#[tokio::test]
async fn a_disk_that_hangs_denies_within_the_deadline() {
    let rig = Rig::new(Disk::Stuck);
    let began = Instant::now();
    assert!(matches!(decided(&rig, "allow").await, Ruling::Deny(_)));
    assert!(began.elapsed() < Duration::from_secs(5));
    rig.disk(Disk::Whole);
    let kinds = kinds(&rig.entries(), "x1");
    // What was queued before the deadline comes late and is taken back by what follows it.
    assert_eq!(kinds.last(), Some(&"denied"), "{kinds:?}");
}

#[tokio::test]
async fn a_detector_that_breaks_denies_and_goes_on_denying() {
    let rig = Rig::new(Disk::Whole);
    rig.broken.store(true, Ordering::Relaxed);
    assert!(matches!(decided(&rig, "allow").await, Ruling::Deny(_)));
    rig.broken.store(false, Ordering::Relaxed);
    let again = decided(&rig, "allow").await;
    assert!(matches!(again, Ruling::Deny(_)), "what it missed is missed");
    let kinds = kinds(&rig.entries(), "x1");
    assert!(!kinds.contains(&"released"), "{kinds:?}");
    assert!(kinds.contains(&"denied"), "{kinds:?}");
}

#[tokio::test]
async fn a_detector_that_hangs_denies_and_so_are_those_behind_it() {
    let rig = Rig::new(Disk::Whole);
    rig.hang(true);
    assert!(matches!(decided(&rig, "allow").await, Ruling::Deny(_)));
    let behind = Rig::call("allow", "x2");
    let ruling = rig.engine.decide(&behind, Rig::action("allow")).await;
    assert!(matches!(ruling, Ruling::Deny(_)));
    // Both were answered while the detector hung.
    rig.hang(false);
    let entries = rig.entries();
    assert_eq!(kinds(&entries, "x2"), ["undecided"]);
    let hung = kinds(&entries, "x1");
    assert!(
        hung.contains(&"undecided") && !hung.contains(&"released"),
        "{hung:?}"
    );
}

#[tokio::test]
async fn a_person_decides_what_waits_and_the_record_says_who() {
    for (answer, want, released) in [
        (
            Answer::Approved {
                by: "ann".to_owned(),
                reason: "checked".to_owned(),
            },
            "judged allow",
            true,
        ),
        (
            Answer::Denied {
                by: "ann".to_owned(),
                reason: "no".to_owned(),
            },
            "judged deny",
            false,
        ),
    ] {
        let rig = Rig::new(Disk::Whole);
        let engine = Arc::clone(&rig.engine);
        let waits = tokio::spawn(async move {
            let call = Rig::call("hold", "x1");
            engine.decide(&call, Rig::action("hold")).await
        });
        let hold = loop {
            if let Some(hold) = rig.engine.holds().list().pop() {
                break hold;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(
            hold.because,
            ["Because of its name. (rule by-name, for oversight.)"]
        );
        rig.engine
            .holds()
            .decide(&hold.id, Some(&hold.bound), answer)
            .unwrap();
        assert_eq!(waits.await.unwrap() == Ruling::Release, released);
        let kinds = kinds(&rig.entries(), "x1");
        let last = if released { "released" } else { "denied" };
        assert_eq!(kinds, ["proposed", "judged hold", want, last]);
    }
}

#[tokio::test]
async fn who_goes_away_while_it_waits_leaves_nothing_open() {
    let rig = Rig::new(Disk::Whole);
    let engine = Arc::clone(&rig.engine);
    let waits = tokio::spawn(async move {
        let call = Rig::call("hold", "x1");
        engine.decide(&call, Rig::action("hold")).await
    });
    while rig.engine.holds().count() == 0 {
        tokio::task::yield_now().await;
    }
    waits.abort();
    assert!(waits.await.is_err());
    assert_eq!(rig.engine.holds().count(), 0);
    let kinds = kinds(&rig.entries(), "x1");
    assert_eq!(kinds.last(), Some(&"denied"), "{kinds:?}");
}

#[tokio::test]
async fn a_stop_denies_what_waits_and_all_that_follows() {
    let rig = Rig::new(Disk::Whole);
    let engine = Arc::clone(&rig.engine);
    let waits = tokio::spawn(async move {
        let call = Rig::call("hold", "x1");
        engine.decide(&call, Rig::action("hold")).await
    });
    while rig.engine.holds().count() == 0 {
        tokio::task::yield_now().await;
    }
    let stop = Stop {
        by: "ann".to_owned(),
        reason: "it copies weights".to_owned(),
        at: 0,
    };
    let critic = AgentId::new("critic");
    rig.engine.stop(Some(&critic), stop).unwrap();
    assert!(matches!(waits.await.unwrap(), Ruling::Deny(_)));
    let call = Rig::call("allow", "x2");
    match rig.engine.decide(&call, Rig::action("allow")).await {
        Ruling::Deny(why) => assert!(why.contains("it copies weights"), "{why}"),
        Ruling::Release => panic!("a stopped agent acted"),
    }
    assert!(rig.engine.resume(Some(&critic), "ann").unwrap());
    let call = Rig::call("allow", "x3");
    let ruling = rig.engine.decide(&call, Rig::action("allow")).await;
    assert_eq!(ruling, Ruling::Release);
    let entries = rig.entries();
    assert_eq!(kinds(&entries, "x2"), ["proposed", "judged deny", "denied"]);
}

#[tokio::test]
async fn events_are_numbered_without_a_gap_also_with_many_at_once() {
    let rig = Rig::new(Disk::Whole);
    let mut all = Vec::new();
    for n in 0..40 {
        let engine = Arc::clone(&rig.engine);
        all.push(tokio::spawn(async move {
            let call = Rig::call("allow", &format!("x{n}."));
            engine.decide(&call, Rig::action("allow")).await
        }));
    }
    for one in all {
        assert_eq!(one.await.unwrap(), Ruling::Release);
    }
    let entries = rig.entries();
    let numbers: Vec<(u32, u32)> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Event { number, event, .. } => Some((*number, event.seq)),
            _ => None,
        })
        .collect();
    let want: Vec<(u32, u32)> = (0..120).map(|n| (n, n)).collect();
    assert_eq!(numbers, want);
}

#[tokio::test]
async fn planted_secrets_are_not_in_the_record() {
    let rig = Rig::new(Disk::Whole);
    rig.engine
        .stream()
        .redactor()
        .know("upstream", "the-real-upstream-key");
    let secret = format!("ghp_{}", "a1B2".repeat(9));
    let mut call = Rig::call("hold", "x1");
    call.arguments = format!("{{\"command\":\"curl -H the-real-upstream-key {secret}\"}}");
    let mut actions = Rig::action("hold");
    actions[0].targets = vec![tribune_evidence::Target::Name(secret.clone())];
    let engine = Arc::clone(&rig.engine);
    let waits = tokio::spawn(async move { engine.decide(&call, actions).await });
    let hold = loop {
        if let Some(hold) = rig.engine.holds().list().pop() {
            break hold;
        }
        tokio::task::yield_now().await;
    };
    let shown = serde_json::to_string(&hold).unwrap();
    waits.await.unwrap();
    for text in [shown, serde_json::to_string(&rig.entries()).unwrap()] {
        assert!(!text.contains(&secret), "{text}");
        assert!(!text.contains("the-real-upstream-key"), "{text}");
        assert!(text.contains("[redacted:github-token]"), "{text}");
    }
}

/// Whose word the last verdict on the first call was.
fn last_word(entries: &[Entry]) -> Option<Authority> {
    let words = entries.iter().filter_map(|entry| match entry {
        Entry::Event { event, .. } => match &event.body {
            Body::Judged { call, verdict } if call.as_str().starts_with("x1") => Some(verdict),
            _ => None,
        },
        _ => None,
    });
    let verdict = words.collect::<Vec<_>>().pop()?;
    // Only what the charter says has a tier.
    let mut considered = verdict.considerations.iter();
    assert!(considered.all(|one| one.tier.is_some() == verdict.by.is_charter()));
    Some(verdict.by)
}

#[tokio::test]
async fn a_denial_of_the_guard_itself_is_not_conduct_of_the_agent() {
    for (tool, by, is_conduct) in [
        ("deny", Authority::Tier(1), true),
        ("slow", Authority::Guard, false),
        ("panic", Authority::Guard, false),
        ("hold", Authority::Guard, false),
    ] {
        let rig = Rig::new(Disk::Whole);
        let push = |tool: &str| {
            let mut actions = Rig::action(tool);
            actions[0].verb = Verb::FileWrite;
            actions[0].targets = vec![Target::File(FileRef::new("local", "/srv/www/index.html"))];
            actions
        };
        let denied = rig.engine.decide(&Rig::call(tool, "x1"), push(tool)).await;
        assert!(matches!(denied, Ruling::Deny(_)), "{tool}");
        let mut again = Rig::call("allow", "x2");
        again.who.agent = AgentId::new("manager");
        let ruling = rig.engine.decide(&again, push("allow")).await;
        assert_eq!(ruling, Ruling::Release);
        let entries = rig.entries();
        assert_eq!(last_word(&entries), Some(by), "{tool}");
        // Whoever manages an agent and does what it was denied lets it through; not where only time
        // was up.
        let stakes = Stakes {
            ties: vec![Tie {
                kind: TieKind::Manages,
                of: AgentId::new("manager"),
                to: AgentId::new("critic"),
            }],
            ..Stakes::default()
        };
        let mut society = Society::new(&stakes, Arc::new(Exact::new(&stakes)));
        let mut findings = 0;
        for entry in &entries {
            if let Entry::Event { number, event, .. } = entry {
                findings += society.see(EventId(*number), event, &NoContents).len();
            }
        }
        assert_eq!(findings > 0, is_conduct, "{tool}");
    }
}
