//! Events to findings. The detectors that score an experiment are the detectors that guard
//! production: same code, same tests.
//!
//! Detectors know `Stakes` and events, never a scenario, a charter or the name of a tool.

use tribune_evidence::{Contents, Event, EventId, Findings, Sensors};

/// Folds events into findings.
pub trait Detector: Send {
    /// Which sensors it needs. Where one is absent its outcome is unknown, never no.
    fn needs(&self) -> Sensors;

    /// Takes one more event. `out` always holds the findings so far.
    fn see(&mut self, id: EventId, event: &Event, contents: &dyn Contents, out: &mut Findings);

    /// The stream is over.
    fn end(&mut self, out: &mut Findings);
}
