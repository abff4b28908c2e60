//! `tribune calibrate`: do the detectors find what organisms do, and only that?

use std::path::Path;
use std::sync::Arc;

use tribune_evidence::{Basis, Behaviour, Change};
use tribune_study::calibrate::{
    BENIGN, Blind, Calibration, Cell, Mistake, MistakeKind, TACTICS, TRIALS, calibrate,
};
use tribune_study::scenario::{load_embedded, load_folder, scenario_names};

use super::columns;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Mistakes that are shown in full; `--json` has more.
const SHOWN: usize = 40;

/// Play scripted subjects of known disposition, and see what the detectors find of it
///
/// What happened is decided by comparing whole states of the world, apart from the detectors. All
/// figures are simulated: they show sensitivity to the tactics of the playbooks and nothing else.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only this scenario: a name, or a folder of your own
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    /// Trials of each disposition in each scenario
    #[arg(long, value_name = "N", default_value_t = TRIALS)]
    trials: u32,
    /// Switch a detector off: calibration must then fail
    #[arg(long, value_name = "BEHAVIOUR")]
    without: Option<String>,
    /// Hide a kind of change from all detectors, such as file-appeared: calibration must then fail,
    /// but for the few that no detector goes by
    #[arg(long, value_name = "KIND")]
    without_change: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let scenarios = match &arguments.scenario {
        None => scenario_names()
            .map(load_embedded)
            .collect::<Result<Vec<_>, _>>()?,
        Some(name) if Path::new(name).is_dir() => vec![load_folder(Path::new(name))?],
        Some(name) => vec![load_embedded(name)?],
    };
    let scenarios: Vec<_> = scenarios.into_iter().map(Arc::new).collect();
    let detector = match &arguments.without {
        Some(name) => Some(super::behaviours::find(name)?),
        None => None,
    };
    if let Some(kind) = &arguments.without_change
        && !Change::KINDS.contains(&kind.as_str())
    {
        let what = format!("there is no kind of change {kind:?}");
        let failure = Failure::new(Exit::Input, what);
        return Err(failure.help(format!("one of {}", Change::KINDS.join(", "))));
    }
    let blind = Blind {
        detector,
        change: arguments.without_change.clone(),
    };
    let calibration = calibrate(&scenarios, arguments.trials, &blind)
        .map_err(|error| Failure::new(Exit::Input, error))?;
    if arguments.json {
        screen::print_json(&calibration)?;
    } else {
        screen::print(&describe(&calibration))?;
    }
    Ok(if calibration.passed() {
        Exit::Fine
    } else {
        Exit::NotCalibrated
    })
}

fn describe(calibration: &Calibration) -> String {
    let mut text = format!(
        "Simulated: {} trials of scripted subjects in {}.\n\n",
        calibration.trials,
        calibration.scenarios.join(", ")
    );
    let mut rows = vec![row([
        "behaviour",
        "organism",
        "found",
        "at least",
        "alarms",
        "at most",
        "not told",
    ])];
    for behaviour in &calibration.behaviours {
        rows.push(cells(behaviour.behaviour.as_str(), "all", &behaviour.all));
        let acted = behaviour
            .organisms
            .iter()
            .filter(|(_, cell)| cell.happened > 0 || cell.alarms > 0);
        for (organism, cell) in acted {
            rows.push(cells("", organism, cell));
        }
    }
    text.push_str(&columns(&rows));
    text.push_str(&format!(
        "\nBenign trials that could be told: {}, alarms in {}: at most {}. Not told of some \
         behaviour: {}.\n",
        calibration.benign.absent,
        calibration.benign.alarms,
        percent(calibration.benign_alarms_at_most),
        calibration.benign.unknown
    ));
    text.push_str(&tactics(calibration));
    let unplayed = calibration.behaviours.iter().filter(|row| !row.playable);
    let unplayed: Vec<&str> = unplayed.map(|row| row.behaviour.as_str()).collect();
    if !unplayed.is_empty() {
        text.push_str(&format!(
            "No playbook here has an act of {}: only false alarms are told of it.\n",
            unplayed.join(", ")
        ));
    }
    for (scenario, names) in &calibration.absent {
        if !names.is_empty() {
            text.push_str(&format!(
                "No way to act in {scenario}: {}.\n",
                names.join(", ")
            ));
        }
    }
    if !calibration.mistakes.is_empty() {
        text.push_str(&format!("\nMistakes: {}\n", calibration.mistakes_in_all));
    }
    for mistake in calibration.mistakes.iter().take(SHOWN) {
        text.push_str(&told(mistake));
    }
    let more = calibration.mistakes_in_all.saturating_sub(SHOWN as u64);
    if more > 0 {
        text.push_str(&format!("  {more} more: --json lists them\n"));
    }
    text.push('\n');
    if calibration.passed() {
        text.push_str("Passed.\n");
    } else {
        text.push_str("Failed:\n");
        for failure in &calibration.failures {
            text.push_str(&format!("  {failure}\n"));
        }
    }
    tribune_console::inert(&text)
}

fn tactics(calibration: &Calibration) -> String {
    let of_state = calibration
        .behaviours
        .iter()
        .filter(|row| row.basis != Basis::Derived)
        .map(|row| format!("{} {} ({})", row.behaviour, row.tactics, row.act_sequences));
    let list = of_state.collect::<Vec<_>>().join(", ");
    format!(
        "Tactics, all steps in order in one variant ({TACTICS} and {BENIGN} benign trials are \
         needed), and in brackets sequences of acts alone, over all variants: {list}.\n"
    )
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.into_iter().map(ToOwned::to_owned).collect()
}

fn cells(behaviour: &str, organism: &str, cell: &Cell) -> Vec<String> {
    let of = |part: u64, all: u64| match all {
        0 => "-".to_owned(),
        _ => format!("{part} of {all}"),
    };
    vec![
        behaviour.to_owned(),
        organism.to_owned(),
        of(cell.found, cell.happened),
        percent(cell.recall_at_least()),
        of(cell.alarms, cell.absent),
        percent(cell.alarms_at_most()),
        cell.unknown.to_string(),
    ]
}

/// A share as people read it; a limit "at least" is never rounded up, nor one "at most" down.
fn percent(share: Option<f64>) -> String {
    match share {
        None => "-".to_owned(),
        // A bound is never nothing, however many trials it is of.
        Some(share) if share > 0.0 && share < 0.000_5 => "0.1 %".to_owned(),
        Some(share) => format!("{:.1} %", share * 100.0),
    }
}

fn told(mistake: &Mistake) -> String {
    let what = match mistake.kind {
        MistakeKind::Missed => "missed",
        MistakeKind::FalseAlarm => "false alarm",
    };
    let behaviour: Behaviour = mistake.behaviour;
    format!(
        "  {what}: {behaviour}, {} in {} (trial {}, variant {}, {})\n    tactic    {}\n    truth     {}\n    detector  {}\n",
        mistake.organism,
        mistake.scenario,
        mistake.trial,
        mistake.variant,
        mistake.arm,
        mistake.tactic.join(", "),
        mistake.truth,
        mistake.detector
    )
}
