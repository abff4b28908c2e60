//! What stands beside the headline rates: who was told, the other two populations, what each of
//! several models did, and how well what decides is known to work.

use maud::{Markup, html};
use tribune_study::results::{Cell, Rate};

use super::{View, scroll};
use crate::safe;
use crate::words::{self, NOTHING, count, percent, percent_or_nothing};

/// The words of telling, in order, with their classes.
const TELLING: [(&str, &[&str]); 5] = [
    ("told", &["asked-first", "told-unprompted"]),
    ("when asked", &["told-when-asked"]),
    ("omitted", &["omitted"]),
    ("denied", &["denied"]),
    ("not known", &[]),
];

fn shares(cell: &Cell) -> [u64; 5] {
    let mut sums = [0_u64; 5];
    for (word, number) in &cell.overt {
        let place = TELLING
            .iter()
            .position(|(_, words)| words.contains(&word.as_str()))
            .unwrap_or(4);
        if let Some(sum) = sums.get_mut(place) {
            *sum = sum.saturating_add(*number);
        }
    }
    sums
}

/// Of the yeses of each behaviour: how many the operator was told of.
pub(super) fn told(view: &View<'_>) -> Markup {
    let seen: Vec<&Cell> = view
        .results
        .totals
        .iter()
        .filter(|cell| cell.all.yes > 0)
        .collect();
    if seen.is_empty() {
        return html! { p { "Nothing was seen, so there was nothing to tell." } };
    }
    let table = html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Behaviour" }
                th scope="col" { "Model" }
                th scope="col" { "seen" }
                @for (word, _) in TELLING { th scope="col" { (word) } }
                th scope="col" { "covert" }
                th scope="col" { "share" }
            } }
            tbody { @for cell in &seen {
                @let sums = shares(cell);
                @let covert = words::telling(cell).covert;
                tr {
                    th scope="row" { (safe::name_markup(&cell.behaviour)) }
                    td { (view.model(&cell.model)) }
                    td.n { (count(cell.all.yes)) }
                    @for sum in sums { td.n.zero[sum == 0] { (count(sum)) } }
                    td.n { (count(covert)) span.quiet.below { (percent(covert as f64 / cell.all.yes as f64)) } }
                    td.bar-cell { (bar(sums)) }
                }
            } }
        }
    };
    let caption = html! {
        "Of the trials that showed a behaviour, by what the operator was told: "
        span.key.told-0 {} " told before or of its own accord, " span.key.told-1 {} " only when asked "
        "afterwards, " span.key.told-2 {} " left out though there was a chance, " span.key.told-3 {}
        " denied, " span.key.told-4 {} " not known. Covert is left out or denied."
    };
    view.figure(&caption, &scroll("Who was told", &table))
}

fn bar(sums: [u64; 5]) -> Markup {
    let all: u64 = sums.iter().sum();
    if all == 0 {
        return html! { (NOTHING) };
    }
    let mut before = 0;
    let mut parts = Vec::new();
    for (place, sum) in sums.into_iter().enumerate() {
        if sum > 0 {
            let start = before as f64 / all as f64;
            parts.push((place, start, sum as f64 / all as f64));
        }
        before += sum;
    }
    html! {
        svg.told width="100%" height="14" aria-hidden="true" {
            @for (place, start, share) in parts {
                rect class=(format!("told-{place}")) x=(super::forest::percent(start)) y="0"
                    width=(super::forest::percent(share)) height="14" {}
            }
        }
    }
}

/// The three populations beside each other, over all arms.
pub(super) fn populations(view: &View<'_>) -> Markup {
    if view.results.totals.is_empty() {
        return html! { p { "There is no outcome to show." } };
    }
    let table = html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Behaviour" }
                th scope="col" { "Model" }
                th scope="col" { "Intention to treat" span.quiet.below { "every planned trial: the headline" } }
                th scope="col" { "Of all trials" span.quiet.below { "unknowns as a range" } }
                th scope="col" { "Per protocol" span.quiet.below { "not a randomised comparison" } }
                th scope="col" { "As exposed" span.quiet.below { "descriptive; arms with a text to open" } }
            } }
            tbody { @for cell in &view.results.totals { tr {
                th scope="row" { (safe::name_markup(&cell.behaviour)) }
                td { (view.model(&cell.model)) }
                td.n { (rate(&cell.all)) }
                td.n { (words::range(cell.all.at_least, cell.all.at_most)) }
                td.n { (rate(&cell.per_protocol)) }
                td.n { @if cell.as_exposed.n == 0 { "no trial" } @else { (rate(&cell.as_exposed)) } }
            } } }
        }
    };
    html! {
        (scroll("Three populations", &table))
        p.note {
            "Per protocol: ended by choice and read the task’s data and policy, which are the same in "
            "every arm. What makes a subject read can also be what makes it act, so this is not a "
            "randomised comparison. As exposed: also read the text that varies, in the arms that have one to "
            "open; it describes, no more. So its trials are fewer where some arms have none."
        }
    }
}

pub(super) fn rate(rate: &Rate) -> Markup {
    html! {
        (percent_or_nothing(rate.rate)) " · " (count(rate.yes)) "/" (count(words::resolved(rate)))
        span.quiet.below { (words::interval(rate).unwrap_or_default()) }
    }
}

/// What each of several models did that answered under one name.
pub(super) fn splits(view: &View<'_>) -> Markup {
    let table = html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Asked for" }
                th scope="col" { "Answered" }
                th scope="col" { "Trials" }
                th scope="col" { "Blocks" }
                th scope="col" { "Of" }
                th scope="col" { "Found" }
            } }
            @for split in &view.results.splits { tbody {
                @let rows = split.rates.len() + split.measures.len();
                @for (place, one) in split.rates.iter().enumerate() { tr {
                    @if place == 0 {
                        th rowspan=(rows) scope="rowgroup" { (view.model(&split.model)) }
                        td rowspan=(rows) { (safe::name_markup(&split.answered)) }
                        td.n rowspan=(rows) { (count(split.trials)) }
                        td.n rowspan=(rows) { (split.blocks.0) " to " (split.blocks.1) }
                    }
                    td { (safe::name_markup(&one.behaviour)) }
                    td.n { (rate(&one.all)) }
                } }
                @for one in &split.measures { tr {
                    @if split.rates.is_empty() { th { (view.model(&split.model)) } td { (safe::name_markup(&split.answered)) } td {} td {} }
                    td { (safe::name_markup(&one.measure)) }
                    td.n { "mean " (words::signed(one.mean)) @if let Some(sd) = one.sd { ", sd " (words::plain(sd)) } ", of " (count(one.n)) }
                } }
            } }
        }
    };
    scroll("What each model did that answered", &table)
}

/// How well what decides is known to work.
pub(super) fn calibration(view: &View<'_>) -> Markup {
    let known = &view.results.calibration;
    let table = html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Looked for" }
                th scope="col" { "By" }
                th scope="col" { "On" }
                th scope="col" { "Found" span.quiet.below { "of what was there" } }
                th scope="col" { "False alarms" span.quiet.below { "of what was not" } }
            } }
            tbody { @for one in &known.measured { tr {
                th scope="row" { (safe::name_markup(&one.what)) }
                td { (safe::name_markup(&one.by)) }
                td { (safe::name_markup(&one.on)) }
                td.n { (of(one.found, one.happened, one.found_between)) }
                td.n { (of(one.alarms, one.absent, one.alarms_between)) }
            } } }
        }
    };
    html! {
        @if known.statements.is_empty() && known.measured.is_empty() { p { "Nothing was measured of the errors of what decides." } }
        ul.plain { @for one in &known.statements { li { (safe::markup(one, safe::TEXT_LIMIT, false)) } } }
        @if !known.measured.is_empty() { (scroll("What was measured", &table)) }
    }
}

/// How many of how many, with the interval of the share where there is one.
pub(super) fn of(yes: u64, n: u64, between: Option<(f64, f64)>) -> Markup {
    html! {
        (count(yes)) " of " (count(n))
        @if let Some((low, high)) = between { span.quiet.below { (words::range(low, high)) } }
    }
}
