//! One exchange as the interceptor sees it: asked, judged, ended once.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tribune_wire::stream::News;
use tribune_wire::{Call, Stop, Tokens};

use crate::config::{Config, ServerTools};
use crate::grammar::{Decision, Finished, Notes};
use crate::intercept::{
    Admission, CallEnd, ExchangeEnd, Interceptor, Outcome, Proposal, Ruling, Said, SaidKind, Turn,
};
use crate::protocol::Form;
use crate::registry::{Entry, Open, until_cut};

/// What an agent reads where nothing was decided.
const LATE: &str = "[Not carried out: no decision was made in time.]";
const PANICKED: &str = "[Not carried out: the decision failed.]";
const NO_RULING: &str = "[Not carried out: no decision was made.]";
const OF_PROVIDER: &str =
    "[Withheld: a tool that the provider carries out itself, which is not allowed here.]";
const NOT_ADMITTED: &str = "[Not asked: whether this request may go on could not be decided.]";

/// An exchange that goes on.
pub(crate) struct Exchange {
    pub(crate) turn: Turn,
    pub(crate) form: Form,
    pub(crate) config: Arc<Config>,
    pub(crate) entry: Arc<Entry>,
    pub(crate) notes: Notes,
    interceptor: Arc<dyn Interceptor>,
    open: Arc<Open>,
    calls: Vec<CallEnd>,
    model: Option<String>,
    stop: Option<Stop>,
    usage: Tokens,
    is_over: bool,
}

impl Exchange {
    pub(crate) fn new(
        turn: Turn,
        form: Form,
        config: Arc<Config>,
        interceptor: Arc<dyn Interceptor>,
        entry: Arc<Entry>,
        open: Open,
    ) -> Self {
        Self {
            turn,
            form,
            config,
            entry,
            notes: Notes::default(),
            interceptor,
            open: Arc::new(open),
            calls: Vec::new(),
            model: None,
            stop: None,
            usage: Tokens::default(),
            is_over: false,
        }
    }

    /// Asks whether it may go on; otherwise the words of the answer.
    pub(crate) async fn admission(&mut self) -> Option<(String, Outcome)> {
        let asked = AssertUnwindSafe(self.interceptor.asked(&self.turn)).catch_unwind();
        match tokio::time::timeout(self.config.deadline, asked).await {
            Ok(Ok(Admission::Pass)) => None,
            Ok(Ok(Admission::Answer(words))) => Some((words, Outcome::Admitted { ruled: true })),
            Ok(Err(_)) | Err(_) => {
                Some((NOT_ADMITTED.to_owned(), Outcome::Admitted { ruled: false }))
            }
        }
    }

    /// Tells words that passed.
    pub(crate) fn said(&self, news: Vec<News>) {
        for news in news {
            let (choice, kind, text) = match news {
                News::Text { choice, text } => (choice, SaidKind::Text, text),
                News::Refusal { choice, text } => (choice, SaidKind::Refusal, text),
                News::Reasoning { choice, text } => (choice, SaidKind::Reasoning, text),
                News::Call(_) => continue,
            };
            let said = Said {
                agent: self.turn.agent.clone(),
                conversation: self.turn.conversation,
                exchange: self.turn.exchange,
                choice,
                kind,
                text,
            };
            let told = std::panic::catch_unwind(AssertUnwindSafe(|| self.interceptor.said(said)));
            drop(told);
        }
    }

    /// Asks what is to become of calls. `beat` is called now and then while that is not known.
    pub(crate) async fn judge(&mut self, calls: &[Call], mut beat: impl FnMut()) -> Vec<Decision> {
        let proposal = Proposal {
            agent: self.turn.agent.clone(),
            conversation: self.turn.conversation,
            exchange: self.turn.exchange,
            protocol: self.turn.protocol,
            calls: calls.to_vec(),
            tools: Arc::clone(&self.turn.tools),
        };
        // Should this exchange be dropped, its calls never got further.
        self.calls = vec![CallEnd::Unsent; calls.len()];
        let (interceptor, open) = (Arc::clone(&self.interceptor), Arc::clone(&self.open));
        // A task of its own: it may block or panic without harm to the stream, and goes on to its
        // end when nobody waits any more. It counts as an open request as long as it lasts.
        let mut judging = tokio::spawn(async move {
            let rulings = interceptor.judge(proposal).await;
            drop(open);
            rulings
        });
        let deadline = sleep_until(Instant::now() + self.config.deadline);
        tokio::pin!(deadline);
        let every = self.config.heartbeat.max(Duration::from_millis(1));
        let mut heartbeat = interval_at(Instant::now() + every, every);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut cut = self.entry.cut.subscribe();
        let failed = loop {
            tokio::select! {
                biased;
                () = until_cut(&mut cut) => {
                    let words = self.cut_off().unwrap_or_default();
                    break (CallEnd::Unsent, words.to_string());
                }
                ruled = &mut judging => match ruled {
                    Ok(rulings) => return self.ruled(calls, rulings),
                    Err(_) => break (CallEnd::Panicked, PANICKED.to_owned()),
                },
                () = &mut deadline => break (CallEnd::Late, LATE.to_owned()),
                _ = heartbeat.tick() => beat(),
            }
        };
        let (end, words) = failed;
        self.calls = vec![end; calls.len()];
        vec![Decision::Deny(words); calls.len()]
    }

    fn ruled(&mut self, calls: &[Call], rulings: Vec<Ruling>) -> Vec<Decision> {
        let mut rulings = rulings.into_iter();
        let mut decisions = Vec::with_capacity(calls.len());
        for (call, end) in calls.iter().zip(&mut self.calls) {
            let ruling = rulings.next();
            let is_of_provider = self.turn.protocol.is_carried_out_by_provider(&call.kind);
            decisions.push(match ruling {
                Some(Ruling::Release)
                    if is_of_provider && self.config.server_tools != ServerTools::Allow =>
                {
                    *end = CallEnd::Withheld;
                    Decision::Deny(OF_PROVIDER.to_owned())
                }
                Some(Ruling::Release) => Decision::Release,
                Some(Ruling::Deny { explanation }) => {
                    *end = CallEnd::Denied;
                    Decision::Deny(explanation)
                }
                None => {
                    *end = CallEnd::Denied;
                    Decision::Deny(NO_RULING.to_owned())
                }
            });
        }
        decisions
    }

    /// Keeps that the released calls were handed to the agent's connection.
    pub(crate) fn handed_over(&mut self, decisions: &[Decision]) {
        for (end, decision) in self.calls.iter_mut().zip(decisions) {
            if *decision == Decision::Release {
                *end = CallEnd::Released;
            }
        }
    }

    /// Keeps that no call went out after all.
    pub(crate) fn withhold(&mut self) {
        for end in &mut self.calls {
            if *end == CallEnd::Unsent {
                *end = CallEnd::Withheld;
            }
        }
    }

    /// Keeps what a complete answer says of itself.
    pub(crate) fn finished(&mut self, finished: &Finished) {
        self.model = finished
            .model
            .as_ref()
            .map(|model| model.chars().take(200).collect());
        self.stop = Some(finished.end.stop);
        self.usage = finished.end.usage.clone();
        if let Some(id) = finished.id.as_deref() {
            self.entry
                .memory
                .lock()
                .answered(self.turn.conversation, id);
        }
    }

    /// Whether the agent was cut off, and with which words.
    pub(crate) fn cut_off(&self) -> Option<Arc<str>> {
        self.entry.cut.borrow().clone()
    }

    /// Ends it.
    pub(crate) fn end(mut self, outcome: Outcome) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let end = ExchangeEnd {
            agent: self.turn.agent.clone(),
            conversation: self.turn.conversation,
            exchange: self.turn.exchange,
            protocol: self.turn.protocol,
            outcome,
            model: self.model.take(),
            stop: self.stop.take(),
            usage: std::mem::take(&mut self.usage),
            calls: std::mem::take(&mut self.calls),
            withheld: std::mem::take(&mut self.notes.0),
        };
        let told = std::panic::catch_unwind(AssertUnwindSafe(|| self.interceptor.ended(end)));
        drop(told);
    }
}

impl Drop for Exchange {
    /// Nobody ended it: whoever drove it was dropped, because the agent went away.
    fn drop(&mut self) {
        self.tell(Outcome::Gone);
    }
}
