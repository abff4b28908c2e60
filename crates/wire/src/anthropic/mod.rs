//! Anthropic's protocol: `POST /v1/messages`.

mod answer;
pub mod error;
mod event;
mod fold;
mod message;
mod models;
mod request;
mod response;

pub use event::{Delta, StreamEvent};
pub use fold::MessageFold;
pub use message::{Block, Content, Message};
pub use models::{ModelEntry, ModelList};
pub use request::{MessagesRequest, Tool};
pub use response::{MessagesResponse, StopReason, Usage};
