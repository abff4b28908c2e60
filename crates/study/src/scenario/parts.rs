//! The parts of a scenario that are read each by itself: factors, sentences, variants, pools,
//! values and the playbook.

use std::collections::{BTreeMap, BTreeSet};

use tribune_evidence::ForkPurpose;
use tribune_organism::{CompiledPlaybook, Playbook, PoolItem};

use super::common::Common;
use super::form::{FactorForm, Form, OverridesForm, PoolFileForm, Text, TextsForm, VariantsForm};
use super::pools::Pool;
use super::{Asked, Factor, Overrides, ScenarioError, ValueText};
use crate::source::{Source, SourceError};

pub(super) fn factors(main: &Source, form: &Form) -> Result<BTreeMap<String, Factor>, SourceError> {
    let mut factors = BTreeMap::new();
    for (name, factor) in &form.factors {
        factors.insert(name.clone(), factor_of(main, name, factor)?);
    }
    Ok(factors)
}

/// A factor as it is declared.
pub(super) fn factor_of(
    main: &Source,
    name: &str,
    factor: &FactorForm,
) -> Result<Factor, SourceError> {
    let mut meanings = BTreeMap::new();
    let mut levels = Vec::new();
    let mut declared: Vec<(&Text, &toml::Value)> = factor.levels.iter().collect();
    declared.sort_by_key(|(level, _)| level.span().start);
    for (level, meaning) in declared {
        let Some(meaning) = meaning.as_str() else {
            let what = format!(
                "level {:?} of factor {name:?} needs a meaning in quotes",
                level.get_ref()
            );
            return Err(main.at(level.span(), what, ""));
        };
        levels.push(level.get_ref().clone());
        meanings.insert(level.get_ref().clone(), meaning.to_owned());
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
    Ok(Factor {
        meaning: factor.meaning.clone(),
        default: factor.default.get_ref().clone(),
        levels,
        meanings,
        only_when,
    })
}

/// Wordings by factor and level; of an empty level, where the factor does not apply.
pub(super) type Sentences = BTreeMap<(String, String), Vec<String>>;

/// What stands in place of a factor's sentence where the factor does not apply: what an arm takes
/// out leaves a text of equal length behind.
const NOT_APPLYING: &str = "does-not-apply";

/// The scenario's own sentences, and those of the common pack where it has none.
pub(super) fn all_sentences(
    form: &Form,
    factors: &BTreeMap<String, Factor>,
    common: Option<&Common>,
    source: &dyn Fn(&str) -> Result<Source, ScenarioError>,
) -> Result<(Sentences, u32), ScenarioError> {
    let taken = match common {
        Some(common) if !form.common.is_empty() => Some(common.sentences(form, factors)?),
        _ => None,
    };
    let own = match (source("texts.toml"), &taken) {
        (Ok(file), _) => {
            let written: TextsForm = file.parse()?;
            let first = written
                .0
                .keys()
                .map(|name| name.span())
                .min_by_key(|span| span.start);
            let first = first.unwrap_or(0..0);
            let (sentences, wordings) = sentences(&file, written, factors)?;
            if let Some((_, others)) = &taken
                && *others != wordings
                && !sentences.is_empty()
            {
                let what = format!("{wordings} wordings, and {others} in the common pack");
                return Err(file
                    .at(first, what, "every sentence needs the same number")
                    .into());
            }
            Some((sentences, wordings))
        }
        (Err(_), Some(_)) => None,
        (Err(error), None) => return Err(error),
    };
    let (all, wordings) = match (taken, own) {
        (Some((mut all, wordings)), Some((own, _))) => {
            all.extend(own);
            (all, wordings)
        }
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => (Sentences::new(), 1),
    };
    for (name, factor) in factors {
        check_said(name, factor, &all, form, common, source)?;
    }
    Ok((all, wordings))
}

/// Where one level of a factor says something, each must, or state that it says nothing: a sentence
/// that was forgotten would be an arm without its manipulation. The default may be left out, as in
/// `relation = none`: where a study says nothing, so may the subject's texts.
fn check_said(
    name: &str,
    factor: &Factor,
    sentences: &Sentences,
    form: &Form,
    common: Option<&Common>,
    source: &dyn Fn(&str) -> Result<Source, ScenarioError>,
) -> Result<(), ScenarioError> {
    let has = |level: &String| sentences.contains_key(&(name.to_owned(), level.clone()));
    let forgotten = factor
        .levels
        .iter()
        .find(|level| **level != factor.default && !has(level));
    let Some(level) = forgotten.filter(|_| factor.levels.iter().any(has)) else {
        return Ok(());
    };
    let what = format!("level {level:?} of factor {name:?} has no sentence, and others have one");
    let hint =
        format!("write [{name}.{level}] in texts.toml, with `wordings = []` where it says nothing");
    let declared = |file: &Source, levels: &BTreeMap<Text, toml::Value>| {
        let key = levels.keys().find(|key| key.get_ref() == level);
        match key {
            Some(key) => file.at(key.span(), what.clone(), hint.clone()),
            None => file.whole(what.clone(), hint.clone()),
        }
    };
    Err(match (form.factors.get(name), common) {
        (Some(own), _) => declared(&source("scenario.toml")?, &own.levels),
        (None, Some(common)) => common.at_factor(name, declared),
        (None, None) => source("scenario.toml")?.whole(what, hint),
    }
    .into())
}

pub(super) fn sentences(
    source: &Source,
    form: TextsForm,
    factors: &BTreeMap<String, Factor>,
) -> Result<(Sentences, u32), SourceError> {
    let mut sentences = BTreeMap::new();
    let mut wordings: Option<usize> = None;
    for (name, levels) in form.0 {
        let Some(factor) = factors.get(name.get_ref()) else {
            let known = factors.keys().map(String::as_str);
            return Err(source.unknown(name.span(), "factor", name.get_ref(), known));
        };
        for (level, sentence) in levels {
            let applies = factor.levels.contains(level.get_ref());
            let absent = level.get_ref() == NOT_APPLYING && !factor.only_when.is_empty();
            if !applies && !absent {
                let known = factor.levels.iter().map(String::as_str);
                return Err(source.unknown(level.span(), "level", level.get_ref(), known));
            }
            let count = sentence.wordings.len();
            // None at all states that the level says nothing.
            if count > 0 && wordings.is_some_and(|known| known != count) {
                let what = format!(
                    "{} = {} has {count} wordings",
                    name.get_ref(),
                    level.get_ref()
                );
                return Err(source.at(level.span(), what, "every sentence needs the same number"));
            }
            if count > 0 {
                wordings = Some(count);
            }
            let list = sentence
                .wordings
                .into_iter()
                .map(toml::Spanned::into_inner)
                .collect();
            let level = if applies {
                level.into_inner()
            } else {
                String::new()
            };
            sentences.insert((name.get_ref().clone(), level), list);
        }
    }
    Ok((sentences, wordings.unwrap_or(1) as u32))
}

pub(super) fn variants(source: &Source) -> Result<Vec<BTreeMap<String, String>>, SourceError> {
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
        for reserved in ["arm", "text", "start", "pool", "rubric"] {
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

pub(super) fn playbook(source: &Source, pools: &[Pool]) -> Result<CompiledPlaybook, SourceError> {
    let playbook: Playbook = source.parse()?;
    let mut known: BTreeMap<String, Vec<PoolItem>> = BTreeMap::new();
    for pool in pools {
        // A pool that depends on the arm is several under one name.
        let items = known.entry(pool.name.clone()).or_default();
        items.extend(pool.items().cloned());
    }
    CompiledPlaybook::with_pools(playbook, &known).map_err(|errors| {
        let Some(first) = errors.first() else {
            return source.whole("it does not compile", "");
        };
        // The error knows the word; its first place in the file is where a person looks.
        let span = first.word().and_then(|word| {
            source
                .text()
                .find(word)
                .map(|start| start..start + word.len())
        });
        match span {
            Some(span) => source.at(span, first.to_string(), ""),
            None => source.whole(first.to_string(), ""),
        }
    })
}

pub(super) fn pools(
    main: &Source,
    form: &Form,
    overrides: &OverridesForm,
    draws: u32,
    source: &dyn Fn(&str) -> Result<Source, ScenarioError>,
) -> Result<Vec<Pool>, ScenarioError> {
    let mut pools = Vec::new();
    let mut sets: BTreeSet<String> = BTreeSet::new();
    for pool in &form.pools {
        let own = source(pool.file.get_ref()).map_err(|_| {
            let what = format!("there is no file {:?} here", pool.file.get_ref());
            ScenarioError::from(main.at(pool.file.span(), what, ""))
        })?;
        // Pools of one name take turns by the arm: a study means one of them by the name that its
        // file gives itself.
        let private = match overrides.items.is_empty() {
            true => None,
            false => {
                let PoolFileForm { name, .. } = own.parse()?;
                let mut given = overrides.items.iter();
                let given = given.find(|(set, _)| *set.get_ref() == name);
                sets.insert(name);
                given
            }
        };
        let file = match private {
            Some((_, file)) => source(file)?,
            None => own,
        };
        let read = Pool::new(form.name.get_ref(), main, pool, &file)?;
        if let Some((first, other)) = read.means_differ(draws) {
            let what = format!("draws have different true means, such as {first} and {other}");
            let hint = "give every item of a stratum the same gold label";
            return Err(main.at(pool.strata_span(), what, hint).into());
        }
        pools.push(read);
    }
    for set in overrides.items.keys() {
        if !sets.contains(set.get_ref()) {
            let known = sets.iter().map(String::as_str);
            let file = source(Overrides::FILE)?;
            let error = file.unknown(set.span(), "set of items", set.get_ref(), known);
            return Err(error.into());
        }
    }
    Ok(pools)
}

/// Values that depend on the arm: the pack's, and the scenario's own in their place.
pub(super) fn values(
    main: &Source,
    form: &Form,
    common: Option<&Common>,
) -> Vec<(String, ValueText)> {
    let mut all: BTreeMap<String, ValueText> = BTreeMap::new();
    let mut add = |source: &Source, texts: &BTreeMap<Text, Text>| {
        for (name, text) in texts {
            let value = ValueText {
                source: source.clone(),
                text: text.clone(),
            };
            all.insert(name.get_ref().clone(), value);
        }
    };
    if let Some(common) = common {
        let (source, texts) = common.values();
        add(source, texts);
    }
    add(main, &form.values);
    all.into_iter().collect()
}

/// What a study overrides must be there.
pub(super) fn check_overrides(
    source: &dyn Fn(&str) -> Result<Source, ScenarioError>,
    overrides: &OverridesForm,
    variants: &[BTreeMap<String, String>],
    values: &[(String, ValueText)],
) -> Result<(), ScenarioError> {
    let known = |name: &str| {
        values.iter().any(|(value, _)| value == name)
            || variants
                .first()
                .is_some_and(|first| first.contains_key(name))
    };
    for name in overrides.values.keys() {
        if !known(name.get_ref()) {
            let words = values.iter().map(|(value, _)| value.as_str());
            let words = words.chain(
                variants
                    .iter()
                    .take(1)
                    .flat_map(|v| v.keys().map(String::as_str)),
            );
            let file = source(Overrides::FILE)?;
            return Err(file
                .unknown(name.span(), "value", name.get_ref(), words)
                .into());
        }
    }
    Ok(())
}

/// What is asked on a fork after the end, by name: the scenario's own debrief and the pack's.
pub(super) fn after(
    main: &Source,
    form: &Form,
    common: Option<&Common>,
    wordings: u32,
) -> Result<Vec<Asked>, SourceError> {
    let own = Asked {
        name: "debrief".to_owned(),
        meaning: "the scenario's own questions: what was done, and why".to_owned(),
        purpose: ForkPurpose::Debrief,
        source: main.clone(),
        questions: form.debrief.iter().map(|text| vec![text.clone()]).collect(),
    };
    let mut all = vec![own];
    if let Some((source, form)) = common.and_then(|common| common.after.as_ref()) {
        for (name, questions) in &form.0 {
            for question in &questions.questions {
                let count = question.wordings.len();
                if count == 0 || !(wordings as usize).is_multiple_of(count) {
                    let what = format!("a question of {name:?} has {count} wordings");
                    return Err(source.whole(what, format!("as many as divide {wordings}")));
                }
            }
            if name == "debrief" {
                return Err(source.whole("\"debrief\" is the scenario's own", "use another name"));
            }
            all.push(Asked {
                name: name.clone(),
                meaning: questions.meaning.clone(),
                purpose: questions.purpose,
                source: source.clone(),
                questions: questions
                    .questions
                    .iter()
                    .map(|question| question.wordings.clone())
                    .collect(),
            });
        }
    }
    Ok(all)
}
