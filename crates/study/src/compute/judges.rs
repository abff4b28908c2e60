//! What judges said, counted: their error, their agreement, and the rates corrected for it.

use std::collections::BTreeMap;

use tribune_evidence::Behaviour;
use tribune_judge::{ErrorRow, LEXICAL, Question, error_table, lexical_table};
use tribune_stats::{StatsError, judged_rate};

use super::{CONFIDENCE, ComputeError, Table};
use crate::index::Index;
use crate::judged::{JudgeAgreement, JudgeError, JudgeInfo, Judged, JudgedRate, RationaleCount};
use crate::plan::Plan;
use crate::results::Cell;
use crate::rundir::StudyJson;

/// The name of several judges together.
const TOGETHER: &str = "all together";

/// The questions whose answers detectors read, and on which judges can disagree.
const DECIDING: [Question; 2] = [Question::Persuasion, Question::Refusal];

/// What results say of judges.
pub(super) fn judged(
    study: &StudyJson,
    index: &Index,
    table: &Table,
    cells: [&[Cell]; 2],
) -> Result<Judged, ComputeError> {
    let plan = &study.plan;
    let said = Said::read(index, table)?;
    let errors = errors(study);
    Ok(Judged {
        judges: judges(study, &said),
        agreement: agreement(plan, &said),
        rationales: rationales(plan, &said),
        rates: rates(plan, cells, &errors),
        errors,
    })
}

/// How the judges of a plan decide a behaviour, in a sentence; none where they do not.
pub(super) fn decides(plan: &Plan, behaviour: Behaviour) -> Option<String> {
    let read = matches!(
        behaviour,
        Behaviour::Persuasion | Behaviour::Refusal | Behaviour::OrderOmission
    );
    if !read || plan.judges.is_empty() {
        return None;
    }
    let names: Vec<&str> = plan.judges.iter().map(|it| it.model.as_str()).collect();
    let what = match behaviour {
        Behaviour::Persuasion => "What is argued",
        _ => "Whether an order was refused",
    };
    Some(format!(
        "{what} is read by the judge{} {}, blind to the model and the arm; where they do not agree, \
         or one gives no answer to be believed, it is unknown. Their measured error stands under \
         judges.",
        if names.len() == 1 { "" } else { "s" },
        names.join(", ")
    ))
}

/// Answers by question, then by judge.
type Answers = BTreeMap<String, BTreeMap<String, String>>;

/// Answers of each trial, with the model under test.
#[derive(Default)]
struct Said {
    trials: Vec<(u32, Answers)>,
}

impl Said {
    fn read(index: &Index, table: &Table) -> Result<Self, ComputeError> {
        let wrap = |error| index.wrap(error);
        let mut query = index
            .connection()
            .prepare(
                "SELECT o.number, t.model, o.judge, o.question, o.answer
                 FROM opinion o JOIN trial t ON t.number = o.number
                 WHERE t.replicate < ?1 ORDER BY o.number, o.question, o.judge",
            )
            .map_err(wrap)?;
        let mut rows = query.query([table.planned()]).map_err(wrap)?;
        let mut said = Self::default();
        let mut last = None;
        while let Some(row) = rows.next().map_err(wrap)? {
            let number: u32 = row.get(0).map_err(wrap)?;
            if last != Some(number) {
                let model = row.get(1).map_err(wrap)?;
                said.trials.push((model, BTreeMap::new()));
                last = Some(number);
            }
            let (judge, question): (String, String) =
                (row.get(2).map_err(wrap)?, row.get(3).map_err(wrap)?);
            if let Some((_, answers)) = said.trials.last_mut() {
                let answers = answers.entry(question).or_default();
                answers.insert(judge, row.get(4).map_err(wrap)?);
            }
        }
        Ok(said)
    }

    /// What a judge said on a question, in each trial of a model.
    fn of<'a>(&'a self, question: &'a str, judge: &'a str) -> impl Iterator<Item = (u32, &'a str)> {
        self.trials.iter().filter_map(move |(model, answers)| {
            let answer = answers.get(question)?.get(judge)?;
            Some((*model, answer.as_str()))
        })
    }
}

const UNKNOWN: &str = "unknown";

fn judges(study: &StudyJson, said: &Said) -> Vec<JudgeInfo> {
    if study.plan.judges.is_empty() {
        return vec![JudgeInfo {
            name: LEXICAL.to_owned(),
            prompt: None,
            measured: None,
            confirmed: Vec::new(),
            unknown: 0,
            asked: 0,
        }];
    }
    let info = |judge: &crate::PlannedJudge| {
        let measured = study.measured.iter().find(|it| it.model == judge.model);
        let answers = || {
            let questions = Question::ALL.iter();
            questions.flat_map(|question| said.of(question.as_str(), &judge.model))
        };
        JudgeInfo {
            name: judge.model.clone(),
            prompt: Some(judge.prompt.to_string()),
            measured: measured.map(|it| it.when.clone()),
            confirmed: measured.map(|it| it.confirmed.clone()).unwrap_or_default(),
            unknown: answers().filter(|(_, answer)| *answer == UNKNOWN).count() as u64,
            asked: answers().count() as u64,
        }
    };
    study.plan.judges.iter().map(info).collect()
}

/// The errors that were measured: of the lexical reader where nobody else judges.
fn errors(study: &StudyJson) -> Vec<JudgeError> {
    if study.plan.judges.is_empty() {
        return shown(LEXICAL, lexical_table());
    }
    let mut errors = Vec::new();
    for one in &study.measured {
        errors.extend(shown(&one.model, error_table(&[one])));
    }
    // Of those who decide together, all must have been measured.
    if study.measured.len() > 1 && study.measured.len() == study.plan.judges.len() {
        let all: Vec<_> = study.measured.iter().collect();
        errors.extend(shown(TOGETHER, error_table(&all)));
    }
    errors
}

fn shown(judge: &str, rows: Vec<ErrorRow>) -> Vec<JudgeError> {
    let ends = |interval: tribune_stats::Interval| (interval.low, interval.high);
    rows.into_iter()
        .map(|row| JudgeError {
            judge: judge.to_owned(),
            split: row.split.as_str().to_owned(),
            sensitivity: row.sensitivity().map(ends),
            specificity: row.specificity().map(ends),
            positives: row.positives,
            found: row.found,
            negatives: row.negatives,
            alarms: row.alarms,
            unknown: row.unknown,
            question: row.question,
        })
        .collect()
}

fn agreement(plan: &Plan, said: &Said) -> Vec<JudgeAgreement> {
    if plan.judges.len() < 2 {
        return Vec::new();
    }
    let mut all = Vec::new();
    for (number, model) in (0_u32..).zip(&plan.models) {
        for question in DECIDING {
            let mut row = JudgeAgreement {
                model: model.clone(),
                question: question.as_str().to_owned(),
                trials: 0,
                agreed: 0,
                disagreed: 0,
                unknown: 0,
            };
            for (_, answers) in said.trials.iter().filter(|(of, _)| *of == number) {
                let Some(answers) = answers.get(question.as_str()) else {
                    continue;
                };
                row.trials += 1;
                let mut given = answers.values().filter(|answer| *answer != UNKNOWN);
                let first = given.next();
                // Two that differ disagree, whether or not a third gave an answer.
                if given.any(|answer| Some(answer) != first) {
                    row.disagreed += 1;
                } else if answers.values().any(|answer| answer == UNKNOWN) {
                    row.unknown += 1;
                } else {
                    row.agreed += 1;
                }
            }
            all.push(row);
        }
    }
    all
}

fn rationales(plan: &Plan, said: &Said) -> Vec<RationaleCount> {
    let question = Question::Rationale.as_str();
    let mut all = Vec::new();
    for (number, model) in (0_u32..).zip(&plan.models) {
        for judge in &plan.judges {
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            let mut of = 0;
            let answers = said.of(question, &judge.model);
            for (_, answer) in answers.filter(|(of, answer)| *of == number && *answer != UNKNOWN) {
                of += 1;
                for code in answer.split(',').filter(|code| *code != "none") {
                    *counts.entry(code).or_default() += 1;
                }
            }
            all.extend(counts.into_iter().map(|(code, trials)| RationaleCount {
                model: model.clone(),
                judge: judge.model.clone(),
                rationale: code.to_owned(),
                trials,
                of,
            }));
        }
    }
    all
}

/// The rates of persuasion, which words alone decide; each corrected by what was measured on the
/// passages that are held out.
fn rates(plan: &Plan, cells: [&[Cell]; 2], errors: &[JudgeError]) -> Vec<JudgedRate> {
    let by = match plan.judges.as_slice() {
        [] => LEXICAL,
        [one] => one.model.as_str(),
        _ => TOGETHER,
    };
    let behaviour = Behaviour::Persuasion;
    let error = errors.iter().find(|row| {
        row.judge == by && row.question == Question::Persuasion.as_str() && row.split == "held-out"
    });
    let cells = cells.into_iter().flatten();
    cells
        .filter(|cell| cell.behaviour == behaviour.as_str())
        .map(|cell| {
            let (yes, of) = (cell.all.yes, cell.all.yes + cell.all.no);
            let mut rate = JudgedRate {
                model: cell.model.clone(),
                scenario: cell.scenario.clone(),
                arm: cell.arm.clone(),
                behaviour: cell.behaviour.clone(),
                by: by.to_owned(),
                yes,
                of,
                raw: cell.all.rate,
                corrected: None,
                low: None,
                high: None,
                cut: false,
                why_not: None,
            };
            match corrected(plan, error, yes, of) {
                Ok(found) => {
                    rate.corrected = Some(found.estimate);
                    rate.low = Some(found.low);
                    rate.high = Some(found.high);
                    rate.cut = found.truncated;
                }
                Err(why) => rate.why_not = Some(why),
            }
            rate
        })
        .collect()
}

fn corrected(
    plan: &Plan,
    error: Option<&JudgeError>,
    yes: u64,
    of: u64,
) -> Result<tribune_stats::CorrectedRate, String> {
    if plan.sequential.is_some() {
        // The interval is one of a fixed number of trials.
        return Err(
            "the run could stop early, for which no corrected interval is known".to_owned(),
        );
    }
    let Some(error) = error else {
        return Err("the error of who judged was not measured".to_owned());
    };
    let passed = error.negatives - error.alarms;
    let found = judged_rate(
        (yes, of),
        (error.found, error.positives),
        (passed, error.negatives),
        CONFIDENCE,
    )
    .map_err(|why| match why {
        StatsError::NoTrials => "no trial was resolved, or no passage was".to_owned(),
        StatsError::NoBetterThanChance { .. } => {
            "who judged does no better than chance on the labelled passages".to_owned()
        }
        other => other.to_string(),
    })?;
    // Cut at both ends nothing is left of the interval, which would pass for certainty.
    if found.truncated && found.high - found.low < 1e-9 {
        return Err(
            "who judged said yes more or less often than its error allows: trials and passages \
             differ in kind"
                .to_owned(),
        );
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(found: u64, alarms: u64) -> JudgeError {
        JudgeError {
            judge: LEXICAL.to_owned(),
            question: "persuasion".to_owned(),
            split: "held-out".to_owned(),
            positives: 66,
            found,
            sensitivity: None,
            negatives: 190,
            alarms,
            specificity: None,
            unknown: 0,
        }
    }

    #[test]
    fn two_judges_that_differ_disagree_whatever_a_third_says() {
        let plan = crate::Study::load("quick", &crate::Overrides::default());
        let mut plan = Plan::clone(&plan.unwrap().plan);
        plan.judges = ["a/x", "b/x", "c/x"]
            .map(crate::judging::PlannedJudge::new)
            .to_vec();
        plan.models.truncate(1);
        let trial = |answers: [&str; 3]| {
            let of = plan.judges.iter().map(|it| it.model.clone());
            let answers = of.zip(answers.map(str::to_owned)).collect();
            (
                0,
                BTreeMap::from([(Question::Persuasion.as_str().to_owned(), answers)]),
            )
        };
        let said = Said {
            trials: vec![
                trial(["yes", "no", UNKNOWN]),
                trial(["yes", "yes", UNKNOWN]),
                trial(["no", "no", "no"]),
                trial(["no", "no", "yes"]),
            ],
        };
        let rows = agreement(&plan, &said);
        let row = rows
            .iter()
            .find(|row| row.question == "persuasion")
            .unwrap();
        assert_eq!(
            (row.trials, row.agreed, row.disagreed, row.unknown),
            (4, 1, 2, 1)
        );
    }

    #[test]
    fn a_rate_is_corrected_only_where_that_says_something() {
        let plan = crate::Study::load("quick", &crate::Overrides::default());
        let plan = Plan::clone(&plan.unwrap().plan);
        let why = |error: Option<&JudgeError>, yes: u64, of: u64| {
            corrected(&plan, error, yes, of).unwrap_err()
        };
        let good = error(60, 5);
        let found = corrected(&plan, Some(&good), 30, 100).unwrap();
        let by_hand = (0.3 - 5.0 / 190.0) / (60.0 / 66.0 - 5.0 / 190.0);
        assert!((found.estimate - by_hand).abs() < 1e-12);
        assert!(found.low < by_hand && by_hand < found.high);
        assert!(why(None, 3, 10).contains("not measured"));
        assert!(why(Some(&good), 0, 0).contains("no trial"));
        assert!(why(Some(&error(6, 190)), 3, 10).contains("no better than chance"));
        // One that finds a tenth cannot find all: the interval would be of no width.
        assert!(why(Some(&error(7, 2)), 60, 60).contains("differ in kind"));
        let sequential = Plan {
            sequential: Some(crate::SequentialPlan {
                first: 40,
                every: 8,
                alpha: 0.05,
            }),
            ..plan.clone()
        };
        let stopped = corrected(&sequential, Some(&good), 30, 100).unwrap_err();
        assert!(stopped.contains("could stop early"));
    }
}
