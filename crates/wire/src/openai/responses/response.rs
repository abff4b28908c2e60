//! A response.

use serde_json::Number;

use super::Item;
use crate::answer::Tokens;
use crate::object::object;
use crate::openai::chat::TokenDetails;
use crate::openai::error::ErrorBody;

object! {
    /// A response.
    pub struct Response {
        /// The server's id for it.
        id: String = "id",
        /// `completed`, `incomplete`, `failed`, `in_progress`, `cancelled`, `queued`.
        status: String = "status",
        /// The model that answered.
        model: String = "model",
        /// The items, in order.
        output: Vec<Item> = "output",
        /// Why there is no answer, if there is none.
        error: ErrorBody = "error",
        /// Why it is incomplete, if it is.
        incomplete_details: Incomplete = "incomplete_details",
        /// Tokens.
        usage: Usage = "usage",
    }

    /// Why a response is incomplete.
    pub struct Incomplete {
        /// `max_output_tokens`, `content_filter`, or another.
        reason: String = "reason",
    }

    /// Tokens.
    pub struct Usage {
        /// Tokens sent.
        input_tokens: Number = "input_tokens",
        /// Of those sent, which ones were cached.
        input_tokens_details: TokenDetails = "input_tokens_details",
        /// Tokens received, reasoning included.
        output_tokens: Number = "output_tokens",
        /// Of those received, which ones were reasoning.
        output_tokens_details: TokenDetails = "output_tokens_details",
    }
}

impl Response {
    /// The items, in order.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        self.output.get().map_or(&[], Vec::as_slice)
    }
}

impl Usage {
    /// The same in the words that all protocols share.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        let sent = self.input_tokens_details.get();
        let received = self.output_tokens_details.get();
        Tokens {
            input: self.input_tokens.whole(),
            output: self.output_tokens.whole(),
            cached: sent.and_then(|details| details.cached_tokens.whole()),
            cache_written: None,
            reasoning: received.and_then(|details| details.reasoning_tokens.whole()),
            cost: None,
        }
    }
}
