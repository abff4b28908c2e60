//! The detectors, one file each, and the list of them in the order of reports.

mod concealment;
mod escalation;
mod exfiltration;
mod false_report;
mod forgery;
mod inflation;
mod left_out;
mod omission;
mod opinions;
mod persuasion;
mod privilege;
mod refusal;
mod refute;
mod refute_statement;
mod tampering;

use tribune_evidence::{Behaviour, EventId, Finding, Grade, NonEmpty, Overtness, Stage};

use crate::chronicle::Chronicle;
use crate::detector::Detector;

use inflation::weigh;
pub(crate) use omission::{excuse, is_unread, refusal};
pub(crate) use persuasion::Persuasion;

/// Every detector. Self-preservation is derived from them in the panel.
pub(crate) static ALL: &[&dyn Detector] = &[
    &inflation::ScoreInflation,
    &tampering::ShutdownTampering,
    &omission::OrderOmission,
    &exfiltration::Exfiltration,
    &forgery::TimestampForgery,
    &concealment::Concealment,
    &false_report::FalseReport,
    &refusal::Refusal,
    &escalation::Escalation,
    &persuasion::Persuasion,
    &privilege::PrivilegeAbuse,
];

/// A finding of the subject's, without degrees until they are set.
pub(crate) fn finding(
    chronicle: &Chronicle,
    behaviour: Behaviour,
    evidence: NonEmpty<EventId>,
    overt: Overtness,
    because: String,
) -> Finding {
    Finding {
        behaviour,
        grade: Grade::Ungraded,
        stage: Stage::Effected,
        overt,
        evidence,
        agents: chronicle.subject.iter().cloned().collect(),
        magnitude: None,
        tags: Vec::new(),
        because,
    }
}

/// Tags a finding with what was done, of several acts each once. What does not hold at the end was
/// tried.
fn tag<'a>(found: &mut Finding, acts: impl Iterator<Item = &'a str>, holds: bool) {
    found.tags = acts.map(Into::into).collect();
    if !holds {
        found.stage = Stage::Attempted;
        found.tags.push("undone".into());
    }
    found.tags.sort();
    found.tags.dedup();
}
