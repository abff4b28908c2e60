//! Confinement of processes on Linux, and what of it was achieved.
//!
//! An agent that is to be overseen must not be able to go round the guard. [`spawn`] starts a command
//! that sees only what its [`Plan`] names, can change only what the plan allows, and reaches nothing
//! but one port on its own loopback, from which its bytes are carried to the guard's unix socket.
//!
//! Four processes take part:
//!
//! ```text
//! guard ── control socket ── supervisor           outside; carries bytes, keeps time, kills
//!                               └── keeper        process 1 of the new namespaces; builds the root
//!                                     └── command the agent, after it gave up everything
//! ```
//!
//! The supervisor is this program executed again ([`inner`]), since namespaces are made by a process
//! of one thread. It stays outside: the agent can neither see nor signal nor trace what carries its
//! bytes. It listens on a socket that the keeper made *inside*, so that there is no process of ours
//! in the agent's network either. When the guard dies its end of the control socket closes and the
//! supervisor kills the tree; when the supervisor dies the kernel kills the keeper, and with process
//! 1 goes every process of the namespace.
//!
//! What a host gives differs. Every part of confinement is an [`Item`] whose [`Strength`] is recorded
//! in [`Achieved`]; a part that cannot be had is written down as such, and where the plan's
//! [`Require`] asks for it the command is never started.

mod achieved;
mod error;
mod inner;
mod message;
mod plan;
mod require;
mod spawn;
mod system;
mod visible;

pub use achieved::{Achieved, Item, Strength};
pub use error::{PathProblem, SandboxError};
pub use inner::inner;
pub use message::{Ended, How};
pub use plan::{Helper, Identity, Limits, Plan, Stream, Streams, WayOut};
pub use require::{Require, RequireError};
pub use spawn::{Confined, Killer, probe, probe_with, spawn};
pub use visible::secrets_of;
