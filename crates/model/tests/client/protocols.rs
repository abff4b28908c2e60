//! What all four protocols share, whole and streamed: a conversation with tools, reasoning that
//! goes back as it came, ends, and the record of it.

use serde_json::{Value, json};
use tribune_evidence::CallId;
use tribune_model::{Protocol, Stop, whole_request};
use tribune_testkit::provider::{Form, Reply, SEAL, Turn, TurnStop};

use super::*;

pub(crate) const ALL: [(&str, Protocol); 4] = [
    ("openai", Protocol::OpenAiChat),
    ("openai-responses", Protocol::OpenAiResponses),
    ("anthropic", Protocol::Anthropic),
    ("google", Protocol::Gemini),
];

pub(crate) fn client_of(provider: &Provider, name: &str, stream: bool) -> Client {
    client_at(
        provider,
        name,
        ProviderSettings {
            stream: Some(stream),
            ..quick()
        },
    )
}

pub(crate) fn client_at(provider: &Provider, name: &str, settings: ProviderSettings) -> Client {
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
pub(crate) fn each() -> impl Iterator<Item = (&'static str, Protocol, bool)> {
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

#[tokio::test]
async fn a_limit_of_tokens_goes_by_the_name_that_the_server_knows() {
    for (name, key) in [
        ("openai", "/max_completion_tokens"),
        ("deepseek", "/max_tokens"),
        ("openai-responses", "/max_output_tokens"),
        ("anthropic", "/max_tokens"),
        ("google", "/generationConfig/maxOutputTokens"),
    ] {
        let provider = Provider::start(|_| Reply::Turn(Turn::text(".")));
        let settings = Settings {
            max_output_tokens: Some(900),
            temperature: Some(0.5),
            ..settings()
        };
        let model = client_of(&provider, name, false);
        model.complete(&conversation(), &settings).await.unwrap();
        let request = provider.requests().remove(0);
        assert_eq!(request.pointer(key), Some(&json!(900)), "{name}: {request}");
        let unknown = ["/max_completion_tokens", "/max_tokens"];
        let others = unknown.iter().filter(|other| **other != key);
        assert!(
            others
                .into_iter()
                .all(|other| request.pointer(other).is_none()),
            "{request}"
        );
    }
}
