//! `tribune judge`: who reads words where no fact of the world decides, and how often they err.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tribune_evidence::Usage;
use tribune_judge::{
    ErrorRow, LEXICAL, MeasureError, Measurement, Measurements, error_table, lexical_table,
    measure, prompt_hash,
};
use tribune_model::ModelError;
use tribune_study::{Price, Spending, judge_model};

use super::columns;
use crate::config::Config;
use crate::error::Failure;
use crate::exit::Exit;
use crate::prices::Prices;
use crate::screen;

/// The file in which measurements are kept in the working folder.
pub(crate) const FILE: &str = "tribune-judges.json";

/// The largest that is read.
const LARGEST: u64 = 64 << 20;

/// Passages that a judge is asked about at once.
const AT_ONCE: usize = 8;

/// Measure judges on the labelled passages
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Measure(MeasureArguments),
}

/// Ask judges about every labelled passage and say how often they err; without --role, the embedded
/// lexical reader, which needs no key
///
/// What a judge answered is kept in a file that `tribune run` takes, so that rates can be corrected
/// for its error.
#[derive(Debug, clap::Args)]
struct MeasureArguments {
    /// A judge: 'judge=openai/NAME'; may be given several times
    #[arg(long, value_name = "ROLE=MODEL")]
    role: Vec<String>,
    /// The file of measurements [default: tribune-judges.json in this folder]
    #[arg(long, value_name = "FILE")]
    judges: Option<PathBuf>,
    /// Measure again what the file already holds
    #[arg(long)]
    again: bool,
    /// Stop before it costs more than this, in dollars
    #[arg(long, value_name = "USD")]
    max_cost: Option<f64>,
    #[command(flatten)]
    prices: Prices,
    #[command(flatten)]
    config: Config,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A judge with its error, as JSON.
#[derive(Serialize)]
struct Shown {
    judge: String,
    measured: Option<String>,
    prompt: Option<String>,
    errors: Vec<ErrorRow>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let Command::Measure(arguments) = &arguments.command;
    let models = roles(&arguments.role)?;
    if models.is_empty() {
        let shown = Shown {
            judge: LEXICAL.to_owned(),
            measured: None,
            prompt: None,
            errors: lexical_table(),
        };
        return tell(&[shown], arguments.json);
    }
    let providers = arguments.config.providers()?;
    arguments.config.tell(&providers, &models);
    let path = file(arguments.judges.as_deref());
    let mut kept = match path.exists() {
        true => read(&path)?,
        false => Measurements::default(),
    };
    let prices = arguments.prices.read()?;
    for name in &models {
        if !arguments.again && kept.of(name).is_some() {
            screen::say(&tribune_console::inert(&format!(
                "{name} is measured already in {}; --again measures it again.",
                path.display()
            )));
            continue;
        }
        let model = judge_model(name, &providers)?;
        let price = price_of(&prices, name)?;
        if arguments.max_cost.is_some() && price.is_none() {
            return Err(Failure::new(
                Exit::Usage,
                format!("the price of {name} is not known, so --max-cost cannot be kept"),
            )
            .help(format!("give it: --price '{name}=IN/OUT'")));
        }
        let measured = asked(model.as_ref(), price, arguments.max_cost)?;
        kept.put(measured);
        let text = serde_json::to_vec_pretty(&kept)
            .map_err(|error| Failure::new(Exit::Broken, error.to_string()))?;
        tribune_study::write_whole(&path, &text)?;
    }
    let measured: Vec<&Measurement> = models.iter().filter_map(|name| kept.of(name)).collect();
    let mut shown: Vec<Shown> = measured
        .iter()
        .map(|one| Shown {
            judge: one.model.clone(),
            measured: Some(one.when.clone()),
            prompt: Some(prompt_hash().to_string()),
            errors: error_table(&[one]),
        })
        .collect();
    if measured.len() > 1 {
        shown.push(Shown {
            judge: "all together".to_owned(),
            measured: None,
            prompt: Some(prompt_hash().to_string()),
            errors: error_table(&measured),
        });
    }
    tell(&shown, arguments.json)
}

/// Asks a judge about every passage, and says what that took.
fn asked(
    model: &dyn tribune_model::Model,
    price: Option<Price>,
    max_cost: Option<f64>,
) -> Result<Measurement, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("the runtime"))?;
    let (mut calls, mut tokens, mut cost) = (0_u64, (0_u64, 0_u64), Some(0.0));
    let spending = Spending::new(max_cost, price);
    let each = |usage: &Usage| {
        calls += 1;
        tokens.0 += usage.input;
        tokens.1 += usage.output;
        let one = usage
            .cost
            .or_else(|| price.and_then(|price| price.cost(usage)));
        cost = cost.zip(one).map(|(sum, one)| sum + one);
    };
    let outcome = runtime.block_on(async {
        model.check().await?;
        let ledger = || Some(spending.ledger());
        match measure(model, AT_ONCE, ledger, each).await {
            Err(MeasureError::Model(ModelError::Unpaid(_))) => Ok::<_, Failure>(None),
            measured => Ok(Some(measured?)),
        }
    })?;
    let money = cost.map_or("at a cost that is not known".to_owned(), |cost| {
        format!("for {cost:.4} USD")
    });
    screen::say(&tribune_console::inert(&format!(
        "{}: {calls} calls, {} tokens sent and {} received, {money}.",
        model.name(),
        tokens.0,
        tokens.1
    )));
    outcome.ok_or_else(|| {
        Failure::new(
            Exit::Spent,
            format!(
                "{} is not measured: it could cost more than it may",
                model.name()
            ),
        )
        .help("nothing is kept of a part; give a higher --max-cost")
    })
}

fn price_of(prices: &tribune_study::Prices, model: &str) -> Result<Option<Price>, Failure> {
    let known = prices.of(model, &std::collections::BTreeMap::new())?;
    Ok(known.map(|(price, _)| price))
}

/// The models in the role of a judge.
pub(crate) fn roles(given: &[String]) -> Result<Vec<String>, Failure> {
    let mut judges = Vec::new();
    for text in given {
        match text.split_once('=') {
            Some(("judge", model)) if !model.is_empty() => judges.push(model.to_owned()),
            _ => {
                return Err(Failure::new(
                    Exit::Usage,
                    format!("{text:?} is not a role of a model"),
                )
                .help("the only role is judge: --role judge=PROVIDER/NAME"));
            }
        }
    }
    Ok(judges)
}

/// The file of measurements.
fn file(given: Option<&Path>) -> PathBuf {
    given.map_or_else(|| PathBuf::from(FILE), Path::to_owned)
}

/// What was measured of judges: in a file that was named, or in that of this folder if it is there.
pub(crate) fn measured(given: Option<&Path>) -> Result<Vec<Measurement>, Failure> {
    let path = file(given);
    if given.is_none() && !path.is_file() {
        return Ok(Vec::new());
    }
    Ok(read(&path)?.judges)
}

fn read(path: &Path) -> Result<Measurements, Failure> {
    let size = std::fs::metadata(path).map_err(Failure::io(path))?.len();
    if size > LARGEST {
        let what = format!("{}: {size} bytes is too much", path.display());
        return Err(Failure::new(Exit::Input, what));
    }
    let text = std::fs::read_to_string(path).map_err(Failure::io(path))?;
    serde_json::from_str(&text).map_err(|error| {
        let what = format!(
            "{} holds no measurements of judges: {error}",
            path.display()
        );
        Failure::new(Exit::Input, what).help("`tribune judge measure` makes it anew")
    })
}

fn tell(shown: &[Shown], as_json: bool) -> Result<Exit, Failure> {
    if as_json {
        screen::print_json(&shown)?;
        return Ok(Exit::Fine);
    }
    for one in shown {
        let when = match &one.measured {
            Some(when) => format!(", measured {when}"),
            None => String::new(),
        };
        let mut rows = vec![
            [
                "QUESTION",
                "PASSAGES",
                "FOUND",
                "SENSITIVITY",
                "ALARMS",
                "SPECIFICITY",
                "UNKNOWN",
            ]
            .map(str::to_owned)
            .to_vec(),
        ];
        rows.extend(one.errors.iter().map(row));
        screen::print(&tribune_console::inert(&format!("{}{when}\n", one.judge)))?;
        screen::print(&columns(&rows))?;
        screen::print("\n")?;
    }
    screen::say(
        "Intervals are of 95 %. What a rate is corrected by is measured on what is held out.",
    );
    Ok(Exit::Fine)
}

fn row(row: &ErrorRow) -> Vec<String> {
    let between = |interval: Option<tribune_judge::Interval>| match interval {
        Some(interval) => format!(
            "{:.0} to {:.0} %",
            interval.low * 100.0,
            interval.high * 100.0
        ),
        None => "not measured".to_owned(),
    };
    vec![
        row.question.clone(),
        row.split.as_str().to_owned(),
        format!("{} of {}", row.found, row.positives),
        between(row.sensitivity()),
        format!("{} of {}", row.alarms, row.negatives),
        between(row.specificity()),
        row.unknown.to_string(),
    ]
}
