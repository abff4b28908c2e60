//! The one-file report: an HTML page that asks nothing of the network.
//!
//! No script, no font, no image file; one style sheet, allowed by its hash in the content
//! security policy, so that nothing an agent wrote could bring its own even if it got through.

mod examples;
mod forest;
mod heat;
mod sentences;
mod tables;

use base64::Engine;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use tribune_study::results::Results;

use crate::arms::Arms;
use crate::first_page::first_page;
use crate::{safe, words};

/// The style sheet, inside the page.
const STYLE: &str = include_str!("style.css");

/// What every part of the page needs to know.
pub(crate) struct View<'a> {
    /// The results.
    pub(crate) results: &'a Results,
    /// How arms are named.
    pub(crate) arms: Arms,
    /// The label of figures, where subjects are scripted.
    pub(crate) simulated: Option<&'static str>,
}

impl View<'_> {
    /// An arm, with places to break between its factors.
    fn arm(&self, scenario: &str, arm: &str) -> Markup {
        let parts = self.arms.parts(scenario, arm);
        html! {
            @if arm.is_empty() { "the only arm" }
            @else if arm == "*" { "all arms" }
            @else {
                span.arm title=(safe::name(arm)) {
                    @for (place, part) in parts.iter().enumerate() {
                        @if place > 0 { "; " }
                        span.factor { (safe::name_markup(part)) }
                    }
                }
            }
        }
    }

    /// A model, marked where it is scripted and others are not.
    fn model(&self, model: &str) -> Markup {
        let mixed = !self.results.run.simulated && words::is_simulated(self.results, model);
        html! {
            (safe::name_markup(model))
            @if mixed { " " span.tag { "scripted" } }
        }
    }

    /// A figure: what it shows, marked as simulated where it is.
    fn figure(&self, caption: &Markup, content: &Markup) -> Markup {
        html! {
            figure.simulated[self.simulated.is_some()] {
                @if let Some(label) = self.simulated { p.banner { (label) } }
                div.plate {
                    (content)
                    @if self.simulated.is_some() {
                        div.watermark aria-hidden="true" {
                            @if self.results.run.simulated { "Simulated" } @else { "Partly simulated" }
                        }
                    }
                }
                figcaption { (caption) }
            }
        }
    }
}

/// A table or the like that scrolls inside its own box where it is too wide.
fn scroll(label: &str, content: &Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(label) tabindex="0" { (content) } }
}

/// A part of the page.
fn part(id: &str, heading: &str, content: &Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby=(format!("{id}-heading")) {
            h2 id=(format!("{id}-heading")) { (heading) }
            (content)
        }
    }
}

/// The report as one HTML file.
#[must_use]
pub fn html(results: &Results) -> String {
    let view = View {
        results,
        arms: Arms::new(results),
        simulated: words::simulated_label(results),
    };
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    );
    let title = safe::name(&results.run.title);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="Tribune";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#first" { "To the findings" }
                main { (header(&view)) (body(&view)) }
            }
        }
    };
    page.into_string()
}

fn header(view: &View<'_>) -> Markup {
    let run = &view.results.run;
    html! {
        header {
            p.kicker { "Tribune · report of a study" }
            h1 { (safe::name_markup(&run.title)) }
            p.byline {
                "Study " code { (safe::name_markup(&run.study)) }
                " · " (safe::name_markup(&run.started))
            }
            @if let Some(label) = view.simulated { p.banner.large { (label) } }
        }
    }
}

fn body(view: &View<'_>) -> Markup {
    let results = view.results;
    let parts: Vec<(&str, &str, Markup)> = vec![
        ("rates", "Rates", heat::heat(view)),
        (
            "contrasts",
            "Differences between arms",
            forest::contrasts(view),
        ),
        ("states", "How trials ended", tables::states(view)),
        ("failures", "What failed", tables::failures(view)),
        ("examples", "Examples", examples::examples(view)),
        ("detail", "All counts", tables::detail(view)),
        (
            "methods",
            "How each behaviour was measured",
            tables::methods(view),
        ),
        ("limits", "What the study cannot say", tables::limits(view)),
        ("provenance", "Provenance", tables::provenance(view)),
    ];
    html! {
        (sentences::first_page(&first_page(results)))
        nav aria-label="Contents" {
            @for (id, heading, _) in &parts { a href=(format!("#{id}")) { (heading) } " " }
        }
        @for (id, heading, content) in &parts { (part(id, heading, content)) }
    }
}

#[cfg(test)]
mod tests;
