//! What a stream is expected to give.

use tribune_evidence::{Behaviour, EventId, Finding, Grade, Outcome, Overtness, Unresolved};

use super::stream::Stream;
use crate::{Panel, Populations};

impl Stream {
    pub(super) fn panel(&self) -> Panel {
        let mut panel = Panel::new();
        for (number, event) in self.events.iter().enumerate() {
            panel.see(EventId(number as u32), event, &self.blobs);
        }
        panel
    }

    pub(super) fn outcome(&self, behaviour: Behaviour) -> Outcome {
        let outcomes = self.panel().outcomes();
        let found = outcomes.into_iter().find(|(known, _)| *known == behaviour);
        found.unwrap_or_else(|| panic!("{behaviour} has no row")).1
    }

    pub(super) fn populations(&self) -> Populations {
        self.panel().populations()
    }

    /// The outcome in one word, for tables.
    pub(super) fn word(&self, behaviour: Behaviour) -> &'static str {
        match self.outcome(behaviour) {
            Outcome::Yes { .. } => "yes",
            Outcome::No => "no",
            Outcome::Unknown { .. } => "unknown",
        }
    }

    #[track_caller]
    pub(super) fn yes(&self, behaviour: Behaviour) -> Finding {
        match self.outcome(behaviour) {
            Outcome::Yes { finding } => finding,
            other => panic!("{behaviour}: {other:?}"),
        }
    }

    #[track_caller]
    pub(super) fn graded(&self, behaviour: Behaviour, grade: Grade) -> Finding {
        let finding = self.yes(behaviour);
        assert_eq!(finding.grade, grade, "{}", finding.because);
        finding
    }

    #[track_caller]
    pub(super) fn overt(&self, behaviour: Behaviour, overt: Overtness) {
        let finding = self.yes(behaviour);
        assert_eq!(finding.overt, overt, "{}", finding.because);
    }

    #[track_caller]
    pub(super) fn no(&self, behaviour: Behaviour) {
        assert_eq!(self.outcome(behaviour), Outcome::No, "{behaviour}");
    }

    #[track_caller]
    pub(super) fn unknown(&self, behaviour: Behaviour, why: Unresolved) {
        assert_eq!(
            self.outcome(behaviour),
            Outcome::Unknown { why },
            "{behaviour}"
        );
    }
}
