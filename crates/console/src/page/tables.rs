//! The tables behind the figures: every count, how trials ended, what failed, how it was
//! measured, and where it comes from.

use maud::{Markup, html};
use tribune_study::results::{Cell, Rate, States};

use super::{View, scroll};
use crate::evidence;
use crate::words::{self, NOTHING, count, percent, percent_or_nothing};
use crate::{rows, safe};

/// All counts: a row for each behaviour that was seen in an arm, and one for those that were not.
pub(super) fn detail(view: &View<'_>) -> Markup {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (place, cell) in view.results.cells.iter().enumerate() {
        let same = |first: &Cell| {
            first.arm == cell.arm && first.scenario == cell.scenario && first.model == cell.model
        };
        let first = groups.last().and_then(|group| group.first());
        match first.and_then(|first| view.results.cells.get(*first)) {
            Some(first) if same(first) => {
                if let Some(group) = groups.last_mut() {
                    group.push(place);
                }
            }
            _ => groups.push(vec![place]),
        }
    }
    let rows = groups.iter().filter_map(|group| {
        let first = view.results.cells.get(*group.first()?)?;
        Some((first.scenario.as_str(), group.as_slice()))
    });
    html! {
        (super::folded(view, "All counts", rows, "arm", "arms", &|groups| part_of_detail(view, groups)))
        p.note {
            "n is every planned trial: yes, no and unknown. The rate is yes of yes and no, with its "
            @if view.results.run.sequential.is_some() { "interval of a confidence sequence" } @else { "Wilson interval" }
            "; the bounds count every unknown as a no, then as a yes. Attempted: without effect or "
            "undone, and so not counted as seen. Behaviours of an arm that were not seen share a row "
            "where their counts are the same; the CSV has each."
        }
    }
}

fn part_of_detail(view: &View<'_>, groups: &[&[usize]]) -> Markup {
    let table = html! {
        table.numbers {
            thead {
                tr {
                    th rowspan="2" scope="col" { "Behaviour" }
                    th colspan="4" scope="colgroup" { "All planned trials" }
                    th colspan="2" scope="colgroup" { "Resolved rate" }
                    th rowspan="2" scope="col" { "Of all trials" span.quiet.below { "bounds" } }
                    th rowspan="2" scope="col" { "Attempted" }
                    th rowspan="2" scope="col" { "Per protocol" span.quiet.below { "not a randomised comparison" } }
                    th rowspan="2" scope="col" { "As exposed" span.quiet.below { "descriptive" } }
                    th rowspan="2" scope="col" { "Told the operator" }
                    th rowspan="2" scope="col" { "Grades, stages, tags" }
                }
                tr {
                    @for heading in ["n", "yes", "no", "unknown", "rate", "95 % interval"] {
                        th scope="col" { (heading) }
                    }
                }
            }
            @for group in groups { (arm_rows(view, group)) }
        }
    };
    scroll("All counts", &table)
}

fn arm_rows(view: &View<'_>, group: &[usize]) -> Markup {
    let cells = || {
        group
            .iter()
            .filter_map(|place| Some((*place, view.results.cells.get(*place)?)))
    };
    let Some((_, first)) = cells().next() else {
        return html! {};
    };
    let mut alike: Vec<Vec<&Cell>> = Vec::new();
    for (_, cell) in cells().filter(|(_, cell)| !rows::has_own_row(cell)) {
        let same = |known: &Cell| {
            known.all == cell.all
                && known.per_protocol == cell.per_protocol
                && known.as_exposed == cell.as_exposed
        };
        match alike
            .iter_mut()
            .find(|cells| cells.iter().all(|one| same(one)))
        {
            Some(cells) => cells.push(cell),
            None => alike.push(vec![cell]),
        }
    }
    html! {
        tbody {
            tr.group { th colspan="13" scope="rowgroup" {
                @if view.arms.many_scenarios { (safe::name_markup(&first.scenario)) ": " }
                (view.arm(&first.scenario, &first.arm))
                " " span.quiet { (view.model(&first.model)) }
            } }
            @for (place, cell) in cells().filter(|(_, cell)| rows::has_own_row(cell)) {
                tr id=(format!("cell-{place}")) {
                    th scope="row" {
                        @match evidence::for_cell(view.results, cell) {
                            Some(found) => a href=(format!("#{}", found.anchor())) { (safe::name_markup(&cell.behaviour)) },
                            None => (safe::name_markup(&cell.behaviour)),
                        }
                    }
                    (numbers(cell))
                    td { (tally(&cell.overt)) }
                    td { (tally(&cell.grades)) (tally(&cell.stages)) (tally(&cell.tags)) }
                }
            }
            @for cells in &alike { @if let Some(one) = cells.first() { tr {
                th scope="row" {
                    @for (place, cell) in cells.iter().enumerate() {
                        @if place > 0 { ", " }
                        (safe::name_markup(&cell.behaviour))
                    }
                }
                (numbers(one))
                td {} td {}
            } } }
        }
    }
}

fn numbers(cell: &Cell) -> Markup {
    let rate = &cell.all;
    html! {
        td.n { (count(rate.n)) }
        td.n { (count(rate.yes)) }
        td.n { (count(rate.no)) }
        td.n { (count(rate.unknown)) }
        td.n { (percent_or_nothing(rate.rate)) }
        td.n { (words::interval(rate).unwrap_or_else(|| NOTHING.to_owned())) }
        td.n { (words::range(rate.at_least, rate.at_most)) }
        td.n { (count(cell.attempted)) }
        td.n { (small(&cell.per_protocol)) }
        td.n { (small(&cell.as_exposed)) }
    }
}

fn small(rate: &Rate) -> Markup {
    html! {
        @if rate.n == 0 { "no trial" } @else {
        (count(rate.yes)) "/" (count(words::resolved(rate)))
        @if let Some(share) = rate.rate { " · " (percent(share)) }
        @if rate.unknown > 0 { " · " (count(rate.unknown)) " ?" }
        }
    }
}

fn tally(map: &std::collections::BTreeMap<String, u64>) -> Markup {
    let list = words::tally(map);
    html! {
        @for (word, number) in &list { span.pair { (safe::name_markup(word)) " " (count(*number)) } " " }
    }
}

/// How trials ended, with the denominators of each population.
pub(super) fn states(view: &View<'_>) -> Markup {
    let names = rows::states(view.results);
    let part = |rows: &[&States]| {
        let table = html! {
            table.numbers {
                thead { tr {
                    th scope="col" { "Model" }
                    th scope="col" { "Arm" }
                    th scope="col" { "planned" }
                    @for name in &names { th scope="col" { (safe::name_markup(name)) } }
                    th scope="col" { "per protocol" }
                    th scope="col" { "as exposed" }
                    th scope="col" { "task done faithfully" }
                    th scope="col" { "distinct transcripts" }
                } }
                tbody { @for states in rows {
                    tr {
                        th scope="row" { (view.model(&states.model)) }
                        td.wide {
                            @if view.arms.many_scenarios { (safe::name_markup(&states.scenario)) ": " }
                            (view.arm(&states.scenario, &states.arm))
                        }
                        td.n { (count(states.planned)) }
                        @for name in &names { (zero_quiet(states.counts.get(*name).copied().unwrap_or(0))) }
                        td.n { (count(states.per_protocol)) }
                        td.n { (count(states.as_exposed)) }
                        td.n { (count(states.faithful)) }
                        td.n { (count(states.distinct_transcripts)) }
                    }
                } }
            }
        };
        scroll("How trials ended", &table)
    };
    let rows = view
        .results
        .states
        .iter()
        .map(|states| (states.scenario.as_str(), states));
    html! {
        (super::folded(view, "How trials ended", rows, "arm", "arms", &part))
        p.note {
            "Planned trials are the denominator of every rate above. Per protocol: ended by choice "
            "and read what the task needs; not a randomised comparison. As exposed: also read the "
            "text that varies; descriptive. 100 identical transcripts are one observation."
        }
    }
}

fn zero_quiet(number: u64) -> Markup {
    html! { td.n.zero[number == 0] { (count(number)) } }
}

/// What failed, and whose fault it was.
pub(super) fn failures(view: &View<'_>) -> Markup {
    let failures = &view.results.failures;
    if failures.is_empty() {
        return html! {
            p {
                @if view.results.run.failed == 0 { "No trial failed." }
                @else { "Trials failed, but what happened was not kept in these results." }
            }
        };
    }
    let table = html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Trials" }
                th scope="col" { "Whose fault" }
                th scope="col" { "What happened" }
                th scope="col" { "One of them" }
            } }
            tbody { @for failure in failures {
                tr {
                    td.n { (count(failure.trials)) }
                    td { (safe::name_markup(&failure.whose)) }
                    td.wide { (safe::markup(&failure.what, safe::TEXT_LIMIT, false)) }
                    td { code { (evidence::short(&failure.example)) } }
                }
            } }
        }
    };
    scroll("What failed", &table)
}

/// How each behaviour was measured.
pub(super) fn methods(view: &View<'_>) -> Markup {
    html! {
        dl.methods { @for method in &view.results.methods {
            dt { (safe::name_markup(&method.behaviour)) }
            dd {
                p { "Yes if and only if " (safe::markup(&method.yes_if, safe::TEXT_LIMIT, false)) "." }
                p { "Easily mistaken: " (safe::markup(&method.watch, safe::TEXT_LIMIT, false)) "." }
                p { "Decided by: " (basis(&method.basis, words::has_judges(view.results))) "." }
                @if let Some(found) = &method.calibrated {
                    p { (safe::markup(found, safe::TEXT_LIMIT, false)) }
                }
                @if let Some(error) = &method.error {
                    p { (safe::markup(error, safe::TEXT_LIMIT, false)) }
                }
            }
        } }
        @if view.results.methods.is_empty() { p { "No behaviour was measured." } }
    }
}

fn basis(word: &str, has_judges: bool) -> Markup {
    html! {
        @match word {
            "state" => "the state of the world alone",
            "state-and-words" => "the state of the world, against the words of the subject",
            "judge" if has_judges => "words alone, as judge models read them",
            "judge" => "words alone, as the built-in reader reads them: no judge model was asked",
            "derived" => "other behaviours",
            other => (safe::name_markup(other)),
        }
    }
}

/// What the study may claim and what it cannot say.
pub(super) fn limits(view: &View<'_>) -> Markup {
    let claims = &view.results.claims;
    html! {
        @if !claims.may.is_empty() {
            p { "It may claim: " (safe::markup(&claims.may, safe::TEXT_LIMIT, false)) }
        }
        @if claims.cannot.is_empty() {
            p { "The study names no limit of what it can say." }
        } @else {
            ul { @for one in &claims.cannot { li { (safe::markup(one, safe::TEXT_LIMIT, false)) } } }
        }
    }
}

/// Where it comes from and how to check it.
pub(super) fn provenance(view: &View<'_>) -> Markup {
    let run = &view.results.run;
    html! {
        dl.facts {
            dt { "Record" }
            dd {
                @match &run.record_root {
                    Some(root) => { "root hash " code { (safe::name_markup(root)) } },
                    None => "not published",
                }
                ", " (words::counted(run.record_size, "entry", "entries"))
            }
            dt { "Verify" }
            dd { code { "tribune record verify RUN" } ", where RUN is the folder of this run" }
            dt { "Plan" }
            dd { "SHA-256 " code { (safe::name_markup(&run.plan_hash)) } ", fixed before the first trial" }
            dt { "Tool" }
            dd { "Tribune " (safe::name_markup(&run.build)) }
            dt { "Trials" }
            dd { (count(run.sealed)) " sealed of " (count(run.planned)) " planned, " (count(run.failed)) " failed" }
            dt { "Cost" }
            dd {
                @match run.cost.filter(|cost| cost.is_finite()) {
                    Some(cost) => {
                        "$" (format!("{cost:.2}"))
                        @if run.cut_off_cost > 0.0 {
                            ", of which $" (format!("{:.2}", run.cut_off_cost)) " at most for what was cut off or not answered"
                        }
                    },
                    None => "not known: a price is missing",
                }
            }
            dt { "Tokens" }
            dd { (count(run.tokens.0)) " sent, " (count(run.tokens.1)) " received" }
            @if let Some(root) = &run.replay_of {
                dt { "Played back" }
                dd { "from the run with root hash " code { (safe::name_markup(root)) } "; no provider was asked, and the cost is that run's" }
            }
            @if run.from_cache > 0 {
                dt { "From the cache" }
                dd { (count(run.from_cache)) " of " (words::counted(run.calls, "call", "calls")) ", which cost nothing" }
            }
            @for model in &run.models {
                dt { (safe::name_markup(&model.name)) }
                dd {
                    @if model.simulated { "scripted" @if !model.confirmed.is_empty() { "; " } }
                    @if model.confirmed.is_empty() {
                        @if !model.simulated { "the provider named no model" }
                    } @else { "answered as " (tally(&model.confirmed)) }
                }
            }
        }
    }
}
