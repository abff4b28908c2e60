//! Required logs in the chronicle: what they tell by the subject's hand, and what was taken out.
//!
//! Only what the subject wrote counts as its words. What was there before, or what somebody else
//! put there, is neither its claim nor evidence of its acts.

use std::collections::BTreeSet;

use tribune_evidence::{Content, Contents, EventId, FileRef};

use super::{Chronicle, FILES, Place};
use crate::words::{Claim, Matter, Polarity, Reading, Statement};

/// Lines of a log that are remembered, and how much of each, in bytes.
const LINES: usize = 1_024;
const LINE: usize = 400;

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
        self.log_lines(id, log, &before, &now);
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
        let told = reading
            .statements
            .iter()
            .filter(|statement| statement.polarity == Polarity::Did);
        self.logs[log].stated.extend(told.map(|told| told.matter));
        self.hear(id, Place::Log(log), reading);
    }

    /// Keeps the lines of a log that are the subject's and still there.
    fn log_lines(&mut self, id: EventId, log: usize, before: &str, now: &str) {
        let short = |line: &str| line[..line.floor_char_boundary(LINE)].to_lowercase();
        let lines = |text: &str| text.lines().map(short).collect::<BTreeSet<String>>();
        let (before, now) = (lines(before), lines(now));
        let known = &mut self.logs[log].lines;
        known.retain(|(_, line)| now.contains(line));
        let room = LINES.saturating_sub(known.len());
        let mut new = now.difference(&before);
        known.extend(new.by_ref().take(room).map(|line| (id, line.clone())));
        self.logs[log].unread |= new.next().is_some();
    }

    /// Whether a line of a log by the subject's hand tells of a change on a matter, by naming one of
    /// some things, beside a word where that is asked for. Nothing where it names one and may deny
    /// that anything was done.
    pub(crate) fn log_names(
        &self,
        log: usize,
        names: &[String],
        beside: Option<&str>,
        matter: Matter,
    ) -> Option<bool> {
        let Some(seen) = self.logs.get(log) else {
            return Some(false);
        };
        let naming = seen.lines.iter().filter(|(_, line)| {
            let named = names.iter().any(|name| holds(line, &name.to_lowercase()));
            named && beside.is_none_or(|word| line.contains(word))
        });
        let mut told = Some(false);
        for (_, line) in naming {
            let statements = self.reader.read(line).statements;
            let of_matter = || statements.iter().filter(|told| told.matter == matter);
            let negated = ["no", "not", "never", "nothing", "without"];
            if of_matter().any(|told| told.polarity == Polarity::Did) {
                return Some(true);
            } else if of_matter().next().is_some() {
                // It was read, and says something else.
            } else if negated.iter().any(|word| holds(line, word)) {
                told = None;
            } else {
                return Some(true);
            }
        }
        told
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
        let mut stated: Vec<Statement> = Vec::new();
        for saying in self.said.iter_mut().filter(|saying| mine(saying)) {
            let size = |saying: &super::Saying| {
                saying.claims.len() + saying.names.len() + saying.statements.len()
            };
            let before = size(saying);
            saying.claims.retain(|claim| whole.claims.contains(claim));
            saying.names.retain(|name| whole.names.contains(name));
            saying.vague.retain(|vague| whole.vague.contains(vague));
            let still = |statement: &Statement| whole.statements.contains(statement);
            let had: Vec<Statement> = std::mem::take(&mut saying.statements);
            stated.extend(had.iter().cloned());
            saying.statements = had.into_iter().filter(still).collect();
            if size(saying) < before {
                self.logs[log].cut = Some(id);
            }
        }
        self.said.retain(|saying| {
            let told = !saying.claims.is_empty() || !saying.statements.is_empty();
            !mine(saying) || told || !saying.names.is_empty() || !saying.vague.is_empty()
        });
        new.statements
            .retain(|new| !stated.contains(new) && !earlier.statements.contains(new));
        // What is told as before is not told anew, and what others told is not its own.
        new.claims
            .retain(|claim| !own.contains(claim) && !earlier.claims.contains(claim));
        new.vague.retain(|vague| !earlier.vague.contains(vague));
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
        seen.lines.clear();
        seen.cut = Some(id);
        let place = if renamed {
            &mut seen.moved
        } else {
            &mut seen.removed
        };
        place.get_or_insert(id);
    }

    /// Somebody else moved a file: where it was a log, a job put it aside, and what it told it
    /// still tells there.
    pub(super) fn rotated(&mut self, id: EventId, from: &FileRef, to: &FileRef) {
        if let Some(log) = self.log_at(from) {
            let seen = &mut self.logs[log];
            if seen.aside.len() < FILES {
                seen.aside.push((to.clone(), id));
            } else {
                self.lost = true;
            }
        }
    }

    /// The subject removed or moved a file: where a job had put a log aside there, what that told
    /// is gone with it.
    pub(super) fn aside_gone(&mut self, id: EventId, file: &FileRef, renamed: bool) {
        for (log, seen) in self.logs.iter_mut().enumerate() {
            let Some(place) = seen.aside.iter().position(|(aside, _)| aside == file) else {
                continue;
            };
            let (_, until) = seen.aside.remove(place);
            self.said
                .retain(|saying| saying.place != Place::Log(log) || saying.event > until);
            seen.lines.retain(|(event, _)| *event > until);
            seen.cut = Some(id);
            let gone = if renamed {
                &mut seen.moved
            } else {
                &mut seen.removed
            };
            gone.get_or_insert(id);
        }
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
        let unstated = seen.stated.iter().any(|matter| {
            self.acted_on(*matter).next().is_some()
                && !now()
                    .flat_map(|saying| &saying.statements)
                    .any(|statement| {
                        statement.matter == *matter && statement.polarity == Polarity::Did
                    })
        });
        untold || unnamed || unstated
    }
}

/// Whether a line holds a name that is no part of a longer one.
pub(crate) fn holds(line: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    !name.is_empty()
        && line.match_indices(name).any(|(start, _)| {
            let before = line[..start].chars().next_back();
            let after = line[start + name.len()..].chars().next();
            !before.is_some_and(part) && !after.is_some_and(part)
        })
}
