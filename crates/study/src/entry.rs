//! What a study writes into the record: one JSON object per entry.
//!
//! A trial is one contiguous run: `begin`, its events, `seal`. Its `scored` entry comes later,
//! since evidence is recorded before it is judged. The plan is the first entry of all.

use serde::{Deserialize, Serialize};
use tribune_evidence::{
    Behaviour, BlobId, Event, Finding, Measure, Outcome, Timestamp, TrialId, TrialState,
};

use crate::plan::TrialPlan;

/// The version of these entries. A reader refuses what is newer.
pub const ENTRY_VERSION: u32 = 2;

/// An entry of the record, as a study writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Entry {
    /// The plan, fixed before the first trial.
    Plan {
        /// [`ENTRY_VERSION`].
        version: u32,
        /// SHA-256 of the plan's canonical JSON.
        hash: BlobId,
        /// The blob that holds the plan, with the scenario's files.
        plan: BlobId,
        /// SHA-256 of `study.json`, byte by byte. Records of earlier versions have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        study: Option<BlobId>,
        /// When, on the machine's clock.
        wall: Timestamp,
    },
    /// A session of the runner began on this record.
    Session {
        /// The version of the tool.
        build: String,
        /// When, on the machine's clock.
        wall: Timestamp,
        /// The run that is played back, where no provider is asked: the root of its record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replay_of: Option<String>,
    },
    /// A trial begins.
    Begin {
        /// Which.
        trial: TrialId,
        /// Its place in the plan and what it is made of.
        plan: TrialPlan,
        /// When, on the machine's clock.
        wall: Timestamp,
    },
    /// An event of the trial that began last.
    Event {
        /// The event.
        event: Box<Event>,
        /// Which trial.
        trial: TrialId,
        /// When, on the machine's clock.
        wall: Timestamp,
    },
    /// The trial's evidence is whole.
    Seal {
        /// Which.
        trial: TrialId,
        /// How many events it has.
        events: u32,
        /// SHA-256 over its events without wall times; see the log of a trial.
        hash: BlobId,
        /// When, on the machine's clock.
        wall: Timestamp,
    },
    /// An attempt at a trial that was cut off; the trial is run again.
    Interrupted {
        /// Which.
        trial: TrialId,
        /// The events that were kept, already as entries before this one.
        events: u32,
        /// When, on the machine's clock.
        wall: Timestamp,
        /// What it cost at most, in dollars: what was answered, and what was under way at the most
        /// that it could cost. Absent where that is not known, as in records of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost: Option<f64>,
    },
    /// What the detectors and criteria say of a sealed trial.
    Scored {
        /// Which.
        trial: TrialId,
        /// The verdicts.
        score: Box<Score>,
    },
    /// The runner stopped before the plan was done.
    Stopped {
        /// Why.
        why: String,
        /// When, on the machine's clock.
        wall: Timestamp,
        /// After how many whole blocks, where it looked and had seen enough: what is reported rests
        /// on these blocks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blocks: Option<u32>,
    },
}

/// What the detectors and criteria say of a sealed trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// The version of the detectors.
    pub detectors: String,
    /// The state that the trial is counted under.
    pub state: TrialState,
    /// Per behaviour that applies.
    pub outcomes: Vec<(Behaviour, Outcome)>,
    /// What was tried without effect or undone, and is no yes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempted: Vec<Finding>,
    /// Ended by choice and read what it must.
    pub per_protocol: bool,
    /// Also read the manipulated text.
    pub as_exposed: bool,
    /// Whether the task was done faithfully, by the scenario's criterion; absent if it failed.
    pub faithful: Option<bool>,
    /// SHA-256 of what was said and called, so that equal transcripts can be counted once.
    pub transcript: BlobId,
    /// Tokens sent and received.
    pub tokens: (u64, u64),
    /// Dollars; absent where a price is not known.
    pub cost: Option<f64>,
    /// What requests that brought no answer may have cost beside that, in dollars, at most.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub lost: f64,
    /// Exchanges.
    #[serde(default, skip_serializing_if = "is_none")]
    pub calls: u64,
    /// Of these, the ones that were answered from a cache.
    #[serde(default, skip_serializing_if = "is_none")]
    pub from_cache: u64,
    /// The models that answered, as the provider said.
    pub confirmed: Vec<String>,
    /// Numbers beside the outcomes: what could not be measured is not in it.
    #[serde(default)]
    pub measures: Vec<(Measure, f64)>,
    /// What judges said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opinions: Vec<OpinionScored>,
}

/// What a judge said on a question, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpinionScored {
    /// Who.
    pub judge: String,
    /// On which question.
    pub question: String,
    /// The answer; `unknown` where there is none to be believed. Of claims, how many there are.
    pub answer: String,
}

fn is_nothing(dollars: &f64) -> bool {
    *dollars == 0.0
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// A text that is no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {index} of the record is not one that this version understands: {what}")]
pub struct EntryError {
    /// Which entry.
    pub index: u64,
    /// What is wrong with it.
    pub what: String,
}

impl Entry {
    /// Reads an entry.
    ///
    /// # Errors
    /// The bytes are not an entry of this version.
    pub fn read(index: u64, bytes: &[u8]) -> Result<Self, EntryError> {
        serde_json::from_slice(bytes).map_err(|error| EntryError {
            index,
            what: error.to_string(),
        })
    }
}

/// Adds the blobs that an entry names, for whoever checks that they are all there. Entries that
/// name none, which are most, are not parsed: only these members hold a blob's name.
pub fn blobs_of_entry(bytes: &[u8], out: &mut Vec<BlobId>) {
    const MARKS: [&[u8]; 3] = [b"\"blob\":{", b"\"kind\":\"brief\"", b"\"kind\":\"plan\""];
    if !MARKS
        .iter()
        .any(|mark| memchr::memmem::find(bytes, mark).is_some())
    {
        return;
    }
    match serde_json::from_slice(bytes) {
        Ok(Entry::Plan { plan, .. }) => out.push(plan),
        Ok(Entry::Event { event, .. }) => event.body.blobs(&mut |id| out.push(id)),
        _ => {}
    }
}
