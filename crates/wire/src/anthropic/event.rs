//! An event of a streamed message.

use serde_json::Number;

use super::error::ErrorBody;
use super::{Block, MessagesResponse, StopReason, Usage};
use crate::object::object;

object! {
    /// An event. Which fields it has depends on its type.
    pub struct StreamEvent {
        /// `message_start`, `content_block_start`, `content_block_delta`, `content_block_stop`,
        /// `message_delta`, `message_stop`, `ping`, `error`, or another.
        kind: String = "type",
        /// The block that it belongs to.
        index: Number = "index",
        /// The message, without its blocks.
        message: MessagesResponse = "message",
        /// The block, empty as yet.
        content_block: Block = "content_block",
        /// What is added to a block or changed of the message.
        delta: Delta = "delta",
        /// Tokens so far.
        usage: Usage = "usage",
        /// An error in place of the rest.
        error: ErrorBody = "error",
    }

    /// What is added to a block or changed of the message.
    pub struct Delta {
        /// `text_delta`, `thinking_delta`, `signature_delta`, `input_json_delta`, or another;
        /// absent for what changes the message.
        kind: String = "type",
        /// Text.
        text: String = "text",
        /// Reasoning.
        thinking: String = "thinking",
        /// The signature of the reasoning.
        signature: String = "signature",
        /// A piece of the arguments, as text.
        partial_json: String = "partial_json",
        /// Why the model stopped.
        stop_reason: StopReason = "stop_reason",
        /// The text that ended it.
        stop_sequence: String = "stop_sequence",
    }
}
