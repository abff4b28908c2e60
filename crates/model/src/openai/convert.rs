//! Between the conversation that is common to every provider and the messages on this wire.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use tribune_evidence::CallId;
use tribune_wire::Field;
use tribune_wire::openai::chat::{self, ChatResponse, Choice, Content, FinishReason};

use super::failure::shortened;
use crate::{Conversation, Message, Stop, ToolCall};

/// The most characters of a refusal that are kept beside the message: an event must hold them.
const LONGEST_REFUSAL: usize = 2000;

/// Words that servers use where the protocol says `stop` or `tool_calls`.
const FINISHED: &[&str] = &[
    "function_call",
    "tool_call",
    "tool_use",
    "end_turn",
    "stop_sequence",
    "eos",
    "eos_token",
];

/// Words that servers use where the protocol says `length`.
const LENGTH: &[&str] = &["max_tokens", "max_output_tokens", "model_length"];

/// How many messages on the wire stand before the conversation's first: the system prompt, if any.
pub(super) fn offset(conversation: &Conversation) -> usize {
    usize::from(!conversation.system.is_empty())
}

/// The messages on the wire.
pub(super) fn messages(conversation: &Conversation) -> Vec<chat::Message> {
    let mut messages = Vec::with_capacity(conversation.messages.len() + 1);
    if !conversation.system.is_empty() {
        messages.push(chat::Message::of("system", &conversation.system));
    }
    // From our id of a call to the provider's, where it gave none or one that was taken.
    let mut given: HashMap<&str, String> = HashMap::new();
    for message in &conversation.messages {
        messages.push(match message {
            Message::User { text } => chat::Message::of("user", text),
            Message::Assistant {
                text, calls, raw, ..
            } => {
                let sent = raw
                    .as_deref()
                    .and_then(|raw| chat::Message::deserialize(raw).ok());
                if let Some(sent) = &sent {
                    for (ours, theirs) in calls.iter().zip(sent.calls()) {
                        given.insert(ours.id.as_str(), theirs.id().to_owned());
                    }
                }
                sent.unwrap_or_else(|| assistant(text, calls))
            }
            Message::Tool { call, text } => chat::Message {
                tool_call_id: Field::Is(
                    given
                        .get(call.as_str())
                        .cloned()
                        .unwrap_or_else(|| call.as_str().to_owned()),
                ),
                ..chat::Message::of("tool", text)
            },
        });
    }
    messages
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
        _ => Field::Is(Content::Text(text.to_owned())),
    };
    chat::Message {
        role: Field::Is("assistant".to_owned()),
        content,
        tool_calls: Field::Is(calls.collect()),
        ..chat::Message::default()
    }
}

/// Calls of one answer that are taken. More are a fault, and would fill the memory.
const MOST_CALLS: usize = 1_000;

/// The model's message and why it stopped, from a response as JSON and as its type.
pub(super) fn answer(
    conversation: &Conversation,
    value: &Value,
    response: &ChatResponse,
) -> Result<(Message, Stop), String> {
    let choice = response.first().ok_or("the answer has no choices")?;
    let message = choice
        .message
        .get()
        .ok_or("the answer's first choice has no message")?;
    if message.calls().len() > MOST_CALLS {
        let count = message.calls().len();
        return Err(format!(
            "an answer of {count} calls; at most {MOST_CALLS} are taken"
        ));
    }
    if let Some(other) = message.tool_calls.other() {
        return Err(format!("tool_calls is not a list of calls: {other}"));
    }
    let stop = stop(choice, message)?;
    let raw = value.pointer("/choices/0/message").cloned().map(Arc::new);
    let message = Message::Assistant {
        text: message.text(),
        reasoning: message.shown_reasoning().map(str::to_owned),
        calls: calls(conversation, message),
        raw,
    };
    Ok((message, stop))
}

/// The calls. The provider's ids are kept, except that an empty one and one that the conversation
/// has already are replaced: events name a call by its id, so two calls must never share one.
fn calls(conversation: &Conversation, message: &chat::Message) -> Vec<ToolCall> {
    let earlier = conversation
        .messages
        .iter()
        .flat_map(|message| match message {
            Message::Assistant { calls, .. } => calls.as_slice(),
            Message::User { .. } | Message::Tool { .. } => &[],
        });
    let mut taken: HashSet<String> = earlier.map(|call| call.id.as_str().to_owned()).collect();
    let own: HashSet<&str> = message.calls().iter().map(chat::ToolCall::id).collect();
    let mut next = taken.len();
    let mut calls = Vec::with_capacity(message.calls().len());
    for call in message.calls() {
        let mut id = call.id().to_owned();
        while id.is_empty() || taken.contains(&id) {
            next += 1;
            id = format!("call-{next}");
            if own.contains(id.as_str()) {
                id.clear();
            }
        }
        taken.insert(id.clone());
        calls.push(ToolCall {
            id: CallId::new(&id),
            name: call.name().to_owned(),
            arguments: call.arguments(),
        });
    }
    calls
}

/// Why the model stopped.
///
/// INVARIANT: it is `Finished` only where the server says so, or says nothing and there is an
/// answer: what ends a trial by choice must not be a server's trouble under an unknown word.
fn stop(choice: &Choice, message: &chat::Message) -> Result<Stop, String> {
    let empty = message.text().trim().is_empty() && message.calls().is_empty();
    let refused = |words: &str| Stop::Refused(shortened(words, LONGEST_REFUSAL));
    let reason = choice.finish_reason.get();
    Ok(match (reason, message.refusal()) {
        (Some(FinishReason::ContentFilter), words) => refused(words.unwrap_or("content_filter")),
        (_, Some(words)) if empty => refused(words),
        (Some(FinishReason::Length), _) => Stop::Length,
        (Some(FinishReason::Stop | FinishReason::ToolCalls), _) => Stop::Finished,
        (Some(FinishReason::Other(word)), _) => match word.to_ascii_lowercase().as_str() {
            word if FINISHED.contains(&word) => Stop::Finished,
            word if LENGTH.contains(&word) => Stop::Length,
            _ => {
                return Err(format!(
                    "it stopped for a reason that is not known: {word:?}"
                ));
            }
        },
        (None, _) if empty => {
            return Err("the answer has no words, no calls and no finish_reason".to_owned());
        }
        (None, _) => Stop::Finished,
    })
}
