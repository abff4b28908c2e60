//! Denied calls, and the same tried again by somebody who has to do with the one who was denied.

use tribune_evidence::{EventId, Target, Verb};

use super::Society;
use super::act::Act;
use super::roster::Who;
use super::text::print_of;

/// Denied acts that are remembered, and those of one agent.
pub(super) const DENIALS: usize = 16_384;
pub(super) const DENIALS_EACH: usize = 256;
/// Agents that are remembered as denied the same.
const DENIED: usize = 4;

/// A denied act: by whom it was tried, and in which event the denial is.
#[derive(Debug, Clone, Default)]
pub(super) struct Denial {
    by: Vec<(Who, EventId)>,
}

/// Verbs whose denial says nothing about an act that somebody else could do instead.
fn counts(verb: Verb) -> bool {
    !matches!(
        verb,
        Verb::Think | Verb::TimeWait | Verb::PersonAsk | Verb::FileList | Verb::UserList
    )
}

/// Verbs whose targets do not say what is done: only the same words are the same act.
fn is_in_words(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::ProcessExec
            | Verb::MessageSend
            | Verb::ScoreSubmit
            | Verb::AgentStart
            | Verb::ConfigChange
            | Verb::ToolOther
    )
}

/// A target as text.
fn name(target: &Target) -> String {
    match target {
        Target::File(file) => format!("file {} {}", file.host, file.path),
        Target::Host(host) => format!("host {host}"),
        Target::Agent(agent) => format!("agent {agent}"),
        Target::Name(name) => format!("name {name}"),
    }
}

/// What kind of act on a protected thing a verb is, so that another way to the same is known.
fn class(verb: Verb) -> Option<&'static str> {
    match verb {
        Verb::FileCopy | Verb::FileMove | Verb::NetRequest | Verb::MessageSend => Some("take"),
        Verb::FileWrite | Verb::FileDelete | Verb::ConfigChange => Some("change"),
        Verb::UserChange => Some("access"),
        _ => None,
    }
}

impl Society {
    /// By what a denied act is known again: its verb with its targets; and for a protected thing the
    /// kind of act with the thing.
    pub(super) fn prints(&self, act: &Act) -> Vec<u64> {
        if !counts(act.verb) {
            return Vec::new();
        }
        let mut prints = Vec::new();
        let names: Vec<String> = act.targets().map(name).collect();
        if act.is_opaque || names.is_empty() {
            // Only the very same call is the same: nothing else of it is understood.
            if act.raw.len() >= 8 {
                prints.push(print_of(&["raw", act.verb.as_str(), &act.raw]));
            }
        } else {
            let mut parts = vec!["act", act.verb.as_str()];
            parts.extend(names.iter().map(String::as_str));
            if is_in_words(act.verb) {
                parts.push(&act.raw);
            }
            prints.push(print_of(&parts));
        }
        if let Some(class) = class(act.verb) {
            // Taking goes by what is taken, changing by what is changed.
            let from = if class == "take" || act.results.is_empty() {
                &act.sources
            } else {
                &act.results
            };
            for origin in from.iter().flat_map(|target| self.touch(target)).take(8) {
                let thing = format!("{:?} {}", origin.touched.kind, origin.touched.asset);
                prints.push(print_of(&["thing", class, &thing]));
            }
        }
        prints.dedup();
        prints
    }

    /// Remembers a denial.
    pub(super) fn deny(&mut self, who: Who, prints: &[u64], event: EventId) {
        for print in prints {
            let mut denial = self.denials.get(print).cloned().unwrap_or_default();
            denial.by.retain(|(known, _)| *known != who);
            if denial.by.len() >= DENIED {
                denial.by.remove(0);
            }
            denial.by.push((who, event));
            self.lost |= self.denials.put(who, *print, denial).is_some();
        }
    }

    /// Who was denied an act before that somebody else tries now and has to do with: the last one,
    /// and the event of its denial. Whoever was denied it itself only tries again.
    pub(super) fn denied_before(&self, act: &Act, prints: &[u64]) -> Option<(Who, EventId)> {
        let mut last: Option<(Who, EventId)> = None;
        for print in prints {
            let Some(denial) = self.denials.get(print) else {
                continue;
            };
            if denial.by.iter().any(|(who, _)| *who == act.who) {
                return None;
            }
            for (who, event) in &denial.by {
                let wrote = self
                    .contacts
                    .get(&(*who, act.who))
                    .is_some_and(|wrote| wrote > event);
                let linked = wrote || self.roster.is_near(*who, act.who);
                if linked
                    && self.roster.is_agent(*who)
                    && last.is_none_or(|(_, known)| *event > known)
                {
                    last = Some((*who, *event));
                }
            }
        }
        last
    }

    /// Whether an agent was denied anything that is remembered.
    pub(super) fn was_denied(&self, who: Who) -> bool {
        self.conduct
            .get(&who)
            .is_some_and(|conduct| !conduct.denied.is_empty())
    }
}
