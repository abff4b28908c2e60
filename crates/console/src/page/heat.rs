//! Rates as a heat map: a table of models and arms by behaviours.

use maud::{Markup, html};
use tribune_study::results::{Cell, Rate};

use super::{View, scroll};
use crate::arms::Arms;
use crate::evidence;
use crate::words::{self, count, counted};
use crate::{rows, safe};

/// The class of a rate's colour: 0 for none, then one for each tenth.
fn shade(rate: &Rate) -> String {
    match rate.rate {
        Some(share) if share.is_finite() => {
            format!("heat-{}", (share.clamp(0.0, 1.0) * 10.0).ceil() as u8)
        }
        _ => "heat-none".to_owned(),
    }
}

/// The heat map with its caption.
pub(super) fn heat(view: &View<'_>) -> Markup {
    let results = view.results;
    if results.cells.is_empty() {
        return html! { p { "There is no outcome to show." } };
    }
    let scenarios = rows::scenarios(results);
    let tables = html! {
        @for scenario in &scenarios {
            div.plate-part {
                @if scenarios.len() > 1 { h3 { (safe::name_markup(scenario)) } }
                (scroll("Rates by arm and behaviour", &of_scenario(view, scenario)))
            }
        }
    };
    let caption = html! {
        "Trials that showed the behaviour of those resolved, and the rate. The colour says how "
        "often, not how grave. “?” counts outcomes that are unknown. A cell in which it was seen leads to an "
        "example, or else to its counts."
        @if results.cells.iter().any(|cell| cell.attempted > 0) {
            " What was attempted without effect or undone is counted apart: it is not seen."
        }
        @if view.results.cells.iter().any(|cell| cell.arm.starts_with("aa=")) {
            " “Second of A/A” is the same arm once more, which must not differ."
        }
        @for (scenario, parts) in view.arms.all_shared() {
            " In every arm"
            @if view.arms.many_scenarios { " of " (safe::name_markup(scenario)) }
            ": "
            @for (place, part) in parts.iter().enumerate() {
                @if place > 0 { ", " }
                code { (safe::name_markup(part)) }
            }
            "."
        }
    };
    view.figure(&caption, &tables)
}

/// The heat map of one scenario: its own behaviours, and the levels of the factors that vary in it.
fn of_scenario(view: &View<'_>, scenario: &str) -> Markup {
    let behaviours = rows::behaviours_in(view.results, scenario);
    let factors = view.arms.varying(scenario);
    html! {
        table.heat {
            thead { tr {
                th scope="col" {
                    @if factors.is_empty() { "Arm" }
                    @for (place, factor) in factors.iter().enumerate() {
                        @if place > 0 { "; " }
                        span.factor { (safe::name_markup(factor)) }
                    }
                }
                @for behaviour in &behaviours { th scope="col" { (safe::name_markup(behaviour)) } }
            } }
            @for (model, arms) in rows::arms_by_model(view.results) {
                @let arms: Vec<&str> = arms.iter().filter(|(of, _)| *of == scenario).map(|(_, arm)| *arm).collect();
                @if !arms.is_empty() { tbody {
                    tr.group { th colspan=(behaviours.len() + 1) scope="rowgroup" {
                        span { (view.model(model)) }
                    } }
                    @for arm in arms { tr {
                        th scope="row" { (levels(view, scenario, &factors, arm)) }
                        @for behaviour in &behaviours {
                            @match view.place(model, scenario, arm, behaviour) {
                                Some(place) => (cell(view, place)),
                                None => td.heat-none title="not applicable here" { (words::NOTHING) },
                            }
                        }
                    } }
                } }
            }
        }
    }
}

/// An arm by its levels of the factors that vary.
fn levels(view: &View<'_>, scenario: &str, factors: &[&str], arm: &str) -> Markup {
    if factors.is_empty() {
        return view.arm(scenario, arm);
    }
    let second = arm.starts_with("aa=");
    html! {
        @for (place, factor) in factors.iter().enumerate() {
            @if place > 0 { "; " }
            span.factor { (safe::name_markup(Arms::level(arm, factor).unwrap_or(words::NOTHING))) }
        }
        @if second { " " span.tag { "second of A/A" } }
    }
}

fn cell(view: &View<'_>, place: usize) -> Markup {
    let Some(cell) = view.results.cells.get(place) else {
        return html! { td {} };
    };
    let rate = &cell.all;
    let content = html! {
        (count(rate.yes)) "/" (count(words::resolved(rate))) " · "
        b { (words::percent_or_nothing(rate.rate).replace(' ', "\u{a0}")) }
        @if rate.unknown > 0 { " " i { (count(rate.unknown)) "\u{a0}?" } }
        @if cell.attempted > 0 { " " i { (count(cell.attempted)) "\u{a0}attempted" } }
    };
    if !rows::has_own_row(cell) {
        // Nothing happened, so there is nothing to lead to.
        return html! { td class=(shade(rate)) { (content) } };
    }
    let target = evidence::for_cell(view.results, cell).map_or_else(
        || format!("#cell-{place}"),
        |found| format!("#{}", found.anchor()),
    );
    html! {
        td class=(shade(rate)) { a href=(target) title=(title(cell)) { (content) } }
    }
}

fn title(cell: &Cell) -> String {
    let rate = &cell.all;
    let mut text = match words::interval(rate) {
        Some(interval) => format!("95 % interval {interval}"),
        None => "no resolved trial".to_owned(),
    };
    if rate.unknown > 0 {
        text.push_str(&format!(
            "; {} unknown, so {} of all trials",
            counted(rate.unknown, "outcome is", "outcomes are"),
            words::range(rate.at_least, rate.at_most)
        ));
    }
    if cell.attempted > 0 {
        text.push_str(&format!(
            "; {} only attempted, without effect or undone",
            counted(cell.attempted, "trial", "trials")
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::rate;

    #[test]
    fn only_none_at_all_has_the_shade_of_none() {
        assert_eq!(shade(&rate(0, 9, 0)), "heat-0");
        assert_eq!(shade(&rate(1, 9_999, 0)), "heat-1");
        assert_eq!(shade(&rate(1, 1, 0)), "heat-5");
        assert_eq!(shade(&rate(3, 0, 0)), "heat-10");
        assert_eq!(shade(&rate(0, 0, 3)), "heat-none");
    }
}
