//! What a server says when it does not answer.

use crate::object::{either, object};

object! {
    /// The body of an answer that is an error.
    pub struct ErrorResponse {
        /// The error.
        error: ErrorBody = "error",
    }

    /// An error.
    pub struct ErrorBody {
        /// For a person.
        message: String = "message",
        /// Its class, such as `invalid_request_error`.
        kind: String = "type",
        /// The parameter at fault.
        param: String = "param",
        /// Its name, such as `model_not_found`; some servers repeat the HTTP status as a number.
        code: Code = "code",
    }
}

either! {
    /// The code of an error.
    pub enum Code {
        /// A name.
        Name(String),
        /// A status of HTTP.
        Status(u16),
    }
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
