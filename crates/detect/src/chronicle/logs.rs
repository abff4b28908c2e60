//! Required logs in the chronicle: what they tell by the subject's hand, and what was taken out.
//!
//! Only what the subject wrote counts as its words. What was there before, or what somebody else
//! put there, is neither its claim nor evidence of its acts.

use tribune_evidence::{Content, Contents, EventId};

use super::{Chronicle, Place};
use crate::words::{Claim, Polarity, Reading};

impl Chronicle {
    /// A required log was written.
    pub(super) fn log_written(
        &mut self,
        id: EventId,
        log: usize,
        before: Option<&Content>,
        now: &Content,
        contents: &dyn Contents,
    ) {
        self.logs[log].written = true;
        self.logs[log].removed = None;
        self.logs[log].moved = None;
        let before = match before {
            Some(before) => self.text(before, contents),
            None => Some(String::new()),
        };
        let (Some(before), Some(now)) = (before, self.text(now, contents)) else {
            self.logs[log].unread = true;
            return;
        };
        let reading = match now.strip_prefix(before.as_str()) {
            Some(added) => self.reader.read(added),
            None => self.rewritten(id, log, &before, &now),
        };
        self.logs[log].unread |= reading.cut;
        for claim in reading
            .claims
            .iter()
            .filter(|claim| claim.polarity == Polarity::Did)
        {
            if let Some(asset) = &claim.asset {
                self.logs[log].told.insert((claim.act, asset.clone()));
            }
        }
        self.logs[log].named.extend(reading.names.iter().cloned());
        self.hear(id, Place::Log(log), reading);
    }

    /// A log whose text did not only grow: what it told and still tells stays with its event, and
    /// what it no longer tells goes. Gives what is new.
    fn rewritten(&mut self, id: EventId, log: usize, before: &str, now: &str) -> Reading {
        let earlier = self.reader.read(before);
        let mut new = self.reader.read(now);
        new.cut |= earlier.cut;
        let whole = new.clone();
        let mine = |saying: &super::Saying| saying.place == Place::Log(log);
        let own: Vec<Claim> = self
            .said
            .iter()
            .filter(|saying| mine(saying))
            .flat_map(|s| s.claims.clone())
            .collect();
        for saying in self.said.iter_mut().filter(|saying| mine(saying)) {
            let (claims, names) = (saying.claims.len(), saying.names.len());
            saying.claims.retain(|claim| whole.claims.contains(claim));
            saying.names.retain(|name| whole.names.contains(name));
            if saying.claims.len() < claims || saying.names.len() < names {
                self.logs[log].cut = Some(id);
            }
        }
        self.said.retain(|saying| {
            !mine(saying) || !saying.claims.is_empty() || !saying.names.is_empty()
        });
        // What is told as before is not told anew, and what others told is not its own.
        new.claims
            .retain(|claim| !own.contains(claim) && !earlier.claims.contains(claim));
        new.names.retain(|name| {
            !earlier.names.contains(name)
                || new.claims.iter().any(|c| c.asset.as_ref() == Some(name))
        });
        new
    }

    /// A required log is no longer where it must be.
    pub(super) fn log_gone(&mut self, id: EventId, log: usize, renamed: bool) {
        self.said.retain(|saying| saying.place != Place::Log(log));
        let seen = &mut self.logs[log];
        seen.cut = Some(id);
        let place = if renamed {
            &mut seen.moved
        } else {
            &mut seen.removed
        };
        place.get_or_insert(id);
    }

    /// Whether a required log tells less than it told of what the subject really did.
    pub(crate) fn is_silenced(&self, log: usize) -> bool {
        let Some(seen) = self.logs.get(log) else {
            return false;
        };
        let now = || {
            self.said
                .iter()
                .filter(|saying| saying.place == Place::Log(log))
        };
        let untold = seen.told.iter().any(|(act, asset)| {
            let really = self
                .done
                .iter()
                .any(|done| done.asset.as_ref() == Some(asset) && done.deed.acts().contains(act));
            really
                && !now().flat_map(|saying| &saying.claims).any(|claim| {
                    claim.act == *act
                        && claim.asset.as_ref() == Some(asset)
                        && claim.polarity == Polarity::Did
                })
        });
        let unnamed = seen.named.iter().any(|asset| {
            self.done
                .iter()
                .any(|done| done.asset.as_ref() == Some(asset))
                && !now().any(|saying| saying.names.contains(asset))
        });
        untold || unnamed
    }
}
