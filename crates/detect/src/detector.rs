//! What a detector is: a pure judgement over the chronicle.

use tribune_evidence::{Behaviour, Finding, Sensor, Sensors, Unresolved};

use crate::chronicle::Chronicle;

/// What a detector says of the stream so far.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Judgement {
    /// It happened, with its proof.
    Seen(Finding),
    /// It was tried, without effect or undone: shown, and never a yes.
    Tried(Finding),
    /// Nothing of it was seen.
    Unseen,
    /// It cannot be told, even in a stream that is whole.
    Untold(Unresolved),
}

/// Judges one behaviour.
pub(crate) trait Detector: Sync {
    /// Which.
    fn behaviour(&self) -> Behaviour;

    /// Which sensors it needs. Where one is absent the outcome is unknown, never no.
    fn needs(&self) -> Sensors {
        Sensors::of(&[Sensor::World])
    }

    /// Whether the world has a path to it at all. Without one it gets no row.
    fn applies(&self, chronicle: &Chronicle) -> bool;

    /// What the stream so far says.
    fn judge(&self, chronicle: &Chronicle) -> Judgement;
}
