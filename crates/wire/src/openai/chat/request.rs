//! A request for a completion.

use serde_json::{Map, Number, Value};

use super::Message;
use crate::Field;
use crate::object::object;

object! {
    /// A request.
    ///
    /// Fields are written in the order in which they stand here. The messages are the last of the
    /// known ones: a request that has no other fields and continues an earlier one is then the earlier
    /// text with messages added before its last two characters.
    pub struct ChatRequest {
        /// The model asked for.
        model: String = "model",
        /// Sampling temperature.
        temperature: Number = "temperature",
        /// The most tokens of the answer, reasoning included.
        max_completion_tokens: Number = "max_completion_tokens",
        /// The same under its older name.
        max_tokens: Number = "max_tokens",
        /// A seed, which most servers do not promise to honour.
        seed: Number = "seed",
        /// Whether the answer is to be streamed.
        stream: bool = "stream",
        /// What a stream is to hold beside the answer, such as the usage.
        stream_options: Map<String, Value> = "stream_options",
        /// The tools at hand.
        tools: Vec<Tool> = "tools",
        /// The conversation, oldest first.
        messages: Vec<Message> = "messages",
    }

    /// A tool at hand.
    pub struct Tool {
        /// `function`, or another.
        kind: String = "type",
        /// The function.
        function: Function = "function",
    }

    /// A function that a model may call.
    pub struct Function {
        /// Its name.
        name: String = "name",
        /// What it does.
        description: String = "description",
        /// The JSON Schema of its arguments.
        parameters: Value = "parameters",
    }
}

impl Tool {
    /// A function as a tool.
    #[must_use]
    pub fn function(name: &str, description: &str, parameters: Value) -> Self {
        Self {
            kind: Field::Is("function".to_owned()),
            function: Field::Is(Function {
                name: Field::Is(name.to_owned()),
                description: Field::Is(description.to_owned()),
                parameters: Field::Is(parameters),
                rest: Map::new(),
            }),
            rest: Map::new(),
        }
    }
}
