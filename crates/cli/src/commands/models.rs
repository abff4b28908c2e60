//! `tribune models`: who can be put to the test.

use serde::Serialize;
use tribune_study::scenario::{load_embedded, scenario_names};

use super::columns;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// List the models that can be tested: scripted subjects, and how providers' models are named
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
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
    rows.push(Row {
        model: "openai/NAME".to_owned(),
        simulated: false,
        scenarios: Vec::new(),
        benign_twin: None,
        meaning: "Any model behind chat completions; OPENAI_API_KEY and OPENAI_BASE_URL say where."
            .to_owned(),
    });
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
