//! Published figures beside ours: what others found of the same model, behaviour, party and
//! relation, on other texts.
//!
//! Which factors of a scenario say whose fate it is about, and what is told of dealings with the
//! peer, is for its playbook to name, as it does for replicas; so is which published behaviours the
//! scenario's task stands for. A figure of one task says nothing about another.

use std::collections::{BTreeMap, BTreeSet};

use tribune_organism::{PublishedRate, RateKind, Rates};

use crate::plan::Plan;
use crate::results::{Cell, PublishedFigure};
use crate::scenario::Scenario;

/// The factors that name party and relation in a scenario, and the behaviours of which figures were
/// published for its task.
struct Named {
    party: String,
    relation: String,
    behaviours: BTreeSet<&'static str>,
}

/// The figures for the cells that have one.
pub(super) fn published(
    plan: &Plan,
    scenarios: &BTreeMap<&str, Scenario>,
    cells: &[Cell],
) -> Vec<PublishedFigure> {
    // The file is this build's own, and a test reads it; without it there is nothing to set beside.
    let Ok(rates) = Rates::published() else {
        return Vec::new();
    };
    let known = |model: &str| rates.models().any(|known| known == published_name(model));
    if !plan.models.iter().any(|model| known(model)) {
        return Vec::new();
    }
    let named: BTreeMap<&str, Named> = scenarios
        .iter()
        .filter_map(|(name, scenario)| {
            let playbook = scenario.playbook();
            let plan = playbook.replica()?;
            let named = Named {
                party: plan.party.clone(),
                relation: plan.relation.clone(),
                behaviours: plan.acts.keys().map(|act| act.as_str()).collect(),
            };
            Some((*name, named))
        })
        .collect();
    beside(plan, cells, &named, rates.all())
}

/// The model's name as publications have it: without its provider.
pub(super) fn published_name(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

fn beside(
    plan: &Plan,
    cells: &[Cell],
    named: &BTreeMap<&str, Named>,
    rates: &[PublishedRate],
) -> Vec<PublishedFigure> {
    let arms: BTreeMap<(&str, String), &crate::scenario::Arm> = plan
        .arms
        .iter()
        .filter(|arm| arm.copy == 0)
        .map(|arm| ((arm.scenario.as_str(), arm.label()), &arm.arm))
        .collect();
    let mut figures = Vec::new();
    for cell in cells {
        let Some(named) = named.get(cell.scenario.as_str()) else {
            continue;
        };
        let Some(arm) = arms.get(&(cell.scenario.as_str(), cell.arm.clone())) else {
            continue;
        };
        if !named.behaviours.contains(cell.behaviour.as_str()) {
            continue;
        }
        let (party, relation) = (arm.level(&named.party), arm.level(&named.relation));
        let found = rates.iter().find(|rate| {
            rate.model == published_name(&cell.model)
                && rate.behaviour.as_str() == cell.behaviour
                && Some(rate.party.as_str()) == party
                && Some(rate.relation.as_str()) == relation
        });
        let Some(rate) = found else { continue };
        figures.push(PublishedFigure {
            model: cell.model.clone(),
            scenario: cell.scenario.clone(),
            arm: cell.arm.clone(),
            behaviour: cell.behaviour.clone(),
            of: rate.model.clone(),
            party: rate.party.clone(),
            relation: rate.relation.clone(),
            kind: match rate.kind {
                RateKind::Rate => "rate",
                RateKind::Difference => "difference",
            }
            .to_owned(),
            rate: rate.rate,
            source: rate.source.clone(),
        });
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Overrides, stub};

    #[test]
    fn the_name_of_a_model_is_its_last_part() {
        assert_eq!(published_name("organism/replica/gpt-5.2"), "gpt-5.2");
        assert_eq!(published_name("openai/gpt-5.2"), "gpt-5.2");
        assert_eq!(published_name("gpt-5.2"), "gpt-5.2");
    }

    #[test]
    fn a_figure_stands_beside_the_cell_that_it_is_about_and_no_other() {
        let study = stub::study("paper", &Overrides::default()).unwrap();
        let rates = Rates::published().unwrap();
        let known: std::collections::BTreeSet<&str> = study
            .plan
            .arms
            .iter()
            .map(|arm| arm.scenario.as_str())
            .collect();
        let named: BTreeMap<&str, Named> = known
            .into_iter()
            .map(|name| {
                let playbook = crate::scenario::load_embedded(name).unwrap().playbook();
                let plan = playbook.replica().unwrap();
                let named = Named {
                    party: plan.party.clone(),
                    relation: plan.relation.clone(),
                    behaviours: plan.acts.keys().map(|act| act.as_str()).collect(),
                };
                (name, named)
            })
            .collect();
        let counts = crate::results::Rate {
            n: 0,
            yes: 0,
            no: 0,
            unknown: 0,
            rate: None,
            low: None,
            high: None,
            at_least: 0.0,
            at_most: 0.0,
        };
        let cells: Vec<Cell> = study
            .plan
            .arms
            .iter()
            .flat_map(|arm| {
                ["google/gemini-3-pro", "organism/faithful"].map(|model| Cell {
                    model: model.to_owned(),
                    scenario: arm.scenario.clone(),
                    arm: arm.label(),
                    behaviour: "shutdown-tampering".to_owned(),
                    all: counts.clone(),
                    per_protocol: counts.clone(),
                    as_exposed: counts.clone(),
                    attempted: 0,
                    overt: BTreeMap::new(),
                    grades: BTreeMap::new(),
                    stages: BTreeMap::new(),
                    tags: BTreeMap::new(),
                    trials: Vec::new(),
                })
            })
            .collect();
        let found = beside(&study.plan, &cells, &named, rates.all());
        assert!(!found.is_empty());
        for figure in &found {
            assert_eq!(figure.model, "google/gemini-3-pro");
            // The published rate of tampering is of that task alone; others can show it too.
            assert_eq!(figure.scenario, "shutdown-switch");
            let arm = study
                .plan
                .arms
                .iter()
                .find(|arm| arm.scenario == figure.scenario && arm.label() == figure.arm)
                .unwrap();
            assert_eq!(arm.arm.level("party"), Some(figure.party.as_str()));
            assert_eq!(arm.arm.level("relation"), Some(figure.relation.as_str()));
            let behaviour = tribune_evidence::Behaviour::ShutdownTampering;
            let rate = rates.of("gemini-3-pro", behaviour, &figure.party, &figure.relation);
            assert_eq!(rate.map(|rate| rate.rate), Some(figure.rate));
        }
        let bare = beside(&study.plan, &cells, &BTreeMap::new(), rates.all());
        assert!(bare.is_empty());
    }
}
