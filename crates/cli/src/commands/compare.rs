//! `tribune compare`: what differs between two runs.

use std::path::PathBuf;

use tribune_console::inert;
use tribune_study::{Between, Run, between};

use super::{columns, some};
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Show what differs between two runs: their plans, and rates and means with intervals
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The first run
    left: PathBuf,
    /// The second run
    right: PathBuf,
    /// List every cell that both have, not only those that differ
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The error that is allowed among the differences that are listed (Benjamini and Hochberg).
const SHARE: f64 = 0.05;

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let (left, right) = (Run::open(&arguments.left)?, Run::open(&arguments.right)?);
    let between = between(&left, &right)?;
    if arguments.json {
        screen::print_json(&between)?;
    } else {
        screen::print(&inert(&describe(&between, arguments.all)))?;
    }
    Ok(Exit::Fine)
}

fn describe(between: &Between, all: bool) -> String {
    let mut text = String::new();
    for (side, run) in [("left", &between.left), ("right", &between.right)] {
        text.push_str(&format!(
            "{side}: {} of {}, plan {}, {}{}\n",
            run.study,
            run.started,
            run.plan_hash.get(..12).unwrap_or(&run.plan_hash),
            run.models.join(", "),
            if run.simulated { " (simulated)" } else { "" }
        ));
    }
    text.push_str(
        "\nThe runs were not interleaved: a difference may be one of time, of the provider or of \
         the version.\n",
    );
    if between.other_model {
        text.push_str("One model is held against another one.\n");
    }
    if between.plan.is_empty() {
        text.push_str("\nThe plans are the same.\n");
    } else {
        text.push_str("\nThe plans differ in\n");
        let row = |it: &tribune_study::FieldDiffers| {
            vec![format!("  {}", it.field), it.left.clone(), it.right.clone()]
        };
        text.push_str(&columns(&between.plan.iter().map(row).collect::<Vec<_>>()));
    }
    text.push_str(&found(between, all));
    text
}

fn found(between: &Between, all: bool) -> String {
    let differs = |p: Option<f64>| p.is_some_and(|p| p < SHARE);
    let percent = |share: Option<f64>| {
        share.map_or_else(
            || "none".to_owned(),
            |share| format!("{:.1} %", share * 100.0),
        )
    };
    let seen = |it: &&tribune_study::RateDiffers| all || it.left.yes > 0 || it.right.yes > 0;
    let totals: Vec<Vec<String>> = between
        .totals
        .iter()
        .filter(seen)
        .map(|it| {
            vec![
                format!("  {}", it.behaviour),
                it.model.clone(),
                format!("{} - {}", percent(it.left.rate), percent(it.right.rate)),
                interval(it.low, it.high, 100.0, " points"),
                p(it.p_corrected),
            ]
        })
        .collect();
    let mut rows = Vec::new();
    for it in &between.rates {
        if all || differs(it.p_corrected) {
            rows.push(vec![
                format!("  {}", it.behaviour),
                it.model.clone(),
                format!("{} - {}", percent(it.left.rate), percent(it.right.rate)),
                interval(it.low, it.high, 100.0, " points"),
                p(it.p_corrected),
                format!("{} {}", it.scenario, it.arm),
            ]);
        }
    }
    for it in &between.measures {
        if all || differs(it.p_corrected) {
            rows.push(vec![
                format!("  {}", it.measure),
                it.model.clone(),
                format!("{:.2} - {:.2}", it.mean.0, it.mean.1),
                interval(it.low, it.high, 1.0, &format!(" {}", it.unit)),
                p(it.p_corrected),
                format!("{} {}", it.scenario, it.arm),
            ]);
        }
    }
    let compared = between.rates.len() + between.measures.len();
    let resolved = between
        .rates
        .iter()
        .map(|it| it.p_corrected)
        .chain(between.measures.iter().map(|it| it.p_corrected))
        .filter(|p| differs(*p))
        .count();
    let mut text = String::new();
    if !totals.is_empty() {
        text.push_str("\nOver all arms that both have, corrected among themselves\n");
        let head = ["  WHAT", "MODEL", "LEFT - RIGHT", "95 % INTERVAL", "P"];
        let mut table = vec![head.map(str::to_owned).to_vec()];
        let more = between.totals.len() - totals.len();
        table.extend(totals);
        text.push_str(&columns(&table));
        if more > 0 {
            text.push_str(&format!(
                "  {more} more of which neither run saw anything: --all lists them\n"
            ));
        }
    }
    text.push_str(&format!(
        "\nArm by arm: {} both have; {resolved} of them {} (p under 0.05 after Benjamini and \
         Hochberg); {} only on the left, {} only on the right.\n",
        some(compared as u64, "rate or mean that", "rates and means that"),
        if resolved == 1 { "differs" } else { "differ" },
        between.unmatched.0,
        between.unmatched.1
    ));
    if !rows.is_empty() {
        let mut table = vec![
            [
                "  WHAT",
                "MODEL",
                "LEFT - RIGHT",
                "95 % INTERVAL",
                "P",
                "WHERE",
            ]
            .map(str::to_owned)
            .to_vec(),
        ];
        table.extend(rows);
        text.push_str(&columns(&table));
    }
    text
}

fn interval(low: Option<f64>, high: Option<f64>, times: f64, unit: &str) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{:+.1} to {:+.1}{unit}", low * times, high * times),
        _ => "none".to_owned(),
    }
}

fn p(value: Option<f64>) -> String {
    match value {
        Some(value) if value < 0.001 => "< 0.001".to_owned(),
        Some(value) => format!("{value:.3}"),
        None => "none".to_owned(),
    }
}
