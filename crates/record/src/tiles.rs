//! Where tiles and bundles lie, and what is in them (C2SP tlog-tiles).

use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::entry::ENTRY_LIMIT;
use crate::tree::{Hash, LEVELS, WIDTH};

/// What a file under `tile/` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Entries.
    Bundle,
    /// Hashes of a level.
    Hashes(usize),
}

impl Kind {
    /// The level whose widths it shares.
    pub(crate) fn level(self) -> usize {
        match self {
            Self::Bundle => 0,
            Self::Hashes(level) => level,
        }
    }
}

/// The name of one file under `tile/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TileName {
    pub(crate) kind: Kind,
    pub(crate) index: u64,
    /// 256 for a full one, less for a partial one.
    pub(crate) width: usize,
}

impl TileName {
    pub(crate) fn hashes(level: usize, index: u64, width: usize) -> Self {
        Self {
            kind: Kind::Hashes(level),
            index,
            width,
        }
    }

    pub(crate) fn bundle(index: u64, width: usize) -> Self {
        Self {
            kind: Kind::Bundle,
            index,
            width,
        }
    }

    /// The path below the log's folder, such as `tile/0/x001/x234/067.p/8`.
    pub(crate) fn path(&self) -> String {
        let number = number_path(self.index);
        let part = if self.width == WIDTH {
            String::new()
        } else {
            format!(".p/{}", self.width)
        };
        match self.kind {
            Kind::Bundle => format!("tile/entries/{number}{part}"),
            Kind::Hashes(level) => format!("tile/{level}/{number}{part}"),
        }
    }

    /// The same under a log's folder.
    pub(crate) fn under(&self, log: &Path) -> PathBuf {
        log.join(self.path())
    }

    /// Reads a path back. Only the one spelling that [`TileName::path`] gives is taken.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("tile/")?;
        let (kind, rest) = rest.split_once('/')?;
        let kind = match kind {
            "entries" => Kind::Bundle,
            level => Kind::Hashes(level.parse().ok().filter(|level| *level < LEVELS)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok()?),
            None => (rest, WIDTH),
        };
        let mut index = 0_u64;
        for part in number.split('/') {
            let part = part.strip_prefix('x').unwrap_or(part);
            let part: u64 = part.parse().ok().filter(|part| *part < 1000)?;
            index = index.checked_mul(1000)?.checked_add(part)?;
        }
        let name = Self { kind, index, width };
        ((1..=WIDTH).contains(&width) && name.path() == path).then_some(name)
    }
}

/// A number in groups of three digits, all but the last marked: 1234067 is `x001/x234/067`.
pub(crate) fn number_path(number: u64) -> String {
    let mut path = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    path
}

/// The bytes of a tile.
pub(crate) fn hashes_to_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The hashes of a tile, if it has exactly this many.
pub(crate) fn hashes_from_bytes(bytes: &[u8], width: usize) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() == width)
        .then(|| hashes.iter().map(|hash| Hash(*hash)).collect())
}

/// Appends entries to the bytes of a bundle: a big-endian u16 length and the bytes of each.
pub(crate) fn bundle_to_bytes(entries: &[Bytes]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(entries.iter().map(|entry| entry.len() + 2).sum());
    for entry in entries {
        // INVARIANT: no entry is longer than ENTRY_LIMIT, which fits in 16 bits.
        bytes.extend_from_slice(&(entry.len() as u16).to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    bytes
}

/// The longest that a bundle of some width can be.
pub(crate) fn bundle_limit(width: usize) -> u64 {
    (width * (2 + usize::from(u16::MAX))) as u64
}

/// The entries of a bundle, as far as they can be told apart, and what is wrong with the rest.
pub(crate) fn bundle_from_bytes(bytes: &Bytes, width: usize) -> (Vec<Bytes>, Option<String>) {
    let mut entries = Vec::with_capacity(width);
    let mut at = 0;
    while entries.len() < width {
        let Some(&[high, low]) = bytes.get(at..at + 2).and_then(|two| two.first_chunk::<2>())
        else {
            return (entries, Some(format!("cut after {at} bytes")));
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > ENTRY_LIMIT {
            let what = format!("an entry of {length} bytes is over the limit of {ENTRY_LIMIT}");
            return (entries, Some(what));
        }
        if bytes.len() - at - 2 < length {
            return (
                entries,
                Some(format!("cut within the entry that begins at byte {at}")),
            );
        }
        entries.push(bytes.slice(at + 2..at + 2 + length));
        at += 2 + length;
    }
    let extra = bytes.len() - at;
    let what = (extra > 0).then(|| format!("{extra} bytes follow the last entry"));
    (entries, what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(number_path(1_234_067), "x001/x234/067");
        assert_eq!(number_path(0), "000");
        assert_eq!(number_path(1000), "x001/000");
        assert_eq!(
            TileName::hashes(0, 1_234_067, 256).path(),
            "tile/0/x001/x234/067"
        );
        assert_eq!(TileName::hashes(2, 5, 17).path(), "tile/2/005.p/17");
        assert_eq!(TileName::bundle(999, 256).path(), "tile/entries/999");
    }

    #[test]
    fn one_name_has_one_spelling() {
        for path in [
            "tile/0/0",
            "tile/00/000",
            "tile/0/x000/000",
            "tile/0/000.p/256",
            "tile/0/000.p/0",
            "tile/0/000.p/01",
            "tile/9/000",
            "tile/0/x001",
            "tile/data/000",
            "tile/0/000/",
            "tile/0/001/002",
            "entries/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert_eq!(TileName::parse(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn names_survive_their_paths(level in 0..LEVELS, index: u64, width in 1..=WIDTH) {
            for name in [TileName::hashes(level, index, width), TileName::bundle(index, width)] {
                prop_assert_eq!(TileName::parse(&name.path()), Some(name));
            }
        }

        #[test]
        fn bundles_survive_their_bytes(
            entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..20),
        ) {
            let entries: Vec<Bytes> = entries.into_iter().map(Bytes::from).collect();
            let bytes = Bytes::from(bundle_to_bytes(&entries));
            prop_assert_eq!(bundle_from_bytes(&bytes, entries.len()), (entries.clone(), None));
            prop_assert!(bundle_from_bytes(&bytes, entries.len() + 1).1.is_some());
            prop_assert!(bundle_from_bytes(&bytes, entries.len() - 1).1.is_some());
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>, width in 0..=WIDTH) {
            let (entries, _) = bundle_from_bytes(&Bytes::from(bytes), width);
            prop_assert!(entries.len() <= width);
        }
    }
}
