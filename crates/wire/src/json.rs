//! JSON as values that known types are taken out of, and its limits.
//!
//! A type reads its known fields straight from the text and all others as values, or moves them
//! out of a value that is there already. Nothing is copied on the way, so a streamed piece costs
//! no more than its parsing, and what a type cannot take is kept as a value, so nothing is lost.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
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

    /// Reads an object as this type; where it does not fit, as a value.
    ///
    /// # Errors
    /// The text is not JSON.
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Result<Self, Value>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(Self::from_value)
    }

    /// Reads a list as this type; where it does not fit, as a value.
    ///
    /// # Errors
    /// The text is not JSON.
    fn from_seq<'de, A: SeqAccess<'de>>(list: A) -> Result<Result<Self, Value>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(list)).map(Self::from_value)
    }
}

/// Reads anything as a type, or as a value where it does not fit.
pub(crate) struct Reader<T>(PhantomData<T>);

impl<T> Reader<T> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Json> DeserializeSeed<'de> for Reader<T> {
    type Value = Result<T, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Json> Visitor<'de> for Reader<T> {
    type Value = Result<T, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(T::from_value(Value::Bool(flag)))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(T::from_value(Value::from(number)))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(T::from_value(Value::from(number)))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(T::from_value(Value::from(number)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::from_value(Value::String(text.to_owned())))
    }
    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(T::from_value(Value::String(text)))
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(T::from_value(Value::Null))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(T::from_value(Value::Null))
    }
    fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<Self::Value, D::Error> {
        self.deserialize(some)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::from_map(map)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        T::from_seq(list)
    }
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
    fn from_seq<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Result<Self, Value>, A::Error> {
        let mut taken = Self::new();
        while let Some(element) = list.next_element_seed(Reader::<T>::new())? {
            match element {
                Ok(element) => taken.push(element),
                Err(other) => {
                    let before = taken.into_iter().map(T::into_value);
                    let mut values: Vec<Value> = before.chain([other]).collect();
                    while let Some(value) = list.next_element()? {
                        values.push(value);
                    }
                    return Ok(Err(Value::Array(values)));
                }
            }
        }
        Ok(Ok(taken))
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
    check(text, most_bytes, most_values)?;
    serde_json::from_slice(text).map_err(|error| ReadError::NotJson(error.to_string()))
}

fn check(text: &[u8], most_bytes: usize, most_values: usize) -> Result<(), ReadError> {
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
    Ok(())
}

/// Reads a whole body as one of the protocols' types.
///
/// # Errors
/// It is too large, no JSON, or no object.
pub fn read<T: Json>(text: &[u8], most_bytes: usize, most_values: usize) -> Result<T, ReadError> {
    check(text, most_bytes, most_values)?;
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = Reader::<T>::new().deserialize(&mut reader);
    let read = read.and_then(|read| reader.end().map(|()| read));
    read.map_err(|error| ReadError::NotJson(error.to_string()))?
        .map_err(|_| ReadError::NotAnObject)
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
