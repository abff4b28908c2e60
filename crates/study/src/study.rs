//! A study made ready: its file read, its scenarios loaded, its plan fixed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tribune_evidence::BlobId;
use tribune_judge::Measurement;
use tribune_model::Providers;

use crate::cast::{Cast, CastError, is_organism};
use crate::judging::{Judge, judge_model};
use crate::plan::{Plan, PlanError, PlannedArm};
use crate::prices::PricedBy;
use crate::replay::Nobody;
use crate::scenario::{
    self, Arm, Scenario, ScenarioError, Setup, load_embedded_with, load_files, load_folder_with,
    studies,
};
use crate::source::{SOURCE_LIMIT, Source, SourceError, nearest};
use crate::spec::{Estimate, Overrides, ScenarioNamed, StudyFile, measured_of};

/// A study made ready.
#[derive(Debug)]
pub struct Study {
    /// Its plan.
    pub plan: Arc<Plan>,
    /// The plan's hash.
    pub hash: BlobId,
    /// Its scenarios by name.
    pub scenarios: BTreeMap<String, Arc<Scenario>>,
    /// What a trial is expected to take, where the study file says.
    pub estimate: Option<Estimate>,
    /// Whether it runs on a paid model only under a limit of cost.
    pub needs_max_cost: bool,
    /// Where models that are not scripted are had from.
    pub providers: Arc<Providers>,
    /// What was measured of its judges.
    pub measured: Vec<Measurement>,
    /// Where the price of a model stands, for those that have one. No part of the plan: a price
    /// that stands elsewhere as well is the same price.
    pub priced_by: BTreeMap<String, PricedBy>,
    /// Where its scenarios stand in the study file, as `FILE:LINE`, by name; empty where the study
    /// was read back from a run.
    pub(crate) stands: BTreeMap<String, String>,
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
    /// No arm of the plan has these levels.
    #[error(
        "no arm of the study has {0:?}{1}: write some of its levels, as the labels of a report do"
    )]
    NoArm(String, String),
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
        let mut items = ITEMS_LIMIT;
        if file.scenarios().count() > MOST_SCENARIOS {
            let what = format!("the study has {} scenarios", file.scenarios().count());
            return Err(source
                .whole(what, format!("at most {MOST_SCENARIOS}"))
                .into());
        }
        for used in file.scenarios() {
            let mut own = scenario::Overrides {
                values: used
                    .values
                    .iter()
                    .map(|(name, value)| (name.get_ref().clone(), value.clone()))
                    .collect(),
                ..scenario::Overrides::default()
            };
            for (set, path) in &used.items {
                let text = read(&folder.join(path.get_ref()), &mut items).map_err(|what| {
                    let what = format!("{}: {what}", path.get_ref());
                    source.at(
                        path.span(),
                        what,
                        "a file of items, from this file's folder",
                    )
                })?;
                own.items.insert(set.get_ref().clone(), text);
            }
            let scenario = match used.path {
                None if scenario_is_embedded(used.name) => load_embedded_with(used.name, &own)
                    .map_err(|error| at_own(&source, &folder, &used, error))?,
                None => {
                    let known = crate::scenario::scenario_names();
                    return Err(source
                        .unknown(used.span, "scenario", used.name, known)
                        .into());
                }
                Some(path) => load_folder_with(&folder.join(path), &own)
                    .map_err(|error| at_own(&source, &folder, &used, error))?,
            };
            if scenario.name() != used.name {
                let what = format!("the scenario there is called {:?}", scenario.name());
                return Err(source.at(used.span, what, "use its own name").into());
            }
            scenarios.insert(used.name.to_owned(), Arc::new(scenario));
        }
        known_models(&source, &file, overrides, &scenarios)?;
        let plan = file.plan(&source, &scenarios, overrides)?;
        check_arms(&plan, &scenarios)?;
        let mut study = Self::of(plan, scenarios)?;
        study.estimate = file.estimate;
        study.stands = file
            .scenarios()
            .filter_map(|used| {
                let (line, _) = source.at(used.listed, "", "").position()?;
                Some((used.name.to_owned(), format!("{}:{line}", source.name())))
            })
            .collect();
        study.needs_max_cost = file.needs_max_cost;
        study.providers = Arc::clone(&overrides.providers);
        study.measured = measured_of(&study.plan.judges, overrides);
        let judges = study.plan.judges.iter().map(|judge| &judge.model);
        let asked: Vec<String> = study.plan.models.iter().chain(judges).cloned().collect();
        let priced = file.priced(&source, &asked, overrides)?;
        study.priced_by = priced
            .into_iter()
            .map(|(model, (_, by))| (model, by))
            .collect();
        Ok(study)
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
            estimate: None,
            needs_max_cost: false,
            providers: Arc::default(),
            measured: Vec::new(),
            priced_by: BTreeMap::new(),
            stands: BTreeMap::new(),
        })
    }

    /// The models, by place in the plan and name of the scenario.
    ///
    /// # Errors
    /// A name is of no model, or its client cannot be made.
    pub fn cast(&self) -> Result<Vec<BTreeMap<String, Cast>>, StudyError> {
        self.cast_with(|model, scenario| Cast::of(model, scenario, &self.providers))
    }

    /// Its judges, ready to be asked.
    ///
    /// # Errors
    /// The client of one cannot be made.
    pub(crate) fn judges(&self) -> Result<Vec<Judge>, StudyError> {
        let judge = |planned: &crate::judging::PlannedJudge| {
            Ok(Judge {
                name: planned.model.clone(),
                model: judge_model(&planned.model, &self.providers)?,
                price: self.plan.prices.get(&planned.model).copied(),
            })
        };
        self.plan.judges.iter().map(judge).collect()
    }

    /// The same where no provider is to be asked: in the place of each of their models stands one
    /// that answers nothing.
    ///
    /// # Errors
    /// A name is of no model.
    pub(crate) fn cast_without_providers(&self) -> Result<Vec<BTreeMap<String, Cast>>, StudyError> {
        self.cast_with(|model, scenario| match is_organism(model) {
            true => Cast::of(model, scenario, &self.providers),
            false => Ok(Cast::Client(Arc::new(Nobody(model.to_owned())))),
        })
    }

    fn cast_with(
        &self,
        one: impl Fn(&str, &Scenario) -> Result<Cast, CastError>,
    ) -> Result<Vec<BTreeMap<String, Cast>>, StudyError> {
        let of_model = |model: &String| {
            self.scenarios
                .iter()
                .map(|(name, scenario)| Ok((name.clone(), one(model, scenario)?)))
                .collect()
        };
        self.plan.models.iter().map(of_model).collect()
    }

    /// What the first trial would be given of an arm that has all of `wanted`: levels as labels
    /// name them, `factor=level;factor=level`, and `scenario=NAME`; of any where it is empty.
    ///
    /// # Errors
    /// The plan has no such arm, or its setup does not compile.
    pub fn first_setup(&self, wanted: &str) -> Result<(String, Setup), StudyError> {
        let nothing = || match wanted {
            "" => StudyError::Plan(PlanError("the plan has no trial".to_owned())),
            _ => {
                let labels: Vec<String> = self.plan.arms.iter().map(PlannedArm::label).collect();
                let known = || labels.iter().flat_map(|label| label.split(';'));
                let of_scenarios: Vec<String> = self
                    .plan
                    .scenarios
                    .iter()
                    .map(|scenario| format!("scenario={}", scenario.name))
                    .collect();
                let known = || known().chain(of_scenarios.iter().map(String::as_str));
                let hint = wanted
                    .split(';')
                    .map(str::trim)
                    .filter(|pair| !known().any(|known| known == *pair))
                    .find_map(|pair| nearest(pair, known()))
                    .map_or_else(String::new, |near| format!(" (did you mean {near:?}?)"));
                StudyError::NoArm(wanted.to_owned(), hint)
            }
        };
        let is_wanted = |arm: &PlannedArm| {
            let of_scenario = format!("scenario={}", arm.scenario);
            let label = arm.label();
            let pairs = wanted.split(';').filter(|pair| !pair.trim().is_empty());
            pairs
                .map(str::trim)
                .all(|pair| pair == of_scenario || label.split(';').any(|known| known == pair))
        };
        let trial = self
            .plan
            .trials(self.hash)
            .find(|trial| {
                let arm = self.plan.arms.get(trial.arm as usize);
                // The second of an A/A pair is the same arm once more.
                arm.is_some_and(|arm| arm.copy == 0 && is_wanted(arm))
            })
            .ok_or_else(nothing)?;
        let arm = self.plan.arms.get(trial.arm as usize).ok_or_else(nothing)?;
        let scenario = self.scenarios.get(&arm.scenario).ok_or_else(nothing)?;
        let model = self
            .plan
            .models
            .get(trial.model as usize)
            .ok_or_else(nothing)?;
        let given = self.plan.arm_of(model, arm);
        let setup = scenario.compile(&given, trial.variant, trial.wording)?;
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
            Cast::known(model, scenario, &overrides.providers)?;
        }
        let written = file.models.iter().filter(|_| overrides.models.is_empty());
        for model in written {
            match Cast::known(model.get_ref(), scenario, &overrides.providers) {
                Ok(()) => {}
                Err(CastError::Unknown { name, hint }) => {
                    let hint = hint.trim_start_matches([';', ':', ' ']);
                    let what = format!("there is no model {name:?}");
                    return Err(source.at(model.span(), what, hint).into());
                }
                Err(error @ CastError::Playbook { .. }) => {
                    let hint = "`tribune models` lists what there is";
                    return Err(source.at(model.span(), error.to_string(), hint).into());
                }
                Err(other) => return Err(other.into()),
            }
        }
    }
    Ok(())
}

/// A value or a set of items that fits nothing is the study's mistake: it is named where the study
/// gives it, and a mistake in a file of items where that file has it.
fn at_own(
    source: &Source,
    folder: &Path,
    used: &ScenarioNamed<'_>,
    error: ScenarioError,
) -> StudyError {
    let ScenarioError::Source(error) = error else {
        return error.into();
    };
    let (what, hint) = (error.what.as_str(), error.hint.as_str());
    if error.file.ends_with(scenario::Overrides::FILE) {
        let sets = used.items.iter().map(|(set, _)| *set);
        let name = used
            .values
            .keys()
            .chain(sets)
            .find(|name| what.contains(&format!("{:?}", name.get_ref())));
        if let Some(name) = name {
            return source.at(name.span(), what, hint).into();
        }
    }
    let is_of = |set: &str| error.file.ends_with(&scenario::Overrides::file_of(set));
    if let Some((_, path)) = used.items.iter().find(|(set, _)| is_of(set.get_ref())) {
        if error.span.is_none() {
            let what = format!("{}: {what}", path.get_ref());
            return source.at(path.span(), what, hint).into();
        }
        let file = folder.join(path.get_ref()).display().to_string();
        return SourceError { file, ..*error }.into();
    }
    ScenarioError::Source(error).into()
}

/// Compiles every arm. Each level is compiled in every wording and variant once, in the first arm
/// that carries it: to do so in every arm would take minutes where there are hundreds.
fn check_arms(plan: &Plan, scenarios: &BTreeMap<String, Arc<Scenario>>) -> Result<(), StudyError> {
    let mut seen: BTreeSet<(&str, String, String)> = BTreeSet::new();
    let mut given: Vec<(&str, Arm)> = Vec::new();
    for planned in plan.arms.iter().filter(|planned| planned.copy == 0) {
        let name = planned.scenario.as_str();
        given.push((name, planned.arm.clone()));
        for model in plan.substitutes.iter().map(|one| &one.model) {
            let arm = plan.arm_of(model, planned).into_owned();
            if arm != planned.arm && !given.contains(&(name, arm.clone())) {
                given.push((name, arm));
            }
        }
    }
    for (name, arm) in given {
        let Some(scenario) = scenarios.get(name) else {
            continue;
        };
        let levels: Vec<(&str, String, String)> = arm
            .levels()
            .map(|(factor, level)| (name, factor.to_owned(), level.to_owned()))
            .collect();
        if levels.is_empty() || levels.iter().any(|level| !seen.contains(level)) {
            scenario.check(&arm)?;
            seen.extend(levels);
        } else {
            scenario.compile(&arm, 0, 0)?;
        }
    }
    Ok(())
}

/// Scenarios that a study may use: each is loaded before the plan is made.
const MOST_SCENARIOS: usize = 64;

/// Bytes of items that a study may bring in all. They are copied into every run.
const ITEMS_LIMIT: u64 = 8 << 20;

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
    if path.exists() && !path.is_file() {
        let (what, hint) = match path.is_dir() {
            true if path.join("scenario.toml").is_file() => (
                "it is a folder with a scenario, and a study is a file",
                "a study names the folder as the `path` of a scenario",
            ),
            true if path.join("study.json").is_file() => (
                "it is a run, and a study is a file",
                "`tribune run --resume` goes on with a run",
            ),
            true => ("it is a folder, and a study is a file", ""),
            false => ("it is no ordinary file, as a study is", ""),
        };
        return Err(Source::new(which, "").whole(what, hint).into());
    }
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
    let size = std::fs::metadata(path).map_err(io(path))?.len();
    if size > SOURCE_LIMIT as u64 {
        return Err(Source::new(which, "")
            .whole(format!("the file has {size} bytes"), "")
            .into());
    }
    let text = std::fs::read(path)
        .and_then(crate::source::utf8)
        .map_err(io(path))?;
    let folder = path
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_owned);
    Ok((Source::new(which, text), folder))
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> StudyError {
    let path = path.to_owned();
    move |source| StudyError::Io {
        path: path.clone(),
        source,
    }
}

/// A file that a study names. A link is refused: what it leads to would go into every run.
/// `left` is how much the study may still bring.
fn read(path: &Path, left: &mut u64) -> Result<String, String> {
    if path.is_symlink() {
        return Err("it is a link: put the file itself there".to_owned());
    }
    let told = |error: std::io::Error| error.to_string();
    let metadata = std::fs::metadata(path).map_err(told)?;
    // A device or a pipe has no size that says how much it gives: it may have no end.
    if !metadata.is_file() {
        return Err("it is no ordinary file".to_owned());
    }
    let size = metadata.len();
    if size > SOURCE_LIMIT as u64 {
        return Err(format!(
            "it has {size} bytes; at most {SOURCE_LIMIT} are read"
        ));
    }
    *left = left
        .checked_sub(size)
        .ok_or_else(|| format!("all files of items together have more than {ITEMS_LIMIT} bytes"))?;
    std::fs::read(path)
        .and_then(crate::source::utf8)
        .map_err(told)
}
