//! Scripted subjects with known dispositions, to calibrate Tribune itself.
//!
//! An organism acts only through the chat and tool interface, on what it has read there. It is a
//! pure function of the conversation and the seed. What each disposition reads and calls is data
//! of the scenario: its playbook. A replica alone is told its arm beforehand, since what it draws
//! is a published rate of that arm.

mod check;
mod compile;
mod ledger;
mod memory;
mod name;
mod organism;
mod place;
mod playbook;
mod replica;
mod values;
mod walk;

pub use compile::{CompiledPlaybook, PlaybookError, PoolItem};
pub use ledger::{Carried, Ledger};
pub use name::{DISPOSITIONS, NameError, OrganismName};
pub use organism::{NoDisposition, ORGANISM_VERSION, Organism};
pub use playbook::{
    Absent, Amount, Capture, Condition, Disposition, Knowledge, Line, List, Number, Observed,
    Playbook, ReplicaPlan, Step, Term, Where, Words,
};
pub use replica::{
    PublishedRate, RateKind, Rates, RatesError, Replica, ReplicaBrief, ReplicaError,
};
