//! The proxy between an agent and a server of tools (Model Context Protocol).
//!
//! Messages pass as they came. Calls are put to the guard, lists of tools are compared with what was
//! approved, results are told. See [`Mediator`] for what is done to a message, [`lines`] for the
//! transport over standard input and output and [`http`] for the one over HTTP.

pub mod http;
pub mod lines;
mod mediator;
mod message;
#[cfg(test)]
mod tests;

pub use mediator::{Asked, Declared, Mediator, Oracle, Passage, Scope, WHOLE};
pub use message::{MOST_MESSAGE, Message, MessageError, denied, error, read};
