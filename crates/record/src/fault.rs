//! Faults for tests: stop at any step, run out of space, cut the power.
//!
//! After a kill every further step fails, as it does for a process that is gone. A power cut then
//! takes back what was never synced: bytes, names, renames and removals.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use crate::error::{Result, io_error};

/// A folder in memory where there is one: tests of a simulated disk need not wait for the real one.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// What happens at the chosen step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process is gone from here on.
    Kill,
    /// No room is left, once.
    Full,
}

#[derive(Debug, Default)]
struct State {
    steps: u64,
    at: Option<(u64, Fault)>,
    dead: bool,
    /// Synced bytes of files with more than that.
    lengths: BTreeMap<PathBuf, u64>,
    /// What stood under a name before it changed, for names whose folder is not synced since.
    before: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

/// What is to go wrong, and what a power cut would lose.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<State>);

impl Faults {
    /// Lets a fault happen at a step, counted from the first.
    pub(crate) fn at(step: u64, fault: Fault) -> Self {
        Self(Mutex::new(State {
            at: Some((step, fault)),
            ..State::default()
        }))
    }

    /// Steps so far.
    pub(crate) fn steps(&self) -> u64 {
        self.0.lock().steps
    }

    /// Whether the process was killed.
    pub(crate) fn dead(&self) -> bool {
        self.0.lock().dead
    }

    /// From now on every step fails.
    pub(crate) fn kill(&self) {
        self.0.lock().dead = true;
    }

    /// Another process takes up the same disk.
    pub(crate) fn revive(&self) {
        self.0.lock().dead = false;
    }

    fn check(state: &mut State) -> io::Result<()> {
        let step = state.steps;
        state.steps += 1;
        if state.dead {
            return Err(io::Error::other("killed"));
        }
        match state.at {
            Some((at, Fault::Kill)) if at == step => {
                state.dead = true;
                Err(io::Error::other("killed"))
            }
            Some((at, Fault::Full)) if at == step => Err(io::Error::from(ErrorKind::StorageFull)),
            _ => Ok(()),
        }
    }

    pub(crate) fn step(&self, action: &'static str, path: &Path) -> Result<()> {
        Self::check(&mut self.0.lock()).map_err(io_error(action, path))
    }

    /// A write that is stopped has written half.
    pub(crate) fn append(&self, mut file: &File, path: &Path, bytes: &[u8]) -> Result<()> {
        let mut state = self.0.lock();
        let was_dead = state.dead;
        let outcome = Self::check(&mut state);
        if !was_dead {
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            state.lengths.entry(path.to_owned()).or_insert(length);
            let written = if outcome.is_ok() {
                bytes
            } else {
                &bytes[..bytes.len() / 2]
            };
            file.write_all(written).map_err(io_error("write", path))?;
        }
        outcome.map_err(io_error("write", path))
    }

    pub(crate) fn created(&self, path: &Path) {
        let mut state = self.0.lock();
        state.before.entry(path.to_owned()).or_insert(None);
        state.lengths.insert(path.to_owned(), 0);
    }

    pub(crate) fn synced(&self, path: &Path) {
        self.0.lock().lengths.remove(path);
    }

    pub(crate) fn renaming(&self, from: &Path, to: &Path) {
        let old = std::fs::read(to).ok();
        let mut state = self.0.lock();
        state.before.entry(to.to_owned()).or_insert(old);
        state.before.remove(from);
        if let Some(length) = state.lengths.remove(from) {
            state.lengths.insert(to.to_owned(), length);
        }
    }

    pub(crate) fn removing(&self, path: &Path) {
        let old = std::fs::read(path).ok();
        let mut state = self.0.lock();
        state.lengths.remove(path);
        match state.before.get(path) {
            // A name that never was durable and is gone again leaves nothing.
            Some(None) => {
                state.before.remove(path);
            }
            Some(Some(_)) => {}
            None => {
                state.before.insert(path.to_owned(), old);
            }
        }
    }

    pub(crate) fn folder_synced(&self, folder: &Path) {
        self.0
            .lock()
            .before
            .retain(|path, _| path.parent() != Some(folder));
    }

    pub(crate) fn everything_synced(&self) {
        let mut state = self.0.lock();
        state.before.clear();
        state.lengths.clear();
    }

    /// Takes back what was never synced, as a power cut may.
    pub(crate) fn cut_power(&self) {
        let mut state = self.0.lock();
        state.dead = true;
        for (path, length) in std::mem::take(&mut state.lengths) {
            if let Ok(file) = File::options().write(true).open(&path) {
                file.set_len(length).unwrap();
            }
        }
        for (path, old) in std::mem::take(&mut state.before) {
            match old {
                Some(bytes) => {
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(&path, bytes).unwrap();
                }
                None => drop(std::fs::remove_file(&path)),
            }
        }
    }
}
