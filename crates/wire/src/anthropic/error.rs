//! What the server says when it does not answer.

use crate::object::object;
use crate::stream::ProviderError;

object! {
    /// The body of an answer that is an error, and the event that breaks off a stream.
    pub struct ErrorResponse {
        /// `error`.
        kind: String = "type",
        /// The error.
        error: ErrorBody = "error",
        /// The server's id for the request.
        request_id: String = "request_id",
    }

    /// An error.
    pub struct ErrorBody {
        /// Its class, such as `overloaded_error`.
        kind: String = "type",
        /// For a person.
        message: String = "message",
    }
}

impl ErrorBody {
    /// The status of HTTP that the class stands for.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        Some(match self.kind.text()? {
            "invalid_request_error" => 400,
            "authentication_error" => 401,
            "billing_error" => 402,
            "permission_error" => 403,
            "not_found_error" => 404,
            "request_too_large" => 413,
            "rate_limit_error" => 429,
            "api_error" => 500,
            "timeout_error" => 504,
            "overloaded_error" => 529,
            _ => return None,
        })
    }

    /// The error as a stream reports it.
    #[must_use]
    pub fn stated(&self) -> ProviderError {
        ProviderError {
            status: self.status(),
            name: self.kind.text().map(str::to_owned),
            message: self.message.or_empty().to_owned(),
        }
    }
}
