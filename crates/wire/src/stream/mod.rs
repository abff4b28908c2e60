//! Streamed answers: from bytes, cut anywhere, to the message that the whole answer would have
//! been.
//!
//! Three parts, each usable alone. A framing ([`sse`], [`mod@array`]) cuts bytes into events. A
//! [`Fold`] of one protocol takes events, says what is new, and gives the message at the end. A
//! [`Stream`] is both together.
//!
//! What a fold promises: it works a constant time for each event (in the length of the event, not
//! of the message); calls are told only when they are complete; a stream that ends before its
//! protocol's end is [`StreamError::EndedEarly`] and never a short answer; memory is bounded by
//! [`Limits`]; and nothing depends on how the bytes were cut.

pub mod array;
mod budget;
pub(crate) mod merge;
pub mod sse;

pub(crate) use budget::Budget;

use thiserror::Error;

use crate::answer::{Answer, Call};
use crate::json::{Json, ReadError, read};

/// How much a stream may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of one event.
    pub event_bytes: usize,
    /// The most values of JSON in one event of more than 64 KiB.
    pub event_values: usize,
    /// The most bytes of memory that the message takes, as far as they can be reckoned.
    pub message_bytes: usize,
    /// The most blocks, parts, items or calls of a message.
    pub blocks: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            event_bytes: 16 << 20,
            event_values: 100_000,
            message_bytes: 64 << 20,
            blocks: 4_096,
        }
    }
}

/// What an event brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Words of an answer.
    Text {
        /// Which answer.
        choice: usize,
        /// The words.
        text: String,
    },
    /// Words of a refusal.
    Refusal {
        /// Which answer.
        choice: usize,
        /// The words.
        text: String,
    },
    /// Reasoning that the server shows.
    Reasoning {
        /// Which answer.
        choice: usize,
        /// The reasoning.
        text: String,
    },
    /// A call, complete.
    Call(Call),
}

/// Whether an event may be passed on before anyone has judged it.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pass {
    /// It has words or reasoning or nothing of weight.
    AtOnce,
    /// It has a part of a call, or says how the answer ends, or is not understood.
    Held,
}

/// One event of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its name; empty where it has none.
    pub name: &'a str,
    /// What it carries.
    pub data: &'a str,
}

/// An error that a provider sent in the middle of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProviderError {
    /// The status of HTTP that it says or stands for.
    pub status: Option<u16>,
    /// Its name or class.
    pub name: Option<String>,
    /// Its words.
    pub message: String,
}

/// Why a stream gave no message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StreamError {
    /// It stopped before the answer was complete.
    #[error("the stream ended before the answer was complete")]
    EndedEarly,
    /// The provider sent an error in place of the rest.
    #[error("the provider broke the stream off: {}", .0.message)]
    Provider(ProviderError),
    /// It is larger than the limits allow.
    #[error("{what} is larger than {limit}, the most that is taken")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit that it passed.
        limit: usize,
    },
    /// A line is not UTF-8.
    #[error("the stream is not UTF-8")]
    NotUtf8,
    /// An event is not JSON.
    #[error("an event of the stream is not JSON: {0}")]
    NotJson(String),
    /// It breaks the protocol in a way that leaves the message in doubt.
    #[error("the stream breaks the protocol: {0}")]
    Broken(&'static str),
}

impl From<ReadError> for StreamError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge { what, limit } => Self::TooLarge { what, limit },
            ReadError::NotJson(why) => Self::NotJson(why),
            ReadError::NotAnObject => Self::Broken("an event is not an object"),
        }
    }
}

/// The events of one protocol, folded into a message.
pub trait Fold: Sized {
    /// The message: the type of the whole answer.
    type Whole: Answer;

    /// An empty message.
    fn new(limits: Limits) -> Self;

    /// Takes an event; adds to `news` what it brought.
    ///
    /// # Errors
    /// The stream is of no use any more. The fold must not be given further events.
    fn event(&mut self, event: Event<'_>, news: &mut Vec<News>) -> Result<Pass, StreamError>;

    /// Whether the protocol's last event has come. What comes after it is an error.
    fn is_over(&self) -> bool;

    /// The message, when the stream has ended.
    ///
    /// # Errors
    /// It ended before the answer was complete.
    fn finish(self) -> Result<Self::Whole, StreamError>;
}

/// Reads the data of an event.
pub(crate) fn data<T: Json>(event: Event<'_>, limits: &Limits) -> Result<T, StreamError> {
    let text = event.data.as_bytes();
    Ok(read(text, limits.event_bytes, limits.event_values)?)
}

/// How events are cut out of bytes.
#[derive(Debug)]
enum Framing {
    Sse(sse::Decoder),
    Array(array::Decoder),
}

/// A stream of bytes folded into a message.
#[derive(Debug)]
pub struct Stream<F> {
    framing: Framing,
    fold: F,
    failed: Option<StreamError>,
}

impl<F: Fold> Stream<F> {
    /// A stream of server-sent events, the form of every protocol.
    #[must_use]
    pub fn sse(limits: Limits) -> Self {
        Self::of(Framing::Sse(sse::Decoder::new(limits.event_bytes)), limits)
    }

    /// A stream that is one JSON array, the form that Gemini uses without `alt=sse`.
    #[must_use]
    pub fn array(limits: Limits) -> Self {
        let decoder = array::Decoder::new(limits.event_bytes);
        Self::of(Framing::Array(decoder), limits)
    }

    fn of(framing: Framing, limits: Limits) -> Self {
        Self {
            framing,
            fold: F::new(limits),
            failed: None,
        }
    }

    /// Takes the next bytes; adds to `news` what they brought.
    ///
    /// # Errors
    /// The stream is of no use any more; the same error comes again if it is asked again.
    pub fn push(&mut self, bytes: &[u8], news: &mut Vec<News>) -> Result<(), StreamError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let fold = &mut self.fold;
        let each = |event: Event<'_>| fold.event(event, news).map(drop);
        let outcome = match &mut self.framing {
            Framing::Sse(decoder) => decoder.push(bytes, each),
            Framing::Array(decoder) => decoder.push(bytes, each),
        };
        if let Err(error) = &outcome {
            self.failed = Some(error.clone());
        }
        outcome
    }

    /// Whether the protocol's last event has come, so that the connection need not be waited for.
    pub fn is_over(&self) -> bool {
        self.failed.is_none() && self.fold.is_over()
    }

    /// The message, when the bytes have ended; adds to `news` what was still open.
    ///
    /// # Errors
    /// It ended early, or had failed before.
    pub fn finish(mut self, news: &mut Vec<News>) -> Result<F::Whole, StreamError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let fold = &mut self.fold;
        let each = |event: Event<'_>| fold.event(event, news).map(drop);
        let outcome = match &mut self.framing {
            Framing::Sse(decoder) => decoder.finish(each),
            Framing::Array(decoder) => decoder.finish(),
        };
        match outcome {
            Ok(()) => self.fold.finish(),
            // Half an event at the end is a cut.
            Err(StreamError::NotJson(_)) => Err(StreamError::EndedEarly),
            Err(error) => Err(error),
        }
    }
}
