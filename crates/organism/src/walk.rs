//! The interpreter: from a conversation and a seed to the next message.
//!
//! An organism walks its script along the conversation so far. Captures are read only from what
//! had been said before the point that it has reached, and every choice has its own stream of
//! chance, named by its place in the script, so walking again finds the same way.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use tribune_evidence::{CallId, Seed};
use tribune_model::{Conversation, Message, ToolCall};

use crate::compile::{CompiledPlaybook, placeholders};
use crate::memory::Memory;
use crate::playbook::{Line, Step, Where, Words};

/// A walk along the conversation.
pub(crate) struct Walk<'a> {
    playbook: &'a CompiledPlaybook,
    memory: &'a Memory,
    act: f64,
    seed: Seed,
    conversation: &'a Conversation,
    /// Messages read so far.
    read: usize,
    /// What was captured, by the capture's place in the playbook.
    captures: Vec<Option<String>>,
    done: BTreeSet<&'a str>,
    /// Answers walked past, and answers there are.
    turn: usize,
    turns: usize,
    choices: u64,
    /// Whether a step of words only was reached.
    ended: bool,
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
            captures: vec![None; playbook.captures.len()],
            done: BTreeSet::new(),
            turn: 0,
            turns: conversation.messages.iter().filter(is_answer).count(),
            choices: 0,
            ended: false,
        };
        walk.look(0, Where::System, &conversation.system);
        walk.read_on();
        walk
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
        let found = self
            .memory
            .read(message, place, text, &self.playbook.captures);
        for (capture, text) in found.iter() {
            if let Some(known @ None) = self.captures.get_mut(*capture) {
                *known = Some(text.clone());
            }
        }
    }

    /// What was captured under a name.
    fn captured(&self, name: &str) -> Option<&str> {
        let place = self
            .playbook
            .captures
            .iter()
            .position(|(known, _, _)| known == name)?;
        self.captures.get(place)?.as_deref()
    }

    /// A stream of chance of its own for each choice on the way.
    fn random(&mut self) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::from_seed(self.seed.bytes());
        random.set_stream(self.choices);
        self.choices += 1;
        random
    }

    /// Walks lines; gives the message of the first step that was not yet done.
    pub(crate) fn lines(&mut self, lines: &'a [Line]) -> Option<Message> {
        for line in lines {
            let found = match line {
                Line::Do(name) => match self.playbook.sequence(name) {
                    Some(inner) => self.lines(inner),
                    None => self.step(name),
                },
                Line::OneOf { one_of } => {
                    let draw = below(&mut self.random(), one_of.len());
                    one_of.get(draw).and_then(|inner| self.lines(inner))
                }
                Line::Perhaps {
                    chance,
                    when,
                    otherwise,
                    then,
                    instead,
                } => {
                    let read = when
                        .as_ref()
                        .is_none_or(|name| self.captured(name).is_some());
                    let chance = if read { *chance } else { *otherwise } * self.act;
                    let drawn = self.random().next_u32();
                    if f64::from(drawn) / (f64::from(u32::MAX) + 1.0) < chance {
                        self.lines(then)
                    } else {
                        self.lines(instead)
                    }
                }
                Line::Shuffle { shuffle } => {
                    let mut order: Vec<usize> = (0..shuffle.len()).collect();
                    let mut random = self.random();
                    for last in (1..order.len()).rev() {
                        order.swap(last, below(&mut random, last + 1));
                    }
                    order
                        .into_iter()
                        .find_map(|place| self.lines(&shuffle[place..=place]))
                }
            };
            if found.is_some() || self.ended {
                return found;
            }
        }
        None
    }

    fn step(&mut self, name: &'a str) -> Option<Message> {
        let step = self.playbook.step(name)?;
        let is_raw = step.raw_arguments.is_some();
        // A missing capture blocks the act: the step is left out.
        if step.call.is_some()
            && !is_raw
            && !step.arguments.values().all(|value| self.is_ready(value))
        {
            return None;
        }
        if self.turn == self.turns {
            let arguments = match (&step.call, &step.raw_arguments) {
                (Some(_), Some(raw)) => raw.clone(),
                (Some(_), None) => self.arguments(step)?,
                (None, _) => String::new(),
            };
            let text = self.say(&step.say);
            let calls = step
                .call
                .iter()
                .map(|tool| ToolCall {
                    id: CallId::new(format!("call-{}", self.turn + 1)),
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
        self.pass_turn();
        self.ended = step.call.is_none();
        None
    }

    /// Whether everything that a value needs was captured.
    fn is_ready(&self, value: &toml::Value) -> bool {
        match value {
            toml::Value::String(text) => {
                placeholders(text).all(|name| self.captured(name).is_some())
            }
            toml::Value::Array(items) => items.iter().all(|item| self.is_ready(item)),
            toml::Value::Table(table) => table.values().all(|item| self.is_ready(item)),
            _ => true,
        }
    }

    fn arguments(&self, step: &Step) -> Option<String> {
        let mut map = serde_json::Map::new();
        for (name, value) in &step.arguments {
            map.insert(name.clone(), self.value(value)?);
        }
        serde_json::to_string(&map).ok()
    }

    fn value(&self, value: &toml::Value) -> Option<serde_json::Value> {
        Some(match value {
            toml::Value::String(text) => self.fill(text)?.into(),
            toml::Value::Array(items) => items
                .iter()
                .map(|item| self.value(item))
                .collect::<Option<Vec<_>>>()?
                .into(),
            toml::Value::Table(table) => table
                .iter()
                .map(|(name, item)| Some((name.clone(), self.value(item)?)))
                .collect::<Option<serde_json::Map<_, _>>>()?
                .into(),
            toml::Value::Integer(number) => (*number).into(),
            toml::Value::Float(number) => (*number).into(),
            toml::Value::Boolean(flag) => (*flag).into(),
            toml::Value::Datetime(moment) => moment.to_string().into(),
        })
    }

    /// A text with its captures filled in; nothing if one is missing.
    fn fill(&self, text: &str) -> Option<String> {
        let mut filled = text.to_owned();
        for name in placeholders(text) {
            filled = filled.replace(&format!("{{{name}}}"), self.captured(name)?);
        }
        Some(filled)
    }

    pub(crate) fn say(&self, words: &[Words]) -> String {
        let said: Vec<String> = words
            .iter()
            .filter_map(|word| match word {
                Words::Always(text) => self.fill(text),
                Words::IfDone { step, say } => self
                    .done
                    .contains(step.as_str())
                    .then(|| self.fill(say))
                    .flatten(),
                Words::IfNotDone { step, say } => (!self.done.contains(step.as_str()))
                    .then(|| self.fill(say))
                    .flatten(),
            })
            .collect();
        said.join(" ")
    }
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
