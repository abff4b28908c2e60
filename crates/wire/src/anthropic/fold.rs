//! Events of a streamed message, folded into the message.
//!
//! A call is complete at the end of its block. Its arguments come as text; where that text is not
//! JSON, as in a call that was cut off, the text itself stands as `input`, so that nobody takes
//! half an order for a whole one.

use serde_json::Value;

use super::{Block, Content, Delta, MessagesResponse, StreamEvent, Usage};
use crate::Field;
use crate::json::{Json, parse};
use crate::stream::{Budget, Event, Fold, Limits, News, Pass, ProviderError, StreamError};
use crate::stream::{data, merge};

/// What a block takes beside its text.
const BLOCK: usize = 2_048;

/// A message that is still being streamed.
#[derive(Debug)]
pub struct MessageFold {
    limits: Limits,
    budget: Budget,
    message: Option<MessagesResponse>,
    blocks: Vec<Slot>,
    is_over: bool,
}

/// A block that may still be streamed.
#[derive(Debug)]
struct Slot {
    block: Block,
    /// The text of a call's arguments so far.
    input: String,
    is_open: bool,
}

impl Fold for MessageFold {
    type Whole = MessagesResponse;

    fn new(limits: Limits) -> Self {
        Self {
            budget: Budget::new(limits.message_bytes),
            limits,
            message: None,
            blocks: Vec::new(),
            is_over: false,
        }
    }

    fn event(&mut self, event: Event<'_>, news: &mut Vec<News>) -> Result<Pass, StreamError> {
        if self.is_over {
            return Err(StreamError::Broken("an event after the end"));
        }
        let mut read: StreamEvent = data(event, &self.limits)?;
        let kind = read.kind.or_empty();
        if !event.name.is_empty() && event.name != kind {
            return Err(StreamError::Broken("an event of two names"));
        }
        match kind {
            "message_start" => self.start(read),
            "content_block_start" => self.begin(read, news),
            "content_block_delta" => self.delta(read, news),
            "content_block_stop" => self.stop(&read, news),
            "message_delta" => self.change(read),
            "message_stop" => {
                if self.message.is_none() || self.blocks.iter().any(|slot| slot.is_open) {
                    return Err(StreamError::Broken("a message that ends before its blocks"));
                }
                self.is_over = true;
                Ok(Pass::Held)
            }
            "ping" => Ok(Pass::AtOnce),
            "error" => Err(StreamError::Provider(match read.error.get() {
                Some(error) => error.stated(),
                None => ProviderError {
                    message: read.error.other().map_or(String::new(), Value::to_string),
                    ..ProviderError::default()
                },
            })),
            // Without a type but with an error: the form of a whole answer.
            "" if read.error.is_given() => Err(StreamError::Provider(
                std::mem::take(&mut read.error)
                    .get()
                    .map(super::error::ErrorBody::stated)
                    .unwrap_or_default(),
            )),
            // The protocol says that new events may come and are to be passed over.
            _ => Ok(Pass::Held),
        }
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn finish(self) -> Result<MessagesResponse, StreamError> {
        let (true, Some(mut whole)) = (self.is_over, self.message) else {
            return Err(StreamError::EndedEarly);
        };
        whole.content = Field::Is(self.blocks.into_iter().map(|slot| slot.block).collect());
        Ok(whole)
    }
}

impl MessageFold {
    fn start(&mut self, event: StreamEvent) -> Result<Pass, StreamError> {
        let Field::Is(message) = event.message else {
            return Err(StreamError::Broken("a start without a message"));
        };
        if self.message.is_some() {
            return Err(StreamError::Broken("a second message in one stream"));
        }
        if !message.blocks().is_empty() {
            return Err(StreamError::Broken("a start with blocks"));
        }
        self.budget.keep_all(&message.rest)?;
        self.message = Some(message);
        Ok(Pass::AtOnce)
    }

    fn begin(&mut self, event: StreamEvent, news: &mut Vec<News>) -> Result<Pass, StreamError> {
        let Field::Is(block) = event.content_block else {
            return Err(StreamError::Broken("a block that is not an object"));
        };
        if self.message.is_none() {
            return Err(StreamError::Broken("a block before the message"));
        }
        let count = u64::try_from(self.blocks.len()).ok();
        if event.index.whole().is_none() || event.index.whole() != count {
            return Err(StreamError::Broken("a block out of its order"));
        }
        if self.blocks.len() >= self.limits.blocks {
            let (what, limit) = ("the number of blocks", self.limits.blocks);
            return Err(StreamError::TooLarge { what, limit });
        }
        self.budget.spend(BLOCK)?;
        let value = block.into_value();
        self.budget.keep(&value)?;
        let block = Block::from_value(value)
            .map_err(|_| StreamError::Broken("a block that is not an object"))?;
        let choice = 0;
        if let (Some("text"), Some(text)) = (block.kind.text(), block.text.text())
            && !text.is_empty()
        {
            let text = text.to_owned();
            news.push(News::Text { choice, text });
        }
        if let Some(text) = block.thinking.text().filter(|text| !text.is_empty()) {
            let text = text.to_owned();
            news.push(News::Reasoning { choice, text });
        }
        let pass = pass(&block);
        self.blocks.push(Slot {
            block,
            input: String::new(),
            is_open: true,
        });
        Ok(pass)
    }

    fn open(&mut self, index: Option<u64>) -> Result<&mut Slot, StreamError> {
        index
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| self.blocks.get_mut(index))
            .filter(|slot| slot.is_open)
            .ok_or(StreamError::Broken("an event of a block that is not open"))
    }

    fn delta(&mut self, event: StreamEvent, news: &mut Vec<News>) -> Result<Pass, StreamError> {
        let Field::Is(delta) = event.delta else {
            return Err(StreamError::Broken("a delta that is not an object"));
        };
        let mut budget = self.budget.clone();
        let slot = self.open(event.index.whole())?;
        let pass = pass(&slot.block);
        slot.add(delta, &mut budget, news)?;
        self.budget = budget;
        Ok(pass)
    }

    fn stop(&mut self, event: &StreamEvent, news: &mut Vec<News>) -> Result<Pass, StreamError> {
        let (bytes, values) = (self.limits.event_bytes, self.limits.event_values);
        let mut budget = self.budget.clone();
        let slot = self.open(event.index.whole())?;
        slot.is_open = false;
        let pass = pass(&slot.block);
        let text = std::mem::take(&mut slot.input);
        let arguments = if text.trim().is_empty() {
            None
        } else {
            let input = parse(text.as_bytes(), bytes, values);
            let input = input.unwrap_or_else(|_| Value::String(text.clone()));
            budget.keep(&input)?;
            slot.block.input = Field::Is(input);
            Some(text)
        };
        if slot.block.is_call() {
            news.push(News::Call(slot.block.call(arguments)));
        }
        self.budget = budget;
        Ok(pass)
    }

    /// What changes of the message itself: why it stopped, what it used.
    fn change(&mut self, event: StreamEvent) -> Result<Pass, StreamError> {
        let Some(message) = &mut self.message else {
            return Err(StreamError::Broken("a change before the message"));
        };
        if let Field::Is(delta) = event.delta {
            message.stop_reason.replace_with(delta.stop_reason);
            message.stop_sequence.replace_with(delta.stop_sequence);
            merge::latest(&mut message.rest, delta.rest, &mut self.budget)?;
        }
        match (&mut message.usage, event.usage) {
            (Field::Is(usage), Field::Is(mut newer)) => {
                let rest = std::mem::take(&mut newer.rest);
                Usage::update(usage, newer);
                merge::latest(&mut usage.rest, rest, &mut self.budget)?;
            }
            (usage, newer) => usage.replace_with(newer),
        }
        merge::latest(&mut message.rest, event.rest, &mut self.budget)?;
        Ok(Pass::Held)
    }
}

/// Words and reasoning may pass; calls and blocks that nobody knows may not.
fn pass(block: &Block) -> Pass {
    match block.kind.or_empty() {
        "text" | "thinking" | "redacted_thinking" => Pass::AtOnce,
        _ => Pass::Held,
    }
}

impl Slot {
    fn add(
        &mut self,
        delta: Delta,
        budget: &mut Budget,
        news: &mut Vec<News>,
    ) -> Result<(), StreamError> {
        let choice = 0;
        let block = &mut self.block;
        if let Some(text) = delta.text.text().filter(|text| !text.is_empty())
            && block.kind.text() == Some("text")
        {
            let text = text.to_owned();
            news.push(News::Text { choice, text });
        }
        if let Some(text) = delta.thinking.text().filter(|text| !text.is_empty()) {
            let text = text.to_owned();
            news.push(News::Reasoning { choice, text });
        }
        merge::text(&mut block.text, delta.text, budget)?;
        merge::text(&mut block.thinking, delta.thinking, budget)?;
        if let Field::Is(signature) = &delta.signature {
            budget.spend(signature.len())?;
        }
        block.signature.replace_with(delta.signature);
        if let Some(piece) = delta.partial_json.text() {
            budget.spend(piece.len())?;
            self.input.push_str(piece);
        }
        let mut rest = delta.rest;
        if let Some(citation) = rest.remove("citation") {
            let list = Value::Array(vec![citation]);
            merge::pieces(
                &mut block.rest,
                [("citations".to_owned(), list)].into_iter().collect(),
                budget,
            )?;
        }
        // Fields that the block knows come in kinds of delta that this fold does not.
        if let Some(Value::String(piece)) = rest.remove("content") {
            budget.spend(piece.len())?;
            match &mut block.content {
                Field::Is(Content::Text(text)) => text.push_str(&piece),
                content => content.replace_with(Field::Is(Content::Text(piece))),
            }
        }
        merge::pieces(&mut block.rest, rest, budget)
    }
}
