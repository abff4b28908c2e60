//! The serde serializer that writes canonical JSON into one buffer.

use serde::ser::{self, Serialize};

use super::narrow::{KeyText, RawText};
use super::object::Members;
use super::{CanonicalError, number};

/// How deep arrays and objects may nest. serde_json reads 128, so nothing that was read is refused.
const DEPTH: usize = 256;

/// The name under which serde_json's `RawValue` shows itself to a serializer.
const RAW: &str = "$serde_json::private::RawValue";

/// The bytes that cannot stand in a string as they are.
const ESCAPED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

/// The state of one serialization.
pub(super) struct Writer {
    out: Vec<u8>,
    members: Members,
    depth: usize,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self {
            out: Vec::with_capacity(512),
            members: Members::default(),
            depth: 0,
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }

    fn deeper(&mut self) -> Result<(), CanonicalError> {
        self.depth += 1;
        if self.depth > DEPTH {
            Err(CanonicalError::Deep(DEPTH))
        } else {
            Ok(())
        }
    }

    /// Writes text in quotes; says whether something had to be escaped.
    fn text(&mut self, text: &str) -> bool {
        self.out.push(b'"');
        let mut rest = text.as_bytes();
        let mut escaped = false;
        while let Some(at) = rest.iter().position(|byte| ESCAPED[usize::from(*byte)]) {
            escaped = true;
            self.out.extend_from_slice(&rest[..at]);
            self.escape(rest[at]);
            rest = &rest[at + 1..];
        }
        self.out.extend_from_slice(rest);
        self.out.push(b'"');
        escaped
    }

    #[cold]
    fn escape(&mut self, byte: u8) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            0x09 => b't',
            0x0A => b'n',
            0x0C => b'f',
            0x0D => b'r',
            _ => {
                self.out.extend_from_slice(b"\\u00");
                self.out.push(DIGITS[usize::from(byte >> 4)]);
                self.out.push(DIGITS[usize::from(byte & 15)]);
                return;
            }
        };
        self.out.extend_from_slice(&[b'\\', short]);
    }

    pub(super) fn key(&mut self, mark: usize, key: &str) {
        if !self.members.is_empty(mark) {
            self.out.push(b',');
        }
        let start = self.out.len();
        let escaped = self.text(key);
        self.members
            .key(start, &self.out, escaped.then(|| key.into()));
        self.out.push(b':');
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
        Ok(Self {
            writer,
            kind: Kind::Array { first: true },
            wrapped,
        })
    }

    fn object(writer: &'a mut Writer, wrapped: Option<usize>) -> Result<Self, CanonicalError> {
        let mark = writer.object()?;
        Ok(Self {
            writer,
            kind: Kind::Object { mark },
            wrapped,
        })
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
        match self.kind {
            Kind::Object { mark } => {
                self.writer.key(mark, key);
                self.writer.member(value)
            }
            Kind::Raw => value.serialize(RawText(self.writer)),
            // Not reached: an array is never asked for a field.
            Kind::Array { .. } => Err(CanonicalError::Key),
        }
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
    writer.key(mark, variant);
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
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
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
            return Ok(Compound {
                writer: self,
                kind: Kind::Raw,
                wrapped: None,
            });
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
        match self.kind {
            Kind::Object { mark } => key.serialize(KeyText(self.writer, mark)),
            _ => Err(CanonicalError::Key),
        }
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        self.writer.member(value)
    }
    fn end(self) -> Result<(), CanonicalError> {
        self.close()
    }
}
