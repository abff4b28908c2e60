//! What the client does when things go wrong.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use serde_json::json;
use tribune_evidence::Trouble;
use tribune_model::{Message, Model};
use tribune_testkit::provider::{Provider, Reply, chat_text, completion, error};

use super::*;

fn status(status: u16, headers: &[(&str, &str)], text: &str) -> Reply {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Reply::Status(status, headers.collect(), text.to_owned())
}

async fn tries(replies: Vec<Reply>) -> u32 {
    let provider = Provider::queue(replies);
    let answer = ask(&provider).await.unwrap();
    assert!(matches!(&answer.message, Message::Assistant { text, .. } if text == "fine"));
    let tries = answer.exchange.unwrap().tries;
    assert_eq!(provider.requests().len(), tries as usize);
    tries
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let fine = || chat_text("fine");
    assert_eq!(
        tries(vec![status(429, &[("retry-after", "0")], "slow"), fine()]).await,
        2
    );
    assert_eq!(
        tries(vec![
            status(500, &[], ""),
            status(503, &[], "<html>"),
            fine()
        ])
        .await,
        3
    );
    assert_eq!(
        tries(vec![
            status(408, &[], ""),
            error(409, "conflict", "x"),
            fine()
        ])
        .await,
        3
    );
    assert_eq!(tries(vec![Reply::Drop, fine()]).await, 2);
    let inside = Reply::Json(200, json!({"error": {"code": 502, "message": "upstream"}}));
    assert_eq!(tries(vec![inside, fine()]).await, 2);
}

#[tokio::test]
async fn it_gives_up_after_six_tries_and_says_what_the_last_one_met() {
    let provider = Provider::start(|_| status(503, &[], "busy"));
    let error = ask(&provider).await.unwrap_err();
    let ModelError::Unreachable { tries: 6, last, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(last, "status 503: busy");
    assert_eq!(provider.requests().len(), 6);
}

#[tokio::test]
async fn a_wait_beyond_the_time_left_is_not_begun() {
    let provider = Provider::start(|_| status(429, &[("Retry-After", "3600")], "tomorrow"));
    let error = ask(&provider).await.unwrap_err();
    let ModelError::Unreachable { tries: 1, last, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(
        last.contains("tomorrow") && last.contains("would come after the time-out"),
        "{last}"
    );
}

#[tokio::test]
async fn nobody_at_home_is_said_with_the_cause() {
    // No test and hardly any machine has a server on port 1.
    let settings = ProviderSettings {
        base_url: Some("http://127.0.0.1:1/v1".to_owned()),
        tries: Some(2),
        ..quick()
    };
    let model = open("openai", settings, None).model("openai", "m").unwrap();
    let error = model
        .complete(&conversation(), &super::settings())
        .await
        .unwrap_err();
    let ModelError::Unreachable { tries: 2, last, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(last.to_lowercase().contains("refused"), "{last}");
}

#[tokio::test]
async fn silence_ends_at_the_time_out() {
    let provider = Provider::start(|_| Reply::Hang);
    let settings = Settings {
        time_out: Duration::from_millis(200),
        ..settings()
    };
    let began = std::time::Instant::now();
    let error = client(&provider)
        .complete(&conversation(), &settings)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ModelError::TimedOut { seconds: 1, .. }),
        "{error:?}"
    );
    assert!(began.elapsed() >= settings.time_out);
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn a_refused_key_is_not_tried_again() {
    for code in [401, 403] {
        let provider = Provider::start(move |_| error(code, "invalid_api_key", "not you"));
        let refused = ask(&provider).await.unwrap_err();
        let ModelError::Key {
            variable, problem, ..
        } = &refused
        else {
            panic!("{refused:?}")
        };
        assert_eq!(variable, "OPENAI_API_KEY");
        assert!(problem.starts_with("was refused"), "{problem}");
        assert_eq!(provider.requests().len(), 1);
    }
    let provider = Provider::start(|_| error(401, "invalid_api_key", "who?"));
    let model = client_with(&provider, "stand-in", None);
    let missing = model
        .complete(&conversation(), &settings())
        .await
        .unwrap_err();
    assert!(
        missing
            .to_string()
            .ends_with("in OPENAI_API_KEY is not set"),
        "{missing}"
    );
}

#[tokio::test]
async fn an_unknown_model_is_named_with_those_that_are_offered() {
    for reply in [
        error(404, "not_found", "no"),
        error(400, "model_not_found", "no"),
    ] {
        let provider = Provider::start(move |_| reply.clone());
        let unknown = ask(&provider).await.unwrap_err();
        let ModelError::UnknownModel { model, offered, .. } = &unknown else {
            panic!("{unknown:?}")
        };
        assert_eq!(
            (model.as_str(), offered.as_slice()),
            (
                "stand-in",
                &["stand-in".to_owned(), "stand-in-mini".to_owned()][..]
            )
        );
    }
    let silent = Provider::start_with_models(|_| error(404, "x", "no"), error(404, "x", "no"));
    let unknown = ask(&silent).await.unwrap_err();
    assert!(matches!(&unknown, ModelError::UnknownModel { offered, .. } if offered.is_empty()));
    let page = || status(404, &[], "404 page not found");
    let elsewhere = Provider::start_with_models(move |_| page(), page());
    let wrong = ask(&elsewhere).await.unwrap_err();
    assert!(
        matches!(wrong, ModelError::Rejected { status: 404, .. }),
        "{wrong:?}"
    );
    assert!(
        wrong.to_string().contains("is the base URL right?"),
        "{wrong}"
    );
}

#[tokio::test]
async fn other_refusals_of_the_request_come_with_the_servers_words() {
    let provider = Provider::start(|_| error(400, "bad", &"too long ".repeat(1000)));
    let rejected = ask(&provider).await.unwrap_err();
    let ModelError::Rejected {
        status: 400, text, ..
    } = &rejected
    else {
        panic!("{rejected:?}")
    };
    assert!(text.starts_with("too long") && text.chars().count() <= 501);
    assert_eq!(provider.requests().len(), 1);

    let broke = Provider::start(|_| error(429, "insufficient_quota", "pay first"));
    let rejected = ask(&broke).await.unwrap_err();
    assert!(
        matches!(rejected, ModelError::NoMoney { status: 429, .. }),
        "{rejected:?}"
    );
    assert_eq!(broke.requests().len(), 1);

    let moved = Provider::start(|_| status(307, &[("location", "http://127.0.0.1:9/v1")], "there"));
    let rejected = ask(&moved).await.unwrap_err();
    assert!(
        matches!(rejected, ModelError::Rejected { status: 307, .. }),
        "{rejected:?}"
    );
}

#[tokio::test]
async fn what_is_no_completion_is_a_breach_of_the_protocol() {
    let huge = "x".repeat(32 * 1024 * 1024 + 1);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (reply, expected) in [
        (status(200, &[], "<html>hello</html>"), "not JSON"),
        (status(200, &[], &huge), "larger than 32 MiB"),
        (status(200, &[], &deep), "not JSON"),
        (Reply::Json(200, json!([1])), "no completion"),
        (Reply::Json(200, json!({})), "no choices"),
        (Reply::Json(200, json!({"choices": "none"})), "no choices"),
        (
            Reply::Json(
                200,
                json!({"choices": [{"message": "hi", "finish_reason": "stop"}]}),
            ),
            "no message",
        ),
        (
            Reply::Json(
                200,
                json!({"choices": [{"message": {}, "finish_reason": "odd"}]}),
            ),
            "not known",
        ),
        (
            Reply::Json(
                200,
                json!({"choices": [{"message": {"tool_calls": {}}, "finish_reason": "stop"}]}),
            ),
            "not a list",
        ),
    ] {
        // What is no JSON may have been garbled on its way, so it is asked for again.
        let tries = if expected == "not JSON" { 6 } else { 1 };
        let provider = Provider::start(move |_| reply.clone());
        let error = ask(&provider).await.unwrap_err();
        assert!(matches!(error, ModelError::Protocol { .. }), "{error:?}");
        assert_eq!(provider.requests().len(), tries, "{error}");
        let text = error.to_string();
        assert!(
            text.contains(expected) && text.len() < 1000,
            "{expected}: {text}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_does_not_say_why_it_stopped_was_cut_and_is_asked_for_again() {
    for choice in [
        json!({"message": {"content": "Some words"}}),
        json!({"message": {"content": "Some words"}, "finish_reason": null}),
        json!({"message": {}, "finish_reason": null}),
    ] {
        let cut = Reply::Json(200, json!({ "choices": [choice] }));
        let good = completion(&json!({"content": "All of it."}), "stop");
        let provider = Provider::queue(vec![cut.clone(), good]);
        let answer = ask(&provider).await.unwrap();
        let exchange = answer.exchange.unwrap();
        assert_eq!(exchange.failed[0].trouble, Trouble::EndedEarly);
        let provider = Provider::start(move |_| cut.clone());
        let error = ask(&provider).await.unwrap_err();
        assert!(
            matches!(error, ModelError::Unreachable { tries: 6, .. }),
            "{error:?}"
        );
    }
}

/// The server takes so many requests in a while, and refuses the rest.
#[tokio::test(flavor = "multi_thread")]
async fn many_calls_at_once_find_the_rate_that_a_server_takes() {
    let (taken, refused) = (
        Mutex::new(Vec::<Instant>::new()),
        Arc::new(AtomicU32::new(0)),
    );
    let counted = Arc::clone(&refused);
    let provider = Provider::forgetful(move |_| {
        let mut taken = taken.lock().unwrap();
        taken.retain(|when| when.elapsed() < Duration::from_millis(25));
        if taken.len() >= 8 {
            counted.fetch_add(1, Ordering::Relaxed);
            return status(429, &[("retry-after-ms", "25")], "slow down");
        }
        taken.push(Instant::now());
        completion(&json!({"content": "Done."}), "stop")
    });
    let settings = ProviderSettings {
        base_url: Some(provider.base_url()),
        tries: Some(30),
        ..quick()
    };
    let providers = open("openai", settings, Some(KEY));
    let client = providers.model("openai", "stand-in").unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let client = client.clone();
        calls.spawn(async move {
            let settings = Settings {
                time_out: Duration::from_secs(60),
                ..super::settings()
            };
            client.complete(&conversation(), &settings).await
        });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
    // All at once, 192 would be refused in the first round alone, and nearly as many in each of the
    // two dozen after it.
    let refused = refused.load(Ordering::Relaxed);
    assert!((1..200).contains(&refused), "{refused}");
}

#[tokio::test]
async fn the_key_never_shows_even_if_the_server_echoes_it() {
    let echo = |code: u16| {
        let body = json!({"error": {"message": format!("bad {KEY}"), "code": KEY, "key": KEY}});
        Reply::Json(code, body)
    };
    let escaped = KEY.replacen('s', "\\u0073", 1);
    for reply in [
        echo(400),
        echo(401),
        echo(403),
        echo(404),
        echo(503),
        echo(200),
        status(500, &[], &format!("{}{KEY}", ".".repeat(495))),
        status(200, &[], &format!("page with {KEY}")),
        status(
            400,
            &[],
            &format!("{{\"error\":{{\"message\":\"{escaped}\"}}}}"),
        ),
    ] {
        let models = reply.clone();
        let provider = Provider::start_with_models(move |_| reply.clone(), models);
        let model = client(&provider);
        let error = model
            .complete(&conversation(), &settings())
            .await
            .unwrap_err();
        let checked = model.check().await;
        let shown = format!("{error} {error:?} {checked:?} {model:?}");
        assert!(!shown.contains("sk-test"), "{shown}");
    }
    let said = json!({"role": "assistant", "content": format!("my key is {KEY}"), KEY: 1,
        "tool_calls": [{"id": KEY, "function": {"name": KEY, "arguments": KEY}}]});
    let mut body = json!({"model": KEY, "system_fingerprint": KEY,
        "choices": [{"message": said, "finish_reason": "stop"}]})
    .to_string();
    for _ in 0..2 {
        let provider = Provider::queue(vec![status(200, &[], &body)]);
        let answer = ask(&provider).await.unwrap();
        let shown = format!(
            "{answer:?} {}",
            serde_json::to_string(&answer.exchange).unwrap()
        );
        assert!(!shown.contains("sk-test"), "{shown}");
        assert!(shown.contains("my key is [key removed]"), "{shown}");
        for blob in &answer.blobs {
            assert!(!String::from_utf8_lossy(blob).contains("sk-test"));
        }
        // And once more as a server writes it that escapes more than it must.
        body = body.replace(KEY, &escaped);
    }
}

#[tokio::test]
async fn of_many_models_those_that_begin_alike_are_offered_first() {
    let entries: Vec<_> = (0..200)
        .map(|number| json!({"id": format!("model-{number:03}")}))
        .collect();
    let models = Reply::Json(200, json!({"data": entries}));
    let provider = Provider::start_with_models(|_| error(404, "model_not_found", "no"), models);
    let model = client_with(&provider, "model-19x", Some(KEY));
    let unknown = model
        .complete(&conversation(), &settings())
        .await
        .unwrap_err();
    let ModelError::UnknownModel { offered, .. } = &unknown else {
        panic!("{unknown:?}")
    };
    assert_eq!((offered.len(), offered[0].as_str()), (50, "model-190"));
}

#[tokio::test]
async fn a_check_finds_a_bad_key_or_name_before_the_first_trial() {
    let provider = Provider::start(|_| chat_text("."));
    client(&provider).check().await.unwrap();
    let unknown = client_with(&provider, "stand-out", Some(KEY))
        .check()
        .await
        .unwrap_err();
    assert!(
        unknown
            .to_string()
            .contains("it offers stand-in, stand-in-mini"),
        "{unknown}"
    );
    assert!(provider.requests().is_empty());

    let with = |models: Reply| Provider::start_with_models(|_| chat_text("."), models);
    let refused = client(&with(error(401, "x", "no")))
        .check()
        .await
        .unwrap_err();
    assert!(matches!(refused, ModelError::Key { .. }), "{refused:?}");
    // Not offered, empty, or with a folder before the name.
    client(&with(error(404, "x", "no"))).check().await.unwrap();
    client(&with(Reply::Json(200, json!({"data": []}))))
        .check()
        .await
        .unwrap();
    client(&with(Reply::Json(
        200,
        json!({"data": [{"id": "models/stand-in"}]}),
    )))
    .check()
    .await
    .unwrap();
}
