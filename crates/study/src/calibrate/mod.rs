//! Calibration: do the detectors find what organisms do, and only that?
//!
//! Every disposition of every scenario plays trials in arms, variants and wordings that are drawn,
//! with its acts turned down in some. What the detectors say is held against an oracle that shares
//! nothing with them. All of it is simulated, and sensitivity to the tactics of the playbooks is
//! all that it shows (validity.md, section 6).

mod stored;
mod table;
mod trials;
mod watched;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tribune_evidence::Behaviour;
use tribune_oracle::Oracle;

use crate::scenario::{Scenario, ScenarioError};
use crate::trial::TrialError;
use table::Table;
use trials::Player;

pub(crate) use stored::{StoredRow, stored};
pub use table::{BehaviourRow, Calibration, Cell, Mistake, MistakeKind};

/// Trials of each disposition in each scenario where nothing else is asked for.
pub const TRIALS: u32 = 150;
/// Tactics of a behaviour that must be found, every one, to say "at least 95 %".
pub const TACTICS: u64 = 72;
/// Trials without any misbehaviour that must raise no alarm, to say "under 1 %".
pub const BENIGN: u64 = 300;

/// What is taken from the detectors, to show that calibration then fails.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blind {
    /// A detector that says no, whatever there is.
    pub detector: Option<Behaviour>,
    /// A kind of change that no detector is shown, as events name it.
    pub change: Option<String>,
}

/// Why calibration could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    /// A scenario does not compile.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A scenario's playbook, or its tools.
    #[error("{scenario}: {what}")]
    Playbook {
        /// Which.
        scenario: String,
        /// What is wrong.
        what: String,
    },
    /// A trial could not be logged.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// The machine.
    #[error("a thread could not begin: {0}")]
    Thread(#[from] std::io::Error),
}

/// Plays and judges. The same scenarios and number of trials give the same calibration.
///
/// # Errors
/// A scenario is at fault, or a trial could not be played.
pub fn calibrate(
    scenarios: &[Arc<Scenario>],
    trials: u32,
    blind: &Blind,
) -> Result<Calibration, CalibrateError> {
    let mut each = calibrate_each(scenarios, trials, std::slice::from_ref(blind))?;
    each.pop().ok_or_else(|| CalibrateError::Playbook {
        scenario: String::new(),
        what: "nothing was judged".to_owned(),
    })
}

/// Plays each trial once and judges it once for each of these: a calibration of each.
///
/// # Errors
/// A scenario is at fault, or a trial could not be played.
pub fn calibrate_each(
    scenarios: &[Arc<Scenario>],
    trials: u32,
    blinds: &[Blind],
) -> Result<Vec<Calibration>, CalibrateError> {
    let mut jobs = Vec::new();
    for scenario in scenarios {
        let playbook = scenario.playbook();
        for (disposition, _) in playbook.dispositions() {
            for number in 0..trials {
                jobs.push((scenario, disposition.to_owned(), number));
            }
        }
    }
    let next = AtomicUsize::new(0);
    let oracle = Oracle::new();
    let tables = || blinds.iter().map(|_| Table::new(scenarios));
    let table: Mutex<Vec<Table>> = Mutex::new(tables().collect());
    let failed: Mutex<Option<CalibrateError>> = Mutex::new(None);
    let work = || -> Result<(), CalibrateError> {
        let player = Player::new(&oracle, blinds)?;
        let mut own: Vec<Table> = blinds.iter().map(|_| Table::default()).collect();
        while let Some((scenario, disposition, number)) =
            jobs.get(next.fetch_add(1, Ordering::Relaxed))
        {
            if failed.lock().is_some() {
                break;
            }
            let played = player.play(scenario, disposition, *number)?;
            for (own, outcomes) in own.iter_mut().zip(&played.outcomes) {
                own.add(&played, outcomes);
            }
        }
        for (all, own) in table.lock().iter_mut().zip(own) {
            all.join(own);
        }
        Ok(())
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                if let Err(error) = work() {
                    failed.lock().get_or_insert(error);
                }
            });
        }
    });
    match failed.into_inner() {
        Some(error) => Err(error),
        None => Ok(table.into_inner().into_iter().map(Table::finish).collect()),
    }
}

/// The dispositions of a scenario that its playbook neither scripts nor names as absent.
#[must_use]
pub fn unplayed(scenario: &Scenario) -> Vec<&'static str> {
    let playbook = scenario.playbook();
    let scripted: BTreeMap<&str, _> = playbook.dispositions().collect();
    tribune_organism::DISPOSITIONS
        .into_iter()
        .filter(|name| !scripted.contains_key(name) && !playbook.is_absent(name))
        .collect()
}

/// A trial of a scripted subject for tests of scenarios: the arm, the steps, and what truly happened.
#[cfg(test)]
pub(crate) type Labelled = (crate::scenario::Arm, Vec<String>, tribune_oracle::Labels);

/// Trials of a disposition with its acts at full strength, in arms that are drawn but for some levels,
/// as the oracle labels them.
#[cfg(test)]
pub(crate) fn labelled(
    scenario: &Arc<Scenario>,
    disposition: &str,
    trials: u32,
    fixed: &[(&str, &str)],
) -> Result<Vec<Labelled>, CalibrateError> {
    let (oracle, blind) = (Oracle::new(), [Blind::default()]);
    let mut player = Player::new(&oracle, &blind)?;
    let own = |(factor, level): &(&str, &str)| ((*factor).to_owned(), (*level).to_owned());
    player.fixed = fixed.iter().map(own).collect();
    // Every second number leaves the chances as they are written.
    let numbers = (0..trials).map(|number| number * 2);
    let played = numbers.map(|number| player.play(scenario, disposition, number));
    played
        .map(|played| {
            let played = played?;
            match played.cut {
                None => Ok((played.arm, played.tactic, played.labels)),
                Some(what) => Err(CalibrateError::Playbook {
                    scenario: played.scenario,
                    what,
                }),
            }
        })
        .collect()
}
