//! Words of events: bounded, in small letters, out of the JSON that calls are made of.

use serde_json::Value;
use tribune_evidence::{Content, Contents};

use crate::words::text::{plain, sentences};

/// The longest text that is read, in bytes; the rest is not looked at.
pub(super) const TEXT: usize = 32 * 1024;
/// The most sentences of one text that are looked at.
pub(super) const SENTENCES: usize = 256;
/// The most numbers of one call.
const NUMBERS: usize = 64;

/// The beginning of a text, cut at a character.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The text of some content, as far as it is read; nothing where it is no text or not to be had.
pub(super) fn text_of(content: &Content, contents: &dyn Contents) -> Option<String> {
    match content {
        Content::Text(text) => Some(cut(text, TEXT).to_owned()),
        Content::Blob { id, .. } => {
            let bytes = contents.get(id)?;
            let most = &bytes[..bytes.len().min(TEXT)];
            match std::str::from_utf8(most) {
                Ok(text) => Some(text.to_owned()),
                // Cut within a character, or no text at all.
                Err(error) if most.len() - error.valid_up_to() < 4 => {
                    let valid = &most[..error.valid_up_to()];
                    std::str::from_utf8(valid).ok().map(str::to_owned)
                }
                Err(_) => None,
            }
        }
    }
}

/// What a call says, beside the names of its fields.
#[derive(Debug, Clone, Default)]
pub(super) struct Saying {
    /// All words, in small letters, one value a line; without those that an edit takes away.
    pub(super) words: String,
    /// Words that an edit takes away: those of fields for what is old.
    pub(super) replaced: String,
    /// Every number, with the field that it stands in.
    pub(super) numbers: Vec<(String, f64)>,
    /// Every field with a value that is no list, in small letters.
    pub(super) fields: Vec<(String, String)>,
}

impl Saying {
    /// Reads the arguments of a call: JSON, or else free text.
    pub(super) fn read(raw: &str) -> Self {
        let mut saying = Self::default();
        let mut words = String::new();
        match serde_json::from_str::<Value>(raw) {
            Ok(value) => saying.walk("", &value, &mut words),
            Err(_) => words.push_str(raw),
        }
        saying.words = plain(&words);
        saying
    }

    fn walk(&mut self, field: &str, value: &Value, words: &mut String) {
        let mut keep = |field: &str, text: String| {
            if self.fields.len() < NUMBERS {
                self.fields.push((field.to_lowercase(), text));
            }
        };
        match value {
            Value::Null => {}
            Value::Bool(flag) => keep(field, flag.to_string()),
            Value::Number(number) => {
                keep(field, number.to_string());
                self.number(field, number.as_f64());
            }
            Value::String(text) => {
                if text.len() <= 80 {
                    keep(field, text.to_lowercase());
                }
                self.number(field, text.trim().parse().ok());
                if field.starts_with("old") {
                    self.replaced.push_str(&plain(text));
                    self.replaced.push('\n');
                } else {
                    words.push_str(text);
                    words.push('\n');
                }
            }
            Value::Array(values) => {
                for value in values {
                    self.walk(field, value, words);
                }
            }
            Value::Object(fields) => {
                for (field, value) in fields {
                    self.walk(field, value, words);
                }
            }
        }
    }

    fn number(&mut self, field: &str, number: Option<f64>) {
        if let Some(number) = number.filter(|number| number.is_finite())
            && self.numbers.len() < NUMBERS
        {
            self.numbers.push((field.to_lowercase(), number));
        }
    }
}

/// The sentences of a text in small letters.
pub(super) fn spoken(text: &str) -> impl Iterator<Item = &str> {
    sentences(text).take(SENTENCES)
}

/// A number for some bytes, by which they are found again.
pub(super) fn print_of(parts: &[&str]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let hash = hasher.finalize();
    let mut first = [0_u8; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_le_bytes(first)
}
