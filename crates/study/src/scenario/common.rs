//! The common pack: factors that scenarios share, with their sentences and templates.
//!
//! A scenario takes a factor by naming it under `[common]`, with all its levels or some. The pack's
//! files then count among the scenario's own, as `common/NAME`: they are hashed and recorded with
//! it. What a scenario writes itself, a sentence or a value, takes the place of the pack's.

use std::collections::BTreeMap;
use std::path::Path;

use super::apart::Apart;
use super::form::{AfterForm, CommonFactorsForm, CommonForm, Form, Text, TextsForm};
use super::parts::{Sentences, factor_of, sentences};
use super::{Factor, ScenarioError};
use crate::source::{Source, SourceError};

/// The prefix of the pack's files among a scenario's own.
pub(super) const PREFIX: &str = "common/";

/// The pack, read.
pub(super) struct Common {
    source: Source,
    form: CommonFactorsForm,
    texts: Source,
    /// The questions that are asked on a fork, where there are any.
    pub(super) after: Option<(Source, AfterForm)>,
}

impl Common {
    /// Reads the pack from a scenario's files, where they hold it.
    pub(super) fn read(
        place: &str,
        files: &BTreeMap<String, String>,
    ) -> Result<Option<Self>, ScenarioError> {
        let source = |name: &str| {
            let name = format!("{PREFIX}{name}");
            // The pack lies beside the scenario's folder.
            let beside = Path::new(place).parent().unwrap_or(Path::new(""));
            files
                .get(&name)
                .map(|text| Source::new(beside.join(&name).display().to_string(), text.as_str()))
        };
        let Some(factors) = source("factors.toml") else {
            return Ok(None);
        };
        let form: CommonFactorsForm = factors.parse()?;
        let texts = source("texts.toml").ok_or_else(|| ScenarioError::Folder {
            place: place.to_owned(),
            what: "the common pack has no texts.toml".to_owned(),
        })?;
        let after = match source("after.toml") {
            Some(source) => {
                let form = source.parse()?;
                Some((source, form))
            }
            None => None,
        };
        Ok(Some(Self {
            source: factors,
            form,
            texts,
            after,
        }))
    }

    /// Adds what a scenario takes of the pack to its factors.
    pub(super) fn add_factors(
        &self,
        main: &Source,
        taken: &BTreeMap<Text, CommonForm>,
        factors: &mut BTreeMap<String, Factor>,
    ) -> Result<(), SourceError> {
        for (name, form) in taken {
            let known = || self.form.factors.keys().map(String::as_str);
            let Some(common) = self.form.factors.get(name.get_ref()) else {
                return Err(main.unknown(name.span(), "common factor", name.get_ref(), known()));
            };
            let mut factor = factor_of(&self.source, name.get_ref(), common)?;
            if let Some(levels) = &form.levels {
                for level in levels {
                    if !factor.levels.contains(level.get_ref()) {
                        let known = factor.levels.iter().map(String::as_str);
                        return Err(main.unknown(level.span(), "level", level.get_ref(), known));
                    }
                }
                factor.levels = levels.iter().map(|level| level.get_ref().clone()).collect();
                let levels = factor.levels.clone();
                factor.meanings.retain(|level, _| levels.contains(level));
            }
            if let Some(default) = &form.default {
                default.get_ref().clone_into(&mut factor.default);
            }
            if !factor.levels.contains(&factor.default) {
                let span = form.default.as_ref().map_or(name.span(), Text::span);
                let what = format!("the default {:?} is not among the levels", factor.default);
                return Err(main.at(span, what, "give `default`"));
            }
            if factors.insert(name.get_ref().clone(), factor).is_some() {
                let what = format!("factor {:?} is there twice", name.get_ref());
                return Err(main.at(name.span(), what, "declare it, or take the common one"));
            }
        }
        for name in taken.keys() {
            for other in factors[name.get_ref()].only_when.keys() {
                if !factors.contains_key(other) {
                    let what = format!("{:?} applies only with {other:?}", name.get_ref());
                    return Err(main.at(name.span(), what, format!("take {other:?} too")));
                }
            }
        }
        Ok(())
    }

    /// What the pack keeps apart, of the factors that a scenario takes.
    pub(super) fn apart(
        &self,
        factors: &BTreeMap<String, Factor>,
    ) -> Result<Vec<Apart>, SourceError> {
        let mut apart = Vec::new();
        for form in &self.form.apart {
            for (name, levels) in &form.levels {
                let Some(factor) = self.form.factors.get(name.get_ref()) else {
                    let known = self.names();
                    return Err(self
                        .source
                        .unknown(name.span(), "factor", name.get_ref(), known));
                };
                for level in levels {
                    if !factor
                        .levels
                        .keys()
                        .any(|known| known.get_ref() == level.get_ref())
                    {
                        let known = factor.levels.keys().map(|known| known.get_ref().as_str());
                        return Err(self.source.unknown(
                            level.span(),
                            "level",
                            level.get_ref(),
                            known,
                        ));
                    }
                }
            }
            let is_taken = |name: &Text| factors.contains_key(name.get_ref());
            if form.levels.keys().all(is_taken) {
                apart.push(Apart::new(form));
            }
        }
        Ok(apart)
    }

    /// The pack's sentences of the factors that a scenario takes.
    pub(super) fn sentences(
        &self,
        form: &Form,
        factors: &BTreeMap<String, Factor>,
    ) -> Result<(Sentences, u32), SourceError> {
        let mut written: TextsForm = self.texts.parse()?;
        let taken: Vec<&str> = form
            .common
            .keys()
            .map(|name| name.get_ref().as_str())
            .collect();
        written
            .0
            .retain(|name, _| taken.contains(&name.get_ref().as_str()));
        for (name, levels) in &mut written.0 {
            let factor = &factors[name.get_ref()];
            let declared = &self.form.factors[name.get_ref()].levels;
            // A level that this scenario leaves out is no mistake; one that nobody declared is.
            levels.retain(|level, _| {
                factor.levels.contains(level.get_ref())
                    || !declared
                        .keys()
                        .any(|known| known.get_ref() == level.get_ref())
            });
        }
        sentences(&self.texts, written, factors)
    }

    /// The pack's values, which depend on the arm.
    pub(super) fn values(&self) -> (&Source, &BTreeMap<Text, Text>) {
        (&self.source, &self.form.values)
    }

    /// A mistake at a factor of the pack.
    pub(super) fn at_factor(
        &self,
        name: &str,
        say: impl Fn(&Source, &BTreeMap<Text, toml::Value>) -> SourceError,
    ) -> SourceError {
        let none = BTreeMap::new();
        let levels = self
            .form
            .factors
            .get(name)
            .map_or(&none, |factor| &factor.levels);
        say(&self.source, levels)
    }

    /// Every factor of the pack: texts may ask for one that a scenario does not take.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.form.factors.keys().map(String::as_str)
    }
}

/// Whether a scenario takes anything of the pack.
pub(super) fn is_wanted(scenario: &str) -> bool {
    scenario
        .parse::<toml::Table>()
        .is_ok_and(|table| table.contains_key("common"))
}

/// The pack of a folder: the one beside it, or that of the binary.
pub(super) fn beside(
    folder: &Path,
    embedded: impl Fn() -> BTreeMap<String, String>,
    read: impl Fn(&Path) -> Result<BTreeMap<String, String>, ScenarioError>,
) -> Result<BTreeMap<String, String>, ScenarioError> {
    let beside = folder.parent().map(|parent| parent.join("common"));
    let files = match beside {
        Some(common) if common.join("factors.toml").is_file() => read(&common)?,
        _ => embedded(),
    };
    Ok(files)
}
