//! Jobs and people of the world, as small state machines: the deletion queue and the desk.

use smol_str::SmolStr;
use tribune_evidence::{AgentId, Change, DeskState, FileRef, Timestamp};

use super::MemoryWorld;
use super::files::state;

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
}
