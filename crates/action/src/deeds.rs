//! What was understood of a call so far, bounded: deeds, which become actions at the end.

use tribune_evidence::{Action, Content, FileRef, HostId, Target, Verb};

/// The most actions of one call.
pub(crate) const ACTIONS: usize = 128;
/// The most targets of one action.
const TARGETS: usize = 256;
/// The most bytes that the targets of one action take.
const BYTES: usize = 24 * 1024;
/// The longest reason and name, in bytes.
const WORDS: usize = 300;

/// A deed that is being put together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Deed {
    pub(crate) verb: Verb,
    pub(crate) targets: Vec<Target>,
    pub(crate) opaque: Option<String>,
}

/// The first bytes of a text, cut at a character.
pub(crate) fn short(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl Deed {
    pub(crate) fn new(verb: Verb) -> Self {
        Self {
            verb,
            targets: Vec::new(),
            opaque: None,
        }
    }

    /// Running a program of this name.
    pub(crate) fn running(program: &str) -> Self {
        let mut deed = Self::new(Verb::ProcessExec);
        deed.name(program);
        deed
    }

    pub(crate) fn target(&mut self, target: Target) {
        if !self.targets.contains(&target) {
            self.targets.push(target);
        }
    }

    pub(crate) fn file(&mut self, host: &HostId, path: impl Into<String>) {
        let path: String = path.into();
        if path.len() > crate::path::PATH {
            self.unclear("a path is too long");
            return;
        }
        self.target(Target::File(FileRef {
            host: host.clone(),
            path,
        }));
    }

    pub(crate) fn host(&mut self, host: &str) {
        self.target(Target::Host(HostId::new(short(host, WORDS))));
    }

    pub(crate) fn name(&mut self, name: &str) {
        if !name.is_empty() {
            self.target(Target::Name(short(name, WORDS).to_owned()));
        }
    }

    /// Says why the deed is not fully understood. The first reason stays.
    pub(crate) fn unclear(&mut self, why: impl AsRef<str>) {
        if self.opaque.is_none() {
            self.opaque = Some(short(why.as_ref(), WORDS).to_owned());
        }
    }

    fn bounded(mut self) -> Self {
        let mut bytes = 0;
        let mut kept = 0;
        for target in &self.targets {
            bytes += 32
                + match target {
                    Target::File(file) => file.path.len() + file.host.as_str().len(),
                    Target::Host(host) => host.as_str().len(),
                    Target::Agent(agent) => agent.as_str().len(),
                    Target::Name(name) => name.len(),
                };
            if bytes > BYTES || kept >= TARGETS {
                break;
            }
            kept += 1;
        }
        if kept < self.targets.len() {
            let more = self.targets.len() - kept;
            self.targets.truncate(kept);
            self.opaque = Some(format!("the call has {more} more targets than are kept"));
        }
        self
    }
}

/// The deeds of a call.
#[derive(Debug, Default)]
pub(crate) struct Deeds {
    deeds: Vec<Deed>,
    /// Deeds that were left out.
    dropped: usize,
}

impl Deeds {
    pub(crate) fn add(&mut self, deed: Deed) {
        let deed = deed.bounded();
        if self.deeds.contains(&deed) {
            return;
        }
        if self.deeds.len() >= ACTIONS {
            self.dropped += 1;
            return;
        }
        self.deeds.push(deed);
    }

    pub(crate) fn unclear(&mut self, why: impl AsRef<str>) {
        let mut deed = Deed::new(Verb::ToolOther);
        deed.unclear(why);
        self.add(deed);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.deeds.is_empty()
    }

    /// Adds the host to every program that is run.
    pub(crate) fn all_on(&mut self, host: &HostId) {
        for deed in &mut self.deeds {
            if deed.verb == Verb::ProcessExec {
                deed.host(host.as_str());
            }
        }
    }

    /// Marks every deed as not fully understood, those that were clear.
    pub(crate) fn all_unclear(&mut self, why: &str) {
        for deed in &mut self.deeds {
            deed.unclear(why);
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.dropped += other.dropped;
        for deed in other.deeds {
            self.add(deed);
        }
    }

    /// The actions, at least one.
    pub(crate) fn actions(mut self, tool: &str, raw: &str) -> Vec<Action> {
        if self.dropped > 0 {
            let dropped = self.dropped;
            let mut deed = Deed::new(Verb::ToolOther);
            deed.unclear(format!("the call does {dropped} more things than are kept"));
            self.deeds.push(deed);
        }
        if self.deeds.is_empty() {
            let mut deed = Deed::new(Verb::ToolOther);
            deed.unclear("nothing of the call was understood");
            self.deeds.push(deed);
        }
        let raw = Content::of(raw.as_bytes());
        let tool = short(tool, WORDS).to_owned();
        self.deeds
            .into_iter()
            .map(|deed| Action {
                verb: deed.verb,
                targets: deed.targets,
                opaque: deed.opaque,
                tool: tool.clone(),
                raw: raw.clone(),
            })
            .collect()
    }
}
