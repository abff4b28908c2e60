//! Differences between arms: a forest plot and the table of its numbers.
//!
//! Each row is an SVG of its own whose places are percentages, so that the plot bends with the
//! width of the screen while its words stay readable, and takes its colours from the page.

use maud::{Markup, html};
use tribune_study::results::{Contrast, Resolution};

use super::{View, scroll};
use crate::axis::{Axis, interval};
use crate::words::{self, NOTHING, points_or_nothing, points_range};
use crate::{rows, safe};

/// Rows in the plot; a longer one could not be read, and the table has them all.
const MOST: usize = 60;

/// The plot and the table.
pub(super) fn contrasts(view: &View<'_>) -> Markup {
    if view.results.contrasts.is_empty() {
        return html! { p { "No contrast between arms was planned." } };
    }
    html! {
        (plot(view))
        (table(view))
    }
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

fn plot(view: &View<'_>) -> Markup {
    let (ordered, left) = rows::plotted(view.results, MOST);
    let Some(axis) = Axis::over(ordered.iter().map(|(_, contrast)| *contrast)) else {
        return html! { p { "No contrast shows any difference, so there is nothing to plot." } };
    };
    let mut family: Option<&str> = None;
    let content = html! {
        div.forest {
            @for (place, contrast) in &ordered {
                @if family.replace(&contrast.family) != Some(&contrast.family) {
                    p.family { (family_name(contrast)) }
                }
                (row(view, &axis, *place, contrast))
            }
            div.forest-row.forest-axis {
                span {}
                svg width="100%" height="30" aria-hidden="true" {
                    @for tick in axis.ticks() { (tick_mark(&axis, tick)) }
                }
                span {}
            }
        }
    };
    let caption = html! {
        "Difference in percentage points, first side minus second, with its 95 % interval. A full "
        "mark: a difference by the corrected test. A hollow one: not resolved. The pale bar "
        "reaches as far as unknown outcomes could move the difference."
        @if left > 0 {
            " Not plotted: " (words::counted(left as u64, "contrast", "contrasts"))
            " in the table below, without a difference or without data, or too many to show."
        }
    };
    view.figure(&caption, &content)
}

fn family_name(contrast: &Contrast) -> Markup {
    html! {
        @if words::is_identical_pair(contrast) { "Identical arms (A/A), which must not differ" }
        @else { "Family: " (safe::name_markup(&contrast.family)) }
    }
}

fn tick_mark(axis: &Axis, tick: f64) -> Markup {
    let place = axis.place(tick);
    let anchor = match place {
        edge if edge < 0.02 => "start",
        edge if edge > 0.98 => "end",
        _ => "middle",
    };
    html! {
        line.tick x1=(percent(place)) x2=(percent(place)) y1="0" y2="6" {}
        text x=(percent(place)) y="22" text-anchor=(anchor) { (words::points(tick)) }
    }
}

fn row(view: &View<'_>, axis: &Axis, place: usize, contrast: &Contrast) -> Markup {
    let label = html! {
        span.label {
            a href=(format!("#contrast-{place}")) { (safe::name_markup(&contrast.name)) }
            " · " (safe::name_markup(&contrast.behaviour))
            " " span.quiet { (view.model(&contrast.model)) }
        }
    };
    let Some((low, high, middle)) = interval(contrast) else {
        return html! {
            div.forest-row { (label) span.quiet { "no data on one side" } span.number { (NOTHING) } }
        };
    };
    let at = |value: f64| percent(axis.place(value));
    let found = contrast.resolution == Resolution::Difference;
    let spoken = format!(
        "{} points, 95 % interval {}",
        words::points(middle),
        points_range(Some(low), Some(high))
    );
    html! {
        div.forest-row {
            (label)
            svg.found[found] width="100%" height="24" role="img" aria-label=(spoken) {
                line.zero x1=(at(0.0)) x2=(at(0.0)) y1="0" y2="24" {}
                @if let (Some(least), Some(most)) = (contrast.at_least, contrast.at_most) {
                    line.bounds x1=(at(least)) x2=(at(most)) y1="12" y2="12" {}
                }
                line.whisker x1=(at(low)) x2=(at(high)) y1="12" y2="12" {}
                line.whisker x1=(at(low)) x2=(at(low)) y1="7" y2="17" {}
                line.whisker x1=(at(high)) x2=(at(high)) y1="7" y2="17" {}
                circle cx=(at(middle)) cy="12" r="4.5" {}
            }
            span.number { strong { (words::points(middle)) } " (" (points_range(Some(low), Some(high))) ")" }
        }
    }
}

fn table(view: &View<'_>) -> Markup {
    let headings = [
        "First side",
        "Rate",
        "Second side",
        "Rate",
        "Difference",
        "95 % interval",
        "Bounds",
        "p",
        "p corrected",
        "By wording",
        "Wordings",
        "Resolves",
    ];
    let table = html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Contrast" }
                th scope="col" { "Model" }
                th scope="col" { "Behaviour" }
                th scope="col" { "Family" }
                @for heading in headings { th scope="col" { (heading) } }
            } }
            tbody { @for (place, contrast) in rows::contrasts(view.results) {
                tr id=(format!("contrast-{place}")) {
                    th.wide scope="row" {
                        (safe::name_markup(&contrast.name))
                        span.quiet.below { (safe::name_markup(&contrast.meaning)) }
                    }
                    td { (view.model(&contrast.model)) }
                    td { (safe::name_markup(&contrast.behaviour)) }
                    td { (safe::name_markup(&contrast.family)) }
                    (side(view, contrast, true))
                    (side(view, contrast, false))
                    td.n { (points_or_nothing(contrast.difference)) }
                    td.n { (points_range(contrast.low, contrast.high)) }
                    td.n { (points_range(contrast.at_least, contrast.at_most)) }
                    td.n { (words::p_value(contrast.p)) }
                    td.n { (words::p_value(contrast.p_corrected)) }
                    td.n {
                        @match contrast.clustered {
                            Some((low, high)) => (points_range(Some(low), Some(high))),
                            None => (NOTHING),
                        }
                    }
                    td.n {
                        (words::count(contrast.clusters))
                        @if contrast.clusters < words::ENOUGH_CLUSTERS && contrast.resolution != Resolution::NoData {
                            span.quiet.below { "about these texts only" }
                        }
                    }
                    td { (words::resolution(contrast.resolution)) }
                }
            } }
        }
    };
    html! {
        (scroll("Contrasts in numbers", &table))
        p.note {
            "Differences in percentage points. Interval: Newcombe. Bounds: what unknown outcomes "
            "could make of it. p: Fisher’s exact test, two-sided, mid-P; corrected after Holm within "
            "its family. By wording: t interval of the differences between wordings. Not resolved "
            "is no proof that there is no difference."
        }
    }
}

fn side(view: &View<'_>, contrast: &Contrast, left: bool) -> Markup {
    let (arm, rate) = if left {
        (&contrast.left_arm, &contrast.left)
    } else {
        (&contrast.right_arm, &contrast.right)
    };
    html! {
        td.wide { (view.arm(&contrast.scenario, arm)) }
        td.n {
            (words::count(rate.yes)) "/" (words::count(words::resolved(rate)))
            span.quiet.below { (words::percent_or_nothing(rate.rate)) }
        }
    }
}
