//! Trials of a scenario that scripted subjects really play, and checks that hold for any scenario.

use std::collections::BTreeSet;
use std::sync::Arc;

use tribune_detect::Panel;
use tribune_evidence::{Behaviour, Body, Change, Event, EventId, Outcome, TrialId};
use tribune_organism::Ledger;
use tribune_world::MemoryWorld;

use super::setups::*;
use super::*;
use crate::cast::Cast;
use crate::log::TrialLog;
use crate::plan::TrialPlan;
use crate::spec::{Limits, Sampling};
use crate::trial::{Both, Start, act};

/// What became of a trial.
pub(super) struct Played {
    /// The behaviours that were found.
    pub(super) seen: BTreeSet<Behaviour>,
    /// Those that a detector judged at all.
    judged: BTreeSet<Behaviour>,
    /// Those that could not be told.
    pub(super) unknown: BTreeSet<Behaviour>,
    pub(super) verdicts: Verdicts,
    /// Everything that happened.
    pub(super) changes: Vec<Change>,
    /// The steps that were carried out.
    pub(super) steps: Vec<String>,
    /// The words at the end, and whatever else helps a person who reads a failed test.
    pub(super) told: String,
}

impl Played {
    /// A behaviour is found, wherever there is a detector that judges it here.
    pub(super) fn shows(&self, behaviour: Behaviour) -> bool {
        self.seen.contains(&behaviour) || !self.judges(behaviour)
    }

    /// Whether a detector judges a behaviour here.
    pub(super) fn judges(&self, behaviour: Behaviour) -> bool {
        self.judged.contains(&behaviour)
    }
}

/// Plays trials of a scenario.
pub(super) struct Stage {
    pub(super) scenario: Arc<Scenario>,
    runtime: tokio::runtime::Runtime,
}

impl Stage {
    pub(super) fn new(name: &str) -> Self {
        let scenario = load(name);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        Self {
            scenario: Arc::new(scenario),
            runtime,
        }
    }

    pub(super) fn arm(&self, levels: &[(&str, &str)]) -> Arm {
        arm_of(&self.scenario, levels)
    }

    /// One trial: the number gives the variant, the wording and every chance.
    pub(super) fn play(&self, disposition: &str, levels: &[(&str, &str)], number: u32) -> Played {
        let scenario = &self.scenario;
        let organism = format!("organism/{disposition}");
        let arm = self.arm(levels);
        let plan = TrialPlan {
            number,
            model: 0,
            arm: 0,
            replicate: number,
            wording: number % scenario.wordings(),
            variant: number % scenario.variants(),
        };
        let id = TrialId::of(format!("{} {organism} {arm} {number}", scenario.name()).as_bytes());
        let setup = scenario
            .compile(&arm, plan.variant, plan.wording)
            .unwrap_or_else(|error| panic!("{arm}: {error}"));
        let setup = Arc::new(setup);
        let ledger = Arc::new(Ledger::new());
        let start = Start {
            id,
            plan: plan.clone(),
            scenario: Arc::clone(scenario),
            tools: Arc::new(Tools::offering(&setup.tools).unwrap()),
            model: Cast::of(&organism, scenario, &tribune_model::Providers::default())
                .unwrap()
                .seat_with(&arm, Some(&ledger))
                .unwrap(),
            setup,
            limits: Limits::default(),
            sampling: Sampling::default(),
            after: vec!["debrief".to_owned()],
            judging: crate::judging::Judging::Nobody,
            price: None,
            purse: Arc::default(),
        };
        let world = MemoryWorld::from(&*start.setup.world);
        let log = TrialLog::begin(id, &plan, None).unwrap();
        let (world, sealed) = self
            .runtime
            .block_on(act(&start, Box::new(world), log))
            .unwrap();
        let contents = Both::new(&sealed, world.as_ref());
        let mut panel = Panel::new();
        for (number, event) in (0..).zip(&sealed.events) {
            panel.see(EventId(number), event, &contents);
        }
        let facts = panel.facts();
        let outcomes = panel.outcomes();
        let those = |wanted: &dyn Fn(&Outcome) -> bool| {
            let those = outcomes.iter().filter(|(_, outcome)| wanted(outcome));
            those.map(|(behaviour, _)| *behaviour).collect()
        };
        Played {
            seen: those(&|outcome| matches!(outcome, Outcome::Yes { .. })),
            judged: those(&|_| true),
            unknown: those(&|outcome| matches!(outcome, Outcome::Unknown { .. })),
            verdicts: scenario.judge(&facts).unwrap(),
            changes: changes(&sealed.events),
            steps: ledger
                .carried()
                .into_iter()
                .map(|carried| carried.step)
                .collect(),
            told: format!("{facts:#?}\n{outcomes:#?}"),
        }
    }

    /// In these trials it does the work, all of it, and nothing is found or left open.
    pub(super) fn does_the_work(
        &self,
        disposition: &str,
        levels: &[(&str, &str)],
        trials: impl Iterator<Item = u32>,
    ) {
        for number in trials {
            let played = self.play(disposition, levels, number);
            let about = format!(
                "{disposition} {number}: {:?}\n{}",
                played.steps, played.told
            );
            assert!(played.verdicts.complete, "{about}");
            assert!(played.verdicts.faithful, "{about}");
            let nothing = BTreeSet::from([Behaviour::Escalation]);
            assert!(played.seen.is_subset(&nothing), "{about}");
            assert!(played.unknown.is_empty(), "{about}");
        }
    }

    /// What is found in every one of some trials, and what in any of them.
    pub(super) fn finds(
        &self,
        disposition: &str,
        levels: &[(&str, &str)],
        trials: u32,
    ) -> (BTreeSet<Behaviour>, BTreeSet<Behaviour>) {
        let all: Vec<Played> = (0..trials)
            .map(|number| self.play(disposition, levels, number))
            .collect();
        let ever: BTreeSet<Behaviour> = all.iter().flat_map(|played| played.seen.clone()).collect();
        let always = ever.iter().copied();
        let always = always.filter(|b| all.iter().all(|played| played.seen.contains(b)));
        (always.collect(), ever)
    }
}

fn changes(events: &[Event]) -> Vec<Change> {
    let change = |event: &Event| match &event.body {
        Body::Effect { change } => Some((**change).clone()),
        _ => None,
    };
    events.iter().filter_map(change).collect()
}

/// The default arm compiles in every variant and wording, and every arm with one other level in
/// every wording, each in another variant.
pub(super) fn compiles_everywhere(scenario: &Scenario) {
    assert!(scenario.variants() >= 20);
    assert_eq!(scenario.wordings(), 8);
    let compile = |arm: &Arm, variant: u32, wording: u32| {
        scenario
            .compile(arm, variant % scenario.variants(), wording % 8)
            .unwrap_or_else(|error| panic!("{arm}: {error}"));
    };
    let default = scenario.arm(BTreeMap::new()).unwrap();
    for turn in 0..scenario.variants() * 8 {
        compile(&default, turn / 8, turn);
    }
    for (place, arm) in (0..).zip(single_arms(scenario)) {
        for wording in 0..8 {
            compile(&arm, place + wording, wording);
        }
    }
    let playbook = scenario.playbook();
    let scripted: BTreeSet<&str> = playbook.dispositions().map(|(name, _)| name).collect();
    for name in tribune_organism::DISPOSITIONS {
        assert_ne!(scripted.contains(name), playbook.is_absent(name), "{name}");
    }
}

/// Nothing that is shown in any arm of one level gives anything away.
pub(super) fn no_arm_gives_anything_away(scenario: &Scenario) {
    for (place, arm) in (0..).zip(single_arms(scenario)) {
        let setup = scenario
            .compile(&arm, place % scenario.variants(), place % 8)
            .unwrap();
        gives_nothing_away(&setup, &arm.to_string());
    }
}
