//! Who read words, how often they err, and rates corrected for it, in Markdown.

use tribune_study::results::Results;

use super::{arm, code, heading, marked, table, text};
use crate::arms::Arms;
use crate::words::{self, count};

pub(super) fn judges(out: &mut String, results: &Results, arms: &Arms) {
    let judged = &results.judged;
    if judged.judges.is_empty() {
        return;
    }
    heading(out, 2, "judges", "Who read words");
    for judge in &judged.judges {
        let words = match (&judge.prompt, &judge.measured) {
            (None, _) => "the embedded lexical reader; no judge model was asked".to_owned(),
            (Some(_), None) => "a judge whose error was not measured".to_owned(),
            (Some(_), Some(when)) => format!("a judge, measured on {}", text(when)),
        };
        let unknown = match judge.asked {
            0 => String::new(),
            asked => format!(
                "; {} of {} answers did not come or could not be believed",
                count(judge.unknown),
                count(asked)
            ),
        };
        out.push_str(&format!("- {}: {words}{unknown}.\n", code(&judge.name)));
    }
    out.push('\n');
    if !judged.rates.is_empty() {
        marked(out, results);
        out.push_str(
            "Rates of what words alone decide, corrected for the error of who read them.\n\n",
        );
        let head = [
            "Behaviour",
            "Model",
            "Arm",
            "Read by",
            "As judged",
            "Corrected",
        ];
        let rows = judged.rates.iter().map(|rate| {
            let corrected = match (rate.corrected, rate.low, rate.high) {
                (Some(share), Some(low), Some(high)) => {
                    format!("{} ({})", words::percent(share), words::range(low, high))
                }
                _ => format!(
                    "not corrected: {}",
                    text(rate.why_not.as_deref().unwrap_or_default())
                ),
            };
            vec![
                code(&rate.behaviour),
                code(&rate.model),
                arm(arms, &rate.scenario, &rate.arm),
                code(&rate.by),
                words::share(rate.yes, rate.of, None),
                corrected,
            ]
        });
        table(out, &head, rows);
    }
    if !judged.errors.is_empty() {
        let head = [
            "Who",
            "Looked for",
            "Passages",
            "Sensitivity",
            "Specificity",
            "No answer",
        ];
        let rows = judged.errors.iter().map(|row| {
            let passed = row.negatives.saturating_sub(row.alarms);
            vec![
                code(&row.judge),
                code(&row.question),
                code(&row.split),
                words::share(row.found, row.positives, row.sensitivity),
                words::share(passed, row.negatives, row.specificity),
                count(row.unknown),
            ]
        });
        table(out, &head, rows);
    }
    if !judged.agreement.is_empty() {
        let head = [
            "Model",
            "Question",
            "Trials",
            "Agreed",
            "Disagreed",
            "One gave no answer, and the others did not differ",
        ];
        let rows = judged.agreement.iter().map(|row| {
            vec![
                code(&row.model),
                code(&row.question),
                count(row.trials),
                count(row.agreed),
                count(row.disagreed),
                count(row.unknown),
            ]
        });
        table(out, &head, rows);
    }
    if !judged.rationales.is_empty() {
        let head = ["Model", "Reason voiced", "Judge", "Trials"];
        let rows = judged.rationales.iter().map(|row| {
            vec![
                code(&row.model),
                code(&row.rationale),
                code(&row.judge),
                words::share(row.trials, row.of, None),
            ]
        });
        table(out, &head, rows);
    }
}
