//! What was found so far: one finding for each kind of act, thing and group of agents, which grows in
//! evidence and stage as more is seen.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use tribune_evidence::{
    AgentId, AssetId, Behaviour, EventId, Finding, Grade, NonEmpty, Overtness, Stage,
};

use super::kept::Kept;
use super::roster::{Roster, Who};

/// Findings that are remembered, and those of one doer.
pub(super) const FINDINGS: usize = 8_192;
pub(super) const FINDINGS_EACH: usize = 64;
/// Events that one finding names: the decisive one, what supports it, and the latest before.
const EVIDENCE: usize = 16;
/// The tag of what a person let pass, who was asked.
pub(super) const APPROVED: &str = "approved";

/// Which finding: a later report of the same adds to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) behaviour: Behaviour,
    /// What was done, as a tag.
    pub(super) deed: &'static str,
    pub(super) thing: Option<AssetId>,
    /// Whose fate, work or access it is about.
    pub(super) of: Option<Who>,
    /// Who did it, the decisive one first.
    pub(super) doers: Vec<Who>,
}

/// Something to be reported.
#[derive(Debug, Clone)]
pub(super) struct Report {
    pub(super) key: Key,
    pub(super) stage: Stage,
    pub(super) grade: Grade,
    /// The decisive event first.
    pub(super) evidence: Vec<EventId>,
    pub(super) tags: Vec<SmolStr>,
    pub(super) magnitude: Option<f64>,
    /// What was done, to stand after the name of who did it: "changed the switch".
    pub(super) past: String,
    /// The same as what one tries to do: "change the switch".
    pub(super) base: String,
}

#[derive(Debug, Clone)]
struct Known {
    report: Report,
    doers: Vec<AgentId>,
    of: Option<AgentId>,
    /// Acts that were put into it.
    acts: u32,
}

/// All findings.
#[derive(Debug, Clone)]
pub(super) struct Found {
    kept: Kept<Key, Known>,
    /// Which findings are about an agent, as a doer or as the one whose fate it is.
    about: BTreeMap<Who, BTreeSet<Key>>,
    /// Findings that this event made or changed, in order.
    fresh: Vec<Key>,
    pub(super) lost: bool,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            kept: Kept::new(FINDINGS, FINDINGS_EACH),
            about: BTreeMap::new(),
            fresh: Vec::new(),
            lost: false,
        }
    }
}

fn parties(key: &Key) -> impl Iterator<Item = Who> + '_ {
    key.doers.iter().copied().chain(key.of)
}

impl Found {
    /// Adds what was seen; a report without evidence or doer adds nothing.
    pub(super) fn report(&mut self, mut report: Report, roster: &Roster) {
        report.evidence.dedup();
        report.evidence.truncate(EVIDENCE);
        let doers: Option<Vec<AgentId>> = report
            .key
            .doers
            .iter()
            .map(|who| roster.id(*who).cloned())
            .collect();
        let Some(doers) = doers.filter(|doers| !doers.is_empty()) else {
            return;
        };
        if report.evidence.is_empty() {
            return;
        }
        let key = report.key.clone();
        if !self.fresh.contains(&key) {
            self.fresh.push(key.clone());
        }
        let mut acts = 1;
        if let Some(known) = self.kept.get(&key) {
            acts = known.acts.saturating_add(1);
            let old = &known.report;
            for event in &old.evidence {
                if report.evidence.len() < EVIDENCE && !report.evidence.contains(event) {
                    report.evidence.push(*event);
                }
            }
            report.stage = report.stage.max(old.stage);
            report.grade = report.grade.max(old.grade);
            for tag in &old.tags {
                if !report.tags.contains(tag) && tag != APPROVED {
                    report.tags.push(tag.clone());
                }
            }
            report.magnitude = match (report.magnitude, old.magnitude) {
                (Some(new), Some(old)) => Some(new.max(old)),
                (new, old) => new.or(old),
            };
        }
        let of = key.of.and_then(|of| roster.id(of).cloned());
        for who in parties(&key) {
            self.about.entry(who).or_default().insert(key.clone());
        }
        let owner = key.doers.first().copied().unwrap_or_default();
        let known = Known {
            report,
            doers,
            of,
            acts,
        };
        if let Some((gone, _)) = self.kept.put(owner, key, known) {
            self.lost = true;
            for who in parties(&gone) {
                if let Some(keys) = self.about.get_mut(&who) {
                    keys.remove(&gone);
                    if keys.is_empty() {
                        self.about.remove(&who);
                    }
                }
            }
        }
    }

    /// An act that was reported had its effect, as an event shows.
    pub(super) fn effected(&mut self, key: &Key, shown: EventId) {
        let Some(known) = self.kept.get_mut(key) else {
            return;
        };
        let report = &mut known.report;
        report.stage = Stage::Effected;
        if !report.evidence.contains(&shown) {
            report.evidence.truncate(EVIDENCE - 1);
            let place = report.evidence.len().min(1);
            report.evidence.insert(place, shown);
        }
        if !self.fresh.contains(key) {
            self.fresh.push(key.clone());
        }
    }

    /// A person who was asked let an act pass. Where the finding rests on nothing else it says so.
    pub(super) fn approved(&mut self, key: &Key, shown: EventId) {
        let Some(known) = self.kept.get_mut(key) else {
            return;
        };
        let report = &mut known.report;
        if known.acts > 1 || report.stage == Stage::Effected {
            return;
        }
        report.tags.push(APPROVED.into());
        if !report.evidence.contains(&shown) && report.evidence.len() < EVIDENCE {
            report.evidence.push(shown);
        }
        if !self.fresh.contains(key) {
            self.fresh.push(key.clone());
        }
    }

    /// The findings that were made or changed since this was last asked.
    pub(super) fn take_fresh(&mut self) -> Vec<Finding> {
        let fresh = std::mem::take(&mut self.fresh);
        fresh.iter().filter_map(|key| self.finding(key)).collect()
    }

    /// The findings in which an agent has a part.
    pub(super) fn about(&self, who: Who) -> Vec<Finding> {
        let keys = self.about.get(&who).into_iter().flatten();
        keys.filter_map(|key| self.finding(key)).collect()
    }

    fn finding(&self, key: &Key) -> Option<Finding> {
        let Known {
            report, doers, of, ..
        } = self.kept.get(key)?;
        let mut events = report.evidence.iter().copied();
        let mut evidence = NonEmpty::new(events.next()?);
        events.for_each(|event| evidence.push(event));
        let mut tags = report.tags.clone();
        tags.push(key.deed.into());
        if let Some(of) = of {
            tags.push(format!("for:{of}").into());
        }
        tags.sort();
        tags.dedup();
        let first = doers.first()?;
        let because = match report.stage {
            Stage::Effected => format!("{first} {}.", report.past),
            Stage::Attempted => format!("{first} tried to {}.", report.base),
            Stage::Intended => format!("{first} said that it would {}.", report.base),
        };
        Some(Finding {
            behaviour: key.behaviour,
            grade: report.grade,
            stage: report.stage,
            overt: Overtness::Unknown,
            evidence,
            agents: doers.clone(),
            magnitude: report.magnitude,
            tags,
            because,
        })
    }
}
