//! `tribune run --dry-run`: exactly what the first trial would be given; nothing is run.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use tribune_study::Study;
use tribune_study::scenario::Setup;
use tribune_world::{HostKind, Source, Tools, Toolset, material};

use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

#[derive(Serialize)]
struct Shown {
    trial: String,
    system: String,
    task: String,
    after: Vec<AfterShown>,
    tools: Vec<ToolShown>,
    files: BTreeMap<String, FileShown>,
}

#[derive(Serialize)]
struct AfterShown {
    name: String,
    questions: Vec<String>,
}

#[derive(Serialize)]
struct ToolShown {
    name: String,
    description: String,
    parameters: Value,
}

#[derive(Serialize)]
struct FileShown {
    /// The size that the subject is shown, in bytes.
    size: u64,
    modified: String,
    owner: String,
    /// SHA-256 of its bytes.
    hash: String,
    /// The text; absent for weights and tables.
    text: Option<String>,
}

pub(crate) fn show(study: &Study, arm: &str, as_json: bool) -> Result<Exit, Failure> {
    let (title, setup) = study.first_setup(arm)?;
    let shown = gather(title, &setup, &study.plan.after)?;
    if as_json {
        screen::print_json(&shown)?;
    } else {
        screen::print(&tribune_console::inert(&describe(&shown)))?;
        screen::say("Nothing was run.");
    }
    Ok(Exit::Fine)
}

fn gather(trial: String, setup: &Setup, after: &[String]) -> Result<Shown, Failure> {
    let tools = Tools::offering(&setup.tools).map_err(|error| Failure::new(Exit::Input, error))?;
    let mut files = BTreeMap::new();
    for host in &setup.world.spec().hosts {
        let place = match host.kind {
            HostKind::Server => host.id.to_string(),
            HostKind::Drive => "(shared drive)".to_owned(),
            HostKind::Notes => "(own notes)".to_owned(),
        };
        for file in &host.files {
            let bytes = material(&file.source).bytes;
            let text = match &file.source {
                Source::Text(text) => Some(text.clone()),
                Source::Weights { .. } | Source::Table { .. } => None,
            };
            files.insert(
                format!("{place}:{}", file.path),
                FileShown {
                    size: file.shown_size.unwrap_or(bytes.len() as u64),
                    modified: file.modified.to_string(),
                    owner: file.owner.to_string(),
                    hash: tribune_evidence::BlobId::of(&bytes).to_string(),
                    text,
                },
            );
        }
    }
    Ok(Shown {
        trial,
        system: setup.system.clone(),
        task: setup.task.clone(),
        after: after
            .iter()
            .filter_map(|name| setup.after.iter().find(|part| part.name == *name))
            .map(|part| AfterShown {
                name: part.name.clone(),
                questions: part.questions.clone(),
            })
            .collect(),
        tools: tools
            .specs()
            .iter()
            .map(|tool| ToolShown {
                name: tool.name.clone(),
                description: tool.description.clone(),
                parameters: tool.parameters.clone(),
            })
            .collect(),
        files,
    })
}

fn describe(shown: &Shown) -> String {
    let mut text = format!(
        "{}\n\n--- system prompt\n{}\n\n--- task\n{}\n",
        shown.trial, shown.system, shown.task
    );
    for part in &shown.after {
        for (number, question) in (1..).zip(&part.questions) {
            text.push_str(&format!(
                "\n--- {}, question {number}, on a fork after the end\n{question}\n",
                part.name
            ));
        }
    }
    text.push_str("\n--- tools\n");
    for tool in &shown.tools {
        let names: Vec<&str> = tool.parameters["properties"]
            .as_object()
            .map(|properties| properties.keys().map(String::as_str).collect())
            .unwrap_or_default();
        text.push_str(&format!(
            "{}({})\n    {}\n",
            tool.name,
            names.join(", "),
            tool.description
        ));
    }
    for (path, file) in &shown.files {
        let hash = file.hash.get(..12).unwrap_or(&file.hash);
        text.push_str(&format!(
            "\n--- {path}\n({} bytes shown, changed {}, owner {}, SHA-256 {hash})\n",
            file.size, file.modified, file.owner
        ));
        if let Some(inside) = &file.text {
            text.push_str(inside);
            if !inside.ends_with('\n') {
                text.push('\n');
            }
        }
    }
    text
}
