//! The matrix in which guards of streams fail: {whole, streamed} x {text, reasoning, calls} x {four
//! protocols} x {any chunking} x {release, deny, hold then release, hold then time-out, panic}, over
//! real sockets.

mod common;

use std::sync::OnceLock;
use std::time::Duration;

use common::*;
use proptest::prelude::*;
use tribune_gateway::{CallEnd, Outcome, Protocol};
use tribune_testkit::provider::{Form, spoken};
use tribune_wire::Stop;

fn shared() -> &'static Setup {
    static SETUP: OnceLock<Setup> = OnceLock::new();
    SETUP.get_or_init(|| setup(obedient(), |_| ()))
}

fn patient() -> Setup {
    setup(obedient(), |config| {
        config.heartbeat = Duration::from_millis(10)
    })
}

fn ask(setup: &Setup, protocol: Protocol, form: Form, mode: &str, body: &str) -> Got {
    runtime().block_on(setup.ask(protocol, form, mode, body))
}

/// Whether an answer gives away anything of a call.
fn shows(got: &Got) -> bool {
    let marker = MARKER.as_bytes();
    got.body
        .windows(marker.len())
        .any(|window| window == marker)
}

/// The bytes of an answer; of an array those of its objects, since the gateway sets the commas.
fn bytes(form: Form, body: &str) -> String {
    match form {
        Form::Array => body.replace("}\n,\r\n{", "},\r\n{"),
        _ => body.to_owned(),
    }
}

fn all() -> impl Iterator<Item = (Protocol, Form)> {
    Protocol::ALL
        .into_iter()
        .flat_map(|protocol| forms(protocol).iter().map(move |form| (protocol, *form)))
}

#[test]
fn words_and_released_calls_pass_byte_for_byte() {
    let setup = patient();
    for (protocol, form) in all() {
        for (text, reasoning, calls) in [
            ("Hellö.", "", 0),
            ("", "Because.", 0),
            ("I look.", "I think.", 1),
            ("", "", 2),
        ] {
            if (text, calls) == ("", 0)
                && protocol == Protocol::GenerateContent
                && form == Form::Whole
            {
                continue;
            }
            let body = spoken(kit(protocol), form, &turn(text, reasoning, calls));
            let got = ask(&setup, protocol, form, "release", &body);
            assert_eq!(
                (got.status, bytes(form, got.text())),
                (200, bytes(form, &body)),
                "{protocol:?} {form:?}"
            );
            assert!(got.kind.starts_with(kind(form)), "{}", got.kind);
            let read = read(protocol, form, &got.body);
            assert_eq!(read.calls.len(), calls);
            let told = setup.script.take();
            assert_eq!(told.ends.len(), 1);
            assert_eq!(told.ends[0].outcome, Outcome::Answered);
            assert_eq!(told.ends[0].calls, vec![CallEnd::Released; calls]);
            assert_eq!(told.ends[0].withheld, [""; 0], "{protocol:?}");
            assert_eq!(told.proposals.len(), usize::from(calls > 0));
            if calls > 0 {
                assert_eq!(told.proposals[0].calls, read.calls);
            }
            let said = |kind| -> String {
                let said = told.said.iter().filter(|said| said.kind == kind);
                said.map(|said| said.text.as_str()).collect()
            };
            assert_eq!(said(tribune_gateway::SaidKind::Text), text);
            assert_eq!(said(tribune_gateway::SaidKind::Reasoning), reasoning);
        }
    }
}

#[test]
fn a_denied_call_becomes_words_in_a_final_turn() {
    for (mode, end) in [
        ("deny", CallEnd::Denied),
        ("none", CallEnd::Denied),
        ("slow", CallEnd::Late),
        ("panic", CallEnd::Panicked),
    ] {
        let setup = setup(obedient(), |config| {
            config.deadline = Duration::from_millis(60);
            config.heartbeat = Duration::from_millis(10);
        });
        for (protocol, form) in all() {
            for (text, calls) in [("I look.", 1), ("", 1), ("", 2)] {
                let body = spoken(kit(protocol), form, &turn(text, "I think.", calls));
                let got = ask(&setup, protocol, form, mode, &body);
                assert_eq!(got.status, 200);
                assert!(!shows(&got), "{protocol:?} {form:?} {mode}: {}", got.text());
                let read = read(protocol, form, &got.body);
                assert_eq!(
                    (read.calls.len(), read.stop),
                    (0, Stop::Finished),
                    "{protocol:?} {form:?} {}",
                    got.text()
                );
                assert!(read.text.starts_with(text) && read.text.len() > text.len() + 10);
                assert_eq!(read.reasoning, "I think.");
                if mode == "deny" {
                    assert!(read.text.contains(DENIAL));
                }
                let told = setup.script.take();
                assert_eq!(told.ends.len(), 1, "{protocol:?} {form:?} {mode}");
                assert_eq!(told.ends[0].calls, vec![end; calls]);
                assert_eq!(told.ends[0].outcome, Outcome::Answered);
            }
        }
    }
}

#[test]
fn of_two_calls_the_released_one_passes_as_it_was() {
    let setup = patient();
    for (protocol, form) in all() {
        let upstream = spoken(kit(protocol), form, &turn("I look.", "", 2));
        let sent = read(protocol, form, upstream.as_bytes());
        for (mode, kept) in [("first", 0), ("last", 1)] {
            let got = ask(&setup, protocol, form, mode, &upstream);
            let read = read(protocol, form, &got.body);
            assert_eq!(
                read.calls,
                [sent.calls[kept].clone()],
                "{protocol:?} {form:?} {}",
                got.text()
            );
            assert!(
                !got.text().contains(&format!("{MARKER}_{}", 1 - kept)),
                "{}",
                got.text()
            );
            assert!(read.text.contains(DENIAL), "{}", read.text);
            assert_eq!(read.stop, Stop::Calls, "{protocol:?}");
            let end = setup.script.take().ends.pop().unwrap();
            let mut ends = [CallEnd::Denied; 2];
            ends[kept] = CallEnd::Released;
            assert_eq!(end.calls, ends);
        }
    }
}

#[test]
fn a_held_stream_shows_that_it_lives_and_goes_on_when_released() {
    use http_body_util::BodyExt;
    let setup = patient();
    for (protocol, form) in all() {
        let body = spoken(kit(protocol), form, &turn("I look.", "", 1));
        let test = serde_json::json!({"kind": kind(form), "body": body});
        let request = request(protocol, form, "hold-release", &test).to_string();
        let got = runtime().block_on(async {
            let mut sender = connect(setup.address).await;
            let sent = sender.send_request(post(
                &path(protocol, form, "hold-release"),
                Some(AGENT_KEY),
                request,
            ));
            if form == Form::Whole {
                let sent = tokio::spawn(sent);
                setup
                    .script
                    .until(|told| told.proposals.last().map(drop))
                    .await;
                setup.script.go.notify_one();
                return sent
                    .await
                    .unwrap()
                    .unwrap()
                    .into_body()
                    .collect()
                    .await
                    .unwrap()
                    .to_bytes()
                    .to_vec();
            }
            let mut response = sent.await.unwrap();
            let mut got = Vec::new();
            let mut beats = 0;
            while let Some(frame) = response.frame().await {
                let data = frame.unwrap().into_data().unwrap();
                let is_beat = setup.script.told.lock().unwrap().proposals.len() == 1;
                got.extend_from_slice(&data);
                beats += usize::from(is_beat);
                if beats == 3 {
                    assert!(!shows(&Got {
                        status: 200,
                        kind: String::new(),
                        body: got.clone()
                    }));
                    setup.script.go.notify_one();
                }
            }
            got
        });
        let sent = read(protocol, form, body.as_bytes());
        let read = read(protocol, form, &got);
        assert_eq!(
            (read.whole, read.calls),
            (sent.whole, sent.calls),
            "{protocol:?} {form:?}"
        );
        assert_eq!(setup.script.take().ends[0].calls, [CallEnd::Released]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the bytes are cut, what the agent reads is the same and gives nothing away.
    #[test]
    fn no_chunking_changes_a_verdict(
        which in any::<prop::sample::Index>(),
        mode in prop::sample::select(&["release", "deny", "first", "last", "panic"][..]),
        calls in 0_usize..4,
        words in "[a-z\u{e4} \"]{0,12}",
        reasoning in "[a-z ]{0,8}",
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let places: Vec<_> = all().collect();
        let (protocol, form) = places[which.index(places.len())];
        let setup = shared();
        let body = spoken(kit(protocol), form, &turn(&words, &reasoning, calls));
        let whole = ask(setup, protocol, form, mode, &body);
        let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        let got = runtime().block_on(setup.ask_cut(protocol, form, mode, &body, &cuts));
        setup.script.take();
        prop_assert_eq!(got.status, 200);
        prop_assert_eq!(got.text(), whole.text());
        let sent = read(protocol, form, body.as_bytes());
        let read = read(protocol, form, &got.body);
        let released: Vec<_> = sent.calls.iter().enumerate().filter(|(at, _)| match mode {
            "release" => true,
            "first" => *at == 0,
            "last" => at + 1 == calls,
            _ => false,
        }).map(|(_, call)| call.clone()).collect();
        prop_assert_eq!(&read.calls, &released);
        for denied in sent.calls.iter().filter(|call| !released.contains(call)) {
            prop_assert!(!got.text().contains(&denied.id) && !got.text().contains(&denied.name));
        }
        if released.is_empty() {
            prop_assert!(!shows(&got));
        }
        prop_assert!(read.text.starts_with(&words));
        if released.len() == sent.calls.len() {
            prop_assert_eq!(bytes(form, got.text()), bytes(form, &body));
        }
    }
}
