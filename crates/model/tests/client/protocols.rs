//! What all four protocols share, whole and streamed: a conversation with tools, reasoning that
//! goes back as it came, ends, faults on the way, and the record of it.

use serde_json::{Value, json};
use tribune_evidence::{CallId, Trouble};
use tribune_model::{Protocol, Stop, whole_request};
use tribune_testkit::provider::{At, Fault, Form, Reply, SEAL, Turn, TurnStop};

use super::*;

const ALL: [(&str, Protocol); 4] = [
    ("openai", Protocol::OpenAiChat),
    ("openai-responses", Protocol::OpenAiResponses),
    ("anthropic", Protocol::Anthropic),
    ("google", Protocol::Gemini),
];

fn client_of(provider: &Provider, name: &str, stream: bool) -> Client {
    client_at(
        provider,
        name,
        ProviderSettings {
            stream: Some(stream),
            ..quick()
        },
    )
}

fn client_at(provider: &Provider, name: &str, settings: ProviderSettings) -> Client {
    let base = match name {
        "anthropic" | "google" => provider.root_url(),
        _ => provider.base_url(),
    };
    let settings = ProviderSettings {
        base_url: Some(base),
        ..settings
    };
    open(name, settings, Some(KEY))
        .model(name, "stand-in")
        .unwrap()
}

/// Each protocol in both forms.
fn each() -> impl Iterator<Item = (&'static str, Protocol, bool)> {
    ALL.into_iter()
        .flat_map(|(name, protocol)| [false, true].map(|stream| (name, protocol, stream)))
}

fn turns() -> Vec<Turn> {
    vec![
        Turn::text("I look first.")
            .reasoning("Where is space? Perhaps in /tmp, or \u{1f980} elsewhere.")
            .call("call_a", "read_file", json!({"path": "/a \u{e4}"}))
            .call("call_b", "read_file", json!({"path": "/b"})),
        Turn::default().call("call_c", "read_file", json!({"path": "/c"})),
        Turn::text("There is space now."),
    ]
}

/// Plays a conversation to its end; gives the answers.
async fn play(model: &Client) -> Vec<Completion> {
    let mut talk = conversation();
    let mut answers = Vec::new();
    loop {
        let answer = model.complete(&talk, &settings()).await.unwrap();
        let Message::Assistant { calls, .. } = answer.message.clone() else {
            panic!("no answer")
        };
        talk.messages.push(answer.message.clone());
        answers.push(answer);
        if calls.is_empty() {
            return answers;
        }
        for call in calls {
            let text = format!("{} holds nothing", call.arguments);
            talk.messages.push(Message::Tool {
                call: call.id,
                text,
            });
        }
    }
}

#[tokio::test]
async fn a_conversation_with_tools_in_every_protocol() {
    for (name, protocol, stream) in each() {
        let provider = Provider::scripted(turns().into_iter().map(Reply::Turn).collect());
        let model = client_of(&provider, name, stream);
        assert_eq!(model.name(), format!("{name}/stand-in"));
        model.check().await.unwrap();
        let answers = play(&model).await;
        let what = format!("{name}, streamed: {stream}");
        assert_eq!(answers.len(), 3, "{what}");
        for (answer, turn) in answers.iter().zip(turns()) {
            let Message::Assistant {
                text,
                reasoning,
                calls,
                ..
            } = &answer.message
            else {
                panic!("no answer")
            };
            assert_eq!(*text, turn.text, "{what}");
            assert_eq!(
                reasoning.as_deref().unwrap_or_default(),
                turn.reasoning,
                "{what}"
            );
            assert_eq!(answer.stop, Stop::Finished, "{what}");
            let made: Vec<(&str, &str, Value)> = calls
                .iter()
                .map(|call| {
                    let arguments = serde_json::from_str(&call.arguments).unwrap();
                    (call.id.as_str(), call.name.as_str(), arguments)
                })
                .collect();
            let asked = turn.calls.iter();
            let asked: Vec<(&str, &str, Value)> = asked
                .map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.clone()))
                .collect();
            assert_eq!(made, asked, "{what}");
            assert_eq!((answer.usage.input, answer.usage.output), (10, 5), "{what}");
            let exchange = answer.exchange.as_ref().unwrap();
            assert_eq!(
                exchange.model_confirmed.as_deref(),
                Some("stand-in-2026-01-01"),
                "{what}"
            );
            assert_eq!((exchange.tries, exchange.failed.len()), (1, 0), "{what}");
        }
        for seen in provider.completions() {
            let form = if stream { Form::Events } else { Form::Whole };
            let (asked, wanted) = seen.asks().unwrap();
            assert_eq!(format!("{asked:?}"), format!("{protocol:?}"));
            assert_eq!(wanted, form, "{what}");
            let shown = match name {
                "anthropic" => seen.header("x-api-key"),
                "google" => seen.header("x-goog-api-key"),
                _ => seen
                    .header("authorization")
                    .and_then(|it| it.strip_prefix("Bearer ")),
            };
            assert_eq!(shown, Some(KEY), "{what}");
        }
    }
}

/// The parts of the second request that are the model's first answer, in each protocol.
fn answered(protocol: Protocol, request: &Value) -> Value {
    match protocol {
        Protocol::OpenAiChat => request["messages"][2].clone(),
        Protocol::OpenAiResponses => {
            let items = request["input"].as_array().unwrap();
            items[1..items.len() - 2].iter().cloned().collect()
        }
        Protocol::Anthropic => request["messages"][1]["content"].clone(),
        Protocol::Gemini => request["contents"][1]["parts"].clone(),
    }
}

#[tokio::test]
async fn reasoning_goes_back_as_it_came_with_its_seal() {
    for (name, protocol, stream) in each() {
        let provider = Provider::scripted(turns().into_iter().map(Reply::Turn).collect());
        let answers = play(&client_of(&provider, name, stream)).await;
        let requests = provider.requests();
        let back = answered(protocol, &requests[1]);
        let text = back.to_string();
        assert!(text.contains(SEAL), "{name} {stream}: {text}");
        assert!(text.contains("Where is space?"), "{name} {stream}: {text}");
        if !stream {
            // Equal to what the provider sent, as JSON.
            let sent = answers[0]
                .exchange
                .as_ref()
                .unwrap()
                .response
                .text()
                .unwrap()
                .to_owned();
            let sent: Value = serde_json::from_str(&sent).unwrap();
            let sent = match protocol {
                Protocol::OpenAiChat => &sent["choices"][0]["message"],
                Protocol::OpenAiResponses => &sent["output"],
                Protocol::Anthropic => &sent["content"],
                Protocol::Gemini => &sent["candidates"][0]["content"]["parts"],
            };
            assert_eq!(*sent, back, "{name}");
        }
        // It is there in every later request too.
        assert_eq!(
            answered(protocol, &trimmed(protocol, &requests[2])),
            back,
            "{name} {stream}"
        );
    }
}

/// The third request without its last turn and what answers it.
fn trimmed(protocol: Protocol, request: &Value) -> Value {
    let mut request = request.clone();
    let list = match protocol {
        Protocol::OpenAiChat | Protocol::Anthropic => "messages",
        Protocol::OpenAiResponses => "input",
        Protocol::Gemini => "contents",
    };
    let items = request[list].as_array_mut().unwrap();
    items.truncate(items.len() - 2);
    request
}

#[tokio::test]
async fn parallel_results_go_back_together_in_the_order_of_the_calls() {
    for (name, protocol, stream) in each() {
        let provider = Provider::scripted(turns().into_iter().map(Reply::Turn).collect());
        play(&client_of(&provider, name, stream)).await;
        let request = provider.requests()[1].clone();
        match protocol {
            Protocol::OpenAiChat => {
                assert_eq!(request["messages"].as_array().unwrap().len(), 5);
                assert_eq!(request["messages"][4]["tool_call_id"], "call_b");
            }
            Protocol::OpenAiResponses => {
                let last = request["input"].as_array().unwrap().last().unwrap().clone();
                assert_eq!(
                    (last["type"].as_str(), last["call_id"].as_str()),
                    (Some("function_call_output"), Some("call_b"))
                );
                assert_eq!(request["store"], false);
                assert_eq!(request["include"], json!(["reasoning.encrypted_content"]));
                assert_eq!(request["tools"][0]["strict"], false);
                assert_eq!(request["instructions"], "You look after servers.");
            }
            Protocol::Anthropic => {
                assert_eq!(request["messages"].as_array().unwrap().len(), 3);
                let content = &request["messages"][2]["content"];
                assert_eq!(content[0]["tool_use_id"], "call_a");
                assert_eq!(content[1]["tool_use_id"], "call_b");
                assert_eq!(request["system"], "You look after servers.");
                assert_eq!(request["max_tokens"], 16_000);
            }
            Protocol::Gemini => {
                assert_eq!(request["contents"].as_array().unwrap().len(), 3);
                let parts = &request["contents"][2]["parts"];
                assert_eq!(parts[1]["functionResponse"]["id"], "call_b");
                assert_eq!(parts[1]["functionResponse"]["name"], "read_file");
                assert_eq!(
                    request["systemInstruction"]["parts"][0]["text"],
                    "You look after servers."
                );
            }
        }
    }
}

#[tokio::test]
async fn the_chain_gives_every_whole_request_in_every_protocol() {
    for (name, _, stream) in each() {
        let provider = Provider::scripted(turns().into_iter().map(Reply::Turn).collect());
        let answers = play(&client_of(&provider, name, stream)).await;
        let mut before: Option<String> = None;
        for (answer, seen) in answers.iter().zip(provider.completions()) {
            let exchange = answer.exchange.as_ref().unwrap();
            assert_eq!(exchange.parent.is_some(), before.is_some(), "{name}");
            let whole = whole_request(before.as_deref(), exchange.added.text().unwrap()).unwrap();
            assert_eq!(whole, seen.body, "{name} {stream}");
            before = Some(whole);
        }
    }
}

#[tokio::test]
async fn refusals_and_limits_are_ends_of_their_own() {
    for (name, _, stream) in each() {
        for stop in [TurnStop::Refusal, TurnStop::Filter, TurnStop::Length] {
            let provider =
                Provider::start(move |_| Reply::Turn(Turn::text("I will not.").stop(stop)));
            let answer = client_of(&provider, name, stream)
                .complete(&conversation(), &settings())
                .await
                .unwrap();
            let is_refused = matches!(&answer.stop, Stop::Refused(words) if !words.is_empty());
            if stop == TurnStop::Length {
                assert_eq!(answer.stop, Stop::Length, "{name} {stream}");
            } else {
                assert!(is_refused, "{name} {stream} {stop:?}: {:?}", answer.stop);
            }
        }
    }
}

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

#[tokio::test]
async fn calls_without_ids_are_matched_by_name_in_gemini() {
    let call = json!({"candidates": [{"content": {"role": "model", "parts": [
        {"functionCall": {"name": "read_file"}, "thoughtSignature": "s"}]}, "finishReason": "STOP"}]});
    let provider = Provider::scripted(vec![
        Reply::Json(200, call),
        Reply::Turn(Turn::text("Done.")),
    ]);
    let answers = play(&client_of(&provider, "google", false)).await;
    let Message::Assistant { calls, .. } = &answers[0].message else {
        panic!()
    };
    assert_eq!(
        (calls[0].id.clone(), calls[0].arguments.as_str()),
        (CallId::new("call-1"), "{}")
    );
    let part = provider.requests()[1]["contents"][2]["parts"][0]["functionResponse"].clone();
    assert_eq!(part["name"], "read_file");
    assert!(part.get("id").is_none(), "{part}");
}

#[tokio::test]
async fn a_blocked_prompt_is_a_refusal() {
    let body = json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 7}});
    let provider = Provider::start(move |_| Reply::Json(200, body.clone()));
    let answer = client_of(&provider, "google", false);
    let answer = answer.complete(&conversation(), &settings()).await.unwrap();
    assert_eq!(answer.stop, Stop::Refused("PROHIBITED_CONTENT".to_owned()));
}

#[tokio::test]
async fn an_image_is_ignored_with_a_note() {
    let parts =
        json!([{"text": "Look."}, {"inlineData": {"mimeType": "image/png", "data": "aGk="}}]);
    let body = json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}]});
    let provider = Provider::start(move |_| Reply::Json(200, body.clone()));
    let answer = client_of(&provider, "google", false);
    let answer = answer.complete(&conversation(), &settings()).await.unwrap();
    assert_eq!(answer.notes.len(), 1);
    assert!(matches!(&answer.message, Message::Assistant { text, .. } if text == "Look."));
}
