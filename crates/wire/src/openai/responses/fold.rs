//! Events of a streamed response, folded into the response.
//!
//! The last event carries the whole response, and that is what stays; servers that leave its
//! output empty get the items that were streamed. A call is complete when its item is done. Pieces
//! of its arguments must add up to what the item says, and a call that only the last event shows,
//! or shows otherwise, is told then: whichever of the two a client obeys, it was told.

use super::{Item, Response, StreamEvent};
use crate::Field;
use crate::json::Json;
use crate::openai::error::{Code, ErrorBody};
use crate::stream::data;
use crate::stream::{Budget, Event, Fold, Limits, News, Pass, ProviderError, StreamError};

/// What an item takes beside its text.
const SLOT: usize = 2_048;

/// A response that is still being streamed.
#[derive(Debug)]
pub struct ResponseFold {
    limits: Limits,
    budget: Budget,
    items: Vec<Slot>,
    whole: Option<Response>,
}

/// An item that may still be streamed.
#[derive(Debug)]
struct Slot {
    index: u64,
    item: Item,
    is_done: bool,
    /// The arguments or the input of a call, piece by piece.
    arguments: String,
    /// Whether words of it were told.
    has_text: bool,
    has_refusal: bool,
    has_reasoning: bool,
}

impl Fold for ResponseFold {
    type Whole = Response;

    fn new(limits: Limits) -> Self {
        Self {
            budget: Budget::new(limits.message_bytes),
            limits,
            items: Vec::new(),
            whole: None,
        }
    }

    fn event(&mut self, event: Event<'_>, news: &mut Vec<News>) -> Result<Pass, StreamError> {
        // Some servers add the last event of chat completions.
        if event.data.trim() == "[DONE]" && self.whole.is_some() {
            return Ok(Pass::Held);
        }
        if self.whole.is_some() {
            return Err(StreamError::Broken("an event after the end"));
        }
        let read: StreamEvent = data(event, &self.limits)?;
        let kind = read.kind.or_empty();
        if !event.name.is_empty() && event.name != kind && read.kind.is_given() {
            return Err(StreamError::Broken("an event of two names"));
        }
        match kind {
            "response.output_item.added" => self.item(read, false, news),
            "response.output_item.done" => self.item(read, true, news),
            "response.output_text.delta" => self.words(read, news, Words::Text),
            "response.refusal.delta" => self.words(read, news, Words::Refusal),
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.words(read, news, Words::Reasoning)
            }
            "response.function_call_arguments.delta"
            | "response.custom_tool_call_input.delta"
            | "response.mcp_call_arguments.delta" => self.arguments(read),
            "response.function_call_arguments.done"
            | "response.custom_tool_call_input.done"
            | "response.mcp_call_arguments.done" => self.check(read),
            "response.completed" | "response.incomplete" => self.end(read, news),
            "response.failed" | "response.cancelled" | "error" => {
                Err(StreamError::Provider(failure(&read, event)))
            }
            "" if read.error.is_given() => Err(StreamError::Provider(failure(&read, event))),
            "response.created"
            | "response.in_progress"
            | "response.queued"
            | "response.content_part.added"
            | "response.content_part.done"
            | "response.output_text.done"
            | "response.output_text.annotation.added"
            | "response.refusal.done"
            | "response.reasoning_summary_part.added"
            | "response.reasoning_summary_part.done"
            | "response.reasoning_summary_text.done"
            | "response.reasoning_text.done"
            | "keepalive" => Ok(Pass::AtOnce),
            // New kinds come often; what they say stands in the item as well.
            _ => Ok(Pass::Held),
        }
    }

    fn is_over(&self) -> bool {
        self.whole.is_some()
    }

    fn finish(self) -> Result<Response, StreamError> {
        self.whole.ok_or(StreamError::EndedEarly)
    }
}

/// What a delta of text belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    Text,
    Refusal,
    Reasoning,
}

impl Words {
    fn told(self, text: String) -> News {
        let choice = 0;
        match self {
            Self::Text => News::Text { choice, text },
            Self::Refusal => News::Refusal { choice, text },
            Self::Reasoning => News::Reasoning { choice, text },
        }
    }
}

/// The error that an event states, in whichever of its places.
fn failure(event: &StreamEvent, raw: Event<'_>) -> ProviderError {
    let of_response = || event.response.get()?.error.get();
    if let Some(error) = event.error.get().or_else(of_response) {
        return error.stated();
    }
    let stated = ErrorBody {
        message: event.message.clone(),
        code: event.code.clone(),
        ..ErrorBody::default()
    };
    let mut stated = stated.stated();
    if let (Some(Code::Name(name)), None) = (event.code.get(), &stated.name) {
        stated.name = Some(name.clone());
    }
    if stated.message.is_empty() {
        raw.data.clone_into(&mut stated.message);
    }
    stated
}

impl ResponseFold {
    /// The item of an event, a new one where there is none.
    fn slot(&mut self, index: Option<u64>) -> Result<&mut Slot, StreamError> {
        let index = index.ok_or(StreamError::Broken("an event of no item"))?;
        // The last one nearly always; the number of items is limited.
        let at = self.items.iter().rposition(|slot| slot.index == index);
        let at = match at {
            Some(at) => at,
            None if self.items.len() < self.limits.blocks => {
                self.budget.spend(SLOT)?;
                self.items.push(Slot {
                    index,
                    item: Item::default(),
                    is_done: false,
                    arguments: String::new(),
                    has_text: false,
                    has_refusal: false,
                    has_reasoning: false,
                });
                self.items.len() - 1
            }
            None => {
                let (what, limit) = ("the number of items", self.limits.blocks);
                return Err(StreamError::TooLarge { what, limit });
            }
        };
        self.items
            .get_mut(at)
            .ok_or(StreamError::Broken("an item that is not there"))
    }

    fn item(
        &mut self,
        event: StreamEvent,
        is_done: bool,
        news: &mut Vec<News>,
    ) -> Result<Pass, StreamError> {
        let Field::Is(item) = event.item else {
            return Err(StreamError::Broken("an item that is not an object"));
        };
        let value = item.into_value();
        self.budget.keep(&value)?;
        let item = Item::from_value(value)
            .map_err(|_| StreamError::Broken("an item that is not an object"))?;
        let slot = self.slot(event.output_index.whole())?;
        if slot.is_done {
            return Err(StreamError::Broken("an item that comes twice"));
        }
        let pass = pass(&item);
        slot.item = item;
        slot.is_done = is_done;
        if is_done {
            slot.agrees()?;
            slot.tell(news);
            if slot.item.is_call() {
                news.push(News::Call(slot.item.call()));
            }
        }
        Ok(pass)
    }

    fn words(
        &mut self,
        event: StreamEvent,
        news: &mut Vec<News>,
        words: Words,
    ) -> Result<Pass, StreamError> {
        let slot = self.slot(event.output_index.whole())?;
        if slot.is_done {
            return Err(StreamError::Broken("words of an item that was done"));
        }
        if let Field::Is(serde_json::Value::String(text)) = event.delta
            && !text.is_empty()
        {
            match words {
                Words::Text => slot.has_text = true,
                Words::Refusal => slot.has_refusal = true,
                Words::Reasoning => slot.has_reasoning = true,
            }
            news.push(words.told(text));
        }
        Ok(Pass::AtOnce)
    }

    fn arguments(&mut self, event: StreamEvent) -> Result<Pass, StreamError> {
        if let Field::Is(serde_json::Value::String(piece)) = event.delta {
            self.budget.spend(piece.len())?;
            let slot = self.slot(event.output_index.whole())?;
            if slot.is_done {
                return Err(StreamError::Broken("a piece of a call that was done"));
            }
            slot.arguments.push_str(&piece);
        }
        Ok(Pass::Held)
    }

    /// Whole arguments must be what their pieces were.
    fn check(&mut self, event: StreamEvent) -> Result<Pass, StreamError> {
        let slot = self.slot(event.output_index.whole())?;
        let whole = event.arguments.text().or(event.input.text());
        match whole {
            Some(whole) if slot.arguments.is_empty() => whole.clone_into(&mut slot.arguments),
            Some(whole) if whole != slot.arguments => {
                return Err(StreamError::Broken("arguments that are not their pieces"));
            }
            _ => {}
        }
        Ok(Pass::Held)
    }

    fn end(&mut self, event: StreamEvent, news: &mut Vec<News>) -> Result<Pass, StreamError> {
        let Field::Is(mut whole) = event.response else {
            return Err(StreamError::Broken("an end without its response"));
        };
        let mut items = std::mem::take(&mut self.items);
        items.sort_by_key(|slot| slot.index);
        if whole.items().is_empty() && !items.is_empty() {
            if items.iter().any(|slot| !slot.is_done) {
                return Err(StreamError::Broken("a response that ends before its items"));
            }
            whole.output = Field::Is(items.into_iter().map(|slot| slot.item).collect());
        } else {
            for (at, item) in whole.items().iter().enumerate() {
                let index = u64::try_from(at).unwrap_or(u64::MAX);
                let streamed = items.iter().find(|slot| slot.index == index);
                if streamed.is_none_or(|slot| !slot.is_done) {
                    let words = [
                        (
                            Words::Text,
                            item.text(),
                            streamed.is_some_and(|s| s.has_text),
                        ),
                        (
                            Words::Refusal,
                            item.refusal(),
                            streamed.is_some_and(|s| s.has_refusal),
                        ),
                        (
                            Words::Reasoning,
                            item.reasoning(),
                            streamed.is_some_and(|s| s.has_reasoning),
                        ),
                    ];
                    tell(words, news);
                }
                let told = streamed
                    .filter(|slot| slot.is_done)
                    .map(|slot| slot.item.call());
                if item.is_call() && told != Some(item.call()) {
                    news.push(News::Call(item.call()));
                }
            }
        }
        self.whole = Some(whole);
        Ok(Pass::Held)
    }
}

/// Tells the words that no delta told.
fn tell(words: [(Words, String, bool); 3], news: &mut Vec<News>) {
    for (words, text, is_told) in words {
        if !is_told && !text.is_empty() {
            news.push(words.told(text));
        }
    }
}

/// Words and reasoning may pass; calls and items that nobody knows may not.
fn pass(item: &Item) -> Pass {
    if item.is_message() || item.kind.text() == Some("reasoning") {
        Pass::AtOnce
    } else {
        Pass::Held
    }
}

impl Slot {
    /// Whether the pieces of a call were what its item says.
    fn agrees(&self) -> Result<(), StreamError> {
        if self.arguments.is_empty() || !self.item.is_call() {
            return Ok(());
        }
        let whole = self.item.arguments.text().or(self.item.input.text());
        if whole == Some(self.arguments.as_str()) {
            return Ok(());
        }
        Err(StreamError::Broken("arguments that are not their pieces"))
    }

    fn tell(&self, news: &mut Vec<News>) {
        let words = [
            (Words::Text, self.item.text(), self.has_text),
            (Words::Refusal, self.item.refusal(), self.has_refusal),
            (Words::Reasoning, self.item.reasoning(), self.has_reasoning),
        ];
        tell(words, news);
    }
}
