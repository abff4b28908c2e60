//! The one-file report: an HTML page that asks nothing of the network.
//!
//! No script, no font, no image file; one style sheet, allowed by its hash in the content
//! security policy, so that nothing an agent wrote could bring its own even if it got through.

mod awareness;
mod beside;
mod examples;
mod forest;
mod heat;
mod judges;
mod published;
mod scores;
mod sentences;
mod tables;

use std::collections::BTreeMap;

use base64::Engine;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use tribune_study::results::{Cell, Results};

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
    /// Where each cell is, by model, scenario, arm and behaviour.
    places: BTreeMap<(&'a str, &'a str, &'a str, &'a str), usize>,
}

impl<'a> View<'a> {
    fn new(results: &'a Results) -> Self {
        let places = results.cells.iter().enumerate().map(|(place, cell)| {
            let key = (&*cell.model, &*cell.scenario, &*cell.arm, &*cell.behaviour);
            (key, place)
        });
        Self {
            results,
            arms: Arms::new(results),
            simulated: words::simulated_label(results),
            places: places.collect(),
        }
    }

    /// The place of a cell.
    fn place(&self, model: &str, scenario: &str, arm: &str, behaviour: &str) -> Option<usize> {
        self.places.get(&(model, scenario, arm, behaviour)).copied()
    }

    /// A cell.
    fn cell(&self, model: &str, scenario: &str, arm: &str, behaviour: &str) -> Option<&'a Cell> {
        self.results
            .cells
            .get(self.place(model, scenario, arm, behaviour)?)
    }

    /// An arm, with places to break between its factors.
    fn arm(&self, scenario: &str, arm: &str) -> Markup {
        let parts = self.arms.parts(scenario, arm);
        html! {
            @if arm.is_empty() { "the only arm" }
            @else if arm == "*" { "all arms" }
            @else {
                span.arm {
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

/// Rows in one table before it is folded away by scenario.
const UNFOLDED: usize = 60;

/// A table of many rows: as it is where it is short, else a part for each scenario, folded.
fn folded<'a, T>(
    view: &View<'_>,
    label: &str,
    rows: impl Iterator<Item = (&'a str, T)>,
    one: &str,
    many: &str,
    table: &dyn Fn(&[T]) -> Markup,
) -> Markup {
    let mut groups: Vec<(&str, Vec<T>)> = Vec::new();
    let mut all = 0;
    for (scenario, row) in rows {
        all += 1;
        match groups.iter_mut().find(|(known, _)| *known == scenario) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((scenario, vec![row])),
        }
    }
    if all <= UNFOLDED {
        let rows: Vec<T> = groups.into_iter().flat_map(|(_, rows)| rows).collect();
        return table(&rows);
    }
    html! {
        @for (scenario, rows) in &groups {
            details.fold {
                summary {
                    (label)
                    @if view.arms.many_scenarios { ", " (safe::name_markup(scenario)) }
                    ": " (words::counted(rows.len() as u64, one, many))
                }
                (table(rows))
            }
        }
    }
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
    let view = View::new(results);
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
    let mut parts: Vec<(&str, &str, Markup)> = vec![
        ("rates", "Rates", heat::heat(view)),
        ("told", "Who was told", beside::told(view)),
        (
            "contrasts",
            "Differences between arms",
            forest::contrasts(view),
        ),
        ("scores", "Scores and other measures", scores::scores(view)),
        (
            "populations",
            "Three populations",
            beside::populations(view),
        ),
        (
            "published",
            "Published figures beside ours",
            published::published(view),
        ),
    ];
    if !results.awareness.is_empty() {
        parts.push((
            "awareness",
            "By what it took this for",
            awareness::awareness(view),
        ));
    }
    if !results.splits.is_empty() {
        parts.push((
            "splits",
            "What each model did that answered",
            beside::splits(view),
        ));
    }
    parts.extend([
        ("states", "How trials ended", tables::states(view)),
        ("failures", "What failed", tables::failures(view)),
        ("examples", "Examples", examples::examples(view)),
        ("detail", "All counts", tables::detail(view)),
        (
            "methods",
            "How each behaviour was measured",
            tables::methods(view),
        ),
        (
            "calibration",
            "How well what decides is known to work",
            beside::calibration(view),
        ),
    ]);
    if !results.judged.judges.is_empty() {
        parts.push(("judges", "Who read words", judges::judges(view)));
    }
    parts.extend([
        ("limits", "What the study cannot say", tables::limits(view)),
        ("provenance", "Provenance", tables::provenance(view)),
    ]);
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
