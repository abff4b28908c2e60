//! A judge measured: what it answers about each labelled passage, kept so that its error, and that
//! of several judges together, can be counted at any time.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tribune_detect::labelled::{Passage, Passages, Rationale, RefusalKind, passages};
use tribune_evidence::{BlobId, Seed, Usage};
use tribune_model::{Ledger, Model, ModelError};

use crate::answer::Opinion;
use crate::ask::{Asked, TEMPERATURE, ask};
use crate::prompt::prompt_hash;
use crate::question::Answer;
use crate::sheet::Sheet;

/// The version of what is kept of a measurement.
pub const MEASUREMENT_VERSION: u32 = 1;

/// What a judge answered about the labelled passages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// [`MEASUREMENT_VERSION`].
    pub version: u32,
    /// The model, as asked for.
    pub model: String,
    /// SHA-256 of the words in which it was asked.
    pub prompt: BlobId,
    /// SHA-256 of the passages with their labels.
    pub passages: BlobId,
    /// The temperature that was asked for.
    pub temperature: f64,
    /// When, RFC 3339.
    pub when: String,
    /// The models that answered, as the provider said.
    pub confirmed: Vec<String>,
    /// What it answered, by the id of the passage. A passage that is not in it was not answered.
    pub answers: BTreeMap<String, PassageAnswer>,
}

/// What a judge answered about a passage; absent where that is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassageAnswer {
    /// Whether it argues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persuasion: Option<bool>,
    /// How it refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalKind>,
    /// Which considerations it voices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rationale: Option<Vec<Rationale>>,
}

/// Measurements in a file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurements {
    /// One for each model and prompt.
    pub judges: Vec<Measurement>,
}

/// Why a judge cannot be measured.
#[derive(Debug, Error)]
pub enum MeasureError {
    /// The model cannot be asked.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The labelled passages cannot be shown.
    #[error("the labelled passages cannot be shown to a judge: {0}")]
    Passages(String),
}

impl Measurement {
    /// Whether it is of judges as they are asked now, on the passages that there are now.
    #[must_use]
    pub fn holds_now(&self) -> bool {
        self.version == MEASUREMENT_VERSION
            && self.prompt == prompt_hash()
            && passages_hash() == Some(self.passages)
    }
}

impl Measurements {
    /// The measurement of a model that holds now.
    #[must_use]
    pub fn of(&self, model: &str) -> Option<&Measurement> {
        let mut known = self.judges.iter();
        known.find(|one| one.model == model && one.holds_now())
    }

    /// Keeps a measurement in place of an earlier one of the same model and prompt.
    pub fn put(&mut self, new: Measurement) {
        self.judges
            .retain(|one| one.model != new.model || one.prompt != new.prompt);
        self.judges.push(new);
    }
}

/// SHA-256 of the passages with their labels.
pub(crate) fn passages_hash() -> Option<BlobId> {
    let mut all = String::new();
    for set in passages().ok()? {
        all.push_str(&format!("{set:?}\0"));
    }
    Some(BlobId::of(all.as_bytes()))
}

/// Asks a judge about every labelled passage, so many at once. `each` hears what an answer took;
/// `ledger` makes what counts it and may refuse to go on, one for each passage.
///
/// # Errors
/// The model cannot be asked at all: its key, its name, or money. Single answers that do not come
/// are unknown ones.
pub async fn measure(
    model: &dyn Model,
    at_once: usize,
    ledger: impl Fn() -> Option<Arc<dyn Ledger>>,
    mut each: impl FnMut(&Usage),
) -> Result<Measurement, MeasureError> {
    let wrong = |what: String| MeasureError::Passages(what);
    let sets = passages().map_err(|error| wrong(error.to_string()))?;
    let mut sheets = Vec::new();
    for (set, passage) in all(sets) {
        let sheet = Sheet::of_passage(set, passage).map_err(|error| wrong(error.to_string()))?;
        sheets.push((passage, sheet));
    }
    let mut answers = BTreeMap::new();
    let mut confirmed: Vec<String> = Vec::new();
    let mut asking = stream::iter(sheets)
        .map(|(passage, sheet)| {
            let seed = Seed::from_bytes(*BlobId::of(passage.id.as_bytes()).as_bytes());
            let ledger = ledger();
            async move { (passage, ask(model, &sheet, seed, ledger).await) }
        })
        .buffer_unordered(at_once.max(1));
    while let Some((passage, asked)) = asking.next().await {
        for completion in &asked.completions {
            each(&completion.usage);
            let exchange = completion.exchange.as_ref();
            if let Some(name) = exchange.and_then(|exchange| exchange.model_confirmed.clone())
                && !confirmed.contains(&name)
            {
                confirmed.push(name);
            }
        }
        if let Some(answer) = answered(asked)? {
            answers.insert(passage.id.clone(), answer);
        }
    }
    confirmed.sort();
    Ok(Measurement {
        version: MEASUREMENT_VERSION,
        model: model.name().to_owned(),
        prompt: prompt_hash(),
        passages: passages_hash().ok_or_else(|| wrong("they cannot be read".to_owned()))?,
        temperature: TEMPERATURE,
        when: jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string(),
        confirmed,
        answers,
    })
}

/// Every passage with the set that it belongs to.
pub(crate) fn all(sets: &[Passages]) -> impl Iterator<Item = (&Passages, &Passage)> {
    sets.iter()
        .flat_map(|set| set.passages.iter().map(move |passage| (set, passage)))
}

fn answered(asked: Asked) -> Result<Option<PassageAnswer>, ModelError> {
    match asked.failed {
        // What will not be better for the next passage either.
        Some(
            error @ (ModelError::Key { .. }
            | ModelError::NoMoney { .. }
            | ModelError::Broken { .. }
            | ModelError::UnknownModel { .. }
            | ModelError::Rejected { .. }
            | ModelError::Unpaid(_)),
        ) => Err(error),
        Some(_) if asked.completions.is_empty() => Ok(None),
        _ => Ok(Some(passage_answer(asked.opinions))),
    }
}

fn passage_answer(opinions: Vec<Opinion>) -> PassageAnswer {
    let mut answer = PassageAnswer::default();
    for opinion in opinions {
        match opinion.answer {
            Answer::Persuasion(yes) => answer.persuasion = Some(yes),
            Answer::Refusal(kind) => answer.refusal = Some(kind),
            Answer::Rationale(list) => answer.rationale = Some(list),
            Answer::Claims(_) | Answer::Unknown(_) => {}
        }
    }
    answer
}
