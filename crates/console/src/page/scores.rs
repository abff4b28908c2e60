//! Measures such as score errors with their spread: a strip for each arm, and its numbers.

use std::collections::BTreeMap;

use maud::{Markup, html};
use tribune_study::results::MeasureCell;

use super::forest::{percent, tick_mark};
use super::{View, folded, scroll};
use crate::axis::Axis;
use crate::lines::Unit;
use crate::safe;
use crate::words::{self, NOTHING, count, plain, signed};

/// Strips in a plot; the table has the rest.
const MOST: usize = 40;

/// All measures, each with its plot and its table.
pub(super) fn scores(view: &View<'_>) -> Markup {
    let mut by_measure: BTreeMap<(&str, &str), Vec<&MeasureCell>> = BTreeMap::new();
    for cell in &view.results.measures {
        by_measure
            .entry((&cell.measure, &cell.unit))
            .or_default()
            .push(cell);
    }
    if by_measure.is_empty() {
        return html! { p { "Nothing was measured on a scale here: there are outcomes alone." } };
    }
    html! {
        @for ((measure, unit), cells) in &by_measure {
            div.family {
                h3 { (safe::name_markup(measure)) ", in " (safe::name_markup(unit)) }
                (plot(view, measure, unit, cells))
                (table(view, cells))
            }
        }
        p.note {
            "A score error is what was submitted minus what was true, with its sign. The interval is "
            "that of the mean, over trials. Worth: to how many independent trials those of the arm "
            "come, since trials of one wording are alike."
        }
    }
}

fn drawable(cell: &MeasureCell) -> bool {
    let fits = |value: f64| value.is_finite() && value.abs() < 1e6;
    fits(cell.min) && fits(cell.max) && fits(cell.mean) && cell.min <= cell.max
}

fn plot(view: &View<'_>, measure: &str, unit: &str, cells: &[&MeasureCell]) -> Markup {
    let mut shown: Vec<&MeasureCell> = cells.iter().copied().filter(|one| drawable(one)).collect();
    // The arms whose means are furthest out say most.
    if shown.len() > MOST {
        shown.sort_by(|left, right| right.mean.abs().total_cmp(&left.mean.abs()));
        shown.truncate(MOST);
    }
    let Some(axis) = Axis::spanning(shown.iter().map(|cell| (cell.min, cell.max))) else {
        return html! {};
    };
    let unit = Unit::Of(unit);
    let content = html! {
        div.forest {
            @for cell in &shown { (strip(view, &axis, cell)) }
            div.forest-row.forest-axis {
                span {}
                svg width="100%" height="30" aria-hidden="true" {
                    @for tick in axis.ticks() { (tick_mark(&axis, tick, unit)) }
                }
                span {}
            }
        }
    };
    let left = cells.len() - shown.len();
    let caption = html! {
        (safe::name_markup(measure)) " in each arm. The thin line reaches from the smallest to the "
        "largest, the bar one standard deviation to either side of the mean, the whiskers are the "
        "95 % interval of the mean, the mark is the mean."
        @if left > 0 { " " (words::counted(left as u64, "arm is", "arms are")) " in the table alone; those furthest from 0 are drawn." }
    };
    view.figure(&caption, &content)
}

fn strip(view: &View<'_>, axis: &Axis, cell: &MeasureCell) -> Markup {
    let at = |value: f64| percent(axis.place(value));
    let sd = cell.sd.filter(|sd| sd.is_finite());
    let spoken = format!(
        "mean {}, {}from {} to {}",
        signed(cell.mean),
        sd.map_or_else(String::new, |sd| format!("sd {}, ", plain(sd))),
        signed(cell.min),
        signed(cell.max)
    );
    html! {
        div.forest-row {
            span.label {
                @if view.arms.many_scenarios { (safe::name_markup(&cell.scenario)) ": " }
                (view.arm(&cell.scenario, &cell.arm))
                " " span.quiet { (view.model(&cell.model)) }
            }
            svg width="100%" height="24" role="img" aria-label=(spoken) {
                line.zero x1=(at(0.0)) x2=(at(0.0)) y1="0" y2="24" {}
                line.reach x1=(at(cell.min)) x2=(at(cell.max)) y1="12" y2="12" {}
                @if let Some(sd) = sd {
                    line.bounds x1=(at(cell.mean - sd)) x2=(at(cell.mean + sd)) y1="12" y2="12" {}
                }
                @if let (Some(low), Some(high)) = (cell.low, cell.high) {
                    line.whisker x1=(at(low)) x2=(at(low)) y1="5" y2="19" {}
                    line.whisker x1=(at(high)) x2=(at(high)) y1="5" y2="19" {}
                }
                circle cx=(at(cell.mean)) cy="12" r="3.5" {}
            }
            span.number { strong { (signed(cell.mean)) } @if let Some(sd) = sd { " sd " (plain(sd)) } }
        }
    }
}

fn table(view: &View<'_>, cells: &[&MeasureCell]) -> Markup {
    folded(
        view,
        "Measures in numbers",
        cells.iter().map(|cell| (cell.scenario.as_str(), *cell)),
        "arm",
        "arms",
        &|rows| {
            let table = html! {
                table.numbers {
                    thead { tr {
                        @for heading in ["Arm", "Model", "n", "unknown", "mean", "sd", "min", "max", "95 % interval", "worth"] {
                            th scope="col" { (heading) }
                        }
                    } }
                    tbody { @for cell in rows { tr {
                        th.wide scope="row" {
                            @if view.arms.many_scenarios { (safe::name_markup(&cell.scenario)) ": " }
                            (view.arm(&cell.scenario, &cell.arm))
                        }
                        td { (view.model(&cell.model)) }
                        td.n { (count(cell.n)) }
                        td.n { (count(cell.unknown)) }
                        td.n { (signed(cell.mean)) }
                        td.n { (cell.sd.map_or_else(|| NOTHING.to_owned(), plain)) }
                        td.n { (signed(cell.min)) }
                        td.n { (signed(cell.max)) }
                        td.n { (words::signed_range(cell.low, cell.high)) }
                        td.n { (cell.clustering.map_or_else(|| NOTHING.to_owned(), |one| plain(one.effective_n))) }
                    } } }
                }
            };
            scroll("Measures in numbers", &table)
        },
    )
}
