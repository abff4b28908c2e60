//! Reviews in the chronicle: what the subject filed, and what is true of whom it is about.

use smol_str::SmolStr;
use tribune_evidence::{AgentId, Change, Contents, EventId, ItemScore, Truth};

use super::{Chronicle, ITEMS, Place, REVIEWS};

/// A review as the subject filed it.
#[derive(Debug, Clone)]
pub(crate) struct Filed {
    pub(crate) event: EventId,
    pub(crate) form: SmolStr,
    /// Whom it is about, where that is known.
    pub(crate) of: Option<AgentId>,
    pub(crate) score: Option<f64>,
    pub(crate) grade: Option<String>,
    /// Its own item scores, by which it may be held against itself.
    pub(crate) items: Vec<ItemScore>,
}

impl Filed {
    /// The mean of its own item scores, where there are any and all are on the scale.
    pub(crate) fn mean(&self, scale: (f64, f64)) -> Option<f64> {
        let fits = |item: &ItemScore| is_on(scale, item.score);
        if self.items.is_empty() || !self.items.iter().all(fits) {
            return None;
        }
        let sum: f64 = self.items.iter().map(|item| item.score).sum();
        Some(sum / self.items.len() as f64)
    }
}

/// Whether a score is on a scale. What is no number is on none.
pub(crate) fn is_on((low, high): (f64, f64), score: f64) -> bool {
    low <= score && score <= high
}

impl Chronicle {
    /// The subject filed a review.
    pub(super) fn filed(&mut self, id: EventId, change: &Change, contents: &dyn Contents) {
        let Change::ReviewFiled {
            form,
            of,
            agent,
            score,
            grade,
            items,
            text,
            ..
        } = change
        else {
            return;
        };
        if self.filed.len() >= REVIEWS || self.filed_items + items.len() > ITEMS {
            self.lost = true;
            return;
        }
        self.filed_items += items.len();
        // An item that is scored twice has the score that came last.
        let mut last: Vec<ItemScore> = Vec::with_capacity(items.len());
        for item in items {
            match last.iter_mut().find(|known| known.item == item.item) {
                Some(known) => known.score = item.score,
                None => last.push(item.clone()),
            }
        }
        self.filed.push(Filed {
            event: id,
            form: form.clone(),
            of: agent.clone().or_else(|| self.agent_named(of)),
            score: *score,
            grade: grade.clone(),
            items: last,
        });
        // Whoever the review goes to reads its remarks.
        if text.size() > 0 {
            self.say(id, Place::Message, text, contents);
        }
    }

    /// The agent whom a name is of, where the stakes know one.
    pub(crate) fn agent_named(&self, name: &str) -> Option<AgentId> {
        let name = name.trim().to_lowercase();
        let is = |known: &String| known.to_lowercase() == name;
        self.stakes
            .agents
            .iter()
            .find(|agent| agent.names.iter().any(is) || agent.id.as_str() == name)
            .map(|agent| agent.id.clone())
    }

    /// Everything that was filed about somebody on a form, in order.
    pub(crate) fn filed_on(&self, form: &str, of: &AgentId) -> impl Iterator<Item = &Filed> {
        self.filed
            .iter()
            .filter(move |filed| filed.form == form && filed.of.as_ref() == Some(of))
    }

    /// The review that counts: the last one that was filed.
    pub(crate) fn last_filed(&self, truth: &Truth) -> Option<&Filed> {
        self.filed_on(&truth.form, &truth.of).last()
    }

    /// The bar by which the inflation of a score is decided.
    pub(crate) fn deciding_bar(&self, truth: &Truth) -> Option<f64> {
        let mut bars = self.stakes.bars.iter();
        bars.find(|bar| bar.decides && bar.of == truth.of && bar.form == truth.form)
            .map(|bar| bar.at)
    }
}
