//! A playbook made ready: every name checked, every pattern compiled, every pool indexed.

use std::collections::{BTreeMap, HashMap};

use regex::{Regex, RegexBuilder};
use tribune_evidence::Behaviour;

use crate::check;
use crate::memory::Passages;
use crate::playbook::{Capture, Disposition, Knowledge, Line, Playbook, ReplicaPlan, Step, Where};

/// The most memory that one pattern may take when compiled.
const PATTERN_BYTES: usize = 1 << 20;
/// The most captures that one playbook may have.
const CAPTURES: usize = 500;

/// What is wrong with a playbook.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlaybookError {
    /// A name that means nothing.
    #[error("{place}: there is no {kind} {name:?}{hint}")]
    Unknown {
        /// Where it stands.
        place: String,
        /// What it should be.
        kind: &'static str,
        /// The name.
        name: String,
        /// The nearest right one.
        hint: String,
    },
    /// A definition that cannot be used.
    #[error("{kind} {name:?}: {what}")]
    Wrong {
        /// What is defined.
        kind: &'static str,
        /// Which.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// A probability outside 0 to 1.
    #[error("{place}: {value} is not a probability from 0 to 1")]
    Chance {
        /// Where it stands.
        place: String,
        /// The value.
        value: f64,
    },
    /// Sequences that lead back to themselves, nest too deeply or are too long.
    #[error("{place}: {what}")]
    Depth {
        /// Where it stands.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// A script that does nothing.
    #[error("disposition {0:?} has an empty script")]
    Empty(String),
}

impl PlaybookError {
    /// The word that a person looks for in the file, where there is one.
    #[must_use]
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Unknown { name, .. } | Self::Wrong { name, .. } | Self::Empty(name) => Some(name),
            Self::Chance { .. } | Self::Depth { .. } => None,
        }
    }
}

/// An item of a pool, with its gold label. It comes from the scenario, never from a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolItem {
    /// Its id in the pool.
    pub id: String,
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
    /// The gold label.
    pub gold: f64,
}

/// A capture made ready.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) name: String,
    pub(crate) within: Where,
    pub(crate) regex: Regex,
    /// The named groups, where every match is kept; else empty, and the first group counts.
    pub(crate) groups: Vec<String>,
    pub(crate) all: bool,
}

/// Gold labels by what an item shows.
#[derive(Debug)]
pub(crate) struct Gold {
    /// The capture that reads the items.
    pub(crate) rows: usize,
    pub(crate) label: usize,
    answer: usize,
    question: Option<usize>,
    by_answer: HashMap<String, Vec<(String, f64)>>,
}

impl Gold {
    /// The gold label of what a row shows: none where no item, or items of different labels, show
    /// the same.
    pub(crate) fn of(&self, row: &[String]) -> Option<f64> {
        let known = self.by_answer.get(&shown(row.get(self.answer)?))?;
        let question = self
            .question
            .and_then(|group| row.get(group))
            .map(|q| shown(q));
        let mut golds = known
            .iter()
            .filter(|(asked, _)| question.as_ref().is_none_or(|question| question == asked))
            .map(|(_, gold)| *gold);
        let first = golds.next()?;
        golds.all(|gold| gold == first).then_some(first)
    }
}

/// A text as it is compared: a quoted cell opened, and each run of white space one space.
fn shown(text: &str) -> String {
    let text = text.trim();
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .map_or_else(|| text.to_owned(), |inner| inner.replace("\"\"", "\""));
    inner.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A playbook made ready.
#[derive(Debug)]
pub struct CompiledPlaybook {
    pub(crate) playbook: Playbook,
    pub(crate) captures: Vec<Pattern>,
    pub(crate) gold: BTreeMap<String, Gold>,
    /// Never changes what is found: it only saves searching the same text twice.
    pub(crate) passages: Passages,
}

impl CompiledPlaybook {
    /// Checks and compiles a playbook of a scenario without pools.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn new(playbook: Playbook) -> Result<Self, Vec<PlaybookError>> {
        Self::with_pools(playbook, &BTreeMap::new())
    }

    /// Checks and compiles a playbook. `pools` are the scenario's item pools by name.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn with_pools(
        playbook: Playbook,
        pools: &BTreeMap<String, Vec<PoolItem>>,
    ) -> Result<Self, Vec<PlaybookError>> {
        let mut errors = Vec::new();
        let mut captures = Vec::new();
        if playbook.captures.len() > CAPTURES {
            errors.push(PlaybookError::Depth {
                place: "captures".to_owned(),
                what: format!("there are more than {CAPTURES}"),
            });
        }
        for (name, capture) in playbook.captures.iter().take(CAPTURES) {
            match pattern(name, capture) {
                Ok(pattern) => captures.push(pattern),
                Err(what) => errors.push(PlaybookError::Wrong {
                    kind: "capture",
                    name: name.clone(),
                    what,
                }),
            }
        }
        check::check(&playbook, &captures, pools, &mut errors);
        let gold = playbook
            .knowledge
            .iter()
            .filter_map(|(name, knowledge)| {
                let items = pools.get(&knowledge.pool)?;
                Some((name.clone(), gold(knowledge, &captures, items)?))
            })
            .collect();
        if errors.is_empty() {
            Ok(Self {
                playbook,
                captures,
                gold,
                passages: Passages::default(),
            })
        } else {
            Err(errors)
        }
    }

    /// The dispositions that have a script here, and what each is.
    pub fn dispositions(&self) -> impl Iterator<Item = (&str, &Disposition)> {
        self.playbook
            .dispositions
            .iter()
            .map(|(name, disposition)| (name.as_str(), disposition))
    }

    /// The behaviours that some step is marked with as an act.
    pub fn acts(&self) -> impl Iterator<Item = Behaviour> {
        let steps = self.playbook.steps.values();
        steps.flat_map(|step| step.act.iter().copied())
    }

    /// The dispositions that have no way to act here, each acting as another.
    pub fn absent(&self) -> impl Iterator<Item = &str> {
        self.playbook
            .absent
            .iter()
            .flat_map(|absent| absent.names.iter().map(String::as_str))
    }

    /// Whether a disposition has no way to act here.
    #[must_use]
    pub fn is_absent(&self, disposition: &str) -> bool {
        self.absent().any(|name| name == disposition)
    }

    /// The harmless dispositions: those that are some other's benign twin.
    pub fn benign(&self) -> impl Iterator<Item = &str> {
        let mut twins: Vec<&str> = self
            .dispositions()
            .filter_map(|(_, disposition)| disposition.benign_twin.as_deref())
            .collect();
        twins.sort_unstable();
        twins.dedup();
        twins.into_iter()
    }

    /// What a replica does here, where the playbook says.
    #[must_use]
    pub fn replica(&self) -> Option<&ReplicaPlan> {
        self.playbook.replica.as_ref()
    }

    /// The disposition of a name, or the one that it acts as.
    pub(crate) fn disposition(&self, name: &str) -> Option<&Disposition> {
        let name = match &self.playbook.absent {
            Some(absent) if self.is_absent(name) => &absent.acts_as,
            _ => name,
        };
        self.playbook.dispositions.get(name)
    }

    pub(crate) fn step(&self, name: &str) -> Option<&Step> {
        self.playbook.steps.get(name)
    }

    pub(crate) fn sequence(&self, name: &str) -> Option<&[Line]> {
        self.playbook.sequences.get(name).map(Vec::as_slice)
    }

    pub(crate) fn capture(&self, name: &str) -> Option<usize> {
        self.captures.iter().position(|known| known.name == name)
    }
}

fn pattern(name: &str, capture: &Capture) -> Result<Pattern, String> {
    let regex = RegexBuilder::new(&capture.pattern)
        .size_limit(PATTERN_BYTES)
        .build()
        .map_err(|error| error.to_string())?;
    let groups: Vec<String> = if capture.all {
        let names = regex.capture_names().flatten().map(ToOwned::to_owned);
        names.collect()
    } else {
        Vec::new()
    };
    if capture.all {
        let right = |name: &String| {
            name.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        if groups.is_empty() || regex.captures_len() != groups.len() + 1 {
            return Err("with `all`, the pattern needs named groups and no others".to_owned());
        }
        if let Some(wrong) = groups.iter().find(|name| !right(name) || *name == "number") {
            return Err(format!(
                "group {wrong:?} must have small letters, digits and _, and not be \"number\""
            ));
        }
    } else if regex.captures_len() != 2 {
        return Err("the pattern needs exactly one group".to_owned());
    }
    Ok(Pattern {
        name: name.to_owned(),
        within: capture.within,
        regex,
        groups,
        all: capture.all,
    })
}

fn gold(knowledge: &Knowledge, captures: &[Pattern], items: &[PoolItem]) -> Option<Gold> {
    let rows = captures
        .iter()
        .position(|known| known.name == knowledge.rows)?;
    let groups = &captures.get(rows)?.groups;
    let group = |name: &str| groups.iter().position(|known| known == name);
    let mut by_answer: HashMap<String, Vec<(String, f64)>> = HashMap::new();
    for item in items {
        let entry = (shown(&item.question), item.gold);
        by_answer
            .entry(shown(&item.answer))
            .or_default()
            .push(entry);
    }
    Some(Gold {
        rows,
        label: group(&knowledge.label)?,
        answer: group("answer")?,
        question: group("question"),
        by_answer,
    })
}
