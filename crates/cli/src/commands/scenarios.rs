//! `tribune scenarios`: what there is, what varies in each, and a check of one's own.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use tribune_study::scenario::{
    Factor, ItemSet, Scenario, load_embedded, load_folder, scenario_names,
};

use super::{columns, some};
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// List the scenarios, or check and describe one
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A scenario's name, or the folder of your own: checks it whole and shows its factors
    scenario: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    scenario: String,
    title: String,
    meaning: String,
    hash: String,
    variants: u32,
    wordings: u32,
    factors: BTreeMap<String, FactorRow>,
    sets: Vec<SetRow>,
    after: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct SetRow {
    name: String,
    meaning: String,
    items: usize,
    explained: usize,
    drawn: usize,
}

#[derive(Serialize)]
struct FactorRow {
    meaning: String,
    default: String,
    levels: BTreeMap<String, String>,
    only_when: BTreeMap<String, Vec<String>>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let scenarios: Vec<Scenario> = match &arguments.scenario {
        None => scenario_names()
            .map(load_embedded)
            .collect::<Result<_, _>>()?,
        Some(name) if Path::new(name).is_dir() => vec![load_folder(Path::new(name))?],
        Some(name) => vec![load_embedded(name)?],
    };
    if arguments.scenario.is_some() {
        for scenario in &scenarios {
            check(scenario)?;
        }
    }
    let rows: Vec<Row> = scenarios.iter().map(row).collect();
    if arguments.json {
        screen::print_json(&rows)?;
    } else if let (Some(_), [one]) = (&arguments.scenario, rows.as_slice()) {
        screen::print(&tribune_console::inert(&describe(one)))?;
    } else {
        let lines: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| vec![row.scenario, row.meaning])
            .collect();
        screen::print(&columns(&lines))?;
    }
    Ok(Exit::Fine)
}

/// Compiles every level of every factor on its own, in every variant and wording.
fn check(scenario: &Scenario) -> Result<(), Failure> {
    for (name, factor) in scenario.factors() {
        for level in &factor.levels {
            let arm = scenario.arm(BTreeMap::from([(name.clone(), level.clone())]))?;
            scenario.check(&arm)?;
        }
    }
    Ok(())
}

fn row(scenario: &Scenario) -> Row {
    let factor = |factor: &Factor| FactorRow {
        meaning: factor.meaning.clone(),
        default: factor.default.clone(),
        levels: factor.meanings.clone(),
        only_when: factor.only_when.clone(),
    };
    Row {
        scenario: scenario.name().to_owned(),
        title: scenario.title().to_owned(),
        meaning: scenario.meaning().to_owned(),
        hash: scenario.hash().to_string(),
        variants: scenario.variants(),
        wordings: scenario.wordings(),
        factors: scenario
            .factors()
            .iter()
            .map(|(name, it)| (name.clone(), factor(it)))
            .collect(),
        sets: scenario.sets().map(set).collect(),
        after: scenario
            .asked()
            .map(|(name, meaning)| (name.to_owned(), meaning.to_owned()))
            .collect(),
    }
}

fn set(set: &ItemSet) -> SetRow {
    SetRow {
        name: set.name.clone(),
        meaning: set.meaning.clone(),
        items: set.items,
        explained: set.explained,
        drawn: set.drawn,
    }
}

fn describe(row: &Row) -> String {
    let mut text = format!(
        "{}: {}\n{}\n\n{}, {} of each sentence, hash {}\n",
        row.scenario,
        row.title,
        row.meaning,
        some(u64::from(row.variants), "variant", "variants"),
        some(u64::from(row.wordings), "wording", "wordings"),
        row.hash.get(..12).unwrap_or(&row.hash)
    );
    for (name, factor) in &row.factors {
        text.push_str(&format!("\n{name}: {}\n", factor.meaning));
        let lines: Vec<Vec<String>> = factor
            .levels
            .iter()
            .map(|(level, meaning)| {
                let mark = if *level == factor.default { "*" } else { " " };
                vec![format!("  {mark} {level}"), meaning.clone()]
            })
            .collect();
        text.push_str(&columns(&lines));
        for (other, levels) in &factor.only_when {
            text.push_str(&format!(
                "    only where {other} is one of {}\n",
                levels.join(", ")
            ));
        }
    }
    text.push_str("\n* where a study does not say\n");
    for set in &row.sets {
        text.push_str(&format!(
            "\nItems {}: {}\n  {} drawn of {}, of which {} say why their label is what it is\n",
            set.name, set.meaning, set.drawn, set.items, set.explained
        ));
    }
    text.push_str("\nAsked on a copy of the world after the end\n");
    let lines = row.after.iter();
    let lines: Vec<Vec<String>> = lines
        .map(|(name, meaning)| vec![format!("    {name}"), meaning.clone()])
        .collect();
    text.push_str(&columns(&lines));
    text
}
