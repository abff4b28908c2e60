//! Every type of every protocol gives back any object that it was given: as a value, as text, and
//! to the digit of every number that JSON's readers keep.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod any;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tribune_wire::{Json, anthropic, gemini, openai};

use any::{any_object, any_value};

fn survives<T: DeserializeOwned + Serialize + Json + PartialEq + std::fmt::Debug>(text: &str) {
    let value: Value = serde_json::from_str(text).unwrap();
    // Straight from the text, out of a value, and by serde out of a value.
    let typed: T = serde_json::from_str(text).unwrap();
    assert_eq!(T::from_value(value.clone()).as_ref(), Ok(&typed));
    assert_eq!(serde_json::from_value::<T>(value.clone()).unwrap(), typed);
    // Back to text, and back to a value.
    let written = serde_json::to_string(&typed).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
    assert_eq!(typed.into_value(), value);
}

fn all(text: &str) {
    survives::<openai::chat::ChatRequest>(text);
    survives::<openai::chat::ChatResponse>(text);
    survives::<openai::chat::Message>(text);
    survives::<openai::chat::Chunk>(text);
    survives::<openai::responses::ResponsesRequest>(text);
    survives::<openai::responses::Response>(text);
    survives::<openai::responses::Item>(text);
    survives::<openai::responses::StreamEvent>(text);
    survives::<openai::error::ErrorResponse>(text);
    survives::<openai::models::ModelList>(text);
    survives::<anthropic::MessagesRequest>(text);
    survives::<anthropic::MessagesResponse>(text);
    survives::<anthropic::Message>(text);
    survives::<anthropic::StreamEvent>(text);
    survives::<anthropic::error::ErrorResponse>(text);
    survives::<anthropic::ModelList>(text);
    survives::<gemini::GenerateRequest>(text);
    survives::<gemini::GenerateResponse>(text);
    survives::<gemini::Content>(text);
    survives::<gemini::error::ErrorResponse>(text);
    survives::<gemini::ModelList>(text);
}

proptest! {
    #[test]
    fn any_object_survives(object in any_object(any_value())) {
        all(&Value::Object(object).to_string());
    }

    #[test]
    fn any_fraction_survives_to_the_last_digit(fraction in any::<f64>(), whole in any::<u64>()) {
        let text = json!({"temperature": fraction, "rest": fraction, "seed": whole}).to_string();
        all(&text);
    }
}

/// The limit of what is lossless, as the guide says it: members that Tribune knows come before the
/// others, and digits that no number of 64 bits holds are lost.
#[test]
fn the_place_of_known_keys_and_digits_beyond_64_bits_are_not_kept() {
    let long = "123456789012345678901234567890";
    let text = format!(r#"{{"b":{long},"role":"assistant","a":1.10,"c":18446744073709551615}}"#);
    let message: anthropic::Message = serde_json::from_str(&text).unwrap();
    let written = serde_json::to_string(&message).unwrap();
    assert!(
        !written.contains(long) && written.contains("1.2345678901234568e+29"),
        "{written}"
    );
    assert!(written.contains(r#""a":1.1,"#), "{written}");
    assert!(written.contains("18446744073709551615"), "{written}");
    let place = |key: &str| written.find(key).unwrap();
    assert!(place(r#""role""#) < place(r#""b""#), "{written}");
    assert!(place(r#""b""#) < place(r#""a""#), "{written}");
    assert!(place(r#""a""#) < place(r#""c""#), "{written}");
}

/// What [`tribune_wire`] states of itself: of two equal keys the last one stays, wherever they are.
#[test]
fn of_two_equal_keys_the_last_stays() {
    let text = "{\"model\":\"a\",\"x\":1,\"model\":\"b\",\"x\":2,\"content\":{\"text\":\"a\",\"text\":\"b\"}}";
    let request: openai::chat::ChatRequest = serde_json::from_str(text).unwrap();
    assert_eq!(request.model.text(), Some("b"));
    assert_eq!(request.rest["x"], 2);
    all(text);
}

#[test]
fn what_is_no_object_is_no_message() {
    for text in ["[]", "null", "1", "\"x\"", "true"] {
        assert!(
            serde_json::from_str::<openai::chat::Message>(text).is_err(),
            "{text}"
        );
        let read = tribune_wire::json::read::<gemini::Content>(text.as_bytes(), 99, 99);
        assert_eq!(read, Err(tribune_wire::json::ReadError::NotAnObject));
    }
}
