//! The model gateway: a proxy of four provider protocols with one interception point and no policy of its own.
//!
//! Agents are given this server's address and a key of their own in place of the provider's. What
//! the model says passes at once, byte for byte; what it would *do* (its calls of tools) is held
//! until complete and given to an [`Interceptor`], which releases or denies it. Studies may use the
//! gateway without a charter; the guard puts its own interceptor on it.

mod config;
mod exchange;
mod frames;
mod grammar;
mod intercept;
mod lines;
mod outline;
mod pipe;
mod protocol;
mod reading;
mod registry;
mod relay;
mod route;
mod server;
mod shape;
mod strict;
mod upstream;
mod whole;

pub use config::{Config, Limits, ServerTools, Upstream};
pub use intercept::{
    Admission, CallEnd, ConversationId, ExchangeEnd, ExchangeId, Heard, Interceptor, Outcome,
    Proposal, Reading, Refusal, Refused, Ruling, Said, SaidKind, Tool, ToolList, Turn, Words,
};
pub use protocol::Protocol;
pub use registry::{Registry, RegistryError};
pub use server::{Gateway, ServeError};
pub use upstream::UpstreamError;
