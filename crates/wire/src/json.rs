//! JSON as values that known types are taken out of, and its limits.
//!
//! Text is parsed once into a value; a type then moves out what it knows and keeps what is left.
//! Nothing is copied, so a streamed piece costs little more than its parsing, and what a type
//! cannot take is given back whole, so nothing is lost.

use serde_json::{Map, Number, Value};
use thiserror::Error;

use crate::Field;

/// A type that is one form of JSON.
///
/// INVARIANT: what is taken from a value and turned back gives an equal value, and a value that
/// does not fit is given back as it was.
pub trait Json: Sized {
    /// Takes a value as this type.
    ///
    /// # Errors
    /// It does not fit; the value as it was.
    fn from_value(value: Value) -> Result<Self, Value>;

    /// The value again.
    fn into_value(self) -> Value;
}

impl Json for Value {
    fn from_value(value: Value) -> Result<Self, Value> {
        Ok(value)
    }
    fn into_value(self) -> Value {
        self
    }
}

impl Json for String {
    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        }
    }
    fn into_value(self) -> Value {
        Value::String(self)
    }
}

impl Json for Number {
    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Number(number) => Ok(number),
            other => Err(other),
        }
    }
    fn into_value(self) -> Value {
        Value::Number(self)
    }
}

/// A status of HTTP or the like.
impl Json for u16 {
    fn from_value(value: Value) -> Result<Self, Value> {
        value
            .as_u64()
            .and_then(|number| Self::try_from(number).ok())
            .ok_or(value)
    }
    fn into_value(self) -> Value {
        Value::from(self)
    }
}

impl Json for bool {
    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Bool(flag) => Ok(flag),
            other => Err(other),
        }
    }
    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}

impl Json for Map<String, Value> {
    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Object(map) => Ok(map),
            other => Err(other),
        }
    }
    fn into_value(self) -> Value {
        Value::Object(self)
    }
}

impl<T: Json> Json for Vec<T> {
    fn from_value(value: Value) -> Result<Self, Value> {
        let Value::Array(values) = value else {
            return Err(value);
        };
        let mut taken = Self::with_capacity(values.len());
        let mut values = values.into_iter();
        while let Some(value) = values.next() {
            match T::from_value(value) {
                Ok(element) => taken.push(element),
                Err(other) => {
                    // One that does not fit: the list is put together again.
                    let before = taken.into_iter().map(T::into_value);
                    return Err(before.chain([other]).chain(values).collect());
                }
            }
        }
        Ok(taken)
    }
    fn into_value(self) -> Value {
        self.into_iter().map(T::into_value).collect()
    }
}

impl<T: Json> Field<T> {
    /// Takes a field out of an object.
    pub fn take(map: &mut Map<String, Value>, key: &str) -> Self {
        match map.remove(key) {
            None => Self::Absent,
            Some(Value::Null) => Self::Null,
            Some(value) => T::from_value(value).map_or_else(Self::Other, Self::Is),
        }
    }

    /// Puts the field back into an object.
    pub fn put(self, map: &mut Map<String, Value>, key: &str) {
        let value = match self {
            Self::Absent => return,
            Self::Null => Value::Null,
            Self::Is(known) => known.into_value(),
            Self::Other(value) => value,
        };
        map.insert(key.to_owned(), value);
    }
}

/// Why bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// More than the limits allow.
    #[error("{what} is larger than {limit}, the most that is taken")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit that it passed.
        limit: usize,
    },
    /// Not JSON.
    #[error("this is not JSON: {0}")]
    NotJson(String),
    /// JSON of another form: not the object that the protocol has here.
    #[error("this is JSON, but not an object")]
    NotAnObject,
}

/// Text of which the values are not counted: it is too short to grow into much.
const SHORT: usize = 64 * 1024;

/// Parses JSON of at most so many bytes and values.
///
/// A few bytes of JSON can become hundreds of bytes of memory (an object of one field takes about
/// 600), so values are counted before any is made.
///
/// # Errors
/// It is too large, or no JSON.
pub fn parse(text: &[u8], most_bytes: usize, most_values: usize) -> Result<Value, ReadError> {
    if text.len() > most_bytes {
        return Err(ReadError::TooLarge {
            what: "a JSON text",
            limit: most_bytes,
        });
    }
    if text.len() > SHORT && values(text) > most_values {
        return Err(ReadError::TooLarge {
            what: "the number of values in a JSON text",
            limit: most_values,
        });
    }
    serde_json::from_slice(text).map_err(|error| ReadError::NotJson(error.to_string()))
}

/// Reads a whole body as one of the protocols' types.
///
/// # Errors
/// It is too large, no JSON, or no object.
pub fn read<T: Json>(text: &[u8], most_bytes: usize, most_values: usize) -> Result<T, ReadError> {
    let value = parse(text, most_bytes, most_values)?;
    T::from_value(value).map_err(|_| ReadError::NotAnObject)
}

/// How many values a text holds at most, if it is JSON.
fn values(text: &[u8]) -> usize {
    let mut count = 1;
    let mut in_string = false;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            b',' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_with_one_misfit_comes_back_whole() {
        let mixed = json!(["a", "b", 3, "c"]);
        assert_eq!(Vec::<String>::from_value(mixed.clone()), Err(mixed));
        let fit = json!(["a", "b"]);
        let taken = Vec::<String>::from_value(fit.clone()).unwrap();
        assert_eq!(taken.into_value(), fit);
    }

    #[test]
    fn values_are_counted_before_they_are_made() {
        let many = format!("[{}0]", "{\"a\":1},".repeat(20_000));
        assert_eq!(
            parse(many.as_bytes(), usize::MAX, 10_000),
            Err(ReadError::TooLarge {
                what: "the number of values in a JSON text",
                limit: 10_000
            })
        );
        assert!(parse(many.as_bytes(), usize::MAX, 50_000).is_ok());
        let words = serde_json::to_string(&"a, [\"b\" {".repeat(20_000)).unwrap();
        assert!(parse(words.as_bytes(), usize::MAX, 10).is_ok());
        assert!(parse(b"[1]", 2, 10).is_err());
        assert!(matches!(parse(b"[1", 9, 10), Err(ReadError::NotJson(_))));
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_crash() {
        let deep = "[".repeat(200_000);
        assert!(parse(deep.as_bytes(), usize::MAX, usize::MAX).is_err());
    }
}
