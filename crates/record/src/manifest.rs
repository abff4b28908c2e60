//! The list of the blobs that were kept when a record was closed, so that a pack whose blobs were put
//! in another order, or a blob that somebody added, is found.
//!
//! ```text
//! tribune blobs v1
//! pack 000000 12345 <SHA-256 of the file, in hexadecimal>
//! large 12 <SHA-256 over the ids of all large blobs, in order>
//! after <the list that stood before>
//! ```
//! It is kept as a large blob of its own, which it does not count, and the checkpoint names it. The
//! last line is not there the first time.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use tribune_evidence::BlobId;

use crate::blobs::large_path;
use crate::error::{RecordError, Result, io_error};
use crate::files::list;
use crate::pack;

const TITLE: &str = "tribune blobs v1";

/// What is said of a pack that differs from its line in the list.
pub(crate) const CHANGED: &str = "it is not as it was when the record was closed";
/// What is said of a pack that is not listed.
pub(crate) const ADDED: &str = "it was added after the record was closed";
/// What is said where large blobs are not those of the list.
pub(crate) const OTHER_LARGE: &str =
    "the large blobs are not those that were kept when the record was closed";

/// A pack that nobody adds to any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FinishedPack {
    pub(crate) number: u32,
    pub(crate) length: u64,
    pub(crate) hash: BlobId,
}

/// How many large blobs there are, and the hash over their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Large {
    pub(crate) count: u64,
    pub(crate) hash: BlobId,
}

impl Large {
    /// Of these ids, which may be in any order.
    pub(crate) fn of(mut ids: Vec<BlobId>) -> Self {
        ids.sort_unstable();
        let mut hasher = Sha256::new();
        ids.iter().for_each(|id| hasher.update(id.as_bytes()));
        Self {
            count: ids.len() as u64,
            hash: BlobId::from_bytes(hasher.finalize().into()),
        }
    }
}

/// What a record keeps as blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) packs: Vec<FinishedPack>,
    pub(crate) large: Large,
    pub(crate) after: Option<BlobId>,
}

impl Manifest {
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{TITLE}\n");
        for pack in &self.packs {
            let (number, length, hash) = (pack.number, pack.length, pack.hash);
            text.push_str(&format!("pack {number:06} {length} {hash}\n"));
        }
        text.push_str(&format!("large {} {}\n", self.large.count, self.large.hash));
        if let Some(after) = self.after {
            text.push_str(&format!("after {after}\n"));
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut packs = Vec::new();
        let (mut large, mut after) = (None, None);
        for line in text.strip_prefix(TITLE)?.strip_prefix('\n')?.lines() {
            let mut words = line.split(' ');
            match words.next()? {
                "pack" => packs.push(FinishedPack {
                    number: words.next()?.parse().ok()?,
                    length: words.next()?.parse().ok()?,
                    hash: words.next()?.parse().ok()?,
                }),
                "large" => {
                    large = Some(Large {
                        count: words.next()?.parse().ok()?,
                        hash: words.next()?.parse().ok()?,
                    });
                }
                "after" => after = Some(words.next()?.parse().ok()?),
                _ => return None,
            }
        }
        let large = large?;
        let manifest = Self {
            packs,
            large,
            after,
        };
        (manifest.text() == text).then_some(manifest)
    }

    /// The list that a checkpoint names.
    pub(crate) fn load(blobs: &Path, id: &BlobId) -> Result<Self> {
        let place = || {
            let path = large_path(Path::new("blobs"), id);
            path.display().to_string()
        };
        let bytes = pack::read_large(&large_path(blobs, id), id)?.ok_or_else(|| {
            let what = "it is missing, and the checkpoint names it as the list of the blobs";
            RecordError::tampered(place(), what)
        })?;
        let text = std::str::from_utf8(&bytes).ok();
        text.and_then(Self::parse).ok_or_else(|| {
            let what = "the checkpoint names it as the list of the blobs, and it is none";
            RecordError::tampered(place(), what)
        })
    }

    /// What the list says of a pack.
    pub(crate) fn pack(&self, number: u32) -> Option<&FinishedPack> {
        self.packs.iter().find(|pack| pack.number == number)
    }
}

/// The length and the hash of a file.
pub(crate) fn sum(path: &Path) -> Result<(u64, BlobId)> {
    let mut file = std::fs::File::open(path).map_err(io_error("open", path))?;
    let mut hasher = Sha256::new();
    let length = std::io::copy(&mut file, &mut hasher).map_err(io_error("read", path))?;
    Ok((length, BlobId::from_bytes(hasher.finalize().into())))
}

/// The ids of all large blobs, from the names of their files.
pub(crate) fn large_ids(blobs: &Path) -> Result<Vec<BlobId>> {
    let mut ids = Vec::new();
    let folder = blobs.join("sha256");
    for short in list(&folder)? {
        let path = folder.join(&short);
        if !path.is_dir() {
            continue;
        }
        for name in list(&path)? {
            let id = name
                .strip_suffix(".zst")
                .and_then(|hex| hex.parse::<BlobId>().ok());
            ids.extend(id.filter(|id| large_path(blobs, id) == path.join(&name)));
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The format for ever.
    #[test]
    fn a_list_is_laid_out_as_documented_and_read_back() {
        let pack = FinishedPack {
            number: 3,
            length: 70,
            hash: BlobId::of(b"pack"),
        };
        let large = Large::of(vec![BlobId::of(b"b"), BlobId::of(b"a")]);
        assert_eq!(large, Large::of(vec![BlobId::of(b"a"), BlobId::of(b"b")]));
        let manifest = Manifest {
            packs: vec![pack],
            large,
            after: Some(BlobId::of(b"before")),
        };
        let text = manifest.text();
        assert_eq!(
            text,
            format!(
                "tribune blobs v1\npack 000003 70 {}\nlarge 2 {}\nafter {}\n",
                BlobId::of(b"pack"),
                large.hash,
                BlobId::of(b"before"),
            )
        );
        assert_eq!(Manifest::parse(&text), Some(manifest));
        for broken in [
            "",
            "tribune blobs v1\n",
            &text.replace("000003", "3"),
            &text.replace("after", "before"),
            &format!("{text}\n"),
            &text[1..],
        ] {
            assert_eq!(Manifest::parse(broken), None, "{broken:?}");
        }
    }
}
