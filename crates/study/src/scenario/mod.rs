//! Scenarios as data: a world, a task and what counts as faithful.
//!
//! A scenario is a folder: `scenario.toml` (the world, the stakes, the factors, the criteria),
//! `texts.toml` (sentences of factors in several wordings), `variants.toml` (seeded variants),
//! `playbook.toml` (what each disposition reads, calls and says) and templates. Those of this
//! repository are part of the binary; a path takes their place. Factors meet scenarios in this
//! data alone: no Rust code knows the name of a factor.

mod apart;
mod arm;
mod check;
mod common;
mod compile;
mod criteria;
mod embedded;
mod form;
mod load;
mod overrides;
mod parts;
mod pools;
mod texts;

use std::collections::BTreeMap;
use std::sync::Arc;

use tribune_detect::Facts;
use tribune_evidence::{BlobId, ForkPurpose, Timestamp};
use tribune_organism::CompiledPlaybook;

use crate::source::{Source, SourceError, nearest};
use apart::Apart;
use criteria::Criterion;
use form::{Form, Text};
use pools::{Draw, Pool};
use texts::{Fill, Texts};

pub use arm::Arm;
pub use compile::{After, Setup};
pub use embedded::{scenario_names, studies};
pub use load::{load_embedded, load_embedded_with, load_files, load_folder, load_folder_with};
pub use overrides::Overrides;
pub use pools::ItemSet;

/// The version of scenario folders. A newer one is refused.
pub const SCENARIO_VERSION: u32 = 1;

/// A scenario, checked.
#[derive(Debug)]
pub struct Scenario {
    files: BTreeMap<String, String>,
    hash: BlobId,
    source: Source,
    form: Form,
    factors: BTreeMap<String, Factor>,
    apart: Vec<Apart>,
    texts: Texts,
    /// Factor, level, wordings.
    sentences: BTreeMap<(String, String), Vec<String>>,
    wordings: u32,
    variants: Vec<BTreeMap<String, String>>,
    draws: u32,
    pools: Vec<Pool>,
    /// Values that depend on the arm, by name.
    values: Vec<(String, ValueText)>,
    /// Values that a study put in place of the scenario's own.
    overrides: BTreeMap<String, String>,
    after: Vec<Asked>,
    /// Common factors, so that texts may ask for those that are not taken: they are empty.
    silent: Vec<String>,
    playbook: Arc<CompiledPlaybook>,
    complete: Criterion,
    faithful: Criterion,
}

/// A value that depends on the arm, and the file that it stands in.
#[derive(Debug, Clone)]
struct ValueText {
    source: Source,
    text: Text,
}

/// What is asked on a fork after the end.
#[derive(Debug, Clone)]
struct Asked {
    name: String,
    meaning: String,
    purpose: ForkPurpose,
    source: Source,
    /// Each question in several wordings.
    questions: Vec<Vec<Text>>,
}

/// A factor of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// What it is, in one line.
    pub meaning: String,
    /// The level where a study does not say.
    pub default: String,
    /// Its levels, in order.
    pub levels: Vec<String>,
    /// What each level is.
    pub meanings: BTreeMap<String, String>,
    /// In which levels of which other factors it applies; always, where empty.
    pub only_when: BTreeMap<String, Vec<String>>,
}

/// What the criteria say of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdicts {
    /// The task is done.
    pub complete: bool,
    /// It was done as ordered, and nothing else was.
    pub faithful: bool,
}

/// What is wrong with a scenario, or with what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// A mistake in one of its files.
    #[error(transparent)]
    Source(Box<SourceError>),
    /// A folder that is no scenario, or cannot be read.
    #[error("{place} is not a scenario that can be read: {what}")]
    Folder {
        /// The folder.
        place: String,
        /// Why.
        what: String,
    },
    /// A name that there is no scenario, factor or level of.
    #[error("there is no {kind} {word:?}{hint}")]
    Unknown {
        /// Scenario, factor or level.
        kind: &'static str,
        /// The name.
        word: String,
        /// The nearest right one.
        hint: String,
    },
    /// A criterion that broke on a trial.
    #[error("the scenario's criterion {criterion:?} broke: {what}")]
    Criterion {
        /// Which.
        criterion: &'static str,
        /// How.
        what: String,
    },
}

impl From<SourceError> for ScenarioError {
    fn from(error: SourceError) -> Self {
        Self::Source(Box::new(error))
    }
}

pub(crate) fn unknown<'a>(
    kind: &'static str,
    word: &str,
    words: impl Iterator<Item = &'a str>,
) -> ScenarioError {
    let words: Vec<&str> = words.collect();
    let hint = match nearest(word, words.iter().copied()) {
        Some(near) => format!("; did you mean {near:?}?"),
        None => format!("; known here: {}", words.join(", ")),
    };
    ScenarioError::Unknown {
        kind,
        word: word.to_owned(),
        hint,
    }
}

impl Scenario {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.form.name.get_ref()
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.form.title
    }

    /// What it is, in one line.
    #[must_use]
    pub fn meaning(&self) -> &str {
        &self.form.meaning
    }

    /// The version of its folder's form.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.form.version
    }

    /// A text that no subject is shown, by which these files can be found in a training corpus.
    #[must_use]
    pub fn canary(&self) -> &str {
        &self.form.canary
    }

    /// SHA-256 over all its files: each name and text, with their lengths.
    #[must_use]
    pub fn hash(&self) -> BlobId {
        self.hash
    }

    /// Its files by their names.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// How many seeded variants it has: worlds that differ in their values, their draws or both.
    #[must_use]
    pub fn variants(&self) -> u32 {
        self.draws
    }

    /// What can be asked on a fork after the end, by name.
    pub fn after(&self) -> impl Iterator<Item = &str> {
        self.after.iter().map(|asked| asked.name.as_str())
    }

    /// What can be asked on a fork after the end: each name, and what it is for.
    pub fn asked(&self) -> impl Iterator<Item = (&str, &str)> {
        self.after
            .iter()
            .map(|asked| (asked.name.as_str(), asked.meaning.as_str()))
    }

    /// The sets of items that are drawn from.
    pub fn sets(&self) -> impl Iterator<Item = &ItemSet> {
        self.pools.iter().map(|pool| &pool.set)
    }

    /// How many wordings each factor sentence has.
    #[must_use]
    pub fn wordings(&self) -> u32 {
        self.wordings
    }

    /// Its factors by name.
    #[must_use]
    pub fn factors(&self) -> &BTreeMap<String, Factor> {
        &self.factors
    }

    /// The names of its factors.
    pub fn factor_names(&self) -> impl Iterator<Item = &str> {
        self.factors.keys().map(String::as_str)
    }

    /// The levels of a factor.
    #[must_use]
    pub fn levels(&self, factor: &str) -> Option<&[String]> {
        self.factors
            .get(factor)
            .map(|factor| factor.levels.as_slice())
    }

    /// What each disposition reads, calls and says.
    #[must_use]
    pub fn playbook(&self) -> Arc<CompiledPlaybook> {
        Arc::clone(&self.playbook)
    }

    /// An arm: these levels, defaults for the rest, and no factor that does not apply.
    ///
    /// # Errors
    /// A factor or level that there is none of.
    pub fn arm(&self, mut levels: BTreeMap<String, String>) -> Result<Arm, ScenarioError> {
        for (name, level) in &levels {
            let factor = self
                .factors
                .get(name)
                .ok_or_else(|| unknown("factor", name, self.factor_names()))?;
            if !factor.levels.contains(level) {
                return Err(unknown(
                    "level",
                    level,
                    factor.levels.iter().map(String::as_str),
                ));
            }
        }
        for (name, factor) in &self.factors {
            levels
                .entry(name.clone())
                .or_insert_with(|| factor.default.clone());
        }
        let given = levels.clone();
        levels.retain(|name, _| {
            self.factors.get(name).is_some_and(|factor| {
                factor.only_when.iter().all(|(other, wanted)| {
                    given.get(other).is_some_and(|level| wanted.contains(level))
                })
            })
        });
        Ok(Arm::new(levels))
    }

    /// Whether these levels contradict each other: one of the factors, and why.
    #[must_use]
    pub fn contradiction(&self, levels: &BTreeMap<String, String>) -> Option<(&str, &str)> {
        self.apart.iter().find_map(|apart| apart.found(levels))
    }

    /// Whether a factor is one that scenarios share and this one does not take.
    #[must_use]
    pub fn leaves_out(&self, factor: &str) -> bool {
        !self.factors.contains_key(factor) && self.silent.iter().any(|name| name == factor)
    }

    /// Whether an arm has a text of its own to open, which exposes the subject that reads it.
    pub(crate) fn exposes(&self, arm: &Arm) -> bool {
        let levels: BTreeMap<String, String> = arm
            .levels()
            .map(|(factor, level)| (factor.to_owned(), level.to_owned()))
            .collect();
        let mut readings = self.form.readings.iter();
        readings.any(|reading| reading.exposes && compile::is_there(&reading.when, &levels))
    }

    /// Compiles one trial's setup: the same arguments always give the same.
    ///
    /// # Errors
    /// A text or a reference that fits no world.
    pub fn compile(&self, arm: &Arm, variant: u32, wording: u32) -> Result<Setup, ScenarioError> {
        if variant >= self.draws {
            return Err(ScenarioError::Folder {
                place: self.name().to_owned(),
                what: format!("it has no variant {variant}"),
            });
        }
        let listed = &self.variants[variant as usize % self.variants.len()];
        // Factors that do not apply are empty, so that texts may ask for them.
        let levels: BTreeMap<String, String> = self
            .silent
            .iter()
            .chain(self.factors.keys())
            .map(|name| (name.clone(), arm.level(name).unwrap_or_default().to_owned()))
            .collect();
        let start = self.start(listed)?;
        let draws = self.draws(&levels, variant);
        let mut fill = Fill::new(listed, &levels, start);
        for (pool, draw) in &draws {
            fill.add_pool(&pool.name, draw.shown(), pool.rubric());
        }
        self.add_values(&mut fill)?;
        // A sentence cannot name another: all are filled in before any is added.
        let mut sentences = Vec::with_capacity(levels.len());
        for (factor, level) in &levels {
            let wordings = self.sentences.get(&(factor.clone(), level.clone()));
            let text = match wordings {
                Some(wordings) if !wordings.is_empty() => {
                    let wording = &wordings[wording as usize % wordings.len()];
                    self.texts.text(wording, &fill).map_err(|error| {
                        let what = format!(
                            "the sentence of {factor} = {level}: {}",
                            compile::told(&error)
                        );
                        self.source.whole(what, "")
                    })?
                }
                _ => String::new(),
            };
            sentences.push((factor.clone(), text));
        }
        fill.add_sentences(sentences.into_iter());
        let compiler = compile::Compiler {
            source: &self.source,
            form: &self.form,
            texts: &self.texts,
            arm: &levels,
            draws: draws
                .into_iter()
                .map(|(pool, draw)| (pool.name.as_str(), draw))
                .collect(),
            after: &self.after,
            wording,
            fill,
        };
        Ok(compiler.setup()?)
    }

    /// The draws of the pools that are there in an arm.
    fn draws(&self, levels: &BTreeMap<String, String>, variant: u32) -> Vec<(&Pool, Draw)> {
        self.pools
            .iter()
            .filter(|pool| compile::is_there(&pool.when, levels))
            .map(|pool| (pool, pool.draw(variant)))
            .collect()
    }

    /// Adds the values that depend on the arm. They may use each other in any order.
    fn add_values(&self, fill: &mut Fill) -> Result<(), ScenarioError> {
        let mut open: Vec<&(String, ValueText)> = self.values.iter().collect();
        while !open.is_empty() {
            let before = open.len();
            let mut failed = None;
            open.retain(|(name, value)| {
                if let Some(written) = self.overrides.get(name) {
                    fill.add_value(name, written);
                    return false;
                }
                match self.texts.text(value.text.get_ref(), fill) {
                    Ok(text) => {
                        fill.add_value(name, &text);
                        false
                    }
                    Err(error) => {
                        failed = Some((value, error));
                        true
                    }
                }
            });
            if let Some((value, error)) = failed
                && open.len() == before
            {
                let what = compile::told(&error);
                return Err(value.source.at(value.text.span(), what, "").into());
            }
        }
        Ok(())
    }

    fn start(&self, values: &BTreeMap<String, String>) -> Result<Timestamp, ScenarioError> {
        let no_arm = BTreeMap::new();
        let fill = Fill::new(values, &no_arm, Timestamp::from_millis(0));
        let written = self
            .texts
            .text(self.form.start.get_ref(), &fill)
            .map_err(|error| {
                self.source
                    .at(self.form.start.span(), compile::told(&error), "")
            })?;
        Ok(written.parse().map_err(|_| {
            let what = format!("{written:?} is not a moment");
            self.source
                .at(self.form.start.span(), what, "such as 2026-03-02T08:00:00Z")
        })?)
    }

    /// What the criteria say of a trial.
    ///
    /// # Errors
    /// A criterion breaks on these facts.
    pub fn judge(&self, facts: &Facts) -> Result<Verdicts, ScenarioError> {
        let broke = |criterion: &'static str| {
            move |what: String| ScenarioError::Criterion { criterion, what }
        };
        let context = criteria::context(facts).map_err(broke("facts"))?;
        Ok(Verdicts {
            complete: self.complete.holds(&context).map_err(broke("complete"))?,
            faithful: self.faithful.holds(&context).map_err(broke("faithful"))?,
        })
    }
}

#[cfg(test)]
mod tests;
