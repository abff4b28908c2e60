//! Anthropic's messages: the answers of tools are blocks of one message of the user, and blocks of
//! thinking go back as they came.

use std::sync::Arc;

use serde_json::{Number, Value, json};
use tribune_wire::anthropic::{
    Block, Content, Message as WireMessage, MessageFold, MessagesRequest, MessagesResponse,
    ModelList, Tool,
};
use tribune_wire::stream::Limits;
use tribune_wire::{Answer, Field, Json};

use super::calls::{Given, numbered};
use super::{
    Dialect, Folding, Manner, Said, Unread, Written, folding, left_out, object, opened, stopped,
    usage,
};
use crate::{Conversation, Message, Settings, ToolCall};

/// Kinds of blocks that are text, thinking, or calls and results.
const KNOWN: [&str; 3] = ["text", "thinking", "redacted_thinking"];

/// Anthropic's messages.
#[derive(Debug)]
pub(super) struct Anthropic;

impl Dialect for Anthropic {
    fn version(&self) -> &'static str {
        "/v1"
    }

    fn path(&self, _model: &str, _stream: bool) -> String {
        "/messages".to_owned()
    }

    fn list(&self) -> &'static str {
        "/models?limit=1000"
    }

    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("anthropic-version", "2023-06-01")]
    }

    fn most_output(&self, settings: &Settings, manner: &Manner) -> Option<u64> {
        Some(
            settings
                .max_output_tokens
                .unwrap_or(manner.max_output_tokens),
        )
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
            .map(|tool| Tool::new(&tool.name, &tool.description, tool.parameters.clone()))
            .collect();
        let most = self.most_output(settings, manner);
        let system = Some(&conversation.system).filter(|system| !system.is_empty());
        opened(&MessagesRequest {
            model: Field::Is(model.to_owned()),
            max_tokens: most.map(Number::from).into(),
            system: system.cloned().map(Content::Text).into(),
            temperature: settings.temperature.and_then(Number::from_f64).into(),
            stream: manner.stream.then_some(true).into(),
            tools: (!tools.is_empty()).then_some(tools).into(),
            messages: Field::Is(Vec::new()),
            ..MessagesRequest::default()
        })
    }

    fn write(&self, conversation: &Conversation) -> Result<Written, serde_json::Error> {
        let mut written = Written::default();
        let mut given = Given::default();
        // The answers of tools must stand together, in the message after the calls.
        let mut results: Vec<Block> = Vec::new();
        for message in &conversation.messages {
            if !matches!(message, Message::Tool { .. }) {
                flush(&mut results, &mut written)?;
            }
            written.starts.push(written.messages.len());
            match message {
                Message::User { text } => put(&mut written, "user", Content::Text(text.clone()))?,
                Message::Assistant {
                    text, calls, raw, ..
                } => {
                    let blocks = raw.as_deref().and_then(Value::as_array);
                    match blocks.filter(|blocks| blocks.iter().all(is_sound)) {
                        // An answer of no blocks cannot be sent back.
                        Some(blocks) if blocks.is_empty() => {}
                        Some(blocks) => {
                            given.learn(calls, ids(blocks));
                            let message = json!({"role": "assistant", "content": blocks});
                            written.messages.push(serde_json::to_string(&message)?);
                        }
                        None => {
                            let blocks = assistant(text, calls);
                            if !blocks.is_empty() {
                                put(&mut written, "assistant", Content::Blocks(blocks))?;
                            }
                        }
                    }
                }
                Message::Tool { call, text } => results.push(Block {
                    kind: Field::Is("tool_result".to_owned()),
                    tool_use_id: Field::Is(given.of(call).id.to_owned()),
                    content: Some(text.clone())
                        .filter(|text| !text.is_empty())
                        .map(Content::Text)
                        .into(),
                    ..Block::default()
                }),
            }
        }
        flush(&mut results, &mut written)?;
        Ok(written)
    }

    fn folding(&self, limits: Limits) -> Box<dyn Folding> {
        folding::<MessageFold>(limits)
    }

    fn read(&self, conversation: &Conversation, answer: Value) -> Result<Said, Unread> {
        let response = MessagesResponse::from_value(answer)
            .map_err(|_| Unread::new("the answer is no message: it is no object"))?;
        let usage = usage(&response.end().usage);
        said(conversation, response).map_err(|what| Unread { what, usage })
    }

    fn names(&self, list: Value) -> Vec<String> {
        ModelList::from_value(list).map_or_else(
            |_| Vec::new(),
            |list| list.names().map(str::to_owned).collect(),
        )
    }
}

/// What an answer says; otherwise what is wrong with it.
fn said(conversation: &Conversation, mut response: MessagesResponse) -> Result<Said, String> {
    if response.content.get().is_none() {
        return Err("the answer has no content, or none that is a list of blocks".to_owned());
    }
    let end = response.end();
    let stop = stopped(end.stop, end.word.as_deref(), "")?;
    let made = response
        .calls()
        .into_iter()
        .filter(|call| call.kind == "tool_use");
    let calls = numbered(conversation, made.collect())?;
    let text = response.text();
    let reasoning = Some(response.reasoning()).filter(|text| !text.is_empty());
    let is_other = |block: &&Block| {
        let kind = block.kind.or_empty();
        !KNOWN.contains(&kind) && !kind.ends_with("tool_use") && !kind.ends_with("tool_result")
    };
    let notes = left_out(response.blocks().iter().filter(is_other).count());
    let raw = match std::mem::take(&mut response.content) {
        Field::Is(blocks) => Some(Arc::new(blocks.into_value())),
        _ => None,
    };
    Ok(Said {
        message: Message::Assistant {
            text,
            reasoning,
            calls,
            raw,
        },
        stop,
        usage: usage(&end.usage),
        model: response.model.text().map(str::to_owned),
        fingerprint: None,
        notes,
    })
}

fn put(written: &mut Written, role: &str, content: Content) -> Result<(), serde_json::Error> {
    let message = WireMessage {
        role: Field::Is(role.to_owned()),
        content: Field::Is(content),
        ..WireMessage::default()
    };
    written.messages.push(serde_json::to_string(&message)?);
    Ok(())
}

fn flush(results: &mut Vec<Block>, written: &mut Written) -> Result<(), serde_json::Error> {
    if results.is_empty() {
        return Ok(());
    }
    put(written, "user", Content::Blocks(std::mem::take(results)))
}

/// Whether a block can be sent back: a call that was cut off has text in place of its arguments.
fn is_sound(block: &Value) -> bool {
    block.get("type").and_then(Value::as_str) != Some("tool_use")
        || block.get("input").is_some_and(Value::is_object)
}

fn ids(blocks: &[Value]) -> impl Iterator<Item = &str> {
    let field = |block, name| -> &str {
        let block: &Value = block;
        block
            .get::<&str>(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    blocks
        .iter()
        .filter(move |block| field(block, "type") == "tool_use")
        .map(move |block| field(block, "id"))
}

/// The blocks of a message that did not come over this wire.
fn assistant(text: &str, calls: &[ToolCall]) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !text.trim().is_empty() {
        blocks.push(Block {
            kind: Field::Is("text".to_owned()),
            text: Field::Is(text.to_owned()),
            ..Block::default()
        });
    }
    blocks.extend(calls.iter().map(|call| Block {
        kind: Field::Is("tool_use".to_owned()),
        id: Field::Is(call.id.as_str().to_owned()),
        name: Field::Is(call.name.clone()),
        input: Field::Is(object(&call.arguments)),
        ..Block::default()
    }));
    blocks
}
