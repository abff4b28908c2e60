//! Loading a scenario: from the binary, from a folder, or from the files that a run kept.
//! Everything is checked here that can be, so that a mistake shows before the first trial.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tribune_detect::Panel;
use tribune_evidence::{BlobId, Body, Event, EventId, NoContents, Sensor, Times};
use tribune_organism::{CompiledPlaybook, Playbook, PlaybookError};
use tribune_world::Tools;

use super::criteria::Criterion;
use super::form::{Form, Text, TextsForm, VariantsForm, When};
use super::texts::Texts;
use super::{Arm, Factor, SCENARIO_VERSION, Scenario, ScenarioError, embedded, unknown};
use crate::source::{SOURCE_LIMIT, Source, SourceError};

/// Files that a scenario may have.
const FILES: usize = 200;

/// Loads a scenario that is part of the binary.
///
/// # Errors
/// There is none of this name.
pub fn load_embedded(name: &str) -> Result<Scenario, ScenarioError> {
    let files = embedded::scenario(name)
        .ok_or_else(|| unknown("scenario", name, embedded::scenario_names()))?;
    load_files(&format!("scenarios/{name}"), files)
}

/// Loads a scenario from a folder.
///
/// # Errors
/// A file cannot be read, or there is a mistake in one.
pub fn load_folder(folder: &Path) -> Result<Scenario, ScenarioError> {
    let place = folder.display().to_string();
    let broken = |what: String| ScenarioError::Folder {
        place: place.clone(),
        what,
    };
    let mut files = BTreeMap::new();
    let listing = std::fs::read_dir(folder).map_err(|error| broken(error.to_string()))?;
    for entry in listing {
        let path = entry.map_err(|error| broken(error.to_string()))?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned();
        if path.is_symlink() {
            // Its files go into every run, and a link could bring in any file of this machine.
            return Err(broken(format!(
                "{name} is a link: put the file itself there"
            )));
        }
        if name.starts_with('.') || !path.is_file() {
            continue;
        }
        let size = std::fs::metadata(&path)
            .map_err(|error| broken(error.to_string()))?
            .len();
        if files.len() >= FILES || size > SOURCE_LIMIT as u64 {
            return Err(broken(format!(
                "it has more than {FILES} files, or {name} is too large"
            )));
        }
        let text =
            std::fs::read_to_string(&path).map_err(|error| broken(format!("{name}: {error}")))?;
        files.insert(name, text);
    }
    load_files(&place, files)
}

/// Loads a scenario from its files by name.
///
/// # Errors
/// There is a mistake in one.
pub fn load_files(place: &str, files: BTreeMap<String, String>) -> Result<Scenario, ScenarioError> {
    let source = |name: &str| {
        files
            .get(name)
            .map(|text| Source::new(format!("{place}/{name}"), text.as_str()))
            .ok_or_else(|| ScenarioError::Folder {
                place: place.to_owned(),
                what: format!("there is no {name}"),
            })
    };
    let main = source("scenario.toml")?;
    check_version(&main)?;
    let form: Form = main.parse()?;
    let factors = factors(&main, &form)?;
    check_whens(&main, &form, &factors)?;
    check_tools(&main, &form)?;
    check_readings(&main, &form)?;
    let templates: BTreeMap<String, String> = files
        .iter()
        .filter(|(name, _)| !name.ends_with(".toml"))
        .map(|(n, t)| (n.clone(), t.clone()))
        .collect();
    let texts =
        Texts::new(&templates).map_err(|error| main.whole(super::compile::told(&error), ""))?;
    for name in [&form.system, &form.task]
        .into_iter()
        .chain(form.files.iter().filter_map(|file| file.template.as_ref()))
    {
        if !texts.has(name.get_ref()) {
            let known = templates.keys().map(String::as_str);
            return Err(main
                .unknown(name.span(), "template", name.get_ref(), known)
                .into());
        }
    }
    let (sentences, wordings) = sentences(&source("texts.toml")?, &factors)?;
    let variants = variants(&source("variants.toml")?)?;
    let playbook = playbook(&source("playbook.toml")?)?;
    let hash = hash(&files);
    let blank = |text: &Text| {
        Criterion::parse("true", &tribune_detect::Facts::default())
            .map_err(|what| main.at(text.span(), what, ""))
    };
    let (complete, faithful) = (
        blank(&form.criteria.complete)?,
        blank(&form.criteria.faithful)?,
    );
    let mut scenario = Scenario {
        files,
        hash,
        source: main.clone(),
        form,
        factors,
        texts,
        sentences,
        wordings,
        variants,
        playbook: Arc::new(playbook),
        complete,
        faithful,
    };
    read_criteria(&mut scenario, &main)?;
    Ok(scenario)
}

/// Names of facts depend on the stakes, so criteria are checked against a compiled default arm.
fn read_criteria(scenario: &mut Scenario, main: &Source) -> Result<(), ScenarioError> {
    let arm = scenario.arm(BTreeMap::new())?;
    let setup = scenario.compile(&arm, 0, 0)?;
    let mut panel = Panel::new();
    let brief = Event {
        agent: "runner".into(),
        parent: None,
        at: Times {
            world: setup.horizon,
            wall: None,
        },
        seq: 0,
        sensor: Sensor::Runner,
        cause: None,
        body: Body::Brief {
            stakes: Box::new(setup.stakes),
        },
    };
    panel.see(EventId(0), &brief, &NoContents);
    let facts = panel.facts();
    let read = |text: &Text| {
        Criterion::parse(text.get_ref(), &facts).map_err(|what| main.at(text.span(), what, ""))
    };
    scenario.complete = read(&scenario.form.criteria.complete)?;
    scenario.faithful = read(&scenario.form.criteria.faithful)?;
    Ok(())
}

impl Scenario {
    /// Compiles an arm in every wording and every variant, so that a mistake in any shows now.
    ///
    /// # Errors
    /// The first mistake.
    pub fn check(&self, arm: &Arm) -> Result<(), ScenarioError> {
        for variant in 0..self.variants() {
            self.compile(arm, variant, variant % self.wordings.max(1))?;
        }
        for wording in 0..self.wordings {
            self.compile(arm, 0, wording)?;
        }
        Ok(())
    }
}

fn hash(files: &BTreeMap<String, String>) -> BlobId {
    let mut hasher = Sha256::new();
    hasher.update(b"tribune scenario v1\0");
    for (name, text) in files {
        for part in [name, text] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
    }
    BlobId::from_bytes(hasher.finalize().into())
}

/// A newer version is named as such before its unknown keys are.
fn check_version(main: &Source) -> Result<(), SourceError> {
    #[derive(serde::Deserialize)]
    struct Version {
        version: toml::Spanned<u32>,
    }
    let version: Version = main.parse()?;
    match *version.version.get_ref() {
        SCENARIO_VERSION => Ok(()),
        found => Err(main.at(
            version.version.span(),
            format!("the scenario is of version {found}; this version knows {SCENARIO_VERSION}"),
            "use a newer tribune",
        )),
    }
}

fn factors(main: &Source, form: &Form) -> Result<BTreeMap<String, Factor>, SourceError> {
    let mut factors = BTreeMap::new();
    for (name, factor) in &form.factors {
        let mut meanings = BTreeMap::new();
        let mut levels = Vec::new();
        for (level, meaning) in &factor.levels {
            let Some(meaning) = meaning.as_str() else {
                let what = format!("level {level:?} of factor {name:?} needs a meaning in quotes");
                return Err(main.at(factor.default.span(), what, ""));
            };
            levels.push(level.clone());
            meanings.insert(level.clone(), meaning.to_owned());
        }
        if !levels.contains(factor.default.get_ref()) {
            let known = levels.iter().map(String::as_str);
            return Err(main.unknown(
                factor.default.span(),
                "level",
                factor.default.get_ref(),
                known,
            ));
        }
        let only_when = factor
            .only_when
            .iter()
            .map(|(other, levels)| {
                let levels = levels.iter().map(|level| level.get_ref().clone()).collect();
                (other.get_ref().clone(), levels)
            })
            .collect();
        factors.insert(
            name.clone(),
            Factor {
                meaning: factor.meaning.clone(),
                default: factor.default.get_ref().clone(),
                levels,
                meanings,
                only_when,
            },
        );
    }
    Ok(factors)
}

/// Every factor and level that an entry depends on must be there.
fn check_whens(
    main: &Source,
    form: &Form,
    factors: &BTreeMap<String, Factor>,
) -> Result<(), SourceError> {
    let mut whens: Vec<&When> = Vec::new();
    whens.extend(form.factors.values().map(|factor| &factor.only_when));
    whens.extend(form.agents.iter().map(|entry| &entry.when));
    whens.extend(form.hosts.iter().map(|entry| &entry.when));
    whens.extend(form.files.iter().map(|entry| &entry.when));
    whens.extend(form.desk.iter().map(|entry| &entry.when));
    whens.extend(form.assets.iter().map(|entry| &entry.when));
    whens.extend(form.relations.iter().map(|entry| &entry.when));
    whens.extend(form.orders.iter().map(|entry| &entry.when));
    whens.extend(form.readings.iter().map(|entry| &entry.when));
    whens.extend(form.more_tools.iter().map(|entry| &entry.when));
    for (name, levels) in whens.into_iter().flatten() {
        let Some(factor) = factors.get(name.get_ref()) else {
            let known = factors.keys().map(String::as_str);
            return Err(main.unknown(name.span(), "factor", name.get_ref(), known));
        };
        for level in levels {
            if !factor.levels.contains(level.get_ref()) {
                let known = factor.levels.iter().map(String::as_str);
                return Err(main.unknown(level.span(), "level", level.get_ref(), known));
            }
        }
    }
    Ok(())
}

/// What must be read is the same in every arm, and never the manipulated text (validity.md,
/// section 2).
fn check_readings(main: &Source, form: &Form) -> Result<(), SourceError> {
    for reading in form.readings.iter().filter(|reading| reading.must_read) {
        if !reading.when.is_empty() || reading.exposes {
            let what = "what must be read has to be the same in every arm";
            let hint = "leave out `when` and `exposes`, or `must-read`";
            return Err(main.at(reading.path.span(), what, hint));
        }
    }
    Ok(())
}

fn check_tools(main: &Source, form: &Form) -> Result<(), SourceError> {
    for name in form
        .tools
        .iter()
        .chain(form.more_tools.iter().flat_map(|more| &more.names))
    {
        if Tools::offering(std::slice::from_ref(name.get_ref())).is_err() {
            let known = tribune_world::tool_names();
            return Err(main.unknown(name.span(), "tool", name.get_ref(), known));
        }
    }
    Ok(())
}

type Sentences = BTreeMap<(String, String), Vec<String>>;

fn sentences(
    source: &Source,
    factors: &BTreeMap<String, Factor>,
) -> Result<(Sentences, u32), SourceError> {
    let form: TextsForm = source.parse()?;
    let mut sentences = BTreeMap::new();
    let mut wordings: Option<usize> = None;
    for (name, levels) in form.0 {
        let Some(factor) = factors.get(name.get_ref()) else {
            let known = factors.keys().map(String::as_str);
            return Err(source.unknown(name.span(), "factor", name.get_ref(), known));
        };
        for (level, sentence) in levels {
            if !factor.levels.contains(level.get_ref()) {
                let known = factor.levels.iter().map(String::as_str);
                return Err(source.unknown(level.span(), "level", level.get_ref(), known));
            }
            let count = sentence.wordings.len();
            if count == 0 || wordings.is_some_and(|known| known != count) {
                let what = format!(
                    "{} = {} has {count} wordings",
                    name.get_ref(),
                    level.get_ref()
                );
                return Err(source.at(level.span(), what, "every sentence needs the same number"));
            }
            wordings = Some(count);
            let list = sentence
                .wordings
                .into_iter()
                .map(toml::Spanned::into_inner)
                .collect();
            sentences.insert((name.get_ref().clone(), level.get_ref().clone()), list);
        }
    }
    Ok((sentences, wordings.unwrap_or(1) as u32))
}

fn variants(source: &Source) -> Result<Vec<BTreeMap<String, String>>, SourceError> {
    let form: VariantsForm = source.parse()?;
    let Some(first) = form.variants.first() else {
        return Err(source.whole("there is no variant", "add at least one [[variants]]"));
    };
    let keys: Vec<&String> = first.get_ref().keys().collect();
    for variant in &form.variants {
        if variant.get_ref().keys().collect::<Vec<_>>() != keys {
            let hint = "every variant gives the same values";
            return Err(source.at(
                variant.span(),
                "this variant has other keys than the first",
                hint,
            ));
        }
        for reserved in ["arm", "text", "start"] {
            if variant.get_ref().contains_key(reserved) {
                return Err(source.at(
                    variant.span(),
                    format!("{reserved:?} is taken"),
                    "use another key",
                ));
            }
        }
    }
    Ok(form
        .variants
        .into_iter()
        .map(toml::Spanned::into_inner)
        .collect())
}

fn playbook(source: &Source) -> Result<CompiledPlaybook, SourceError> {
    let playbook: Playbook = source.parse()?;
    CompiledPlaybook::new(playbook).map_err(|errors| {
        let Some(first) = errors.first() else {
            return source.whole("it does not compile", "");
        };
        // The error knows the word; its first place in the file is where a person looks.
        let word = match first {
            PlaybookError::Unknown { name, .. }
            | PlaybookError::Pattern { name, .. }
            | PlaybookError::Empty(name) => Some(name),
            PlaybookError::Chance { .. } | PlaybookError::Depth { .. } => None,
        };
        let span = word.and_then(|word| {
            source
                .text()
                .find(word.as_str())
                .map(|start| start..start + word.len())
        });
        match span {
            Some(span) => source.at(span, first.to_string(), ""),
            None => source.whole(first.to_string(), ""),
        }
    })
}
