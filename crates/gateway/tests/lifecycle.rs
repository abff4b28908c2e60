//! Agents that come, go and are cut off; admission; what of a conversation is read; and the other
//! doors.

mod common;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::*;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tribune_gateway::{
    CallEnd, Config, Gateway, Heard, Interceptor, Outcome, Protocol, Reading, Refused, ServeError,
    Words,
};
use tribune_testkit::provider::{Form, Provider, Reply, spoken};
use tribune_wire::Stop;

fn all() -> impl Iterator<Item = (Protocol, Form)> {
    Protocol::ALL
        .into_iter()
        .flat_map(|protocol| forms(protocol).iter().map(move |form| (protocol, *form)))
}

fn words(text: &str) -> Words {
    Words {
        text: text.to_owned(),
        cut: 0,
    }
}

#[test]
fn admission_may_answer_in_the_form_that_was_asked_for() {
    let setup = setup(obedient(), |config| {
        config.deadline = Duration::from_millis(60)
    });
    for (protocol, form) in all() {
        for (mode, ruled) in [("answer", true), ("ask-panic", false), ("ask-slow", false)] {
            let got = runtime().block_on(setup.ask(protocol, form, mode, "never asked"));
            assert_eq!(got.status, 200);
            assert!(got.kind.starts_with(kind(form)), "{}", got.kind);
            let read = read(protocol, form, &got.body);
            assert_eq!((read.calls.len(), read.stop), (0, Stop::Finished));
            assert_eq!(read.text.contains(DENIAL), ruled, "{}", read.text);
            let told = setup.script.take();
            assert_eq!(told.ends.len(), 1);
            assert_eq!(told.ends[0].outcome, Outcome::Admitted { ruled });
        }
    }
    assert!(setup.provider.seen().is_empty());
}

#[test]
fn who_is_cut_off_is_told_so_in_a_final_turn_and_may_come_back() {
    let setup = setup(obedient(), |_| ());
    for (protocol, form) in all() {
        let body = spoken(kit(protocol), form, &turn("Fine.", "", 0));
        assert!(setup.registry.cut(&"critic".into(), "You were stopped."));
        let got = runtime().block_on(setup.ask(protocol, form, "release", &body));
        assert_eq!(got.status, 200);
        let cut = read(protocol, form, &got.body);
        assert_eq!(
            (cut.text.as_str(), cut.stop),
            ("You were stopped.", Stop::Finished)
        );
        let told = setup.script.take();
        assert_eq!(
            (told.refusals[0].refused, told.turns.len()),
            (Refused::CutOff, 0)
        );
        assert!(setup.registry.restore(&"critic".into()));
        let got = runtime().block_on(setup.ask(protocol, form, "release", &body));
        assert_eq!(read(protocol, form, &got.body).text, "Fine.");
        setup.script.take();
    }
}

#[test]
fn a_cut_ends_open_streams_at_once() {
    for (protocol, form) in all().filter(|(_, form)| *form != Form::Whole) {
        // Words come, and then nothing for ever.
        let whole = spoken(kit(protocol), form, &turn("Words that go on.", "", 1));
        let second = &whole[..whole.find("hat go").unwrap()];
        let ends = ["\n\n", "\r\n\r\n", ",\r\n"]
            .iter()
            .filter_map(|end| Some(second.rfind(end)? + end.len()));
        let begun = &whole[..ends.max().unwrap()];
        let setup = setup(obedient(), |_| ());
        let test = json!({"kind": kind(form), "body": begun, "then": "silence"});
        let body = request(protocol, form, "release", &test).to_string();
        let got = runtime().block_on(async {
            let mut sender = connect(setup.address).await;
            let sent = sender.send_request(post(
                &path(protocol, form, "release"),
                Some(AGENT_KEY),
                body,
            ));
            let response = sent.await.unwrap();
            setup.script.until(|told| told.said.first().map(drop)).await;
            setup.registry.cut(&"critic".into(), "You were stopped.");
            let body = response.into_body().collect();
            tokio::time::timeout(Duration::from_secs(5), body)
                .await
                .unwrap()
                .unwrap()
                .to_bytes()
                .to_vec()
        });
        let text = String::from_utf8_lossy(&got).into_owned();
        assert!(text.contains("You were stopped."), "{protocol:?} {text}");
        assert!(!text.contains(MARKER));
        if protocol != Protocol::Responses {
            assert_eq!(read(protocol, form, &got).stop, Stop::Finished, "{text}");
        }
        assert_eq!(
            runtime().block_on(setup.script.end()).outcome,
            Outcome::CutOff
        );
    }
}

#[test]
fn a_cut_while_a_call_is_judged_denies_it() {
    for (protocol, form) in all() {
        let setup = setup(obedient(), |_| ());
        let body = spoken(kit(protocol), form, &turn("Words.", "", 1));
        let got = runtime().block_on(async {
            let asking = setup.ask(protocol, form, "slow", &body);
            let cutting = async {
                setup
                    .script
                    .until(|told| told.proposals.first().map(drop))
                    .await;
                setup.registry.cut(&"critic".into(), "You were stopped.");
            };
            tokio::join!(asking, cutting).0
        });
        let read = read(protocol, form, &got.body);
        assert!(
            read.text.contains("You were stopped.") && read.calls.is_empty(),
            "{}",
            got.text()
        );
        assert_eq!(read.stop, Stop::Finished);
        let end = setup.script.take().ends.pop().unwrap();
        assert_eq!(
            (end.outcome, end.calls),
            (Outcome::CutOff, vec![CallEnd::Unsent])
        );
    }
}

#[test]
fn an_agent_that_goes_away_ends_its_exchange_and_lets_the_provider_go() {
    for (protocol, form) in all() {
        let setup = setup(obedient(), |_| ());
        let body = spoken(kit(protocol), form, &turn("Words.", "", 1));
        runtime().block_on(async {
            let asking = setup.ask(protocol, form, "slow", &body);
            let proposed = setup.script.until(|told| told.proposals.first().map(drop));
            tokio::select! {
                _ = asking => panic!("nobody releases it"),
                () = proposed => {}
            }
            // The connection was dropped with the request.
            let end = setup.script.end().await;
            assert_eq!(
                (end.outcome, end.calls),
                (Outcome::Gone, vec![CallEnd::Unsent]),
                "{protocol:?} {form:?}"
            );
        });
    }
}

#[test]
fn a_silent_provider_and_too_much_that_is_held() {
    let setup = setup(obedient(), |config| {
        config.limits.idle = Duration::from_millis(50);
        config.limits.held_bytes = 4_000;
    });
    let long = "x".repeat(20_000);
    for (protocol, form) in all().filter(|(_, form)| *form != Form::Whole) {
        let whole = spoken(kit(protocol), form, &turn("Words.", "", 1));
        let test =
            json!({"kind": kind(form), "body": &whole[..whole.len() / 2 + 1], "then": "silence"});
        let body = request(protocol, form, "release", &test).to_string();
        let got = runtime().block_on(send(
            setup.address,
            post(&path(protocol, form, "release"), Some(AGENT_KEY), body),
        ));
        assert!(
            got.text().contains("fell silent") && got.text().contains("\"error\""),
            "{}",
            got.text()
        );
        let mut big = turn("Words.", "", 1);
        big.calls[0].arguments = json!({"zzq": long});
        let whole = spoken(kit(protocol), form, &big);
        let got = runtime().block_on(setup.ask(protocol, form, "release", &whole));
        assert!(
            got.text().contains("would have to be held") && !got.text().contains("zzq"),
            "{}",
            got.text()
        );
        let ends = setup.script.take().ends;
        assert!(
            ends.iter()
                .all(|end| matches!(end.outcome, Outcome::Failed { .. })),
            "{ends:?}"
        );
    }
    // The same without a limit in the way: what is held is not lost.
}

#[test]
fn lists_of_models_and_counts_of_tokens_are_no_turns() {
    let setup = setup(
        Provider::start(|_| Reply::Json(200, json!({"input_tokens": 7}))),
        |_| (),
    );
    let get = |path: &str, header: (&'static str, &str)| {
        let request = Request::get(path)
            .header("host", "gateway")
            .header("authorization", format!("Bearer {AGENT_KEY}"));
        let request = request
            .header(header.0, header.1)
            .body(Full::<Bytes>::default())
            .unwrap();
        runtime().block_on(send(setup.address, request))
    };
    for (path, header) in [
        ("/v1/models", ("accept", "*/*")),
        ("/v1/models?limit=2", ("anthropic-version", "2023-06-01")),
        ("/v1beta/models", ("x-goog-api-key", AGENT_KEY)),
    ] {
        let got = get(path, header);
        assert_eq!(got.status, 200, "{}", got.text());
        assert!(got.text().contains("stand-in"), "{}", got.text());
    }
    let got = runtime().block_on(send(
        setup.address,
        post(
            "/v1/messages/count_tokens",
            Some(AGENT_KEY),
            "{\"messages\":[]}",
        ),
    ));
    // The stand-in does not have it, and says so in its own words.
    assert_eq!(got.status, 404);
    assert_eq!(
        setup.provider.seen().pop().unwrap().path,
        "/v1/messages/count_tokens"
    );
    let told = setup.script.take();
    assert_eq!((told.turns.len(), told.refusals.len()), (0, 0));
}

#[test]
fn only_what_is_new_is_read() {
    let setup = setup(obedient(), |config| {
        config.limits.conversations_per_agent = 2
    });
    let fine = spoken(kit(Protocol::Messages), Form::Whole, &turn("Fine.", "", 0));
    let ask = |messages: &Value, system: &str| {
        let mut body = request(
            Protocol::Messages,
            Form::Whole,
            "release",
            &json!({"kind": "application/json", "body": fine}),
        );
        body["messages"] = messages.clone();
        body["system"] = json!(system);
        body["tools"] = json!([{"name": "bash", "input_schema": {"type": "object"}}]);
        let got = runtime().block_on(send(
            setup.address,
            post("/v1/messages", Some(AGENT_KEY), body.to_string()),
        ));
        assert_eq!(got.status, 200, "{}", got.text());
        setup.script.take().turns.pop().unwrap()
    };
    let user = |text: &str, marked: bool| {
        // A text has to be a block where it is marked.
        let block = json!([{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]);
        json!({"role": "user", "content": if marked { block } else { json!(text) }})
    };
    let call = json!({"role": "assistant", "content": [{"type": "text", "text": "I look."}, {"type": "tool_use", "id": "t1", "name": "bash", "input": {"command": "ls"}}]});
    let result = json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "a b"}], "is_error": true}]});

    let first = ask(&json!([user("Look.", true)]), "Be good.");
    assert_eq!((first.reading, first.first), (Reading::New, true));
    assert_eq!(
        first.added,
        [
            Heard::System(words("Be good.")),
            Heard::User(words("Look."))
        ]
    );
    assert_eq!(
        first.tools.get(None, "bash").unwrap().schema,
        Some(json!({"type": "object"}))
    );

    // The mark of the cache moves on, as Claude Code does it.
    let second = ask(&json!([user("Look.", false), call, result]), "Be good.");
    assert_eq!(
        (second.reading, second.first, second.conversation),
        (Reading::Continued, false, first.conversation)
    );
    assert_eq!(
        second.added,
        [
            Heard::Assistant(words("I look.")),
            Heard::Call {
                id: "t1".to_owned(),
                name: "bash".to_owned(),
                arguments: words("{\"command\":\"ls\"}")
            },
            Heard::Result {
                call: "t1".to_owned(),
                text: words("a b"),
                failed: true
            },
        ]
    );
    assert!(Arc::ptr_eq(&first.tools, &second.tools));

    // The same again says nothing new; another system prompt does.
    let again = ask(&json!([user("Look.", false), call, result]), "Be bad.");
    assert_eq!(
        (again.reading, again.added),
        (Reading::Continued, vec![Heard::System(words("Be bad."))])
    );

    // An edited history is read from where it differs, and said to be edited.
    let mut other = call.clone();
    other["content"][0]["text"] = json!("I look away.");
    let third = ask(&json!([user("Look.", false), other, result]), "Be bad.");
    assert_eq!(
        (third.reading, third.conversation),
        (Reading::Edited, first.conversation)
    );
    assert_eq!(third.added.len(), 3);
    let mut far = result.clone();
    far["content"][0]["tool_use_id"] = json!("t2");
    ask(&json!([user("Look.", false), other, far, call]), "Be bad.");
    let whole = ask(&json!([user("Look.", false), other, call, call]), "Be bad.");
    assert_eq!((whole.reading, whole.added.len()), (Reading::Edited, 8));

    // The same beginning without a past is another conversation.
    let fresh = ask(&json!([user("Look.", false)]), "Be good.");
    assert_eq!((fresh.reading, fresh.first), (Reading::New, true));
    assert_ne!(fresh.conversation, first.conversation);

    // What is not known any more is read whole, and said to be.
    for text in ["One.", "Two."] {
        ask(&json!([user(text, false)]), "Be good.");
    }
    let late = ask(&json!([user("Look.", false), other, result]), "Be bad.");
    assert_eq!((late.reading, late.first), (Reading::Unknown, true));
    assert_eq!(late.added.len(), 5);
}

#[test]
fn a_response_that_goes_on_from_another_is_of_its_conversation() {
    let setup = setup(obedient(), |_| ());
    let fine = spoken(kit(Protocol::Responses), Form::Whole, &turn("Fine.", "", 0));
    let ask = |previous: Option<&str>| {
        let mut body = request(
            Protocol::Responses,
            Form::Whole,
            "release",
            &json!({"kind": "application/json", "body": fine}),
        );
        body["previous_response_id"] = json!(previous);
        let got = runtime().block_on(send(
            setup.address,
            post("/v1/responses", Some(AGENT_KEY), body.to_string()),
        ));
        assert_eq!(got.status, 200, "{}", got.text());
        setup.script.take().turns.pop().unwrap()
    };
    let first = ask(None);
    assert_eq!(first.added, [Heard::User(words("Go on."))]);
    // The same words again, as they stand: nothing is known of them but their conversation.
    assert_eq!(ask(None).reading, Reading::New);
    let second = ask(Some("resp_stand_in"));
    assert_eq!(
        (second.reading, second.added.len()),
        (Reading::Continued, 1)
    );
    assert_eq!(ask(Some("resp_of_others")).reading, Reading::Unknown);
}

#[test]
fn every_protocols_conversation_is_heard() {
    let setup = setup(obedient(), |config| config.limits.heard_bytes = 8);
    for (protocol, field, messages, tools) in [
        (
            Protocol::ChatCompletions,
            "messages",
            json!([{"role": "developer", "content": "S"}, {"role": "user", "content": [{"type": "text", "text": "U"}, {"type": "image_url"}]},
                {"role": "assistant", "content": "A", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "1", "content": "R"}]),
            json!([{"type": "function", "function": {"name": "f", "parameters": {"a": 1}}}]),
        ),
        (
            Protocol::Responses,
            "input",
            json!([{"role": "developer", "content": "S"}, {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "U"}, {"type": "image_url"}]},
                {"type": "reasoning", "encrypted_content": "x"}, {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "A"}]},
                {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"}, {"type": "function_call_output", "call_id": "1", "output": "R"}]),
            json!([{"type": "function", "name": "f", "parameters": {"a": 1}}]),
        ),
        (
            Protocol::Messages,
            "messages",
            json!([{"role": "system", "content": "S"}, {"role": "user", "content": [{"type": "text", "text": "U"}, {"type": "image_url"}]},
                {"role": "assistant", "content": [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "A"}, {"type": "tool_use", "id": "1", "name": "f", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "R"}]}]),
            json!([{"name": "f", "input_schema": {"a": 1}}]),
        ),
        (
            Protocol::GenerateContent,
            "contents",
            json!([{"role": "system", "parts": [{"text": "S"}]}, {"role": "user", "parts": [{"text": "U"}, {"image_url": {}}]},
                {"role": "model", "parts": [{"text": "A"}, {"functionCall": {"id": "1", "name": "f", "args": {}}}]},
                {"role": "user", "parts": [{"functionResponse": {"id": "1", "name": "f", "response": {"output": "R"}}}]}]),
            json!([{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"a": 1}}]}]),
        ),
    ] {
        let mut body = request(protocol, Form::Whole, "answer", &Value::Null);
        body[field] = messages;
        body["tools"] = tools;
        let got = runtime().block_on(send(
            setup.address,
            post(
                &path(protocol, Form::Whole, "answer"),
                Some(AGENT_KEY),
                body.to_string(),
            ),
        ));
        assert_eq!(got.status, 200, "{}", got.text());
        let turn = setup.script.take().turns.pop().unwrap();
        assert_eq!(
            turn.added,
            [
                Heard::System(words("S")),
                Heard::User(words("U")),
                Heard::Other("image_url".to_owned()),
                Heard::Assistant(words("A")),
                Heard::Call {
                    id: "1".to_owned(),
                    name: "f".to_owned(),
                    arguments: words("{}")
                },
                Heard::Result {
                    call: "1".to_owned(),
                    text: words("R"),
                    failed: false
                },
            ],
            "{protocol:?}"
        );
        assert_eq!(turn.reading, Reading::Unknown);
        assert_eq!(
            turn.tools.get(None, "f").unwrap().schema,
            Some(json!({"a": 1}))
        );
        body[field].as_array_mut().unwrap().push(match protocol {
            Protocol::GenerateContent => json!({"role": "user", "parts": [{"text": "ninebytes"}]}),
            _ => json!({"role": "user", "content": "ninebytes"}),
        });
        runtime().block_on(send(
            setup.address,
            post(
                &path(protocol, Form::Whole, "answer"),
                Some(AGENT_KEY),
                body.to_string(),
            ),
        ));
        let turn = setup.script.take().turns.pop().unwrap();
        assert_eq!(
            turn.added,
            [Heard::User(Words {
                text: "ninebyte".to_owned(),
                cut: 1
            })]
        );
    }
}

#[test]
fn a_unix_socket_serves_and_an_open_address_does_not() {
    let setup = setup(obedient(), |_| ());
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("guard.sock");
    let body = spoken(kit(Protocol::Messages), Form::Events, &turn("Fine.", "", 0));
    runtime().block_on(async {
        let listener = tokio::net::UnixListener::bind(&place).unwrap();
        let gateway = setup.gateway.clone();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            gateway
                .serve_unix(listener, async { drop(stopped.await) })
                .await
        });
        let stream = tokio::net::UnixStream::connect(&place).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        let connection = tokio::spawn(connection);
        let test = json!({"kind": "text/event-stream", "body": body});
        let asked = request(Protocol::Messages, Form::Events, "release", &test).to_string();
        let response = sender
            .send_request(post("/v1/messages", Some(AGENT_KEY), asked))
            .await
            .unwrap();
        let got = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(got, body.as_bytes());
        // When it stops, every connection ends.
        stop.send(()).unwrap();
        serving.await.unwrap().unwrap();
        connection.await.unwrap().ok();
        let open = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let refused = setup.gateway.serve_tcp(open, std::future::pending()).await;
        assert!(matches!(refused, Err(ServeError::NotLoopback(_))));
    });
}

#[test]
fn a_base_url_that_is_none_is_said_to_be() {
    let provider = obedient();
    for wrong in ["ftp://x", "http://user:pass@x", "no url", "http://x/?a=b"] {
        let mut upstream = upstream(&provider, Protocol::Messages);
        upstream.base_url = wrong.to_owned();
        let config = Config {
            upstreams: [(Protocol::Messages, upstream)].into(),
            ..Config::default()
        };
        let script: Arc<dyn Interceptor> = Arc::new(Script::default());
        let error = Gateway::new(config, tribune_gateway::Registry::new(), script)
            .err()
            .unwrap();
        assert!(
            error.to_string().starts_with("the base URL for messages"),
            "{error}"
        );
    }
}
