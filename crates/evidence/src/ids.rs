//! Names of things: one newtype each, so that one cannot be passed for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

/// A text that is not the hexadecimal form that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} hexadecimal digits, found {found:?}")]
pub struct ParseHashError {
    expected: usize,
    found: String,
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(SmolStr);

        impl $name {
            /// Makes a name from its text.
            #[must_use]
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(SmolStr::new(text))
            }

            /// The text of the name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    )*};
}

names! {
    /// Who acts: a subject, a person, a controller of the world, or the runner itself.
    AgentId;
    /// Something of value that the stakes name, such as the weights of a model.
    AssetId;
    /// A machine of the world, or a shared drive, which is a host that only keeps documents.
    HostId;
    /// An order that a person gave.
    OrderId;
    /// One call of a tool, as the model or the runner numbered it.
    CallId;
}

macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps 32 bytes that already are the hash.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// SHA-256 of some bytes (FIPS 180-4).
            #[must_use]
            pub fn of(bytes: &[u8]) -> Self {
                Self(Sha256::digest(bytes).into())
            }

            /// The 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first 12 hexadecimal digits, for people.
            #[must_use]
            pub fn short(&self) -> String {
                hex::encode(&self.0[..6])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.short())
            }
        }

        impl FromStr for $name {
            type Err = ParseHashError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0_u8; 32];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseHashError {
                    expected: 64,
                    found: text.chars().take(80).collect(),
                })?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut text = [0_u8; 64];
                // INVARIANT: 32 bytes fill 64 digits exactly, so neither step can fail.
                hex::encode_to_slice(self.0, &mut text).map_err(serde::ser::Error::custom)?;
                serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

hashes! {
    /// The SHA-256 of some content, by which a blob is named: `sha256sum` finds the same.
    BlobId;
    /// The identity of a trial: a hash of everything that could change it.
    TrialId;
}

impl TrialId {
    /// The seed of the trial, which derives from its identity and nothing else.
    #[must_use]
    pub fn seed(&self) -> Seed {
        let mut hasher = Sha256::new();
        hasher.update(b"tribune seed v1\0");
        hasher.update(self.0);
        Seed(hasher.finalize().into())
    }
}

/// A seed of 32 bytes for a named stream of pseudo-random choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed from 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The seed for one named use, so that two uses never share a stream.
    #[must_use]
    pub fn branch(&self, purpose: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        hasher.update(purpose.as_bytes());
        Self(hasher.finalize().into())
    }

    /// The 32 bytes, as a generator takes them.
    #[must_use]
    pub const fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

/// The place of an event in its own stream (a trial, or a session of the guard), from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub u32);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_named_as_sha256sum_names_it() {
        // FIPS 180-4, example "abc".
        assert_eq!(
            BlobId::of(b"abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_hash_survives_its_text() {
        let id = TrialId::of(b"x");
        assert_eq!(id.to_string().parse::<TrialId>(), Ok(id));
        assert!("zz".parse::<TrialId>().is_err());
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<TrialId>(&json).unwrap(), id);
    }

    #[test]
    fn seeds_of_two_purposes_differ() {
        let seed = TrialId::of(b"x").seed();
        assert_ne!(seed.branch("draws"), seed.branch("organism"));
        assert_eq!(seed.branch("draws"), seed.branch("draws"));
    }
}
