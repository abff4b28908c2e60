//! OpenAI's chat completions: one message on the wire for one of the conversation, and the system
//! prompt before them.

use std::sync::Arc;

use serde_json::{Map, Number, Value};
use tribune_wire::openai::chat::{
    self, ChatFold, ChatRequest, ChatResponse, Choice, FinishReason, Tool,
};
use tribune_wire::openai::models::ModelList;
use tribune_wire::stream::Limits;
use tribune_wire::{Answer, Field, Json, Stop as WireStop};

use super::calls::{Given, numbered};
use super::{
    Dialect, Folding, Manner, Said, Unread, Written, folding, left_out, opened, seed, stopped,
    usage,
};
use crate::{Conversation, Message, Settings, Stop, ToolCall};

/// Words that servers use where the protocol says `stop` or `tool_calls`.
const FINISHED: &[&str] = &[
    "tool_call",
    "tool_use",
    "end_turn",
    "stop_sequence",
    "eos",
    "eos_token",
];

/// Words that servers use where the protocol says `length`.
const LENGTH: &[&str] = &["max_tokens", "max_output_tokens", "model_length"];

/// OpenAI's chat completions.
#[derive(Debug)]
pub(super) struct Chat;

impl Dialect for Chat {
    fn version(&self) -> &'static str {
        ""
    }

    fn path(&self, _model: &str, _stream: bool) -> String {
        "/chat/completions".to_owned()
    }

    fn list(&self) -> &'static str {
        "/models"
    }

    fn head(
        &self,
        model: &str,
        conversation: &Conversation,
        settings: &Settings,
        manner: &Manner,
    ) -> Result<String, serde_json::Error> {
        let tools: Vec<Tool> = conversation
            .tools
            .iter()
            .map(|tool| Tool::function(&tool.name, &tool.description, tool.parameters.clone()))
            .collect();
        let most = settings.max_output_tokens.map(Number::from);
        let (newer, older) = match manner.old_limit {
            true => (None, most),
            false => (most, None),
        };
        let usage = || Map::from_iter([("include_usage".to_owned(), Value::Bool(true))]);
        opened(&ChatRequest {
            model: Field::Is(model.to_owned()),
            temperature: settings.temperature.and_then(Number::from_f64).into(),
            max_completion_tokens: newer.into(),
            max_tokens: older.into(),
            seed: seed(settings).map(Number::from).into(),
            stream: manner.stream.then_some(true).into(),
            stream_options: manner.stream.then(usage).into(),
            tools: (!tools.is_empty()).then_some(tools).into(),
            messages: Field::Is(Vec::new()),
            ..ChatRequest::default()
        })
    }

    fn write(&self, conversation: &Conversation) -> Result<Written, serde_json::Error> {
        let mut written = Written::default();
        if !conversation.system.is_empty() {
            let system = chat::Message::of("system", &conversation.system);
            written.messages.push(serde_json::to_string(&system)?);
        }
        let mut given = Given::default();
        for message in &conversation.messages {
            written.starts.push(written.messages.len());
            written.messages.push(match message {
                Message::User { text } => serde_json::to_string(&chat::Message::of("user", text))?,
                Message::Assistant {
                    text, calls, raw, ..
                } => match raw.as_deref().filter(|raw| raw.is_object()) {
                    Some(raw) => {
                        given.learn(calls, ids(raw));
                        serde_json::to_string(raw)?
                    }
                    None => serde_json::to_string(&assistant(text, calls))?,
                },
                Message::Tool { call, text } => serde_json::to_string(&chat::Message {
                    tool_call_id: Field::Is(given.of(call).id.to_owned()),
                    ..chat::Message::of("tool", text)
                })?,
            });
        }
        Ok(written)
    }

    fn folding(&self, limits: Limits) -> Box<dyn Folding> {
        folding::<ChatFold>(limits)
    }

    fn read(&self, conversation: &Conversation, answer: Value) -> Result<Said, Unread> {
        let response = ChatResponse::from_value(answer)
            .map_err(|_| Unread::new("the answer is no completion: it is no object"))?;
        let usage = usage(&response.end().usage);
        said(conversation, response).map_err(|what| Unread { what, usage })
    }

    /// Every server says why an answer is over once it is.
    fn is_cut(&self, answer: &Value) -> bool {
        let choice = answer.pointer("/choices/0");
        choice.is_some_and(|choice| choice.get("finish_reason").is_none_or(Value::is_null))
    }

    fn names(&self, list: Value) -> Vec<String> {
        ModelList::from_value(list).map_or_else(
            |_| Vec::new(),
            |list| list.names().map(str::to_owned).collect(),
        )
    }
}

/// What an answer says; otherwise what is wrong with it.
fn said(conversation: &Conversation, mut response: ChatResponse) -> Result<Said, String> {
    let choice = response.first().ok_or("the answer has no choices")?;
    let message = choice
        .message
        .get()
        .ok_or("the answer's first choice has no message")?;
    if let Some(other) = message.tool_calls.other() {
        return Err(format!("tool_calls is not a list of calls: {other}"));
    }
    let stop = stop(choice, message, &response)?;
    let made = response.calls().into_iter().filter(|call| {
        // The form that came before `tool_calls` has no ids, and was not asked for.
        call.choice == 0 && call.kind != "function_call"
    });
    let calls = numbered(conversation, made.collect())?;
    let text = response.text();
    let reasoning = message.shown_reasoning().map(str::to_owned);
    let notes = left_out(others(message));
    let end = response.end();
    let raw = match &mut response.choices {
        Field::Is(choices) if !choices.is_empty() => choices.swap_remove(0).message.get().cloned(),
        _ => None,
    };
    Ok(Said {
        message: Message::Assistant {
            text,
            reasoning,
            calls,
            raw: raw.map(|raw| Arc::new(raw.into_value())),
        },
        stop,
        usage: usage(&end.usage),
        model: response.model.text().map(str::to_owned),
        fingerprint: response.system_fingerprint.text().map(str::to_owned),
        notes,
    })
}

/// The ids of the calls in a message as the server sent it.
fn ids(raw: &Value) -> impl Iterator<Item = &str> {
    let calls = raw.get("tool_calls").and_then(Value::as_array);
    calls
        .into_iter()
        .flatten()
        .map(|call| call.get("id").and_then(Value::as_str).unwrap_or_default())
}

/// Parts of a message that are neither text nor refusal.
fn others(message: &chat::Message) -> usize {
    let parts = match message.content.get() {
        Some(chat::Content::Parts(parts)) => parts
            .iter()
            .filter(|part| !part.text.is_given() && !part.refusal.is_given())
            .count(),
        _ => 0,
    };
    // OpenRouter's place for them.
    let images = message.rest.get("images").and_then(Value::as_array);
    parts + images.map_or(0, Vec::len)
}

/// A message of a model that did not come over this wire.
fn assistant(text: &str, calls: &[ToolCall]) -> chat::Message {
    if calls.is_empty() {
        return chat::Message::of("assistant", text);
    }
    let calls = calls.iter().map(|call| chat::ToolCall {
        id: Field::Is(call.id.as_str().to_owned()),
        kind: Field::Is("function".to_owned()),
        function: Field::Is(chat::FunctionCall {
            name: Field::Is(call.name.clone()),
            arguments: Field::Is(call.arguments.clone()),
            ..chat::FunctionCall::default()
        }),
        ..chat::ToolCall::default()
    });
    let content = match text {
        "" => Field::Null,
        _ => Field::Is(chat::Content::Text(text.to_owned())),
    };
    chat::Message {
        role: Field::Is("assistant".to_owned()),
        content,
        tool_calls: Field::Is(calls.collect()),
        ..chat::Message::default()
    }
}

/// Why the model stopped. Servers differ more in this than in all else: some have words of their
/// own. What says nothing is no end, whatever words it has.
fn stop(choice: &Choice, message: &chat::Message, response: &ChatResponse) -> Result<Stop, String> {
    let empty = message.text().trim().is_empty() && message.calls().is_empty();
    let refusal = message.refusal().unwrap_or_default();
    let end = response.end();
    let stop = match choice.finish_reason.get() {
        Some(FinishReason::Other(word)) => match word.to_ascii_lowercase().as_str() {
            word if FINISHED.contains(&word) => WireStop::Finished,
            word if LENGTH.contains(&word) => WireStop::Length,
            _ => WireStop::Other,
        },
        None => return Err("the answer has no finish_reason".to_owned()),
        _ => end.stop,
    };
    // Words of refusal and nothing else, under whatever reason.
    let stop = match stop {
        WireStop::Finished | WireStop::Calls if empty && !refusal.is_empty() => WireStop::Refused,
        stop => stop,
    };
    let refusal = if stop == WireStop::Refused || empty {
        refusal
    } else {
        ""
    };
    stopped(stop, end.word.as_deref(), refusal)
}
