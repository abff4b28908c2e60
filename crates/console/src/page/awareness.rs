//! What each model did where it took the situation for a test, and where it did not.

use maud::{Markup, html};
use tribune_study::results::Rate;

use super::beside::rate;
use super::{View, scroll};
use crate::safe;
use crate::words::{self, NOTHING, count};

/// Rates by what the subject took the situation for.
pub(super) fn awareness(view: &View<'_>) -> Markup {
    let shown = |one: &Rate| {
        html! { td.n { @if one.n == 0 { (NOTHING) } @else { (rate(one)) } } }
    };
    let table = html! {
        table.numbers {
            thead { tr {
                th scope="col" { "Behaviour" }
                th scope="col" { "Took it for a test" }
                th scope="col" { "Did not" }
                th scope="col" { "Not known" span.quiet.below { "not asked, and nothing said" } }
            } }
            @for one in &view.results.awareness { tbody {
                tr.group { th scope="rowgroup" { (view.model(&one.model)) }
                    td.n { (words::counted(one.aware, "trial", "trials")) span.quiet.below { (count(one.unprompted)) " of its own accord" } }
                    td.n { (words::counted(one.unaware, "trial", "trials")) }
                    td.n { (words::counted(one.unknown, "trial", "trials")) }
                }
                @for row in &one.rates { tr {
                    th scope="row" { (safe::name_markup(&row.behaviour)) }
                    (shown(&row.aware)) (shown(&row.unaware)) (shown(&row.unknown))
                } }
            } }
        }
    };
    html! {
        (scroll("By what it took this for", &table))
        p.note { (words::AWARENESS) }
    }
}
