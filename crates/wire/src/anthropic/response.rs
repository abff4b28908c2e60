//! A model's message.

use serde_json::{Number, Value};

use super::Block;
use super::error::ErrorBody;
use crate::Field;
use crate::answer::Tokens;
use crate::object::{object, words};

object! {
    /// A response.
    pub struct MessagesResponse {
        /// The server's id for it.
        id: String = "id",
        /// `message`; `error` where it is none.
        kind: String = "type",
        /// `assistant`.
        role: String = "role",
        /// The model that answered.
        model: String = "model",
        /// The blocks, in order.
        content: Vec<Block> = "content",
        /// Why the model stopped.
        stop_reason: StopReason = "stop_reason",
        /// The text that ended it, if one did.
        stop_sequence: String = "stop_sequence",
        /// Tokens.
        usage: Usage = "usage",
        /// An error in place of a message.
        error: ErrorBody = "error",
    }

    /// Tokens.
    pub struct Usage {
        /// Tokens sent that no cache had to do with.
        input_tokens: Number = "input_tokens",
        /// Tokens sent that were written to a cache.
        cache_creation_input_tokens: Number = "cache_creation_input_tokens",
        /// Tokens sent that were read from a cache.
        cache_read_input_tokens: Number = "cache_read_input_tokens",
        /// Tokens received, reasoning included.
        output_tokens: Number = "output_tokens",
    }
}

words! {
    /// Why a model stopped.
    pub enum StopReason {
        /// It was done.
        EndTurn = "end_turn",
        /// It reached the most tokens.
        MaxTokens = "max_tokens",
        /// It filled what the model can hold.
        ContextWindow = "model_context_window_exceeded",
        /// A text that was asked for ended it.
        StopSequence = "stop_sequence",
        /// It wants its calls carried out.
        ToolUse = "tool_use",
        /// It wants to be asked again to go on.
        PauseTurn = "pause_turn",
        /// It refused.
        Refusal = "refusal",
    }
}

impl MessagesResponse {
    /// The blocks, in order.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        self.content.get().map_or(&[], Vec::as_slice)
    }
}

impl Usage {
    /// The same in the words that all protocols share.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        let written = self.cache_creation_input_tokens.whole();
        let cached = self.cache_read_input_tokens.whole();
        let input = self.input_tokens.whole().map(|plain| {
            plain
                .saturating_add(written.unwrap_or(0))
                .saturating_add(cached.unwrap_or(0))
        });
        let details = self.rest.get("output_tokens_details");
        Tokens {
            input,
            output: self.output_tokens.whole(),
            cached,
            cache_written: written,
            reasoning: details
                .and_then(|details| details.get("thinking_tokens"))
                .and_then(Value::as_u64),
            cost: None,
        }
    }

    /// Takes the newer counts; each count of a stream is the total so far.
    pub(super) fn update(&mut self, newer: Self) {
        let pairs = [
            (&mut self.input_tokens, newer.input_tokens),
            (
                &mut self.cache_creation_input_tokens,
                newer.cache_creation_input_tokens,
            ),
            (
                &mut self.cache_read_input_tokens,
                newer.cache_read_input_tokens,
            ),
            (&mut self.output_tokens, newer.output_tokens),
        ];
        for (old, new) in pairs {
            Field::replace_with(old, new);
        }
    }
}
