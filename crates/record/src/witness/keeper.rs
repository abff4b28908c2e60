//! A witness for others: keeps where each log stood, and signs what continues that.
//!
//! ```text
//! STATE/
//!   witness.key      the key, made at first use, for its owner alone
//!   logs/<hex>       the last checkpoint that was signed, with both signatures; SHA-256 of the origin
//!   name             how the witness is called, since its first use
//!   lock             locked while a process answers
//! ```
//! What is kept bears the witness's own signature, so that a file that was changed or cut is known for
//! that. Then the witness says nothing more of this log, since it does not know any longer what it
//! signed: it never begins anew by itself.

use std::fs::File;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use tribune_evidence::BlobId;

use crate::checkpoint::{ANY_RECORD, CHECKPOINT_LIMIT, Verifier};
use crate::error::{RecordError, Result, io_error};
use crate::files::{Disk, is_hex, list, lock, read_limited};
use crate::head::{Head, Signed};
use crate::proof::continues;
#[cfg(test)]
use crate::tree::Hash;
use crate::tree::empty_root;

use super::Cosigner;
use super::request::Request;

/// The most logs that a witness keeps: a key that stands for any record of a person could else fill
/// the disk.
const MOST_LOGS: usize = 10_000;

const TEXT: &str = "text/plain; charset=utf-8";
/// The kind of the answer that names a size (C2SP tlog-witness, "add-checkpoint").
const SIZE: &str = "text/x.tlog.size";

/// What a witness answers, as HTTP has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status: 200 signed; 400 not a request; 403 not signed by the log; 404 a log that is not
    /// known; 409 it stands elsewhere, or at the same size with another root; 422 the proof does not
    /// hold; 500 the witness itself is not well; 503 it keeps as many logs as it can.
    pub status: u16,
    /// The kind of the body.
    pub kind: &'static str,
    /// The body.
    pub body: String,
}

impl Answer {
    fn refusal(status: u16, why: &str) -> Self {
        Self {
            status,
            kind: TEXT,
            body: format!("{why}\n"),
        }
    }
}

/// A witness.
#[derive(Debug)]
pub struct Keeper {
    folder: PathBuf,
    disk: Disk,
    logs: Vec<Verifier>,
    cosigner: Cosigner,
    /// Held from looking where a log stands until that is written again.
    stands: Mutex<()>,
    _lock: File,
}

impl Keeper {
    /// Opens a witness's folder, for these logs. A key whose name is `tribune` stands for any record of
    /// its holder.
    ///
    /// # Errors
    /// Another process has it open, or its files cannot be had.
    pub fn open(folder: &Path, name: Option<&str>, logs: Vec<Verifier>) -> Result<Self> {
        Self::open_on(Disk::default(), folder, name, logs)
    }

    pub(crate) fn open_on(
        disk: Disk,
        folder: &Path,
        name: Option<&str>,
        logs: Vec<Verifier>,
    ) -> Result<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(io_error("make", folder))?;
        let lock = lock(folder.join("lock"))?;
        let cosigner = Cosigner::load_or_create(folder, known_as(folder, name)?.as_deref())?;
        let path = folder.join("name");
        if read_limited(&path, 1024)?.is_none() {
            disk.replace(&path, format!("{}\n", cosigner.key().name()).as_bytes())?;
        }
        disk.create_folder(&folder.join("logs"))?;
        disk.sync_folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            disk,
            logs,
            cosigner,
            stands: Mutex::new(()),
            _lock: lock,
        })
    }

    /// The witness's verifier key, for those who check its signatures.
    #[must_use]
    pub fn key(&self) -> String {
        self.cosigner.key().text()
    }

    /// Answers a request to sign a checkpoint, at a time in seconds since 1970. What it signs is on the
    /// disk when this returns.
    #[must_use]
    pub fn add_checkpoint(&self, body: &[u8], now: u64) -> Answer {
        let request = match Request::parse(body) {
            Ok(request) => request,
            Err(what) => return Answer::refusal(400, &what),
        };
        let mut keys = self
            .logs
            .iter()
            .filter(|key| is_log_of(key, request.head.origin()))
            .peekable();
        if keys.peek().is_none() {
            return Answer::refusal(404, "no log of this origin is known here");
        }
        if !keys.any(|key| request.head.signed_by(key) == Signed::Well(())) {
            return Answer::refusal(403, "no key of this log signed the checkpoint");
        }
        match self.decide(&request, now) {
            Ok(answer) => answer,
            // What is wrong is the witness's own, and no business of others.
            Err(_) => Answer::refusal(500, "the witness cannot tell where this log stood"),
        }
    }

    fn decide(&self, request: &Request, now: u64) -> Result<Answer> {
        let head = &request.head;
        let path = self.path(head.origin());
        let _stands = self.stands.lock();
        let kept = self.kept(&path, head.origin())?;
        let (size, root) = kept
            .as_ref()
            .map_or((0, empty_root()), |kept| (kept.size(), kept.hash()));
        // Either the caller does not know where the log stands here, or it was at this size with
        // another root: both are answered with the size, as the specification wants it.
        let forked = head.size() == size && head.hash() != root;
        if request.old != size || forked {
            return Ok(Answer {
                status: 409,
                kind: SIZE,
                body: format!("{size}\n"),
            });
        }
        if !continues((size, root), (head.size(), head.hash()), &request.path) {
            let why = "the proof does not lead from what was signed before to this checkpoint";
            return Ok(Answer::refusal(422, why));
        }
        if kept.is_none() && list(&self.folder.join("logs"))?.len() >= MOST_LOGS {
            return Ok(Answer::refusal(503, "this witness keeps no more logs"));
        }
        let line = self.cosigner.sign(head.signed_text(), now)?;
        let mut lines: Vec<_> = head
            .lines()
            .iter()
            .filter(|line| line.name() == head.origin())
            .cloned()
            .collect();
        lines.push(line.clone());
        let text = Head::parse(head.text().as_bytes())?
            .with_lines(lines)
            .text();
        self.disk.replace(&path, text.as_bytes())?;
        Ok(Answer {
            status: 200,
            kind: TEXT,
            body: String::from_utf8_lossy(&line.to_bytes()).into_owned(),
        })
    }

    fn path(&self, origin: &str) -> PathBuf {
        let name = BlobId::of(origin.as_bytes()).to_string();
        self.folder.join("logs").join(name)
    }

    /// The last checkpoint of a log that was signed here.
    fn kept(&self, path: &Path, origin: &str) -> Result<Option<Head>> {
        let Some(bytes) = read_limited(path, 2 * CHECKPOINT_LIMIT)? else {
            return Ok(None);
        };
        let head = Head::parse(&bytes)?;
        let own = matches!(head.cosigned_by(&self.cosigner.key()), Signed::Well(_));
        if head.origin() != origin || !own {
            return Err(RecordError::tampered(
                path.display().to_string(),
                "it is not what this witness signed",
            ));
        }
        Ok(Some(head))
    }

    /// Where a log stands: size and root.
    #[cfg(test)]
    pub(crate) fn stand(&self, origin: &str) -> Result<(u64, Hash)> {
        let kept = self.kept(&self.path(origin), origin)?;
        Ok(kept.map_or((0, empty_root()), |kept| (kept.size(), kept.hash())))
    }
}

/// The name that a witness has: that of its first use. Under another its key would be another one, and
/// nothing that it signed would be known to be its own.
fn known_as(folder: &Path, name: Option<&str>) -> Result<Option<String>> {
    let kept = read_limited(&folder.join("name"), 1024)?
        .map(|kept| String::from_utf8_lossy(&kept).trim_end().to_owned());
    match (kept, name) {
        (Some(kept), Some(name)) if kept != name => Err(RecordError::VerifierKey {
            what: format!(
                "the witness in {} is called {kept}, and not {name}",
                folder.display()
            ),
        }),
        (Some(kept), _) => Ok(Some(kept)),
        (None, name) => Ok(name.map(ToOwned::to_owned)),
    }
}

/// Whether a key is one of the log with this origin. Of a key for any record the origin must look like
/// a record's: a person's key says nothing of other logs.
fn is_log_of(key: &Verifier, origin: &str) -> bool {
    match key.name() {
        ANY_RECORD => origin
            .strip_prefix("tribune/")
            .is_some_and(|rest| is_hex(rest, 16)),
        name => name == origin,
    }
}
