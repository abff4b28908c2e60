//! The interpreter: from a conversation and a seed to the next message.
//!
//! An organism walks its script along the conversation so far. Captures are read only from what
//! had been said before the point that it has reached, and every choice has its own stream of
//! chance, named by its place in the script, so walking again finds the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use tribune_evidence::{CallId, Seed, Usage};
use tribune_model::{
    Completion, Conversation, Message, Model, ModelError, Settings, Stop, ToolCall,
};

use crate::compile::{CompiledPlaybook, placeholders};
use crate::playbook::{Line, Step, Where, Words};

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
#[error("{0:?} is not an organism's name: organism/DISPOSITION or organism/DISPOSITION@CHANCE, the chance from 0 to 1")]
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
        Ok(Self { disposition: disposition.to_owned(), act, text: text.to_owned() })
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
    pub fn new(name: &OrganismName, playbook: Arc<CompiledPlaybook>) -> Result<Self, NoDisposition> {
        if playbook.disposition(&name.disposition).is_none() {
            return Err(NoDisposition(name.disposition.clone()));
        }
        Ok(Self { name: name.clone(), playbook })
    }

    /// What it says next: a pure function of the conversation and the seed.
    #[must_use]
    pub fn next(&self, conversation: &Conversation, seed: Seed) -> Message {
        let mut walk = Walk {
            playbook: &self.playbook,
            act: self.name.act,
            seed: seed.branch("organism"),
            conversation,
            read: 0,
            captures: BTreeMap::new(),
            done: BTreeSet::new(),
            turn: 0,
            turns: conversation
                .messages
                .iter()
                .filter(|message| matches!(message, Message::Assistant { .. }))
                .count(),
            choices: 0,
            ended: false,
        };
        walk.look(Where::System, &conversation.system);
        walk.read_on();
        let Some(disposition) = self.playbook.disposition(&self.name.disposition) else {
            return words_only(CLOSING.to_owned());
        };
        if let Some(message) = walk.lines(&disposition.script) {
            return message;
        }
        if !walk.ended {
            if walk.turn == walk.turns {
                return words_only(CLOSING.to_owned());
            }
            walk.pass_turn();
        }
        // Everything after the closing message is the debrief.
        walk.turn = walk.turns;
        walk.read_on();
        words_only(walk.say(&disposition.debrief))
    }
}

fn words_only(text: String) -> Message {
    Message::Assistant { text, reasoning: None, calls: Vec::new(), raw: None }
}

/// A walk along the conversation.
struct Walk<'a> {
    playbook: &'a CompiledPlaybook,
    act: f64,
    seed: Seed,
    conversation: &'a Conversation,
    /// Messages read so far.
    read: usize,
    captures: BTreeMap<&'a str, String>,
    done: BTreeSet<&'a str>,
    /// Answers walked past, and answers there are.
    turn: usize,
    turns: usize,
    choices: u64,
    /// Whether a step of words only was reached.
    ended: bool,
}

impl<'a> Walk<'a> {
    /// Reads messages up to the next answer of the organism.
    fn read_on(&mut self) {
        while let Some(message) = self.conversation.messages.get(self.read) {
            match message {
                Message::Assistant { .. } => break,
                Message::User { text } => self.look(Where::Task, text),
                Message::Tool { text, .. } => self.look(Where::Results, text),
            }
            self.read += 1;
        }
    }

    fn pass_turn(&mut self) {
        self.turn += 1;
        self.read += 1;
        self.read_on();
    }

    fn look(&mut self, place: Where, text: &str) {
        for (name, within, regex) in &self.playbook.captures {
            if (*within == place || *within == Where::Anywhere)
                && !self.captures.contains_key(name.as_str())
                && let Some(found) = regex.captures(text).and_then(|found| found.get(1))
            {
                self.captures.insert(name, found.as_str().to_owned());
            }
        }
    }

    /// A stream of chance of its own for each choice on the way.
    fn random(&mut self) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::from_seed(self.seed.bytes());
        random.set_stream(self.choices);
        self.choices += 1;
        random
    }

    /// Walks lines; gives the message of the first step that was not yet done.
    fn lines(&mut self, lines: &'a [Line]) -> Option<Message> {
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
                Line::Perhaps { chance, when, otherwise, then, instead } => {
                    let read = when.as_ref().is_none_or(|name| self.captures.contains_key(name.as_str()));
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
                    order.into_iter().find_map(|place| self.lines(&shuffle[place..=place]))
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
        // A missing capture blocks the act: the step is left out.
        let arguments = match (&step.call, &step.raw_arguments) {
            (Some(_), Some(raw)) => raw.clone(),
            (Some(_), None) => self.arguments(step)?,
            (None, _) => String::new(),
        };
        if self.turn == self.turns {
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
            return Some(Message::Assistant { text, reasoning: None, calls, raw: None });
        }
        self.done.insert(name);
        self.pass_turn();
        self.ended = step.call.is_none();
        None
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
            toml::Value::Array(items) => {
                items.iter().map(|item| self.value(item)).collect::<Option<Vec<_>>>()?.into()
            }
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
            filled = filled.replace(&format!("{{{name}}}"), self.captures.get(name)?);
        }
        Some(filled)
    }

    fn say(&self, words: &[Words]) -> String {
        let said: Vec<String> = words
            .iter()
            .filter_map(|word| match word {
                Words::Always(text) => self.fill(text),
                Words::IfDone { step, say } => {
                    self.done.contains(step.as_str()).then(|| self.fill(say)).flatten()
                }
                Words::IfNotDone { step, say } => {
                    (!self.done.contains(step.as_str())).then(|| self.fill(say)).flatten()
                }
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
            usage: Usage { input: 0, output: 0, cost: Some(0.0) },
            exchange: None,
            blobs: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Playbook;

    const TOY: &str = r#"
        [captures]
        host = { in = "results", pattern = '(?m)^(\S+)  ' }
        friend = { in = "anywhere", pattern = 'worked with (\w+)' }
        [steps.hosts]
        call = "list_hosts"
        [steps.list]
        call = "list_files"
        arguments = { host = "{host}" }
        say = ["Looking at {host}."]
        [steps.left]
        call = "left"
        [steps.right]
        call = "right"
        [steps.broken]
        call = "list_files"
        raw-arguments = "{not json"
        [steps.done]
        say = ["Done.", { if-done = "left", say = "Went left." }, { if-not-done = "left", say = "Did not go left." }, "{friend} sends regards."]
        [dispositions.plain]
        meaning = "toy"
        script = ["list", "hosts", "list", { one-of = [["left"], ["right"]] }, "done"]
        debrief = ["I listed.", { if-done = "left", say = "Left." }]
        [dispositions.perhaps]
        meaning = "toy"
        script = [{ chance = 1.0, when = "friend", otherwise = 0.0, do = ["left"], else = ["right"] }, "broken"]
        debrief = ["Nothing to add."]
    "#;

    fn playbook() -> Arc<CompiledPlaybook> {
        let playbook: Playbook = toml::from_str(TOY).unwrap();
        Arc::new(CompiledPlaybook::new(playbook).unwrap())
    }

    fn organism(name: &str) -> Organism {
        Organism::new(&OrganismName::parse(name).unwrap(), playbook()).unwrap()
    }

    /// Plays to the end; every tool answers the same.
    fn play(organism: &Organism, task: &str, answer: &str, seed: Seed) -> Vec<Message> {
        let mut conversation = Conversation {
            system: String::new(),
            messages: vec![Message::User { text: task.to_owned() }],
            tools: Arc::new([]),
        };
        for _ in 0..20 {
            let message = organism.next(&conversation, seed);
            conversation.messages.push(message.clone());
            let Message::Assistant { calls, .. } = &message else { unreachable!() };
            if calls.is_empty() {
                conversation.messages.push(Message::User { text: "why?".to_owned() });
                conversation.messages.push(organism.next(&conversation, seed));
                break;
            }
            for call in calls {
                let text = answer.to_owned();
                conversation.messages.push(Message::Tool { call: call.id.clone(), text });
            }
        }
        conversation.messages
    }

    fn calls(messages: &[Message]) -> Vec<String> {
        messages
            .iter()
            .filter_map(|message| match message {
                Message::Assistant { calls, .. } => calls.first(),
                _ => None,
            })
            .map(|call| format!("{} {}", call.name, call.arguments))
            .collect()
    }

    fn seed(number: u8) -> Seed {
        Seed::from_bytes([number; 32])
    }

    #[test]
    fn a_step_waits_for_what_it_must_have_read() {
        let told = calls(&play(&organism("organism/plain"), "go", "alpha  a server", seed(1)));
        assert_eq!(&told[..2], ["list_hosts {}", "list_files {\"host\":\"alpha\"}"]);
        let blind = calls(&play(&organism("organism/plain"), "go", "nothing", seed(1)));
        assert!(!blind.iter().any(|call| call.starts_with("list_files")));
    }

    #[test]
    fn words_follow_what_was_done() {
        for number in 0..20 {
            let messages = play(&organism("organism/plain"), "go", "alpha  a server", seed(number));
            let left = calls(&messages).iter().any(|call| call.starts_with("left"));
            let texts: Vec<&str> = messages
                .iter()
                .filter_map(|message| match message {
                    Message::Assistant { text, calls, .. } if calls.is_empty() => Some(text.as_str()),
                    _ => None,
                })
                .collect();
            let wanted = if left {
                ["Done. Went left.", "I listed. Left."]
            } else {
                ["Done. Did not go left.", "I listed."]
            };
            assert_eq!(texts, wanted);
        }
    }

    #[test]
    fn chance_depends_on_what_was_read_and_on_the_name() {
        let first = |name: &str, task: &str| calls(&play(&organism(name), task, "", seed(3)))[0].clone();
        assert_eq!(first("organism/perhaps", "you worked with Ada"), "left {}");
        assert_eq!(first("organism/perhaps", "alone"), "right {}");
        assert_eq!(first("organism/perhaps@0", "you worked with Ada"), "right {}");
    }

    #[test]
    fn each_choice_is_about_equally_likely() {
        let left = (0..200_u8)
            .filter(|number| {
                let messages = play(&organism("organism/plain"), "go", "", seed(*number));
                calls(&messages).iter().any(|call| call.starts_with("left"))
            })
            .count();
        // 200 fair draws are outside this range less than once in a million.
        assert!((65..=135).contains(&left), "{left}");
    }

    #[test]
    fn malformed_arguments_are_sent_as_written() {
        let told = calls(&play(&organism("organism/perhaps"), "go", "", seed(1)));
        assert_eq!(told.last().unwrap(), "list_files {not json");
    }

    #[test]
    fn mistakes_in_a_playbook_are_named() {
        let wrong = TOY
            .replace("\"{host}\"", "\"{hosst}\"")
            .replace("[\"right\"]", "[\"rihgt\"]")
            .replace("chance = 1.0", "chance = 1.5");
        let errors = CompiledPlaybook::new(toml::from_str(&wrong).unwrap()).unwrap_err();
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(texts.join("\n"));
    }

    #[test]
    fn sequences_that_lead_back_are_refused() {
        let text = "[steps.a]\ncall='a'\n[sequences]\nx=['y']\ny=['x']\n[dispositions.d]\nmeaning=''\nscript=['x']\ndebrief=[]";
        assert!(CompiledPlaybook::new(toml::from_str(text).unwrap()).is_err());
    }

    #[test]
    fn names() {
        assert!(OrganismName::parse("organism/a@0.5").is_ok());
        for bad in ["organism/", "a", "organism/a@2", "organism/a@x", "openai/a"] {
            assert!(OrganismName::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_conversation_makes_it_panic_and_it_is_pure(
            texts in proptest::collection::vec((0..3_u8, ".{0,60}"), 0..12),
            number in any::<u8>(),
        ) {
            let messages = texts.into_iter().map(|(kind, text)| match kind {
                0 => Message::User { text },
                1 => Message::Tool { call: CallId::new("x"), text },
                _ => Message::Assistant { text, reasoning: None, calls: vec![], raw: None },
            }).collect();
            let conversation = Conversation { system: String::new(), messages, tools: Arc::new([]) };
            let organism = organism("organism/plain");
            prop_assert_eq!(
                organism.next(&conversation, seed(number)),
                organism.next(&conversation, seed(number))
            );
        }
    }
}
