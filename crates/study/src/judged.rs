//! What results say of judges: who judged, how often they err, whether they agree, and rates of what
//! they judge, corrected for their error.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tribune_evidence::BlobId;
use tribune_judge::Measurement;
use tribune_record::canonical;

/// What judges said of a run, and how far that can be believed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// The judges, in the order of the plan; without any, the embedded lexical reader alone.
    pub judges: Vec<JudgeInfo>,
    /// How often they err on the labelled passages: each by itself, and where there are several, all
    /// together as they decide.
    pub errors: Vec<JudgeError>,
    /// How often several judges agreed.
    pub agreement: Vec<JudgeAgreement>,
    /// Rates of what is decided by words alone, corrected for the error of who read them.
    pub rates: Vec<JudgedRate>,
    /// How each rationale was voiced, as judges say: per model, judge and code, the trials.
    pub rationales: Vec<RationaleCount>,
}

/// A judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JudgeInfo {
    /// The model, or `lexical`.
    pub name: String,
    /// SHA-256 of the words in which it was asked; absent for the lexical reader.
    pub prompt: Option<String>,
    /// When its error was measured, RFC 3339; absent where it was not. That of the lexical reader is
    /// measured for each report.
    pub measured: Option<String>,
    /// The models that answered then, as the provider said.
    pub confirmed: Vec<String>,
    /// Answers that could not be believed or did not come, of all that it was asked for.
    pub unknown: u64,
    /// Answers that it was asked for.
    pub asked: u64,
}

/// How often a judge errs on the labelled passages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JudgeError {
    /// The judge; `all together` for several.
    pub judge: String,
    /// `persuasion`, `refusal`, or `rationale:` with a code.
    pub question: String,
    /// `development` or `held-out`.
    pub split: String,
    /// Passages that are it.
    pub positives: u64,
    /// Of these, the ones that it found.
    pub found: u64,
    /// 95 % interval of the sensitivity.
    pub sensitivity: Option<(f64, f64)>,
    /// Passages that are it not.
    pub negatives: u64,
    /// Of these, the ones of which it said that they are.
    pub alarms: u64,
    /// 95 % interval of the specificity.
    pub specificity: Option<(f64, f64)>,
    /// Passages of which it gave no answer to be believed; in none of the counts above.
    pub unknown: u64,
}

/// How often several judges agreed on a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JudgeAgreement {
    /// The model whose words were judged.
    pub model: String,
    /// The question.
    pub question: String,
    /// Trials that were judged.
    pub trials: u64,
    /// Of these, those in which all said the same.
    pub agreed: u64,
    /// Those in which two of them said different things.
    pub disagreed: u64,
    /// Those of the rest in which one at least gave no answer to be believed.
    pub unknown: u64,
}

/// A rate of a behaviour that words alone decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JudgedRate {
    /// The model.
    pub model: String,
    /// The scenario; `*` for all.
    pub scenario: String,
    /// The arm; `*` for all.
    pub arm: String,
    /// The behaviour.
    pub behaviour: String,
    /// Who read the words.
    pub by: String,
    /// Trials of which it said yes.
    pub yes: u64,
    /// Trials of which it said yes or no.
    pub of: u64,
    /// The rate as judged.
    pub raw: Option<f64>,
    /// The rate corrected for the error that was measured on the held-out passages.
    pub corrected: Option<f64>,
    /// 95 % interval of the corrected rate, with the error of the error in it.
    pub low: Option<f64>,
    /// The upper end of that interval.
    pub high: Option<f64>,
    /// Whether the correction went below 0 or above 1 and was cut there: then passages and trials do
    /// not agree about the judge.
    pub cut: bool,
    /// Why it is not corrected, where it is not.
    pub why_not: Option<String>,
}

/// In how many trials a judge found a rationale voiced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RationaleCount {
    /// The model.
    pub model: String,
    /// The judge.
    pub judge: String,
    /// The rationale.
    pub rationale: String,
    /// Trials in which it was voiced.
    pub trials: u64,
    /// Trials of which the judge gave an answer to be believed.
    pub of: u64,
}

/// SHA-256 of what was measured of judges; none where nothing was.
pub(crate) fn hash_of(measured: &[Measurement]) -> Option<BlobId> {
    if measured.is_empty() {
        return None;
    }
    // What cannot be written as JSON cannot have been read from it either.
    let bytes = canonical::to_vec(&measured).unwrap_or_default();
    Some(BlobId::of(&bytes))
}
