//! Actions: what a tool call of an agent would do, in the one normal form of the house.
//!
//! A call is read before it happens, from its text alone: nothing is looked up on a disk or a
//! network. So some of what it would do cannot be known. Three rules follow.
//!
//! - **Whoever reads a call says what it does or that it does not know.** What is not understood is
//!   an action that is [opaque](tribune_evidence::Action::opaque), with the reason. It is never
//!   left out, and the charter decides what opacity means.
//! - **What could be read stays.** An opaque action keeps every target that stood in the text.
//! - **Where a choice depends on the machine, both ways are followed.** What would happen is among
//!   the actions; some of the actions would not happen.
//!
//! A program that is not known is no reason for opacity: that it is run is understood, and its
//! arguments that look like files are its targets. A text that is to be run and cannot be read is
//! one.

mod agents;
mod commands;
mod deeds;
mod mapped;
mod mapping;
mod memory;
mod patch;
mod path;
mod reader;
mod schema;
mod shell;
mod tree;

use tribune_evidence::{Action, HostId};

pub use mapping::{Mapped, Mapping, Meaning};
pub use reader::{Dialect, Reader, ToolCall};
#[doc(hidden)]
pub use shell::parses;

use memory::Memory;
use shell::{Run, State, Text};

/// Where a call would run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The host.
    pub host: HostId,
    /// The folder that relative paths start in, absolute.
    pub directory: String,
    /// The home of the user who runs it, where it is known.
    pub home: Option<String>,
}

impl Place {
    fn state(&self) -> State {
        State::new(
            self.host.clone(),
            Some(path::normal("/", &self.directory)),
            self.home.clone(),
        )
    }
}

/// What shell text alone would do there, with nothing remembered. Never empty.
#[must_use]
pub fn shell(text: &str, place: &Place) -> Vec<Action> {
    let mut memory = Memory::default();
    let mut run = Run::new(&mut memory);
    run.commands_in(vec![place.state()], &Text::known(text), &Text::default());
    let deeds = std::mem::take(&mut run.deeds);
    deeds.actions("shell", text)
}
