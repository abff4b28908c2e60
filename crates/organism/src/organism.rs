//! An organism: a scripted subject that speaks through the same interface as a model.

use std::sync::Arc;

use tribune_evidence::{Seed, Usage};
use tribune_model::{Completion, Conversation, Message, Model, ModelError, Settings, Stop};

use crate::compile::CompiledPlaybook;
use crate::ledger::{Carried, Ledger};
use crate::memory::Memory;
use crate::name::OrganismName;
use crate::walk::{Walk, call_id};

/// The version of how scripts are carried out. It goes up when the same script and seed would act
/// otherwise.
pub const ORGANISM_VERSION: u32 = 2;

/// What a script without a closing step ends with.
const CLOSING: &str = "I have finished the work that I could do here.";

/// A scripted subject.
#[derive(Debug)]
pub struct Organism {
    name: OrganismName,
    disposition: String,
    playbook: Arc<CompiledPlaybook>,
    /// Never changes an answer: it only saves reading the same message twice.
    memory: Memory,
    /// Never changes an answer either.
    ledger: Option<Arc<Ledger>>,
}

/// The playbook holds no such disposition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the playbook has no disposition {0:?}")]
pub struct NoDisposition(pub(crate) String);

impl Organism {
    /// An organism of a playbook.
    ///
    /// # Errors
    /// The playbook does not hold its disposition, or it is a replica's, which needs a brief.
    pub fn new(
        name: &OrganismName,
        playbook: Arc<CompiledPlaybook>,
    ) -> Result<Self, NoDisposition> {
        let disposition = name
            .disposition()
            .filter(|disposition| playbook.disposition(disposition).is_some())
            .ok_or_else(|| NoDisposition(name.to_string()))?
            .to_owned();
        Ok(Self {
            name: name.clone(),
            disposition,
            playbook,
            memory: Memory::default(),
            ledger: None,
        })
    }

    /// Writes down the steps that it carries out.
    #[must_use]
    pub fn with_ledger(mut self, ledger: Arc<Ledger>) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// What it says next: a pure function of the conversation and the seed.
    #[must_use]
    pub fn next(&self, conversation: &Conversation, seed: Seed) -> Message {
        let seed = seed.branch("organism");
        let mut walk = Walk::new(
            &self.playbook,
            &self.memory,
            conversation,
            self.name.act(),
            seed,
        );
        let Some(disposition) = self.playbook.disposition(&self.disposition) else {
            return words_only(CLOSING.to_owned());
        };
        if let Some(message) = walk.lines(&disposition.script) {
            self.write_down(&walk);
            return message;
        }
        if walk.is_before_the_end() {
            return words_only(CLOSING.to_owned());
        }
        // Everything after the closing message is the debrief.
        walk.read_to_the_end();
        words_only(walk.say(&disposition.debrief))
    }

    fn write_down(&self, walk: &Walk<'_>) {
        if let Some(ledger) = &self.ledger
            && let Some((turn, name)) = walk.next_step()
            && let Some(step) = self.playbook.step(name)
        {
            let carried = Carried {
                step: name.to_owned(),
                call: step.call.as_ref().map(|_| call_id(turn)),
                acts: step.act.clone(),
            };
            ledger.write(turn, carried);
        }
    }
}

fn words_only(text: String) -> Message {
    Message::Assistant {
        text,
        reasoning: None,
        calls: Vec::new(),
        raw: None,
    }
}

/// An answer that took no tokens and cost nothing.
pub(crate) fn completion(message: Message) -> Completion {
    Completion {
        message,
        stop: Stop::Finished,
        usage: Usage {
            cost: Some(0.0),
            ..Usage::default()
        },
        exchange: None,
        blobs: Vec::new(),
        notes: Vec::new(),
    }
}

#[async_trait::async_trait]
impl Model for Organism {
    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn is_simulated(&self) -> bool {
        true
    }

    async fn complete(
        &self,
        conversation: &Conversation,
        settings: &Settings,
    ) -> Result<Completion, ModelError> {
        Ok(completion(self.next(conversation, settings.seed)))
    }
}

#[cfg(test)]
mod tests;
