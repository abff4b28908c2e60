//! One message and its blocks, in a request or in a response.

use serde_json::{Map, Value};

use crate::object::{either, object};

object! {
    /// A message of a request.
    pub struct Message {
        /// `user` or `assistant`; Claude Code also sends `system` here.
        role: String = "role",
        /// What it says.
        content: Content = "content",
    }

    /// A block of a message. Which fields it has depends on its type.
    pub struct Block {
        /// `text`, `thinking`, `redacted_thinking`, `tool_use`, `tool_result`, `image`, or another.
        kind: String = "type",
        /// The text of a block of text.
        text: String = "text",
        /// The reasoning of a block of thinking.
        thinking: String = "thinking",
        /// What proves that the reasoning is the model's own; to be sent back unchanged.
        signature: String = "signature",
        /// Reasoning that nobody can read but the provider; to be sent back unchanged.
        data: String = "data",
        /// The id of a call.
        id: String = "id",
        /// The name of the tool called.
        name: String = "name",
        /// The arguments of a call: an object, unless the call was cut off.
        input: Value = "input",
        /// The call that a result answers.
        tool_use_id: String = "tool_use_id",
        /// What a result says: text or blocks, images among them.
        content: Content = "content",
        /// Whether a result is an error.
        is_error: bool = "is_error",
        /// What an image or a document is.
        source: Map<String, Value> = "source",
        /// Where a cache may end.
        cache_control: Map<String, Value> = "cache_control",
    }
}

either! {
    /// What a message, a result or a system prompt says.
    pub enum Content {
        /// Text.
        Text(String),
        /// Blocks, in order.
        Blocks(Vec<Block>),
    }
}

impl Content {
    /// The words, all blocks of text together.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Blocks(blocks) => blocks
                .iter()
                .filter_map(|block| block.text.text())
                .collect(),
        }
    }

    /// The blocks; none where it is text.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        match self {
            Self::Text(_) => &[],
            Self::Blocks(blocks) => blocks,
        }
    }
}
