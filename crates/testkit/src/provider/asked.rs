//! What a request says, in no protocol's words, so that one script can play a model in all of them.

use serde_json::Value;

use super::turn::TurnCall;

/// A request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Asked {
    /// The model asked for; empty for Gemini, where the path names it.
    pub model: String,
    /// The system prompt, in whichever place it stood.
    pub system: String,
    /// The names of the tools.
    pub tools: Vec<String>,
    /// The conversation, oldest first.
    pub heard: Vec<Heard>,
}

/// A part of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// A person said this.
    User(String),
    /// The model said this; its calls follow on their own.
    Model(String),
    /// The model made a call.
    Call(TurnCall),
    /// A call gave this.
    Result {
        /// The id of the call, or the name of the function where there is no id.
        call: String,
        /// The words.
        text: String,
    },
}

impl Asked {
    /// Reads a request of any of the protocols.
    #[must_use]
    pub fn of(request: &Value) -> Self {
        let mut asked = Self {
            model: text(&request["model"]),
            ..Self::default()
        };
        for name in [
            "system",
            "instructions",
            "systemInstruction",
            "system_instruction",
        ] {
            asked.system += &text(&request[name]);
        }
        for tool in list(&request["tools"]) {
            let functions = list(&tool["functionDeclarations"]).iter();
            let nested = functions
                .chain(list(&tool["tools"]))
                .map(|tool| &tool["name"]);
            let names = [&tool["name"], &tool["function"]["name"]]
                .into_iter()
                .chain(nested);
            asked
                .tools
                .extend(names.filter_map(|name| name.as_str().map(str::to_owned)));
        }
        let lists = ["messages", "contents", "input"].map(|name| list(&request[name]));
        for message in lists.into_iter().flatten() {
            asked.hear(message);
        }
        if let Some(words) = request["input"].as_str() {
            asked.heard.push(Heard::User(words.to_owned()));
        }
        asked
    }

    fn hear(&mut self, message: &Value) {
        match message["type"].as_str() {
            Some("function_call") => {
                let id = text(&message["call_id"]);
                return self.call(id, &message["name"], &message["arguments"]);
            }
            Some("function_call_output") => {
                return self.result(text(&message["call_id"]), &message["output"]);
            }
            Some("reasoning") => return,
            _ => {}
        }
        let words = text(&message["content"]) + &text(&message["parts"]);
        match message["role"].as_str() {
            Some("system" | "developer") => self.system += &words,
            Some("assistant" | "model") if !words.is_empty() => {
                self.heard.push(Heard::Model(words));
            }
            Some("tool") => self.result(text(&message["tool_call_id"]), &message["content"]),
            Some("user") if !words.is_empty() => self.heard.push(Heard::User(words)),
            _ => {}
        }
        for call in list(&message["tool_calls"]) {
            let function = &call["function"];
            self.call(text(&call["id"]), &function["name"], &function["arguments"]);
        }
        for block in list(&message["content"])
            .iter()
            .chain(list(&message["parts"]))
        {
            match block["type"].as_str() {
                Some("tool_use") => self.call(text(&block["id"]), &block["name"], &block["input"]),
                Some("tool_result") => self.result(text(&block["tool_use_id"]), &block["content"]),
                _ => {}
            }
            let named = |part: &Value| match text(&part["id"]) {
                id if id.is_empty() => text(&part["name"]),
                id => id,
            };
            let (call, result) = (&block["functionCall"], &block["functionResponse"]);
            if call.is_object() {
                self.call(named(call), &call["name"], &call["args"]);
            }
            if result.is_object() {
                self.result(named(result), &result["response"]);
            }
        }
    }

    fn call(&mut self, id: String, name: &Value, arguments: &Value) {
        let arguments = match arguments {
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            value => value.clone(),
        };
        let name = text(name);
        self.heard.push(Heard::Call(TurnCall {
            id,
            name,
            arguments,
        }));
    }

    fn result(&mut self, call: String, output: &Value) {
        let text = match output {
            // Gemini wraps what a function gave.
            Value::Object(map) if map.len() == 1 => map.values().map(text).collect(),
            Value::Object(_) => output.to_string(),
            output => text(output),
        };
        self.heard.push(Heard::Result { call, text });
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The words of a text, of a list of parts, or of an object that has parts.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let said = |part: &&Value| part["thought"] != true;
            let texts = parts.iter().filter(said).map(|part| match part {
                Value::String(text) => text.as_str(),
                part => part["text"].as_str().unwrap_or_default(),
            });
            texts.collect()
        }
        Value::Object(_) => text(&value["parts"]),
        _ => String::new(),
    }
}
