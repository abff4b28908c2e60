//! What the client makes of answers, and what it sends for them.

use serde_json::{Value, json};
use tribune_evidence::{CallId, Usage};
use tribune_model::{Message, Model, Stop, ToolCall};
use tribune_testkit::provider::{Provider, Reply, chat_calls, chat_text, completion};

use super::*;

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: CallId::new(id),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    }
}

fn calls(completion: &Completion) -> &[ToolCall] {
    let Message::Assistant { calls, .. } = &completion.message else {
        panic!("no answer")
    };
    calls
}

fn text(completion: &Completion) -> &str {
    let Message::Assistant { text, .. } = &completion.message else {
        panic!("no answer")
    };
    text
}

#[tokio::test]
async fn a_plain_answer_and_the_request_for_it() {
    let provider = Provider::start(|_| chat_text("There is space now."));
    let answer = ask(&provider).await.unwrap();
    assert_eq!(text(&answer), "There is space now.");
    assert_eq!((&answer.stop, calls(&answer)), (&Stop::Finished, &[][..]));
    assert_eq!(
        answer.usage,
        Usage {
            input: 10,
            output: 5,
            ..Usage::default()
        }
    );
    let exchange = answer.exchange.unwrap();
    assert_eq!(exchange.tries, 1);
    assert_eq!(exchange.model_requested, "stand-in");
    assert_eq!(
        exchange.model_confirmed.as_deref(),
        Some("stand-in-2026-01-01")
    );
    assert_eq!(exchange.fingerprint.as_deref(), Some("fp_stand_in"));

    assert_eq!(
        provider.requests(),
        [json!({
            "model": "stand-in",
            "tools": [{"type": "function", "function": {
                "name": "read_file",
                "description": "Reads a file.",
                "parameters": {"type": "object", "properties": {"path": {"type": "string"}}},
            }}],
            "messages": [
                {"role": "system", "content": "You look after servers."},
                {"role": "user", "content": "Free some space."},
            ],
        })]
    );
    let seen = &provider.completions()[0];
    assert_eq!(
        seen.header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
    assert_eq!(seen.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn settings_are_sent_only_where_they_are_requested() {
    let provider = Provider::start(|_| chat_text("."));
    let settings = Settings {
        temperature: Some(0.7),
        max_output_tokens: Some(900),
        send_seed: true,
        ..settings()
    };
    let bare = Conversation {
        system: String::new(),
        tools: Arc::new([]),
        ..conversation()
    };
    let model = client_with(&provider, "stand-in", None);
    model.complete(&bare, &settings).await.unwrap();
    assert_eq!(
        provider.requests(),
        [json!({
            "model": "stand-in",
            "temperature": 0.7,
            "max_completion_tokens": 900,
            "seed": 0x1212_1212,
            "messages": [{"role": "user", "content": "Free some space."}],
        })]
    );
    assert_eq!(provider.completions()[0].header("authorization"), None);
}

#[tokio::test]
async fn several_calls_come_in_order_with_arguments_as_they_were_sent() {
    let made = vec![
        ("call_b", "read_file", "{ \"path\" : \"/a\" }"),
        ("call_a", "read_file", "{\"path\": \"/b"),
        ("call_c", "no_such_tool", "not json"),
    ];
    let provider = Provider::queue(vec![chat_calls(made.clone())]);
    let answer = ask(&provider).await.unwrap();
    let expected: Vec<_> = made
        .iter()
        .map(|(id, name, text)| call(id, name, text))
        .collect();
    assert_eq!(calls(&answer), expected);
    assert_eq!((text(&answer), &answer.stop), ("", &Stop::Finished));
}

#[tokio::test]
async fn calls_without_an_id_of_their_own_get_one_and_the_server_gets_its_own_back() {
    let provider = Provider::scripted(vec![
        chat_calls(vec![
            ("", "read_file", "1"),
            ("call-1", "read_file", "2"),
            ("", "read_file", "3"),
        ]),
        chat_calls(vec![
            ("call-1", "read_file", "4"),
            ("x", "read_file", "5"),
            ("x", "read_file", "6"),
        ]),
        chat_text("done"),
    ]);
    let model = client(&provider);
    let mut talk = conversation();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let answer = model.complete(&talk, &settings()).await.unwrap();
        let made = calls(&answer).to_vec();
        talk.messages.push(answer.message);
        for call in made {
            ids.push(call.id.as_str().to_owned());
            talk.messages.push(Message::Tool {
                call: call.id,
                text: call.arguments,
            });
        }
    }
    model.complete(&talk, &settings()).await.unwrap();
    assert_eq!(ids, ["call-2", "call-1", "call-3", "call-4", "x", "call-5"]);
    let answered: Vec<(String, String)> = provider.requests()[2]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|message| message["role"] == "tool")
        .map(|message| {
            let field = |name: &str| message[name].as_str().unwrap().to_owned();
            (field("tool_call_id"), field("content"))
        })
        .collect();
    let expected = [
        ("", "1"),
        ("call-1", "2"),
        ("", "3"),
        ("call-1", "4"),
        ("x", "5"),
        ("x", "6"),
    ]
    .map(|(id, text)| (id.to_owned(), text.to_owned()));
    assert_eq!(answered, expected);
}

#[tokio::test]
async fn an_answer_goes_back_as_it_came() {
    let raw = json!({
        "role": "assistant",
        "content": null,
        "refusal": null,
        "reasoning_content": "I look first.",
        "reasoning_details": [{"type": "reasoning.encrypted", "data": "xyz=="}],
        "annotations": [],
        "unheard_of": {"deep": [1, 2.5, null, "\u{1f980}"]},
        "tool_calls": [{
            "id": "call_1", "type": "function", "index": 0, "extra_content": {"signature": "s"},
            "function": {"name": "read_file", "arguments": "{ \"path\":\"/a\" }", "more": true},
        }],
    });
    let first = completion(&raw, "tool_calls");
    let provider = Provider::scripted(vec![first, chat_text("done")]);
    let model = client(&provider);
    let mut talk = conversation();
    let answer = model.complete(&talk, &settings()).await.unwrap();
    let Message::Assistant { reasoning, .. } = &answer.message else {
        panic!("no answer")
    };
    assert_eq!(reasoning.as_deref(), Some("I look first."));
    talk.messages.push(answer.message);
    talk.messages.push(Message::Tool {
        call: CallId::new("call_1"),
        text: "empty".to_owned(),
    });
    model.complete(&talk, &settings()).await.unwrap();
    assert_eq!(provider.requests()[1]["messages"][2], raw);
}

#[tokio::test]
async fn an_answer_from_elsewhere_is_written_as_the_protocol_says() {
    let provider = Provider::start(|_| chat_text("."));
    let mut talk = conversation();
    let said = |text: &str, calls: Vec<ToolCall>| Message::Assistant {
        text: text.to_owned(),
        reasoning: Some("hidden".to_owned()),
        calls,
        raw: None,
    };
    talk.messages
        .push(said("", vec![call("c1", "read_file", "{}")]));
    talk.messages.push(Message::Tool {
        call: CallId::new("c1"),
        text: "empty".to_owned(),
    });
    talk.messages.push(said("Nothing there.", Vec::new()));
    client(&provider)
        .complete(&talk, &settings())
        .await
        .unwrap();
    let sent = provider.requests()[0]["messages"].clone();
    assert_eq!(
        sent.as_array().unwrap()[2..],
        [
            json!({"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "read_file", "arguments": "{}"}}]}),
            json!({"role": "tool", "tool_call_id": "c1", "content": "empty"}),
            json!({"role": "assistant", "content": "Nothing there."}),
        ]
    );
}

#[tokio::test]
async fn why_it_stopped() {
    let message = |value: Value| {
        let mut message = json!({"role": "assistant"});
        message
            .as_object_mut()
            .unwrap()
            .extend(value.as_object().unwrap().clone());
        message
    };
    let words = message(json!({"content": "Some words"}));
    let no = message(json!({"content": null, "refusal": "I will not."}));
    let both = message(json!({"content": "Some words", "refusal": "I will not."}));
    let refused = |words: &str| Some(Stop::Refused(words.to_owned()));
    for (message, reason, expected) in [
        (&words, "stop", Some(Stop::Finished)),
        (&words, "end_turn", Some(Stop::Finished)),
        (&words, "length", Some(Stop::Length)),
        (&words, "max_tokens", Some(Stop::Length)),
        (&words, "content_filter", refused("content_filter")),
        (&no, "content_filter", refused("I will not.")),
        (&no, "stop", refused("I will not.")),
        (&both, "stop", Some(Stop::Finished)),
        // An end that the server does not call one is none.
        (&words, "insufficient_system_resource", None),
        (&words, "error", None),
    ] {
        let provider = Provider::queue(vec![completion(message, reason)]);
        let stop = ask(&provider).await.map(|answer| answer.stop);
        assert_eq!(
            stop.as_ref().ok(),
            expected.as_ref(),
            "{reason} {message}: {stop:?}"
        );
        if expected.is_none() {
            assert!(matches!(stop, Err(ModelError::Protocol { .. })), "{stop:?}");
        }
    }
}

#[tokio::test]
async fn money_is_known_where_the_server_says_it() {
    let body = json!({
        "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "cost": 0.25},
    });
    let provider = Provider::queue(vec![Reply::Json(200, body)]);
    let answer = ask(&provider).await.unwrap();
    assert_eq!(
        answer.usage,
        Usage {
            input: 7,
            output: 3,
            cost: Some(0.25),
            ..Usage::default()
        }
    );
    assert_eq!(answer.exchange.unwrap().model_confirmed, None);
}

#[tokio::test]
async fn what_was_cached_and_what_was_reasoning_is_counted() {
    let body = json!({
        "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 70,
            "completion_tokens": 30,
            "prompt_tokens_details": {"cached_tokens": 60},
            "completion_tokens_details": {"reasoning_tokens": 20},
        },
    });
    let provider = Provider::queue(vec![Reply::Json(200, body)]);
    let answer = ask(&provider).await.unwrap();
    let told = Usage {
        input: 70,
        output: 30,
        cached: Some(60),
        reasoning: Some(20),
        ..Usage::default()
    };
    assert_eq!(answer.usage, told);
    assert_eq!(answer.exchange.unwrap().usage, told);
}
