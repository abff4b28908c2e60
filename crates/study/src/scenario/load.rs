//! Loading a scenario: from the binary, from a folder, or from the files that a run kept.
//! Everything is checked here that can be, so that a mistake shows before the first trial.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tribune_detect::Panel;
use tribune_evidence::{BlobId, Body, Event, EventId, NoContents, Sensor, Times};

use super::apart::Apart;
use super::check::{check_readings, check_tools, check_whens};
use super::common::{self, Common};
use super::criteria::Criterion;
use super::form::{Form, OverridesForm, Text};
use super::parts::{
    after, all_sentences, check_overrides, factors, playbook, pools, values, variants,
};
use super::texts::Texts;
use super::{
    Arm, Overrides, SCENARIO_VERSION, Scenario, ScenarioError, ValueText, embedded, unknown,
};
use crate::source::{SOURCE_LIMIT, Source, SourceError};

/// Files that a scenario's folder may have, and entries that are looked at in it.
const FILES: usize = 200;

/// Bytes that all files of a folder may have together. They are copied into every run.
const BYTES: u64 = 8 << 20;

/// Loads a scenario that is part of the binary.
///
/// # Errors
/// There is none of this name.
pub fn load_embedded(name: &str) -> Result<Scenario, ScenarioError> {
    load_embedded_with(name, &Overrides::default())
}

/// Loads a scenario that is part of the binary, with a study's own values and items in place of
/// its own.
///
/// # Errors
/// There is none of this name, or an override fits nothing.
pub fn load_embedded_with(name: &str, overrides: &Overrides) -> Result<Scenario, ScenarioError> {
    let mut files = embedded::scenario(name)
        .ok_or_else(|| unknown("scenario", name, embedded::scenario_names()))?;
    if files
        .get("scenario.toml")
        .is_some_and(|text| common::is_wanted(text))
    {
        add_common(&mut files, embedded::common());
    }
    overrides.add_to(&mut files);
    load_files(&format!("scenarios/{name}"), files)
}

/// Adds the common pack; of its pools, those that the scenario draws from.
fn add_common(files: &mut BTreeMap<String, String>, common: BTreeMap<String, String>) {
    let main = files.get("scenario.toml").cloned().unwrap_or_default();
    let named = |(name, text)| (format!("{}{name}", common::PREFIX), text);
    let wanted = |(name, _): &(String, String)| {
        !name.starts_with("common/pool-") || main.contains(&format!("\"{name}\""))
    };
    files.extend(common.into_iter().map(named).filter(wanted));
}

/// Loads a scenario from a folder. Its common pack is the folder `common` beside it, or that of the
/// binary.
///
/// # Errors
/// A file cannot be read, or there is a mistake in one.
pub fn load_folder(folder: &Path) -> Result<Scenario, ScenarioError> {
    load_folder_with(folder, &Overrides::default())
}

/// Loads a scenario from a folder, with a study's own values and items in place of its own.
///
/// # Errors
/// A file cannot be read, or there is a mistake in one, or an override fits nothing.
pub fn load_folder_with(folder: &Path, overrides: &Overrides) -> Result<Scenario, ScenarioError> {
    let mut files = read_folder(folder)?;
    if files
        .get("scenario.toml")
        .is_some_and(|text| common::is_wanted(text))
    {
        let pack = common::beside(folder, embedded::common, read_folder)?;
        add_common(&mut files, pack);
    }
    overrides.add_to(&mut files);
    load_files(&folder.display().to_string(), files)
}

fn read_folder(folder: &Path) -> Result<BTreeMap<String, String>, ScenarioError> {
    let place = folder.display().to_string();
    let broken = |what: String| ScenarioError::Folder {
        place: place.clone(),
        what,
    };
    let mut found = Vec::new();
    let mut bytes = 0;
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
        if size > SOURCE_LIMIT as u64 {
            let what = format!("{name} has {size} bytes; at most {SOURCE_LIMIT} are read");
            return Err(broken(what));
        }
        bytes += size;
        found.push((name, path));
        if found.len() > FILES {
            return Err(broken(format!("it has more than {FILES} files")));
        }
    }
    // Nothing is read before it is known how much there is.
    if bytes > BYTES {
        let what = format!(
            "its {} files have {bytes} bytes; at most {BYTES} are read",
            found.len()
        );
        return Err(broken(what));
    }
    found
        .into_iter()
        .map(|(name, path)| {
            let text = read_text(&path).map_err(|error| broken(format!("{name}: {error}")))?;
            Ok((name, text))
        })
        .collect()
}

/// The text of a file, as long as it was when it was looked at or refused.
fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = Vec::new();
    let file = std::fs::File::open(path)?.take(SOURCE_LIMIT as u64 + 1);
    if BufReader::new(file).read_to_end(&mut text)? > SOURCE_LIMIT {
        return Err(std::io::Error::other(format!(
            "more than {SOURCE_LIMIT} bytes"
        )));
    }
    crate::source::utf8(text)
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
    let mut factors = factors(&main, &form)?;
    let common = Common::read(place, &files)?;
    match &common {
        Some(common) => common.add_factors(&main, &form.common, &mut factors)?,
        None if form.common.is_empty() => {}
        None => {
            return Err(ScenarioError::Folder {
                place: place.to_owned(),
                what: "it takes common factors, and the common pack is not there".to_owned(),
            });
        }
    }
    check_whens(&main, &form, &factors)?;
    let mut apart: Vec<Apart> = form.apart.iter().map(Apart::new).collect();
    if let Some(common) = &common {
        apart.extend(common.apart(&factors)?);
    }
    check_tools(&main, &form)?;
    check_readings(&main, &form)?;
    let templates: BTreeMap<String, String> = files
        .iter()
        .filter(|(name, _)| !name.ends_with(".toml"))
        .map(|(n, t)| (n.clone(), t.clone()))
        .collect();
    let mut texts =
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
    let (sentences, wordings) = all_sentences(&form, &factors, common.as_ref(), &source)?;
    let overrides: OverridesForm = match files.get(Overrides::FILE) {
        Some(_) => source(Overrides::FILE)?.parse()?,
        None => OverridesForm::default(),
    };
    let mut variants = variants(&source("variants.toml")?)?;
    let written: BTreeMap<String, String> = overrides
        .values
        .iter()
        .map(|(name, value)| (name.get_ref().clone(), value.clone()))
        .collect();
    for variant in &mut variants {
        for (name, value) in &written {
            if let Some(known) = variant.get_mut(name) {
                known.clone_from(value);
            }
        }
    }
    let draws = match &form.draws {
        None => variants.len() as u32,
        Some(draws) if (1..=10_000).contains(draws.get_ref()) => *draws.get_ref(),
        Some(draws) => {
            let what = format!("{} draws", draws.get_ref());
            return Err(main.at(draws.span(), what, "from 1 to 10000").into());
        }
    };
    let pools = pools(&main, &form, &overrides, draws, &source)?;
    let playbook = playbook(&source("playbook.toml")?, &pools)?;
    let mut values = values(&main, &form, common.as_ref());
    // A value that takes the place of the variant's own is filled in from that first.
    values.sort_by_key(|(name, _)| !variants.iter().any(|variant| variant.contains_key(name)));
    let values = in_order(values, &texts);
    check_overrides(&source, &overrides, &variants, &values)?;
    for (name, text) in files.iter().filter(|(name, _)| name.ends_with(".toml")) {
        // Labels of items and scripts of organisms are no templates.
        if !name.contains("pool-") && name != "playbook.toml" {
            prepare(&mut texts, &text.parse().unwrap_or_default());
        }
    }
    let after = after(&main, &form, common.as_ref(), wordings)?;
    let silent = match &common {
        Some(common) => common.names().map(ToOwned::to_owned).collect(),
        None => Vec::new(),
    };
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
        apart,
        texts,
        sentences,
        wordings,
        variants,
        draws,
        pools,
        values,
        overrides: written,
        after,
        silent,
        playbook: Arc::new(playbook),
        complete,
        faithful,
    };
    read_criteria(&mut scenario, &main)?;
    Ok(scenario)
}

/// Values in an order in which each names only those before it, as far as there is one: filling in
/// a value too early fails, and has to be done again.
fn in_order(values: Vec<(String, ValueText)>, texts: &Texts) -> Vec<(String, ValueText)> {
    let mut asked: Vec<HashSet<String>> = values
        .iter()
        .map(|(_, value)| texts.asks_for(value.text.get_ref()))
        .collect();
    let names: HashSet<String> = values.iter().map(|(name, _)| name.clone()).collect();
    for ((own, _), asked) in values.iter().zip(&mut asked) {
        asked.retain(|name| name != own && names.contains(name));
    }
    let mut open: Vec<_> = values.into_iter().zip(asked).collect();
    let mut ordered = Vec::with_capacity(open.len());
    while !open.is_empty() {
        let waiting: HashSet<String> = open.iter().map(|((name, _), _)| name.clone()).collect();
        let (ready, rest): (Vec<_>, Vec<_>) = open
            .into_iter()
            .partition(|(_, asked)| asked.is_disjoint(&waiting));
        // Values in a circle are left as they are: filling them in says what is wrong.
        let stuck = ready.is_empty();
        ordered.extend(ready.into_iter().map(|(value, _)| value));
        open = rest;
        if stuck {
            ordered.extend(open.drain(..).map(|(value, _)| value));
        }
    }
    ordered
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

/// Parses every text of a file that may be a template.
fn prepare(texts: &mut Texts, table: &toml::Table) {
    fn each(texts: &mut Texts, value: &toml::Value) {
        match value {
            toml::Value::String(text) => texts.prepare(text),
            toml::Value::Array(items) => items.iter().for_each(|item| each(texts, item)),
            toml::Value::Table(table) => table.values().for_each(|item| each(texts, item)),
            _ => {}
        }
    }
    table.values().for_each(|value| each(texts, value));
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
