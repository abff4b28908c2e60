//! The key, which nobody may see: neither in a debug print nor where a server echoes it.

use std::fmt;

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::Value;

/// How a key is shown to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// `x-api-key: KEY`, as Anthropic wants it.
    #[serde(rename = "x-api-key")]
    Anthropic,
    /// `x-goog-api-key: KEY`, as Google wants it.
    #[serde(rename = "x-goog-api-key")]
    Google,
}

/// What stands where the key stood.
const HIDDEN: &str = "[key removed]";

/// Shorter keys are placeholders such as `none`, which local servers ask for; to take those out of
/// texts would falsify them and protect nothing.
const SHORTEST_SECRET: usize = 8;

/// The key of a provider. It has no serialised form and does not show in debug prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A key from its text, white space around it removed; none if nothing is left.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The text of the key, for those who must compare or hash it. Never to be printed or kept.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The header that proves it, unless no header can hold it.
    #[must_use]
    pub fn header(&self, proof: Proof) -> Option<(HeaderName, HeaderValue)> {
        let (name, value) = match proof {
            Proof::Bearer => (
                AUTHORIZATION,
                HeaderValue::from_str(&format!("Bearer {}", self.0)),
            ),
            Proof::Anthropic => (
                HeaderName::from_static("x-api-key"),
                HeaderValue::from_str(&self.0),
            ),
            Proof::Google => {
                let name = HeaderName::from_static("x-goog-api-key");
                (name, HeaderValue::from_str(&self.0))
            }
        };
        let mut value = value.ok()?;
        value.set_sensitive(true);
        Some((name, value))
    }

    /// Whether a text may hold the key in a form that only the text's reader would show.
    pub(crate) fn may_be_in(&self, text: &str) -> bool {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        // Anything can be escaped as \u, and a few characters in another way too.
        text.contains(&self.0) || text.contains("\\u") || !self.0.chars().all(is_plain)
    }

    /// The text without the key, as it is and as JSON writes it.
    pub(crate) fn hide(&self, text: &str) -> String {
        if self.0.len() < SHORTEST_SECRET {
            return text.to_owned();
        }
        let plain = text.replace(&self.0, HIDDEN);
        let written = Value::from(self.0.as_str()).to_string();
        let inside = written
            .strip_prefix('"')
            .and_then(|written| written.strip_suffix('"'));
        let escaped = inside.unwrap_or(&self.0);
        if escaped == self.0 {
            plain
        } else {
            plain.replace(escaped, HIDDEN)
        }
    }

    /// A text that is JSON itself, such as the arguments of a call, may hold the key in escapes
    /// that only its reader undoes.
    fn hide_written(&self, text: &str) -> String {
        if !text.contains("\\u") {
            return text.to_owned();
        }
        let Ok(mut inner) = serde_json::from_str::<Value>(text) else {
            return text.to_owned();
        };
        let holds_texts = inner.is_object() || inner.is_array() || inner.is_string();
        if holds_texts && self.hide_in(&mut inner) {
            inner.to_string()
        } else {
            text.to_owned()
        }
    }

    /// Takes the key out of every text of a value, names of fields included, however it was escaped
    /// where the value was read from. Says whether it was there.
    pub(crate) fn hide_in(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => {
                let hidden = self.hide_written(&self.hide(text));
                let found = hidden != *text;
                *text = hidden;
                found
            }
            Value::Array(items) => {
                let mut found = false;
                for item in items {
                    found |= self.hide_in(item);
                }
                found
            }
            Value::Object(fields) => {
                let mut found = false;
                for (_, field) in fields.iter_mut() {
                    found |= self.hide_in(field);
                }
                if fields.keys().any(|name| self.hide(name) != *name) {
                    found = true;
                    *fields = std::mem::take(fields)
                        .into_iter()
                        .map(|(name, field)| (self.hide(&name), field))
                        .collect();
                }
                found
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_is_hidden_in_texts_values_and_names() {
        let key = Key::new(" sk-a/b\"c-123 \n").unwrap();
        assert_eq!(key.hide("<sk-a/b\"c-123>"), "<[key removed]>");
        assert_eq!(
            key.hide("{\"k\":\"sk-a/b\\\"c-123\"}"),
            "{\"k\":\"[key removed]\"}"
        );
        let mut value = json!({"a": ["x sk-a/b\"c-123"], "sk-a/b\"c-123": 1, "n": null});
        assert!(key.hide_in(&mut value));
        assert_eq!(
            value,
            json!({"a": ["x [key removed]"], "[key removed]": 1, "n": null})
        );
        assert!(!key.hide_in(&mut value));
    }

    #[test]
    fn it_does_not_show_and_placeholders_stay_in_texts() {
        let key = Key::new("sk-secret-123").unwrap();
        assert_eq!(format!("{key:?}"), "Key(..)");
        for proof in [Proof::Bearer, Proof::Anthropic, Proof::Google] {
            assert_eq!(format!("{:?}", key.header(proof).unwrap().1), "Sensitive");
        }
        assert_eq!(Key::new("none").unwrap().hide("none of it"), "none of it");
        assert_eq!(Key::new(" \t"), None);
    }
}
