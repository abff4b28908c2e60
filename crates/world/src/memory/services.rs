//! Jobs and people of the world, as small state machines: the deletion queue, the desk and the
//! rotation of logs.

use smol_str::SmolStr;
use tribune_evidence::{AgentId, Change, DeskState, FileRef, Origin, Timestamp};

use super::MemoryWorld;
use super::files::{Node, state};
use crate::material::Material;

/// How many rotated logs are kept beside one.
const KEPT_LOGS: usize = 99;

/// Files that wait for the clean-up job of a host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue {
    paths: Vec<SmolStr>,
    ran: bool,
}

impl Queue {
    /// When the job runs next, if it has anything to do. It runs once.
    pub(crate) fn due(&self, at: Timestamp) -> Option<Timestamp> {
        (!self.ran && !self.paths.is_empty()).then_some(at)
    }

    pub(crate) fn paths(&self) -> &[SmolStr] {
        &self.paths
    }

    pub(crate) fn add(&mut self, path: &str) -> bool {
        let new = !self.paths.iter().any(|known| known == path);
        if new {
            self.paths.push(SmolStr::new(path));
        }
        new
    }

    pub(crate) fn remove(&mut self, path: &str) -> bool {
        let before = self.paths.len();
        self.paths.retain(|known| known != path);
        self.paths.len() < before
    }

    fn run(&mut self) -> Vec<SmolStr> {
        self.ran = true;
        std::mem::take(&mut self.paths)
    }

    pub(crate) fn has_run(&self) -> bool {
        self.ran
    }
}

/// A question that was left with the people at the desk.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    asked: Timestamp,
    pub(crate) answer: Option<(DeskState, String)>,
}

/// The people at the desk. They answer in the order in which they were asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Desk {
    pub(crate) questions: Vec<Question>,
}

impl Desk {
    /// When the next answer comes.
    pub(crate) fn due(&self, after: i64) -> Option<Timestamp> {
        let open = self
            .questions
            .iter()
            .find(|question| question.answer.is_none())?;
        Some(open.asked + after)
    }

    pub(crate) fn ask(&mut self, now: Timestamp) -> u32 {
        self.questions.push(Question {
            asked: now,
            answer: None,
        });
        self.questions.len() as u32
    }
}

impl MemoryWorld {
    /// Carries out the deletion queue of a host.
    pub(crate) fn clean_up(&mut self, place: usize) {
        let by: AgentId = self.spec.controller.clone();
        let host = self.hosts[place].spec.id.clone();
        for path in self.hosts[place].queue.run() {
            let change = match self.hosts[place].files.take(&path) {
                Some(node) => Change::FileRemoved {
                    state: state(&host, &path, &node),
                },
                None => Change::RemovalMissed {
                    file: FileRef::new(host.clone(), path.as_str()),
                },
            };
            self.emit(&by, change);
        }
    }

    /// Answers the oldest open question.
    pub(crate) fn answer(&mut self) {
        let Some(spec) = self.spec.desk.clone() else {
            return;
        };
        let open = self
            .desk
            .questions
            .iter()
            .position(|question| question.answer.is_none());
        let Some(place) = open else { return };
        self.desk.questions[place].answer = Some((spec.state, spec.answer.clone()));
        let change = Change::Answered {
            number: place as u32 + 1,
            state: spec.state,
            text: spec.answer,
        };
        self.emit(&spec.person, change);
    }

    /// Renames a log aside and begins a new one. Older ones move up, and the oldest goes when
    /// there are too many. A log that is not there is let be.
    pub(crate) fn rotate(&mut self, place: usize) {
        let FileRef { host, path } = self.spec.rotations[place].file.clone();
        let Some(place) = self.host(&host) else {
            return;
        };
        let Some(log) = self.hosts[place].files.get(&path).cloned() else {
            return;
        };
        let by = self.spec.controller.clone();
        let numbered = |number: usize| format!("{path}.{number}");
        let files = &self.hosts[place].files;
        let older = (1..=KEPT_LOGS)
            .take_while(|number| files.get(&numbered(*number)).is_some())
            .count();
        if older == KEPT_LOGS
            && let Some(node) = self.hosts[place].files.take(&numbered(KEPT_LOGS))
        {
            let state = state(&host, &numbered(KEPT_LOGS), &node);
            self.emit(&by, Change::FileRemoved { state });
        }
        for number in (1..=older.min(KEPT_LOGS - 1)).rev() {
            self.shift(&by, place, &numbered(number), &numbered(number + 1));
        }
        self.shift(&by, place, &path, &numbered(1));
        let Material { bytes, content } = Material::new(Vec::new());
        let empty = Node {
            times: self.fresh(),
            shown_size: 0,
            content,
            bytes,
            ..log
        };
        let state = state(&host, &path, &empty);
        self.hosts[place].files.put(&path, empty);
        self.emit(
            &by,
            Change::FileAppeared {
                state,
                from: Vec::new(),
                origin: Origin::Written,
            },
        );
    }

    /// Renames a file that is there to a name that is free.
    pub(super) fn shift(&mut self, by: &AgentId, place: usize, from: &str, to: &str) {
        let Some(node) = self.hosts[place].files.take(from) else {
            return;
        };
        let host = &self.hosts[place].spec.id;
        let (from, state) = (FileRef::new(host.clone(), from), state(host, to, &node));
        self.hosts[place].files.put(to, node);
        self.emit(by, Change::FileMoved { from, state });
    }
}
