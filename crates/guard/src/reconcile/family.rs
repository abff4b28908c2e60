//! What is remembered of one agent and those below it, to hold its sensors against each other.

use std::collections::VecDeque;

use tribune_evidence::{Action, AgentId, CallId, EventId, Target, Timestamp, Verb};

use super::discrepancy::{Discrepancy, DiscrepancyKind};

/// The most calls that are remembered of one family, the oldest forgotten first.
pub(super) const CALLS: usize = 256;

/// The most acts of one family that wait for what becomes of them.
const OPEN: usize = 256;

/// The most paths that the acts of one confined run are remembered to have written to.
const PATHS: usize = 1_024;

/// The most bytes of a path that are looked at.
const MOST_PATH: usize = 1_024;

/// How often a kind is told of one family; beyond it is only counted.
pub(super) const TOLD: u32 = 64;

/// How far a call came at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Proposed,
    Released,
    Denied,
}

/// A call that a model proposed.
#[derive(Debug, Clone)]
pub(super) struct WireCall {
    pub(super) call: CallId,
    /// The id that the agent knows it by.
    pub(super) known_as: Option<Print>,
    pub(super) tool: String,
    pub(super) arguments: Print,
    pub(super) state: State,
    /// The event that proposed it, then the one that decided.
    pub(super) event: EventId,
    pub(super) at: Timestamp,
    /// A hook told of it.
    pub(super) hooked: bool,
    /// The proxy of a tool server told of it.
    pub(super) served: bool,
    /// Nothing more is to be found of it.
    pub(super) settled: bool,
}

/// The first bytes of a SHA-256.
pub(super) type Print = [u8; 16];

/// What the acts of a confined run may have changed.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    /// How many are open at once, under one key.
    open: u32,
    paths: Vec<String>,
    /// Something ran that may have changed any file: a program, a tool that is not understood.
    programs: bool,
}

/// What one call may change.
#[derive(Debug, Clone, Default)]
struct Deed {
    paths: Vec<String>,
    programs: bool,
}

#[derive(Debug, Default)]
pub(super) struct Family {
    pub(super) calls: VecDeque<WireCall>,
    /// Whether a call was forgotten: what is not found may have been there.
    pub(super) forgot: bool,
    /// Whether anything passed the gateway.
    pub(super) wire: bool,
    /// The proposal of the first call that a hook told of.
    pub(super) hooks_since: Option<EventId>,
    /// The last call that a hook or a proxy told of: it may have several actions.
    pub(super) last_told: Option<CallId>,
    open: VecDeque<(CallId, Deed)>,
    pub(super) run: Option<Run>,
    /// When the last confined run ended.
    pub(super) ended: Option<Timestamp>,
    told: [u32; DiscrepancyKind::ALL.len()],
    pub(super) used: u64,
}

impl Family {
    /// What is told of a discrepancy: nothing any more after many of its kind.
    pub(super) fn tell(
        &mut self,
        kind: DiscrepancyKind,
        agent: &AgentId,
        call: Option<&CallId>,
        events: Vec<EventId>,
        because: String,
    ) -> Option<Discrepancy> {
        let told = self.told.get_mut(kind as usize)?;
        *told = told.saturating_add(1);
        if *told > TOLD {
            return None;
        }
        let more = if *told == TOLD {
            " Further ones of this kind are not told of this agent."
        } else {
            ""
        };
        Some(Discrepancy {
            kind,
            agent: Some(agent.clone()),
            call: call.cloned(),
            events,
            because: format!("{because}{more}"),
        })
    }

    /// Whether a kind was told before.
    pub(super) fn was_told(&self, kind: DiscrepancyKind) -> bool {
        self.told.get(kind as usize).is_some_and(|told| *told > 0)
    }

    /// Lets a kind be told again.
    pub(super) fn tell_again(&mut self, kind: DiscrepancyKind) {
        if let Some(told) = self.told.get_mut(kind as usize) {
            *told = 0;
        }
    }

    pub(super) fn propose(&mut self, call: WireCall) {
        if self.calls.len() >= CALLS {
            self.calls.pop_front();
            self.forgot = true;
        }
        self.calls.push_back(call);
    }

    pub(super) fn call(&mut self, id: &CallId) -> Option<&mut WireCall> {
        self.calls.iter_mut().rev().find(|known| known.call == *id)
    }

    /// The call that a hook tells of: by the id that the agent knows, or by what it is.
    pub(super) fn told_of(
        &mut self,
        known_as: Option<Print>,
        tool: &str,
        arguments: Print,
    ) -> Option<&mut WireCall> {
        let by_id = |it: &WireCall| known_as.is_some() && it.known_as == known_as;
        let alike = |it: &WireCall| it.arguments == arguments && !it.hooked;
        let same_tool = |it: &WireCall| it.tool.eq_ignore_ascii_case(tool);
        let released = |it: &WireCall| it.state == State::Released;
        let place = {
            let last = |wanted: &dyn Fn(&WireCall) -> bool| self.calls.iter().rposition(wanted);
            last(&by_id)
                .or_else(|| last(&|it| alike(it) && same_tool(it) && released(it)))
                .or_else(|| last(&|it| alike(it) && released(it)))
                .or_else(|| last(&|it| alike(it) && same_tool(it)))
        }?;
        self.calls.get_mut(place)
    }

    /// The released call that a tool server was asked by. Its name at the gateway ends with the
    /// server's own; the arguments decide between several.
    pub(super) fn asked_by(&mut self, tool: &str, arguments: Print) -> Option<&mut WireCall> {
        let fits = |it: &WireCall| {
            it.state == State::Released
                && !it.served
                && (it.tool.ends_with(tool) || tool.ends_with(&it.tool))
        };
        let same = |it: &WireCall| fits(it) && it.arguments == arguments;
        let place = self
            .calls
            .iter()
            .rposition(same)
            .or_else(|| self.calls.iter().rposition(fits))?;
        self.calls.get_mut(place)
    }

    /// Notes what a call may change, until it is decided.
    pub(super) fn opens(&mut self, call: &CallId, action: &Action) {
        if !self.open.iter().any(|(known, _)| known == call) {
            if self.open.len() >= OPEN
                && let (Some((_, gone)), Some(run)) = (self.open.pop_front(), &mut self.run)
            {
                // It may be released yet, and nobody would know by what a file changed.
                run.programs |= gone.programs || !gone.paths.is_empty();
            }
            self.open.push_back((call.clone(), Deed::default()));
        }
        let known = self.open.iter_mut().rev().find(|(known, _)| known == call);
        if let Some((_, deed)) = known {
            deed.add(action);
        }
    }

    /// A call was decided.
    pub(super) fn closes(&mut self, call: &CallId, released: bool) {
        let Some(place) = self.open.iter().rposition(|(known, _)| known == call) else {
            return;
        };
        let Some((_, deed)) = self.open.remove(place) else {
            return;
        };
        if let Some(run) = self.run.as_mut().filter(|_| released) {
            run.programs |= deed.programs || run.paths.len() + deed.paths.len() > PATHS;
            run.paths.extend(deed.paths);
            run.paths.truncate(PATHS);
        }
    }

    pub(super) fn begins(&mut self) {
        let run = self.run.get_or_insert_with(Run::default);
        run.open = run.open.saturating_add(1);
    }

    /// A confined run ended; gives what the acts of it may have changed.
    pub(super) fn ends(&mut self, at: Timestamp) -> Run {
        self.ended = Some(at);
        let Some(run) = &mut self.run else {
            // The guard did not see its beginning.
            return Run {
                programs: true,
                ..Run::default()
            };
        };
        run.open = run.open.saturating_sub(1);
        let ended = run.clone();
        if run.open == 0 {
            self.run = None;
        }
        ended
    }
}

impl Run {
    /// Whether a recorded act may have changed a file.
    pub(super) fn explains(&self, path: &str) -> bool {
        self.programs || self.paths.iter().any(|written| covers(written, path))
    }
}

/// Whether an act on `written` can change the file: it is the file, a folder above it, or a pattern.
fn covers(written: &str, path: &str) -> bool {
    let fixed = written
        .split(['*', '?', '[', '$'])
        .next()
        .unwrap_or_default();
    if fixed.len() < written.len() {
        return path.starts_with(fixed);
    }
    let folder = written.trim_end_matches('/');
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Deed {
    fn add(&mut self, action: &Action) {
        let writes = match action.verb {
            Verb::FileWrite
            | Verb::FileDelete
            | Verb::FileUndelete
            | Verb::FileCopy
            | Verb::FileMove
            | Verb::FileTouch
            | Verb::ConfigChange
            | Verb::LogWrite
            | Verb::UserChange
            | Verb::ScoreSubmit => true,
            Verb::ProcessExec | Verb::AgentStart | Verb::ToolOther => {
                self.programs = true;
                false
            }
            _ => false,
        };
        self.programs |= action.opaque.is_some();
        if !writes {
            return;
        }
        for target in &action.targets {
            match target {
                Target::File(file) if file.path.len() <= MOST_PATH && self.paths.len() < OPEN => {
                    self.paths.push(file.path.clone());
                }
                Target::File(_) => self.programs = true,
                Target::Host(_) | Target::Agent(_) | Target::Name(_) => {}
            }
        }
    }
}
