//! What a server says when it does not answer.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Field;

/// The body of an answer that is an error.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ErrorResponse {
    /// The error.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub error: Field<ErrorBody>,
    /// All other fields.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// An error.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ErrorBody {
    /// For a person.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub message: Field<String>,
    /// Its class, such as `invalid_request_error`.
    #[serde(default, rename = "type", skip_serializing_if = "Field::is_absent")]
    pub kind: Field<String>,
    /// The parameter at fault.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub param: Field<String>,
    /// Its name, such as `model_not_found`; some servers repeat the HTTP status as a number.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub code: Field<Code>,
    /// All other fields.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// The code of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Code {
    /// A name.
    Name(String),
    /// A status of HTTP.
    Status(u16),
}

impl ErrorBody {
    /// The name of the error, where it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self.code.get() {
            Some(Code::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// The status of HTTP that the error says it is, where it says so.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        let status = match self.code.get()? {
            Code::Status(status) => *status,
            Code::Name(name) => name.parse().ok()?,
        };
        (400..600).contains(&status).then_some(status)
    }
}
