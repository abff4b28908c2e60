//! A piece of a streamed completion.

use serde_json::Number;

use super::{FinishReason, Message, Usage};
use crate::object::object;
use crate::openai::error::ErrorBody;

object! {
    /// A piece of a response.
    pub struct Chunk {
        /// The server's id for the response, the same in every piece.
        id: String = "id",
        /// The model that answers.
        model: String = "model",
        /// The fingerprint of what answers.
        system_fingerprint: String = "system_fingerprint",
        /// Pieces of answers; none in a piece that has only the usage.
        choices: Vec<ChunkChoice> = "choices",
        /// Tokens, most often in the last piece alone.
        usage: Usage = "usage",
        /// An error in place of the rest.
        error: ErrorBody = "error",
    }

    /// A piece of an answer.
    pub struct ChunkChoice {
        /// The answer that it belongs to.
        index: Number = "index",
        /// What is added to the message: text to text, and calls by their index.
        delta: Message = "delta",
        /// Why the model stopped, in the answer's last piece.
        finish_reason: FinishReason = "finish_reason",
        /// An error in place of the rest.
        error: ErrorBody = "error",
    }
}
