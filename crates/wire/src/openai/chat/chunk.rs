//! A piece of a streamed completion.

use serde_json::{Number, Value};

use super::{FinishReason, Message, Usage};
use crate::object::object;
use crate::openai::error::ErrorBody;

object! {
    /// A piece of a response.
    pub struct Chunk {
        /// The server's id for the response, the same in every piece.
        id: String = "id",
        /// `chat.completion.chunk`.
        object: String = "object",
        /// When it was made, in seconds since 1970.
        created: Number = "created",
        /// The model that answers.
        model: String = "model",
        /// The fingerprint of what answers.
        system_fingerprint: String = "system_fingerprint",
        /// How fast it is answered for which price.
        service_tier: String = "service_tier",
        /// Filling that hides how long a piece is; no part of the response.
        obfuscation: String = "obfuscation",
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
        /// How likely each token was.
        logprobs: Value = "logprobs",
        /// An error in place of the rest.
        error: ErrorBody = "error",
    }
}
