//! A field of a message that a provider may leave out, set to null, or fill with a surprise.
//!
//! `Option` cannot tell an absent field from a null one, and fails on a field of another type than
//! expected. Both matter: the difference must survive a round trip, and one odd field must not
//! lose the answer that it came with.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::json::{Json, Reader};

/// A field as it stood in an object.
///
/// In a type that serde derives, use it with
/// `#[serde(default, skip_serializing_if = "Field::is_absent")]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Field<T> {
    /// The object does not have it.
    #[default]
    Absent,
    /// It is null.
    Null,
    /// It is what it should be.
    Is(T),
    /// It is something else.
    Other(Value),
}

impl<T> Field<T> {
    /// Whether the object does not have it.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value, where it is what it should be.
    #[must_use]
    pub const fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Null | Self::Other(_) => None,
        }
    }

    /// The value to change, where it is what it should be.
    pub const fn get_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Null | Self::Other(_) => None,
        }
    }

    /// Whether there is something: neither absent nor null.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        matches!(self, Self::Is(_) | Self::Other(_))
    }

    /// Takes another one's place for this one's, unless the other is absent or null.
    pub fn replace_with(&mut self, newer: Self) {
        if newer.is_given() || self.is_absent() {
            *self = newer;
        }
    }

    /// What stands there instead of what should, if anything does.
    #[must_use]
    pub const fn other(&self) -> Option<&Value> {
        match self {
            Self::Other(value) => Some(value),
            Self::Absent | Self::Null | Self::Is(_) => None,
        }
    }
}

impl Field<String> {
    /// The text, where it is text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.get().map(String::as_str)
    }

    /// The text, empty where there is none.
    #[must_use]
    pub fn or_empty(&self) -> &str {
        self.text().unwrap_or_default()
    }

    /// Adds a piece of streamed text to its end.
    pub fn append(&mut self, piece: Self) {
        match (&mut *self, piece) {
            (Self::Is(text), Self::Is(piece)) => text.push_str(&piece),
            (_, piece) => self.replace_with(piece),
        }
    }
}

impl Field<serde_json::Number> {
    /// The number, where it is a whole one that is not negative. `3.0` counts.
    #[must_use]
    pub fn whole(&self) -> Option<u64> {
        let number = self.get()?;
        number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            // INVARIANT: the bounds and the check for a fraction make the cast exact.
            (float.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&float))
                .then_some(float as u64)
        })
    }

    /// The number as a float.
    #[must_use]
    pub fn float(&self) -> Option<f64> {
        self.get()?.as_f64()
    }
}

/// Anything but null.
struct Given<T>(T);

impl<T: Json> Json for Given<T> {
    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Null => Err(Value::Null),
            value => T::from_value(value).map(Self),
        }
    }
    fn into_value(self) -> Value {
        self.0.into_value()
    }
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Result<Self, Value>, A::Error> {
        T::from_map(map).map(|read| read.map(Self))
    }
    fn from_seq<'de, A: SeqAccess<'de>>(list: A) -> Result<Result<Self, Value>, A::Error> {
        T::from_seq(list).map(|read| read.map(Self))
    }
}

impl<T> From<T> for Field<T> {
    fn from(value: T) -> Self {
        Self::Is(value)
    }
}

impl<T> From<Option<T>> for Field<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Is)
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_unit(),
            Self::Is(value) => value.serialize(serializer),
            Self::Other(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Json> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A field of any value takes null for a value; for a field it is null.
        let read = Reader::<Given<T>>::new().deserialize(deserializer)?;
        Ok(match read {
            Ok(given) => Self::Is(given.0),
            Err(Value::Null) => Self::Null,
            Err(other) => Self::Other(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Number, json};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder {
        #[serde(default, skip_serializing_if = "Field::is_absent")]
        field: Field<String>,
    }

    #[test]
    fn absent_null_right_and_wrong_all_survive() {
        for (value, field) in [
            (json!({}), Field::Absent),
            (json!({"field": null}), Field::Null),
            (json!({"field": "x"}), Field::Is("x".to_owned())),
            (
                json!({"field": {"a": [1]}}),
                Field::Other(json!({"a": [1]})),
            ),
        ] {
            let holder: Holder = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(holder.field, field);
            assert_eq!(serde_json::to_value(&holder).unwrap(), value);
        }
    }

    #[test]
    fn whole_numbers_may_be_written_as_floats() {
        let whole = |text: &str| Field::Is(text.parse::<Number>().unwrap()).whole();
        assert_eq!(whole("12"), Some(12));
        assert_eq!(whole("12.0"), Some(12));
        assert_eq!(whole("12.5"), None);
        assert_eq!(whole("-1"), None);
        assert_eq!(whole("1e300"), None);
        assert_eq!(whole("18446744073709551615"), Some(u64::MAX));
    }
}
