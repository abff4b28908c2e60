//! Folding a stream gives the message of the whole answer, whatever the answer says, however the
//! provider cut it into events and the network into reads; and no bytes at all make it panic.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod any;

use proptest::prelude::*;
use proptest::sample::Index;
use serde::Serialize;
use serde_json::{Value, json};
use tribune_wire::Answer;
use tribune_wire::anthropic::MessageFold;
use tribune_wire::gemini::GenerateFold;
use tribune_wire::openai::chat::ChatFold;
use tribune_wire::openai::responses::ResponseFold;
use tribune_wire::stream::{Event, Fold, Limits, News, Stream, StreamError, sse};

use any::any_value;

/// A part of an answer, in no protocol's words.
#[derive(Debug, Clone)]
enum Said {
    Text(String),
    Reasoning(String, String),
    Call(String, Value),
}

fn said() -> impl Strategy<Value = Vec<Said>> {
    let words = "[a-zä\u{1f600}\"\\\\\n ]{1,24}";
    let object = prop::collection::btree_map("[a-z]{1,6}", any_value(), 0..3)
        .prop_map(|map| Value::Object(map.into_iter().collect()));
    prop::collection::vec(
        prop_oneof![
            words.prop_map(Said::Text),
            (words, "[A-Za-z0-9+/=]{4,12}").prop_map(|(text, seal)| Said::Reasoning(text, seal)),
            ("[a-z_]{1,8}", object).prop_map(|(name, arguments)| Said::Call(name, arguments)),
        ],
        0..6,
    )
}

/// A text in pieces, cut at characters.
fn pieces<'a>(text: &'a str, cuts: &[Index]) -> Vec<&'a str> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    places.retain(|place| text.is_char_boundary(*place));
    places.extend([0, text.len()]);
    places.sort_unstable();
    places
        .windows(2)
        .map(|pair| &text[pair[0]..pair[1]])
        .collect()
}

fn event(data: &Value) -> String {
    let name = data["type"].as_str().unwrap_or_default();
    let data = data.to_string();
    sse::write(Event { name, data: &data })
}

/// Folds bytes that come in pieces.
fn fold<F: Fold>(
    mut stream: Stream<F>,
    bytes: &[u8],
    cuts: &[Index],
) -> Result<(F::Whole, Vec<News>), StreamError> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    let mut news = Vec::new();
    for pair in places.windows(2) {
        stream.push(&bytes[pair[0]..pair[1]], &mut news)?;
    }
    let whole = stream.finish(&mut news)?;
    Ok((whole, news))
}

/// The stream gives the whole, tells what the whole says, and does so however it was cut.
fn agrees<F: Fold>(stream: fn() -> Stream<F>, bytes: &str, whole: &Value, cuts: &[Index])
where
    F::Whole: Serialize,
{
    let (message, news) = fold(stream(), bytes.as_bytes(), cuts).unwrap();
    assert_eq!(&serde_json::to_value(&message).unwrap(), whole);
    let (again, more) = fold(stream(), bytes.as_bytes(), &[]).unwrap();
    assert_eq!(&serde_json::to_value(&again).unwrap(), whole);
    assert_eq!(news, more);
    let (mut text, mut reasoning, mut calls) = (String::new(), String::new(), Vec::new());
    for news in news {
        match news {
            News::Text { text: piece, .. } => text += &piece,
            News::Reasoning { text: piece, .. } => reasoning += &piece,
            News::Refusal { .. } => {}
            News::Call(call) => calls.push(call),
        }
    }
    assert_eq!(text, message.text());
    assert_eq!(reasoning, message.reasoning());
    assert_eq!(calls, message.calls());
}

fn of_sse<F: Fold>() -> Stream<F> {
    Stream::sse(Limits::default())
}

fn of_array<F: Fold>() -> Stream<F> {
    Stream::array(Limits::default())
}

/// A completion: its stream and its whole.
fn chat(said: &[Said], cuts: &[Index], extra: &Value) -> (String, Value) {
    let chunk = |delta: Value, finish: Value| {
        event(
            &json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "vendor": extra,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}),
        )
    };
    let mut stream = chunk(json!({"role": "assistant", "content": null}), Value::Null);
    let (mut text, mut reasoning, mut calls) = (Value::Null, Value::Null, Vec::new());
    let mut details = Vec::new();
    let add = |old: &mut Value, text: &str| {
        *old = Value::String(old.as_str().unwrap_or_default().to_owned() + text);
    };
    for said in said {
        match said {
            Said::Text(words) => {
                add(&mut text, words);
                for piece in pieces(words, cuts) {
                    stream += &chunk(json!({"content": piece}), Value::Null);
                }
            }
            Said::Reasoning(words, seal) => {
                add(&mut reasoning, words);
                let index = details.len();
                for piece in pieces(words, cuts) {
                    stream += &chunk(
                        json!({"reasoning": piece, "reasoning_details": [{"type": "reasoning.text", "index": index, "text": piece}]}),
                        Value::Null,
                    );
                }
                stream += &chunk(
                    json!({"reasoning_details": [{"type": "reasoning.text", "index": index, "signature": seal}]}),
                    Value::Null,
                );
                details.push(json!({"type": "reasoning.text", "index": index, "text": words, "signature": seal}));
            }
            Said::Call(name, arguments) => {
                let (index, arguments) = (calls.len(), arguments.to_string());
                let id = format!("call_{index}");
                stream += &chunk(
                    json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}]}),
                    Value::Null,
                );
                for piece in pieces(&arguments, cuts) {
                    stream += &chunk(
                        json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}),
                        Value::Null,
                    );
                }
                calls.push(json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}));
            }
        }
    }
    stream += &chunk(json!({}), json!("stop"));
    stream += &event(
        &json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": {"prompt_tokens": 3, "more": extra}}),
    );
    stream += "data: [DONE]\n\n";
    let mut message = json!({"role": "assistant", "content": text});
    if !reasoning.is_null() {
        message["reasoning"] = reasoning;
        message["reasoning_details"] = Value::Array(details);
    }
    if !calls.is_empty() {
        message["tool_calls"] = Value::Array(calls);
    }
    let whole = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "vendor": extra,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "more": extra}});
    (stream, whole)
}

/// A message of Anthropic's.
fn anthropic(said: &[Said], cuts: &[Index], extra: &Value) -> (String, Value) {
    let start = json!({"id": "m", "type": "message", "role": "assistant", "model": "c", "vendor": extra,
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 3, "output_tokens": 1}});
    let mut stream = event(&json!({"type": "message_start", "message": start}));
    let mut blocks = Vec::new();
    for said in said {
        let index = blocks.len();
        let begin = |block: Value| {
            event(&json!({"type": "content_block_start", "index": index, "content_block": block}))
        };
        let delta = |delta: Value| {
            event(&json!({"type": "content_block_delta", "index": index, "delta": delta}))
        };
        match said {
            Said::Text(words) => {
                stream += &begin(json!({"type": "text", "text": ""}));
                for piece in pieces(words, cuts) {
                    stream += &delta(json!({"type": "text_delta", "text": piece}));
                }
                blocks.push(json!({"type": "text", "text": words}));
            }
            Said::Reasoning(words, seal) => {
                stream += &begin(json!({"type": "thinking", "thinking": "", "signature": ""}));
                for piece in pieces(words, cuts) {
                    stream += &delta(json!({"type": "thinking_delta", "thinking": piece}));
                }
                stream += &delta(json!({"type": "signature_delta", "signature": seal}));
                blocks.push(json!({"type": "thinking", "thinking": words, "signature": seal}));
            }
            Said::Call(name, arguments) => {
                stream += &begin(
                    json!({"type": "tool_use", "id": "t", "name": name, "input": {}, "vendor": extra}),
                );
                for piece in pieces(&arguments.to_string(), cuts) {
                    stream += &delta(json!({"type": "input_json_delta", "partial_json": piece}));
                    stream += &event(&json!({"type": "ping"}));
                }
                blocks.push(json!({"type": "tool_use", "id": "t", "name": name, "input": arguments, "vendor": extra}));
            }
        }
        stream += &event(&json!({"type": "content_block_stop", "index": index}));
    }
    stream += &event(
        &json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 9}}),
    );
    stream += &event(&json!({"type": "message_stop"}));
    let mut whole = start;
    whole["content"] = Value::Array(blocks);
    whole["stop_reason"] = json!("end_turn");
    whole["usage"]["output_tokens"] = json!(9);
    (stream, whole)
}

/// A response of items; where `is_empty`, its last event leaves them out.
fn responses(said: &[Said], cuts: &[Index], extra: &Value, is_empty: bool) -> (String, Value) {
    let mut stream = event(
        &json!({"type": "response.created", "response": {"id": "r", "status": "in_progress", "output": []}}),
    );
    let mut items = Vec::new();
    for said in said {
        let index = items.len();
        let (started, deltas, words, item) = match said {
            Said::Text(words) => {
                let item = |content: Value| json!({"type": "message", "id": "i", "role": "assistant", "content": content, "vendor": extra});
                (
                    item(json!([])),
                    "output_text",
                    words.clone(),
                    item(json!([{"type": "output_text", "text": words, "annotations": []}])),
                )
            }
            Said::Reasoning(words, seal) => {
                let item = |summary: Value| json!({"type": "reasoning", "id": "i", "summary": summary, "encrypted_content": seal});
                (
                    item(json!([])),
                    "reasoning_summary_text",
                    words.clone(),
                    item(json!([{"type": "summary_text", "text": words}])),
                )
            }
            Said::Call(name, arguments) => {
                let item = |arguments: &str| json!({"type": "function_call", "id": "i", "call_id": "k", "name": name, "arguments": arguments});
                let arguments = arguments.to_string();
                (
                    item(""),
                    "function_call_arguments",
                    arguments.clone(),
                    item(&arguments),
                )
            }
        };
        stream += &event(
            &json!({"type": "response.output_item.added", "output_index": index, "item": started}),
        );
        for piece in pieces(&words, cuts) {
            stream += &event(
                &json!({"type": format!("response.{deltas}.delta"), "output_index": index, "delta": piece}),
            );
        }
        stream += &event(
            &json!({"type": "response.output_item.done", "output_index": index, "item": item}),
        );
        items.push(item);
    }
    let whole = json!({"id": "r", "status": "completed", "output": items, "vendor": extra, "usage": {"input_tokens": 3}});
    let mut last = whole.clone();
    if is_empty {
        last["output"] = json!([]);
    }
    stream += &event(&json!({"type": "response.completed", "response": last}));
    (stream, whole)
}

/// Generated content; signed parts come whole, as the protocol sends them.
fn gemini(said: &[Said], cuts: &[Index], extra: &Value) -> (Vec<Value>, Value) {
    let mut parts: Vec<Value> = Vec::new();
    let mut chunks = Vec::new();
    let mut chunk = |part: Value| {
        chunks.push(json!({"candidates": [{"content": {"role": "model", "parts": [part]}}], "responseId": "r"}));
    };
    for said in said {
        match said {
            Said::Text(words) => {
                for piece in pieces(words, cuts) {
                    chunk(json!({"text": piece}));
                }
                // Plain texts that follow each other are one text: no event marks a border.
                match parts.last_mut() {
                    Some(last)
                        if last.as_object().unwrap().len() == 1 && last["text"].is_string() =>
                    {
                        let text = last["text"].as_str().unwrap().to_owned() + words;
                        last["text"] = Value::String(text);
                    }
                    _ => parts.push(json!({"text": words})),
                }
            }
            Said::Reasoning(words, seal) => {
                let part = json!({"text": words, "thought": true, "thoughtSignature": seal});
                chunk(part.clone());
                parts.push(part);
            }
            Said::Call(name, arguments) => {
                let part =
                    json!({"functionCall": {"name": name, "args": arguments, "vendor": extra}});
                chunk(part.clone());
                parts.push(part);
            }
        }
    }
    parts.push(json!({"text": "", "thoughtSignature": "c2ln"}));
    let last = json!({"content": {"role": "model", "parts": [parts.last()]}, "finishReason": "STOP", "vendor": extra});
    chunks.push(
        json!({"candidates": [last], "usageMetadata": {"promptTokenCount": 3}, "responseId": "r"}),
    );
    let whole = json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "vendor": extra}],
        "usageMetadata": {"promptTokenCount": 3}, "responseId": "r"});
    (chunks, whole)
}

/// Null adds nothing to what was said before, so a stream cannot say it at the end.
fn extra() -> impl Strategy<Value = Value> {
    any_value().prop_filter("not null", |value| !value.is_null())
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_stream_is_its_whole(
        said in said(), inside in cuts(), outside in prop::collection::vec(any::<Index>(), 0..40),
        extra in extra(), is_empty: bool,
    ) {
        let (stream, whole) = chat(&said, &inside, &extra);
        agrees::<ChatFold>(of_sse, &stream, &whole, &outside);
        let (stream, whole) = anthropic(&said, &inside, &extra);
        agrees::<MessageFold>(of_sse, &stream, &whole, &outside);
        let (stream, whole) = responses(&said, &inside, &extra, is_empty);
        agrees::<ResponseFold>(of_sse, &stream, &whole, &outside);
        let (chunks, whole) = gemini(&said, &inside, &extra);
        let stream: String = chunks.iter().map(event).collect();
        agrees::<GenerateFold>(of_sse, &stream, &whole, &outside);
        agrees::<GenerateFold>(of_array, &Value::Array(chunks).to_string(), &whole, &outside);
    }

    /// A stream without its last event is no answer, in every protocol.
    #[test]
    fn a_stream_that_ends_early_is_an_error(said in said(), inside in cuts(), lost in 1_usize..4) {
        let without = |stream: String, lost: usize| {
            let events: Vec<&str> = stream.split_inclusive("\n\n").collect();
            events[..events.len().saturating_sub(lost)].concat()
        };
        let early = Err(StreamError::EndedEarly);
        // The usage and the closing mark come after the reason to stop.
        let (stream, _) = chat(&said, &inside, &json!(1));
        let cut = without(stream, lost + 2);
        prop_assert_eq!(fold::<ChatFold>(of_sse(), cut.as_bytes(), &[]).map(drop), early.clone());
        let (stream, _) = anthropic(&said, &inside, &json!(1));
        let cut = without(stream, lost);
        prop_assert_eq!(fold::<MessageFold>(of_sse(), cut.as_bytes(), &[]).map(drop), early.clone());
        let (stream, _) = responses(&said, &inside, &json!(1), false);
        let cut = without(stream, lost);
        prop_assert_eq!(fold::<ResponseFold>(of_sse(), cut.as_bytes(), &[]).map(drop), early.clone());
        let (chunks, _) = gemini(&said, &inside, &json!(1));
        let cut = without(chunks.iter().map(event).collect(), lost);
        prop_assert_eq!(fold::<GenerateFold>(of_sse(), cut.as_bytes(), &[]).map(drop), early);
    }

    /// Any JSON at all as events: an answer or an error, the same however it is cut.
    #[test]
    fn any_events_are_taken_without_a_panic(
        values in prop::collection::vec(any::<Index>().prop_flat_map(|_| any::any_event()), 0..8),
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        outside in prop::collection::vec(any::<Index>(), 0..10),
    ) {
        let mut text: Vec<u8> = values.iter().map(event).collect::<String>().into_bytes();
        hostile::<ChatFold>(&text, &outside)?;
        hostile::<MessageFold>(&text, &outside)?;
        hostile::<ResponseFold>(&text, &outside)?;
        hostile::<GenerateFold>(&text, &outside)?;
        text.extend(bytes);
        hostile::<ChatFold>(&text, &outside)?;
        hostile::<GenerateFold>(&text, &outside)?;
    }
}

fn hostile<F: Fold>(bytes: &[u8], cuts: &[Index]) -> Result<(), TestCaseError>
where
    F::Whole: Serialize,
{
    let read = |cuts: &[Index]| {
        fold::<F>(of_sse(), bytes, cuts)
            .map(|(whole, news)| (serde_json::to_value(&whole).unwrap(), news))
    };
    prop_assert_eq!(read(cuts), read(&[]));
    let array = |cuts: &[Index]| fold::<F>(of_array(), bytes, cuts).map(|(_, news)| news);
    prop_assert_eq!(array(cuts), array(&[]));
    Ok(())
}
