//! Responses: `POST /responses`, the protocol of items.

mod answer;
mod event;
mod fold;
mod item;
mod request;
mod response;

pub use event::StreamEvent;
pub use fold::ResponseFold;
pub use item::{Content, Item, Part};
pub use request::{Input, ResponsesRequest, Tool};
pub use response::{Incomplete, Response, Usage};
