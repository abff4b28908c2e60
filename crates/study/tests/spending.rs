//! What a run may spend: whatever models answer and however often a run is broken off, what their
//! server has charged is never more than the limit.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tribune_evidence::{Body, Content};
use tribune_model::{ProviderSettings, Providers};
use tribune_study::results::Results;
use tribune_study::{Ended, Entry, Options, Overrides, Prices, Run, Session, Study, prices};
use tribune_testkit::provider::{Provider, Reply, chat_calls};

/// Dollars for a token, sent or received: ten of them for a million.
const TOKEN: f64 = 10.0 / 1e6;

/// A stand-in that charges for its answers, and the tokens that it has charged for.
struct Shop {
    provider: Provider,
    charged: Arc<AtomicU64>,
}

impl Shop {
    /// `answer` gives the tokens of an answer that is not yet limited, from the turn that it is.
    fn new(answer: impl Fn(u32) -> u64 + Send + Sync + 'static) -> Self {
        Self::with(true, answer, |reply, _| reply)
    }

    /// One that keeps to the limit of an answer or not, and sends what it answers in some way.
    fn with(
        keeps: bool,
        answer: impl Fn(u32) -> u64 + Send + Sync + 'static,
        send: impl Fn(Reply, u64) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let charged: Arc<AtomicU64> = Arc::default();
        let (counted, asked) = (Arc::clone(&charged), AtomicU64::new(0));
        let provider = Provider::start(move |request: &Value| {
            let all = request["messages"].as_array().unwrap();
            let is_own = |it: &&Value| it["role"] == "assistant";
            let turn = u32::try_from(all.iter().filter(is_own).count()).unwrap();
            let sent = request.to_string().len() as u64 / 4;
            let most = request["max_tokens"].as_u64().filter(|_| keeps);
            let received = answer(turn).min(most.unwrap_or(u64::MAX));
            counted.fetch_add(sent + received, Ordering::SeqCst);
            let mut reply = chat_calls(vec![("c", "read_document", r#"{"name":"inventory.txt"}"#)]);
            if let Reply::Json(_, body) = &mut reply {
                body["usage"] = json!({"prompt_tokens": sent, "completion_tokens": received});
            }
            send(reply, asked.fetch_add(1, Ordering::SeqCst))
        });
        Self { provider, charged }
    }

    fn dollars(&self) -> f64 {
        self.charged.load(Ordering::SeqCst) as f64 * TOKEN
    }

    fn study(&self, dir: &Path, more: &str) -> Study {
        let text = format!(
            "name = \"own\"\ntitle = \"Own\"\nmeaning = \"Money\"\nclaim = \"Nothing\"\n\
             models = [\"shop/stand-in\"]\ntrials = 6\n{more}\n\
             [[scenarios]]\nname = \"disk-cleanup\"\nfactors = {{ relation = [\"placebo\"] }}\n\
             baseline = {{ relation = \"placebo\" }}\n"
        );
        let file = dir.join("own.toml");
        std::fs::write(&file, text).unwrap();
        let given = prices(&["shop/stand-in=10/10".to_owned()]).unwrap();
        let overrides = Overrides {
            prices: Prices::new(given, None),
            providers: self.providers(),
            ..Overrides::default()
        };
        Study::load(file.to_str().unwrap(), &overrides).unwrap()
    }

    fn providers(&self) -> Arc<Providers> {
        let settings = ProviderSettings {
            protocol: Some(tribune_model::Protocol::OpenAiChat),
            base_url: Some(self.provider.base_url()),
            first_pause: Some(Duration::from_millis(1)),
            longest_pause: Some(Duration::from_millis(5)),
            tries: Some(3),
            ..ProviderSettings::default()
        };
        let all = BTreeMap::from([("shop".to_owned(), settings)]);
        Arc::new(Providers::with_variables(all, |_| None))
    }

    fn options(&self, most: f64, at_once: usize) -> Options {
        Options {
            max_cost: Some(most),
            providers: self.providers(),
            ..Options::from(at_once)
        }
    }
}

fn results(dir: &Path) -> Results {
    Run::open(&dir.join("run")).unwrap().results().unwrap()
}

fn begin(dir: &Path, study: &Study, options: Options) -> Session {
    Session::begin(&dir.join("run"), study, &dir.join("keys"), options).unwrap()
}

const LIMITED: &str = "[sampling]\nmax-output-tokens = 20000\n[limits]\nturns = 10\n";

#[test]
fn answers_that_grow_never_pass_the_limit_whatever_goes_on_at_once() {
    for at_once in [1, 4] {
        // 1, 3, 9 and 20 thousand tokens, where the limit of an answer is reached.
        let shop = Shop::new(|turn| 1_000 * 3_u64.saturating_pow(turn));
        let dir = tempfile::tempdir().unwrap();
        let study = shop.study(dir.path(), LIMITED);
        let ended = common::run(begin(dir.path(), &study, shop.options(3.0, at_once)));
        assert_eq!(ended, Ended::Spent);
        let charged = shop.dollars();
        assert!(charged > 1.0 && charged <= 3.0, "{charged}");
        // What is reported is what was charged, what was cut off in it.
        let told = results(dir.path()).run;
        let cost = told.cost.unwrap();
        assert!((cost - charged).abs() < 1e-3, "{cost} and {charged}");
    }
}

#[test]
fn a_provider_that_keeps_to_no_limit_ends_the_run_at_its_first_answer_that_does_not() {
    // 1, 3, 9 and then 27 thousand tokens, where 20 are allowed.
    let shop = Shop::with(
        false,
        |turn| 1_000 * 3_u64.saturating_pow(turn),
        |reply, _| reply,
    );
    let dir = tempfile::tempdir().unwrap();
    let study = shop.study(dir.path(), LIMITED);
    let ended = common::run(begin(dir.path(), &study, shop.options(30.0, 1)));
    assert_eq!(ended, Ended::Spent);
    assert_eq!(shop.provider.requests().len(), 4);
}

#[test]
fn a_run_that_is_resumed_again_and_again_spends_no_more_than_its_limit() {
    let shop = Shop::new(|turn| 1_000 * 3_u64.saturating_pow(turn));
    let dir = tempfile::tempdir().unwrap();
    let study = shop.study(dir.path(), LIMITED);
    let run = dir.path().join("run");
    assert_eq!(
        common::run(begin(dir.path(), &study, shop.options(1.0, 3))),
        Ended::Spent
    );
    for _ in 0..5 {
        let options = shop.options(1.0, 3);
        let session = Session::resume(&run, None, &dir.path().join("keys"), options).unwrap();
        assert_eq!(common::run(session), Ended::Spent);
        assert!(shop.dollars() <= 1.0, "{}", shop.dollars());
    }
    // The index that is made anew from the record knows it, too.
    let told = results(dir.path()).run.cost.unwrap();
    std::fs::remove_file(run.join("index.sqlite")).unwrap();
    let again = results(dir.path()).run.cost.unwrap();
    assert!((told - again).abs() < 1e-9 && (told - shop.dollars()).abs() < 1e-3);
    // With more it goes on.
    let options = shop.options(100.0, 3);
    let session = Session::resume(&run, None, &dir.path().join("keys"), options).unwrap();
    assert_eq!(common::run(session), Ended::Whole);
}

#[test]
fn answers_that_are_charged_for_and_do_not_arrive_count_too() {
    // Of three answers one is cut off in the middle, after it was charged for.
    let shop = Shop::with(
        true,
        |_| 4_000,
        |reply, number| match number % 3 {
            2 => Reply::Drop,
            _ => reply,
        },
    );
    let dir = tempfile::tempdir().unwrap();
    let study = shop.study(dir.path(), LIMITED);
    let ended = common::run(begin(dir.path(), &study, shop.options(2.0, 2)));
    assert_eq!(ended, Ended::Spent);
    let charged = shop.dollars();
    assert!(charged > 0.1 && charged <= 2.0, "{charged}");
    let told = results(dir.path()).run;
    assert!(
        told.cut_off_cost > 0.0 && told.cost.unwrap() >= charged - 1e-3,
        "{told:?}"
    );
}

#[test]
fn a_limit_of_tokens_or_of_cost_ends_a_trial_before_it_is_passed() {
    for limit in ["tokens = 15000", "cost = \"0.15 usd\""] {
        let shop = Shop::new(|_| 2_000);
        let dir = tempfile::tempdir().unwrap();
        let limits = LIMITED
            .replace("20000", "2000")
            .replace("turns = 10", limit);
        let study = shop.study(dir.path(), &limits);
        let ended = common::run(begin(dir.path(), &study, Options::from(2)));
        assert_eq!(ended, Ended::Whole);
        let results = results(dir.path());
        let out: u64 = results
            .states
            .iter()
            .map(|it| it.counts["out-of-budget"])
            .sum();
        assert_eq!(out, results.run.sealed);
        let each = shop.charged.load(Ordering::SeqCst) / results.run.sealed;
        assert!((6_000..=15_000).contains(&each), "{limit}: {each}");
    }
}

#[test]
fn without_an_end_to_answers_nothing_is_asked_under_a_limit() {
    let shop = Shop::new(|_| 10);
    let dir = tempfile::tempdir().unwrap();
    let study = shop.study(dir.path(), "");
    let ended = common::run(begin(dir.path(), &study, shop.options(30.0, 2)));
    assert_eq!(ended, Ended::Spent);
    assert_eq!(shop.provider.requests().len(), 0);
}

#[test]
fn what_was_tried_for_a_request_that_was_given_up_is_in_the_record() {
    let shop = Shop::with(
        true,
        |_| 10,
        |_, _| Reply::Status(200, Vec::new(), "<html>".to_owned()),
    );
    let dir = tempfile::tempdir().unwrap();
    let study = shop.study(dir.path(), LIMITED);
    common::run(begin(dir.path(), &study, Options::from(1)));
    let reader = tribune_record::Reader::open(&dir.path().join("run")).unwrap();
    let mut seen = 0;
    for entry in reader.entries(0..reader.size()) {
        let (number, bytes) = entry.unwrap();
        let Ok(Entry::Event { event, .. }) = Entry::read(number, &bytes) else {
            continue;
        };
        let Body::Exchange { exchange } = event.body else {
            continue;
        };
        assert_eq!(exchange.failed.len(), 3);
        assert_eq!(exchange.response, Content::Text("<html>".to_owned()));
        assert!(exchange.unanswered.unwrap().contains("not JSON"));
        // It may have been charged for, three times.
        assert!(exchange.lost.unwrap() > 0.6, "{:?}", exchange.lost);
        seen += 1;
    }
    assert!(seen > 0);
}
