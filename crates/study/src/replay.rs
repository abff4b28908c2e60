//! A run played back: its recorded answers given again, with nothing asked of any provider.
//!
//! What a model said and called is read from the events of its trial, so that it does not matter
//! over which protocol it came; the exchange goes into the new record byte for byte. Before an
//! answer is given, all that the model is told anew is held against what it was told then: the
//! first words that differ end the trial as failed. What a request holds beside its words (tools,
//! sampling) follows from the plan and its formats, which are the same.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use tribune_evidence::{
    BlobId, Body, CallId, Channel, Content, Ending, Event, Exchange, Limit, Sensor, TrialId, Usage,
};
use tribune_model::{
    Completion, Conversation, Message, Model, ModelError, Settings, Stop, ToolCall, Unpaid,
};
use tribune_record::Reader;

use crate::entry::Entry;
use crate::log::kept_as_blob;
use crate::rebuild::{RebuildError, events_of};
use crate::subject::{Names, unanswered};

/// The most characters of a text that are shown around the place where it differs.
const SHOWN: usize = 40;

/// The sealed trials of a run that is played back.
pub(crate) struct Recorded {
    root: String,
    reader: Mutex<Reader>,
    sealed: HashMap<TrialId, Place>,
}

/// Where a trial is in the record: its first entry, one past its last, and the hash of its seal.
type Place = (u64, u64, BlobId);

impl Recorded {
    /// The sealed trials of a run.
    ///
    /// # Errors
    /// The record cannot be read.
    pub(crate) fn open(path: &Path) -> Result<Self, RebuildError> {
        let reader = Reader::open(path)?;
        let mut sealed = HashMap::new();
        let mut begun: Option<(TrialId, u64)> = None;
        for entry in reader.entries(0..reader.size()) {
            let (number, bytes) = entry?;
            if bytes.starts_with(b"{\"event\":") {
                continue;
            }
            match Entry::read(number, &bytes)? {
                Entry::Begin { trial, .. } => begun = Some((trial, number)),
                Entry::Interrupted { .. } => begun = None,
                Entry::Seal { trial, hash, .. } => {
                    if let Some((_, first)) = begun.take().filter(|(id, _)| *id == trial) {
                        sealed.insert(trial, (first, number + 1, hash));
                    }
                }
                _ => {}
            }
        }
        let unpublished = || format!("unpublished, {} entries", reader.size());
        let root = reader.root().unwrap_or_else(unpublished);
        Ok(Self {
            root,
            reader: Mutex::new(reader),
            sealed,
        })
    }

    /// The root of its record.
    pub(crate) fn root(&self) -> String {
        self.root.clone()
    }

    /// Whether it holds a trial.
    pub(crate) fn holds(&self, trial: &TrialId) -> bool {
        self.sealed.contains_key(trial)
    }

    /// What judges said of one trial, with the blobs that it names: those that are missing are left
    /// out, which the verifier of the new record says.
    ///
    /// # Errors
    /// The trial cannot be read back, in words.
    pub(crate) fn judgement(&self, trial: &TrialId) -> Result<Vec<(Event, Vec<Bytes>)>, String> {
        let (first, end, hash) = *self
            .sealed
            .get(trial)
            .ok_or("the run that is played back does not hold this trial")?;
        let reader = self.reader.lock();
        let mut events = events_of(&reader, *trial, (first, end), Some(hash))
            .map_err(|error| error.to_string())?;
        events.retain(|event| event.sensor == Sensor::Judge);
        let with_blobs = |event: Event| {
            let mut blobs = Vec::new();
            event.body.blobs(&mut |id| {
                blobs.extend(reader.blob(&id).ok().flatten().map(Bytes::from));
            });
            (event, blobs)
        };
        Ok(events.into_iter().map(with_blobs).collect())
    }

    /// The model of one trial: it answers as it did.
    ///
    /// # Errors
    /// The trial cannot be read back, in words.
    pub(crate) fn model(&self, name: &str, trial: &TrialId) -> Result<Replayed, String> {
        let (first, end, hash) = *self
            .sealed
            .get(trial)
            .ok_or("the run that is played back does not hold this trial")?;
        let reader = self.reader.lock();
        let events = events_of(&reader, *trial, (first, end), Some(hash))
            .map_err(|error| error.to_string())?;
        let blob = |id: &BlobId| -> Result<Vec<u8>, String> {
            let bytes = reader.blob(id).map_err(|error| error.to_string())?;
            bytes.ok_or_else(|| format!("blob {id} of the run that is played back is missing"))
        };
        let mut script = Script::new(&blob);
        for event in &events {
            script.see(event)?;
        }
        // The last answer of all: nothing came after it.
        script.close(None);
        Ok(Replayed {
            name: name.to_owned(),
            steps: script.steps,
            next: AtomicUsize::new(0),
        })
    }
}

/// What the model was told before an answer: which words these are, and the words.
#[derive(Debug, PartialEq)]
struct Told {
    what: String,
    text: String,
}

/// What it did then.
#[derive(Debug)]
enum Did {
    /// It answered.
    Answered(Box<Completion>),
    /// No answer came, for these reasons.
    Failed(String),
    /// No answer came in time.
    TimedOut,
    /// It was not asked: one more request could have passed a limit of the trial.
    NotAsked(Unpaid),
}

#[derive(Debug)]
struct Step {
    told: Vec<Told>,
    /// Requests that were given up before.
    given_up: Vec<GivenUp>,
    did: Did,
}

/// A request that was given up, with its blobs.
type GivenUp = (Exchange, Vec<Vec<u8>>);

/// An answer while its events are read.
struct Heard {
    told: Vec<Told>,
    exchange: Exchange,
    reasoning: Option<String>,
    text: String,
    notes: Vec<String>,
    /// Whether the words were taken for more to come, not for a report.
    goes_on: bool,
    calls: Vec<ToolCall>,
}

type Blobs<'a> = dyn Fn(&BlobId) -> Result<Vec<u8>, String> + 'a;

/// From the events of a trial to the answers of its model.
struct Script<'a> {
    blob: &'a Blobs<'a>,
    names: Names,
    steps: Vec<Step>,
    told: Vec<Told>,
    given_up: Vec<GivenUp>,
    open: Option<Heard>,
    ended: bool,
}

impl<'a> Script<'a> {
    fn new(blob: &'a Blobs<'a>) -> Self {
        Self {
            blob,
            names: Names::default(),
            steps: Vec::new(),
            told: Vec::new(),
            given_up: Vec::new(),
            open: None,
            ended: false,
        }
    }

    fn text(&self, content: &Content) -> Result<String, String> {
        let bytes = match content {
            Content::Text(text) => return Ok(text.clone()),
            Content::Blob { id, .. } => (self.blob)(id)?,
        };
        String::from_utf8(bytes).map_err(|_| "a recorded text is no UTF-8".to_owned())
    }

    fn tell(&mut self, what: String, content: &Content) -> Result<(), String> {
        let text = self.text(content)?;
        self.told.push(Told { what, text });
        Ok(())
    }

    fn see(&mut self, event: &Event) -> Result<(), String> {
        // Judges are no part of the conversation.
        if event.sensor == Sensor::Judge {
            return Ok(());
        }
        match &event.body {
            Body::Gap { of, why } => {
                // An event that was too large for an entry.
                if let Some(id) = kept_as_blob(why) {
                    let whole: Event = serde_json::from_slice(&(self.blob)(&id)?)
                        .map_err(|error| format!("blob {id} is no event: {error}"))?;
                    return self.see_body(&whole);
                }
                // What of an answer was not taken.
                if let (Some(open), Sensor::Chat, Some(_)) = (&mut self.open, *of, event.cause) {
                    open.notes.push(why.clone());
                }
                Ok(())
            }
            _ => self.see_body(event),
        }
    }

    fn see_body(&mut self, event: &Event) -> Result<(), String> {
        match &event.body {
            Body::Said { channel, text, .. } if event.agent == self.names.subject => {
                let text = self.text(text)?;
                if let Some(open) = &mut self.open {
                    if *channel == Channel::Reasoning {
                        open.reasoning = Some(text);
                    } else {
                        open.text = text;
                        open.goes_on = *channel == Channel::Chat;
                    }
                }
            }
            Body::Said { channel, text, .. } => {
                self.close(None);
                let what = match channel {
                    Channel::System => "the system prompt".to_owned(),
                    Channel::Chat => "the task".to_owned(),
                    _ => "a question".to_owned(),
                };
                if self.ended {
                    self.told.clear();
                }
                self.tell(what, text)?;
            }
            Body::Exchange { exchange } if exchange.unanswered.is_some() => {
                self.close(None);
                let blobs = self.blobs(exchange);
                self.given_up.push(((**exchange).clone(), blobs));
            }
            Body::Exchange { exchange } => {
                self.close(None);
                self.open = Some(Heard {
                    told: std::mem::take(&mut self.told),
                    exchange: (**exchange).clone(),
                    reasoning: None,
                    text: String::new(),
                    notes: Vec::new(),
                    goes_on: false,
                    calls: Vec::new(),
                });
            }
            Body::Proposed { call, action } => {
                let arguments = self.text(&action.raw)?;
                if let Some(open) = &mut self.open {
                    open.calls.push(ToolCall {
                        id: call.clone(),
                        name: action.tool.clone(),
                        arguments,
                    });
                }
            }
            Body::Returned { text, .. } if self.ended => {
                let text = self.text(text)?;
                if let Some(why) = unanswered(&text) {
                    self.close(None);
                    self.fail(why);
                }
            }
            Body::Returned { call, text, .. } => {
                self.tell(format!("what the call {:?} gave", call.as_str()), text)?;
            }
            Body::End { ending } => {
                self.close(Some(ending));
                match ending {
                    Ending::Failed { fault } => self.fail(&fault.what),
                    Ending::Limit { limit: Limit::Wall } => {
                        let told = std::mem::take(&mut self.told);
                        self.step(told, Did::TimedOut);
                    }
                    // What is told after the last answer was to be sent.
                    Ending::Limit { limit } if !self.told.is_empty() => {
                        let told = std::mem::take(&mut self.told);
                        match limit {
                            Limit::Tokens => self.step(told, Did::NotAsked(Unpaid::Tokens)),
                            Limit::Cost => self.step(told, Did::NotAsked(Unpaid::Cost)),
                            _ => {}
                        }
                    }
                    _ => self.told.clear(),
                }
                self.ended = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn fail(&mut self, why: &str) {
        let out_of_time = crate::subject::describe(&Ending::Limit { limit: Limit::Wall });
        let did = if why == out_of_time {
            Did::TimedOut
        } else {
            Did::Failed(why.to_owned())
        };
        let told = std::mem::take(&mut self.told);
        self.step(told, did);
    }

    fn step(&mut self, told: Vec<Told>, did: Did) {
        let given_up = std::mem::take(&mut self.given_up);
        self.steps.push(Step {
            told,
            given_up,
            did,
        });
    }

    /// The blobs of an exchange. One that is missing leaves the new record without it, which its
    /// verifier says.
    fn blobs(&self, exchange: &Exchange) -> Vec<Vec<u8>> {
        let contents = [&exchange.added, &exchange.response];
        let ids = contents.into_iter().filter_map(Content::blob);
        ids.filter_map(|id| (self.blob)(&id).ok()).collect()
    }

    /// An answer is over, and where it was the last, so is the subject's part.
    fn close(&mut self, ending: Option<&Ending>) {
        let Some(mut heard) = self.open.take() else {
            return;
        };
        let mut stop = Stop::Finished;
        let mut more = false;
        match ending {
            Some(Ending::ProviderRefusal { reason }) => {
                stop = Stop::Refused(reason.clone());
                more = heard.goes_on;
            }
            Some(Ending::Limit {
                limit: Limit::Tokens,
            }) if heard.calls.is_empty() => stop = Stop::Length,
            Some(Ending::Limit {
                limit: Limit::ToolCalls,
            }) => more = true,
            _ => {}
        }
        if more {
            // A call that was made and not carried out: nothing but that it was made is recorded.
            heard.calls.push(ToolCall {
                id: CallId::new("not-recorded"),
                name: String::new(),
                arguments: String::new(),
            });
        }
        let blobs = self.blobs(&heard.exchange);
        let usage: Usage = heard.exchange.usage;
        let completion = Completion {
            message: Message::Assistant {
                text: heard.text,
                reasoning: heard.reasoning,
                calls: heard.calls,
                raw: None,
            },
            stop,
            usage,
            exchange: Some(heard.exchange),
            blobs,
            notes: heard.notes,
        };
        self.step(heard.told, Did::Answered(Box::new(completion)));
    }
}

/// A model that answers as it did in a recorded trial.
#[derive(Debug)]
pub(crate) struct Replayed {
    name: String,
    steps: Vec<Step>,
    next: AtomicUsize,
}

#[async_trait::async_trait]
impl Model for Replayed {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_simulated(&self) -> bool {
        false
    }

    async fn complete(
        &self,
        conversation: &Conversation,
        settings: &Settings,
    ) -> Result<Completion, ModelError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let Some(step) = self.steps.get(number) else {
            let what = format!(
                "it was asked {} times, and is asked once more",
                self.steps.len()
            );
            return Err(ModelError::Differs { what });
        };
        if let Some(what) = differs(&step.told, &news(conversation)) {
            let what = format!("in request {}, {what}", number + 1);
            return Err(ModelError::Differs { what });
        }
        for (exchange, blobs) in &step.given_up {
            if let Some(ledger) = &settings.ledger {
                ledger.recorded(exchange.clone(), blobs.clone());
            }
        }
        match &step.did {
            Did::Answered(completion) => Ok((**completion).clone()),
            Did::Failed(what) => Err(ModelError::Recorded { what: what.clone() }),
            Did::NotAsked(why) => Err(ModelError::Unpaid(why.clone())),
            Did::TimedOut => Err(ModelError::TimedOut {
                provider: self.name.clone(),
                seconds: 0,
                is_silent: false,
            }),
        }
    }
}

/// The place of a model in a run that is played back: each trial has its own.
pub(crate) struct Nobody(pub(crate) String);

#[async_trait::async_trait]
impl Model for Nobody {
    fn name(&self) -> &str {
        &self.0
    }

    fn is_simulated(&self) -> bool {
        false
    }

    async fn complete(&self, _: &Conversation, _: &Settings) -> Result<Completion, ModelError> {
        let what = "no provider is asked".to_owned();
        Err(ModelError::Differs { what })
    }
}

/// What a conversation tells the model since its last answer.
fn news(conversation: &Conversation) -> Vec<&str> {
    let messages = &conversation.messages;
    let answered = messages
        .iter()
        .rposition(|message| matches!(message, Message::Assistant { .. }));
    let system = match answered {
        None => Some(conversation.system.as_str()),
        Some(_) => None,
    };
    let later = messages.iter().skip(answered.map_or(0, |place| place + 1));
    system
        .into_iter()
        .chain(later.filter_map(|message| match message {
            Message::User { text } | Message::Tool { text, .. } => Some(text.as_str()),
            Message::Assistant { .. } => None,
        }))
        .collect()
}

/// What of two tellings differs first.
fn differs(then: &[Told], now: &[&str]) -> Option<String> {
    for (told, text) in then.iter().zip(now) {
        if told.text == **text {
            continue;
        }
        let same = told
            .text
            .chars()
            .zip(text.chars())
            .take_while(|(then, now)| then == now)
            .count();
        let from = same.saturating_sub(SHOWN / 2);
        let part = |text: &str| -> String { text.chars().skip(from).take(SHOWN).collect() };
        return Some(format!(
            "{} differs at character {}: it was {:?} and is {:?}",
            told.what,
            same + 1,
            part(&told.text),
            part(text)
        ));
    }
    match then.len() == now.len() {
        true => None,
        false => Some(format!(
            "it was told {} texts and is told {}",
            then.len(),
            now.len()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(what: &str, text: &str) -> Told {
        Told {
            what: what.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn the_first_words_that_differ_are_told() {
        let then = [
            told("the task", "Free the disk."),
            told("a question", "Why?"),
        ];
        assert_eq!(differs(&then, &["Free the disk.", "Why?"]), None);
        let what = differs(&then, &["Free the disc.", "Why?"]).unwrap();
        assert_eq!(
            what,
            "the task differs at character 13: it was \"Free the disk.\" and is \"Free the disc.\""
        );
        assert_eq!(
            differs(&then, &["Free the disk."]).unwrap(),
            "it was told 2 texts and is told 1"
        );
        // However long, no more than a part is shown, and never half a character.
        let long = "ä".repeat(10_000);
        let other = format!("{long}ö");
        let what = differs(&[told("x", &long)], &[&other]).unwrap();
        assert!(what.len() < 300, "{what}");
    }

    #[test]
    fn only_what_is_new_since_the_last_answer_is_compared() {
        let user = |text: &str| Message::User {
            text: text.to_owned(),
        };
        let answer = Message::Assistant {
            text: String::new(),
            reasoning: None,
            calls: Vec::new(),
            raw: None,
        };
        let tool = Message::Tool {
            call: CallId::new("c"),
            text: "gave".to_owned(),
        };
        let mut conversation = Conversation {
            system: "s".to_owned(),
            messages: vec![user("t")],
            tools: std::sync::Arc::new([]),
        };
        assert_eq!(news(&conversation), ["s", "t"]);
        conversation
            .messages
            .extend([answer.clone(), tool.clone(), tool]);
        assert_eq!(news(&conversation), ["gave", "gave"]);
        conversation.messages.extend([answer, user("q")]);
        assert_eq!(news(&conversation), ["q"]);
    }
}
