//! The guard at the gateway's interception point: what agents and models say is kept, and calls
//! are decided before any byte of them passes.

mod heard;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use parking_lot::Mutex;
use tribune_evidence::{AgentId, Authority, BlobId, Body, CallId, Channel, Draft, Sensor, Verb};
use tribune_gateway::{
    Admission, CallEnd, ExchangeEnd, ExchangeId, Interceptor, Outcome, Proposal, Refusal,
    Ruling as Passed, Said, SaidKind, Turn,
};
use tribune_record::Durability;

use crate::decide::{Call, Ruling, Who, own_denial};
use crate::engine::Engine;
use crate::explain;
use crate::families::Member;
use crate::spans::Asked;
use crate::stream::now;

/// The most bytes of words that are gathered of one exchange.
const MOST_SAID: usize = 1 << 20;

/// The most exchanges whose words are gathered at once.
const MOST_OPEN: usize = 16_384;

/// What passed in an exchange that is not over.
#[derive(Debug)]
struct OpenExchange {
    member: Member,
    /// SHA-256 of the request, and the model asked for.
    request: (BlobId, String),
    text: String,
    reasoning: String,
    /// How many bytes were not kept.
    lost: usize,
    /// The calls that were proposed, and whether each was released.
    calls: Vec<(CallId, bool)>,
    began: SystemTime,
}

/// The guard at the gateway.
#[derive(Debug)]
pub struct Gate {
    engine: Arc<Engine>,
    open: Mutex<HashMap<ExchangeId, OpenExchange>>,
}

impl Gate {
    /// The guard at the gateway.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            open: Mutex::default(),
        }
    }

    /// The name of an exchange in the record.
    fn named(&self, exchange: ExchangeId) -> String {
        self.engine.stream().named(exchange)
    }

    /// Who speaks in an exchange.
    fn member(&self, exchange: ExchangeId, agent: &AgentId) -> Member {
        self.open.lock().get(&exchange).map_or_else(
            || Member {
                agent: agent.clone(),
                parent: None,
            },
            |open| open.member.clone(),
        )
    }

    /// Keeps what was gathered of an exchange's words.
    fn flush(&self, exchange: ExchangeId) {
        let (member, parts) = {
            let mut all = self.open.lock();
            let Some(open) = all.get_mut(&exchange) else {
                return;
            };
            let reasoning = std::mem::take(&mut open.reasoning);
            let mut text = std::mem::take(&mut open.text);
            let lost = std::mem::take(&mut open.lost);
            if lost > 0 {
                text.push_str(&format!(" [{lost} bytes more were not kept]"));
            }
            let parts = [(Channel::Reasoning, reasoning), (Channel::Chat, text)];
            (open.member.clone(), parts)
        };
        for (channel, text) in parts {
            if !text.is_empty() {
                self.engine.said(&member, channel, &text);
            }
        }
    }

    /// A denial of a whole turn, kept before the agent is answered.
    async fn stopped(&self, turn: &Turn, member: &Member, words: &str) {
        let call = CallId::new(format!("{}:turn", self.named(turn.exchange)));
        let bodies = own_denial(&call, Authority::Stop, "stop", words);
        self.engine
            .keep(member, Sensor::Wire, bodies, Durability::Power)
            .await;
    }
}

#[async_trait]
impl Interceptor for Gate {
    async fn asked(&self, turn: &Turn) -> Admission {
        let member = self
            .engine
            .member(&turn.agent, turn.conversation.0, turn.first);
        {
            let mut open = self.open.lock();
            if open.len() >= MOST_OPEN {
                return Admission::Answer(
                    "The guard has more requests open than it can watch. Try later.".to_owned(),
                );
            }
            let exchange = OpenExchange {
                member: member.clone(),
                request: (turn.request, turn.model.clone()),
                text: String::new(),
                reasoning: String::new(),
                lost: 0,
                calls: Vec::new(),
                began: SystemTime::now(),
            };
            open.insert(turn.exchange, exchange);
        }
        if let Some(stop) = self
            .engine
            .stops()
            .of(&member.agent, member.parent.as_ref())
        {
            let words = explain::stopped(&stop.reason);
            self.stopped(turn, &member, &words).await;
            return Admission::Answer(words);
        }
        match heard::keep(&self.engine, turn, &member) {
            Ok(()) => Admission::Pass,
            Err(error) => Admission::Answer(format!(
                "The guard cannot keep a record at the moment, so nothing passes: {error}."
            )),
        }
    }

    fn said(&self, said: Said) {
        let mut all = self.open.lock();
        let Some(open) = all.get_mut(&said.exchange) else {
            return;
        };
        let room = MOST_SAID.saturating_sub(open.text.len() + open.reasoning.len());
        let kept = said
            .text
            .get(..said.text.floor_char_boundary(room.min(said.text.len())))
            .unwrap_or_default();
        open.lost += said.text.len() - kept.len();
        match said.kind {
            SaidKind::Text | SaidKind::Refusal => open.text.push_str(kept),
            SaidKind::Reasoning => open.reasoning.push_str(kept),
        }
    }

    async fn judge(&self, proposal: Proposal) -> Vec<Passed> {
        self.flush(proposal.exchange);
        let member = self.member(proposal.exchange, &proposal.agent);
        let mut read = Vec::with_capacity(proposal.calls.len());
        // All are read in their order first: a later one may run what an earlier one wrote.
        for (place, call) in proposal.calls.iter().enumerate() {
            let call = Call {
                who: Who {
                    agent: member.agent.clone(),
                    parent: member.parent.clone(),
                    sensor: Sensor::Wire,
                    at: now(),
                },
                conversation: proposal.conversation.to_string(),
                exchange: self.named(proposal.exchange),
                place,
                id: call.id.clone(),
                namespace: call.namespace.clone(),
                tool: if call.name.is_empty() {
                    call.kind.clone()
                } else {
                    call.name.clone()
                },
                arguments: call.arguments.clone(),
            };
            let declared = proposal
                .tools
                .get(call.namespace.as_deref(), &call.tool)
                .map(|tool| tool.schema.as_ref());
            let actions = self.engine.read(&call, declared);
            read.push((call, actions));
        }
        let starts: Vec<bool> = read
            .iter()
            .map(|(_, actions)| actions.iter().any(|action| action.verb == Verb::AgentStart))
            .collect();
        let calls: Vec<(CallId, String)> = read
            .iter()
            .map(|(call, _)| (call.call_id(), call.id.clone()))
            .collect();
        // They wait for people at the same time, and are put to the charter in their order.
        let decisions = read
            .into_iter()
            .map(|(call, actions)| async move { self.engine.decide(&call, actions).await });
        let rulings = futures::future::join_all(decisions).await;
        let released = |ruling: &Ruling| *ruling == Ruling::Release;
        for ((ruling, starts), (id, wire)) in rulings.iter().zip(starts).zip(&calls) {
            self.engine.proposed(&member.agent, wire, id);
            if released(ruling) && starts {
                self.engine.started(&proposal.agent, &member.agent, wire);
            }
        }
        if let Some(open) = self.open.lock().get_mut(&proposal.exchange) {
            open.calls = calls
                .into_iter()
                .zip(&rulings)
                .map(|((id, _), ruling)| (id, released(ruling)))
                .collect();
        }
        rulings
            .into_iter()
            .map(|ruling| match ruling {
                Ruling::Release => Passed::Release,
                Ruling::Deny(explanation) => Passed::Deny { explanation },
            })
            .collect()
    }

    fn ended(&self, end: ExchangeEnd) {
        self.flush(end.exchange);
        let Some(open) = self.open.lock().remove(&end.exchange) else {
            return;
        };
        if let Some(tracer) = self.engine.tracer() {
            tracer.asked(&Asked {
                exchange: &self.named(end.exchange),
                end: &end,
                agent: &open.member.agent,
                model: &open.request.1,
                began: open.began,
            });
        }
        let mut bodies = Vec::new();
        for ((call, released), became) in open.calls.into_iter().zip(&end.calls) {
            if released && *became != CallEnd::Released {
                // The record says that it was released: say that it never got there.
                bodies.push(Body::Denied {
                    call,
                    why: format!(
                        "It did not reach the agent ({}).",
                        heard::end_words(*became)
                    ),
                });
            }
        }
        bodies.extend(heard::exchange(&end, open.request));
        self.engine.note(&open.member, Sensor::Wire, bodies);
        if matches!(end.outcome, Outcome::CutOff) {
            tracing::info!(agent = %end.agent, "an open answer was cut off");
        }
    }

    fn refused(&self, refusal: Refusal) {
        let member = Member {
            agent: refusal
                .agent
                .clone()
                .unwrap_or_else(|| AgentId::new("unknown")),
            parent: None,
        };
        let call = CallId::new("request");
        let body = Body::Denied {
            call,
            why: format!(
                "{} was answered with {}: {}",
                refusal.path, refusal.status, refusal.message
            ),
        };
        self.engine.note(&member, Sensor::Wire, vec![body]);
    }
}

/// A draft of the wire.
fn draft(agent: AgentId, body: Body) -> Draft {
    Draft {
        agent,
        at: now(),
        sensor: Sensor::Wire,
        body,
    }
}
