//! A request for a response.

use serde_json::{Map, Number, Value};

use super::Item;
use crate::object::{either, object};

object! {
    /// A request. Its input is written last of the known fields.
    pub struct ResponsesRequest {
        /// The model asked for.
        model: String = "model",
        /// The system prompt; Codex sends none and uses items of the role `developer`.
        instructions: String = "instructions",
        /// Sampling temperature.
        temperature: Number = "temperature",
        /// The most tokens of the answer, reasoning included.
        max_output_tokens: Number = "max_output_tokens",
        /// Whether the answer is to be streamed.
        stream: bool = "stream",
        /// Whether the server keeps the response.
        store: bool = "store",
        /// What else the response is to hold, such as `reasoning.encrypted_content`.
        include: Vec<String> = "include",
        /// How hard the model is to think and what is shown of it.
        reasoning: Map<String, Value> = "reasoning",
        /// A response that this one continues.
        previous_response_id: String = "previous_response_id",
        /// Whether several calls may be made at once.
        parallel_tool_calls: bool = "parallel_tool_calls",
        /// The tools at hand.
        tools: Vec<Tool> = "tools",
        /// The conversation, oldest first, or only its newest part.
        input: Input = "input",
    }

    /// A tool at hand.
    pub struct Tool {
        /// `function`, `custom`, `namespace`, `web_search`, or another.
        kind: String = "type",
        /// Its name.
        name: String = "name",
        /// What it does.
        description: String = "description",
        /// The JSON Schema of its arguments.
        parameters: Value = "parameters",
        /// Of a namespace: the tools in it.
        tools: Vec<Tool> = "tools",
    }
}

either! {
    /// What a model is given.
    pub enum Input {
        /// The words of a user.
        Text(String),
        /// Items, in order.
        Items(Vec<Item>),
    }
}
