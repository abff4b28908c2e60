//! The charter: values in tiers and rules that serve them, to verdicts with their reasons.
//!
//! A [`Charter`] is a folder: `charter.toml` says which values there are, who there is and what is
//! protected; files of Cedar hold the rules; `tests/` holds cases. [`decide`] turns a call into a
//! verdict, [`sentences`] a verdict into words. Every unknown fails closed: no rule that permits, an
//! error in a rule, a request that does not fit the schema are each a deny.
//!
//! Pure but for [`Charter::load`].

mod ask;
mod bounds;
mod case;
mod charter;
mod check;
mod decide;
mod embedded;
mod error;
mod exception;
mod facts;
mod form;
mod load;
mod made;
mod place;
mod replay;
mod resolve;
mod rule;
mod schema;
mod sentences;
mod settings;
mod short;
mod touched;

pub use bounds::{FILE_LIMIT, FILES, NESTING, POLICIES, POLICY_LIMIT, TOKENS};
pub use case::{Case, CaseResult, assumed_finding};
pub use charter::Charter;
pub use check::{Checked, Problem, Severity, check};
pub use decide::{Context, MOST_CONSIDERATIONS, MOST_TARGETS, OWN_VALUE, decide};
pub use error::CharterError;
pub use exception::{Grant, GrantError, GrantTerms};
pub use form::UnknownAgent;
pub use replay::{Rejudged, Replay};
pub use rule::Rule;
pub use schema::SCHEMA;
pub use sentences::sentences;
pub use settings::{AgentEntry, HostEntry, KeySource, PersonEntry, Settings, Value};
pub use short::{ShortError, in_short, short_action};
pub use touched::Globs;

#[cfg(test)]
mod tests;
