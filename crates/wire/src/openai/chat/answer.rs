//! What a completion says, in the words that all protocols share.

use serde_json::Number;

use super::{ChatResponse, Choice, FinishReason, Message, ToolCall, Usage};
use crate::Field;
use crate::answer::{Answer, Call, End, Stop, Tokens, refused_if};

impl Answer for ChatResponse {
    fn text(&self) -> String {
        message(self).map(Message::text).unwrap_or_default()
    }

    fn refusal(&self) -> String {
        let words = message(self).and_then(Message::refusal);
        words.unwrap_or_default().to_owned()
    }

    fn reasoning(&self) -> String {
        let shown = message(self).and_then(Message::shown_reasoning);
        shown.unwrap_or_default().to_owned()
    }

    fn calls(&self) -> Vec<Call> {
        let choices = self.choices.get().into_iter().flatten().enumerate();
        let messages = choices.filter_map(|(at, choice)| Some((at, choice.message.get()?)));
        messages
            .flat_map(|(at, message)| calls(at, message))
            .collect()
    }

    fn end(&self) -> End {
        let reason = self.first().and_then(|choice| choice.finish_reason.get());
        let stop = match reason {
            Some(FinishReason::Stop) => Stop::Finished,
            Some(FinishReason::ToolCalls) => Stop::Calls,
            Some(FinishReason::Length) => Stop::Length,
            Some(FinishReason::ContentFilter) => Stop::Filtered,
            Some(FinishReason::Other(word)) if word == "function_call" => Stop::Calls,
            Some(FinishReason::Other(_)) | None => Stop::Other,
        };
        End {
            stop: refused_if(stop, self),
            word: reason.map(|reason| reason.as_str().to_owned()),
            usage: self.usage.get().map(Usage::tokens).unwrap_or_default(),
        }
    }
}

fn message(response: &ChatResponse) -> Option<&Message> {
    response
        .first()
        .and_then(|choice: &Choice| choice.message.get())
}

/// The calls of one answer's message.
pub(super) fn calls(choice: usize, message: &Message) -> impl Iterator<Item = Call> {
    let older = message.function_call.get().map(|function| Call {
        choice,
        kind: "function_call".to_owned(),
        name: function.name.or_empty().to_owned(),
        arguments: function.arguments(),
        ..Call::default()
    });
    message
        .calls()
        .iter()
        .map(move |call| one(choice, call))
        .chain(older)
}

fn one(choice: usize, call: &ToolCall) -> Call {
    Call {
        choice,
        kind: call.kind.text().unwrap_or("function").to_owned(),
        id: call.id().to_owned(),
        namespace: None,
        name: call.name().to_owned(),
        arguments: call.arguments(),
    }
}

impl Usage {
    /// The same in the words that all protocols share.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        let sent = self.prompt_tokens_details.get();
        let received = self.completion_tokens_details.get();
        // DeepSeek's own name for what was read from the cache.
        let hit = self.rest.get("prompt_cache_hit_tokens");
        Tokens {
            input: self.prompt_tokens.whole(),
            output: self.completion_tokens.whole(),
            cached: sent
                .and_then(|details| details.cached_tokens.whole())
                .or_else(|| hit?.as_u64()),
            cache_written: None,
            reasoning: received.and_then(|details| details.reasoning_tokens.whole()),
            cost: Field::<Number>::float(&self.cost),
        }
    }
}
