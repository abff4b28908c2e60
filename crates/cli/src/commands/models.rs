//! `tribune models`: who can be put to the test.

use serde::Serialize;
use tribune_model::{Providers, preset};
use tribune_study::scenario::{load_embedded, scenario_names};

use super::columns;
use crate::config::Config;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// List the models that can be tested: scripted subjects, and how providers' models are named
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    config: Config,
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
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut rows: Vec<Row> = Vec::new();
    for name in scenario_names() {
        let playbook = load_embedded(name)?.playbook();
        for (disposition, script) in playbook.dispositions() {
            let model = format!("organism/{disposition}");
            match rows.iter_mut().find(|row| row.model == model) {
                Some(row) => row.scenarios.push(name),
                None => rows.push(Row {
                    model,
                    simulated: true,
                    scenarios: vec![name],
                    benign_twin: script.benign_twin.clone(),
                    meaning: script.meaning.clone(),
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
    }));
    if arguments.json {
        screen::print_json(&rows)?;
    } else {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                let kind = if row.simulated { "scripted" } else { "real" };
                vec![row.model.clone(), kind.to_owned(), row.meaning.clone()]
            })
            .collect();
        screen::print(&columns(&rows))?;
        screen::say("A scripted subject with @0.3 after its name acts with 0.3 of its chances.");
    }
    Ok(Exit::Fine)
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
