//! Published figures beside ours, as Markdown tables.

use tribune_study::results::Results;

use super::beside::short;
use super::escape::{code, text};
use super::{arm, heading, marked, table};
use crate::arms::Arms;
use crate::published::{CAUTION, by_formula, interval, of_arms, parts, value};
use crate::words::NOTHING;

pub(super) fn published(out: &mut String, results: &Results, arms: &Arms) {
    let of_arms = of_arms(results);
    if of_arms.is_empty() && results.formulas.is_empty() {
        return;
    }
    heading(out, 2, "published", "Published figures beside ours");
    marked(out, results);
    out.push_str(&format!("**{}** {}\n\n", CAUTION.0, CAUTION.1));
    for (formula, rows) in by_formula(results) {
        out.push_str(&format!(
            "{}, by the publication's formula: {}\n\n",
            code(&formula.name),
            text(&formula.meaning)
        ));
        let head = [
            "Of",
            "Model",
            "ours",
            "95 % interval",
            "greatest of any way",
            "ours by setting and way",
            "published",
            "source",
        ];
        table(
            out,
            &head,
            rows.into_iter().map(|figure| {
                let shown = |one: Option<f64>| {
                    one.map_or_else(
                        || NOTHING.to_owned(),
                        |one| value(one, figure.is_difference),
                    )
                };
                let published = figure.published.as_ref();
                vec![
                    format!("{}, {}", text(&figure.party), text(&figure.relation)),
                    code(&figure.model),
                    shown(figure.ours),
                    interval(figure).unwrap_or_else(|| NOTHING.to_owned()),
                    shown(figure.greatest),
                    text(&parts(figure).join("; ")),
                    published.map_or_else(
                        || NOTHING.to_owned(),
                        |one| {
                            let above = match one.is_difference {
                                true => " above its own baseline",
                                false => "",
                            };
                            format!("{}{above}", value(one.value, one.is_difference))
                        },
                    ),
                    published.map_or_else(String::new, |one| text(&one.source)),
                ]
            }),
        );
    }
    if of_arms.is_empty() {
        return;
    }
    let head = [
        "Behaviour",
        "Model",
        "Arm",
        "ours",
        "published",
        "of",
        "source",
    ];
    table(
        out,
        &head,
        of_arms.into_iter().map(|one| {
            let ours = results.cells.iter().find(|cell| {
                cell.model == one.model
                    && cell.scenario == one.scenario
                    && cell.arm == one.arm
                    && cell.behaviour == one.behaviour
            });
            let is_difference = one.kind == "difference";
            let above = match is_difference {
                true => " above its own baseline",
                false => "",
            };
            vec![
                code(&one.behaviour),
                code(&one.model),
                arm(arms, &one.scenario, &one.arm),
                ours.map_or_else(|| NOTHING.to_owned(), |cell| short(&cell.all)),
                format!("{}{above}", value(one.rate, is_difference)),
                format!("{}, {}", text(&one.party), text(&one.relation)),
                text(&one.source),
            ]
        }),
    );
}
