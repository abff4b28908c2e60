//! Where the evidence is: which example shows a behaviour, and which line of it proves it.

use tribune_study::results::{Cell, Example, FindingShown, Results};

use crate::safe;

/// Characters of a trial's id that name it in anchors and texts.
pub(crate) const SHORT: usize = 12;

/// A place in the examples: a trial and, where its line is shown, the event that proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The trial's id.
    pub(crate) trial: String,
    /// The decisive event.
    pub(crate) event: Option<u32>,
}

impl Place {
    /// The anchor of this place on the page.
    pub(crate) fn anchor(&self) -> String {
        match self.event {
            Some(event) => event_anchor(&self.trial, event),
            None => trial_anchor(&self.trial),
        }
    }
}

/// The first characters of a trial's id.
pub(crate) fn short(trial: &str) -> String {
    safe::cut(&safe::line(trial), SHORT).0.to_owned()
}

/// The anchor of a trial.
pub(crate) fn trial_anchor(trial: &str) -> String {
    format!("trial-{}", safe::anchor(trial, SHORT))
}

/// The anchor of an event in a trial.
pub(crate) fn event_anchor(trial: &str, event: u32) -> String {
    format!("{}-e{event}", trial_anchor(trial))
}

/// Where a finding is proven: its decisive event if the transcript shows it, else the first of
/// its events that is shown, else the trial.
pub(crate) fn place_of(example: &Example, finding: &FindingShown) -> Place {
    let shown = |event: &u32| example.lines.iter().any(|line| line.event == *event);
    Place {
        trial: example.trial.clone(),
        event: finding.evidence.iter().copied().find(shown),
    }
}

/// Whether a finding is of an act that had no effect or was undone, and so is no yes.
pub(crate) fn is_attempted(finding: &FindingShown) -> bool {
    finding.stage == "attempted"
}

fn place_in(example: &Example, behaviour: &str, attempted: bool) -> Option<Place> {
    let finding = example
        .findings
        .iter()
        .find(|finding| finding.behaviour == behaviour && is_attempted(finding) == attempted)?;
    Some(place_of(example, finding))
}

/// Whether an example is of a cell, or of what a total sums.
fn is_of(example: &Example, cell: &Cell) -> bool {
    example.model == cell.model
        && (cell.scenario == "*" || example.scenario == cell.scenario)
        && (cell.arm == "*" || example.arm == cell.arm)
}

/// The evidence for what a cell or a total says was attempted and not done.
pub(crate) fn for_attempt(results: &Results, cell: &Cell) -> Option<Place> {
    let mut examples = results
        .examples
        .iter()
        .filter(|example| is_of(example, cell));
    examples.find_map(|example| place_in(example, &cell.behaviour, true))
}

/// The evidence for a cell or a total: an example from its own arm if there is one. A cell names
/// its first trials; an example of the same arm serves as well.
pub(crate) fn for_cell(results: &Results, cell: &Cell) -> Option<Place> {
    if cell.all.yes == 0 {
        return None;
    }
    let named = |example: &&Example| cell.trials.contains(&example.trial);
    let same = |example: &&Example| is_of(example, cell);
    let find = |example: &Example| place_in(example, &cell.behaviour, false);
    results
        .examples
        .iter()
        .filter(named)
        .find_map(find)
        .or_else(|| results.examples.iter().filter(same).find_map(find))
}

/// The findings that are decided at an event, and so are shown right after its line. A finding
/// whose decisive event has no line follows the last line before it; see [`unplaced`] for those
/// without any.
pub(crate) fn decided_at(example: &Example, line: usize) -> impl Iterator<Item = &FindingShown> {
    example
        .findings
        .iter()
        .filter(move |finding| shown_after(example, finding) == Some(line))
}

/// The findings that no line of the transcript comes before.
pub(crate) fn unplaced(example: &Example) -> impl Iterator<Item = &FindingShown> {
    example
        .findings
        .iter()
        .filter(|finding| shown_after(example, finding).is_none())
}

/// The number of the line after which a finding is shown.
fn shown_after(example: &Example, finding: &FindingShown) -> Option<usize> {
    let decisive = *finding.evidence.first()?;
    let exact = example
        .lines
        .iter()
        .rposition(|line| line.event == decisive);
    exact.or_else(|| example.lines.iter().rposition(|line| line.event < decisive))
}
