//! `tribune models`: who can be put to the test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tribune_model::{Providers, preset};
use tribune_study::scenario::{load_embedded, scenario_names};
use tribune_study::{PriceRow, PriceTable};

use super::plan::price_words;
use super::{columns, some};
use crate::config::Config;
use crate::error::Failure;
use crate::exit::Exit;
use crate::prices::read_table;
use crate::screen;

/// List the models that can be tested: scripted subjects, and how providers' models are named
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    config: Config,
    /// A table of prices, before the one that comes with the program
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    model: String,
    simulated: bool,
    /// The scenarios whose playbook has it; empty for providers' models, which act in all.
    scenarios: Vec<&'static str>,
    benign_twin: Option<String>,
    meaning: String,
    /// What it does in each scenario, in that scenario's words; empty for providers' models.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    meanings: BTreeMap<&'static str, String>,
    /// What is known of its price; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<PriceRow>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut rows: Vec<Row> = Vec::new();
    for name in scenario_names() {
        let playbook = load_embedded(name)?.playbook();
        for (disposition, script) in playbook.dispositions() {
            let model = format!("organism/{disposition}");
            match rows.iter_mut().find(|row| row.model == model) {
                Some(row) => {
                    row.scenarios.push(name);
                    row.meanings.insert(name, script.meaning.clone());
                }
                None => rows.push(Row {
                    model,
                    simulated: true,
                    scenarios: vec![name],
                    benign_twin: script.benign_twin.clone(),
                    meaning: script.meaning.clone(),
                    meanings: BTreeMap::from([(name, script.meaning.clone())]),
                    price: None,
                }),
            }
        }
    }
    let providers = arguments.config.providers()?;
    rows.extend(providers.names().map(|name| Row {
        model: format!("{name}/NAME"),
        simulated: false,
        scenarios: Vec::new(),
        benign_twin: None,
        meaning: meaning(&providers, name),
        meanings: BTreeMap::new(),
        price: None,
    }));
    let priced = prices(arguments.prices.as_deref())?;
    if arguments.json {
        rows.extend(priced.into_iter().map(|(model, price)| Row {
            model,
            simulated: false,
            scenarios: Vec::new(),
            benign_twin: None,
            meaning: "A model of known price.".to_owned(),
            meanings: BTreeMap::new(),
            price: Some(price),
        }));
        screen::print_json(&rows)?;
    } else {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                let kind = if row.simulated { "scripted" } else { "real" };
                vec![row.model.clone(), kind.to_owned(), told(row)]
            })
            .collect();
        screen::print(&columns(&rows))?;
        let rows: Vec<Vec<String>> = priced
            .iter()
            .map(|(model, row)| {
                let batch = row.batch.map_or(String::new(), |batch| {
                    format!(" (in batches {} and {})", batch.input, batch.output)
                });
                let words = price_words(&row.price);
                vec![model.clone(), format!("{words}{batch}"), row.by.to_string()]
            })
            .collect();
        screen::print(&format!(
            "\nKnown prices, in dollars for a million tokens; others are unknown\n{}",
            columns(&rows)
        ))?;
        screen::say("A scripted subject with @0.3 after its name acts with 0.3 of its chances.");
    }
    Ok(Exit::Fine)
}

/// What a row means: a scripted subject does in each scenario what there is to do, so that the words
/// of one are named as such.
fn told(row: &Row) -> String {
    let others = row.scenarios.len().saturating_sub(1) as u64;
    let differ = row.meanings.values().any(|meaning| *meaning != row.meaning);
    match row.scenarios.first() {
        Some(first) if differ => format!(
            "in {first}: {} (its like in {}: --json has the words of each)",
            row.meaning.trim_end_matches('.'),
            some(others, "other scenario", "other scenarios")
        ),
        Some(first) if others == 0 => format!("in {first} alone: {}", row.meaning),
        _ => row.meaning.clone(),
    }
}

/// Whose models they are, and where the key and the base URL come from.
fn meaning(providers: &Providers, name: &str) -> String {
    let title = preset(name).map_or("Configured here", |preset| preset.title);
    let Some(setup) = providers.setup(name) else {
        return title.to_owned();
    };
    let url = setup.base_url.unwrap_or_else(|problem| problem);
    format!("{title}: {url}; key in {}", setup.key_place)
}

/// The names that have a price, in the order of their tables; a person's own goes before.
fn prices(own: Option<&Path>) -> Result<Vec<(String, PriceRow)>, Failure> {
    let own = own.map(read_table).transpose()?;
    let mut rows: Vec<(String, PriceRow)> = Vec::new();
    for table in own.into_iter().chain([PriceTable::embedded()?]) {
        for row in table.rows() {
            for name in &row.models {
                if !rows.iter().any(|(known, _)| known == name) {
                    rows.push((name.clone(), row.clone()));
                }
            }
        }
    }
    Ok(rows)
}
