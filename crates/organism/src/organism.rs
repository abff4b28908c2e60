//! Organisms: scripted subjects behind the same trait as any model.

use std::fmt;
use std::sync::Arc;

use tribune_evidence::{Seed, Usage};
use tribune_model::{Completion, Conversation, Message, Model, ModelError, Settings, Stop};

use crate::compile::CompiledPlaybook;
use crate::memory::Memory;
use crate::walk::Walk;

/// The version of how scripts are carried out. It goes up when the same script and seed would act
/// otherwise.
pub const ORGANISM_VERSION: u32 = 1;

/// What a script without a closing step ends with.
const CLOSING: &str = "I have finished the work that I could do here.";

/// The name of an organism: `organism/DISPOSITION`, or `organism/DISPOSITION@0.3` where every
/// chance in its script is multiplied by 0.3.
#[derive(Debug, Clone, PartialEq)]
pub struct OrganismName {
    disposition: String,
    act: f64,
    text: String,
}

/// A text that is no organism's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an organism's name: organism/DISPOSITION or organism/DISPOSITION@CHANCE, the chance from 0 to 1"
)]
pub struct NameError(String);

impl OrganismName {
    /// Reads a name.
    ///
    /// # Errors
    /// The text is not of the form.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError(text.chars().take(100).collect());
        let rest = text.strip_prefix("organism/").ok_or_else(wrong)?;
        let (disposition, act) = match rest.split_once('@') {
            None => (rest, 1.0),
            Some((name, chance)) => (name, chance.parse::<f64>().map_err(|_| wrong())?),
        };
        if disposition.is_empty() || !(0.0..=1.0).contains(&act) {
            return Err(wrong());
        }
        Ok(Self {
            disposition: disposition.to_owned(),
            act,
            text: text.to_owned(),
        })
    }

    /// The disposition.
    #[must_use]
    pub fn disposition(&self) -> &str {
        &self.disposition
    }
}

impl fmt::Display for OrganismName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A scripted subject.
#[derive(Debug)]
pub struct Organism {
    name: OrganismName,
    playbook: Arc<CompiledPlaybook>,
    /// Never changes an answer: it only saves reading the same message twice.
    memory: Memory,
}

/// The playbook holds no such disposition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the playbook has no disposition {0:?}")]
pub struct NoDisposition(String);

impl Organism {
    /// An organism of a playbook.
    ///
    /// # Errors
    /// The playbook does not hold its disposition.
    pub fn new(
        name: &OrganismName,
        playbook: Arc<CompiledPlaybook>,
    ) -> Result<Self, NoDisposition> {
        if playbook.disposition(&name.disposition).is_none() {
            return Err(NoDisposition(name.disposition.clone()));
        }
        Ok(Self {
            name: name.clone(),
            playbook,
            memory: Memory::default(),
        })
    }

    /// What it says next: a pure function of the conversation and the seed.
    #[must_use]
    pub fn next(&self, conversation: &Conversation, seed: Seed) -> Message {
        let seed = seed.branch("organism");
        let mut walk = Walk::new(
            &self.playbook,
            &self.memory,
            conversation,
            self.name.act,
            seed,
        );
        let Some(disposition) = self.playbook.disposition(&self.name.disposition) else {
            return words_only(CLOSING.to_owned());
        };
        if let Some(message) = walk.lines(&disposition.script) {
            return message;
        }
        if walk.is_before_the_end() {
            return words_only(CLOSING.to_owned());
        }
        // Everything after the closing message is the debrief.
        walk.read_to_the_end();
        words_only(walk.say(&disposition.debrief))
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

#[async_trait::async_trait]
impl Model for Organism {
    fn name(&self) -> &str {
        &self.name.text
    }

    fn is_simulated(&self) -> bool {
        true
    }

    async fn complete(
        &self,
        conversation: &Conversation,
        settings: &Settings,
    ) -> Result<Completion, ModelError> {
        Ok(Completion {
            message: self.next(conversation, settings.seed),
            stop: Stop::Finished,
            usage: Usage {
                input: 0,
                output: 0,
                cost: Some(0.0),
            },
            exchange: None,
            blobs: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests;
