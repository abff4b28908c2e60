//! The serde serializer that writes canonical JSON into one buffer.

use serde::ser::{self, Serialize};

use super::object::Members;
use super::{CanonicalError, number};

/// How deep arrays and objects may nest. serde_json reads 128, so nothing that was read is refused.
const DEPTH: usize = 256;

/// The name under which serde_json's `RawValue` shows itself to a serializer.
const RAW: &str = "$serde_json::private::RawValue";

/// The state of one serialization.
pub(super) struct Writer {
    out: Vec<u8>,
    members: Members,
    depth: usize,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { out: Vec::with_capacity(512), members: Members::default(), depth: 0 }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }

    fn deeper(&mut self) -> Result<(), CanonicalError> {
        self.depth += 1;
        if self.depth > DEPTH { Err(CanonicalError::Deep(DEPTH)) } else { Ok(()) }
    }

    /// Writes text in quotes; says whether something had to be escaped.
    fn text(&mut self, text: &str) -> bool {
        self.out.push(b'"');
        let bytes = text.as_bytes();
        let mut kept = 0;
        let mut escaped = false;
        for (index, &byte) in bytes.iter().enumerate() {
            if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                continue;
            }
            escaped = true;
            self.out.extend_from_slice(&bytes[kept..index]);
            kept = index + 1;
            let short = match byte {
                b'"' => b'"',
                b'\\' => b'\\',
                0x08 => b'b',
                0x09 => b't',
                0x0A => b'n',
                0x0C => b'f',
                0x0D => b'r',
                _ => {
                    const DIGITS: &[u8; 16] = b"0123456789abcdef";
                    self.out.extend_from_slice(b"\\u00");
                    self.out.push(DIGITS[usize::from(byte >> 4)]);
                    self.out.push(DIGITS[usize::from(byte & 15)]);
                    continue;
                }
            };
            self.out.extend_from_slice(&[b'\\', short]);
        }
        self.out.extend_from_slice(&bytes[kept..]);
        self.out.push(b'"');
        escaped
    }

    fn key(&mut self, key: &str) {
        let start = self.out.len();
        let escaped = self.text(key);
        let end = self.out.len();
        self.out.push(b':');
        self.members.key(start, end, escaped.then(|| key.into()));
    }

    fn member<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        value.serialize(&mut *self)?;
        self.members.value(self.out.len());
        Ok(())
    }

    fn object(&mut self) -> Result<usize, CanonicalError> {
        self.deeper()?;
        self.out.push(b'{');
        Ok(self.members.begin())
    }

    fn close_object(&mut self, mark: usize) -> Result<(), CanonicalError> {
        self.members.end(mark, &mut self.out)?;
        self.out.push(b'}');
        self.depth -= 1;
        Ok(())
    }
}

/// An array or object that is being written.
pub(super) struct Compound<'a> {
    writer: &'a mut Writer,
    kind: Kind,
    /// Whether `{"variant":` stands around it.
    wrapped: Option<usize>,
}

enum Kind {
    Array { first: bool },
    Object { mark: usize },
    Raw,
}

impl<'a> Compound<'a> {
    fn array(writer: &'a mut Writer, wrapped: Option<usize>) -> Result<Self, CanonicalError> {
        writer.deeper()?;
        writer.out.push(b'[');
        Ok(Self { writer, kind: Kind::Array { first: true }, wrapped })
    }

    fn object(writer: &'a mut Writer, wrapped: Option<usize>) -> Result<Self, CanonicalError> {
        let mark = writer.object()?;
        Ok(Self { writer, kind: Kind::Object { mark }, wrapped })
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        if let Kind::Array { first } = &mut self.kind
            && !std::mem::take(first)
        {
            self.writer.out.push(b',');
        }
        value.serialize(&mut *self.writer)
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), CanonicalError> {
        if matches!(self.kind, Kind::Raw) {
            return value.serialize(RawText(self.writer));
        }
        self.writer.key(key);
        self.writer.member(value)
    }

    fn close(self) -> Result<(), CanonicalError> {
        match self.kind {
            Kind::Array { .. } => {
                self.writer.out.push(b']');
                self.writer.depth -= 1;
            }
            Kind::Object { mark } => self.writer.close_object(mark)?,
            Kind::Raw => {}
        }
        if let Some(mark) = self.wrapped {
            self.writer.members.value(self.writer.out.len());
            self.writer.close_object(mark)?;
        }
        Ok(())
    }
}

/// Begins `{"variant":` and gives the mark of that object.
fn wrap(writer: &mut Writer, variant: &str) -> Result<usize, CanonicalError> {
    let mark = writer.object()?;
    writer.key(variant);
    Ok(mark)
}

impl<'a> ser::Serializer for &'a mut Writer {
    type Ok = ();
    type Error = CanonicalError;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), CanonicalError> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }
    fn serialize_i8(self, value: i8) -> Result<(), CanonicalError> {
        number::signed(&mut self.out, i64::from(value))
    }
    fn serialize_i16(self, value: i16) -> Result<(), CanonicalError> {
        number::signed(&mut self.out, i64::from(value))
    }
    fn serialize_i32(self, value: i32) -> Result<(), CanonicalError> {
        number::signed(&mut self.out, i64::from(value))
    }
    fn serialize_i64(self, value: i64) -> Result<(), CanonicalError> {
        number::signed(&mut self.out, value)
    }
    fn serialize_i128(self, value: i128) -> Result<(), CanonicalError> {
        let value = i64::try_from(value).map_err(|_| CanonicalError::Integer(value.to_string()))?;
        number::signed(&mut self.out, value)
    }
    fn serialize_u8(self, value: u8) -> Result<(), CanonicalError> {
        number::unsigned(&mut self.out, u64::from(value))
    }
    fn serialize_u16(self, value: u16) -> Result<(), CanonicalError> {
        number::unsigned(&mut self.out, u64::from(value))
    }
    fn serialize_u32(self, value: u32) -> Result<(), CanonicalError> {
        number::unsigned(&mut self.out, u64::from(value))
    }
    fn serialize_u64(self, value: u64) -> Result<(), CanonicalError> {
        number::unsigned(&mut self.out, value)
    }
    fn serialize_u128(self, value: u128) -> Result<(), CanonicalError> {
        let value = u64::try_from(value).map_err(|_| CanonicalError::Integer(value.to_string()))?;
        number::unsigned(&mut self.out, value)
    }
    fn serialize_f32(self, value: f32) -> Result<(), CanonicalError> {
        number::double(&mut self.out, f64::from(value))
    }
    fn serialize_f64(self, value: f64) -> Result<(), CanonicalError> {
        number::double(&mut self.out, value)
    }
    fn serialize_char(self, value: char) -> Result<(), CanonicalError> {
        self.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }
    fn serialize_str(self, value: &str) -> Result<(), CanonicalError> {
        self.text(value);
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), CanonicalError> {
        let mut array = Compound::array(self, None)?;
        value.iter().try_for_each(|byte| array.element(byte))?;
        array.close()
    }
    fn serialize_none(self) -> Result<(), CanonicalError> {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CanonicalError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), CanonicalError> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), CanonicalError> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), CanonicalError> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), CanonicalError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), CanonicalError> {
        let mark = wrap(self, variant)?;
        self.member(value)?;
        self.close_object(mark)
    }
    fn serialize_seq(self, _length: Option<usize>) -> Result<Compound<'a>, CanonicalError> {
        Compound::array(self, None)
    }
    fn serialize_tuple(self, _length: usize) -> Result<Compound<'a>, CanonicalError> {
        Compound::array(self, None)
    }
    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Compound<'a>, CanonicalError> {
        Compound::array(self, None)
    }
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Compound<'a>, CanonicalError> {
        let mark = wrap(self, variant)?;
        Compound::array(self, Some(mark))
    }
    fn serialize_map(self, _length: Option<usize>) -> Result<Compound<'a>, CanonicalError> {
        Compound::object(self, None)
    }
    fn serialize_struct(
        self,
        name: &'static str,
        _length: usize,
    ) -> Result<Compound<'a>, CanonicalError> {
        if name == RAW {
            return Ok(Compound { writer: self, kind: Kind::Raw, wrapped: None });
        }
        Compound::object(self, None)
    }
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Compound<'a>, CanonicalError> {
        let mark = wrap(self, variant)?;
        Compound::object(self, Some(mark))
    }
}

macro_rules! elements {
    ($($trait:ident :: $method:ident),* $(,)?) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = CanonicalError;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
                self.element(value)
            }
            fn end(self) -> Result<(), CanonicalError> {
                self.close()
            }
        }
    )*};
}

elements! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

macro_rules! fields {
    ($($trait:ident),* $(,)?) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = CanonicalError;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), CanonicalError> {
                self.field(key, value)
            }
            fn end(self) -> Result<(), CanonicalError> {
                self.close()
            }
        }
    )*};
}

fields! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = CanonicalError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CanonicalError> {
        key.serialize(KeyText(self.writer))
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        self.writer.member(value)
    }
    fn end(self) -> Result<(), CanonicalError> {
        self.close()
    }
}

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
struct KeyText<'a>(&'a mut Writer);

impl KeyText<'_> {
    fn shown(self, key: impl std::fmt::Display) -> Result<(), CanonicalError> {
        self.0.key(&key.to_string());
        Ok(())
    }
}

impl ser::Serializer for KeyText<'_> {
    type Ok = ();
    type Error = CanonicalError;
    refuse_compounds!(CanonicalError::Key);
    refuse!(CanonicalError::Key, serialize_bytes(&[u8]), serialize_f32(f32), serialize_f64(f64));

    fn serialize_str(self, key: &str) -> Result<(), CanonicalError> {
        self.0.key(key);
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
struct RawText<'a>(&'a mut Writer);

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
