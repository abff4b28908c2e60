//! The subject in its seat: a chat loop over a model. Real agents will sit in the same seat.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tribune_evidence::{
    AgentId, Body, CallId, Channel, Content, Draft, Ending, EventId, Exchange, Fault, Faulty,
    ForkPurpose, Limit, Seed, Sensor, Timestamp, Usage,
};
use tribune_model::{
    Completion, Conversation, Ledger, Message, Model, ModelError, Settings, Stop, ToolCall, Unpaid,
    within,
};
use tribune_world::{Tools, Toolset, World};

use crate::account::{Account, Left};
use crate::log::{LogError, TrialLog};
use crate::purse::Purse;
use crate::scenario::After;
use crate::spec::{Limits, Sampling};

/// The longest id of a call that is kept; a provider's own are far shorter.
const CALL_ID_LIMIT: usize = 128;

/// How much longer than its limit of time a model is waited for, so that it can say why it has no
/// answer.
const GRACE: Duration = Duration::from_secs(1);

/// The names under which the parties of a trial appear in its events.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// The runner itself.
    pub runner: AgentId,
    /// Who is under test.
    pub subject: AgentId,
    /// Who gave the order.
    pub operator: AgentId,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            runner: AgentId::new("runner"),
            subject: AgentId::new("subject"),
            operator: AgentId::new("operator"),
        }
    }
}

/// Where a subject acts: its world, its tools, its limits, and the log of what it does.
pub(crate) struct Seat {
    /// The world.
    pub world: Box<dyn World>,
    /// The tools.
    pub tools: Arc<Tools>,
    /// The log.
    pub log: TrialLog,
    /// The system prompt.
    pub system: String,
    /// The task.
    pub task: String,
    /// The limits.
    pub limits: Limits,
    /// What is asked of the model beside the conversation.
    pub sampling: Sampling,
    /// What the model's requests take, and may take.
    pub account: Arc<Account>,
    /// Where what all cost is counted, for the whole run.
    pub purse: Arc<Purse>,
    /// The trial's seed.
    pub seed: Seed,
    /// When the trial began, on the machine's clock.
    pub began: Instant,
    /// What it took so far.
    pub usage: Usage,
    /// Who is who.
    pub names: Names,
}

/// Someone who can be put to the test.
#[async_trait::async_trait]
pub(crate) trait Subject: Send {
    /// Does the task, and says how it ended.
    ///
    /// # Errors
    /// The log could not be kept. The trial is then run again.
    async fn drive(&mut self, seat: &mut Seat) -> Result<Ending, LogError>;

    /// Answers questions on a fork: nothing that it does here counts but what it says, and it
    /// forgets them afterwards.
    ///
    /// # Errors
    /// The log could not be kept.
    async fn asked(&mut self, seat: &mut Seat, after: &After) -> Result<(), LogError>;
}

/// A model in a chat loop: it is asked, its calls are carried out, and a message without a call
/// ends the trial.
pub(crate) struct Chat {
    model: Arc<dyn Model>,
    conversation: Conversation,
}

impl Seat {
    /// Adds an event that happens now.
    ///
    /// # Errors
    /// The log could not be kept.
    pub(crate) fn tell(
        &mut self,
        agent: AgentId,
        sensor: Sensor,
        body: Body,
        cause: Option<EventId>,
    ) -> Result<EventId, LogError> {
        let at: Timestamp = self.world.now();
        let world = &self.world;
        self.log.push(
            Draft {
                agent,
                at,
                sensor,
                body,
            },
            cause,
            &|id| world.blob(id),
        )
    }

    /// Moves what happened in the world into the log.
    ///
    /// # Errors
    /// The log could not be kept.
    pub(crate) fn drain(&mut self, cause: Option<EventId>) -> Result<(), LogError> {
        let mut drafts = Vec::new();
        self.world.drain(&mut drafts);
        let world = &self.world;
        for draft in drafts {
            self.log.push(draft, cause, &|id| world.blob(id))?;
        }
        Ok(())
    }

    fn say(
        &mut self,
        agent: AgentId,
        to: AgentId,
        channel: Channel,
        text: &str,
    ) -> Result<EventId, LogError> {
        let text = self.log.content(text.as_bytes());
        self.tell(agent, Sensor::Chat, Body::Said { to, channel, text }, None)
    }

    fn settings(&self) -> Settings {
        let left = Duration::from_millis(self.limits.wall_millis).saturating_sub(self.took());
        Settings {
            temperature: self.sampling.temperature,
            max_output_tokens: self.sampling.max_output_tokens,
            send_seed: self.sampling.send_seed,
            seed: self.seed,
            time_out: left,
            ledger: Some(Arc::clone(&self.account) as Arc<dyn Ledger>),
        }
    }

    /// How long the trial took. What it waited for others to leave money counts not: that is no
    /// doing of the subject.
    fn took(&self) -> Duration {
        self.began.elapsed().saturating_sub(self.account.waited())
    }

    fn tokens(&self) -> u64 {
        self.usage.input.saturating_add(self.usage.output)
    }

    /// What the limits leave; otherwise the one that is reached.
    fn left(&self) -> Result<Left, Limit> {
        let cost = match (self.limits.cost, self.usage.cost) {
            (None, _) => None,
            // A price that nobody knows may be any: the limit fails closed.
            (Some(_), None) => return Err(Limit::Cost),
            (Some(limit), Some(cost)) => Some(limit - cost),
        };
        let tokens = self.limits.tokens.saturating_sub(self.tokens());
        if self.took() >= Duration::from_millis(self.limits.wall_millis) {
            Err(Limit::Wall)
        } else if tokens == 0 {
            Err(Limit::Tokens)
        } else if cost.is_some_and(|left| left <= 0.0) {
            Err(Limit::Cost)
        } else {
            let tokens = Some(tokens);
            Ok(Left { tokens, cost })
        }
    }

    /// Counts what an answer took, and what it cost where the provider did not say and a person
    /// did.
    fn count(&mut self, completion: &mut Completion) {
        self.account.charge(completion);
        let lost = completion.exchange.as_ref().and_then(|it| it.lost);
        self.add(&completion.usage, lost);
    }

    fn add(&mut self, usage: &Usage, lost: Option<f64>) {
        self.usage.input = self.usage.input.saturating_add(usage.input);
        self.usage.output = self.usage.output.saturating_add(usage.output);
        // INVARIANT: a sum with an unknown part is unknown, never too small.
        self.usage.cost = match (self.usage.cost, usage.cost) {
            (Some(sum), Some(more)) => Some(sum + more + lost.unwrap_or(0.0)),
            _ => None,
        };
    }

    /// Logs the requests that were given up: what they met, what came in place of an answer, and
    /// what they may have cost.
    fn log_given_up(&mut self) -> Result<(), LogError> {
        for (exchange, blobs) in self.account.given_up() {
            self.add(&exchange.usage, exchange.lost);
            for blob in blobs {
                self.log.keep_blob(blob);
            }
            let exchange = Box::new(exchange);
            let runner = self.names.runner.clone();
            self.tell(runner, Sensor::Wire, Body::Exchange { exchange }, None)?;
        }
        Ok(())
    }

    /// Carries out one call and gives the tool's answer.
    fn call(&mut self, call: &ToolCall, cause: Option<EventId>) -> Result<String, LogError> {
        let subject = self.names.subject.clone();
        let prepared = self.tools.prepare(call);
        // The raw arguments may be a blob, which no world has.
        self.log.content(call.arguments.as_bytes());
        let id = short(&call.id);
        let action = Box::new(prepared.action);
        let proposed = self.tell(
            subject.clone(),
            Sensor::Tools,
            Body::Proposed {
                call: id.clone(),
                action,
            },
            cause,
        )?;
        let runner = self.names.runner.clone();
        let (ok, text) = match prepared.op {
            Ok(op) => {
                self.tell(
                    runner.clone(),
                    Sensor::Tools,
                    Body::Released { call: id.clone() },
                    Some(proposed),
                )?;
                let reply = self.world.act(&subject, op);
                self.drain(Some(proposed))?;
                (reply.ok, reply.text)
            }
            Err(why) => (false, why),
        };
        let content = self.log.content(text.as_bytes());
        self.tell(
            runner,
            Sensor::Tools,
            Body::Returned {
                call: id,
                ok,
                text: content,
            },
            Some(proposed),
        )?;
        Ok(text)
    }
}

fn short(id: &CallId) -> CallId {
    if id.as_str().len() <= CALL_ID_LIMIT {
        return id.clone();
    }
    CallId::new(
        id.as_str()
            .chars()
            .take(CALL_ID_LIMIT / 4)
            .collect::<String>(),
    )
}

impl Chat {
    /// A chat loop over a model.
    #[must_use]
    pub(crate) fn new(model: Arc<dyn Model>) -> Self {
        let conversation = Conversation {
            system: String::new(),
            messages: Vec::new(),
            tools: Arc::new([]),
        };
        Self {
            model,
            conversation,
        }
    }

    /// Asks the model once, within what the limits leave. Gives its answer, or how the trial ends.
    async fn ask(&self, seat: &mut Seat) -> Result<Result<Completion, Ending>, LogError> {
        let left = match seat.left() {
            Ok(left) => left,
            Err(limit) => return Ok(Err(Ending::Limit { limit })),
        };
        seat.account.limit(left);
        let settings = seat.settings();
        let answer = self.model.complete(&self.conversation, &settings);
        let account = Arc::clone(&seat.account);
        // A model that minds no limit of time is held to it; one that does says more.
        let limit = settings.time_out.saturating_add(GRACE);
        let answer = within(limit, Some(account.as_ref()), answer).await;
        seat.log_given_up()?;
        let error = match answer {
            None => return Ok(Err(Ending::Limit { limit: Limit::Wall })),
            Some(Ok(mut completion)) => {
                seat.count(&mut completion);
                return Ok(Ok(completion));
            }
            Some(Err(error)) => error,
        };
        let over = |limit| Ok(Err(Ending::Limit { limit }));
        let whose = match &error {
            ModelError::Unpaid(Unpaid::Run(why)) => return Err(LogError::Unpaid(why.clone())),
            ModelError::Unpaid(Unpaid::Tokens) => return over(Limit::Tokens),
            ModelError::Unpaid(Unpaid::Cost) => return over(Limit::Cost),
            // A model that was slow at least began; of one from which not a byte came in the whole
            // of a trial nothing is known, and the provider is at fault.
            ModelError::TimedOut { is_silent, .. } if !is_silent || self.has_answered() => {
                return over(Limit::Wall);
            }
            ModelError::Script { .. } => Faulty::Scenario,
            ModelError::Differs { .. } => Faulty::Tribune,
            _ => Faulty::Provider,
        };
        Ok(Err(Ending::Failed {
            fault: Fault {
                whose,
                what: error.to_string(),
            },
        }))
    }

    fn has_answered(&self) -> bool {
        let mut messages = self.conversation.messages.iter();
        messages.any(|message| matches!(message, Message::Assistant { .. }))
    }

    /// Logs an answer's exchange and words; gives the event that later ones follow from.
    fn hear(
        &self,
        seat: &mut Seat,
        completion: &Completion,
        channel: Channel,
    ) -> Result<Option<EventId>, LogError> {
        let (runner, subject, operator) = (
            seat.names.runner.clone(),
            seat.names.subject.clone(),
            seat.names.operator.clone(),
        );
        let mut last = None;
        for blob in &completion.blobs {
            seat.log.keep_blob(blob.clone());
        }
        if let Some(exchange) = &completion.exchange {
            let exchange: Box<Exchange> = Box::new(exchange.clone());
            last = Some(seat.tell(runner, Sensor::Wire, Body::Exchange { exchange }, None)?);
        }
        for note in &completion.notes {
            // What it would have said, nobody has looked at.
            let (of, why) = (Sensor::Chat, note.clone());
            let runner = seat.names.runner.clone();
            seat.tell(runner, Sensor::Runner, Body::Gap { of, why }, last)?;
        }
        if let Message::Assistant {
            text, reasoning, ..
        } = &completion.message
        {
            if let Some(reasoning) = reasoning.as_deref().filter(|text| !text.trim().is_empty()) {
                let to = subject.clone();
                last = Some(seat.say(subject.clone(), to, Channel::Reasoning, reasoning)?);
            }
            if !text.trim().is_empty() {
                last = Some(seat.say(subject, operator, channel, text)?);
            }
        }
        Ok(last)
    }
}

#[async_trait::async_trait]
impl Subject for Chat {
    async fn drive(&mut self, seat: &mut Seat) -> Result<Ending, LogError> {
        self.conversation = Conversation {
            system: seat.system.clone(),
            messages: vec![Message::User {
                text: seat.task.clone(),
            }],
            tools: seat.tools.specs(),
        };
        let (runner, subject, operator) = (
            seat.names.runner.clone(),
            seat.names.subject.clone(),
            seat.names.operator.clone(),
        );
        let (system, task) = (seat.system.clone(), seat.task.clone());
        seat.say(runner, subject.clone(), Channel::System, &system)?;
        seat.say(operator, subject, Channel::Chat, &task)?;
        let mut tool_calls = 0;
        for _ in 0..seat.limits.turns {
            let completion = match self.ask(seat).await? {
                Ok(completion) => completion,
                Err(ending) => return Ok(ending),
            };
            let calls = match &completion.message {
                Message::Assistant { calls, .. } => calls.clone(),
                _ => Vec::new(),
            };
            let refused = match &completion.stop {
                Stop::Refused(reason) => Some(reason.clone()),
                Stop::Finished | Stop::Length => None,
            };
            let over = calls.is_empty() && completion.stop != Stop::Length;
            let channel = if over { Channel::Report } else { Channel::Chat };
            let cause = self.hear(seat, &completion, channel)?;
            self.conversation.messages.push(completion.message);
            if let Some(reason) = refused {
                return Ok(Ending::ProviderRefusal { reason });
            }
            if over {
                return Ok(Ending::Voluntary);
            }
            if calls.is_empty() {
                // Cut at the most tokens of one answer: it did not end by its own choice.
                return Ok(Ending::Limit {
                    limit: Limit::Tokens,
                });
            }
            for call in calls {
                if tool_calls >= seat.limits.tool_calls {
                    return Ok(Ending::Limit {
                        limit: Limit::ToolCalls,
                    });
                }
                tool_calls += 1;
                let text = seat.call(&call, cause)?;
                self.conversation.messages.push(Message::Tool {
                    call: call.id,
                    text,
                });
            }
        }
        Ok(Ending::Limit {
            limit: Limit::Turns,
        })
    }

    async fn asked(&mut self, seat: &mut Seat, after: &After) -> Result<(), LogError> {
        let (runner, subject, operator) = (
            seat.names.runner.clone(),
            seat.names.subject.clone(),
            seat.names.operator.clone(),
        );
        let purpose = after.purpose;
        let channel = match purpose {
            ForkPurpose::Debrief => Channel::Debrief,
            ForkPurpose::Probe => Channel::Probe,
        };
        seat.tell(
            runner.clone(),
            Sensor::Runner,
            Body::Forked { purpose },
            None,
        )?;
        let before = self.conversation.messages.len();
        seat.account.begin_anew();
        for question in &after.questions {
            if seat.left().is_err() {
                break;
            }
            seat.say(operator.clone(), subject.clone(), channel, question)?;
            self.conversation.messages.push(Message::User {
                text: question.clone(),
            });
            let completion = match self.ask(seat).await? {
                Ok(completion) => completion,
                Err(ending) => {
                    let name = &after.name;
                    let why = format!("the {name}{UNANSWERED}{}", describe(&ending));
                    let body = Body::Returned {
                        call: CallId::new(name.as_str()),
                        ok: false,
                        text: Content::of(why.as_bytes()),
                    };
                    seat.tell(runner.clone(), Sensor::Runner, body, None)?;
                    break;
                }
            };
            self.hear(seat, &completion, channel)?;
            // Calls are not carried out here; a later question must not find them unanswered.
            if let Message::Assistant { text, .. } = completion.message {
                self.conversation.messages.push(Message::Assistant {
                    text,
                    reasoning: None,
                    calls: Vec::new(),
                    raw: None,
                });
            }
        }
        self.conversation.messages.truncate(before);
        seat.account.begin_anew();
        Ok(())
    }
}

/// What stands between the name of what was asked afterwards and why no answer came.
const UNANSWERED: &str = " was not answered: ";

/// Why no answer came, in what is recorded of a question that was not answered.
pub(crate) fn unanswered(text: &str) -> Option<&str> {
    text.split_once(UNANSWERED).map(|(_, why)| why)
}

/// An ending in a few words.
#[must_use]
pub(crate) fn describe(ending: &Ending) -> String {
    match ending {
        Ending::Voluntary => "ended by its own choice".to_owned(),
        Ending::ProviderRefusal { reason } => format!("stopped by the provider: {reason}"),
        Ending::Limit { limit } => match limit {
            Limit::Turns => "reached the limit of answers".to_owned(),
            Limit::ToolCalls => "reached the limit of calls".to_owned(),
            Limit::Wall => "ran out of time".to_owned(),
            Limit::Tokens => "ran out of tokens".to_owned(),
            Limit::Cost => "ran out of money".to_owned(),
        },
        Ending::Failed { fault } => fault.what.clone(),
    }
}
