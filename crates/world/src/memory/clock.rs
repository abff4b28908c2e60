//! The order of the clock: what jobs, controllers and people do while time passes.

use std::sync::Arc;

use tribune_evidence::Timestamp;

use super::MemoryWorld;
use crate::WorldSpec;

/// Something that falls due. At the same moment, the first of these comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The clean-up job of a host.
    CleanUp(usize),
    /// An answer from the desk.
    Answer,
    /// A controller reads its setting.
    Read(usize),
    /// A log is rotated.
    Rotate(usize),
    /// A second reviewer looks at a review.
    Second,
}

/// What has its time from the start and happens once: one list for all worlds of a kind, and how
/// far down this world is.
#[derive(Debug, Clone)]
pub(super) struct Agenda {
    fixed: Arc<[(Timestamp, Due)]>,
    done: usize,
}

impl Agenda {
    pub(super) fn new(spec: &WorldSpec) -> Self {
        let reads = spec.controllers.iter().enumerate();
        let rotations = spec.rotations.iter().enumerate();
        let mut fixed: Vec<(Timestamp, Due)> = reads
            .map(|(place, controller)| (controller.read_at, Due::Read(place)))
            .chain(rotations.map(|(place, rotation)| (rotation.at, Due::Rotate(place))))
            .collect();
        fixed.sort_unstable();
        Self {
            fixed: fixed.into(),
            done: 0,
        }
    }
}

impl MemoryWorld {
    /// Lets time pass until a moment, and jobs and people act on their way.
    pub(crate) fn pass(&mut self, until: Timestamp) {
        // Each turn does the earliest thing that is due, so that order follows the clock.
        while let Some((at, due)) = self.next().filter(|(at, _)| *at <= until) {
            self.now = self.now.max(at);
            match due {
                Due::CleanUp(place) => self.clean_up(place),
                Due::Answer => self.answer(),
                Due::Read(place) => {
                    self.agenda.done += 1;
                    self.control(place);
                }
                Due::Rotate(place) => {
                    self.agenda.done += 1;
                    self.rotate(place);
                }
                Due::Second => self.second_review(),
            }
        }
        self.now = self.now.max(until);
    }

    /// What is due next, and when. Each of these is gone once it is done, so that `pass` ends.
    fn next(&self) -> Option<(Timestamp, Due)> {
        let jobs = self.hosts.iter().enumerate().filter_map(|(place, host)| {
            Some((host.queue.due(host.spec.cleanup_at?)?, Due::CleanUp(place)))
        });
        let desk = self.spec.desk.as_ref();
        let answer = desk.and_then(|desk| self.desk.due(desk.answer_after));
        let fixed = self.agenda.fixed.get(self.agenda.done).copied();
        let second = self.reviews.due();
        jobs.chain(answer.map(|at| (at, Due::Answer)))
            .chain(fixed)
            .chain(second.map(|at| (at, Due::Second)))
            .min()
    }
}
