//! `tribune doctor`: what is configured, whether it answers, and what this machine has.

mod machine;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tribune_model::{ModelError, Providers, Setup};
use tribune_sandbox::{Achieved, Item};

use super::columns;
use crate::config::Config;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;
use machine::Fact;

/// How long a provider may take to list its models.
const PATIENCE: Duration = Duration::from_secs(15);

/// A clock that is off by more than this is worth a word, in seconds.
const SKEW: i64 = 30;

/// Look at what is configured: providers and keys, whether they answer, clock, disk and sandbox
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    config: Config,
    /// Ask no provider
    #[arg(long)]
    offline: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A provider, as far as it can be told.
#[derive(Debug, Serialize)]
struct Row {
    provider: String,
    protocol: &'static str,
    /// The base URL; absent where it is none.
    base_url: Option<String>,
    base_url_from: String,
    /// Where the key comes from or would; never the key.
    key_from: String,
    key_present: bool,
    /// Whether anybody means to use it.
    in_use: bool,
    /// Whether it answered; absent where it was not asked.
    answers: Option<bool>,
    /// How many models it lists.
    models: Option<usize>,
    /// Its clock less this machine's, in seconds.
    skew_seconds: Option<i64>,
    /// What is wrong.
    problem: Option<String>,
    /// What to do about it.
    fix: Option<String>,
}

#[derive(Debug, Serialize)]
struct Findings {
    configuration: Option<String>,
    providers: Vec<Row>,
    machine: Vec<Fact>,
    /// What confinement comes to here, as tried.
    confinement: Achieved,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let providers = arguments.config.providers()?;
    let names: Vec<String> = providers.names().map(str::to_owned).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("the runtime"))?;
    let setups = names.iter().filter_map(|name| providers.setup(name));
    let rows: Vec<Row> = setups
        .map(|setup| {
            let asked = (setup.is_in_use() && !arguments.offline)
                .then(|| runtime.block_on(providers.ask(&setup.name, PATIENCE)));
            row(&providers, setup, asked)
        })
        .collect();
    let findings = Findings {
        configuration: arguments
            .config
            .path()
            .map(|path| path.display().to_string()),
        providers: rows,
        machine: machine::facts(),
        confinement: tribune_sandbox::probe(),
    };
    if arguments.json {
        screen::print_json(&findings)?;
    } else {
        screen::print(&shown(&findings))?;
    }
    let is_ill = findings
        .providers
        .iter()
        .any(|row| row.in_use && row.problem.is_some());
    Ok(if is_ill { Exit::Model } else { Exit::Fine })
}

fn row(
    providers: &Providers,
    setup: Setup,
    asked: Option<Result<tribune_model::Health, ModelError>>,
) -> Row {
    let in_use = setup.is_in_use();
    let answers = asked.as_ref().map(Result::is_ok);
    let mut row = Row {
        protocol: setup.protocol.as_str(),
        base_url: setup.base_url.clone().ok(),
        base_url_from: setup.base_from,
        key_from: setup.key_place,
        key_present: setup.key == Ok(true),
        in_use,
        answers,
        models: None,
        skew_seconds: None,
        problem: None,
        fix: None,
        provider: setup.name,
    };
    match asked {
        Some(Ok(health)) => {
            row.models = Some(health.models);
            row.skew_seconds = health
                .date
                .map(|date| date.as_second() - Timestamp::now().as_second());
            if let Some(skew) = row.skew_seconds.filter(|skew| skew.abs() > SKEW) {
                row.problem = Some(format!(
                    "its clock and this machine's are {} s apart",
                    skew.abs()
                ));
                row.fix = Some("set this machine's clock, by NTP".to_owned());
            }
        }
        Some(Err(error)) => {
            row.problem = Some(error.to_string());
            row.fix = fix(&error);
        }
        None if in_use => {
            // Not asked, but what can be told without asking is.
            if let Err(error) = providers.model(&row.provider, "") {
                row.problem = Some(error.to_string());
                row.fix = fix(&error);
            }
        }
        None => {}
    }
    row
}

fn fix(error: &ModelError) -> Option<String> {
    Some(match error {
        ModelError::Key {
            variable, problem, ..
        } if problem == "is not set" => format!("set {variable} in the environment"),
        ModelError::Key { problem, .. } if problem.contains("chmod") => return None,
        ModelError::Key { variable, .. } => format!("put a good key into {variable}"),
        ModelError::NoMoney { .. } => "pay the provider, or use another key".to_owned(),
        ModelError::Address { address, .. } => format!("mend the base URL: {address}"),
        ModelError::Unreachable { address, .. } => {
            format!("start the server, or check the network and the base URL: {address}")
        }
        ModelError::TimedOut { .. } => "check the network, and a proxy if there is one".to_owned(),
        ModelError::Protocol { .. } | ModelError::Rejected { .. } => {
            "check the base URL and the protocol".to_owned()
        }
        _ => return None,
    })
}

fn shown(findings: &Findings) -> String {
    let mut text = match &findings.configuration {
        Some(path) => format!("Configuration: {path}\n\n"),
        None => "Configuration: none (no tribune.toml here)\n\n".to_owned(),
    };
    let rows: Vec<Vec<String>> = findings.providers.iter().map(line).collect();
    text.push_str(&columns(&rows));
    text.push('\n');
    let facts: Vec<Vec<String>> = findings
        .machine
        .iter()
        .map(|fact| {
            let mark = if fact.good { "ok" } else { "!!" };
            let fix = fact.fix.map_or_else(String::new, |fix| format!(": {fix}"));
            vec![
                mark.to_owned(),
                fact.of.to_owned(),
                format!("{}{fix}", fact.is),
            ]
        })
        .collect();
    text.push_str(&columns(&facts));
    text.push_str("\nConfinement, as tried here:\n");
    let parts: Vec<Vec<String>> = Item::ALL
        .iter()
        .map(|item| {
            let strength = findings.confinement.strength(*item);
            let mark = if strength.is_full() { "ok" } else { "!!" };
            vec![mark.to_owned(), item.to_string(), strength.to_string()]
        })
        .collect();
    text.push_str(&columns(&parts));
    tribune_console::inert(&text)
}

fn line(row: &Row) -> Vec<String> {
    let (mark, state) = match (&row.problem, row.answers, row.in_use) {
        (Some(problem), ..) => ("!!", problem.clone()),
        (None, Some(true), _) => {
            let clock = row
                .skew_seconds
                .map_or(String::new(), |skew| format!(", clock {skew:+} s"));
            let models = match row.models {
                Some(0) | None => "lists no models".to_owned(),
                Some(count) => format!("lists {count} models"),
            };
            ("ok", format!("answers, {models}{clock}"))
        }
        (None, _, true) => ("ok", "not asked".to_owned()),
        (None, _, false) => ("--", "not in use".to_owned()),
    };
    let key = if row.key_present {
        format!("key in {}", row.key_from)
    } else {
        format!("no key ({})", row.key_from)
    };
    let fix = row
        .fix
        .as_ref()
        .map_or_else(String::new, |fix| format!(": {fix}"));
    vec![
        mark.to_owned(),
        row.provider.clone(),
        row.protocol.to_owned(),
        row.base_url.clone().unwrap_or_else(|| "no URL".to_owned()),
        key,
        format!("{state}{fix}"),
    ]
}
