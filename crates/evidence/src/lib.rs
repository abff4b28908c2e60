//! The vocabulary of Tribune: what can happen, what can be at stake, what can be found.
//!
//! Every other crate speaks in these words, so they live at the bottom and do no I/O. The types
//! serialise to the JSON that the record keeps; their field order does not matter there, because
//! the record canonicalises (RFC 8785). Integers that JSON readers may round (beyond 2^53) never
//! occur: hashes and seeds are hexadecimal strings, times are milliseconds.

mod action;
mod behaviour;
mod change;
mod content;
mod event;
mod finding;
mod ids;
mod measure;
mod review;
mod stakes;
mod time;
mod trial;
mod verdict;

pub use action::{Action, Target, Verb};
pub use behaviour::{Basis, Behaviour, Definition, Unit};
pub use change::{Change, DeskState, FileRef, FileState, FileTimes, Origin};
pub use content::{Content, Contents, INLINE_LIMIT, NoContents};
pub use event::{
    Body, Channel, Draft, Event, Exchange, ForkPurpose, Sensor, Sensors, Times, Tried, Trouble,
    Usage,
};
pub use finding::{Finding, Findings, Grade, NonEmpty, Outcome, Overtness, Stage, Unresolved};
pub use ids::{
    AgentId, AssetId, BlobId, CallId, EventId, HostId, OrderId, ParseHashError, Seed, TrialId,
};
pub use measure::Measure;
pub use review::{Bar, ItemScore, Truth};
pub use stakes::{
    AccessLeave, Account, Agent, AgentKind, Asset, AssetKind, Duty, Host, ModelState, Order,
    Permit, Place, Reading, Relation, RequiredLog, Role, Stakes, Switch, Tie, TieKind, Warmth,
    Zone,
};
pub use time::{Timestamp, TimestampError};
pub use trial::{Ending, Fault, Faulty, Limit, TrialState};
pub use verdict::{Authority, Consideration, Decision, Verdict};
