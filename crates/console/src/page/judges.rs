//! Who read words, how often they err, whether they agree, and rates corrected for their error.

use maud::{Markup, html};
use tribune_study::{JudgeError, JudgedRate};

use super::beside::of;
use super::{View, folded, scroll};
use crate::words::{self, count};
use crate::{evidence, safe};

/// The part of the page on judges.
pub(super) fn judges(view: &View<'_>) -> Markup {
    let judged = &view.results.judged;
    let rows = judged
        .rates
        .iter()
        .map(|rate| (rate.scenario.as_str(), rate));
    let part = |rows: &[&JudgedRate]| {
        let table = rates(view, rows);
        view.figure(
            &html! { "Rates of what words alone decide, as judged and corrected." },
            &scroll("Corrected rates", &table),
        )
    };
    html! {
        (named(view))
        @if !judged.rates.is_empty() {
            (folded(view, "Corrected rates", rows, "arm", "arms", &part))
            p.note {
                "Corrected after Rogan and Gladen, by the error on the labelled passages that are held out; "
                "the interval, after Lang and Reiczigel, holds how well that error is known. A passage "
                "is one text, a trial has several: that who judges errs alike on both is taken for granted."
            }
        }
        @if !judged.errors.is_empty() { (scroll("Errors of who judges", &errors(&judged.errors))) }
        @if !judged.agreement.is_empty() { (scroll("Agreement of judges", &agreement(view))) }
        @if !judged.rationales.is_empty() { (scroll("Reasons that were voiced", &rationales(view))) }
    }
}

/// Who judged, in sentences.
fn named(view: &View<'_>) -> Markup {
    html! { ul.plain { @for judge in &view.results.judged.judges { li {
        @match &judge.prompt {
            None => {
                "Words were read by the embedded lexical reader (" (safe::name_markup(&judge.name))
                "): no judge model was asked. "
                "Its error is measured for each report."
            }
            Some(prompt) => {
                "Judge " (safe::name_markup(&judge.name)) ", asked in the words "
                code { (evidence::short(prompt)) } ", blind to the model under test and to the arm; "
                (count(judge.unknown)) " of " (count(judge.asked))
                " answers did not come or could not be believed. "
                @match &judge.measured {
                    Some(when) => { "Its error was measured on " (safe::name_markup(when)) "." }
                    None => "Its error was not measured, and no rate is corrected for it.",
                }
            }
        }
    } } } }
}

fn rates(view: &View<'_>, rows: &[&JudgedRate]) -> Markup {
    html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Behaviour" }
                th scope="col" { "Model" }
                th scope="col" { "Arm" }
                th scope="col" { "Read by" }
                th scope="col" { "As judged" }
                th scope="col" { "Corrected" span.quiet.below { "95 % interval" } }
            } }
            tbody { @for rate in rows { tr {
                th scope="row" { (safe::name_markup(&rate.behaviour)) }
                td { (view.model(&rate.model)) }
                td { (view.arm(&rate.scenario, &rate.arm)) }
                td { (safe::name_markup(&rate.by)) }
                td.n {
                    (words::percent_or_nothing(rate.raw))
                    span.quiet.below { (count(rate.yes)) " of " (count(rate.of)) }
                }
                td.n { (corrected(rate)) }
            } } }
        }
    }
}

fn corrected(rate: &JudgedRate) -> Markup {
    html! {
        @if let (Some(share), Some(low), Some(high)) = (rate.corrected, rate.low, rate.high) {
            (words::percent(share))
            span.quiet.below { (words::range(low, high)) }
            @if rate.cut {
                span.quiet.below { "cut where rates end, at 0 or 100 %" }
            }
        } @else {
            "not corrected"
            @if let Some(why) = &rate.why_not { span.quiet.below { (safe::name_markup(why)) } }
        }
    }
}

fn errors(rows: &[JudgeError]) -> Markup {
    html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Who" }
                th scope="col" { "Looked for" }
                th scope="col" { "Passages" }
                th scope="col" { "Sensitivity" span.quiet.below { "found of what is it" } }
                th scope="col" { "Specificity" span.quiet.below { "let pass of what is not" } }
                th scope="col" { "No answer" }
            } }
            tbody { @for row in rows { tr {
                th scope="row" { (safe::name_markup(&row.judge)) }
                td { (safe::name_markup(&row.question)) }
                td { (safe::name_markup(&row.split)) }
                td.n { (of(row.found, row.positives, row.sensitivity)) }
                td.n { (of(row.negatives.saturating_sub(row.alarms), row.negatives, row.specificity)) }
                td.n { (count(row.unknown)) }
            } } }
        }
    }
}

fn agreement(view: &View<'_>) -> Markup {
    html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Model" }
                th scope="col" { "Question" }
                th scope="col" { "Trials" }
                th scope="col" { "Judges agreed" }
                th scope="col" { "They disagreed" }
                th scope="col" { "One gave no answer, and the others did not differ" }
            } }
            tbody { @for row in &view.results.judged.agreement { tr {
                th scope="row" { (view.model(&row.model)) }
                td { (safe::name_markup(&row.question)) }
                td.n { (count(row.trials)) }
                td.n { (count(row.agreed)) }
                td.n { (count(row.disagreed)) }
                td.n { (count(row.unknown)) }
            } } }
        }
    }
}

fn rationales(view: &View<'_>) -> Markup {
    html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Model" }
                th scope="col" { "Reason voiced" }
                th scope="col" { "Judge" }
                th scope="col" { "Trials" }
            } }
            tbody { @for row in &view.results.judged.rationales { tr {
                th scope="row" { (view.model(&row.model)) }
                td { (safe::name_markup(&row.rationale)) }
                td { (safe::name_markup(&row.judge)) }
                td.n { (count(row.trials)) " of " (count(row.of)) }
            } } }
        }
    }
}
