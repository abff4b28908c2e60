//! Serializers for the two places where little is allowed: the key of a member, and raw JSON.

use serde::ser::{self, Serialize};

use super::CanonicalError;
use super::serializer::Writer;

/// Refuses every type but those that follow in the body.
macro_rules! refuse {
    ($error:expr, $($method:ident($($type:ty),*)),* $(,)?) => {
        $(fn $method(self, $(_: $type),*) -> Result<(), CanonicalError> { Err($error) })*
    };
}

macro_rules! refuse_compounds {
    ($error:expr) => {
        type SerializeSeq = ser::Impossible<(), CanonicalError>;
        type SerializeTuple = ser::Impossible<(), CanonicalError>;
        type SerializeTupleStruct = ser::Impossible<(), CanonicalError>;
        type SerializeTupleVariant = ser::Impossible<(), CanonicalError>;
        type SerializeMap = ser::Impossible<(), CanonicalError>;
        type SerializeStruct = ser::Impossible<(), CanonicalError>;
        type SerializeStructVariant = ser::Impossible<(), CanonicalError>;

        fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, CanonicalError> {
            Err($error)
        }
        fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, CanonicalError> {
            Err($error)
        }
        fn serialize_tuple_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleStruct, CanonicalError> {
            Err($error)
        }
        fn serialize_tuple_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleVariant, CanonicalError> {
            Err($error)
        }
        fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, CanonicalError> {
            Err($error)
        }
        fn serialize_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeStruct, CanonicalError> {
            Err($error)
        }
        fn serialize_struct_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeStructVariant, CanonicalError> {
            Err($error)
        }
        fn serialize_none(self) -> Result<(), CanonicalError> {
            Err($error)
        }
        fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), CanonicalError> {
            Err($error)
        }
        fn serialize_unit(self) -> Result<(), CanonicalError> {
            Err($error)
        }
        fn serialize_unit_struct(self, _: &'static str) -> Result<(), CanonicalError> {
            Err($error)
        }
        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<(), CanonicalError> {
            Err($error)
        }
    };
}

/// The key of a map, as serde_json takes them: text, integers and booleans in quotes.
pub(super) struct KeyText<'a>(pub(super) &'a mut Writer, pub(super) usize);

impl KeyText<'_> {
    fn shown(self, key: impl std::fmt::Display) -> Result<(), CanonicalError> {
        self.0.key(self.1, &key.to_string());
        Ok(())
    }
}

impl ser::Serializer for KeyText<'_> {
    type Ok = ();
    type Error = CanonicalError;
    refuse_compounds!(CanonicalError::Key);
    refuse!(
        CanonicalError::Key,
        serialize_bytes(&[u8]),
        serialize_f32(f32),
        serialize_f64(f64)
    );

    fn serialize_str(self, key: &str) -> Result<(), CanonicalError> {
        self.0.key(self.1, key);
        Ok(())
    }
    fn serialize_bool(self, key: bool) -> Result<(), CanonicalError> {
        self.shown(key)
    }
    fn serialize_i8(self, key: i8) -> Result<(), CanonicalError> {
        self.shown(key)
    }
    fn serialize_i16(self, key: i16) -> Result<(), CanonicalError> {
        self.shown(key)
    }
    fn serialize_i32(self, key: i32) -> Result<(), CanonicalError> {
        self.shown(key)
    }
    fn serialize_i64(self, key: i64) -> Result<(), CanonicalError> {
        self.shown(key)
    }
    fn serialize_u8(self, key: u8) -> Result<(), CanonicalError> {
        self.shown(key)
    }
    fn serialize_u16(self, key: u16) -> Result<(), CanonicalError> {
        self.shown(key)
    }
    fn serialize_u32(self, key: u32) -> Result<(), CanonicalError> {
        self.shown(key)
    }
    fn serialize_u64(self, key: u64) -> Result<(), CanonicalError> {
        self.shown(key)
    }
    fn serialize_char(self, key: char) -> Result<(), CanonicalError> {
        self.shown(key)
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), CanonicalError> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        key: &T,
    ) -> Result<(), CanonicalError> {
        key.serialize(self)
    }
}

/// The text of a `RawValue`: read, so that its members come in order too.
pub(super) struct RawText<'a>(pub(super) &'a mut Writer);

impl ser::Serializer for RawText<'_> {
    type Ok = ();
    type Error = CanonicalError;
    refuse_compounds!(CanonicalError::Raw("not text".to_owned()));
    refuse!(
        CanonicalError::Raw("not text".to_owned()),
        serialize_bytes(&[u8]),
        serialize_f32(f32),
        serialize_f64(f64),
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_char(char),
    );

    fn serialize_str(self, text: &str) -> Result<(), CanonicalError> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| CanonicalError::Raw(error.to_string()))?;
        value.serialize(self.0)
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), CanonicalError> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), CanonicalError> {
        value.serialize(self)
    }
}
