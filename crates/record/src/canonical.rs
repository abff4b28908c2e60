//! Canonical JSON (RFC 8785): one byte sequence for one value, so that hashes mean something.
//!
//! Every event of every trial passes here, some 200,000 a second, so the serializer is our own: it
//! writes straight into one buffer and moves the members of an object into order when the object
//! ends, where serde_json_canonicalizer allocates for every member. A property test holds the two
//! equal, and fractions are left to it. Two things are refused that it lets pass: an integer beyond 2^53, which JSON readers
//! would round (write it as a string), and an object with the same member twice.

mod narrow;
mod number;
mod object;
mod serializer;

use serde::Serialize;

/// Why a value has no canonical form.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// An integer that a double cannot hold exactly.
    #[error("the integer {0} is beyond 2^53; write it as a string")]
    Integer(String),
    /// Not a number, or infinite.
    #[error("{0} is no number that JSON has")]
    NotFinite(f64),
    /// An object has the same member twice.
    #[error("the member {0:?} appears twice in one object")]
    Duplicate(String),
    /// A key of a map that JSON cannot have.
    #[error("a key of an object must be text, a number or a boolean")]
    Key,
    /// Nested beyond any honest value.
    #[error("nested more than {0} deep")]
    Deep(usize),
    /// Raw JSON that does not parse.
    #[error("raw JSON that is not JSON: {0}")]
    Raw(String),
    /// What the value's own `Serialize` said.
    #[error("{0}")]
    Custom(String),
}

impl serde::ser::Error for CanonicalError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }
}

/// The canonical JSON of a value.
///
/// # Errors
/// The value holds what JSON cannot carry exactly.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let mut writer = serializer::Writer::new();
    value.serialize(&mut writer)?;
    Ok(writer.finish())
}

#[cfg(test)]
mod tests;
