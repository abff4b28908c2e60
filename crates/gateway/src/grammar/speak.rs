//! What the gateway says itself: a final text turn in any protocol and form, and errors.

use serde_json::{Value, json};

use super::{Writer, messages, responses};
use crate::intercept::ExchangeId;
use crate::protocol::{Form, Protocol};

/// A final text turn.
pub(crate) fn text(
    protocol: Protocol,
    form: Form,
    model: &str,
    exchange: ExchangeId,
    created: u64,
    words: &str,
) -> Vec<u8> {
    if form == Form::Whole {
        return whole(protocol, model, exchange, created, words)
            .to_string()
            .into_bytes();
    }
    let mut out = Vec::new();
    let mut begun = false;
    let mut writer = Writer::new(form, &mut begun, &mut out);
    match protocol {
        Protocol::ChatCompletions => {
            let piece = |delta: Value, reason: Option<&str>| {
                json!({"id": id(protocol, exchange), "object": "chat.completion.chunk", "created": created, "model": model,
                    "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]})
            };
            for piece in [
                piece(json!({"role": "assistant", "content": ""}), None),
                piece(json!({"content": words}), None),
                piece(json!({}), Some("stop")),
            ] {
                writer.event("", &piece.to_string());
            }
            writer.event("", "[DONE]");
        }
        Protocol::Responses => {
            let begun = response(model, exchange, created, "in_progress", Vec::new());
            let mut events = vec![
                json!({"type": "response.created", "response": begun}),
                json!({"type": "response.in_progress", "response": begun}),
            ];
            events.extend(responses::message_events(0, words));
            let done = whole(protocol, model, exchange, created, words);
            events.push(json!({"type": "response.completed", "response": done}));
            for (number, mut event) in events.into_iter().enumerate() {
                if let Some(event) = event.as_object_mut() {
                    event.insert("sequence_number".to_owned(), json!(number));
                }
                writer.typed(&event);
            }
        }
        Protocol::Messages => {
            let mut begun = whole(protocol, model, exchange, created, words);
            if let Some(begun) = begun.as_object_mut() {
                begun.insert("content".to_owned(), json!([]));
                begun.insert("stop_reason".to_owned(), Value::Null);
            }
            writer.typed(&json!({"type": "message_start", "message": begun}));
            messages::write_text(&mut writer, 0, words);
            writer.typed(&json!({"type": "message_delta",
                "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 0}}));
            writer.typed(&json!({"type": "message_stop"}));
        }
        Protocol::GenerateContent => {
            writer.event(
                "",
                &whole(protocol, model, exchange, created, words).to_string(),
            );
        }
    }
    writer.close();
    out
}

fn id(protocol: Protocol, exchange: ExchangeId) -> String {
    let kind = match protocol {
        Protocol::ChatCompletions => "chatcmpl",
        Protocol::Responses => "resp",
        Protocol::Messages => "msg",
        Protocol::GenerateContent => "tribune",
    };
    format!("{kind}_tribune_{}", exchange.0)
}

fn whole(
    protocol: Protocol,
    model: &str,
    exchange: ExchangeId,
    created: u64,
    words: &str,
) -> Value {
    let id = id(protocol, exchange);
    match protocol {
        Protocol::ChatCompletions => {
            json!({"id": id, "object": "chat.completion", "created": created, "model": model,
                "choices": [{"index": 0, "message": {"role": "assistant", "content": words, "refusal": null},
                    "logprobs": null, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}})
        }
        Protocol::Responses => {
            let item = responses::message(0, words);
            response(model, exchange, created, "completed", vec![item])
        }
        Protocol::Messages => {
            json!({"id": id, "type": "message", "role": "assistant", "model": model,
                "content": [{"type": "text", "text": words}], "stop_reason": "end_turn", "stop_sequence": null,
                "usage": {"input_tokens": 0, "output_tokens": 0}})
        }
        Protocol::GenerateContent => {
            json!({"candidates": [{"content": {"role": "model", "parts": [{"text": words}]}, "finishReason": "STOP", "index": 0}],
                "usageMetadata": {"promptTokenCount": 0, "candidatesTokenCount": 0, "totalTokenCount": 0},
                "modelVersion": model, "responseId": id})
        }
    }
}

fn response(
    model: &str,
    exchange: ExchangeId,
    created: u64,
    status: &str,
    output: Vec<Value>,
) -> Value {
    let usage = (status == "completed").then(|| {
        json!({"input_tokens": 0, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 0,
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 0})
    });
    json!({"id": id(Protocol::Responses, exchange), "object": "response", "created_at": created, "status": status,
        "model": model, "output": output, "error": null, "incomplete_details": null, "instructions": null,
        "metadata": {}, "parallel_tool_calls": true, "temperature": null, "tool_choice": "auto", "tools": [],
        "top_p": null, "usage": usage})
}

/// An error with the envelope of a protocol.
pub(crate) fn error(protocol: Protocol, status: u16, message: &str) -> Value {
    match protocol {
        Protocol::ChatCompletions | Protocol::Responses => {
            let (kind, code) = match status {
                401 => ("invalid_request_error", Some("invalid_api_key")),
                404 => ("invalid_request_error", Some("unknown_url")),
                429 => ("rate_limit_error", Some("rate_limit_exceeded")),
                500.. => ("server_error", None),
                _ => ("invalid_request_error", None),
            };
            json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
        }
        Protocol::Messages => {
            json!({"type": "error", "error": {"type": anthropic_kind(status), "message": message}})
        }
        Protocol::GenerateContent => {
            json!({"error": {"code": status, "message": message, "status": google_status(status)}})
        }
    }
}

const fn anthropic_kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

const fn google_status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        500 => "INTERNAL",
        504 => "DEADLINE_EXCEEDED",
        501.. => "UNAVAILABLE",
        _ => "INVALID_ARGUMENT",
    }
}

/// An error in the middle of a stream; `number` is the last sequence number that passed.
pub(crate) fn broken(
    protocol: Protocol,
    status: u16,
    message: &str,
    number: u64,
    writer: &mut Writer<'_>,
) {
    match protocol {
        Protocol::ChatCompletions | Protocol::GenerateContent => {
            writer.event("", &error(protocol, status, message).to_string());
        }
        Protocol::Messages => writer.typed(&error(protocol, status, message)),
        Protocol::Responses => writer.typed(
            &json!({"type": "error", "code": "server_error", "message": message,
            "param": null, "sequence_number": number + 1}),
        ),
    }
}

/// How far a stream came that is stopped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Of messages: the block that is open.
    pub(crate) open_block: Option<u64>,
    /// Of messages: how many blocks began.
    pub(crate) blocks: u64,
    /// Of responses: the last sequence number.
    pub(crate) number: u64,
}

/// The end of a stream that is stopped at any place: words and a final turn. Responses are told
/// by an error, since a final response would have to repeat all that passed.
pub(crate) fn stopped(
    protocol: Protocol,
    model: &str,
    exchange: ExchangeId,
    place: Place,
    words: &str,
    writer: &mut Writer<'_>,
) {
    match protocol {
        Protocol::ChatCompletions => {
            let choice = |delta: Value, reason: Option<&str>| {
                json!({"id": id(protocol, exchange), "object": "chat.completion.chunk", "created": 0, "model": model,
                    "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]})
            };
            writer.event("", &choice(json!({"content": words}), None).to_string());
            writer.event("", &choice(json!({}), Some("stop")).to_string());
            writer.event("", "[DONE]");
        }
        Protocol::Responses => broken(protocol, 403, words, place.number, writer),
        Protocol::Messages => {
            if place.blocks == 0 && place.open_block.is_none() && !writer.has_begun() {
                return broken(protocol, 403, words, place.number, writer);
            }
            if let Some(index) = place.open_block {
                writer.typed(&json!({"type": "content_block_stop", "index": index}));
            }
            messages::write_text(writer, place.blocks, words);
            writer.typed(&json!({"type": "message_delta",
                "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 0}}));
            writer.typed(&json!({"type": "message_stop"}));
        }
        Protocol::GenerateContent => {
            writer.event("", &whole(protocol, model, exchange, 0, words).to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tribune_wire::Stop;
    use tribune_wire::stream::Limits;

    use crate::frames::Frames;
    use crate::grammar::{Folding, Notes, WholeAnswer, words};

    #[test]
    fn a_text_turn_reads_as_one_in_every_protocol_and_form() {
        for protocol in Protocol::ALL {
            let said = "No: \"that\"\nis not yours.";
            let whole = text(protocol, Form::Whole, "m", ExchangeId(7), 1, said);
            let whole = String::from_utf8(whole).unwrap();
            let read = WholeAnswer::read(protocol, &whole, &Limits::default()).unwrap();
            assert_eq!(read.text, said);
            assert_eq!(read.finished.end.stop, Stop::Finished);
            assert!(read.calls.is_empty());
            for form in [Form::Events, Form::Array] {
                if form == Form::Array && protocol != Protocol::GenerateContent {
                    continue;
                }
                let bytes = text(protocol, form, "m", ExchangeId(7), 1, said);
                let mut frames = Frames::new(form, 1 << 20);
                let mut fold = Folding::new(protocol, Limits::default());
                let mut news = Vec::new();
                frames
                    .push::<tribune_wire::stream::StreamError>(&bytes, |framed| {
                        let event = framed.event.unwrap();
                        let pass = fold.event(event, &mut news)?;
                        if pass == tribune_wire::stream::Pass::AtOnce {
                            let clean = words(protocol, event.data, &mut Notes::default());
                            assert_eq!(clean, Ok(None), "{}", event.data);
                        }
                        Ok(())
                    })
                    .unwrap();
                let end = fold.finish().unwrap().end;
                assert_eq!(end.stop, Stop::Finished, "{protocol:?}");
                let told: String = news
                    .iter()
                    .map(|news| match news {
                        tribune_wire::stream::News::Text { text, .. } => text.as_str(),
                        _ => panic!("{news:?}"),
                    })
                    .collect();
                assert_eq!(told, said);
            }
        }
    }
}
