//! JSON in which an object has each key once: of two equal keys one reader takes the first and
//! another the last, so that what is judged would not be what is done.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What the parser is made to say of an object with two equal keys.
const TWICE: &str = "an object has two equal keys";
const MANY: &str = "it has too many values";

/// Why a text was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotStrict {
    /// An object has two equal keys.
    DuplicateKey,
    /// It has more values than are taken.
    TooMany,
    /// It is no JSON, or nested too deeply; why.
    NotJson(String),
}

impl NotStrict {
    fn of(error: &serde_json::Error) -> Self {
        let words = error.to_string();
        if words.starts_with(TWICE) {
            Self::DuplicateKey
        } else if words.starts_with(MANY) {
            Self::TooMany
        } else {
            Self::NotJson(words)
        }
    }
}

/// Reads a text; `left` is how many values may still come, and is counted down.
pub(crate) fn parse(text: &str, left: &mut usize) -> Result<Value, NotStrict> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { left }.deserialize(&mut reader);
    let value = value.and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| NotStrict::of(&error))
}

/// Whether a text is such JSON.
pub(crate) fn check(text: &str) -> Result<(), NotStrict> {
    parse(text, &mut usize::MAX.clone()).map(drop)
}

struct Strict<'a> {
    left: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        *self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| D::Error::custom(MANY))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Strict {
            left: &mut *self.left,
        })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if values.contains_key(&key) {
                return Err(A::Error::custom(TWICE));
            }
            let value = map.next_value_seed(Strict {
                left: &mut *self.left,
            })?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Value, NotStrict> {
        parse(text, &mut 1_000)
    }

    #[test]
    fn equal_keys_are_found_at_any_depth_and_however_they_are_written() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"[{"b":{"a":1,"c":2,"a":3}}]"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            assert_eq!(read(text), Err(NotStrict::DuplicateKey), "{text}");
        }
        assert!(read(r#"{"a":{"a":1},"b":[{"a":1},{"a":1}]}"#).is_ok());
    }

    #[test]
    fn values_are_counted_and_depth_is_an_error_and_no_crash() {
        assert_eq!(parse("[1,2,3]", &mut 3), Err(NotStrict::TooMany));
        assert!(parse("[1,2,3]", &mut 4).is_ok());
        assert!(matches!(
            read(&"[".repeat(200_000)),
            Err(NotStrict::NotJson(_))
        ));
        assert!(matches!(read("{} x"), Err(NotStrict::NotJson(_))));
    }

    proptest! {
        #[test]
        fn it_reads_what_the_parser_reads(text in "[\\[\\]{}:,\"\\\\a1. -e]{0,20}") {
            let plain = serde_json::from_str::<Value>(&text).ok();
            match read(&text) {
                Ok(value) => prop_assert_eq!(Some(value), plain),
                Err(NotStrict::NotJson(_)) => prop_assert_eq!(None, plain),
                Err(_) => {}
            }
        }
    }
}
