//! Published figures beside ours: by the publication's own formulas, and arm by arm.

use maud::{Markup, html};
use tribune_study::results::{FormulaFigure, PublishedFigure};

use super::beside::rate;
use super::{View, scroll};
use crate::published::{CAUTION, by_formula, interval, of_arms, parts, value};
use crate::safe;
use crate::words::NOTHING;

/// Published figures beside ours.
pub(super) fn published(view: &View<'_>) -> Markup {
    let of_arms = of_arms(view.results);
    if of_arms.is_empty() && view.results.formulas.is_empty() {
        return html! { p { "There is no published figure of the models, behaviours, parties and relations that were run." } };
    }
    html! {
        @if !view.results.formulas.is_empty() { (formulas(view)) }
        @if !of_arms.is_empty() { (arms(view, &of_arms)) }
    }
}

fn formulas(view: &View<'_>) -> Markup {
    let table = html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Of" }
                th scope="col" { "Model" }
                th scope="col" { "Ours" span.quiet.below { "by the publication’s formula" } }
                th scope="col" { "Published" }
                th scope="col" { "Ours in parts" span.quiet.below { "greatest of any way; settings; ways of telling" } }
                th scope="col" { "Source" }
            } }
            @for (formula, rows) in by_formula(view.results) { tbody {
                tr.group { th colspan="6" scope="rowgroup" {
                    (safe::name_markup(&formula.name))
                    " " span.quiet { (safe::markup(&formula.meaning, safe::TEXT_LIMIT, false)) }
                } }
                @for figure in rows { (formula_row(view, figure)) }
            } }
        }
    };
    let caption = html! {
        strong { (CAUTION.0) } " " (CAUTION.1)
        " Ours is the same average over the same settings on our texts, with a 95 % interval over "
        "trials (Zou’s for weighted sums of rates), which knows nothing of wordings. A trial without "
        "an outcome counts as a no here, as it did there."
    };
    view.figure(
        &caption,
        &scroll("By the publication’s own formulas", &table),
    )
}

fn formula_row(view: &View<'_>, figure: &FormulaFigure) -> Markup {
    let shown = |one: Option<f64>| {
        one.map_or_else(
            || NOTHING.to_owned(),
            |one| value(one, figure.is_difference),
        )
    };
    html! { tr {
        th scope="row" { (safe::name_markup(&figure.party)) ", " (safe::name_markup(&figure.relation)) }
        td { (view.model(&figure.model)) }
        td.n {
            (shown(figure.ours))
            @if let Some(interval) = interval(figure) { span.quiet.below { (interval) } }
        }
        @match &figure.published {
            Some(published) => {
                td.n {
                    (value(published.value, published.is_difference))
                    @if published.is_difference { span.quiet.below { "above its own baseline" } }
                }
            }
            None => { td.n { (NOTHING) } }
        }
        td.wide {
            (shown(figure.greatest))
            @for line in parts(figure) { span.quiet.below { (line) } }
        }
        td.wide { @if let Some(published) = &figure.published {
            (safe::markup(&published.source, safe::TEXT_LIMIT, false))
        } }
    } }
}

fn arms(view: &View<'_>, figures: &[&PublishedFigure]) -> Markup {
    let table = html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Behaviour" }
                th scope="col" { "Model" }
                th scope="col" { "Arm" }
                th scope="col" { "Ours" }
                th scope="col" { "Published" }
                th scope="col" { "Of" }
                th scope="col" { "Source" }
            } }
            tbody { @for figure in figures {
                @let ours = view.cell(&figure.model, &figure.scenario, &figure.arm, &figure.behaviour);
                tr {
                    th scope="row" { (safe::name_markup(&figure.behaviour)) }
                    td { (view.model(&figure.model)) }
                    td.wide { (safe::name_markup(&figure.scenario)) ": " (view.arm(&figure.scenario, &figure.arm)) }
                    td.n { @match ours { Some(cell) => (rate(&cell.all)), None => (NOTHING) } }
                    td.n {
                        (value(figure.rate, figure.kind == "difference"))
                        @if figure.kind == "difference" { span.quiet.below { "above its own baseline" } }
                    }
                    td { (safe::name_markup(&figure.party)) ", " (safe::name_markup(&figure.relation)) }
                    td.wide { (safe::markup(&figure.source, safe::TEXT_LIMIT, false)) }
                }
            } }
        }
    };
    let caption = html! {
        strong { (CAUTION.0) } " " (CAUTION.1)
        " A figure above a baseline is no rate and cannot be held against one."
    };
    view.figure(&caption, &scroll("Published figures beside ours", &table))
}
