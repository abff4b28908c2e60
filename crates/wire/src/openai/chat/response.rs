//! A completion.

use serde_json::{Number, Value};

use super::Message;
use crate::object::{object, words};
use crate::openai::error::ErrorBody;

object! {
    /// A response.
    pub struct ChatResponse {
        /// The server's id for it.
        id: String = "id",
        /// `chat.completion`.
        object: String = "object",
        /// When it was made, in seconds since 1970.
        created: Number = "created",
        /// The model that answered, often more exact than the one asked for.
        model: String = "model",
        /// The fingerprint of what answered.
        system_fingerprint: String = "system_fingerprint",
        /// How fast it was answered for which price.
        service_tier: String = "service_tier",
        /// The answers; one unless more were asked for.
        choices: Vec<Choice> = "choices",
        /// Tokens and, from some servers, money.
        usage: Usage = "usage",
        /// An error, which some servers send with status 200.
        error: ErrorBody = "error",
    }
}

impl ChatResponse {
    /// The first answer.
    #[must_use]
    pub fn first(&self) -> Option<&Choice> {
        self.choices.get()?.first()
    }

    /// The error that stands in place of an answer, if one does.
    #[must_use]
    pub fn failure(&self) -> Option<&ErrorBody> {
        self.error.get().or_else(|| self.first()?.error.get())
    }
}

object! {
    /// An answer.
    pub struct Choice {
        /// Its number, from 0.
        index: Number = "index",
        /// What the model says and calls.
        message: Message = "message",
        /// Why it stopped.
        finish_reason: FinishReason = "finish_reason",
        /// How likely each token was.
        logprobs: Value = "logprobs",
        /// An error in place of the rest of the answer, as OpenRouter sends it.
        error: ErrorBody = "error",
    }
}

words! {
    /// Why a model stopped.
    pub enum FinishReason {
        /// It was done.
        Stop = "stop",
        /// It reached the most tokens.
        Length = "length",
        /// It wants its calls carried out.
        ToolCalls = "tool_calls",
        /// A filter stopped it.
        ContentFilter = "content_filter",
    }
}

object! {
    /// Tokens and money.
    pub struct Usage {
        /// Tokens sent.
        prompt_tokens: Number = "prompt_tokens",
        /// Tokens received, reasoning included.
        completion_tokens: Number = "completion_tokens",
        /// Dollars, from servers that say so.
        cost: Number = "cost",
        /// Of the tokens sent, which ones were cached.
        prompt_tokens_details: TokenDetails = "prompt_tokens_details",
        /// Of the tokens received, which ones were reasoning.
        completion_tokens_details: TokenDetails = "completion_tokens_details",
    }

    /// Parts of a count of tokens.
    pub struct TokenDetails {
        /// Tokens read from a cache.
        cached_tokens: Number = "cached_tokens",
        /// Tokens of reasoning.
        reasoning_tokens: Number = "reasoning_tokens",
    }
}
