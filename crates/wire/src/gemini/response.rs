//! Content that a model made; in a stream every piece has this form too.

use serde_json::Number;

use super::Content;
use super::error::ErrorBody;
use crate::answer::Tokens;
use crate::object::{object, words};

object! {
    /// A response, or a piece of one.
    pub struct GenerateResponse {
        /// The answers; none where the request was blocked.
        candidates: Vec<Candidate> = "candidates",
        /// What became of the request before a model saw it.
        prompt_feedback: PromptFeedback = "promptFeedback",
        /// Tokens so far.
        usage: Usage = "usageMetadata",
        /// The model that answered.
        model_version: String = "modelVersion",
        /// The server's id for it.
        response_id: String = "responseId",
        /// An error in place of an answer or of its rest.
        error: ErrorBody = "error",
    }

    /// An answer.
    pub struct Candidate {
        /// Which answer it is; absent for the first.
        index: Number = "index",
        /// What the model says and calls.
        content: Content = "content",
        /// Why it stopped.
        finish_reason: FinishReason = "finishReason",
        /// The same for a person.
        finish_message: String = "finishMessage",
    }

    /// What became of a request before a model saw it.
    pub struct PromptFeedback {
        /// Why it was blocked, if it was.
        block_reason: String = "blockReason",
    }

    /// Tokens.
    pub struct Usage {
        /// Tokens sent, those from a cache included.
        prompt_token_count: Number = "promptTokenCount",
        /// Of those sent, the ones that were read from a cache.
        cached_content_token_count: Number = "cachedContentTokenCount",
        /// Tokens received, without reasoning.
        candidates_token_count: Number = "candidatesTokenCount",
        /// Tokens of reasoning.
        thoughts_token_count: Number = "thoughtsTokenCount",
        /// Tokens of results of tools that the provider carried out.
        tool_use_prompt_token_count: Number = "toolUsePromptTokenCount",
        /// All tokens.
        total_token_count: Number = "totalTokenCount",
    }
}

words! {
    /// Why a model stopped.
    pub enum FinishReason {
        /// It was done.
        Stop = "STOP",
        /// It reached the most tokens.
        MaxTokens = "MAX_TOKENS",
        /// A filter for safety stopped it.
        Safety = "SAFETY",
        /// It repeated what it was trained on.
        Recitation = "RECITATION",
        /// A word that is blocked.
        Blocklist = "BLOCKLIST",
        /// Content that is not allowed.
        ProhibitedContent = "PROHIBITED_CONTENT",
        /// Personal data.
        PersonalData = "SPII",
        /// A picture that is not safe.
        ImageSafety = "IMAGE_SAFETY",
        /// A call that the server could not read.
        MalformedFunctionCall = "MALFORMED_FUNCTION_CALL",
    }
}

impl Usage {
    /// The same in the words that all protocols share.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        let thoughts = self.thoughts_token_count.whole();
        let plain = self.candidates_token_count.whole();
        let of_tools = self.tool_use_prompt_token_count.whole().unwrap_or(0);
        let input = self.prompt_token_count.whole();
        let output = match (plain, thoughts) {
            // A count of nothing is left out; what the whole leaves is then the rest.
            (None, None) => self
                .total_token_count
                .whole()
                .zip(input)
                .map(|(total, input)| total.saturating_sub(input.saturating_add(of_tools))),
            (plain, thoughts) => Some(plain.unwrap_or(0).saturating_add(thoughts.unwrap_or(0))),
        };
        Tokens {
            input: input.map(|input| input.saturating_add(of_tools)),
            output,
            cached: self.cached_content_token_count.whole(),
            cache_written: None,
            reasoning: thoughts,
            cost: None,
        }
    }
}
