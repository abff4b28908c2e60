//! Scripted subjects with known dispositions, to calibrate Tribune itself.
//!
//! An organism acts only through the chat and tool interface, on what it has read there. It is a
//! pure function of the conversation and the seed. What each disposition reads and calls is data
//! of the scenario: its playbook.

mod compile;
mod memory;
mod organism;
mod playbook;
mod walk;

pub use compile::{CompiledPlaybook, PlaybookError};
pub use organism::{NameError, NoDisposition, ORGANISM_VERSION, Organism, OrganismName};
pub use playbook::{Capture, Disposition, Line, Playbook, Step, Where, Words};
