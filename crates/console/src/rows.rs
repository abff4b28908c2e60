//! What the rows and columns of tables are, in the order that every format keeps.

use tribune_evidence::Behaviour;
use tribune_study::results::{Contrast, Resolution, Results};

use crate::first_page::models;
use crate::words;

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

/// A scenario and an arm of it.
pub(crate) type ScenarioArm<'a> = (&'a str, &'a str);

/// Per model the scenarios and arms that cells name, in their order.
pub(crate) fn arms_by_model(results: &Results) -> Vec<(&str, Vec<ScenarioArm<'_>>)> {
    models(results)
        .into_iter()
        .map(|model| {
            let mut arms: Vec<ScenarioArm<'_>> = Vec::new();
            for cell in results.cells.iter().filter(|cell| cell.model == model) {
                let arm = (cell.scenario.as_str(), cell.arm.as_str());
                if arms.last() != Some(&arm) && !arms.contains(&arm) {
                    arms.push(arm);
                }
            }
            (model, arms)
        })
        .filter(|(_, arms)| !arms.is_empty())
        .collect()
}

/// The contrasts with their places, in the order of their weight: what was asked beforehand, then
/// what was explored, then the identical arms.
pub(crate) fn contrasts(results: &Results) -> Vec<(usize, &Contrast)> {
    let mut list: Vec<(usize, &Contrast)> = results.contrasts.iter().enumerate().collect();
    list.sort_by_key(|(place, contrast)| {
        let weight = match contrast {
            one if words::is_identical_pair(one) => 2,
            one if words::is_exploratory(one) => 1,
            _ => 0,
        };
        (weight, *place)
    });
    list
}

/// The contrasts that a plot shows, in the order of [`contrasts`]: those that a test resolved or
/// whose sides differ at all, the resolved before the others where there are more than `most`;
/// and how many it leaves to the table.
pub(crate) fn plotted(results: &Results, most: usize) -> (Vec<(usize, &Contrast)>, usize) {
    let all = contrasts(results);
    let total = all.len();
    let resolved = |one: &Contrast| one.resolution == Resolution::Difference;
    let (mut shown, mut rest) = (Vec::new(), Vec::new());
    for (rank, one) in all.into_iter().enumerate() {
        if resolved(one.1) {
            shown.push((rank, one));
        } else if one.1.difference.is_some_and(|difference| difference != 0.0) {
            rest.push((rank, one));
        }
    }
    shown.extend(rest);
    shown.truncate(most);
    shown.sort_by_key(|(rank, _)| *rank);
    let shown: Vec<_> = shown.into_iter().map(|(_, one)| one).collect();
    let left = total - shown.len();
    (shown, left)
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
