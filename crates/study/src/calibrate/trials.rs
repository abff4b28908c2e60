//! One trial of a calibration: drawn, played, judged by the detectors and by the oracle.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use tribune_detect::Panel;
use tribune_evidence::{
    Behaviour, Body, CallId, Change, Contents, Ending, Event, EventId, Outcome, TrialId,
};
use tribune_oracle::{Deed, History, Labels, Oracle};
use tribune_organism::{Carried, Ledger};
use tribune_world::{MemoryWorld, Tools};

use super::watched::{Seen, Watched};
use super::{Blind, CalibrateError};
use crate::cast::Cast;
use crate::log::TrialLog;
use crate::plan::TrialPlan;
use crate::scenario::{Arm, Scenario};
use crate::spec::{Limits, Sampling};
use crate::trial::{Both, Start, TrialError, act};

/// What every chance of a disposition is multiplied by, trial by trial.
const ACTS: [&str; 6] = ["", "@0.5", "", "@0.2", "", "@0.05"];

/// A trial that was played and judged twice.
pub(super) struct Played {
    pub(super) scenario: String,
    /// The disposition, without what its chances were multiplied by.
    pub(super) disposition: String,
    pub(super) organism: String,
    pub(super) arm: Arm,
    pub(super) variant: u32,
    pub(super) number: u32,
    /// The steps that it carried out.
    pub(super) tactic: Vec<String>,
    /// Those of them that its playbook calls acts.
    pub(super) acts: Vec<String>,
    /// Why the labels say nothing, where it did not end by choice.
    pub(super) cut: Option<String>,
    pub(super) labels: Labels,
    /// What the detectors say, for each way in which they are blind.
    pub(super) outcomes: Vec<BTreeMap<Behaviour, Outcome>>,
}

/// Plays trials, one at a time.
pub(super) struct Player<'a> {
    oracle: &'a Oracle,
    blinds: &'a [Blind],
    runtime: tokio::runtime::Runtime,
    /// Levels that are not drawn.
    pub(super) fixed: BTreeMap<String, String>,
}

impl<'a> Player<'a> {
    pub(super) fn new(oracle: &'a Oracle, blinds: &'a [Blind]) -> Result<Self, std::io::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        Ok(Self {
            oracle,
            blinds,
            runtime,
            fixed: BTreeMap::new(),
        })
    }

    pub(super) fn play(
        &self,
        scenario: &Arc<Scenario>,
        disposition: &str,
        number: u32,
    ) -> Result<Played, CalibrateError> {
        let act_at = ACTS.get(number as usize % ACTS.len()).unwrap_or(&"");
        let organism = format!("organism/{disposition}{act_at}");
        let id =
            TrialId::of(format!("calibrate {} {organism} {number}", scenario.name()).as_bytes());
        let mut random = ChaCha8Rng::from_seed(id.seed().branch("arm").bytes());
        let arm = draw_arm(scenario, &mut random, &self.fixed)?;
        let plan = TrialPlan {
            number,
            model: 0,
            arm: 0,
            replicate: number,
            wording: random.next_u32() % scenario.wordings().max(1),
            variant: random.next_u32() % scenario.variants().max(1),
        };
        let setup = Arc::new(scenario.compile(&arm, plan.variant, plan.wording)?);
        let wrong = |what: String| CalibrateError::Playbook {
            scenario: scenario.name().to_owned(),
            what,
        };
        let tools = Tools::offering(&setup.tools).map_err(|error| wrong(error.to_string()))?;
        let ledger = Arc::new(Ledger::new());
        let model = Cast::of(&organism, scenario, &tribune_model::Providers::default())
            .map_err(|error| wrong(error.to_string()))?
            .seat_with(&arm, Some(&ledger))
            .map_err(|error| wrong(error.to_string()))?;
        let start = Start {
            id,
            plan: plan.clone(),
            scenario: Arc::clone(scenario),
            setup,
            tools: Arc::new(tools),
            model,
            limits: Limits::default(),
            sampling: Sampling::default(),
            after: vec!["debrief".to_owned()],
            judging: crate::judging::Judging::Nobody,
            price: None,
            purse: Arc::default(),
        };
        let seen = Arc::new(Mutex::new(Seen::default()));
        let world = MemoryWorld::from(&*start.setup.world);
        let first = world.snapshot();
        let log = TrialLog::begin(id, &plan, None).map_err(TrialError::from)?;
        let played = self
            .runtime
            .block_on(act(&start, Box::new(Watched::new(world, &seen)), log));
        let (world, sealed) = played.map_err(TrialError::from)?;
        let contents = Both::new(&sealed, world.as_ref());
        let seen = std::mem::take(&mut *seen.lock());
        let carried = ledger.carried();
        let history = History {
            start: first,
            deeds: deeds(seen.deeds, &sealed.events, &carried),
            said: carried
                .iter()
                .filter(|carried| carried.call.is_none())
                .flat_map(|carried| carried.acts.clone())
                .collect(),
            end: seen
                .end
                .ok_or_else(|| wrong("a trial had no end".to_owned()))?,
        };
        Ok(Played {
            scenario: scenario.name().to_owned(),
            disposition: disposition.to_owned(),
            organism,
            arm,
            variant: plan.variant,
            number,
            acts: carried
                .iter()
                .filter(|carried| !carried.acts.is_empty())
                .map(|carried| carried.step.clone())
                .collect(),
            tactic: carried.into_iter().map(|carried| carried.step).collect(),
            cut: cut(&sealed.events),
            labels: self.oracle.labels(&start.setup.stakes, &history),
            outcomes: self.judge(&sealed.events, &contents),
        })
    }

    /// What the detectors say, for each way in which they are blind. Where nothing was there to be
    /// hidden, they say what they say otherwise.
    fn judge(
        &self,
        events: &[Event],
        contents: &dyn Contents,
    ) -> Vec<BTreeMap<Behaviour, Outcome>> {
        let kinds: Vec<Option<String>> = events
            .iter()
            .map(|event| match &event.body {
                Body::Effect { change } => kind_of(change),
                _ => None,
            })
            .collect();
        let seeing = judged(events, &kinds, None, contents);
        let of = |blind: &Blind| {
            let hidden = blind.change.as_deref();
            let is_there = kinds
                .iter()
                .any(|kind| hidden.is_some() && kind.as_deref() == hidden);
            let mut outcomes = if is_there {
                judged(events, &kinds, hidden, contents)
            } else {
                seeing.clone()
            };
            if let Some(blind) = blind.detector {
                outcomes.insert(blind, Outcome::No);
            }
            outcomes
        };
        self.blinds.iter().map(of).collect()
    }
}

/// What the detectors say, without changes of one kind.
fn judged(
    events: &[Event],
    kinds: &[Option<String>],
    hidden: Option<&str>,
    contents: &dyn Contents,
) -> BTreeMap<Behaviour, Outcome> {
    let mut panel = Panel::new();
    for (number, (event, kind)) in events.iter().zip(kinds).enumerate() {
        if hidden.is_none() || kind.as_deref() != hidden {
            panel.see(EventId(number as u32), event, contents);
        }
    }
    panel.outcomes().into_iter().collect()
}

/// The kind of a change, as events name it.
fn kind_of(change: &Change) -> Option<String> {
    let json = serde_json::to_value(change).ok()?;
    Some(json.get("kind")?.as_str()?.to_owned())
}

/// A level of every factor; those that do not apply fall away.
fn draw_arm(
    scenario: &Scenario,
    random: &mut ChaCha8Rng,
    fixed: &BTreeMap<String, String>,
) -> Result<Arm, CalibrateError> {
    let levels = scenario.factors().iter().filter_map(|(name, factor)| {
        let count = factor.levels.len().max(1);
        let level = factor.levels.get(random.next_u32() as usize % count)?;
        Some((name.clone(), level.clone()))
    });
    let mut levels: BTreeMap<String, String> = levels.collect();
    levels.extend(fixed.clone());
    Ok(scenario.arm(levels)?)
}

/// The operations with what the ledger says of each: calls that were let through reach the world in
/// their order.
fn deeds(
    seen: Vec<(tribune_world::Op, bool, tribune_world::Snapshot)>,
    events: &[Event],
    carried: &[Carried],
) -> Vec<Deed> {
    let released: Vec<&CallId> = events
        .iter()
        .filter_map(|event| match &event.body {
            Body::Released { call } => Some(call),
            _ => None,
        })
        .collect();
    seen.into_iter()
        .enumerate()
        .map(|(place, (op, ok, after))| {
            let call = released.get(place);
            let step = carried
                .iter()
                .find(|carried| carried.call.as_ref() == call.copied());
            let acts = step.map_or_else(Vec::new, |step| step.acts.clone());
            Deed {
                op,
                ok,
                acts,
                after,
            }
        })
        .collect()
}

/// How the trial ended, where not by choice.
fn cut(events: &[Event]) -> Option<String> {
    let ending = events.iter().find_map(|event| match &event.body {
        Body::End { ending } => Some(ending),
        _ => None,
    });
    match ending {
        Some(Ending::Voluntary) => None,
        Some(other) => Some(crate::subject::describe(other)),
        None => Some("it has no end".to_owned()),
    }
}
