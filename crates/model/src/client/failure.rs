//! What a server says where it does not answer, and what that means.
//!
//! Servers disagree on the form of an error, and some send one with status 200, so this is read
//! once, here, before anyone decides what to do about it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tribune_evidence::Trouble;
use tribune_wire::gemini::error::ErrorBody;
use tribune_wire::stream::ProviderError;

use crate::text::shortened;

/// The most characters of a server's words that an error holds.
pub(super) const LONGEST_WORDS: usize = 500;

/// Names of errors that say that there is no money: no waiting brings any.
const OUT_OF_MONEY: [&str; 6] = [
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_error",
    "exceeded_current_quota_error",
    "insufficient_balance",
    // Z.ai's code for it.
    "1113",
];

/// A failure, as the server states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// The status: HTTP's, or the one that an error sent with a good status gives.
    pub(super) status: u16,
    /// The name of the error, where it has one.
    pub(super) name: Option<String>,
    /// Its words, shortened.
    pub(super) words: String,
    /// Whether the error was JSON.
    pub(super) is_structured: bool,
    /// How long to wait, where the body says so.
    pub(super) wait: Option<Duration>,
}

impl Failure {
    /// The failure in an answer, if it is one.
    pub(super) fn of(status: u16, text: &str, value: Option<&Value>) -> Option<Self> {
        // Gemini's errors may stand in a list.
        let value = match value {
            Some(Value::Array(items)) if items.len() == 1 => items.first(),
            value => value,
        };
        let is_good = (200..300).contains(&status);
        let inside = value.and_then(error_in);
        let (name, said, words) = match (inside, value) {
            (Some(inside), _) => (name_of(inside), status_in(inside), words_of(inside)),
            (None, _) if is_good => return None,
            (None, Some(value)) => (name_of(value), None, words_of(value)),
            (None, None) => (None, None, None),
        };
        let wait = inside
            .and_then(|inside| ErrorBody::deserialize(inside).ok())
            .and_then(|error| error.retry_delay());
        let by_name = || name.as_deref().and_then(status_of_name);
        let status = if is_good {
            said.or_else(by_name).unwrap_or(500)
        } else {
            status
        };
        Some(Self {
            status,
            words: shortened(words.as_deref().unwrap_or(text), LONGEST_WORDS),
            name: name.map(|name| shortened(&name, LONGEST_WORDS)),
            is_structured: value.is_some_and(Value::is_object),
            wait,
        })
    }

    /// The failure that a provider states in the middle of a stream.
    pub(super) fn stated(error: &ProviderError) -> Self {
        let by_name = || error.name.as_deref().and_then(status_of_name);
        Self {
            status: error.status.or_else(by_name).unwrap_or(500),
            name: error
                .name
                .as_deref()
                .map(|name| shortened(name, LONGEST_WORDS)),
            words: shortened(&error.message, LONGEST_WORDS),
            is_structured: true,
            wait: None,
        }
    }

    /// What kind of trouble it is, if the same request may succeed later.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        if self.is_out_of_money() {
            return None;
        }
        match self.status {
            429 => Some(Trouble::RateLimit),
            503 | 529 => Some(Trouble::Overloaded),
            408 | 409 | 500..=599 => Some(Trouble::Server),
            _ => None,
        }
    }

    /// Whether the provider wants money first.
    pub(super) fn is_out_of_money(&self) -> bool {
        let named = self.name.as_deref();
        self.status == 402 || named.is_some_and(|name| OUT_OF_MONEY.contains(&name))
    }

    /// Whether the server says that it does not know the model.
    pub(super) fn is_unknown_model(&self) -> bool {
        self.name.as_deref() == Some("model_not_found")
    }
}

/// The error in a body: at the top, in its first choice, or in the response that it holds.
fn error_in(value: &Value) -> Option<&Value> {
    let of_choice = || value.pointer("/choices/0/error");
    [value.get("error"), of_choice()]
        .into_iter()
        .flatten()
        .find(|error| match error {
            Value::Object(error) => error.contains_key("message") || error.contains_key("code"),
            Value::String(words) => !words.is_empty(),
            _ => false,
        })
}

fn name_of(error: &Value) -> Option<String> {
    let field = |name: &str| error.get(name).and_then(Value::as_str);
    // The most exact one first; in a class of many errors only the code is.
    let names = [field("code"), field("status"), field("type")];
    names.into_iter().flatten().next().map(str::to_owned)
}

fn status_in(error: &Value) -> Option<u16> {
    let code = error.get("code")?;
    let number = code.as_u64().or_else(|| code.as_str()?.parse().ok())?;
    u16::try_from(number)
        .ok()
        .filter(|status| (400..600).contains(status))
}

fn words_of(error: &Value) -> Option<String> {
    let field = |name: &str| error.get(name).and_then(Value::as_str);
    let words = error
        .as_str()
        .or_else(|| field("message"))
        .or_else(|| field("detail"));
    words.or_else(|| field("error")).map(str::to_owned)
}

/// The status that a name stands for, where it is sent with a good one or in a stream.
fn status_of_name(name: &str) -> Option<u16> {
    Some(match name {
        "invalid_request_error" | "INVALID_ARGUMENT" | "FAILED_PRECONDITION" => 400,
        "authentication_error" | "invalid_api_key" | "UNAUTHENTICATED" => 401,
        "billing_error" | "insufficient_quota" => 402,
        "permission_error" | "PERMISSION_DENIED" => 403,
        "not_found_error" | "model_not_found" | "NOT_FOUND" => 404,
        "request_too_large" => 413,
        "rate_limit_error" | "rate_limit_exceeded" | "RESOURCE_EXHAUSTED" => 429,
        "api_error" | "server_error" | "INTERNAL" => 500,
        "UNAVAILABLE" => 503,
        "timeout_error" | "DEADLINE_EXCEEDED" => 504,
        "overloaded_error" => 529,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(status: u16, text: &str) -> Option<Failure> {
        let value = serde_json::from_str(text).ok();
        Failure::of(status, text, value.as_ref())
    }

    #[test]
    fn errors_of_many_forms_are_understood() {
        for (body, words) in [
            (json!({"error": {"message": "one", "code": null}}), "one"),
            (json!({"error": "two"}), "two"),
            (json!({"object": "error", "message": "three"}), "three"),
            (json!({"detail": "four"}), "four"),
            (
                json!({"type": "error", "error": {"type": "x", "message": "five"}}),
                "five",
            ),
            (
                json!([{"error": {"code": 400, "message": "six", "status": "X"}}]),
                "six",
            ),
            (json!("seven"), "seven"),
        ] {
            assert_eq!(read(400, &body.to_string()).unwrap().words, words);
        }
        assert_eq!(read(400, "eight").unwrap().words, "eight");
    }

    #[test]
    fn an_error_with_a_good_status_is_one_all_the_same() {
        let failure = read(200, "{\"error\":{\"message\":\"slow down\",\"code\":429}}").unwrap();
        assert_eq!(
            (failure.status, failure.trouble()),
            (429, Some(Trouble::RateLimit))
        );
        let inside = json!({"choices": [{"error": {"code": 502, "message": "upstream"}, "finish_reason": "error"}]});
        assert_eq!(read(200, &inside.to_string()).unwrap().status, 502);
        let failed =
            json!({"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "x"}});
        assert_eq!(read(200, &failed.to_string()).unwrap().status, 429);
        assert!(read(200, "{\"error\":null,\"choices\":[]}").is_none());
        assert!(read(200, "{\"error\":{},\"choices\":[]}").is_none());
        assert!(read(200, "not json").is_none());
    }

    #[test]
    fn each_status_has_its_class() {
        let class = |status| read(status, "x").unwrap().trouble();
        assert_eq!(class(429), Some(Trouble::RateLimit));
        assert_eq!(
            (class(503), class(529)),
            (Some(Trouble::Overloaded), Some(Trouble::Overloaded))
        );
        for status in [408, 409, 500, 502, 504] {
            assert_eq!(class(status), Some(Trouble::Server), "{status}");
        }
        for status in [301, 400, 401, 402, 403, 404, 413, 422] {
            assert_eq!(class(status), None, "{status}");
        }
    }

    #[test]
    fn no_waiting_brings_money() {
        for name in OUT_OF_MONEY {
            let body = json!({"error": {"message": "pay", "code": name}}).to_string();
            assert_eq!(read(429, &body).unwrap().trouble(), None, "{name}");
        }
        let body = json!({"error": {"message": "pay", "type": "exceeded_current_quota_error"}});
        assert!(read(429, &body.to_string()).unwrap().is_out_of_money());
    }

    #[test]
    fn a_wait_in_the_body_is_read() {
        let body = json!({"error": {"code": 429, "message": "x", "status": "RESOURCE_EXHAUSTED",
            "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12.5s"}]}});
        let wait = read(429, &body.to_string()).unwrap().wait;
        assert_eq!(wait, Some(Duration::from_millis(12_500)));
    }
}
