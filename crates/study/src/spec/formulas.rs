//! Formulas of a publication as a person writes them, checked against the arms that there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use tribune_evidence::Behaviour;

use super::arms::{Selector, selector};
use super::find_scenario;
use crate::formula::{Formula, FormulaOf, FormulaPart, Missing};
use crate::plan::PlannedArm;
use crate::scenario::Scenario;
use crate::source::{Source, SourceError};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FormulaFile {
    name: Spanned<String>,
    meaning: String,
    behaviour: Spanned<String>,
    party: Spanned<String>,
    relation: Spanned<String>,
    ways: Spanned<String>,
    parts: Vec<Spanned<PartFile>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PartFile {
    setting: String,
    scenario: Spanned<String>,
    #[serde(default)]
    factors: Selector,
    of: Spanned<String>,
    #[serde(default)]
    missing: Missing,
    #[serde(default)]
    less: Selector,
    #[serde(default)]
    alike: Vec<Spanned<String>>,
}

impl FormulaFile {
    /// Resolves it over the arms of the plan.
    pub(super) fn formula(
        &self,
        source: &Source,
        scenarios: &BTreeMap<String, Arc<Scenario>>,
        arms: &[PlannedArm],
    ) -> Result<Formula, SourceError> {
        let behaviour = self.behaviour.get_ref().parse::<Behaviour>().map_err(|_| {
            let known = Behaviour::ALL.iter().map(|behaviour| behaviour.as_str());
            source.unknown(
                self.behaviour.span(),
                "behaviour",
                self.behaviour.get_ref(),
                known,
            )
        })?;
        if self.parts.is_empty() {
            return Err(source.at(
                self.name.span(),
                format!("formula {:?} has no part", self.name.get_ref()),
                "add `parts`",
            ));
        }
        let parts: Result<Vec<FormulaPart>, SourceError> = self
            .parts
            .iter()
            .map(|part| self.part(source, scenarios, part.get_ref()))
            .collect();
        let formula = Formula {
            name: self.name.get_ref().clone(),
            meaning: self.meaning.clone(),
            behaviour,
            party: self.party.get_ref().clone(),
            relation: self.relation.get_ref().clone(),
            ways: self.ways.get_ref().clone(),
            parts: parts?,
        };
        formula.terms(arms).map_err(|(place, error)| {
            let span = self.parts.get(place).map(Spanned::span);
            source.at(
                span.unwrap_or(self.name.span()),
                error.to_string(),
                "list its levels under the scenario's factors, or name more of them here",
            )
        })?;
        Ok(formula)
    }

    fn part(
        &self,
        source: &Source,
        scenarios: &BTreeMap<String, Arc<Scenario>>,
        part: &PartFile,
    ) -> Result<FormulaPart, SourceError> {
        let scenario = find_scenario(source, scenarios, &part.scenario)?;
        let named = [&self.party, &self.relation, &self.ways];
        for factor in named.into_iter().chain(&part.alike) {
            if scenario.levels(factor.get_ref()).is_none() {
                let known = scenario.factor_names();
                return Err(source.unknown(factor.span(), "factor", factor.get_ref(), known));
            }
        }
        Ok(FormulaPart {
            setting: part.setting.clone(),
            scenario: scenario.name().to_owned(),
            factors: selector(source, scenario, &part.factors)?,
            of: FormulaOf::try_from(part.of.get_ref().clone()).map_err(|what| {
                source.at(
                    part.of.span(),
                    what,
                    "`tribune behaviours` lists behaviours; a measure is one such as reached-80",
                )
            })?,
            missing: part.missing,
            less: selector(source, scenario, &part.less)?,
            alike: part.alike.iter().map(|it| it.get_ref().clone()).collect(),
        })
    }
}
