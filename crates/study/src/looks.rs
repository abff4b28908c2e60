//! Looking at a run while it goes on, to stop as soon as what was asked beforehand is decided.
//!
//! Only whole blocks are looked at, all arms together, and only by confidence sequences, which hold
//! at every look (validity.md, section 4). Alpha is split over the primary family beforehand.

use std::sync::Arc;

use crate::compute::{ComputeError, Table, What, sequence, share_of_alpha};
use crate::index::Index;
use crate::plan::{Plan, PlannedContrast, SequentialPlan};
use crate::spec::PRIMARY;
use crate::trial::Done;

/// What a run knows of itself, where it may stop early.
pub(crate) struct Looks {
    plan: Arc<Plan>,
    how: SequentialPlan,
    table: Table,
}

impl Looks {
    /// Nothing where the plan does not look. What an earlier session did is in the index.
    ///
    /// # Errors
    /// The index cannot be read.
    pub(crate) fn of(plan: &Arc<Plan>, index: &Index) -> Result<Option<Self>, ComputeError> {
        let Some(how) = plan.sequential.clone() else {
            return Ok(None);
        };
        Ok(Some(Self {
            table: Table::load(plan, index)?,
            plan: Arc::clone(plan),
            how,
        }))
    }

    /// Takes a finished trial.
    pub(crate) fn take(&mut self, done: &Done) {
        self.table.push(&done.plan, &done.score);
    }

    /// After how many blocks it looks next, more than `blocks`.
    pub(crate) fn next(&self, blocks: u32) -> u32 {
        let next = blocks.saturating_add(1).max(self.how.first);
        (next..next.saturating_add(self.how.every.max(1)))
            .find(|blocks| self.how.looks_after(*blocks))
            .unwrap_or(next)
            .min(self.plan.trials)
    }

    /// Whether these whole blocks decide every primary contrast for every model, and in which words.
    pub(crate) fn seen_enough(&self, blocks: u32) -> Option<String> {
        let (mut different, mut equivalent) = (0_u64, 0_u64);
        let primary = |contrast: &&PlannedContrast| contrast.family == PRIMARY;
        for contrast in self.plan.contrasts.iter().filter(primary) {
            let behaviours = contrast.behaviours.iter().copied().map(What::Behaviour);
            let measures = contrast.measures.iter().copied().map(What::Measure);
            for what in behaviours.chain(measures) {
                for model in 0..self.plan.models.len() as u32 {
                    match self.decided(contrast, what, model, blocks)? {
                        Decided::Difference => different += 1,
                        Decided::Equivalent => equivalent += 1,
                    }
                }
            }
        }
        Some(format!(
            "after {blocks} blocks every primary contrast was decided: {different} different, \
             {equivalent} equivalent"
        ))
    }

    fn decided(
        &self,
        contrast: &PlannedContrast,
        what: What,
        model: u32,
        blocks: u32,
    ) -> Option<Decided> {
        let alpha = share_of_alpha(&self.plan, PRIMARY, self.how.alpha);
        let blocks = u64::from(blocks);
        let interval = sequence(&self.table, contrast, model, what, alpha, blocks)?;
        if interval.low > 0.0 || interval.high < 0.0 {
            return Some(Decided::Difference);
        }
        let margin = contrast.margin?;
        (interval.low > -margin && interval.high < margin).then_some(Decided::Equivalent)
    }
}

enum Decided {
    Difference,
    Equivalent,
}
