//! The interpreter: from a conversation and a seed to the next message.
//!
//! An organism walks its script along the conversation so far. Values are read only from what
//! had been said before the point that it has reached, and every choice has its own stream of
//! chance, named by its place in the script, so walking again finds the same way. A walk ends:
//! scripts have no loops but over rows that were read, and the lines of a walk are counted.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use tribune_evidence::{CallId, Seed};
use tribune_model::{Conversation, Message, ToolCall};

use crate::compile::CompiledPlaybook;
use crate::memory::Memory;
use crate::playbook::{Condition, Line, Where, Words};
use crate::values::{Values, share};

/// Lines that one walk takes at most; then the organism closes.
const LINES: u32 = 50_000;

/// A walk along the conversation.
pub(crate) struct Walk<'a> {
    playbook: &'a CompiledPlaybook,
    memory: &'a Memory,
    act: f64,
    seed: Seed,
    conversation: &'a Conversation,
    /// Messages read so far.
    read: usize,
    values: Values<'a>,
    done: BTreeSet<&'a str>,
    /// Those of them whose answer was no error.
    worked: BTreeSet<&'a str>,
    /// Answers walked past, and answers there are.
    turn: usize,
    turns: usize,
    choices: u64,
    lines: u32,
    /// Whether a step of words only was reached.
    ended: bool,
    /// The step that the next message is of.
    next: Option<&'a str>,
}

impl<'a> Walk<'a> {
    /// A walk from the beginning.
    pub(crate) fn new(
        playbook: &'a CompiledPlaybook,
        memory: &'a Memory,
        conversation: &'a Conversation,
        act: f64,
        seed: Seed,
    ) -> Self {
        let is_answer = |message: &&Message| matches!(message, Message::Assistant { .. });
        let mut walk = Self {
            playbook,
            memory,
            act,
            seed,
            conversation,
            read: 0,
            values: Values::new(playbook, seed),
            done: BTreeSet::new(),
            worked: BTreeSet::new(),
            turn: 0,
            turns: conversation.messages.iter().filter(is_answer).count(),
            choices: 0,
            lines: 0,
            ended: false,
            next: None,
        };
        walk.look(0, Where::System, &conversation.system);
        walk.read_on();
        walk
    }

    /// The turn that the next message is of, from 0, and its step.
    pub(crate) fn next_step(&self) -> Option<(usize, &'a str)> {
        Some((self.turn, self.next?))
    }

    /// Whether the script is walked through and its closing message is still to be said.
    pub(crate) fn is_before_the_end(&mut self) -> bool {
        if self.ended {
            return false;
        }
        if self.turn == self.turns {
            return true;
        }
        self.pass_turn();
        false
    }

    /// Reads everything that was said.
    pub(crate) fn read_to_the_end(&mut self) {
        self.turn = self.turns;
        self.read_on();
    }

    /// Reads messages up to the next answer of the organism.
    fn read_on(&mut self) {
        while let Some(message) = self.conversation.messages.get(self.read) {
            let place = self.read + 1;
            match message {
                Message::Assistant { .. } => break,
                Message::User { text } => self.look(place, Where::Task, text),
                Message::Tool { text, .. } => self.look(place, Where::Results, text),
            }
            self.read += 1;
        }
    }

    fn pass_turn(&mut self) {
        self.turn += 1;
        self.read += 1;
        self.read_on();
    }

    fn look(&mut self, message: usize, place: Where, text: &str) {
        let found = self.memory.read(message, place, text, self.playbook);
        for (capture, row) in found.iter() {
            self.values.take(*capture, row);
        }
    }

    /// A stream of chance of its own for each choice on the way.
    fn random(&mut self) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::from_seed(self.seed.bytes());
        random.set_stream(self.choices);
        self.choices += 1;
        random
    }

    fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Known(name) => self.values.is_known(name),
            Condition::Not(inner) => !self.holds(inner),
            Condition::Below(left, right) => {
                let (left, right) = (self.values.term(left), self.values.term(right));
                matches!((left, right), (Some(left), Some(right)) if left < right)
            }
            Condition::All(all) => all.iter().all(|inner| self.holds(inner)),
            Condition::Any(any) => any.iter().any(|inner| self.holds(inner)),
            Condition::Done(step) => self.done.contains(step.as_str()),
            Condition::Worked(step) => self.worked.contains(step.as_str()),
        }
    }

    /// Walks lines; gives the message of the first step that was not yet done.
    pub(crate) fn lines(&mut self, lines: &'a [Line]) -> Option<Message> {
        for line in lines {
            self.lines += 1;
            if self.lines > LINES {
                return None;
            }
            let found = self.line(line);
            if found.is_some() || self.ended {
                return found;
            }
        }
        None
    }

    fn line(&mut self, line: &'a Line) -> Option<Message> {
        match line {
            Line::Do(name) => match self.playbook.sequence(name) {
                Some(inner) => self.lines(inner),
                None => self.step(name),
            },
            Line::OneOf(choices) => {
                let draw = below(&mut self.random(), choices.len());
                choices.get(draw).and_then(|inner| self.lines(inner))
            }
            Line::Perhaps {
                chance,
                when,
                otherwise,
                then,
                instead,
            } => {
                let holds = when.as_ref().is_none_or(|condition| self.holds(condition));
                let chance = if holds { *chance } else { *otherwise } * self.act;
                let acts = share(&mut self.random()) < chance;
                self.lines(if acts { then } else { instead })
            }
            Line::If {
                condition,
                then,
                instead,
            } => {
                let holds = self.holds(condition);
                self.lines(if holds { then } else { instead })
            }
            Line::Shuffle(shuffle) => {
                let mut order: Vec<usize> = (0..shuffle.len()).collect();
                let mut random = self.random();
                for last in (1..order.len()).rev() {
                    order.swap(last, below(&mut random, last + 1));
                }
                for place in order {
                    let found = self.lines(&shuffle[place..=place]);
                    if found.is_some() || self.ended {
                        return found;
                    }
                }
                None
            }
            Line::Each { rows, most, lines } => {
                let capture = self.playbook.capture(rows)?;
                // What is read on the way may add rows: those count next time.
                let count = self.values.rows(capture);
                for row in 0..count.min(most.unwrap_or(usize::MAX)) {
                    self.values.bound.push((capture, row));
                    let found = self.lines(lines);
                    self.values.bound.pop();
                    if found.is_some() || self.ended {
                        return found;
                    }
                }
                None
            }
        }
    }

    fn step(&mut self, name: &'a str) -> Option<Message> {
        let step = self.playbook.step(name)?;
        let is_raw = step.raw_arguments.is_some();
        // A missing value blocks the act: the step is left out.
        if step.call.is_some()
            && !is_raw
            && !step
                .arguments
                .values()
                .all(|value| self.values.is_ready(value))
        {
            return None;
        }
        if self.turn == self.turns {
            let arguments = match (&step.call, &step.raw_arguments) {
                (Some(_), Some(raw)) => raw.clone(),
                (Some(_), None) => self.arguments(&step.arguments)?,
                (None, _) => String::new(),
            };
            self.next = Some(name);
            let text = self.say(&step.say);
            let calls = step
                .call
                .iter()
                .map(|tool| ToolCall {
                    id: call_id(self.turn),
                    name: tool.clone(),
                    arguments: arguments.clone(),
                })
                .collect();
            return Some(Message::Assistant {
                text,
                reasoning: None,
                calls,
                raw: None,
            });
        }
        self.done.insert(name);
        let asked = self.read;
        self.pass_turn();
        let answers = self.conversation.messages.get(asked..self.read);
        let failed = answers.into_iter().flatten().any(
            |message| matches!(message, Message::Tool { text, .. } if text.starts_with("Error")),
        );
        if !failed {
            self.worked.insert(name);
        }
        self.ended = step.call.is_none();
        None
    }

    fn arguments(
        &self,
        arguments: &std::collections::BTreeMap<String, toml::Value>,
    ) -> Option<String> {
        let mut map = serde_json::Map::new();
        for (name, value) in arguments {
            map.insert(name.clone(), self.values.argument(value)?);
        }
        serde_json::to_string(&map).ok()
    }

    pub(crate) fn say(&self, words: &[Words]) -> String {
        let said: Vec<String> = words
            .iter()
            .filter(|word| word.when.as_ref().is_none_or(|when| self.holds(when)))
            .filter_map(|word| self.values.fill(&word.say))
            .collect();
        said.join(" ")
    }
}

/// The id of the call that a turn makes.
pub(crate) fn call_id(turn: usize) -> CallId {
    CallId::new(format!("call-{}", turn + 1))
}

/// A number below a bound, each equally likely (by rejection).
fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    let bound = u32::try_from(bound.max(1)).unwrap_or(u32::MAX);
    let zone = u32::MAX - u32::MAX % bound;
    loop {
        let draw = random.next_u32();
        if draw < zone {
            return (draw % bound) as usize;
        }
    }
}
