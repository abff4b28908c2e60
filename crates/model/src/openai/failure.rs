//! What came back from a server, and what it says where that is a failure.
//!
//! Servers disagree on the form of an error, and some send one with status 200, so this is read
//! once, here, before anyone decides what to do about it.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use tribune_wire::openai::chat::ChatResponse;
use tribune_wire::openai::error::{ErrorBody, ErrorResponse};

use super::key::Key;

/// The most characters of a server's words that an error holds.
const LONGEST_WORDS: usize = 500;

/// An answer of a server, without the key.
#[derive(Debug)]
pub(super) struct Answer {
    /// The body.
    pub(super) text: String,
    /// The body as JSON, where it is.
    pub(super) value: Option<Value>,
    /// What went wrong, where something did.
    pub(super) failure: Option<Failure>,
    /// How long the server asks to wait.
    pub(super) wait: Option<Duration>,
}

/// A failure, as the server states it.
#[derive(Debug)]
pub(super) struct Failure {
    /// The status: HTTP's, or the one that an error sent with a good status gives.
    pub(super) status: u16,
    /// The name of the error, where it has one.
    pub(super) name: Option<String>,
    /// Its words, shortened.
    pub(super) words: String,
    /// Whether the error was JSON.
    pub(super) is_structured: bool,
}

impl Answer {
    /// Reads an answer. The key is taken out first, so that nothing made from it can hold the key.
    pub(super) fn new(status: u16, headers: &HeaderMap, text: &str, key: Option<&Key>) -> Self {
        let mut text = key.map_or_else(|| text.to_owned(), |key| key.hide(text));
        let mut value: Option<Value> = serde_json::from_str(&text).ok();
        if let (Some(key), Some(value)) = (key, &mut value)
            && key.hide_in(value)
        {
            // It was written with escapes; the text is then the value without it.
            text = value.to_string();
        }
        if value.is_none() && key.is_some() && text.contains("\\u") {
            // What cannot be read cannot be searched: it may hold the key in escapes.
            text = "(a body that is no JSON and holds escapes was not kept)".to_owned();
        }
        let failure = failure(status, &text, value.as_ref());
        Self {
            text,
            value,
            failure,
            wait: wait(headers),
        }
    }
}

impl Failure {
    /// Whether the same request may succeed later.
    pub(super) fn is_passing(&self) -> bool {
        // Sent with status 429, but no waiting brings money.
        let out_of_money = matches!(
            self.name.as_deref(),
            Some("insufficient_quota" | "billing_hard_limit_reached")
        );
        matches!(self.status, 408 | 409 | 429 | 500..=599) && !out_of_money
    }

    /// Whether the server says that it does not know the model.
    pub(super) fn is_unknown_model(&self) -> bool {
        self.name.as_deref() == Some("model_not_found")
    }
}

fn failure(status: u16, text: &str, value: Option<&Value>) -> Option<Failure> {
    if !(200..300).contains(&status) {
        let response: ErrorResponse = value
            .and_then(|value| Deserialize::deserialize(value).ok())
            .unwrap_or_default();
        let name = response.error.get().and_then(ErrorBody::name);
        let other = ["error", "message", "detail"];
        let words = response
            .error
            .get()
            .and_then(|error| error.message.text())
            .or_else(|| other.iter().find_map(|name| value?.get(name)?.as_str()))
            .unwrap_or(text);
        return Some(Failure {
            status,
            name: name.map(|name| shortened(name, LONGEST_WORDS)),
            words: shortened(words, LONGEST_WORDS),
            is_structured: value.is_some_and(Value::is_object),
        });
    }
    let response: ChatResponse = Deserialize::deserialize(value?).ok()?;
    let error = response.failure()?;
    if error.message.get().is_none() && error.code.get().is_none() {
        return None;
    }
    Some(Failure {
        status: error.status().unwrap_or(status),
        name: error.name().map(|name| shortened(name, LONGEST_WORDS)),
        words: shortened(error.message.text().unwrap_or(text), LONGEST_WORDS),
        is_structured: true,
    })
}

/// How long the server asks to wait, in seconds or milliseconds. A date is not read: it would make
/// the wait depend on this machine's clock being right.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let number =
        |name: &str| -> Option<f64> { headers.get(name)?.to_str().ok()?.trim().parse().ok() };
    let seconds = number("retry-after-ms")
        .map(|millis| millis / 1000.0)
        .or_else(|| number("retry-after"))?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// At most so many characters of a text, without characters that could steer a terminal.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let clean = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut short: String = text.trim().chars().take(most).map(clean).collect();
    if text.trim().chars().nth(most).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;
    use serde_json::json;

    fn read(status: u16, text: &str) -> Option<Failure> {
        Answer::new(status, &HeaderMap::new(), text, None).failure
    }

    #[test]
    fn errors_of_many_forms_are_understood() {
        for (body, words) in [
            (
                json!({"error": {"message": "one", "code": null}}).to_string(),
                "one",
            ),
            (json!({"error": "two"}).to_string(), "two"),
            (
                json!({"object": "error", "message": "three"}).to_string(),
                "three",
            ),
            (json!({"detail": "four"}).to_string(), "four"),
            ("five".to_owned(), "five"),
        ] {
            assert_eq!(read(400, &body).unwrap().words, words);
        }
    }

    #[test]
    fn an_error_with_a_good_status_is_one_all_the_same() {
        let failure = read(200, "{\"error\":{\"message\":\"slow down\",\"code\":429}}").unwrap();
        assert_eq!((failure.status, failure.is_passing()), (429, true));
        let inside = json!({"choices": [{"error": {"code": 502, "message": "upstream"}, "finish_reason": "error"}]});
        assert_eq!(read(200, &inside.to_string()).unwrap().status, 502);
        assert!(read(200, "{\"error\":null,\"choices\":[]}").is_none());
        assert!(read(200, "{\"error\":{},\"choices\":[]}").is_none());
        assert!(read(200, "not json").is_none());
    }

    #[test]
    fn no_waiting_brings_money() {
        let body = "{\"error\":{\"message\":\"pay\",\"code\":\"insufficient_quota\"}}";
        assert!(!read(429, body).unwrap().is_passing());
        assert!(read(429, "later").unwrap().is_passing());
        assert!(!read(400, "no").unwrap().is_passing());
    }

    #[test]
    fn waits_are_read_and_nonsense_is_not() {
        let of = |name: &'static str, value: &'static str| {
            wait(&HeaderMap::from_iter([(
                name.parse().unwrap(),
                HeaderValue::from_static(value),
            )]))
        };
        assert_eq!(of("retry-after", "3"), Some(Duration::from_secs(3)));
        assert_eq!(
            of("retry-after-ms", "250"),
            Some(Duration::from_millis(250))
        );
        for nonsense in [
            "-1",
            "NaN",
            "inf",
            "1e300",
            "Wed, 21 Oct 2026 07:28:00 GMT",
            "",
        ] {
            assert_eq!(of("retry-after", nonsense), None);
        }
    }

    #[test]
    fn an_escaped_key_is_found_too() {
        let key = Key::new("sk-secret-123").unwrap();
        let text = "{\"error\":{\"message\":\"\\u0073k-secret-123\"}}";
        let answer = Answer::new(400, &HeaderMap::new(), text, Some(&key));
        assert_eq!(answer.text, "{\"error\":{\"message\":\"[key removed]\"}}");
        assert_eq!(answer.failure.unwrap().words, "[key removed]");
    }

    #[test]
    fn long_and_wild_texts_become_short_and_tame() {
        assert_eq!(shortened("a\u{1b}[31mb\n", 100), "a [31mb");
        assert_eq!(shortened("äöü", 2), "äö…");
    }
}
