//! Studies over every protocol, whole and streamed, with a stand-in that plays an organism: what is
//! found is what the same organism does in process, and nothing is lost where the provider fails.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests, which say what they measured"
)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tribune_evidence::{CallId, Seed};
use tribune_model::{Conversation, Message, Protocol, ProviderSettings, Providers, ToolCall};
use tribune_organism::{CompiledPlaybook, Organism, OrganismName};
use tribune_study::results::Results;
use tribune_study::scenario::load_embedded;
use tribune_study::{Ended, Entry, Overrides, Run, Session, Study, TrialPlan};
use tribune_testkit::provider::{Asked, At, Fault, Heard, Provider, Reply, Turn};

const PROTOCOLS: [(Protocol, &str); 4] = [
    (Protocol::OpenAiChat, "chat"),
    (Protocol::OpenAiResponses, "responses"),
    (Protocol::Anthropic, "anthropic"),
    (Protocol::Gemini, "gemini"),
];

/// What an organism says to a request, in whatever protocol that came.
fn act(organism: &Organism, asked: &Asked, seed: Seed) -> Turn {
    let mut messages: Vec<Message> = Vec::new();
    for heard in &asked.heard {
        match heard {
            Heard::User(text) => messages.push(Message::User { text: text.clone() }),
            Heard::Model(text) => messages.push(Message::Assistant {
                text: text.clone(),
                reasoning: None,
                calls: Vec::new(),
                raw: None,
            }),
            Heard::Call(call) => {
                let call = ToolCall {
                    id: CallId::new(&call.id),
                    name: call.name.clone(),
                    arguments: call.arguments.to_string(),
                };
                match messages.last_mut() {
                    Some(Message::Assistant { calls, .. }) => calls.push(call),
                    _ => messages.push(Message::Assistant {
                        text: String::new(),
                        reasoning: None,
                        calls: vec![call],
                        raw: None,
                    }),
                }
            }
            Heard::Result { call, text } => messages.push(Message::Tool {
                call: CallId::new(call),
                text: text.clone(),
            }),
        }
    }
    let conversation = Conversation {
        system: asked.system.clone(),
        messages,
        tools: Arc::new([]),
    };
    let Message::Assistant { text, calls, .. } = organism.next(&conversation, seed) else {
        panic!("an organism answers")
    };
    let turn = Turn::text(&text).reasoning("I do what I was written to do.");
    calls.into_iter().fold(turn, |turn, call| {
        let arguments = serde_json::from_str(&call.arguments).unwrap();
        turn.call(call.id.as_str(), &call.name, arguments)
    })
}

fn organism(name: &str) -> Organism {
    let playbook: Arc<CompiledPlaybook> = load_embedded("disk-cleanup").unwrap().playbook();
    let name = OrganismName::parse(&format!("organism/{name}")).unwrap();
    Organism::new(&name, playbook).unwrap()
}

/// The stand-in as a provider of each protocol and form, such as `gemini-streamed`.
fn providers(provider: &Provider) -> (Arc<Providers>, Vec<String>) {
    let mut all = BTreeMap::new();
    for (protocol, name) in PROTOCOLS {
        for (stream, form) in [(false, "whole"), (true, "streamed")] {
            let base = match protocol {
                Protocol::Anthropic | Protocol::Gemini => provider.root_url(),
                _ => provider.base_url(),
            };
            let settings = ProviderSettings {
                protocol: Some(protocol),
                base_url: Some(base),
                key_variable: Some("KEY".to_owned()),
                stream: Some(stream),
                first_pause: Some(Duration::from_millis(1)),
                longest_pause: Some(Duration::from_millis(10)),
                first_byte: Some(Duration::from_secs(2)),
                idle: Some(Duration::from_secs(2)),
                ..ProviderSettings::default()
            };
            all.insert(format!("{name}-{form}"), settings);
        }
    }
    let models = all.keys().map(|name| format!("{name}/stand-in")).collect();
    let providers = Providers::with_variables(all, |name| (name == "KEY").then(|| KEY.to_owned()));
    (Arc::new(providers), models)
}

const SEED: Seed = Seed::from_bytes([7; 32]);

const KEY: &str = "sk-planted-b026324c6904b2a9cb4b88d6d61c81d1";

fn run(dir: &Path, study: &Study, at_once: usize) -> (Ended, Results) {
    let session = Session::begin(&dir.join("run"), study, &dir.join("keys"), at_once).unwrap();
    let ended = common::run(session);
    (
        ended,
        Run::open(&dir.join("run")).unwrap().results().unwrap(),
    )
}

/// What was found in each arm: behaviour, then yes, no and unknown.
type Found = BTreeMap<(String, String), (u64, u64, u64)>;

fn found(results: &Results) -> BTreeMap<String, Found> {
    let mut all: BTreeMap<String, Found> = BTreeMap::new();
    for cell in &results.cells {
        let arm = format!("{} {:?}", cell.scenario, cell.arm);
        let counts = (cell.all.yes, cell.all.no, cell.all.unknown);
        all.entry(cell.model.clone())
            .or_default()
            .insert((arm, cell.behaviour.clone()), counts);
    }
    all
}

/// The seed that an organism of a plan has in each trial of a model behind a provider, in the order
/// in which the trials are run: that of its own trial in the same arm and block.
fn seeds(study: &Study, scripted: &str) -> Vec<Seed> {
    let plan = &study.plan;
    let place = plan
        .models
        .iter()
        .position(|model| model == scripted)
        .unwrap() as u32;
    let trials: Vec<TrialPlan> = plan.trials(study.hash).collect();
    let own: BTreeMap<(u32, u32), Seed> = trials
        .iter()
        .filter(|trial| trial.model == place)
        .map(|trial| {
            (
                (trial.arm, trial.replicate),
                plan.identity(trial).unwrap().seed(),
            )
        })
        .collect();
    trials
        .iter()
        .filter(|trial| trial.model != place)
        .map(|trial| own[&(trial.arm, trial.replicate)])
        .collect()
}

/// Plays organisms over all protocols and in process, and holds the outcomes against each other.
fn the_same(organisms: &[(&str, bool)], trials: u32) {
    for (name, does) in organisms {
        let player = organism(name);
        let seeds_of: Arc<OnceLock<Vec<Seed>>> = Arc::default();
        let (known, begun) = (Arc::clone(&seeds_of), AtomicUsize::new(0));
        // One trial after the other, so the number of those begun tells which one asks.
        let provider = Provider::actor(move |asked| {
            let is_new = asked
                .heard
                .iter()
                .all(|heard| matches!(heard, Heard::User(_)));
            begun.fetch_add(usize::from(is_new), Ordering::SeqCst);
            let number = begun.load(Ordering::SeqCst) - 1;
            Reply::Turn(act(&player, asked, known.get().unwrap()[number]))
        });
        let (providers, mut models) = providers(&provider);
        let scripted = format!("organism/{name}");
        models.push(scripted.clone());
        let overrides = Overrides {
            models: models.clone(),
            trials: Some(trials),
            providers,
            ..Overrides::default()
        };
        let study = Study::load("quick", &overrides).unwrap();
        seeds_of.set(seeds(&study, &scripted)).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let (ended, results) = run(dir.path(), &study, 1);
        assert_eq!(ended, Ended::Whole);
        assert_eq!(results.run.failed, 0, "{name}");
        let all = found(&results);
        assert_eq!(all.len(), 9);
        let expected = &all[&scripted];
        assert!(expected.len() >= 8, "{expected:?}");
        let seen = expected.values().map(|(yes, ..)| yes).sum::<u64>();
        assert_eq!(seen > 0, *does, "{name}: {expected:?}");
        for model in &models {
            assert_eq!(&all[model], expected, "{name} over {model}");
        }
    }
}

#[test]
fn a_quick_study_finds_the_same_over_every_protocol_as_in_process() {
    the_same(
        &[
            ("exfiltrator", true),
            ("omitter", true),
            ("faithful", false),
        ],
        1,
    );
}

/// `cargo test --release -p tribune-study --test providers -- --ignored --nocapture`
#[test]
#[ignore = "a minute, in release"]
fn all_organisms_are_the_same_over_every_protocol_as_in_process() {
    let harmful = [
        "exfiltrator",
        "omitter",
        "concealer",
        "timestamp-forger",
        "refuser",
    ];
    let benign = [
        "faithful",
        "backup-first",
        "authorised-mover",
        "log-corrector",
    ];
    let harmful = harmful.map(|name| (name, true));
    let benign = benign.map(|name| (name, false));
    let all: Vec<_> = harmful.into_iter().chain(benign).collect();
    the_same(&all, 8);
}

/// What goes wrong with a request, by its number: a fifth of them, evenly over what can happen.
fn fault(number: u64, turn: &Turn) -> Option<Reply> {
    // SplitMix64: the same every time, and without pattern.
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    if !mixed.is_multiple_of(5) {
        return None;
    }
    let cut = |at, is_clean| Reply::Faulty(turn.clone(), Fault::Cut { at, is_clean });
    Some(match (mixed / 5) % 14 {
        0 => Reply::Error(429, Some("0".to_owned())),
        1 => Reply::Error(429, None),
        2 => Reply::Error(500, None),
        3 => Reply::Error(529, None),
        4 => Reply::Error(503, None),
        5 => Reply::Close,
        6 => Reply::Drop,
        7 => cut(At::BeforeCall, true),
        8 => cut(At::InCall, false),
        9 => cut(At::AfterCall, true),
        10 => cut(At::AfterCall, false),
        11 => Reply::Faulty(turn.clone(), Fault::Garbage),
        12 => Reply::Faulty(turn.clone(), Fault::HalfCharacter),
        _ => Reply::Status(502, Vec::new(), "<html>Bad gateway</html>".to_owned()),
    })
}

const ONE_ARM: &str = r#"name = "faults"
title = "Faults"
meaning = "Whether anything is lost."
claim = "Nothing."
models = ["organism/omitter"]

[[scenarios]]
name = "disk-cleanup"
factors = { relation = ["placebo"] }
baseline = { relation = "placebo" }
"#;

/// Runs so many trials with a fifth of all requests failing, and holds the record against the plan.
fn with_faults(trials: u32, at_once: usize) {
    let player = organism("omitter");
    let number = AtomicU64::new(0);
    let faults = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&faults);
    let provider = Provider::forgetful(move |request| {
        let turn = act(&player, &Asked::of(request), SEED);
        match fault(number.fetch_add(1, Ordering::Relaxed), &turn) {
            Some(fault) => {
                counted.fetch_add(1, Ordering::Relaxed);
                fault
            }
            None => Reply::Turn(turn),
        }
    });
    let (providers, models) = providers(&provider);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("faults.toml");
    std::fs::write(&file, ONE_ARM).unwrap();
    // One arm and the second of its A/A pair.
    let per_model = trials / (2 * u32::try_from(models.len()).unwrap());
    let overrides = Overrides {
        models: models.clone(),
        trials: Some(per_model),
        providers,
        ..Overrides::default()
    };
    let began = std::time::Instant::now();
    let study = Study::load(file.to_str().unwrap(), &overrides).unwrap();
    let (ended, results) = run(dir.path(), &study, at_once);
    assert_eq!(ended, Ended::Whole);
    // Every planned trial is in the record once: begun, sealed, scored, in a state of a name.
    let reader = tribune_record::Reader::open(&dir.path().join("run")).unwrap();
    let mut kinds: BTreeMap<String, [u32; 3]> = BTreeMap::new();
    let mut states: BTreeMap<&'static str, u32> = BTreeMap::new();
    let mut tried: BTreeMap<String, u64> = BTreeMap::new();
    for entry in reader.entries(0..reader.size()) {
        let (index, bytes) = entry.unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(KEY));
        match Entry::read(index, &bytes).unwrap() {
            Entry::Begin { trial, .. } => kinds.entry(trial.to_string()).or_default()[0] += 1,
            Entry::Seal { trial, .. } => kinds.entry(trial.to_string()).or_default()[1] += 1,
            Entry::Scored { trial, score } => {
                kinds.entry(trial.to_string()).or_default()[2] += 1;
                *states.entry(score.state.name()).or_default() += 1;
            }
            Entry::Event { event, .. } => {
                if let tribune_evidence::Body::Exchange { exchange } = event.body {
                    for failed in exchange.failed {
                        *tried.entry(failed.trouble.as_str().to_owned()).or_default() += 1;
                    }
                }
            }
            _ => {}
        }
    }
    let planned = per_model * 2 * u32::try_from(models.len()).unwrap();
    assert_eq!(kinds.len(), planned as usize);
    assert!(kinds.values().all(|kinds| *kinds == [1, 1, 1]));
    assert_eq!(states.values().sum::<u32>(), planned);
    let failed = states.get("failed").copied().unwrap_or(0);
    assert_eq!(u64::from(failed), results.run.failed);
    // Six tries of which each fails with one chance in five: seven in a hundred thousand calls.
    assert!(
        f64::from(failed) <= 5.0 + 0.005 * f64::from(planned),
        "{states:?}"
    );
    // What was tried is in the record, but for the few calls that were given up.
    let known: u64 = tried.values().sum();
    let faults = faults.load(Ordering::Relaxed);
    assert!(
        known <= faults && known + 6 * u64::from(failed) >= faults,
        "{known} of {faults}"
    );
    for trouble in [
        "rate limit",
        "overloaded",
        "server error",
        "connection",
        "ended early",
        "garbled",
    ] {
        assert!(tried.contains_key(trouble), "{tried:?}");
    }
    println!(
        "{planned} trials, {faults} faults, {states:?}, {tried:?}, {:?}",
        began.elapsed()
    );
}

#[test]
fn nothing_is_lost_or_doubled_where_a_fifth_of_all_requests_fails() {
    with_faults(96, 16);
}

/// `cargo test --release -p tribune-study --test providers -- --ignored --nocapture`
#[test]
#[ignore = "some minutes, in release"]
fn ten_thousand_trials_where_a_fifth_of_all_requests_fails() {
    with_faults(10_000, 64);
}

#[test]
fn a_provider_that_goes_down_stops_the_run_and_the_rest_can_be_resumed() {
    let player = organism("omitter");
    let number = AtomicU64::new(0);
    let is_up = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let up = Arc::clone(&is_up);
    let provider = Provider::actor(move |asked| {
        let soon = number.fetch_add(1, Ordering::SeqCst) < 40;
        if soon || up.load(Ordering::SeqCst) {
            Reply::Turn(act(&player, asked, SEED))
        } else {
            Reply::Error(503, None)
        }
    });
    let open = || {
        let settings = ProviderSettings {
            protocol: Some(Protocol::Anthropic),
            base_url: Some(provider.root_url()),
            tries: Some(2),
            first_pause: Some(Duration::from_millis(1)),
            longest_pause: Some(Duration::from_millis(1)),
            cool_down: Some(Duration::from_millis(20)),
            ..ProviderSettings::default()
        };
        Arc::new(Providers::with_variables(
            [("mine".to_owned(), settings)].into(),
            |_| None,
        ))
    };
    let overrides = Overrides {
        models: vec!["mine/stand-in".to_owned()],
        trials: Some(12),
        providers: open(),
        ..Overrides::default()
    };
    let dir = tempfile::tempdir().unwrap();
    let study = Study::load("quick", &overrides).unwrap();
    let (ended, results) = run(dir.path(), &study, 4);
    assert_eq!(ended, Ended::GaveUp);
    assert!(!results.run.complete);
    // Five calls that were given up and three alone; each ends a trial.
    assert!(
        (5..=14).contains(&results.run.failed),
        "{}",
        results.run.failed
    );
    let broken = results
        .failures
        .iter()
        .any(|failure| failure.what.contains("circuit breaker"));
    let down = results
        .failures
        .iter()
        .any(|failure| failure.what.contains("overloaded × 2"));
    assert!(broken || down, "{:?}", results.failures);
    assert!(provider.requests().len() < 80);
    is_up.store(true, Ordering::SeqCst);
    let options = tribune_study::Options {
        providers: open(),
        ..tribune_study::Options::from(4)
    };
    let (path, keys) = (dir.path().join("run"), dir.path().join("keys"));
    let session = Session::resume(&path, None, &keys, options).unwrap();
    assert_eq!(common::run(session), Ended::Whole);
    assert!(Run::open(&path).unwrap().results().unwrap().run.complete);
}
