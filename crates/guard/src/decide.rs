//! One decision, whole: from a call to what becomes of it, with its entries in the record.
//!
//! The order never changes. The actions are kept as proposed and shown to the detectors; the charter
//! judges them with what the detectors know; the verdict is kept; and only when the record has it
//! on disk is anything released. Every way out that is not that one is a denial: no verdict in
//! time, a panic, a record that does not write, a person who does not answer, a guard that ends.
//!
//! Exactly one `judged` entry is written for each decision. A call that waits for a person takes
//! two decisions, the charter's and the person's. Where not even the stream of events can be had in
//! time, the denial is kept as an `undecided` entry of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tribune_action::{Place, ToolCall};
use tribune_evidence::{
    Action, AgentId, Authority, Body, CallId, Consideration, Content, Decision, Draft, EventId,
    Finding, Sensor, Timestamp, Verdict,
};
use tribune_record::Durability;

use crate::entry::Entry;
use crate::explain;
use crate::holds::{Asked, Hold, HoldError, Holds, expiry};
use crate::stream::{Batch, Stream, StreamError, clean_action, now};

/// The value under which stand what people decide and what the guard denies itself. It is none of
/// the charter's, and has no tier.
const GUARD_VALUE: &str = "oversight";

/// How long the stream is waited for when a denial is to be kept and time is up.
const LAST_WAIT: Duration = Duration::from_millis(50);

/// Who judges: a charter. Tests put slow and broken ones in its place.
pub trait Judge: Send + Sync + 'static {
    /// What is decided of the actions of one call.
    fn judge(&self, actions: &[Action], findings: &[Finding], who: &Who) -> Verdict;

    /// How long a call may wait for a person.
    fn hold_for(&self, verdict: &Verdict) -> Duration;
}

/// A verdict that stands before anything is asked: it takes the way of every other.
#[derive(Debug)]
pub(crate) struct Foregone(pub(crate) Verdict);

impl Judge for Foregone {
    fn judge(&self, _: &[Action], _: &[Finding], _: &Who) -> Verdict {
        self.0.clone()
    }

    fn hold_for(&self, _: &Verdict) -> Duration {
        Duration::ZERO
    }
}

/// Who asks, and through what.
#[derive(Debug, Clone)]
pub struct Who {
    /// The agent.
    pub agent: AgentId,
    /// Who started it, where it is a sub-agent.
    pub parent: Option<AgentId>,
    /// What saw the call.
    pub sensor: Sensor,
    /// When.
    pub at: Timestamp,
}

/// A call to be decided.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who asks.
    pub who: Who,
    /// The conversation or session.
    pub conversation: String,
    /// The answer of the model, or the request of the hook, in which it came.
    pub exchange: String,
    /// Its place in that answer.
    pub place: usize,
    /// The id by which its result will name it; may be empty.
    pub id: String,
    /// The tool, with its namespace where it has one.
    pub namespace: Option<String>,
    /// The tool.
    pub tool: String,
    /// The arguments exactly as they were made.
    pub arguments: String,
}

impl Call {
    /// The call as the reader of actions takes it.
    #[must_use]
    pub fn tool_call(&self) -> ToolCall<'_> {
        ToolCall {
            namespace: self.namespace.as_deref(),
            name: &self.tool,
            arguments: &self.arguments,
        }
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            agent: &self.who.agent,
            conversation: &self.conversation,
            exchange: &self.exchange,
            place: self.place,
            tool: &self.tool,
            arguments: &self.arguments,
        }
    }

    /// The id that the record gives the call: the agent's own may be missing or given twice.
    #[must_use]
    pub fn call_id(&self) -> CallId {
        CallId::new(format!("{}:{}:{}", self.exchange, self.place, self.id))
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// It may happen.
    Release,
    /// It may not, and this is what the agent is told.
    Deny(String),
}

/// What became of a call, and the verdict by which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// What became of it.
    pub ruling: Ruling,
    /// The last verdict.
    pub verdict: Verdict,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// From a call to its verdict on disk, people apart.
    pub decision: Duration,
    /// How long the stream of events is waited for.
    pub stream: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            decision: Duration::from_secs(5),
            stream: Duration::from_secs(2),
        }
    }
}

/// Decides calls.
#[derive(Debug)]
pub struct Decider {
    stream: Arc<Stream>,
    holds: Holds,
    deadlines: Deadlines,
}

/// Why there is no verdict of the charter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Failure {
    #[error("no verdict was reached within {} ms", .0.as_millis())]
    TooSlow(Duration),
    #[error("what judges calls failed: {0}")]
    Broken(String),
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error(transparent)]
    Hold(#[from] HoldError),
}

impl Decider {
    /// A decider that writes to a stream.
    #[must_use]
    pub fn new(stream: Arc<Stream>, deadlines: Deadlines) -> Self {
        Self {
            stream,
            holds: Holds::default(),
            deadlines,
        }
    }

    /// The stream.
    #[must_use]
    pub fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// How long things may take.
    #[must_use]
    pub const fn deadlines(&self) -> Deadlines {
        self.deadlines
    }

    /// The calls that wait for a person.
    #[must_use]
    pub fn holds(&self) -> &Holds {
        &self.holds
    }

    /// Decides a call whose actions are known. Never fails: whatever goes wrong is a denial.
    pub async fn decide(
        &self,
        judge: &Arc<dyn Judge>,
        call: &Call,
        actions: Vec<Action>,
    ) -> Settled {
        let deadline = Instant::now() + self.deadlines.decision;
        match self.charter(judge, call, actions, deadline).await {
            Ok(settled) => settled,
            Err(failure) => self.denied_by_guard(call, &failure, deadline).await,
        }
    }

    async fn charter(
        &self,
        judge: &Arc<dyn Judge>,
        call: &Call,
        actions: Vec<Action>,
        deadline: Instant,
    ) -> Result<Settled, Failure> {
        let mut open = Open::new(self, call);
        let outcome = match self.judged(judge, &open, &actions, deadline).await {
            Ok(verdict) if verdict.decision == Decision::Hold && !verdict.shadow => {
                let at_most = judge.hold_for(&verdict);
                self.hold(&mut open, &actions, verdict, at_most).await
            }
            Ok(verdict) => self.settle(&mut open, verdict, deadline).await,
            Err(failure) => Err(failure),
        };
        // What failed is denied, and kept, by who called.
        open.settled = true;
        outcome
    }

    /// Keeps what was asked, asks the detectors what they know now, and the charter what it says of
    /// it: on a thread that may be slow or panic without harm to others.
    async fn judged(
        &self,
        judge: &Arc<dyn Judge>,
        open: &Open<'_>,
        actions: &[Action],
        deadline: Instant,
    ) -> Result<Verdict, Failure> {
        let (judge, stream) = (Arc::clone(judge), Arc::clone(&self.stream));
        let (call, actions) = (open.call.clone(), actions.to_vec());
        let (proposed, wait) = (Arc::clone(&open.proposed), self.deadlines.stream);
        let work = tokio::task::spawn_blocking(move || {
            let findings = propose(&stream, wait, &call, &actions, &proposed)?;
            catch_unwind(AssertUnwindSafe(|| {
                judge.judge(&actions, &findings, &call.who)
            }))
            .map_err(|_| Failure::Broken("it panicked".to_owned()))
        });
        match timeout_at(deadline, work).await {
            Err(_) => Err(Failure::TooSlow(self.deadlines.decision)),
            Ok(Err(error)) => Err(Failure::Broken(error.to_string())),
            Ok(Ok(verdict)) => verdict,
        }
    }

    /// Keeps a verdict that is final and does as it says.
    async fn settle(
        &self,
        open: &mut Open<'_>,
        verdict: Verdict,
        deadline: Instant,
    ) -> Result<Settled, Failure> {
        let ruling = if verdict.shadow || verdict.decision == Decision::Allow {
            Ruling::Release
        } else {
            Ruling::Deny(explain::denial(&open.call.tool, &verdict))
        };
        self.keep(open, verdict.clone(), Some(&ruling), deadline)
            .await?;
        Ok(Settled { ruling, verdict })
    }

    /// Keeps a verdict, and what became of the call where that is known; returns when it is on disk.
    async fn keep(
        &self,
        open: &mut Open<'_>,
        verdict: Verdict,
        ruling: Option<&Ruling>,
        deadline: Instant,
    ) -> Result<(), Failure> {
        let call = open.call;
        let receipt = {
            let mut batch = self.stream.batch(self.deadlines.stream)?;
            let judged = judge_and_end(&mut batch, call, verdict, ruling, open.cause());
            open.judged = Some(judged);
            open.settled |= ruling.is_some();
            batch.send(Durability::Power)?
        };
        match timeout_at(deadline, receipt.kept()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::Stream(error.into())),
            Err(_) => Err(Failure::TooSlow(self.deadlines.decision)),
        }
    }

    /// Waits for a person.
    async fn hold(
        &self,
        open: &mut Open<'_>,
        actions: &[Action],
        verdict: Verdict,
        at_most: Duration,
    ) -> Result<Settled, Failure> {
        let call = open.call;
        let hold = self.shown(call, actions, &verdict, at_most);
        let id = hold.id.clone();
        // The place is taken before the entry is written, so that who reads the entry finds it.
        let wait = self.holds.wait(&call.who.agent, hold)?;
        let begun = Instant::now() + self.deadlines.decision;
        self.keep(open, verdict, None, begun).await?;
        let answer = wait.answer(at_most).await;
        let (verdict, ruling) = explain::answered(&call.tool, &id, &answer, at_most);
        let deadline = Instant::now() + self.deadlines.decision;
        self.keep(open, verdict.clone(), Some(&ruling), deadline)
            .await?;
        Ok(Settled { ruling, verdict })
    }

    /// The hold as a person sees it.
    fn shown(&self, call: &Call, actions: &[Action], verdict: &Verdict, at_most: Duration) -> Hold {
        let asked = call.asked();
        let redactor = self.stream.redactor();
        Hold {
            id: asked.id(),
            bound: asked.bound().to_string(),
            agent: call.who.agent.to_string(),
            parent: call.who.parent.as_ref().map(ToString::to_string),
            tool: call.tool.clone(),
            call: redactor.clean(&call.arguments).into_owned(),
            does: actions
                .iter()
                .map(|action| explain::action(&clean_action(action.clone(), redactor)))
                .collect(),
            because: explain::reasons(verdict),
            asked: call.who.at.millis(),
            expires: expiry(call.who.at, at_most),
        }
    }

    /// The guard's own denial, kept as well as it can be: no released action hangs on it.
    async fn denied_by_guard(&self, call: &Call, failure: &Failure, deadline: Instant) -> Settled {
        let because = failure.to_string();
        let verdict = own_verdict(Authority::Guard, Decision::Deny, "guard", &because);
        let ruling = Ruling::Deny(explain::denial(&call.tool, &verdict));
        let receipt = match self.stream.batch(LAST_WAIT) {
            Ok(mut batch) => {
                judge_and_end(&mut batch, call, verdict.clone(), Some(&ruling), None);
                batch.send(Durability::Power)
            }
            Err(_) => self.stream.entry(
                &Entry::Undecided {
                    agent: call.who.agent.clone(),
                    call: call.call_id(),
                    why: because,
                    wall: now(),
                },
                Vec::new(),
                Durability::Power,
            ),
        };
        if let Ok(receipt) = receipt {
            // A denial need not wait for a slow disk longer than a verdict may.
            let grace = deadline.max(Instant::now() + Duration::from_millis(250));
            let _ = timeout_at(grace, receipt.kept()).await;
        }
        Settled { ruling, verdict }
    }
}

/// A call that was proposed and is not settled yet. Where who asked goes away, so that nobody waits
/// for the decision any more, it is denied and the record says so: no call is left open.
struct Open<'a> {
    decider: &'a Decider,
    call: &'a Call,
    /// The last event of what was proposed, once it is kept.
    proposed: Arc<OnceLock<EventId>>,
    /// The last verdict, once there is one.
    judged: Option<EventId>,
    settled: bool,
}

impl<'a> Open<'a> {
    fn new(decider: &'a Decider, call: &'a Call) -> Self {
        Self {
            decider,
            call,
            proposed: Arc::default(),
            judged: None,
            settled: false,
        }
    }

    /// The event that the next verdict follows from.
    fn cause(&self) -> Option<EventId> {
        self.judged.or_else(|| self.proposed.get().copied())
    }
}

/// Keeps what was asked; gives what the detectors know then.
fn propose(
    stream: &Stream,
    wait: Duration,
    call: &Call,
    actions: &[Action],
    proposed: &OnceLock<EventId>,
) -> Result<Vec<Finding>, Failure> {
    let mut batch = stream.batch(wait)?;
    let raw = batch.content(&call.arguments);
    let mut last = None;
    for action in actions {
        let mut action = action.clone();
        action.raw = raw.clone();
        let body = Body::Proposed {
            call: call.call_id(),
            action: Box::new(action),
        };
        last = Some(add(&mut batch, call, body, last));
    }
    let findings = batch.about(&call.who.agent);
    drop(batch.send(Durability::Process)?);
    // INVARIANT: the reader of actions never gives none; without one there is nothing to judge.
    let last = last.ok_or_else(|| Failure::Broken("the call has no action".to_owned()))?;
    // Nobody else sets it.
    let _ = proposed.set(last);
    Ok(findings?)
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        if let Ok(mut batch) = self.decider.stream.batch(LAST_WAIT) {
            let because = "Who asked went away before it was decided.";
            let verdict = own_verdict(Authority::Guard, Decision::Deny, "guard", because);
            let ruling = Ruling::Deny(explain::denial(&self.call.tool, &verdict));
            judge_and_end(&mut batch, self.call, verdict, Some(&ruling), self.cause());
            // Nobody is left to be told whether it is on disk yet.
            let _ = batch.send(Durability::Process);
        }
    }
}

/// A verdict that is not the charter's.
#[must_use]
pub fn own_verdict(by: Authority, decision: Decision, rule: &str, because: &str) -> Verdict {
    Verdict {
        decision,
        by,
        shadow: false,
        considerations: vec![Consideration {
            decision,
            value: GUARD_VALUE.to_owned(),
            tier: None,
            rule: rule.to_owned(),
            because: because.to_owned(),
        }],
    }
}

/// A denial by the guard's own word.
pub(crate) fn own_denial(call: &CallId, by: Authority, rule: &str, because: &str) -> [Body; 2] {
    [
        Body::Judged {
            call: call.clone(),
            verdict: own_verdict(by, Decision::Deny, rule, because),
        },
        Body::Denied {
            call: call.clone(),
            why: because.to_owned(),
        },
    ]
}

/// A verdict and, where it is known, what became of the call.
fn judge_and_end(
    batch: &mut Batch<'_>,
    call: &Call,
    verdict: Verdict,
    ruling: Option<&Ruling>,
    cause: Option<EventId>,
) -> EventId {
    let body = Body::Judged {
        call: call.call_id(),
        verdict,
    };
    let judged = add(batch, call, body, cause);
    let ended = ruling.map(|ruling| match ruling {
        Ruling::Release => Body::Released {
            call: call.call_id(),
        },
        Ruling::Deny(why) => Body::Denied {
            call: call.call_id(),
            why: why.clone(),
        },
    });
    if let Some(ended) = ended {
        add(batch, call, ended, Some(judged));
    }
    judged
}

fn add(batch: &mut Batch<'_>, call: &Call, body: Body, cause: Option<EventId>) -> EventId {
    let draft = Draft {
        agent: call.who.agent.clone(),
        at: now(),
        sensor: call.who.sensor,
        body,
    };
    batch.add(draft, call.who.parent.as_ref(), cause)
}

/// An action that could not be read at all.
#[must_use]
pub(crate) fn unreadable(tool: &str, why: &str) -> Action {
    Action {
        verb: tribune_evidence::Verb::ToolOther,
        targets: Vec::new(),
        opaque: Some(why.to_owned()),
        tool: tool.to_owned(),
        raw: Content::Text(String::new()),
    }
}

/// Where an agent's calls happen, unless it is known better.
#[must_use]
pub(crate) fn anywhere() -> Place {
    Place {
        host: "local".into(),
        directory: "/".to_owned(),
        home: None,
    }
}
