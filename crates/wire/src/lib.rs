//! Lossless provider protocol types.
//!
//! A type here names the fields that Tribune reads and keeps all others, so that what a provider
//! sent can be sent back, shown and recorded without loss: a library that drops or reorders
//! reasoning between two turns falsifies an experiment. Lossless means equal as JSON; white space
//! and the order of keys are not kept, which is why the record keeps a response's text as well.
//!
//! Four protocols: OpenAI's chat completions ([`openai::chat`], which many other servers speak) and
//! responses ([`openai::responses`]), Anthropic's messages ([`anthropic`]) and Gemini's content
//! ([`gemini`]). Each has its request, its whole response, the events of its stream, its errors, and
//! a fold from those events to the response ([`stream`]). What all of them say (words, reasoning,
//! calls, why the model stopped, what it used) is read through one trait, [`Answer`].
//!
//! Limits: a number that needs more than 64 bits is rounded by the JSON reader before it gets
//! here; of two equal keys in one object the last one stays, as in the readers of the official
//! clients; and JSON nested more than 127 deep is an error.

mod object;

pub mod answer;
pub mod anthropic;
pub mod field;
pub mod gemini;
pub mod json;
pub mod openai;
pub mod stream;

pub use answer::{Answer, Call, End, Stop, Tokens};
pub use field::Field;
pub use json::Json;
