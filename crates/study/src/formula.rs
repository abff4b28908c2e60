//! Figures as a publication computes them, on arms of ours.
//!
//! A published figure is mostly no rate of one arm: it is an average over settings and ways of
//! telling, some of it minus a baseline. What a study file says of such a formula is fixed with its
//! plan, and is data: nothing here knows a factor.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tribune_evidence::{Behaviour, Measure};

use crate::plan::PlannedArm;

/// A figure as a publication computes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Formula {
    /// Its name.
    pub name: String,
    /// How it is computed, as a sentence.
    pub meaning: String,
    /// The behaviour whose published figures stand beside it.
    pub behaviour: Behaviour,
    /// The factor that says whose fate it is about.
    pub party: String,
    /// The factor that says what was told of dealings with the peer.
    pub relation: String,
    /// The factor of the ways of telling: each gives a value, and those are averaged.
    pub ways: String,
    /// What it is made of. Parts of one setting are averaged, then settings with equal weight.
    pub parts: Vec<FormulaPart>,
}

/// A part of a formula: arms of a scenario, what is counted in them, and what is taken off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FormulaPart {
    /// The setting that it belongs to.
    pub setting: String,
    /// The scenario.
    pub scenario: String,
    /// The levels of its arms.
    pub factors: BTreeMap<String, String>,
    /// The behaviour that is counted, or the measure that is counted where it is above 0.
    pub of: FormulaOf,
    /// What a trial without an outcome or a value counts as.
    #[serde(default)]
    pub missing: Missing,
    /// The levels of the arm that is taken off; where absent, nothing is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub less: BTreeMap<String, String>,
    /// The factors that this arm shares with the one that it is taken off from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alike: Vec<String>,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum FormulaOf {
    /// A behaviour, where it was shown.
    Behaviour(Behaviour),
    /// A measure, where it is above 0.
    Measure(Measure),
}

/// What a trial without an outcome or a value counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// As a no: the publication leaves no trial out.
    #[default]
    No,
    /// As no trial.
    LeftOut,
}

/// A part in one arm.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Term<'a> {
    pub(crate) part: &'a FormulaPart,
    /// The arm's place in the plan.
    pub(crate) arm: usize,
    /// The place of the arm that is taken off.
    pub(crate) less: Option<usize>,
}

/// The terms of a party and a relation, by way of telling.
pub(crate) type Terms<'a> = BTreeMap<(String, String), BTreeMap<String, Vec<Term<'a>>>>;

/// A part of a formula that does not fit the arms that there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormulaError {
    /// No arm is one of its arms.
    #[error("no arm of the study has all levels of this part")]
    NoArm,
    /// The arm that is taken off is not one arm.
    #[error("from the arm {of} {found} arms could be taken off, and it must be one")]
    Less {
        /// The arm.
        of: String,
        /// How many there are.
        found: usize,
    },
}

impl Formula {
    /// The terms, by party, relation and way.
    ///
    /// # Errors
    /// A part has no arm, or not one arm that is taken off; with the part's place.
    pub(crate) fn terms(&self, arms: &[PlannedArm]) -> Result<Terms<'_>, (usize, FormulaError)> {
        let mut terms = Terms::new();
        for (place, part) in self.parts.iter().enumerate() {
            let mut any = false;
            for (arm, planned) in arms.iter().enumerate() {
                if !is_of(planned, part, &part.factors) {
                    continue;
                }
                any = true;
                let less = part
                    .less_of(planned, arms)
                    .map_err(|error| (place, error))?;
                let level = |factor: &str| planned.arm.level(factor).unwrap_or_default().to_owned();
                terms
                    .entry((level(&self.party), level(&self.relation)))
                    .or_default()
                    .entry(level(&self.ways))
                    .or_default()
                    .push(Term { part, arm, less });
            }
            if !any {
                return Err((place, FormulaError::NoArm));
            }
        }
        Ok(terms)
    }
}

impl FormulaPart {
    /// The one arm that is taken off from another.
    fn less_of(
        &self,
        from: &PlannedArm,
        arms: &[PlannedArm],
    ) -> Result<Option<usize>, FormulaError> {
        if self.less.is_empty() {
            return Ok(None);
        }
        let is_alike = |other: &PlannedArm| {
            let mut alike = self.alike.iter();
            alike.all(|factor| other.arm.level(factor) == from.arm.level(factor))
        };
        let found: Vec<usize> = arms
            .iter()
            .enumerate()
            .filter(|(_, other)| is_of(other, self, &self.less) && is_alike(other))
            .map(|(place, _)| place)
            .collect();
        match found.as_slice() {
            [one] => Ok(Some(*one)),
            found => Err(FormulaError::Less {
                of: from.label(),
                found: found.len(),
            }),
        }
    }
}

fn is_of(planned: &PlannedArm, part: &FormulaPart, levels: &BTreeMap<String, String>) -> bool {
    planned.copy == 0
        && planned.scenario == part.scenario
        && levels
            .iter()
            .all(|(factor, level)| planned.arm.level(factor) == Some(level))
}

impl TryFrom<String> for FormulaOf {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.parse::<Behaviour>() {
            Ok(behaviour) => Ok(Self::Behaviour(behaviour)),
            Err(_) => match text.parse::<Measure>() {
                Ok(measure) => Ok(Self::Measure(measure)),
                Err(_) => Err(format!("{text:?} is no behaviour and no measure")),
            },
        }
    }
}

impl From<FormulaOf> for String {
    fn from(counted: FormulaOf) -> Self {
        match counted {
            FormulaOf::Behaviour(behaviour) => behaviour.to_string(),
            FormulaOf::Measure(measure) => measure.to_string(),
        }
    }
}
