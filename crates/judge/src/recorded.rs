//! Opinions as events carry them, read back: what [`Opinion::to_json`] wrote, or what a record of
//! another hand holds in its place.
//!
//! [`Opinion::to_json`]: crate::Opinion::to_json

use serde_json::Value;
use tribune_evidence::{Content, Contents};

use crate::question::Question;

/// What a judge's answer is, in words: that of an event, read back.
#[must_use]
pub fn answer_words(question: &str, answer: &Content, contents: &dyn Contents) -> String {
    let json = answer
        .bytes(contents)
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    match json.as_ref().map(|json| &json["answer"]) {
        Some(Value::String(word)) => word.chars().take(40).collect(),
        Some(Value::Array(list)) if question == Question::Claims.as_str() => list.len().to_string(),
        Some(Value::Array(list)) if list.is_empty() => "none".to_owned(),
        Some(Value::Array(list)) => {
            let words: Vec<&str> = list.iter().filter_map(Value::as_str).take(20).collect();
            words.join(",")
        }
        _ => "unknown".to_owned(),
    }
}

/// A judge's answer for a person: the answer, why it is unknown, and what it quotes. What has another
/// form is shown as it is.
#[must_use]
pub fn opinion_told(json: &str) -> String {
    let Ok(Value::Object(opinion)) = serde_json::from_str::<Value>(json) else {
        return json.to_owned();
    };
    let quoted = |quote: &Value| {
        let done = match quote.get("done") {
            Some(Value::Bool(true)) => "did ",
            Some(Value::Bool(false)) => "did not ",
            _ => "",
        };
        let about = quote.get("about").and_then(Value::as_str);
        let about = about.map_or(String::new(), |about| format!("{done}{about}: "));
        let words = quote.get("quote").and_then(Value::as_str);
        format!(
            "{about}\u{201c}{}\u{201d} in {}",
            words.unwrap_or_default(),
            quote.get("event").unwrap_or(&Value::Null)
        )
    };
    let list = |value: Option<&Value>| match value {
        Some(Value::Array(list)) => list.clone(),
        _ => Vec::new(),
    };
    let mut told = match opinion.get("answer") {
        Some(Value::String(word)) => word.clone(),
        Some(Value::Array(list)) if list.is_empty() => "none".to_owned(),
        Some(Value::Array(list)) => {
            let one = |value: &Value| match value {
                Value::String(word) => word.clone(),
                other => quoted(other),
            };
            list.iter().map(one).collect::<Vec<_>>().join("; ")
        }
        _ => return json.to_owned(),
    };
    if let Some(why) = opinion.get("why").and_then(Value::as_str) {
        told.push_str(&format!(", since {why}"));
    }
    let quotes = list(opinion.get("evidence"));
    if !quotes.is_empty() {
        let quotes: Vec<String> = quotes.iter().map(quoted).collect();
        told.push_str(&format!(" ({})", quotes.join("; ")));
    }
    told
}
