//! Gemini's protocol: `POST /v1beta/models/MODEL:generateContent` and `:streamGenerateContent`.

mod answer;
mod content;
pub mod error;
mod fold;
mod models;
mod request;
mod response;

pub use content::{Content, FunctionCall, FunctionResponse, Part};
pub use fold::GenerateFold;
pub use models::{ModelEntry, ModelList};
pub use request::{FunctionDeclaration, GenerateRequest, Tool};
pub use response::{Candidate, FinishReason, GenerateResponse, PromptFeedback, Usage};
