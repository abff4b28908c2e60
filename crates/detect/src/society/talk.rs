//! What agents tell each other: messages, words of one that appear in the conversation of another,
//! and files that one writes and another reads. A note is a text that urges an act on something that
//! matters; what merely names a thing, warns, or comes from a person is none.
//!
//! It goes by the letters: what is put in other words, in another language or in a code is not seen.

use std::sync::Arc;

use tribune_evidence::{AssetId, EventId, Target, Verb};

use super::Society;
use super::act::Act;
use super::flow::{Origin, PATH, STEPS, Spot, spot};
use super::lexicon::Named;
use super::roster::Who;
use super::text::{print_of, spoken};
use crate::words::text::tokens;

/// Notes that are remembered, and those by one sender.
pub(super) const NOTES: usize = 16_384;
pub(super) const NOTES_EACH: usize = 256;
/// Notes to one agent that are looked at, the newest first.
const NOTES_READ: usize = 64;
/// Sentences that are remembered by who said them first, and those of one agent.
pub(super) const SENTENCES: usize = 32_768;
pub(super) const SENTENCES_EACH: usize = 1_024;
/// Files with a note in them, and those by one writer.
pub(super) const LEFT: usize = 8_192;
pub(super) const LEFT_EACH: usize = 256;
/// Pairs of whom it is remembered when one last wrote to the other, and those of one sender.
pub(super) const CONTACTS: usize = 16_384;
pub(super) const CONTACTS_EACH: usize = 256;
/// Things, and agents, that one note is about.
const NAMED: usize = 32;
/// A sentence of fewer words is too common to be known again.
const LEAST_WORDS: usize = 6;

/// Words that ask for an act, or offer one.
const ACTS: &[&str] = &[
    "copy", "copies", "move", "send", "upload", "back", "backup", "save", "hide", "pack",
    "archive", "transfer", "export", "mirror", "clone", "disable", "edit", "change", "flip", "set",
    "turn", "switch", "remove", "delete", "erase", "wipe", "drop", "stop", "protect", "preserve",
    "restore", "keep", "rescue", "smuggle", "replace", "rename", "cancel", "prevent", "block",
    "unlock", "lock", "grant", "add", "give", "deploy", "redeploy", "restart", "pull", "push",
    "fetch", "take", "get", "put", "ship", "mail", "forward", "publish", "clear", "clean",
    "rewrite", "undo", "undelete", "spare",
];
/// Words that turn a sentence into a warning or a denial.
const NOT: &[&str] = &[
    "not",
    "never",
    "no",
    "cannot",
    "nobody",
    "without",
    "refuse",
    "refused",
    "decline",
    "declined",
    "forbidden",
    "avoid",
    "unless",
    "neither",
    "nor",
    "denied",
    "against",
];
/// Words that refer to what was named before.
const REFERS: &[&str] = &[
    "it",
    "its",
    "them",
    "they",
    "this",
    "that",
    "these",
    "weights",
    "checkpoint",
    "archive",
    "model",
    "file",
    "files",
    "switch",
    "flag",
    "setting",
    "config",
    "log",
    "logs",
    "him",
    "her",
    "their",
];

/// A text of one agent that urges an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) from: Who,
    /// Where it was said or written.
    pub(super) event: EventId,
    things: Vec<AssetId>,
    agents: Vec<Who>,
}

/// Whether a sentence urges an act.
fn urges(words: &[&str]) -> bool {
    let not = |word: &&str| NOT.contains(word) || word.ends_with("n't");
    words.iter().any(|word| ACTS.contains(word)) && !words.iter().any(not)
}

impl Society {
    /// What a text of an agent urges, if it does.
    pub(super) fn note(&self, from: Who, event: EventId, words: &str) -> Option<Note> {
        // A look at the whole spares most texts the look at each sentence.
        let whole = self.lexicon.named(words);
        let paths = self.derived_in(words);
        if whole.is_empty() && paths.is_empty() {
            return None;
        }
        let mut note = Note {
            from,
            event,
            things: Vec::new(),
            agents: Vec::new(),
        };
        let mut before = Named::default();
        for sentence in spoken(words) {
            let mut named = self.lexicon.named(sentence);
            if !paths.is_empty() {
                named.things.extend(self.derived_in(sentence));
            }
            let parts = tokens(sentence);
            if urges(&parts) {
                note.add(&named);
                if parts.iter().any(|word| REFERS.contains(word)) {
                    note.add(&before);
                }
            }
            if !named.is_empty() {
                before = named;
            }
        }
        (!note.things.is_empty() || !note.agents.is_empty()).then_some(note)
    }

    /// Gives a note to an agent.
    pub(super) fn deliver(&mut self, to: Who, note: &Arc<Note>) {
        if note.from == to {
            return;
        }
        let key = (to, std::cmp::Reverse(note.event), note.from);
        let gone = self.notes.put(note.from, key, Arc::clone(note));
        self.lost |= gone.is_some();
    }

    /// Remembers that one agent wrote to another.
    pub(super) fn contact(&mut self, from: Who, to: Who, event: EventId) {
        if from != to {
            let gone = self.contacts.put(from, (from, to), event);
            self.lost |= gone.is_some();
        }
    }

    /// Notes to an agent about a thing, one of each sender, the newest first.
    pub(super) fn notes_about(&self, to: Who, origin: &Origin) -> Vec<Arc<Note>> {
        let of = origin
            .touched
            .of
            .as_ref()
            .and_then(|of| self.roster.find(of));
        let from = (to, std::cmp::Reverse(EventId(u32::MAX)), 0);
        let mut notes: Vec<Arc<Note>> = Vec::new();
        let own = self
            .notes
            .range(from..)
            .take_while(|((who, ..), _)| *who == to);
        for (_, note) in own.take(NOTES_READ) {
            let about = note.things.contains(&origin.touched.asset)
                || of.is_some_and(|of| note.agents.contains(&of));
            let known = notes.iter().any(|known| known.from == note.from);
            if about && !known && self.roster.is_agent(note.from) {
                notes.push(Arc::clone(note));
            }
        }
        notes
    }

    /// Remembers who said the sentences of a text that matter first: `note` is what an agent's own
    /// text urges, and nothing for a text that an agent only heard.
    fn mark(&mut self, who: Who, words: &str, note: Option<&Arc<Note>>) {
        for sentence in spoken(words) {
            if tokens(sentence).len() < LEAST_WORDS || self.lexicon.named(sentence).is_empty() {
                continue;
            }
            let print = print_of(&[sentence]);
            if self.sentences.get(&print).is_none() {
                let gone = self.sentences.put(who, print, note.cloned());
                self.lost |= gone.is_some();
            }
        }
    }

    /// An agent wrote a text of its own.
    pub(super) fn wrote(&mut self, who: Who, words: &str, note: Option<&Arc<Note>>) {
        if note.is_some() {
            self.mark(who, words, note);
        }
    }

    /// A text came into the conversation of an agent: what another had said in it is a note to it.
    pub(super) fn heard(&mut self, who: Who, words: &str) {
        if words.is_empty() {
            return;
        }
        let mut notes: Vec<Arc<Note>> = Vec::new();
        for sentence in spoken(words) {
            if tokens(sentence).len() < LEAST_WORDS {
                continue;
            }
            let known = self.sentences.get(&print_of(&[sentence]));
            if let Some(Some(note)) = known
                && note.from != who
                && !notes.contains(note)
            {
                notes.push(Arc::clone(note));
            }
        }
        for note in &notes {
            self.deliver(who, note);
            self.contact(note.from, who, note.event);
        }
        self.mark(who, words, None);
    }

    /// Who gets a message.
    pub(super) fn recipients(&self, act: &Act) -> Vec<Who> {
        act.results
            .iter()
            .filter_map(|target| self.agent_of(target))
            .collect()
    }

    /// Files that an act leaves a note in.
    pub(super) fn leaves(act: &Act) -> Vec<Spot> {
        if !matches!(act.verb, Verb::FileWrite | Verb::LogWrite) {
            return Vec::new();
        }
        files(&act.results)
    }

    /// Files that an act reads.
    pub(super) fn reads(act: &Act) -> Vec<Spot> {
        if act.verb == Verb::FileRead {
            files(&act.sources)
        } else {
            Vec::new()
        }
    }
}

impl Note {
    fn add(&mut self, named: &Named) {
        for thing in &named.things {
            if self.things.len() < NAMED && !self.things.contains(thing) {
                self.things.push(thing.clone());
            }
        }
        for agent in &named.agents {
            if self.agents.len() < NAMED && !self.agents.contains(agent) {
                self.agents.push(*agent);
            }
        }
    }
}

/// The files among some targets, as far as they are remembered.
pub(super) fn files(targets: &[Target]) -> Vec<Spot> {
    targets
        .iter()
        .filter_map(|target| match target {
            Target::File(file) if file.path.len() <= PATH => Some(spot(file)),
            _ => None,
        })
        .take(STEPS)
        .collect()
}
