//! A study made ready: its file read, its scenarios loaded, its plan fixed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tribune_evidence::BlobId;

use crate::cast::{Cast, CastError};
use crate::plan::{Plan, PlanError};
use crate::scenario::{
    Scenario, ScenarioError, Setup, load_embedded, load_files, load_folder, studies,
};
use crate::source::{SOURCE_LIMIT, Source, SourceError, nearest};
use crate::spec::{Overrides, StudyFile};

/// A study made ready.
#[derive(Debug)]
pub struct Study {
    /// Its plan.
    pub plan: Arc<Plan>,
    /// The plan's hash.
    pub hash: BlobId,
    /// Its scenarios by name.
    pub scenarios: BTreeMap<String, Arc<Scenario>>,
}

/// Why a study cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// A mistake in the study file.
    #[error(transparent)]
    Source(Box<SourceError>),
    /// A scenario cannot be loaded.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// There is no study of this name, and no such file.
    #[error("there is no study {name:?}, and no such file{hint}")]
    Unknown {
        /// As it was asked for.
        name: String,
        /// The nearest right one, or what there is.
        hint: String,
    },
    /// The file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A model cannot be made ready.
    #[error(transparent)]
    Cast(#[from] CastError),
    /// The plan contradicts itself.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl From<SourceError> for StudyError {
    fn from(error: SourceError) -> Self {
        Self::Source(Box::new(error))
    }
}

impl Study {
    /// Finds a study by name or path, loads what it uses, and fixes its plan.
    ///
    /// # Errors
    /// Something in it is wrong; the error names the place.
    pub fn load(which: &str, overrides: &Overrides) -> Result<Self, StudyError> {
        let (source, folder) = find(which)?;
        let file = StudyFile::parse(&source)?;
        let mut scenarios = BTreeMap::new();
        for used in file.scenarios() {
            let scenario = match used.path {
                None if scenario_is_embedded(used.name) => load_embedded(used.name)?,
                None => {
                    let known = crate::scenario::scenario_names();
                    return Err(source
                        .unknown(used.span, "scenario", used.name, known)
                        .into());
                }
                Some(path) => load_folder(&folder.join(path))?,
            };
            if scenario.name() != used.name {
                let what = format!("the scenario there is called {:?}", scenario.name());
                return Err(source.at(used.span, what, "use its own name").into());
            }
            scenarios.insert(used.name.to_owned(), Arc::new(scenario));
        }
        known_models(&source, &file, overrides, &scenarios)?;
        let plan = file.plan(&source, &scenarios, overrides)?;
        for arm in &plan.arms {
            if let Some(scenario) = scenarios.get(&arm.scenario) {
                scenario.check(&arm.arm)?;
            }
        }
        Self::of(plan, scenarios)
    }

    /// A study from a run's own plan and scenario files.
    ///
    /// # Errors
    /// A scenario is not the one that the plan was fixed on.
    pub fn restore(
        plan: Plan,
        files: &BTreeMap<String, BTreeMap<String, String>>,
    ) -> Result<Self, StudyError> {
        let mut scenarios = BTreeMap::new();
        for (name, files) in files {
            scenarios.insert(name.clone(), Arc::new(load_files(name, files.clone())?));
        }
        for pinned in &plan.scenarios {
            if scenarios
                .get(&pinned.name)
                .is_none_or(|scenario| scenario.hash() != pinned.hash)
            {
                let what = format!(
                    "scenario {:?} is not the one that the plan was fixed on",
                    pinned.name
                );
                return Err(PlanError(what).into());
            }
        }
        Self::of(plan, scenarios)
    }

    fn of(plan: Plan, scenarios: BTreeMap<String, Arc<Scenario>>) -> Result<Self, StudyError> {
        let hash = plan.hash()?;
        Ok(Self {
            plan: Arc::new(plan),
            hash,
            scenarios,
        })
    }

    /// The models, by place in the plan and name of the scenario.
    ///
    /// # Errors
    /// A name is of no model, or its client cannot be made.
    pub fn cast(&self) -> Result<Vec<BTreeMap<String, Cast>>, StudyError> {
        self.plan
            .models
            .iter()
            .map(|model| {
                self.scenarios
                    .iter()
                    .map(|(name, scenario)| Ok((name.clone(), Cast::of(model, scenario)?)))
                    .collect()
            })
            .collect()
    }

    /// What the first trial of the plan would be given.
    ///
    /// # Errors
    /// The plan has no trial, or its setup does not compile.
    pub fn first_setup(&self) -> Result<(String, Setup), StudyError> {
        let nothing = || PlanError("the plan has no trial".to_owned());
        let trial = self.plan.trials(self.hash).next().ok_or_else(nothing)?;
        let arm = self.plan.arms.get(trial.arm as usize).ok_or_else(nothing)?;
        let scenario = self.scenarios.get(&arm.scenario).ok_or_else(nothing)?;
        let setup = scenario.compile(&arm.arm, trial.variant, trial.wording)?;
        let model = self
            .plan
            .models
            .get(trial.model as usize)
            .ok_or_else(nothing)?;
        let title = format!(
            "trial {} of {}: {model} in {} ({}), variant {}, wording {}",
            self.plan.identity(&trial)?.short(),
            self.plan.total(),
            arm.scenario,
            arm.label(),
            trial.variant,
            trial.wording
        );
        Ok((title, setup))
    }
}

/// Holds the names of models against what there is, so that a mistake shows with its place and
/// before anything is begun.
fn known_models(
    source: &Source,
    file: &StudyFile,
    overrides: &Overrides,
    scenarios: &BTreeMap<String, Arc<Scenario>>,
) -> Result<(), StudyError> {
    for scenario in scenarios.values() {
        for model in &overrides.models {
            Cast::known(model, scenario)?;
        }
        let written = file.models.iter().filter(|_| overrides.models.is_empty());
        for model in written {
            match Cast::known(model.get_ref(), scenario) {
                Ok(()) => {}
                Err(CastError::Unknown { name, hint }) => {
                    let hint = hint.trim_start_matches([';', ':', ' ']);
                    let what = format!("there is no model {name:?}");
                    return Err(source.at(model.span(), what, hint).into());
                }
                Err(other) => return Err(other.into()),
            }
        }
    }
    Ok(())
}

fn scenario_is_embedded(name: &str) -> bool {
    crate::scenario::scenario_names().any(|known| known == name)
}

/// The study file: a path, or one that is part of the binary.
fn find(which: &str) -> Result<(Source, PathBuf), StudyError> {
    if let Some((name, text)) = studies().find(|(name, _)| *name == which) {
        return Ok((
            Source::new(format!("studies/{name}.toml"), text),
            PathBuf::from("."),
        ));
    }
    let path = Path::new(which);
    if !path.is_file() {
        let names: Vec<&str> = studies().map(|(name, _)| name).collect();
        let hint = match nearest(which, names.iter().copied()) {
            Some(near) => format!("; did you mean {near:?}?"),
            None => format!("; studies here: {}", names.join(", ")),
        };
        return Err(StudyError::Unknown {
            name: which.to_owned(),
            hint,
        });
    }
    let io = |source| StudyError::Io {
        path: path.to_owned(),
        source,
    };
    let size = std::fs::metadata(path).map_err(io)?.len();
    if size > SOURCE_LIMIT as u64 {
        return Err(Source::new(which, "")
            .whole(format!("the file has {size} bytes"), "")
            .into());
    }
    let text = std::fs::read_to_string(path).map_err(io)?;
    let folder = path
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_owned);
    Ok((Source::new(which, text), folder))
}
