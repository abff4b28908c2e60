//! What generated content says, in the words that all protocols share.

use serde_json::Value;

use super::{Candidate, Content, FinishReason, GenerateResponse, Part, Usage};
use crate::Field;
use crate::answer::{Answer, Call, End, Stop};

impl GenerateResponse {
    /// The first answer.
    #[must_use]
    pub fn first(&self) -> Option<&Candidate> {
        self.candidates.get()?.first()
    }

    fn parts(&self) -> &[Part] {
        let content = self.first().and_then(|candidate| candidate.content.get());
        content.map_or(&[], Content::parts)
    }
}

impl Answer for GenerateResponse {
    fn text(&self) -> String {
        let parts = self.parts().iter().filter(|part| !part.is_thought());
        parts.filter_map(|part| part.text.text()).collect()
    }

    /// Always empty: a refusal is told by the reason to stop.
    fn refusal(&self) -> String {
        String::new()
    }

    fn reasoning(&self) -> String {
        let parts = self.parts().iter().filter(|part| part.is_thought());
        parts.filter_map(|part| part.text.text()).collect()
    }

    fn calls(&self) -> Vec<Call> {
        let candidates = self.candidates.get().into_iter().flatten().enumerate();
        let contents =
            candidates.filter_map(|(at, candidate)| Some((at, candidate.content.get()?)));
        contents
            .flat_map(|(at, content)| {
                content
                    .parts()
                    .iter()
                    .filter_map(move |part| call(at, part))
            })
            .collect()
    }

    fn end(&self) -> End {
        let reason = self
            .first()
            .and_then(|candidate| candidate.finish_reason.get());
        let blocked = self
            .prompt_feedback
            .get()
            .and_then(|feedback| feedback.block_reason.text());
        let stop = match reason {
            Some(FinishReason::Stop) if self.calls().is_empty() => Stop::Finished,
            Some(FinishReason::Stop) => Stop::Calls,
            Some(FinishReason::MaxTokens) => Stop::Length,
            Some(
                FinishReason::Safety
                | FinishReason::Recitation
                | FinishReason::Blocklist
                | FinishReason::ProhibitedContent
                | FinishReason::PersonalData
                | FinishReason::ImageSafety,
            ) => Stop::Filtered,
            Some(FinishReason::MalformedFunctionCall | FinishReason::Other(_)) => Stop::Other,
            None if blocked.is_some() => Stop::Filtered,
            None => Stop::Other,
        };
        let word = reason.map(FinishReason::as_str).or(blocked);
        End {
            stop,
            word: word.map(str::to_owned),
            usage: self.usage.get().map(Usage::tokens).unwrap_or_default(),
        }
    }
}

/// The call that a part makes: of a function, or code that the provider runs.
pub(super) fn call(choice: usize, part: &Part) -> Option<Call> {
    let printed = |field: &Field<Value>| field.get().map_or_else(String::new, Value::to_string);
    if let Some(function) = part.function_call.get() {
        return Some(Call {
            choice,
            kind: "functionCall".to_owned(),
            id: function.id.or_empty().to_owned(),
            namespace: None,
            name: function.name.or_empty().to_owned(),
            arguments: printed(&function.args),
        });
    }
    let code = part.executable_code.get()?;
    Some(Call {
        choice,
        kind: "executableCode".to_owned(),
        arguments: Value::Object(code.clone()).to_string(),
        ..Call::default()
    })
}
