//! Every kind of tampering is named with its place.

mod added;
mod checkpoint;
mod entries;
mod every_byte;
mod files;
mod journal;
mod options;

use std::path::PathBuf;

use super::*;
use crate::entry::Entry;
use crate::record::{Durability, Record, Settings};
use crate::tree::WIDTH;

/// A record of its own for a test, copied from one that was made once.
struct Run {
    folder: tempfile::TempDir,
    vkey: String,
}

fn entry(number: u64) -> Entry {
    Entry::new(format!("entry {number}").into_bytes())
}

fn make(size: u64) -> Run {
    let folder = crate::fault::folder();
    let record = Record::create(&folder.path().join("run"), &folder.path().join("keys")).unwrap();
    let entries: Vec<Entry> = (0..size).map(entry).collect();
    record.append(&entries, Durability::Process).unwrap();
    record.put_blob(BlobId::of(b"small"), b"small").unwrap();
    record.put_blob(BlobId::of(b"other"), b"other").unwrap();
    record
        .put_blob(BlobId::of(&[5; 70_000]), &[5; 70_000])
        .unwrap();
    let vkey = record.vkey();
    record.close().unwrap();
    Run { folder, vkey }
}

impl Run {
    fn dir(&self) -> PathBuf {
        self.folder.path().join("run")
    }
    fn path(&self, path: &str) -> PathBuf {
        self.dir().join(path)
    }
    fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path(path)).unwrap()
    }
    fn write(&self, path: &str, bytes: &[u8]) {
        std::fs::write(self.path(path), bytes).unwrap();
    }
    /// Changes a file, verifies, and puts the file back.
    fn with(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> Verification {
        let bytes = self.read(path);
        let mut changed = bytes.clone();
        change(&mut changed);
        assert_ne!(bytes, changed);
        self.write(path, &changed);
        let verification = self.verify();
        self.write(path, &bytes);
        verification
    }
    fn verify(&self) -> Verification {
        verify(&self.dir(), &VerifyOptions::default()).unwrap()
    }
    fn verify_with(&self, key: Option<&str>, expect: Option<&str>) -> Verification {
        let options = VerifyOptions {
            key: key.map(str::to_owned),
            expect: expect.map(str::to_owned),
            blobs: None,
            ..VerifyOptions::default()
        };
        verify(&self.dir(), &options).unwrap()
    }
    fn checkpoint(&self) -> String {
        Reader::open(&self.dir()).unwrap().checkpoint()
    }
}

fn first(verification: &Verification) -> String {
    verification.problems.first().unwrap().to_string()
}

fn places(verification: &Verification) -> Vec<&str> {
    verification
        .problems
        .iter()
        .map(|problem| problem.place.as_str())
        .collect()
}

fn at(bytes: &[u8], text: &str) -> usize {
    bytes
        .windows(text.len())
        .position(|window| window == text.as_bytes())
        .unwrap()
}

/// The length of the last of two blobs in a pack.
fn pack_frame(bytes: &[u8]) -> usize {
    let first = u32::from_le_bytes(*bytes[40..].first_chunk().unwrap()) as usize;
    bytes.len() - (44 + first)
}

/// A record in which nothing is wrong.
fn whole(size: u64) -> (Run, Verification) {
    let run = make(size);
    let whole = run.verify();
    assert_eq!(
        (whole.problems.clone(), whole.notes.clone()),
        (vec![], vec![])
    );
    // Three, and the list of them.
    assert_eq!((whole.size, whole.blobs, whole.unpublished), (size, 4, 0));
    assert!(whole.closed);
    assert_eq!(whole.signer, Signer::NotAuthenticated);
    (run, whole)
}
