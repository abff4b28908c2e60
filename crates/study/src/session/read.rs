//! A run that is read: its results, its trials.

use std::path::{Path, PathBuf};

use tribune_record::Reader;

use super::SessionError;
use super::fixed::same_plan;
use crate::compute::{TrialRow, example, find, list, results};
use crate::index::Index;
use crate::rebuild::rebuild;
use crate::results::{Example, Results};
use crate::rundir::{RunDir, StudyJson};
use crate::study::Study;

/// A run that is open for reading. Reading never changes what another process may be writing.
pub struct Run {
    dir: RunDir,
    study: StudyJson,
    index: Index,
    reader: Reader,
}

impl Run {
    /// Opens a run. Without an index to be believed, one is made in memory, and saved where there
    /// is none at all.
    ///
    /// # Errors
    /// It is no run, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, SessionError> {
        let dir = RunDir::open(path)?;
        let study = dir.study()?;
        let reader = Reader::open(path)?;
        same_plan(&study, &reader)?;
        let index = match Index::open(&dir.index(), reader.size()) {
            Some(index) => {
                index.check(&study.plan)?;
                index
            }
            None => {
                let restored = Study::restore(study.plan.clone(), &study.scenarios)?;
                let (index, _) = rebuild(
                    Index::in_memory()?,
                    &reader,
                    &study.plan,
                    &restored.scenarios,
                )?;
                if dir.index().symlink_metadata().is_err() {
                    // A directory that cannot be written is read all the same.
                    let _ = index.save(&dir.index(), reader.size());
                }
                index
            }
        };
        Ok(Self {
            dir,
            study,
            index,
            reader,
        })
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// `study.json`.
    #[must_use]
    pub fn study(&self) -> &StudyJson {
        &self.study
    }

    /// The record.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// All that the run found.
    ///
    /// # Errors
    /// The index or the record cannot be read.
    pub fn results(&self) -> Result<Results, SessionError> {
        Ok(results(&self.study, &self.index, &self.reader)?)
    }

    /// One trial, by the beginning of its id.
    ///
    /// # Errors
    /// No trial, or more than one, has such an id.
    pub fn trial(&self, prefix: &str) -> Result<Example, SessionError> {
        match find(&self.index, prefix, 2)?.as_slice() {
            [(number, _)] => Ok(example(
                &self.study.plan,
                &self.index,
                &self.reader,
                *number,
            )?),
            found => Err(SessionError::Trial {
                prefix: prefix.to_owned(),
                found: found.len(),
            }),
        }
    }

    /// Trials in the order of the plan, at most so many; only those with a behaviour, where one is
    /// named.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn trials(
        &self,
        behaviour: Option<&str>,
        limit: u32,
    ) -> Result<Vec<TrialRow>, SessionError> {
        Ok(list(&self.study.plan, &self.index, behaviour, limit)?)
    }

    /// How many trials of another run are in this one with the same events, and how many it has.
    ///
    /// # Errors
    /// An index cannot be read.
    pub fn same_trials(&self, other: &Self) -> Result<(u64, u64), SessionError> {
        let (own, other) = (self.index.hashes()?, other.index.hashes()?);
        let same = other
            .iter()
            .filter(|(id, hash)| own.get(*id) == Some(*hash))
            .count();
        Ok((same as u64, other.len() as u64))
    }

    /// Where the report is written.
    #[must_use]
    pub fn report(&self) -> PathBuf {
        self.dir.report()
    }
}
