//! Studies: scenarios, arms, plans, the runner, scoring and results.

mod account;
mod audit;
mod between;
mod budget;
pub mod calibrate;
mod cast;
mod compute;
mod entry;
mod expression;
mod forecast;
mod formula;
mod gate;
mod index;
mod judged;
mod judging;
mod log;
mod looks;
mod plan;
mod prices;
mod progress;
mod providers;
mod purse;
mod rebuild;
mod replay;
mod replicas;
mod rescore;
pub mod results;
mod rundir;
mod runner;
pub mod scenario;
mod score;
mod session;
mod setups;
mod shuffle;
mod skeleton;
mod spec;
#[cfg(test)]
mod stub;
mod study;
mod subject;
mod transcript;
mod trial;

use tribune_source as source;

/// The version of the tool, as runs state it.
pub const BUILD: &str = env!("CARGO_PKG_VERSION");

pub use account::Spending;
pub use audit::{Audit, Contradiction, audit};
pub use between::{Between, FieldDiffers, MeanDiffers, RateDiffers, RunShown, between};
pub use cast::{Cast, CastError, is_organism};
pub use compute::{ComputeError, TrialRow};
pub use entry::{ENTRY_VERSION, Entry, EntryError, OpinionScored, Score, blobs_of_entry};
pub use forecast::{Counted, EquivalencePower, Forecast, Power, PowerAt, Takes};
pub use formula::{Formula, FormulaOf, FormulaPart, Missing};
pub use gate::{Gate, GateError, Ruling};
pub use index::IndexError;
pub use judged::{JudgeAgreement, JudgeError, JudgeInfo, Judged, JudgedRate, RationaleCount};
pub use judging::{MOST_JUDGES, PlannedJudge, judge_model};
pub use log::LogError;
pub use plan::{
    ContrastKind, Expected, PLAN_VERSION, PinnedScenario, Plan, PlanError, PlannedArm,
    PlannedContrast, SequentialPlan, Substitute, TrialPlan,
};
pub use prices::{Batch, PriceRow, PriceTable, PricedBy, Prices};
pub use progress::{Progress, Snapshot};
pub use providers::configured;
pub use rebuild::RebuildError;
pub use replicas::Unpublished;
pub use rescore::{Change, KindOfChange, Rescored, TrialChanged, rescore};
pub use rundir::{RunDir, RunDirError, StudyJson, write_whole};
pub use runner::{Ended, RunError};
pub use session::{Options, Run, Session, SessionError};
pub use skeleton::{NameError, new_scenario, new_study};
pub use spec::{Estimate, Limits, MOST_OUTPUT, Overrides, Price, Sampling, StudyFile, prices};
pub use study::{Study, StudyError};
pub use trial::TrialError;
pub use tribune_source::{Source, SourceError, nearest};
