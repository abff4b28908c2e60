//! An entry: the bytes of one leaf of the log.

use bytes::Bytes;

/// The longest entry, in bytes. The bundle format could hold 65,535; the rest is room to grow.
pub const ENTRY_LIMIT: usize = 60_000;

/// One entry of the record. Its bytes are shared, so that a clone copies nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry(Bytes);

impl Entry {
    /// An entry of these bytes. Their length is checked when it is appended.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Bytes::from(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, shared.
    pub(crate) fn shared(&self) -> Bytes {
        self.0.clone()
    }
}

impl From<Bytes> for Entry {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}
