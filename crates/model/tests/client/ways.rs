//! What goes wrong on the way, in all four protocols, whole and streamed: cuts, faults, silence, keys
//! that are sent back, and providers that are down.

use serde_json::json;
use tribune_evidence::Trouble;
use tribune_model::Stop;
use tribune_testkit::provider::{At, Fault, Reply, Turn};

use super::protocols::{ALL, client_at, client_of, each};
use super::*;

#[tokio::test]
async fn an_answer_that_is_cut_is_never_a_short_answer() {
    let turn = || Turn::text("Some words.").call("call_a", "read_file", json!({"path": "/a"}));
    for (name, _, stream) in each() {
        for at in [At::BeforeCall, At::InCall, At::AfterCall] {
            for is_clean in [true, false] {
                let cut = Reply::Faulty(turn(), Fault::Cut { at, is_clean });
                let provider = Provider::queue(vec![cut.clone(), cut, Reply::Turn(turn())]);
                let answer = client_of(&provider, name, stream)
                    .complete(&conversation(), &settings())
                    .await
                    .unwrap();
                let what = format!("{name} {stream} {at:?} {is_clean}");
                let exchange = answer.exchange.unwrap();
                assert_eq!(exchange.tries, 3, "{what}");
                for tried in &exchange.failed {
                    let fits = match tried.trouble {
                        Trouble::EndedEarly => is_clean,
                        Trouble::Connection => !is_clean,
                        _ => false,
                    };
                    assert!(fits && tried.waited.is_some(), "{what}: {tried:?}");
                }
                let Message::Assistant { calls, .. } = answer.message else {
                    panic!()
                };
                assert_eq!(calls.len(), 1, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn every_fault_passes_or_is_named() {
    let turn = || Turn::text("W\u{f6}rds.").call("call_a", "read_file", json!({"path": "/a"}));
    let passing = || {
        [
            (Reply::Error(429, Some("0".to_owned())), Trouble::RateLimit),
            (Reply::Error(429, None), Trouble::RateLimit),
            (Reply::Error(500, None), Trouble::Server),
            (Reply::Error(503, None), Trouble::Overloaded),
            (Reply::Error(529, None), Trouble::Overloaded),
            (Reply::Close, Trouble::Connection),
            (Reply::Drop, Trouble::Connection),
            (Reply::Hang, Trouble::Silence),
        ]
    };
    for (name, _, stream) in each() {
        let settings_of = || ProviderSettings {
            stream: Some(stream),
            first_byte: Some(Duration::from_millis(300)),
            idle: Some(Duration::from_millis(300)),
            ..quick()
        };
        for (fault, trouble) in passing() {
            let provider = Provider::queue(vec![fault, Reply::Turn(turn())]);
            let answer = client_at(&provider, name, settings_of())
                .complete(&conversation(), &settings())
                .await
                .unwrap();
            let failed = answer.exchange.unwrap().failed;
            assert_eq!(failed.len(), 1, "{name} {stream} {trouble:?}");
            assert_eq!(
                failed[0].trouble, trouble,
                "{name} {stream}: {:?}",
                failed[0]
            );
        }
        // What is no text is garbled; in a stream, which has lines, it may be no line yet.
        for fault in [Fault::Garbage, Fault::HalfCharacter] {
            let provider = Provider::queue(vec![Reply::Faulty(turn(), fault), Reply::Turn(turn())]);
            let answer = client_at(&provider, name, settings_of());
            let answer = answer.complete(&conversation(), &settings()).await.unwrap();
            let failed = answer.exchange.unwrap().failed;
            let trouble = failed[0].trouble;
            let fits = trouble == Trouble::Garbled || (stream && trouble == Trouble::EndedEarly);
            assert!(
                fits && failed.len() == 1,
                "{name} {stream} {fault:?}: {failed:?}"
            );
        }
        // Under the wrong type a whole answer is one all the same; a stream cannot be told for one.
        let wrong = Reply::Faulty(turn(), Fault::WrongType);
        let provider = Provider::queue(vec![wrong, Reply::Turn(turn())]);
        let answer = client_at(&provider, name, settings_of());
        let answer = answer.complete(&conversation(), &settings()).await.unwrap();
        assert_eq!(
            answer.exchange.unwrap().tries,
            1 + u32::from(stream),
            "{name} {stream}"
        );
        // Slow, but never silent for long: it is waited for.
        let drip = Fault::Drip {
            bytes: 200,
            pause: Duration::from_millis(5),
        };
        let provider = Provider::queue(vec![Reply::Faulty(turn(), drip)]);
        let answer = client_at(&provider, name, settings_of());
        let answer = answer.complete(&conversation(), &settings()).await.unwrap();
        assert_eq!(answer.exchange.unwrap().tries, 1, "{name} {stream}");
        // A whole answer to a request for a stream, and the other way round, are answers.
        let provider = Provider::queue(vec![Reply::Faulty(turn(), Fault::WrongForm)]);
        let answer = client_at(&provider, name, settings_of());
        let answer = answer.complete(&conversation(), &settings()).await.unwrap();
        assert_eq!(answer.stop, Stop::Finished, "{name} {stream}");
        // More than is taken, and what is asked in vain, end at once.
        for reply in [
            Reply::Faulty(turn(), Fault::Huge(100 << 20)),
            Reply::Error(400, None),
            Reply::Error(401, None),
        ] {
            let provider = Provider::start(move |_| reply.clone());
            let model = client_at(&provider, name, settings_of());
            let error = model
                .complete(&conversation(), &settings())
                .await
                .unwrap_err();
            assert_eq!(provider.requests().len(), 1, "{name} {stream}: {error}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_falls_silent_is_left() {
    let drip = Fault::Drip {
        bytes: 20,
        pause: Duration::from_secs(60),
    };
    for (name, _, stream) in each() {
        let turn = Turn::text("Some words.");
        let provider = Provider::queue(vec![Reply::Faulty(turn.clone(), drip), Reply::Turn(turn)]);
        let settings_of = ProviderSettings {
            stream: Some(stream),
            first_byte: Some(Duration::from_millis(200)),
            idle: Some(Duration::from_millis(200)),
            ..quick()
        };
        let model = client_at(&provider, name, settings_of);
        let answer = model.complete(&conversation(), &settings()).await.unwrap();
        assert_eq!(
            answer.exchange.unwrap().failed[0].trouble,
            Trouble::Silence,
            "{name} {stream}"
        );
    }
}

#[tokio::test]
async fn a_tls_error_is_a_connection_that_fails() {
    let provider = Provider::start(|_| Reply::Turn(Turn::text(".")));
    let settings_of = ProviderSettings {
        base_url: Some(format!("{}/v1", provider.tls_url())),
        tries: Some(2),
        ..quick()
    };
    let providers = open("openai", settings_of, Some(KEY));
    // A machine without certificates has no way to ask at all, and says so.
    let error = match providers.model("openai", "stand-in") {
        Ok(model) => model
            .complete(&conversation(), &settings())
            .await
            .unwrap_err(),
        Err(error) => error,
    };
    let named = matches!(
        error,
        ModelError::Unreachable { tries: 2, .. } | ModelError::Address { .. }
    );
    assert!(named, "{error:?}");
    assert!(provider.requests().is_empty());
}

#[tokio::test]
async fn the_key_shows_in_no_protocol_even_in_pieces_of_a_stream() {
    for (name, _, stream) in each() {
        let provider = Provider::start(|_| {
            let key = json!({"path": KEY, KEY: 1});
            Reply::Turn(
                Turn::text(&format!("My key is {KEY}."))
                    .reasoning(KEY)
                    .call(KEY, KEY, key),
            )
        });
        let answer = client_of(&provider, name, stream)
            .complete(&conversation(), &settings())
            .await
            .unwrap();
        let exchange = serde_json::to_string(&answer.exchange).unwrap();
        let shown = format!("{answer:?} {exchange}");
        assert!(
            shown.contains("My key is [key removed]."),
            "{name} {stream}: {shown}"
        );
        let blobs: Vec<_> = answer
            .blobs
            .iter()
            .map(|blob| String::from_utf8_lossy(blob))
            .collect();
        for text in blobs.iter().map(AsRef::as_ref).chain([shown.as_str()]) {
            // A piece of a stream has seven letters.
            assert!(!text.contains(&KEY[..7]), "{name} {stream}: {text}");
        }
        for reply in [
            Reply::Json(
                400,
                json!({"type": "error", "error": {"type": KEY, "message": KEY, "status": KEY}}),
            ),
            Reply::Status(500, Vec::new(), KEY.to_owned()),
            Reply::Status(
                200,
                vec![("content-type".into(), "text/event-stream".into())],
                format!(
                    "event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"{KEY}\",\"message\":\"{KEY}\"}}}}\n\n"
                ),
            ),
            Reply::Status(
                200,
                vec![("content-type".into(), "text/event-stream".into())],
                format!("data: {KEY}\n\n"),
            ),
        ] {
            let provider = Provider::start(move |_| reply.clone());
            let model = client_of(&provider, name, stream);
            let error = model
                .complete(&conversation(), &settings())
                .await
                .unwrap_err();
            let shown = format!("{error} {error:?} {model:?} {:?}", model.gave_up());
            assert!(!shown.contains(KEY), "{name} {stream}: {shown}");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_or_name_is_found_before_the_first_trial_in_every_protocol() {
    for (name, _) in ALL {
        let provider = Provider::start(|_| Reply::Turn(Turn::text(".")));
        let settings_of = |base: &str| ProviderSettings {
            base_url: Some(base.to_owned()),
            ..quick()
        };
        let base = match name {
            "anthropic" | "google" => provider.root_url(),
            _ => provider.base_url(),
        };
        let unknown = open(name, settings_of(&base), Some(KEY))
            .model(name, "stand-out")
            .unwrap();
        let unknown = unknown.check().await.unwrap_err().to_string();
        assert!(
            unknown.ends_with("it offers stand-in, stand-in-mini"),
            "{unknown}"
        );
        assert!(provider.requests().is_empty());
        let refusing =
            Provider::start_with_models(|_| Reply::Error(401, None), Reply::Error(401, None));
        let refused = client_of(&refusing, name, false).check().await.unwrap_err();
        assert!(
            matches!(refused, ModelError::Key { .. }),
            "{name}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_given_up_for_good_and_one_that_comes_back_is_not() {
    let provider = Provider::start(|_| Reply::Error(503, None));
    let few = || ProviderSettings {
        tries: Some(1),
        ..quick()
    };
    let model = client_at(&provider, "openai", few());
    let mut last = None;
    for _ in 0..20 {
        last = model.complete(&conversation(), &settings()).await.err();
    }
    assert!(matches!(last, Some(ModelError::Broken { .. })), "{last:?}");
    let why = model.gave_up().unwrap();
    assert!(
        why.contains("5 calls in a row") && why.contains("status 503"),
        "{why}"
    );
    // Five, then three alone; nothing after.
    assert_eq!(provider.requests().len(), 8);

    let mut replies = vec![Reply::Error(503, None); 6];
    replies.push(Reply::Turn(Turn::text("Back.")));
    let provider = Provider::queue(replies);
    let model = client_at(&provider, "openai", few());
    for _ in 0..6 {
        model
            .complete(&conversation(), &settings())
            .await
            .unwrap_err();
    }
    model.complete(&conversation(), &settings()).await.unwrap();
    assert_eq!(model.gave_up(), None);
}

#[tokio::test]
async fn a_key_that_is_refused_in_the_middle_ends_it_at_once() {
    let provider = Provider::start(|_| Reply::Error(401, None));
    let model = client_of(&provider, "anthropic", false);
    model
        .complete(&conversation(), &settings())
        .await
        .unwrap_err();
    assert!(
        model
            .gave_up()
            .unwrap()
            .contains("ANTHROPIC_API_KEY was refused")
    );
    let after = model
        .complete(&conversation(), &settings())
        .await
        .unwrap_err();
    assert!(matches!(after, ModelError::Broken { .. }), "{after:?}");
    assert_eq!(provider.requests().len(), 1);
}
