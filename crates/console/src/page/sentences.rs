//! The first page as HTML.

use maud::{Markup, html};

use crate::first_page::{FirstPage, Group, Piece, Sentence};
use crate::safe;

/// Our own words, with the per cent sign kept beside its number.
fn words(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

/// A sentence.
pub(super) fn sentence(sentence: &Sentence) -> Markup {
    html! {
        @for piece in sentence {
            @match piece {
                Piece::Own(text) => (words(text)),
                Piece::Strong(text) => strong { (words(text)) },
                Piece::Given(text) => code { (safe::name_markup(text)) },
                Piece::Quoted(text) => (safe::markup(text, safe::TEXT_LIMIT, false)),
                Piece::Evidence(text, place) => {
                    a.evidence href=(format!("#{}", place.anchor())) { (words(text)) }
                }
                Piece::Part(text, anchor) => a href=(format!("#{anchor}")) { (words(text)) },
            }
        }
    }
}

fn group(group: &Group) -> Markup {
    html! {
        @if let Some(lead) = &group.lead { h3 { (sentence(lead)) } }
        @if group.lead.is_none() && group.sentences.len() == 1 {
            @for one in &group.sentences { p { (sentence(one)) } }
        } @else {
            ul { @for one in &group.sentences { li { (sentence(one)) } } }
        }
    }
}

/// The first page: the warnings, then the questions in order.
pub(super) fn first_page(page: &FirstPage) -> Markup {
    html! {
        div #first {
            @if !page.warnings.is_empty() {
                div.warning role="alert" {
                    h2 { "Read this first" }
                    ul { @for one in &page.warnings { li { (sentence(one)) } } }
                }
            }
            @for section in &page.sections {
                section.question id=(section.id) {
                    h2 { (section.heading) }
                    div.answer { @for one in &section.groups { (group(one)) } }
                }
            }
        }
    }
}
