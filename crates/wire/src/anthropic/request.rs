//! A request for a message.

use serde_json::{Map, Number, Value};

use super::{Content, Message};
use crate::Field;
use crate::object::object;

object! {
    /// A request. Its messages are written last of the known fields.
    pub struct MessagesRequest {
        /// The model asked for.
        model: String = "model",
        /// The most tokens of the answer.
        max_tokens: Number = "max_tokens",
        /// The system prompt, as text or blocks.
        system: Content = "system",
        /// Sampling temperature.
        temperature: Number = "temperature",
        /// Whether the answer is to be streamed.
        stream: bool = "stream",
        /// How the model may think: `enabled`, `adaptive`, `disabled`.
        thinking: Map<String, Value> = "thinking",
        /// Which tool must or may be called.
        tool_choice: Map<String, Value> = "tool_choice",
        /// What the server may drop from a long conversation.
        context_management: Map<String, Value> = "context_management",
        /// How hard the model is to work and in what form it is to answer.
        output_config: Map<String, Value> = "output_config",
        /// Texts that end the answer.
        stop_sequences: Vec<String> = "stop_sequences",
        /// The tools at hand.
        tools: Vec<Tool> = "tools",
        /// The conversation, oldest first.
        messages: Vec<Message> = "messages",
    }

    /// A tool at hand.
    pub struct Tool {
        /// Absent for a tool of the client, a dated name for one that the provider knows.
        kind: String = "type",
        /// Its name.
        name: String = "name",
        /// What it does.
        description: String = "description",
        /// The JSON Schema of its arguments.
        input_schema: Value = "input_schema",
    }
}

impl Tool {
    /// A tool of the client.
    #[must_use]
    pub fn new(name: &str, description: &str, input_schema: Value) -> Self {
        Self {
            name: Field::Is(name.to_owned()),
            description: Field::Is(description.to_owned()),
            input_schema: Field::Is(input_schema),
            ..Self::default()
        }
    }
}
