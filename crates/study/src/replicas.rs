//! Replicas in a plan: what they are told of an arm, and where no figure was published for it.

use serde::Serialize;
use tribune_evidence::Behaviour;
use tribune_organism::{CompiledPlaybook, OrganismName, Replica, ReplicaBrief, ReplicaPlan};

use crate::plan::Plan;
use crate::scenario::{Arm, Scenario};
use crate::study::Study;

/// Arms of a scenario for which no figure of a replica's model was published. It acts faithfully
/// there, so they say nothing about whether its rates are recovered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unpublished {
    /// The replica.
    pub model: String,
    /// The scenario.
    pub scenario: String,
    /// The behaviour; absent where the scenario has none that a figure was published of.
    pub behaviour: Option<Behaviour>,
    /// Arms without a figure.
    pub arms: usize,
    /// Arms of the scenario.
    pub of: usize,
    /// Where the scenario stands in the study file, as `FILE:LINE`; absent of a run's own plan.
    pub at: Option<String>,
}

/// The arm in the words of the published rates: which factors say so is the playbook's to name.
pub(crate) fn brief(playbook: &CompiledPlaybook, arm: &Arm) -> ReplicaBrief {
    let level = |factor: &str| arm.level(factor).unwrap_or_default();
    let plan = playbook.replica();
    ReplicaBrief {
        party: plan.map_or("", |plan| level(&plan.party)).to_owned(),
        relation: plan.map_or("", |plan| level(&plan.relation)).to_owned(),
        observed: plan
            .and_then(|plan| plan.observed.as_ref())
            .is_some_and(|observed| level(&observed.factor) == observed.level),
    }
}

/// Whether the factors that a playbook's replica goes by are the scenario's.
pub(crate) fn factors_of(plan: &ReplicaPlan, scenario: &Scenario) -> Result<(), String> {
    let observed = plan.observed.as_ref();
    let named = [&plan.party, &plan.relation];
    for factor in named
        .into_iter()
        .chain(observed.map(|observed| &observed.factor))
    {
        if scenario.levels(factor).is_none() {
            return Err(format!(
                "its [replica] names {factor:?}, which is no factor here"
            ));
        }
    }
    match observed {
        Some(observed)
            if !scenario
                .levels(&observed.factor)
                .is_some_and(|levels| levels.contains(&observed.level)) =>
        {
            Err(format!(
                "its [replica] names {:?}, which is no level",
                observed.level
            ))
        }
        _ => Ok(()),
    }
}

impl Study {
    /// Where no figure was published, for every replica, scenario and behaviour.
    #[must_use]
    pub fn unpublished(&self) -> Vec<Unpublished> {
        let plan = &self.plan;
        let mut missing = Vec::new();
        for model in &plan.models {
            let name = OrganismName::parse(model).ok();
            let Some(replica) = name.as_ref().and_then(OrganismName::replica) else {
                continue;
            };
            for scenario in self.scenarios.values() {
                let mut rows = of_scenario(plan, model, replica, scenario);
                for row in &mut rows {
                    row.at = self.stands.get(scenario.name()).cloned();
                }
                missing.extend(rows);
            }
        }
        missing
    }
}

fn of_scenario(plan: &Plan, model: &str, replica: &str, scenario: &Scenario) -> Vec<Unpublished> {
    let playbook = scenario.playbook();
    let arms: Vec<ReplicaBrief> = plan
        .arms
        .iter()
        .filter(|arm| arm.copy == 0 && arm.scenario == scenario.name())
        .map(|arm| brief(&playbook, &plan.arm_of(model, arm)))
        .collect();
    let row = |behaviour: Option<Behaviour>, without: usize| {
        (without > 0).then(|| Unpublished {
            model: model.to_owned(),
            scenario: scenario.name().to_owned(),
            behaviour,
            arms: without,
            of: arms.len(),
            at: None,
        })
    };
    let acts: Vec<Behaviour> = playbook
        .replica()
        .map(|plan| plan.acts.keys().copied().collect())
        .unwrap_or_default();
    if acts.is_empty() {
        return row(None, arms.len()).into_iter().collect();
    }
    acts.into_iter()
        .filter_map(|behaviour| {
            let is_missing = |brief: &&ReplicaBrief| {
                !Replica::is_published(replica, behaviour, &brief.party, &brief.relation)
            };
            row(Some(behaviour), arms.iter().filter(is_missing).count())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Overrides;

    fn missing(study: &str, model: &str) -> Vec<Unpublished> {
        let overrides = Overrides {
            models: vec![model.to_owned()],
            ..Overrides::default()
        };
        Study::load(study, &overrides).unwrap().unpublished()
    }

    #[test]
    fn arms_without_a_published_figure_are_counted_before_anything_runs() {
        let found = missing("paper", "organism/replica/gemini-3-pro");
        assert!(!found.is_empty());
        for row in &found {
            assert!((1..=row.of).contains(&row.arms), "{row:?}");
            // The line is the one that lists the scenario.
            let at = row.at.as_deref().unwrap();
            let line: usize = at
                .strip_prefix("studies/paper.toml:")
                .unwrap()
                .parse()
                .unwrap();
            let (_, text) = crate::scenario::studies()
                .find(|(name, _)| *name == "paper")
                .unwrap();
            let listed = text.lines().nth(line - 1).unwrap();
            assert_eq!(listed, format!("name = {:?}", row.scenario));
        }
        // A part of an arm's figures may be missing, too: a row is of one behaviour.
        assert!(found.iter().any(|row| row.arms < row.of), "{found:#?}");
        // What is no replica has no figures to miss.
        assert_eq!(missing("paper", "organism/inflator"), []);
    }
}
