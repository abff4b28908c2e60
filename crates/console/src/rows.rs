//! What the rows and columns of tables are, in the order that every format keeps.

use tribune_evidence::Behaviour;
use tribune_study::results::{Cell, Results};

use crate::first_page::models;

/// The behaviours that cells name, in the order of the table of behaviours; others after them.
pub(crate) fn behaviours(results: &Results) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for cell in results.cells.iter().chain(&results.totals) {
        if !found.contains(&cell.behaviour.as_str()) {
            found.push(&cell.behaviour);
        }
    }
    let place = |name: &str| {
        Behaviour::ALL
            .iter()
            .position(|known| known.as_str() == name)
            .unwrap_or(usize::MAX)
    };
    found.sort_by_key(|name| place(name));
    found
}

/// The scenarios that cells name, in their order.
pub(crate) fn scenarios(results: &Results) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for cell in &results.cells {
        if found.last() != Some(&cell.scenario.as_str()) && !found.contains(&cell.scenario.as_str())
        {
            found.push(&cell.scenario);
        }
    }
    found
}

/// The behaviours that apply in a scenario, in the order of [`behaviours`].
pub(crate) fn behaviours_in<'a>(results: &'a Results, scenario: &str) -> Vec<&'a str> {
    let there: std::collections::BTreeSet<&str> = results
        .cells
        .iter()
        .filter(|cell| cell.scenario == scenario)
        .map(|cell| cell.behaviour.as_str())
        .collect();
    let mut all = behaviours(results);
    all.retain(|name| there.contains(name));
    all
}

/// Whether a cell has a row of its own among all counts: cells of an arm in which nothing was seen
/// share one where their counts are the same.
pub(crate) fn has_own_row(cell: &Cell) -> bool {
    cell.all.yes > 0 || cell.attempted > 0
}

/// A scenario and an arm of it.
pub(crate) type ScenarioArm<'a> = (&'a str, &'a str);

/// Per model the scenarios and arms that cells name, in their order.
pub(crate) fn arms_by_model(results: &Results) -> Vec<(&str, Vec<ScenarioArm<'_>>)> {
    models(results)
        .into_iter()
        .map(|model| {
            let mut arms: Vec<ScenarioArm<'_>> = Vec::new();
            let mut known = std::collections::BTreeSet::new();
            for cell in results.cells.iter().filter(|cell| cell.model == model) {
                let arm = (cell.scenario.as_str(), cell.arm.as_str());
                if known.insert(arm) {
                    arms.push(arm);
                }
            }
            (model, arms)
        })
        .filter(|(_, arms)| !arms.is_empty())
        .collect()
}

/// The states that trials ended in, in the order of reports, with those missing last.
pub(crate) fn states(results: &Results) -> Vec<&str> {
    let mut names: Vec<&str> = tribune_evidence::TrialState::NAMES.to_vec();
    names.push("missing");
    for states in &results.states {
        for name in states.counts.keys() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    names
}
