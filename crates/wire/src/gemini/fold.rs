//! Pieces of streamed content, folded into the content.
//!
//! Each piece is a response of its own. Parts are put one after the other. Text is added to the
//! text before it only where both are plain: a part with a signature is never merged with any
//! other, since the signature seals that part in its place. A call comes whole in one part; pieces
//! of arguments (`partialArgs`), which a server sends only where they are asked for, are an error.
//! The protocol has no last event: the stream is complete when every answer says why it stopped,
//! or the request was blocked.

use serde_json::Value;

use super::answer::call;
use super::{Candidate, Content, GenerateResponse, Part};
use crate::Field;
use crate::json::Json;
use crate::stream::{Budget, Event, Fold, Limits, News, Pass, ProviderError, StreamError};
use crate::stream::{data, merge};

/// The most answers in one response.
const MOST_CANDIDATES: usize = 128;
/// What an answer or a part takes beside its text.
const SLOT: usize = 2_048;

/// Content that is still being streamed.
#[derive(Debug)]
pub struct GenerateFold {
    limits: Limits,
    budget: Budget,
    /// Everything but the answers.
    head: GenerateResponse,
    candidates: Vec<Candidate>,
    has_candidates: bool,
}

impl Fold for GenerateFold {
    type Whole = GenerateResponse;

    fn new(limits: Limits) -> Self {
        Self {
            budget: Budget::new(limits.message_bytes),
            limits,
            head: GenerateResponse::default(),
            candidates: Vec::new(),
            has_candidates: false,
        }
    }

    fn event(&mut self, event: Event<'_>, news: &mut Vec<News>) -> Result<Pass, StreamError> {
        let mut piece: GenerateResponse = data(event, &self.limits)?;
        if piece.error.is_given() {
            return Err(StreamError::Provider(match piece.error.get() {
                Some(error) => error.stated(),
                None => ProviderError {
                    message: piece.error.other().map_or(String::new(), Value::to_string),
                    ..ProviderError::default()
                },
            }));
        }
        let mut pass = Pass::AtOnce;
        match std::mem::take(&mut piece.candidates) {
            Field::Is(candidates) => {
                self.has_candidates = true;
                for candidate in candidates {
                    if self.candidate(candidate, news)? == Pass::Held {
                        pass = Pass::Held;
                    }
                }
            }
            Field::Absent | Field::Null => {}
            Field::Other(_) => return Err(StreamError::Broken("candidates is no list of objects")),
        }
        if piece.prompt_feedback.is_given() {
            pass = Pass::Held;
        }
        let head = &mut self.head;
        head.prompt_feedback.replace_with(piece.prompt_feedback);
        head.usage.replace_with(piece.usage);
        head.model_version.replace_with(piece.model_version);
        head.response_id.replace_with(piece.response_id);
        head.error.replace_with(piece.error);
        merge::latest(&mut head.rest, piece.rest, &mut self.budget)?;
        Ok(pass)
    }

    /// Never: the protocol has no last event.
    fn is_over(&self) -> bool {
        false
    }

    fn finish(self) -> Result<GenerateResponse, StreamError> {
        let feedback = self.head.prompt_feedback.get();
        let is_blocked = feedback.is_some_and(|feedback| feedback.block_reason.is_given());
        let is_open = |candidate: &Candidate| !candidate.finish_reason.is_given();
        if self.candidates.iter().any(is_open) || (self.candidates.is_empty() && !is_blocked) {
            return Err(StreamError::EndedEarly);
        }
        let mut whole = self.head;
        if self.has_candidates {
            let mut candidates = self.candidates;
            candidates.sort_by_key(index);
            whole.candidates = Field::Is(candidates);
        }
        Ok(whole)
    }
}

impl GenerateFold {
    fn candidate(&mut self, piece: Candidate, news: &mut Vec<News>) -> Result<Pass, StreamError> {
        let index = index(&piece).ok_or(StreamError::Broken("the number of an answer is none"))?;
        let number = usize::try_from(index).unwrap_or(usize::MAX);
        let same = |old: &Candidate| self::index(old) == Some(index);
        let at = self.candidates.iter().position(same);
        let at = match at {
            Some(at) => at,
            None if self.candidates.len() < MOST_CANDIDATES => {
                self.budget.spend(SLOT)?;
                self.candidates.push(Candidate::default());
                self.candidates.len() - 1
            }
            None => {
                let (what, limit) = ("the number of answers", MOST_CANDIDATES);
                return Err(StreamError::TooLarge { what, limit });
            }
        };
        let Some(candidate) = self.candidates.get_mut(at) else {
            return Err(StreamError::Broken("an answer that is not there"));
        };
        let mut pass = Pass::AtOnce;
        if piece.finish_reason.is_given() {
            pass = Pass::Held;
        }
        candidate.index.replace_with(piece.index);
        candidate.finish_reason.replace_with(piece.finish_reason);
        candidate.finish_message.replace_with(piece.finish_message);
        merge::latest(&mut candidate.rest, piece.rest, &mut self.budget)?;
        match piece.content {
            Field::Is(content) => {
                if !candidate.content.is_given() {
                    candidate.content = Field::Is(Content::default());
                }
                let Some(whole) = candidate.content.get_mut() else {
                    return Err(StreamError::Broken("content is not an object"));
                };
                whole.role.replace_with(content.role);
                merge::latest(&mut whole.rest, content.rest, &mut self.budget)?;
                let parts = match content.parts {
                    Field::Is(parts) => parts,
                    Field::Absent | Field::Null => Vec::new(),
                    Field::Other(_) => {
                        return Err(StreamError::Broken("parts is no list of objects"));
                    }
                };
                for part in parts {
                    if add(number, whole, part, &mut self.budget, news)? == Pass::Held {
                        pass = Pass::Held;
                    }
                    if whole.parts().len() > self.limits.blocks {
                        let (what, limit) = ("the number of parts", self.limits.blocks);
                        return Err(StreamError::TooLarge { what, limit });
                    }
                }
            }
            Field::Absent | Field::Null => {}
            Field::Other(_) => return Err(StreamError::Broken("content is not an object")),
        }
        Ok(pass)
    }
}

/// Which answer it is; the first has no number.
fn index(candidate: &Candidate) -> Option<u64> {
    match &candidate.index {
        Field::Absent | Field::Null => Some(0),
        index => index.whole(),
    }
}

/// Puts a part after the ones before it.
fn add(
    choice: usize,
    whole: &mut Content,
    part: Part,
    budget: &mut Budget,
    news: &mut Vec<News>,
) -> Result<Pass, StreamError> {
    let mut pass = Pass::AtOnce;
    match &part.function_call {
        Field::Is(function) => {
            let in_pieces = ["partialArgs", "willContinue"];
            if in_pieces
                .iter()
                .any(|name| function.rest.contains_key(*name))
            {
                return Err(StreamError::Broken(
                    "a call in pieces, which was not asked for",
                ));
            }
        }
        Field::Absent | Field::Null => {}
        Field::Other(_) => return Err(StreamError::Broken("a call is not an object")),
    }
    if let Some(call) = call(choice, &part) {
        pass = Pass::Held;
        news.push(News::Call(call));
    } else if !part.rest.is_empty() {
        // Something that nobody knows may be a call of a new kind.
        pass = Pass::Held;
    }
    if let Some(text) = part.text.text().filter(|text| !text.is_empty()) {
        let text = text.to_owned();
        news.push(if part.is_thought() {
            News::Reasoning { choice, text }
        } else {
            News::Text { choice, text }
        });
    }
    if !whole.parts.is_given() {
        whole.parts = Field::Is(Vec::new());
    }
    let Some(parts) = whole.parts.get_mut() else {
        return Err(StreamError::Broken("parts is no list of objects"));
    };
    let last = parts.last_mut().filter(|last| {
        last.is_plain_text() && part.is_plain_text() && last.thought == part.thought
    });
    if let Some(last) = last {
        return merge::text(&mut last.text, part.text, budget).map(|()| pass);
    }
    budget.spend(SLOT)?;
    let value = part.into_value();
    budget.keep(&value)?;
    let part = Part::from_value(value).map_err(|_| StreamError::Broken("a part that is none"))?;
    parts.push(part);
    Ok(pass)
}
