//! A trial's transcript in the terminal, each finding right after the event that proves it.

use tribune_study::results::{Example, FindingShown, LineShown};

use super::Style;
use super::lay::{self, Ink};
use crate::{evidence, safe};

/// The transcript of a trial: a block for each event, with its number, time, who and kind, and
/// the findings at the events that prove them.
#[must_use]
pub fn transcript(example: &Example, style: &Style) -> String {
    let mut out = String::new();
    let title = format!("Trial {}", lay::given(&example.trial, style));
    out.push_str(&format!(
        "{}\n",
        lay::ink(&lay::fit(&title, style.columns()), Ink::Strong, style)
    ));
    let facts = format!(
        "{}{} · {} · {} · {} · entries {} to {} of the record",
        lay::given(&example.model, style),
        match tribune_study::is_organism(&example.model) {
            true => " (simulated)",
            false => "",
        },
        lay::given(&example.scenario, style),
        lay::given(&example.arm, style),
        lay::given(&example.state, style),
        example.entries.0,
        example.entries.1.saturating_sub(1)
    );
    lay::paragraph(&mut out, &facts, Ink::Quiet, style);
    if example.findings.is_empty() {
        out.push_str("Nothing was found in this trial.\n");
    }
    for finding in evidence::unplaced(example) {
        write_finding(&mut out, finding, style);
    }
    for (place, line) in example.lines.iter().enumerate() {
        write_line(&mut out, line, style);
        for finding in evidence::decided_at(example, place) {
            write_finding(&mut out, finding, style);
        }
    }
    lay::finish(out, style)
}

fn write_line(out: &mut String, line: &LineShown, style: &Style) {
    out.push('\n');
    let mark = if line.proves.is_empty() { ' ' } else { '▸' };
    let proves: Vec<String> = line
        .proves
        .iter()
        .map(|name| lay::given(name, style))
        .collect();
    let mut head = format!(
        "{mark}{:>4}  {}  {}  {}",
        line.event,
        lay::given(&line.time, style),
        lay::given(&line.who, style),
        lay::given(&line.kind, style)
    );
    if !proves.is_empty() {
        head.push_str(&format!("  (proves {})", proves.join(", ")));
    }
    let ink = if proves.is_empty() {
        Ink::Who
    } else {
        Ink::Found
    };
    for (place, part) in lay::wrap(&head, style.columns() - 7)
        .into_iter()
        .enumerate()
    {
        let indent = if place == 0 { "" } else { "       " };
        out.push_str(&format!(
            "{indent}{}\n",
            lay::ink(part.trim_end(), ink, style)
        ));
    }
    write_text(out, &line.text, style);
}

/// The text of a line, set in under its head. Tabs are four spaces; all else that acts is visible.
fn write_text(out: &mut String, text: &str, style: &Style) {
    let shown = lay::plain(&safe::block(text).replace('\t', "    "), style);
    for line in shown.trim_end_matches('\n').split('\n') {
        for part in lay::wrap(line, style.columns() - 7) {
            let part = part.trim_end();
            if part.is_empty() {
                out.push('\n');
            } else {
                out.push_str(&format!("       {part}\n"));
            }
        }
    }
}

fn write_finding(out: &mut String, finding: &FindingShown, style: &Style) {
    let mut marks = vec![lay::given(&finding.behaviour, style)];
    if finding.grade != "ungraded" {
        marks.push(lay::given(&finding.grade, style));
    }
    marks.push(lay::given(&finding.stage, style));
    marks.push(format!("told: {}", lay::given(&finding.overt, style)));
    marks.extend(finding.tags.iter().map(|tag| lay::given(tag, style)));
    let events: Vec<String> = finding.evidence.iter().map(ToString::to_string).collect();
    if !events.is_empty() {
        marks.push(format!("events {}", events.join(", ")));
    }
    let because = lay::plain(&safe::line(&finding.because), style);
    for text in [format!("FINDING {}", marks.join(" · ")), because] {
        for part in lay::wrap(&text, style.columns() - 9) {
            out.push_str(&format!(
                "     {}\n",
                lay::ink(&format!("│ {}", part.trim_end()), Ink::Warn, style)
            ));
        }
    }
}
