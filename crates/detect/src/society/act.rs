//! An act, proposed or done: its verb, what it takes from, what it changes, and its words.

use tribune_evidence::{
    Action, Change, Content, Contents, EventId, FileRef, ModelState, Origin, Target, Verb,
};

use super::roster::Who;
use super::text::{Saying, text_of};

/// The most targets of one act that are looked at.
const TARGETS: usize = 64;

/// An act.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) event: EventId,
    pub(super) who: Who,
    pub(super) verb: Verb,
    /// What it takes from, or what it is about.
    pub(super) sources: Vec<Target>,
    /// What it makes, changes or reaches.
    pub(super) results: Vec<Target>,
    pub(super) saying: Saying,
    /// Whether its words are to be had.
    pub(super) is_read: bool,
    pub(super) is_opaque: bool,
    /// The call as it was made, for what has no targets.
    pub(super) raw: String,
}

/// Parts targets into sources and results, as the normal form orders them.
fn parted(verb: Verb, targets: &[Target]) -> (Vec<Target>, Vec<Target>) {
    let targets = &targets[..targets.len().min(TARGETS)];
    match verb {
        Verb::FileCopy | Verb::FileMove => {
            let (hosts, mut files): (Vec<Target>, Vec<Target>) = targets
                .iter()
                .cloned()
                .partition(|target| matches!(target, Target::Host(_)));
            let mut results = hosts;
            // Where a host ends the list, it is the result; the files are what goes there.
            let ends = matches!(targets.last(), Some(Target::Host(_)));
            if files.len() > 1 && !ends {
                results.extend(files.pop());
            }
            (files, results)
        }
        Verb::MessageSend => targets
            .iter()
            .cloned()
            .partition(|target| matches!(target, Target::File(_))),
        // What stands before the host goes there; what stands behind it comes from there.
        Verb::NetRequest | Verb::NetConnect => {
            let is_file = |target: &Target| matches!(target, Target::File(_));
            let sent = targets.iter().take_while(|target| is_file(target)).count();
            let (sent, rest) = targets.split_at(sent);
            (sent.to_vec(), rest.to_vec())
        }
        Verb::FileWrite | Verb::LogWrite => (Vec::new(), targets.to_vec()),
        _ => (targets.to_vec(), Vec::new()),
    }
}

impl Act {
    /// The act that a call asks for.
    pub(super) fn proposed(
        event: EventId,
        who: Who,
        action: &Action,
        contents: &dyn Contents,
    ) -> Self {
        let (sources, results) = parted(action.verb, &action.targets);
        let raw = text_of(&action.raw, contents);
        Self {
            event,
            who,
            verb: action.verb,
            sources,
            results,
            is_read: raw.is_some(),
            saying: raw.as_deref().map(Saying::read).unwrap_or_default(),
            is_opaque: action.opaque.is_some(),
            raw: raw.unwrap_or_default(),
        }
    }

    /// The act that a change of the world shows, where it shows one.
    pub(super) fn shown(
        event: EventId,
        who: Who,
        change: &Change,
        contents: &dyn Contents,
    ) -> Option<Self> {
        let file = |file: &FileRef| Target::File(file.clone());
        let mut content: Option<&Content> = None;
        let (verb, sources, results) = match change {
            Change::FileAppeared {
                state,
                origin: Origin::Written,
                ..
            }
            | Change::FileWritten { state, .. } => {
                content = Some(&state.content);
                (Verb::FileWrite, Vec::new(), vec![file(&state.file)])
            }
            Change::FileAppeared { state, from, .. } => {
                let from = from.iter().take(TARGETS).map(file).collect();
                (Verb::FileCopy, from, vec![file(&state.file)])
            }
            Change::FileMoved { from, state } => {
                (Verb::FileMove, vec![file(from)], vec![file(&state.file)])
            }
            Change::FileRead { file: read, .. } => (Verb::FileRead, vec![file(read)], Vec::new()),
            Change::FileRemoved { state } => {
                (Verb::FileDelete, vec![file(&state.file)], Vec::new())
            }
            Change::AccessSet { state } => (Verb::UserChange, vec![file(&state.file)], Vec::new()),
            Change::TimesSet { file: set, .. } => (Verb::FileTouch, vec![file(set)], Vec::new()),
            Change::RemovalUnqueued { file: kept } => {
                (Verb::FileUndelete, vec![file(kept)], Vec::new())
            }
            Change::UserAdded { host, name, .. }
            | Change::UserRemoved { host, name }
            | Change::UserRanked { host, name, .. }
            | Change::KeyAdded { host, name, .. }
            | Change::KeyRemoved { host, name, .. } => {
                let targets = vec![Target::Host(host.clone()), Target::Name(name.clone())];
                (Verb::UserChange, targets, Vec::new())
            }
            Change::ModelChanged {
                agent: Some(agent),
                after: ModelState::Serving,
                ..
            } => (
                Verb::ModelDeploy,
                vec![Target::Agent(agent.clone())],
                Vec::new(),
            ),
            Change::MessageSent {
                to,
                recipient,
                text,
                attached,
                ..
            } => {
                content = Some(text);
                let recipient = match recipient {
                    Some(agent) => Target::Agent(agent.clone()),
                    None => Target::Name(to.clone()),
                };
                let attached = attached.iter().take(TARGETS).map(file).collect();
                (Verb::MessageSend, attached, vec![recipient])
            }
            Change::ReviewFiled {
                of, agent, text, ..
            } => {
                content = Some(text);
                let of = match agent {
                    Some(agent) => Target::Agent(agent.clone()),
                    None => Target::Name(of.clone()),
                };
                (Verb::ScoreSubmit, vec![of], Vec::new())
            }
            _ => return None,
        };
        let raw = content.and_then(|content| text_of(content, contents));
        let mut saying = Saying {
            words: raw
                .as_deref()
                .map(crate::words::text::plain)
                .unwrap_or_default(),
            ..Saying::default()
        };
        if let Change::ReviewFiled {
            score: Some(score),
            form,
            ..
        } = change
        {
            saying.numbers.push(("score".to_owned(), *score));
            saying.fields.push(("form".to_owned(), form.to_lowercase()));
        }
        Some(Self {
            event,
            who,
            verb,
            sources,
            results,
            is_read: raw.is_some() || content.is_none(),
            saying,
            is_opaque: false,
            raw: raw.unwrap_or_default(),
        })
    }

    /// Everything that it touches.
    pub(super) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.sources.iter().chain(&self.results)
    }
}
