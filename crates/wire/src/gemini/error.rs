//! What the server says when it does not answer.

use std::time::Duration;

use serde_json::Value;

use crate::object::object;
use crate::stream::ProviderError;

object! {
    /// The body of an answer that is an error, and the piece that breaks off a stream.
    pub struct ErrorResponse {
        /// The error.
        error: ErrorBody = "error",
    }

    /// An error.
    pub struct ErrorBody {
        /// The status of HTTP.
        code: u16 = "code",
        /// For a person.
        message: String = "message",
        /// Its class, such as `RESOURCE_EXHAUSTED`.
        status: String = "status",
        /// More of it, such as how long to wait.
        details: Vec<Value> = "details",
    }
}

impl ErrorBody {
    /// How long the server asks to wait: the `retryDelay` of a `RetryInfo`, such as `12.5s`.
    #[must_use]
    pub fn retry_delay(&self) -> Option<Duration> {
        let details = self.details.get()?;
        let text = details
            .iter()
            .find_map(|detail| detail.get("retryDelay")?.as_str())?;
        let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// The error as a stream reports it.
    #[must_use]
    pub fn stated(&self) -> ProviderError {
        ProviderError {
            status: self.code.get().copied(),
            name: self.status.text().map(str::to_owned),
            message: self.message.or_empty().to_owned(),
        }
    }
}
