//! Chat completions: `POST /chat/completions`.
//!
//! Every optional field is a [`Field`](crate::Field) and every object keeps what it does not know
//! in `rest`, so any JSON object can be read as any of these types and written again unchanged.

mod answer;
mod chunk;
mod fold;
mod message;
mod request;
mod response;

pub use chunk::{Chunk, ChunkChoice};
pub use fold::ChatFold;
pub use message::{Content, CustomCall, FunctionCall, Message, Part, ToolCall};
pub use request::{ChatRequest, Function, Tool};
pub use response::{ChatResponse, Choice, FinishReason, TokenDetails, Usage};
