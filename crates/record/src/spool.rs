//! Spools: the events of a long trial, on disk as they happen, until the trial is sealed.
//!
//! A spool outlives a process that is killed. It is no part of the log: when the trial ends its
//! entries go into the log as one batch and the spool is dropped; what a dead process left is found
//! again as an orphan.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ed25519_dalek::{SigningKey, VerifyingKey};
use parking_lot::Mutex;

use crate::entry::Entry;
use crate::error::{RecordError, Result};
use crate::files::Disk;
use crate::frame::{self, FRAME_LIMIT, Frame, FrameReader, Step};
use crate::signing::{Content, FrameSigner, Row, Trust};

/// The names of the spools that are open.
pub(crate) type Open = Arc<Mutex<HashSet<String>>>;

const SUFFIX: &str = ".spool";

/// Entries that are on disk and not yet in the log.
///
/// Dropped without [`Spool::discard`] it stays on disk, as an orphan.
#[derive(Debug)]
pub struct Spool {
    disk: Disk,
    file: File,
    path: PathBuf,
    name: String,
    count: u64,
    size: usize,
    failed: bool,
    open: Open,
    signer: FrameSigner,
}

/// The record that a spool is of: what is in it, bears its key's signature.
#[derive(Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) origin: &'a str,
    pub(crate) key: &'a SigningKey,
}

impl Spool {
    pub(crate) fn create(
        disk: Disk,
        folder: &Path,
        name: &str,
        open: &Open,
        of: Of<'_>,
    ) -> Result<Self> {
        if !is_name(name) {
            return Err(RecordError::SpoolName {
                name: name.chars().take(200).collect(),
            });
        }
        let path = folder.join(format!("{name}{SUFFIX}"));
        let exists = || RecordError::SpoolExists {
            name: name.to_owned(),
        };
        if !open.lock().insert(name.to_owned()) {
            return Err(exists());
        }
        let file = match disk.create(&path) {
            Ok(file) => file,
            Err(error) => {
                open.lock().remove(name);
                return Err(match error {
                    RecordError::Io { source, .. }
                        if source.kind() == std::io::ErrorKind::AlreadyExists =>
                    {
                        exists()
                    }
                    other => other,
                });
            }
        };
        let (name, open) = (name.to_owned(), Arc::clone(open));
        let signer = FrameSigner::new(of.key, Row::spool(of.origin, &name));
        Ok(Self {
            disk,
            file,
            path,
            name,
            count: 0,
            size: 0,
            failed: false,
            open,
            signer,
        })
    }

    /// Adds entries. They are with the operating system when this returns.
    ///
    /// # Errors
    /// An entry is too large, the spool would be longer than one batch may be, or the file could
    /// not be written.
    pub fn append(&mut self, entries: &[Entry]) -> Result<()> {
        if self.failed {
            let why = "a write to this spool failed".to_owned();
            return Err(RecordError::Closed { why, full: false });
        }
        if entries.is_empty() {
            return Ok(());
        }
        let size = self.size + frame::encoded_length(entries)?;
        // Its entries are sealed as one batch, with what the caller puts around them.
        let limit = FRAME_LIMIT - (1 << 20);
        if size > limit {
            return Err(RecordError::BatchTooLarge { size, limit });
        }
        let mut bytes = frame::encode(entries)?;
        let content = Content::of(entries.iter().map(Entry::bytes));
        frame::finish(&mut bytes, self.count, &content, &self.signer)?;
        if let Err(error) = self.disk.append(&self.file, &self.path, &bytes) {
            self.failed = true;
            return Err(error);
        }
        self.size = size;
        self.count += entries.len() as u64;
        Ok(())
    }

    /// Removes the spool: its entries are in the log, or are not wanted.
    ///
    /// # Errors
    /// The file could not be removed.
    pub fn discard(self) -> Result<()> {
        self.disk.remove(&self.path)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.open.lock().remove(&self.name);
    }
}

/// A spool that a process left behind.
#[derive(Debug)]
pub struct OrphanSpool {
    disk: Disk,
    path: PathBuf,
    name: String,
    entries: Vec<Entry>,
}

impl OrphanSpool {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its entries; what a crash cut off is not among them.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Removes it.
    ///
    /// # Errors
    /// The file could not be removed.
    pub fn discard(self) -> Result<()> {
        self.disk.remove(&self.path)
    }
}

/// How much is read at once; what is beyond it is found by the next look.
const ORPHANS_LIMIT: usize = 1 << 30;

/// The spools in a folder that are not open. Each frame must bear the signature of the record's key,
/// or what somebody put there would be signed as an attempt at a trial.
pub(crate) fn orphans(
    disk: &Disk,
    folder: &Path,
    open: &Open,
    of: Of<'_>,
) -> Result<Vec<OrphanSpool>> {
    let mut found = Vec::new();
    let mut total = 0;
    for file in crate::files::list(folder)? {
        let Some(name) = file.strip_suffix(SUFFIX).filter(|name| is_name(name)) else {
            continue;
        };
        if open.lock().contains(name) || total > ORPHANS_LIMIT {
            continue;
        }
        let path = folder.join(&file);
        let mut entries = Vec::new();
        let trust = trust(of.origin, name, of.key.verifying_key());
        let mut reader = FrameReader::open(&path)?;
        while let Step::Frame(frame) = reader.step()? {
            check(&file, &trust, &frame)?;
            if frame.first != entries.len() as u64 || reader.offset() > FRAME_LIMIT as u64 {
                break;
            }
            total += frame
                .entries
                .iter()
                .map(|entry| entry.len() + 64)
                .sum::<usize>();
            entries.extend(frame.entries.into_iter().map(Entry::from));
        }
        found.push(OrphanSpool {
            disk: disk.clone(),
            path,
            name: name.to_owned(),
            entries,
        });
    }
    Ok(found)
}

fn trust(origin: &str, name: &str, key: VerifyingKey) -> Trust {
    Trust::new(key, Row::spool(origin, name))
}

fn check(file: &str, trust: &Trust, frame: &Frame) -> Result<()> {
    match trust.wrong(frame.first, &frame.entries, frame.signature.as_ref()) {
        None => Ok(()),
        Some(what) => Err(RecordError::tampered(
            format!("record/spool/{file}, entry {}", frame.first),
            what,
        )),
    }
}

/// Holds the frames of a spool against a key, as far as they are whole; gives how many entries it has.
pub(crate) fn verify(path: &Path, origin: &str, key: Option<VerifyingKey>) -> Result<u64> {
    let file = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let name = file.strip_suffix(SUFFIX).unwrap_or_default();
    let trust = key.map(|key| trust(origin, name, key));
    let mut entries = 0;
    let mut reader = FrameReader::open(path)?;
    while let Step::Frame(frame) = reader.step()? {
        if let Some(trust) = &trust {
            check(&file, trust, &frame)?;
        }
        entries += frame.entries.len() as u64;
    }
    Ok(entries)
}

/// The files in a folder of spools.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let names = crate::files::list(folder)?;
    let spools = names.iter().filter(|name| name.ends_with(SUFFIX));
    Ok(spools.map(|name| folder.join(name)).collect())
}

fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn of(key: &SigningKey) -> Of<'_> {
        Of {
            origin: "tribune/a",
            key,
        }
    }

    fn entry(text: &str) -> Entry {
        Entry::new(text.as_bytes().to_vec())
    }

    #[test]
    fn a_spool_survives_its_process_up_to_the_torn_tail() {
        let folder = tempfile::tempdir().unwrap();
        let open = Open::default();
        let mut spool =
            Spool::create(Disk::default(), folder.path(), "t1", &open, of(&key())).unwrap();
        spool.append(&[entry("a"), entry("b")]).unwrap();
        spool.append(&[]).unwrap();
        spool.append(&[entry("c")]).unwrap();
        assert!(
            orphans(&Disk::default(), folder.path(), &open, of(&key()))
                .unwrap()
                .is_empty()
        );
        let path = spool.path.clone();
        drop(spool);
        let whole = std::fs::read(&path).unwrap();
        // The first frame has 20 bytes of header, 2 entries of 5 bytes and a signature of 64.
        for length in 0..=whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let found = orphans(&Disk::default(), folder.path(), &open, of(&key())).unwrap();
            let expected = if length < 94 {
                0
            } else {
                2 + usize::from(length == whole.len())
            };
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].name(), "t1");
            assert_eq!(found[0].entries().len(), expected, "cut to {length}");
        }
        let again = Spool::create(Disk::default(), folder.path(), "t1", &open, of(&key()));
        assert!(matches!(again, Err(RecordError::SpoolExists { .. })));
        for orphan in orphans(&Disk::default(), folder.path(), &open, of(&key())).unwrap() {
            assert_eq!(orphan.entries()[1].bytes(), b"b");
            orphan.discard().unwrap();
        }
        assert!(
            orphans(&Disk::default(), folder.path(), &open, of(&key()))
                .unwrap()
                .is_empty()
        );
        Spool::create(Disk::default(), folder.path(), "t1", &open, of(&key()))
            .unwrap()
            .discard()
            .unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_name_cannot_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "",
            "..",
            "../x",
            "a/b",
            ".hidden",
            "a b",
            "ü",
            &"a".repeat(129),
        ] {
            let spool = Spool::create(
                Disk::default(),
                folder.path(),
                name,
                &Open::default(),
                of(&key()),
            );
            assert!(
                matches!(spool, Err(RecordError::SpoolName { .. })),
                "{name:?}"
            );
        }
    }
}
