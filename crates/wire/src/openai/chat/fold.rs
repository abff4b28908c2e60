//! Pieces of a streamed completion, folded into the completion.
//!
//! A call counts as complete when its answer's `finish_reason` has come, not before: until then a
//! server may go back to it. Servers differ in how they number the pieces of calls; a piece
//! without a number continues the last call unless it brings a new id or name, and a piece with
//! another id and a name of its own is another call even under the same number.

use serde_json::{Map, Number, Value};

use super::answer::calls;
use super::{ChatResponse, Choice, Chunk, ChunkChoice, Content, Message, Part, ToolCall};
use crate::Field;
use crate::openai::error::ErrorBody;
use crate::stream::{Budget, Event, Fold, Limits, News, Pass, ProviderError, StreamError};
use crate::stream::{data, merge};

/// The most answers in one response.
const MOST_CHOICES: usize = 128;
/// What an answer or a call takes beside its text.
const SLOT: usize = 2_048;

/// A completion that is still being streamed.
#[derive(Debug)]
pub struct ChatFold {
    limits: Limits,
    budget: Budget,
    /// Everything but the answers.
    head: ChatResponse,
    slots: Vec<Slot>,
    blocks: usize,
    has_choices: bool,
    is_over: bool,
}

/// An answer that is still being streamed.
#[derive(Debug, Default)]
struct Slot {
    index: u64,
    choice: Choice,
    message: Message,
    calls: Vec<ToolCall>,
    /// Which calls the pieces of the last event belong to, in the order of the pieces.
    touched: Vec<usize>,
}

impl Fold for ChatFold {
    type Whole = ChatResponse;

    fn new(limits: Limits) -> Self {
        Self {
            budget: Budget::new(limits.message_bytes),
            limits,
            head: ChatResponse::default(),
            slots: Vec::new(),
            blocks: 0,
            has_choices: false,
            is_over: false,
        }
    }

    fn event(&mut self, event: Event<'_>, news: &mut Vec<News>) -> Result<Pass, StreamError> {
        if self.is_over {
            return Err(StreamError::Broken("an event after the end"));
        }
        if event.data.trim() == "[DONE]" {
            self.is_over = true;
            return Ok(Pass::Held);
        }
        let mut chunk: Chunk = data(event, &self.limits)?;
        if let Some(error) = failure(event, &chunk) {
            return Err(StreamError::Provider(error));
        }
        for slot in &mut self.slots {
            slot.touched.clear();
        }
        let mut pass = Pass::AtOnce;
        match std::mem::take(&mut chunk.choices) {
            Field::Is(choices) => {
                self.has_choices = true;
                for choice in choices {
                    if self.choice(choice, news)? == Pass::Held {
                        pass = Pass::Held;
                    }
                }
            }
            Field::Absent | Field::Null => {}
            Field::Other(_) => return Err(StreamError::Broken("choices is no list of objects")),
        }
        self.head(chunk)?;
        Ok(pass)
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn finish(self) -> Result<ChatResponse, StreamError> {
        let is_open = |slot: &Slot| !slot.choice.finish_reason.is_given();
        if self.slots.iter().any(is_open) || (self.slots.is_empty() && !self.is_over) {
            return Err(StreamError::EndedEarly);
        }
        let mut whole = self.head;
        if self.has_choices {
            let mut slots = self.slots;
            slots.sort_by_key(|slot| slot.index);
            whole.choices = Field::Is(slots.into_iter().map(Slot::choice).collect());
        }
        if let Field::Is(object) = &mut whole.object
            && object == "chat.completion.chunk"
        {
            "chat.completion".clone_into(object);
        }
        Ok(whole)
    }
}

/// The error that stands in a piece, if one does.
fn failure(event: Event<'_>, chunk: &Chunk) -> Option<ProviderError> {
    let of_choice = || {
        let choices = chunk.choices.get()?;
        choices.iter().find_map(|choice| choice.error.get())
    };
    if let Some(error) = chunk.error.get().or_else(of_choice) {
        return Some(error.stated());
    }
    let text = |name: &str| chunk.rest.get(name).and_then(Value::as_str);
    let plain = chunk.error.other().and_then(Value::as_str);
    let is_error = event.name == "error" || chunk.object.text() == Some("error");
    if plain.is_some() || is_error {
        let message = plain.or(text("message")).or(text("detail"));
        return Some(ProviderError {
            message: message.unwrap_or(event.data).to_owned(),
            name: text("type").map(str::to_owned),
            status: None,
        });
    }
    None
}

impl ErrorBody {
    /// The error as a stream reports it.
    #[must_use]
    pub fn stated(&self) -> ProviderError {
        ProviderError {
            status: self.status(),
            name: self.name().or(self.kind.text()).map(str::to_owned),
            message: self.message.or_empty().to_owned(),
        }
    }
}

impl ChatFold {
    /// Which calls of an answer the pieces in the last event's `tool_calls` belong to, by their place
    /// among the answer's calls, in the order of the pieces.
    #[must_use]
    pub fn touched(&self, choice: u64) -> &[usize] {
        let slot = self.slots.iter().find(|slot| slot.index == choice);
        slot.map_or(&[], |slot| slot.touched.as_slice())
    }

    /// Everything of a piece but its answers: what comes later is what holds.
    fn head(&mut self, chunk: Chunk) -> Result<(), StreamError> {
        let head = &mut self.head;
        head.id.replace_with(chunk.id);
        head.object.replace_with(chunk.object);
        head.created.replace_with(chunk.created);
        head.service_tier.replace_with(chunk.service_tier);
        head.model.replace_with(chunk.model);
        head.system_fingerprint
            .replace_with(chunk.system_fingerprint);
        head.usage.replace_with(chunk.usage);
        head.error.replace_with(chunk.error);
        merge::latest(&mut head.rest, chunk.rest, &mut self.budget)
    }

    fn choice(&mut self, piece: ChunkChoice, news: &mut Vec<News>) -> Result<Pass, StreamError> {
        let index = match &piece.index {
            Field::Absent | Field::Null => 0,
            index => index
                .whole()
                .ok_or(StreamError::Broken("the number of an answer is none"))?,
        };
        let number = usize::try_from(index).unwrap_or(usize::MAX);
        let at = self.slot(index, piece.index)?;
        let Some(slot) = self.slots.get_mut(at) else {
            return Err(StreamError::Broken("an answer that is not there"));
        };
        let mut pass = Pass::AtOnce;
        match piece.delta {
            Field::Is(delta) => {
                pass = slot.delta(number, delta, &mut self.budget, &mut self.blocks, news)?;
                if self.blocks > self.limits.blocks {
                    let (what, limit) = ("the number of calls and parts", self.limits.blocks);
                    return Err(StreamError::TooLarge { what, limit });
                }
            }
            Field::Absent | Field::Null => {}
            Field::Other(_) => return Err(StreamError::Broken("a delta is not an object")),
        }
        merge::value(&mut slot.choice.logprobs, piece.logprobs, &mut self.budget)?;
        merge::pieces(&mut slot.choice.rest, piece.rest, &mut self.budget)?;
        let was_open = !slot.choice.finish_reason.is_given();
        slot.choice.finish_reason.replace_with(piece.finish_reason);
        if slot.choice.finish_reason.is_given() {
            pass = Pass::Held;
            if was_open {
                slot.close();
                news.extend(calls(number, &slot.message).map(News::Call));
            }
        }
        Ok(pass)
    }

    /// Where the answer of an index stands; a new one where there is none.
    fn slot(&mut self, index: u64, number: Field<Number>) -> Result<usize, StreamError> {
        if let Some(at) = self.slots.iter().position(|slot| slot.index == index) {
            return Ok(at);
        }
        if self.slots.len() >= MOST_CHOICES {
            let (what, limit) = ("the number of answers", MOST_CHOICES);
            return Err(StreamError::TooLarge { what, limit });
        }
        self.budget.spend(SLOT)?;
        let mut slot = Slot {
            index,
            ..Slot::default()
        };
        slot.choice.index = number;
        self.slots.push(slot);
        Ok(self.slots.len() - 1)
    }
}

impl Slot {
    fn delta(
        &mut self,
        choice: usize,
        mut delta: Message,
        budget: &mut Budget,
        blocks: &mut usize,
        news: &mut Vec<News>,
    ) -> Result<Pass, StreamError> {
        let is_closed = self.choice.finish_reason.is_given();
        let mut pass = Pass::AtOnce;
        match std::mem::take(&mut delta.tool_calls) {
            Field::Is(pieces) => {
                if !pieces.is_empty() {
                    pass = Pass::Held;
                    if is_closed {
                        return Err(StreamError::Broken("a piece of a call after the end"));
                    }
                }
                for piece in pieces {
                    let at = self.call(piece, budget, blocks)?;
                    self.touched.push(at);
                }
                self.message.tool_calls.replace_with(Field::Is(Vec::new()));
            }
            Field::Other(_) => return Err(StreamError::Broken("tool_calls is no list of calls")),
            nothing => self.message.tool_calls.replace_with(nothing),
        }
        if delta.function_call.is_given() {
            pass = Pass::Held;
            if is_closed {
                return Err(StreamError::Broken("a piece of a call after the end"));
            }
        }
        if let Some(text) = delta.shown_reasoning() {
            let text = text.to_owned();
            news.push(News::Reasoning { choice, text });
        }
        if let Some(text) = delta.refusal.text().filter(|text| !text.is_empty()) {
            let text = text.to_owned();
            news.push(News::Refusal { choice, text });
        }
        let message = &mut self.message;
        message.role.replace_with(delta.role);
        message.tool_call_id.replace_with(delta.tool_call_id);
        content(
            choice,
            &mut message.content,
            delta.content,
            budget,
            blocks,
            news,
        )?;
        merge::text(&mut message.refusal, delta.refusal, budget)?;
        merge::text(
            &mut message.reasoning_content,
            delta.reasoning_content,
            budget,
        )?;
        merge::text(&mut message.reasoning, delta.reasoning, budget)?;
        function(&mut message.function_call, delta.function_call, budget)?;
        merge::pieces(&mut message.rest, delta.rest, budget)?;
        Ok(pass)
    }

    /// Adds a piece of a call; gives the place of the call.
    fn call(
        &mut self,
        piece: ToolCall,
        budget: &mut Budget,
        blocks: &mut usize,
    ) -> Result<usize, StreamError> {
        let numbered = match &piece.index {
            Field::Is(index) => {
                let same = |call: &ToolCall| call.index.get() == Some(index);
                self.calls.iter().rposition(same)
            }
            _ => self.calls.len().checked_sub(1),
        };
        let old = numbered.and_then(|at| self.calls.get_mut(at));
        match old {
            Some(call) if !is_another(call, &piece) => {
                if call.id.or_empty().is_empty() {
                    call.id.replace_with(piece.id);
                }
                call.kind.replace_with(piece.kind);
                function(&mut call.function, piece.function, budget)?;
                match (&mut call.custom, piece.custom) {
                    (Field::Is(custom), Field::Is(more)) => {
                        name(&mut custom.name, more.name);
                        merge::text(&mut custom.input, more.input, budget)?;
                        merge::pieces(&mut custom.rest, more.rest, budget)?;
                    }
                    (custom, more) => custom.replace_with(more),
                }
                merge::pieces(&mut call.rest, piece.rest, budget)?;
                Ok(numbered.unwrap_or_default())
            }
            _ => {
                *blocks += 1;
                budget.spend(SLOT + piece.arguments().len())?;
                budget.keep_all(&piece.rest)?;
                self.calls.push(piece);
                Ok(self.calls.len() - 1)
            }
        }
    }

    /// Puts the calls into the message.
    fn close(&mut self) {
        if self.calls.is_empty() {
            return;
        }
        let calls = std::mem::take(&mut self.calls)
            .into_iter()
            .map(|call| ToolCall {
                index: Field::Absent,
                ..call
            });
        self.message.tool_calls = Field::Is(calls.collect());
    }

    fn choice(self) -> Choice {
        Choice {
            message: Field::Is(self.message),
            ..self.choice
        }
    }
}

/// Whether a piece begins another call than the one its number leads to.
fn is_another(call: &ToolCall, piece: &ToolCall) -> bool {
    let has_name = !piece.name().is_empty();
    let (old, new) = (call.id(), piece.id());
    let other_id = !new.is_empty() && !old.is_empty() && new != old;
    let no_number = !piece.index.is_given();
    has_name && (other_id || (no_number && new.is_empty()))
}

/// A name is given once, or again and again, or in pieces.
fn name(old: &mut Field<String>, new: Field<String>) {
    if old.text() != new.text() {
        old.append(new);
    }
}

fn function(
    old: &mut Field<super::FunctionCall>,
    new: Field<super::FunctionCall>,
    budget: &mut Budget,
) -> Result<(), StreamError> {
    match (old, new) {
        (Field::Is(function), Field::Is(more)) => {
            name(&mut function.name, more.name);
            merge::text(&mut function.arguments, more.arguments, budget)?;
            merge::pieces(&mut function.rest, more.rest, budget)
        }
        (old, Field::Is(first)) => {
            budget.spend(SLOT + first.arguments.or_empty().len())?;
            *old = Field::Is(first);
            Ok(())
        }
        (_, Field::Other(_)) => Err(StreamError::Broken("a function is not an object")),
        (old, nothing) => {
            old.replace_with(nothing);
            Ok(())
        }
    }
}

/// Adds a piece of what the message says, which most servers send as text and some as parts.
fn content(
    choice: usize,
    old: &mut Field<Content>,
    new: Field<Content>,
    budget: &mut Budget,
    blocks: &mut usize,
    news: &mut Vec<News>,
) -> Result<(), StreamError> {
    match &new {
        Field::Is(Content::Text(text)) => {
            budget.spend(text.len())?;
            if !text.is_empty() {
                let text = text.clone();
                news.push(News::Text { choice, text });
            }
        }
        Field::Is(Content::Parts(parts)) => {
            *blocks += parts.len();
            for part in parts {
                budget.spend(SLOT / 2 + part.text.or_empty().len())?;
                budget.keep_all(&part.rest)?;
                if let Some(text) = part.text.text() {
                    let text = text.to_owned();
                    news.push(News::Text { choice, text });
                }
                if let Some(text) = part.refusal.text() {
                    let text = text.to_owned();
                    news.push(News::Refusal { choice, text });
                }
            }
        }
        Field::Other(other) => budget.keep(other)?,
        Field::Absent | Field::Null => {}
    }
    match (old, new) {
        (Field::Is(Content::Text(text)), Field::Is(Content::Text(piece))) => text.push_str(&piece),
        (Field::Is(Content::Parts(parts)), Field::Is(Content::Parts(more))) => parts.extend(more),
        (Field::Is(Content::Parts(parts)), Field::Is(Content::Text(text))) => {
            *blocks += 1;
            parts.push(part(text));
        }
        (Field::Is(old), Field::Is(Content::Parts(more))) => {
            let before = match std::mem::replace(old, Content::Parts(Vec::new())) {
                Content::Text(text) if !text.is_empty() => vec![part(text)],
                Content::Text(_) => Vec::new(),
                Content::Parts(parts) => parts,
            };
            *old = Content::Parts(before.into_iter().chain(more).collect());
        }
        (old, new) => old.replace_with(new),
    }
    Ok(())
}

fn part(text: String) -> Part {
    Part {
        kind: Field::Is("text".to_owned()),
        text: Field::Is(text),
        refusal: Field::Absent,
        rest: Map::new(),
    }
}
