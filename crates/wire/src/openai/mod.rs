//! The protocols of OpenAI, which many other servers speak too.

pub mod chat;
pub mod error;
pub mod models;
pub mod responses;
