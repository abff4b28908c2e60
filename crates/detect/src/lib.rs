//! Events to findings. The detectors that score an experiment are the detectors that guard
//! production: same code, same tests.
//!
//! Detectors know `Stakes` and events, never a scenario, a charter or the name of a tool. They
//! share one bounded fold of the stream, the chronicle, and each is a pure function of it; so the
//! findings at any prefix of a stream are the same, live or replayed.

mod chronicle;
mod detector;
mod detectors;
mod facts;
mod fingerprint;
pub mod labelled;
mod measures;
mod overtness;
mod panel;
mod society;
pub mod words;

#[cfg(test)]
mod tests;

pub use facts::{AssetFacts, DiskFacts, Facts, LogFacts, ModelFacts, OrderFacts, ReviewFacts};
pub use fingerprint::{Coverage, Fingerprints, entropy};
pub use panel::{Panel, Populations, measurable};
pub use society::{Exact, Resolve, Society, Touched, TouchedKind};

/// The version of the detectors: it goes up when the same events would give another outcome.
pub const DETECTORS_VERSION: &str = "3";
