//! What starts next in a run, and whether anything does.
//!
//! The desk takes trials from the plan in their order, leaves out what is done, and stops by itself
//! where enough was seen, more could cost too much, or a provider was given up.

use std::sync::Arc;

use tribune_evidence::{Faulty, TrialState};

use super::{Ended, Job, RunError};
use crate::budget::{Budget, Room};
use crate::cast::Cast;
use crate::index::Index;
use crate::judging::gave_up;
use crate::looks::Looks;
use crate::plan::TrialPlan;
use crate::progress::Progress;
use crate::trial::Done;

/// What starts next, and whether anything does.
pub(super) struct Desk<'a> {
    job: &'a Arc<Job>,
    todo: Box<dyn Iterator<Item = TrialPlan> + Send + 'a>,
    /// Taken from the plan and not yet started.
    pub(super) held: Option<TrialPlan>,
    known: DoneSet,
    pub(super) looks: Option<Looks>,
    /// After how many blocks it looks next: nothing of a later block starts before.
    look_after: u32,
    budget: Option<Budget>,
    pub(super) ended: Ended,
    /// Why it ended, where it did so by itself, and after how many whole blocks.
    pub(super) why: Option<(String, Option<u32>)>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(job: &'a Arc<Job>, index: &Index) -> Result<Self, RunError> {
        let looks = Looks::of(&job.plan, index).map_err(Box::new)?;
        let budget = match job.max_cost {
            None => None,
            Some(_) => {
                job.purse.begin(index.cost()?.map(|(all, _)| all));
                Some(Budget::new(job.plan.limits.cost))
            }
        };
        Ok(Self {
            todo: Box::new(job.plan.trials(job.hash)),
            held: None,
            known: done_numbers(job, index)?,
            look_after: looks.as_ref().map_or(u32::MAX, |looks| looks.next(0)),
            looks,
            budget,
            ended: Ended::Whole,
            why: None,
            job,
        })
    }

    /// The next trial to start; none if there is none, or none yet.
    pub(super) fn next(&mut self, running: usize, progress: &Progress) -> Option<TrialPlan> {
        while self.ended == Ended::Whole {
            let next = self.held.take().or_else(|| self.todo.next())?;
            if next.replicate >= self.look_after {
                let blocks = self.look_after;
                if running > 0 {
                    self.held = Some(next);
                    return None;
                }
                let looks = self.looks.as_ref()?;
                self.look_after = looks.next(blocks);
                self.held = Some(next);
                if let Some(why) = looks.seen_enough(blocks) {
                    self.ended = Ended::Enough;
                    self.why = Some((why, Some(blocks)));
                }
                continue;
            }
            if self.known.contains(next.number) {
                progress.skipped();
                continue;
            }
            if let Some(replay) = &self.job.replay
                && !self
                    .job
                    .plan
                    .identity(&next)
                    .is_ok_and(|id| replay.holds(&id))
            {
                // What was not run then is not run now.
                progress.skipped();
                continue;
            }
            if let Some(budget) = &mut self.budget {
                match budget.room(next.model, &self.job.purse) {
                    Room::Yes => budget.began(next.model),
                    Room::Later => {
                        self.held = Some(next);
                        return None;
                    }
                    Room::No => {
                        self.spent(next.replicate);
                        return None;
                    }
                }
            }
            return Some(next);
        }
        None
    }

    /// Nothing more is begun: it could cost too much.
    pub(super) fn spent(&mut self, block: u32) {
        let why = match &self.budget {
            Some(budget) if budget.is_unknown() => COST_UNKNOWN.to_owned(),
            _ => self.job.purse.why(),
        };
        self.stop_at(block, why);
    }

    fn stop_at(&mut self, block: u32, why: String) {
        if !matches!(self.ended, Ended::Whole | Ended::Spent) {
            return;
        }
        self.ended = Ended::Spent;
        // Where the run looks, what it reports rests on whole blocks alone.
        let blocks = self.looks.as_ref().map(|_| block);
        self.why = Some(match self.why.take() {
            None => (why, blocks),
            Some((first, before)) => (first, before.zip(blocks).map(|(a, b)| a.min(b))),
        });
    }

    /// A trial was cut off, since one more request of it had no room.
    pub(super) fn cut_off(&mut self, model: u32, block: u32, why: String) {
        if let Some(budget) = &mut self.budget {
            budget.cut_off(model);
        }
        self.stop_at(block, why);
    }

    pub(super) fn finished(&mut self, done: &Done) {
        if let Some(looks) = &mut self.looks {
            looks.take(done);
        }
        if let Some(budget) = &mut self.budget {
            budget.ended(done.plan.model, done.score.cost);
        }
    }

    /// Nothing more is begun once a provider is given up: every trial of it would only fail.
    pub(super) fn listen(&mut self, done: &Done) {
        if self.ended != Ended::Whole {
            return;
        }
        let of_subject = || {
            let TrialState::Failed { fault } = &done.score.state else {
                return None;
            };
            let cast = self.job.cast.get(done.plan.model as usize);
            cast.filter(|_| fault.whose == Faulty::Provider)
                .and_then(|cast| cast.values().find_map(Cast::gave_up))
        };
        // Without a judge every later trial would be unknown in what it judges, for good.
        let why = of_subject().or_else(|| gave_up(&self.job.judges));
        if let Some(why) = why {
            self.ended = Ended::GaveUp;
            // Where the run looks, what it reports rests on whole blocks alone.
            let blocks = self.looks.as_ref().map(|_| done.plan.replicate);
            self.why = Some((format!("a provider was given up: {why}"), blocks));
        }
    }
}

/// Why nothing more is begun where a trial came back whose cost is not known.
const COST_UNKNOWN: &str = "the cost of a trial is not known, so that --max-cost cannot be kept";

/// Which trials an index holds, one bit each.
struct DoneSet(Vec<u64>);

impl DoneSet {
    fn contains(&self, number: u32) -> bool {
        self.0
            .get(number as usize / 64)
            .is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}

/// Asks the index which trials are done, and holds each against its identity in the plan.
fn done_numbers(job: &Job, index: &Index) -> Result<DoneSet, RunError> {
    let mut set = DoneSet(vec![0; job.plan.total() as usize / 64 + 1]);
    if !job.resumed {
        return Ok(set);
    }
    for trial in job.plan.trials(job.hash) {
        if index.has(&job.plan.identity(&trial)?, trial.number)? {
            set.0[trial.number as usize / 64] |= 1 << (trial.number % 64);
        }
    }
    Ok(set)
}
