//! The parts of a conversation in the words of each protocol, as what was heard.

use serde_json::Value;

use crate::Protocol;
use crate::intercept::{Heard, Words};

/// Takes in one message, item or turn.
pub(crate) fn hear(protocol: Protocol, value: &Value, most: usize, heard: &mut Vec<Heard>) {
    let mut ear = Ear {
        most,
        heard,
        run: None,
    };
    match protocol {
        Protocol::ChatCompletions => ear.chat(value),
        Protocol::Responses => ear.item(value),
        Protocol::Messages => ear.message(value),
        Protocol::GenerateContent => ear.content(value),
    }
    ear.flush();
}

/// Takes in a system prompt that stands outside of the conversation.
pub(crate) fn hear_system(value: &Value, most: usize, heard: &mut Vec<Heard>) {
    let text = match value {
        Value::Object(content) => text_of(content.get("parts").unwrap_or(&Value::Null)),
        value => text_of(value),
    };
    if !text.is_empty() {
        heard.push(Heard::System(Words::of(&text, most)));
    }
}

/// Whose words a run of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaker {
    System,
    User,
    Assistant,
}

impl Speaker {
    fn of(role: &str) -> Option<Self> {
        Some(match role {
            "system" | "developer" => Self::System,
            "user" => Self::User,
            "assistant" | "model" => Self::Assistant,
            _ => return None,
        })
    }
}

struct Ear<'a> {
    most: usize,
    heard: &'a mut Vec<Heard>,
    /// Texts that stand together are one.
    run: Option<(Speaker, String)>,
}

impl Ear<'_> {
    fn flush(&mut self) {
        if let Some((speaker, text)) = self.run.take()
            && !text.is_empty()
        {
            let words = Words::of(&text, self.most);
            self.heard.push(match speaker {
                Speaker::System => Heard::System(words),
                Speaker::User => Heard::User(words),
                Speaker::Assistant => Heard::Assistant(words),
            });
        }
    }

    fn say(&mut self, speaker: Speaker, text: &str) {
        if self.run.as_ref().is_some_and(|(of, _)| *of != speaker) {
            self.flush();
        }
        match &mut self.run {
            Some((_, run)) if !run.is_empty() => {
                run.push('\n');
                run.push_str(text);
            }
            Some((_, run)) => run.push_str(text),
            None => self.run = Some((speaker, text.to_owned())),
        }
    }

    fn push(&mut self, heard: Heard) {
        self.flush();
        self.heard.push(heard);
    }

    fn other(&mut self, kind: &str) {
        self.push(Heard::Other(kind.chars().take(80).collect()));
    }

    fn call(&mut self, id: &str, name: &str, arguments: &str) {
        let arguments = Words::of(arguments, self.most);
        let (id, name) = (short(id), short(name));
        self.push(Heard::Call {
            id,
            name,
            arguments,
        });
    }

    fn result(&mut self, call: &str, text: &str, failed: bool) {
        let text = Words::of(text, self.most);
        self.push(Heard::Result {
            call: short(call),
            text,
            failed,
        });
    }

    /// Text, or parts of which some are text.
    fn parts(&mut self, speaker: Speaker, content: &Value) {
        match content {
            Value::String(text) => self.say(speaker, text),
            Value::Array(parts) => {
                for part in parts {
                    match (part.as_str(), text_in(part), str_of(part, "type")) {
                        (Some(text), ..) | (None, Some(text), _) => self.say(speaker, text),
                        (_, _, "thinking" | "redacted_thinking") => {}
                        (_, _, kind) => self.other(kind),
                    }
                }
            }
            Value::Null => {}
            _ => self.other("content"),
        }
    }

    fn chat(&mut self, message: &Value) {
        let role = str_of(message, "role");
        let content = message.get("content").unwrap_or(&Value::Null);
        if matches!(role, "tool" | "function") {
            let id = match str_of(message, "tool_call_id") {
                "" => str_of(message, "name"),
                id => id,
            };
            return self.result(id, &text_of(content), false);
        }
        if Speaker::of(role).is_none() {
            self.other(role);
        }
        let speaker = Speaker::of(role).unwrap_or(Speaker::User);
        self.parts(speaker, content);
        if let Some(refusal) = message.get("refusal").and_then(Value::as_str) {
            self.say(speaker, refusal);
        }
        let calls = message.get("tool_calls").and_then(Value::as_array);
        for call in calls.into_iter().flatten() {
            let of = call
                .get("function")
                .or_else(|| call.get("custom"))
                .unwrap_or(call);
            let arguments = of.get("arguments").or_else(|| of.get("input"));
            self.call(str_of(call, "id"), str_of(of, "name"), &printed(arguments));
        }
        if let Some(call) = message.get("function_call").filter(|call| call.is_object()) {
            self.call("", str_of(call, "name"), &printed(call.get("arguments")));
        }
    }

    fn message(&mut self, message: &Value) {
        let role = str_of(message, "role");
        if Speaker::of(role).is_none() {
            self.other(role);
        }
        let speaker = Speaker::of(role).unwrap_or(Speaker::User);
        let Some(Value::Array(blocks)) = message.get("content") else {
            return self.parts(speaker, message.get("content").unwrap_or(&Value::Null));
        };
        for block in blocks {
            match str_of(block, "type") {
                "text" => self.say(speaker, str_of(block, "text")),
                "thinking" | "redacted_thinking" => {}
                kind if kind == "tool_use" || kind.ends_with("_tool_use") => {
                    self.call(
                        str_of(block, "id"),
                        str_of(block, "name"),
                        &printed(block.get("input")),
                    );
                }
                kind if kind == "tool_result" || kind.ends_with("_tool_result") => {
                    let text = text_of(block.get("content").unwrap_or(&Value::Null));
                    let failed = block.get("is_error") == Some(&Value::Bool(true));
                    self.result(str_of(block, "tool_use_id"), &text, failed);
                }
                kind => self.other(kind),
            }
        }
    }

    fn item(&mut self, item: &Value) {
        if let Some(text) = item.as_str() {
            return self.say(Speaker::User, text);
        }
        let kind = str_of(item, "type");
        match kind {
            "" | "message" => {
                let role = str_of(item, "role");
                if Speaker::of(role).is_none() {
                    self.other(role);
                }
                let speaker = Speaker::of(role).unwrap_or(Speaker::User);
                self.parts(speaker, item.get("content").unwrap_or(&Value::Null));
            }
            "reasoning" => {}
            kind if kind.ends_with("_call") => {
                let name = match str_of(item, "name") {
                    "" => kind,
                    name => name,
                };
                let arguments = ["arguments", "input", "action"]
                    .iter()
                    .find_map(|name| item.get(*name));
                self.call(call_id(item), name, &printed(arguments));
            }
            kind if kind.ends_with("_output") => {
                let output = item.get("output").unwrap_or(&Value::Null);
                let text = match output {
                    Value::Object(_) => output.to_string(),
                    output => text_of(output),
                };
                self.result(call_id(item), &text, false);
            }
            kind => self.other(kind),
        }
    }

    fn content(&mut self, content: &Value) {
        let role = str_of(content, "role");
        let speaker = Speaker::of(role).unwrap_or(Speaker::User);
        let parts = content.get("parts").and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            let member = |camel: &str, snake: &str| {
                part.get(camel)
                    .or_else(|| part.get(snake))
                    .filter(|value| value.is_object())
            };
            let named = |value: &Value| match str_of(value, "id") {
                "" => str_of(value, "name").to_owned(),
                id => id.to_owned(),
            };
            if let Some(call) = member("functionCall", "function_call") {
                let arguments = printed(call.get("args"));
                self.call(&named(call), str_of(call, "name"), &arguments);
            } else if let Some(result) = member("functionResponse", "function_response") {
                let response = result.get("response").unwrap_or(&Value::Null);
                let only = response
                    .as_object()
                    .filter(|map| map.len() == 1)
                    .and_then(|map| map.values().next());
                let text = match only.and_then(Value::as_str) {
                    Some(text) => text.to_owned(),
                    None => response.to_string(),
                };
                self.result(&named(result), &text, response.get("error").is_some());
            } else if part.get("thought") == Some(&Value::Bool(true)) {
            } else if let Some(text) = part.get("text").and_then(Value::as_str) {
                self.say(speaker, text);
            } else if let Some(map) = part.as_object() {
                let kind = map.keys().next().map_or("", String::as_str);
                self.other(kind);
            }
        }
    }
}

fn str_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn call_id(item: &Value) -> &str {
    match str_of(item, "call_id") {
        "" => str_of(item, "id"),
        id => id,
    }
}

fn text_in(part: &Value) -> Option<&str> {
    let text = part.get("text").or_else(|| part.get("refusal"));
    text.and_then(Value::as_str)
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

/// Arguments as text: text as it is, all else as JSON.
fn printed(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(value) => value.to_string(),
    }
}

/// The words of a text or of a list of parts.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts
                .iter()
                .filter_map(|part| part.as_str().or_else(|| text_in(part)));
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}
