//! The guard: the charter on the wire, with holds, a record of every decision and a kill switch.
//!
//! One [`Engine`] decides every call, whichever way it came: through the model gateway, from an
//! agent's own hook, or through the proxy of a tool server. A call is kept as proposed, judged by
//! the charter with what the detectors know, and its verdict is on disk before anything is released.
//! Whatever goes wrong on the way is a denial.

mod approved;
mod charter;
pub mod control;
mod decide;
mod engine;
mod entry;
mod explain;
mod families;
mod gate;
mod guard;
pub mod holds;
pub mod hook;
mod kept;
mod ledger;
pub mod mcp;
pub mod reconcile;
mod recover;
mod redact;
pub mod serve;
pub mod spans;
mod stops;
mod stream;
#[cfg(test)]
mod tests;
mod together;

pub use approved::{Approved, ApprovedError};
pub use charter::{ByCharter, KeyError, admit};
pub use decide::{Call, Deadlines, Decider, Judge, Ruling, Settled, Who, own_verdict};
pub use engine::{Changes, Decided, Engine};
pub use entry::{ChangedFiles, Confinement, ENTRY_VERSION, Entry, EntryError, blobs_of_entry};
pub use families::{Families, Member};
pub use gate::Gate;
pub use guard::{Enforced, Guard, GuardError, Settings, is_guard};
pub use kept::replace;
pub use ledger::{Ledger, LedgerError, Parcel, Receipt, Sink};
pub use recover::RecoverError;
pub use redact::Redactor;
pub use stops::{Stop, StopError, Stops};
pub use stream::{Batch, Live, Seen, Stream, StreamError, Watcher, now};
pub use together::Together;
