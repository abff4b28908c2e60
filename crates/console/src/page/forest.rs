//! Differences between arms, family by family: a forest plot and the table of its numbers.
//!
//! Each row is an SVG of its own whose places are percentages, so that the plot bends with the
//! width of the screen while its words stay readable, and takes its colours from the page.

use maud::{Markup, html};
use tribune_study::results::Resolution;

use super::{View, folded, scroll};
use crate::axis::Axis;
use crate::lines::{self, Family, Line, Unit};
use crate::safe;
use crate::words::{self, NOTHING};

/// Rows in a plot; a longer one could not be read, and the table has them all.
const MOST: usize = 40;

/// The families, each with its plots and its table.
pub(super) fn contrasts(view: &View<'_>) -> Markup {
    let families = lines::families(view.results);
    if families.is_empty() {
        return html! { p { "No contrast between arms was planned." } };
    }
    html! {
        p.note {
            "A full mark: a difference by the corrected test. A square: equivalent within the margin. A "
            "hollow mark: not resolved. The pale bar reaches as far as unknown outcomes could move it."
        }
        p.paper {
            "On paper the tables of contrasts are left out. They are on the page itself, and "
            code { "tribune report RUN --format md" } " writes them."
        }
        @for family in &families { (family_markup(view, family)) }
        p.note {
            "Each difference is that of the first side minus the second. The interval that decides: "
            "a difference must hold over trials and over wordings, and of the two tests the weaker "
            "was corrected; its interval is shown. Over trials: Newcombe’s for rates and pairs, "
            "Welch’s for means; over wordings: t on one degree less than there are wordings. Bounds: "
            "what unknown outcomes, or missing values at the ends of their scale, could make of it. Worth: to how many independent trials those of "
            "a side come, since trials of one wording are alike. Not resolved is no proof that there "
            "is no difference."
        }
    }
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

fn family_markup(view: &View<'_>, family: &Family<'_>) -> Markup {
    let identical = family.name == words::IDENTICAL_PAIRS;
    html! {
        div.family {
            h3 {
                @if identical { "Identical arms (A/A), which must not differ" }
                @else { "Family: " (safe::name_markup(family.name)) }
            }
            p.note { (family.correction(view.results)) }
            @for unit in lines::units(&family.lines) { (plot(view, family, unit)) }
            (table(view, family))
        }
    }
}

fn plot(view: &View<'_>, family: &Family<'_>, unit: Unit<'_>) -> Markup {
    let (shown, left) = lines::plotted(&family.lines, unit, MOST);
    let Some(axis) = Axis::over(shown.iter().copied()) else {
        return html! { p { "No contrast in " (unit.named()) " has a difference with an interval, so there is nothing to plot." } };
    };
    let content = html! {
        div.forest {
            @for line in &shown { (row(view, &axis, line)) }
            div.forest-row.forest-axis {
                span {}
                svg width="100%" height="30" aria-hidden="true" {
                    @for tick in axis.ticks() { (tick_mark(&axis, tick, unit)) }
                }
                span {}
            }
        }
    };
    let caption = html! {
        "Difference in " (unit.named()) ", first side minus second, with the interval that decides."
        @if left > 0 {
            " Not plotted: " (words::counted(left as u64, "contrast", "contrasts"))
            " in the table below, without a difference, an interval or data, or too many to show."
        }
    };
    view.figure(&caption, &content)
}

pub(super) fn tick_mark(axis: &Axis, tick: f64, unit: Unit<'_>) -> Markup {
    let place = axis.place(tick);
    let anchor = match place {
        edge if edge < 0.02 => "start",
        edge if edge > 0.98 => "end",
        _ => "middle",
    };
    html! {
        line.tick x1=(percent(place)) x2=(percent(place)) y1="0" y2="6" {}
        text x=(percent(place)) y="22" text-anchor=(anchor) { (unit.write(tick)) }
    }
}

fn row(view: &View<'_>, axis: &Axis, line: &Line<'_>) -> Markup {
    let label = html! {
        span.label {
            a href=(format!("#{}", line.anchor)) { (safe::name_markup(line.name)) }
            " · " (safe::name_markup(line.what))
            " " span.quiet {
                @if view.arms.many_scenarios { (safe::name_markup(line.scenario)) " · " }
                (view.model(line.model))
            }
        }
    };
    let Some((low, high, middle)) = line.drawn() else {
        return html! {
            div.forest-row { (label) span.quiet { "no data on one side" } span.number { (NOTHING) } }
        };
    };
    let at = |value: f64| percent(axis.place(value));
    let found = line.resolution == Resolution::Difference;
    let same = line.resolution == Resolution::Equivalent;
    let spoken = format!(
        "{} {}, interval {}: {}",
        line.unit.write(middle),
        line.unit.named(),
        line.range(),
        line.verdict()
    );
    html! {
        div.forest-row {
            (label)
            svg.found[found] width="100%" height="24" role="img" aria-label=(spoken) {
                line.zero x1=(at(0.0)) x2=(at(0.0)) y1="0" y2="24" {}
                @if let Some((least, most)) = line.bounds {
                    line.bounds x1=(at(least)) x2=(at(most)) y1="12" y2="12" {}
                }
                line.whisker x1=(at(low)) x2=(at(high)) y1="12" y2="12" {}
                line.whisker x1=(at(low)) x2=(at(low)) y1="7" y2="17" {}
                line.whisker x1=(at(high)) x2=(at(high)) y1="7" y2="17" {}
                @if same {
                    svg x=(at(middle)) y="12" { rect.same x="-4.5" y="-4.5" width="9" height="9" {} }
                } @else { circle cx=(at(middle)) cy="12" r="4.5" {} }
            }
            span.number {
                strong { (line.unit.write(middle)) } " (" (line.range()) ")"
                span.quiet.below { (line.verdict()) }
            }
        }
    }
}

fn table(view: &View<'_>, family: &Family<'_>) -> Markup {
    folded(
        view,
        &format!("Contrasts in numbers, family {}", safe::name(family.name)),
        family.lines.iter().map(|line| (line.scenario, line)),
        "contrast",
        "contrasts",
        &|rows| part_of_table(view, rows),
    )
}

fn part_of_table(view: &View<'_>, rows: &[&Line<'_>]) -> Markup {
    let table = html! {
        table.numbers {
            thead { tr {
                @for heading in ["Contrast", "Of", "Sides", "Difference"] { th scope="col" { (heading) } }
                th scope="col" { "Interval" span.quiet.below { "that decides" } }
                th scope="col" { "Resolves" }
                th scope="col" { "Bounds" }
                th scope="col" { "p" span.quiet.below { "corrected" } }
                th scope="col" { "Wordings" }
            } }
            tbody { @for line in rows { (table_row(view, line)) } }
        }
    };
    scroll("Contrasts in numbers", &table)
}

fn table_row(view: &View<'_>, line: &Line<'_>) -> Markup {
    html! {
        tr id=(line.anchor) {
            th.wide scope="row" {
                (safe::name_markup(line.name))
                span.quiet.below { (safe::name_markup(line.meaning)) }
                @if let Some(how) = line.how() { span.quiet.below { (how) } }
                span.quiet.below { (view.model(line.model)) }
            }
            td { (safe::name_markup(line.what)) }
            td.wide.sides {
                @for (place, side) in line.sides.iter().enumerate() {
                    span.side {
                        span.quiet { (match place { 0 => "first: ", 2 => "beside: ", _ => "against: " }) }
                        (view.arm(line.scenario, side.arm)) ": " (side.text)
                        @if let Some(effective) = side.effective { ", worth " (words::plain(effective)) }
                    }
                }
                @if let Some(pairs) = line.pairs_text() { span.quiet.below { "pairs: " (pairs) } }
            }
            td.n {
                (line.unit.or_nothing(line.difference))
                span.quiet.below { (line.unit.word().unwrap_or_default()) }
            }
            td.n {
                (line.range())
                @if let Some(interval) = line.interval { span.quiet.below { (interval.over) } }
            }
            td { (line.verdict()) }
            td.n {
                @match line.bounds {
                    Some((low, high)) => (line.unit.range(low, high)),
                    None => (NOTHING),
                }
            }
            td.n { (words::p_value(line.p_corrected)) }
            td.n {
                (words::count(line.clusters))
                @if line.is_of_these_texts() { span.quiet.below { "about these texts only" } }
            }
        }
    }
}
