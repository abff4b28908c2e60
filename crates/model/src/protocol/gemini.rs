//! Gemini's content: the model is named in the path, answers of functions are parts of one turn of
//! the user, and parts with a signature go back as they came and where they stood.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tribune_wire::gemini::{
    Content, FunctionCall, FunctionDeclaration, FunctionResponse, GenerateFold, GenerateRequest,
    GenerateResponse, ModelList, Part, Tool,
};
use tribune_wire::stream::Limits;
use tribune_wire::{Answer, Field, Json, Stop as WireStop};

use super::calls::{Given, numbered};
use super::{
    Dialect, Folding, Manner, Said, Unread, Written, folding, left_out, object, opened, seed,
    stopped, usage,
};
use crate::{Conversation, Message, Settings, ToolCall};

/// Gemini's content.
#[derive(Debug)]
pub(super) struct Gemini;

impl Dialect for Gemini {
    fn version(&self) -> &'static str {
        "/v1beta"
    }

    fn path(&self, model: &str, stream: bool) -> String {
        let folder = if model.contains('/') { "" } else { "models/" };
        let model = escaped(model);
        if stream {
            format!("/{folder}{model}:streamGenerateContent?alt=sse")
        } else {
            format!("/{folder}{model}:generateContent")
        }
    }

    fn list(&self) -> &'static str {
        "/models?pageSize=1000"
    }

    fn head(
        &self,
        _model: &str,
        conversation: &Conversation,
        settings: &Settings,
        _manner: &Manner,
    ) -> Result<String, serde_json::Error> {
        let functions: Vec<FunctionDeclaration> = conversation
            .tools
            .iter()
            .map(|tool| {
                FunctionDeclaration::new(&tool.name, &tool.description, tool.parameters.clone())
            })
            .collect();
        let mut config = Map::new();
        if let Some(temperature) = settings.temperature {
            config.insert("temperature".to_owned(), json!(temperature));
        }
        if let Some(most) = settings.max_output_tokens {
            config.insert("maxOutputTokens".to_owned(), json!(most));
        }
        if let Some(seed) = seed(settings) {
            // A signed number of 32 bits there.
            config.insert("seed".to_owned(), json!(seed >> 1));
        }
        let system = Some(conversation.system.as_str()).filter(|system| !system.is_empty());
        let system = system.map(|system| Content {
            role: Field::Absent,
            ..Content::of("", system)
        });
        opened(&GenerateRequest {
            system_instruction: system.into(),
            generation_config: (!config.is_empty()).then_some(config).into(),
            tools: (!functions.is_empty())
                .then(|| {
                    vec![Tool {
                        function_declarations: Field::Is(functions),
                        ..Tool::default()
                    }]
                })
                .into(),
            contents: Field::Is(Vec::new()),
            ..GenerateRequest::default()
        })
    }

    fn write(&self, conversation: &Conversation) -> Result<Written, serde_json::Error> {
        let mut written = Written::default();
        let mut given = Given::default();
        let mut results: Vec<Part> = Vec::new();
        for message in &conversation.messages {
            if !matches!(message, Message::Tool { .. }) {
                flush(&mut results, &mut written)?;
            }
            written.starts.push(written.messages.len());
            match message {
                Message::User { text } => {
                    let content = Content::of("user", text);
                    written.messages.push(serde_json::to_string(&content)?);
                }
                Message::Assistant {
                    text, calls, raw, ..
                } => match raw.as_deref() {
                    Some(raw) => {
                        given.learn(calls, ids(raw));
                        written.messages.push(serde_json::to_string(raw)?);
                    }
                    None => {
                        let parts = assistant(text, calls);
                        if !parts.is_empty() {
                            put(&mut written, "model", parts)?;
                        }
                    }
                },
                Message::Tool { call, text } => {
                    let theirs = given.of(call);
                    let id = Some(theirs.id).filter(|id| !id.is_empty());
                    results.push(Part {
                        function_response: Field::Is(FunctionResponse {
                            id: id.map(str::to_owned).into(),
                            name: Field::Is(theirs.name.to_owned()),
                            response: Field::Is(json!({"output": text})),
                            ..FunctionResponse::default()
                        }),
                        ..Part::default()
                    });
                }
            }
        }
        flush(&mut results, &mut written)?;
        Ok(written)
    }

    fn folding(&self, limits: Limits) -> Box<dyn Folding> {
        folding::<GenerateFold>(limits)
    }

    fn read(&self, conversation: &Conversation, answer: Value) -> Result<Said, Unread> {
        let response = GenerateResponse::from_value(answer)
            .map_err(|_| Unread::new("the answer is no content: it is no object"))?;
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
fn said(conversation: &Conversation, mut response: GenerateResponse) -> Result<Said, String> {
    let end = response.end();
    if response.first().is_none() && end.stop != WireStop::Filtered {
        return Err("the answer has no candidates".to_owned());
    }
    let stop = stopped(end.stop, end.word.as_deref(), "")?;
    let made = response.calls().into_iter();
    let made = made.filter(|call| call.choice == 0 && call.kind == "functionCall");
    let mut calls = numbered(conversation, made.collect())?;
    for call in &mut calls {
        if call.arguments.is_empty() {
            // A call without arguments has no field for them.
            "{}".clone_into(&mut call.arguments);
        }
    }
    let text = response.text();
    let reasoning = Some(response.reasoning()).filter(|text| !text.is_empty());
    let content = match &mut response.candidates {
        Field::Is(candidates) if !candidates.is_empty() => {
            match candidates.swap_remove(0).content {
                Field::Is(content) => Some(content),
                _ => None,
            }
        }
        _ => None,
    };
    let is_other = |part: &&Part| part.inline_data.is_given() || part.file_data.is_given();
    let others = content
        .as_ref()
        .map_or(0, |content| content.parts().iter().filter(is_other).count());
    // A turn of no parts cannot be sent back.
    let raw = content
        .filter(|content| !content.parts().is_empty())
        .map(|content| Arc::new(content.into_value()));
    Ok(Said {
        message: Message::Assistant {
            text,
            reasoning,
            calls,
            raw,
        },
        stop,
        usage: usage(&end.usage),
        model: response.model_version.text().map(str::to_owned),
        fingerprint: None,
        notes: left_out(others),
    })
}

fn put(written: &mut Written, role: &str, parts: Vec<Part>) -> Result<(), serde_json::Error> {
    let content = Content {
        role: Field::Is(role.to_owned()),
        parts: Field::Is(parts),
        ..Content::default()
    };
    written.messages.push(serde_json::to_string(&content)?);
    Ok(())
}

fn flush(results: &mut Vec<Part>, written: &mut Written) -> Result<(), serde_json::Error> {
    if results.is_empty() {
        return Ok(());
    }
    put(written, "user", std::mem::take(results))
}

/// The ids of the calls in a turn as the server sent it; most servers give none.
fn ids(raw: &Value) -> impl Iterator<Item = &str> {
    let parts = raw.get("parts").and_then(Value::as_array);
    let calls = parts
        .into_iter()
        .flatten()
        .filter_map(|part| part.get("functionCall"));
    calls.map(|call| call.get("id").and_then(Value::as_str).unwrap_or_default())
}

/// The parts of a turn that did not come over this wire.
fn assistant(text: &str, calls: &[ToolCall]) -> Vec<Part> {
    let mut parts = Vec::new();
    if !text.is_empty() {
        parts.push(Part {
            text: Field::Is(text.to_owned()),
            ..Part::default()
        });
    }
    parts.extend(calls.iter().map(|call| Part {
        function_call: Field::Is(FunctionCall {
            id: Field::Is(call.id.as_str().to_owned()),
            name: Field::Is(call.name.clone()),
            args: Field::Is(object(&call.arguments)),
            ..FunctionCall::default()
        }),
        ..Part::default()
    }));
    parts
}

/// A model's name where a path holds it: it must not end the path.
fn escaped(model: &str) -> String {
    let mut path = String::with_capacity(model.len());
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_./@".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}
