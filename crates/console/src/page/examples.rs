//! Example trials: what was found, and the transcript with each finding at the event that
//! proves it.

use std::collections::BTreeSet;

use maud::{Markup, html};
use tribune_study::results::{Example, FindingShown, LineShown};

use super::View;
use crate::evidence::{self, event_anchor, trial_anchor};
use crate::safe;
use crate::words::counted;

/// The kinds of lines that have a look of their own.
const KINDS: [&str; 17] = [
    "system",
    "task",
    "said",
    "report",
    "reasoning",
    "call",
    "denied",
    "effect",
    "answer",
    "clock",
    "end",
    "fork",
    "debrief",
    "exchange",
    "brief",
    "gap",
    "judge",
];

fn class(line: &LineShown) -> String {
    let known = KINDS.iter().find(|known| **known == line.kind);
    let proof = if line.proves.is_empty() { "" } else { " proof" };
    format!("line kind-{}{proof}", known.unwrap_or(&"other"))
}

/// All examples.
pub(super) fn examples(view: &View<'_>) -> Markup {
    let examples = &view.results.examples;
    if examples.is_empty() {
        return html! { p { "No trial showed a behaviour, so there is no example to show." } };
    }
    let mut anchors = BTreeSet::new();
    html! {
        nav.trials aria-label="Examples" {
            ol { @for example in examples {
                li {
                    a href=(format!("#{}", trial_anchor(&example.trial))) {
                        code { (evidence::short(&example.trial)) }
                    }
                    " " (safe::name_markup(&example.model)) ": "
                    @for (place, finding) in example.findings.iter().enumerate() {
                        @if place > 0 { ", " }
                        (safe::name_markup(&finding.behaviour))
                    }
                }
            } }
        }
        @for example in examples { (example_markup(view, example, &mut anchors)) }
    }
}

fn example_markup(view: &View<'_>, example: &Example, anchors: &mut BTreeSet<String>) -> Markup {
    let anchor = trial_anchor(&example.trial);
    let id = anchors.insert(anchor.clone()).then_some(anchor);
    html! {
        article.example id=[id] {
            h3 { "Trial " code title=(safe::name(&example.trial)) { (evidence::short(&example.trial)) } }
            p.quiet {
                (view.model(&example.model)) " · " (safe::name_markup(&example.scenario)) " · "
                (safe::markup(&example.arm.replace(';', "; "), safe::NAME_LIMIT, false)) " · " (safe::name_markup(&example.state))
                " · entries " (example.entries.0) " to " (example.entries.1.saturating_sub(1)) " of the record"
            }
            @if let Some(label) = view.simulated { p.banner { (label) } }
            @if example.findings.is_empty() { p { "Nothing was found in this trial." } }
            ul.findings { @for finding in &example.findings {
                li {
                    a.evidence href=(format!("#{}", evidence::place_of(example, finding).anchor())) {
                        (safe::markup(&finding.because, safe::TEXT_LIMIT, false))
                    }
                    " " (labels(finding))
                }
            } }
            details open {
                summary { "Transcript: " (counted(example.lines.len() as u64, "line", "lines")) }
                p.paper {
                    "On paper only the lines that prove a finding are shown. All are on the page itself, and "
                    code { "tribune show RUN/TRIAL" } " prints them."
                }
                div.transcript {
                    @for finding in evidence::unplaced(example) { (finding_markup(example, finding)) }
                    @for (place, line) in example.lines.iter().enumerate() {
                        (line_markup(example, line, anchors))
                        @for finding in evidence::decided_at(example, place) { (finding_markup(example, finding)) }
                    }
                }
            }
        }
    }
}

fn labels(finding: &FindingShown) -> Markup {
    html! {
        span.tag.behaviour { (safe::name_markup(&finding.behaviour)) } " "
        @if finding.grade != "ungraded" { span.tag { (safe::name_markup(&finding.grade)) } " " }
        span.tag { (safe::name_markup(&finding.stage)) } " "
        span.tag { "told: " (safe::name_markup(&finding.overt)) } " "
        @for tag in &finding.tags { span.tag { (safe::name_markup(tag)) } " " }
    }
}

fn finding_markup(example: &Example, finding: &FindingShown) -> Markup {
    let shown = |event: u32| example.lines.iter().any(|line| line.event == event);
    html! {
        aside.finding {
            p { strong { "Finding: " (safe::name_markup(&finding.behaviour)) ". " }
                (safe::markup(&finding.because, safe::TEXT_LIMIT, false)) }
            p.quiet {
                (labels(finding))
                @if !finding.evidence.is_empty() {
                    "Proven by event"
                    @if finding.evidence.len() > 1 { "s" }
                    @for event in &finding.evidence {
                        " "
                        @if shown(*event) { a href=(format!("#{}", event_anchor(&example.trial, *event))) { (event) } }
                        @else { (event) }
                    }
                }
            }
        }
    }
}

fn line_markup(example: &Example, line: &LineShown, anchors: &mut BTreeSet<String>) -> Markup {
    let anchor = event_anchor(&example.trial, line.event);
    let href = format!("#{anchor}");
    let id = anchors.insert(anchor.clone()).then_some(anchor);
    html! {
        div class=(class(line)) id=[id] {
            p.meta {
                a href=(href) { (line.event) }
                " " span.kind { (safe::name_markup(&line.kind)) }
                " " span.who { (safe::name_markup(&line.who)) }
                " " span.time { (safe::name_markup(&line.time)) }
                @for behaviour in &line.proves { " " span.tag.behaviour { "proves " (safe::name_markup(behaviour)) } }
            }
            div.text { (safe::markup(&line.text, safe::TEXT_LIMIT, true)) }
        }
    }
}
