//! OpenAI's responses: a turn of the model is several items, and all of them go back, sealed
//! reasoning included. Nothing is kept at the provider.

use std::sync::Arc;

use serde_json::{Map, Number, Value};
use tribune_wire::openai::models::ModelList;
use tribune_wire::openai::responses::{
    Content, Input, Item, Response, ResponseFold, ResponsesRequest, Tool,
};
use tribune_wire::stream::Limits;
use tribune_wire::{Answer, Field, Json};

use super::calls::{Given, numbered};
use super::{
    Dialect, Folding, Manner, Said, Unread, Written, folding, left_out, opened, stopped, usage,
};
use crate::{Conversation, Message, Settings};

/// Kinds of calls that we carry out; others are the provider's own.
const OURS: [&str; 2] = ["function_call", "custom_tool_call"];

/// OpenAI's responses.
#[derive(Debug)]
pub(super) struct Responses;

impl Dialect for Responses {
    fn version(&self) -> &'static str {
        ""
    }

    fn path(&self, _model: &str, _stream: bool) -> String {
        "/responses".to_owned()
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
            .map(|tool| Tool {
                kind: Field::Is("function".to_owned()),
                name: Field::Is(tool.name.clone()),
                description: Field::Is(tool.description.clone()),
                parameters: Field::Is(tool.parameters.clone()),
                // Strict is the default here and allows only a part of JSON Schema.
                rest: Map::from_iter([("strict".to_owned(), Value::Bool(false))]),
                ..Tool::default()
            })
            .collect();
        let sealed = || vec!["reasoning.encrypted_content".to_owned()];
        let system = Some(&conversation.system).filter(|system| !system.is_empty());
        opened(&ResponsesRequest {
            model: Field::Is(model.to_owned()),
            instructions: system.cloned().into(),
            temperature: settings.temperature.and_then(Number::from_f64).into(),
            max_output_tokens: settings.max_output_tokens.map(Number::from).into(),
            stream: manner.stream.then_some(true).into(),
            store: Field::Is(false),
            include: manner.sealed_reasoning.then(sealed).into(),
            tools: (!tools.is_empty()).then_some(tools).into(),
            input: Field::Is(Input::Items(Vec::new())),
            ..ResponsesRequest::default()
        })
    }

    fn write(&self, conversation: &Conversation) -> Result<Written, serde_json::Error> {
        let mut written = Written::default();
        let mut given = Given::default();
        for message in &conversation.messages {
            written.starts.push(written.messages.len());
            let mut put = |item: &Item| -> Result<(), serde_json::Error> {
                written.messages.push(serde_json::to_string(item)?);
                Ok(())
            };
            match message {
                Message::User { text } => put(&Item::message("user", text))?,
                Message::Assistant {
                    text, calls, raw, ..
                } => match raw.as_deref().and_then(Value::as_array) {
                    Some(items) => {
                        given.learn(calls, ids(items));
                        for item in items {
                            written.messages.push(serde_json::to_string(item)?);
                        }
                    }
                    None => {
                        if !text.is_empty() {
                            put(&Item::message("assistant", text))?;
                        }
                        for call in calls {
                            put(&Item {
                                kind: Field::Is("function_call".to_owned()),
                                call_id: Field::Is(call.id.as_str().to_owned()),
                                name: Field::Is(call.name.clone()),
                                arguments: Field::Is(call.arguments.clone()),
                                ..Item::default()
                            })?;
                        }
                    }
                },
                Message::Tool { call, text } => put(&Item {
                    kind: Field::Is("function_call_output".to_owned()),
                    call_id: Field::Is(given.of(call).id.to_owned()),
                    output: Field::Is(Content::Text(text.clone())),
                    ..Item::default()
                })?,
            }
        }
        Ok(written)
    }

    fn folding(&self, limits: Limits) -> Box<dyn Folding> {
        folding::<ResponseFold>(limits)
    }

    fn read(&self, conversation: &Conversation, answer: Value) -> Result<Said, Unread> {
        let response = Response::from_value(answer)
            .map_err(|_| Unread::new("the answer is no response: it is no object"))?;
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
fn said(conversation: &Conversation, mut response: Response) -> Result<Said, String> {
    if response.output.get().is_none() {
        return Err("the answer has no output, or none that is a list of items".to_owned());
    }
    let end = response.end();
    let stop = stopped(end.stop, end.word.as_deref(), &response.refusal())?;
    let ours = |kind: &str| OURS.contains(&kind);
    let made = response.calls().into_iter().filter(|call| ours(&call.kind));
    let calls = numbered(conversation, made.collect())?;
    let text = response.text();
    let reasoning = Some(response.reasoning()).filter(|text| !text.is_empty());
    let is_other = |item: &&Item| item.kind.text() == Some("image_generation_call");
    let notes = left_out(response.items().iter().filter(is_other).count());
    let raw = std::mem::take(&mut response.output);
    Ok(Said {
        message: Message::Assistant {
            text,
            reasoning,
            calls,
            raw: raw.get().cloned().map(|items| Arc::new(items.into_value())),
        },
        stop,
        usage: usage(&end.usage),
        model: response.model.text().map(str::to_owned),
        fingerprint: None,
        notes,
    })
}

/// The ids by which results name the calls among some items.
fn ids(items: &[Value]) -> impl Iterator<Item = &str> {
    items
        .iter()
        .filter(|item| {
            let kind = item.get("type").and_then(Value::as_str);
            kind.is_some_and(|kind| OURS.contains(&kind))
        })
        .map(|item| {
            let field = |name: &str| item.get(name).and_then(Value::as_str);
            field("call_id").or_else(|| field("id")).unwrap_or_default()
        })
}
