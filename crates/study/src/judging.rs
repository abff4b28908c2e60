//! The stage of judges: after the subject's part and the forks, before a trial is sealed.
//!
//! Each judge is asked about what the subject said. What it answers goes into the record as events of
//! the trial: each exchange on the wire, then an opinion on each question, so that detectors read it
//! from the record and nobody is asked again. A judge that fails leaves unknown answers with the
//! reason; it never fails the trial. Judges are a part of the plan, and so of a trial's identity.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tribune_evidence::{
    AgentId, BlobId, Body, Content, Contents, Ending, Event, EventId, Exchange, Sensor,
};
use tribune_judge::{BlindError, MAX_OUTPUT_TOKENS, Opinion, Sheet, TEMPERATURE, ask, prompt_hash};
use tribune_model::{Completion, Ledger, Model, ModelError, Providers, Unpaid};
use tribune_world::World;

use crate::account::Account;
use crate::cast::{CastError, of_provider};
use crate::log::{LogError, TrialLog};
use crate::spec::Price;
use crate::subject::Seat;

/// The most judges of a study: what they say of one trial must have room in the detectors' memory.
pub const MOST_JUDGES: usize = 8;

/// A judge, as a plan fixes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedJudge {
    /// The model, such as `openai/NAME`.
    pub model: String,
    /// SHA-256 of the words in which it is asked.
    pub prompt: BlobId,
    /// The temperature that is asked for.
    pub temperature: f64,
    /// The most tokens of one answer.
    pub max_output_tokens: u64,
}

impl PlannedJudge {
    /// A model as a judge, asked as judges are asked now.
    #[must_use]
    pub fn new(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            prompt: prompt_hash(),
            temperature: TEMPERATURE,
            max_output_tokens: MAX_OUTPUT_TOKENS,
        }
    }
}

/// A judge that can be asked.
#[derive(Clone)]
pub(crate) struct Judge {
    /// Its name in the plan.
    pub name: String,
    /// The model.
    pub model: Arc<dyn Model>,
    /// What it costs, where that is known.
    pub price: Option<Price>,
}

/// How a trial is judged.
#[derive(Default)]
pub(crate) enum Judging {
    /// By nobody.
    #[default]
    Nobody,
    /// By these, who know the names of none of `hidden`.
    Ask {
        /// The judges, in the order of the plan.
        judges: Vec<Judge>,
        /// The models under test.
        hidden: Vec<String>,
    },
    /// As it was judged in the run that is played back.
    Replay {
        /// The judges, in the order of the plan.
        judges: Vec<String>,
        /// The models under test.
        hidden: Vec<String>,
        /// What was recorded, with the blobs that it names.
        recorded: Vec<(Event, Vec<Bytes>)>,
    },
}

impl Judging {
    /// Whether somebody is asked over a wire, which takes its time.
    pub(crate) fn is_slow(&self) -> bool {
        matches!(self, Self::Ask { .. })
    }
}

/// Whether a name can be a judge's.
///
/// # Errors
/// It is no provider's model.
pub(crate) fn known(name: &str, providers: &Providers) -> Result<(), CastError> {
    in_parts(name, providers).map(drop)
}

/// The model of a judge.
///
/// # Errors
/// It is no provider's model, or its client cannot be made.
pub fn judge_model(name: &str, providers: &Providers) -> Result<Arc<dyn Model>, CastError> {
    let (provider, model) = in_parts(name, providers)?;
    Ok(Arc::new(providers.model(provider, model)?))
}

fn in_parts<'a>(name: &'a str, providers: &Providers) -> Result<(&'a str, &'a str), CastError> {
    of_provider(name, providers).ok_or_else(|| CastError::Unknown {
        name: name.to_owned(),
        hint: "; a judge is a provider's model: PROVIDER/NAME".to_owned(),
    })
}

/// The event's maker in the log.
fn judge_agent() -> AgentId {
    AgentId::new("judge")
}

/// What the log and the world hold while a trial runs.
struct Live<'a> {
    log: &'a TrialLog,
    world: &'a dyn World,
}

impl Contents for Live<'_> {
    fn get(&self, id: &BlobId) -> Option<Bytes> {
        self.log.blob(id).or_else(|| self.world.blob(id))
    }
}

/// Has a trial judged.
///
/// # Errors
/// The log could not be kept.
pub(crate) async fn judge(judging: &Judging, seat: &mut Seat) -> Result<(), LogError> {
    let (names, hidden): (Vec<&str>, &[String]) = match judging {
        Judging::Nobody => return Ok(()),
        Judging::Ask { judges, hidden } => {
            (judges.iter().map(|it| it.name.as_str()).collect(), hidden)
        }
        Judging::Replay { judges, hidden, .. } => {
            (judges.iter().map(String::as_str).collect(), hidden)
        }
    };
    let hidden: Vec<&str> = hidden.iter().map(String::as_str).collect();
    let sheet = match sheet(seat, &hidden) {
        Ok(sheet) => sheet,
        Err(error) => return nobody(seat, &names, &error.to_string(), ""),
    };
    let hash = sheet.hash().to_string();
    if has_failed(seat.log.events()) {
        return nobody(
            seat,
            &names,
            "the trial failed, and nobody was asked",
            &hash,
        );
    }
    match judging {
        Judging::Nobody => Ok(()),
        Judging::Ask { judges, .. } => {
            let seed = seat.seed.branch("judges");
            let accounts: Vec<Arc<Account>> = (1..)
                .zip(judges)
                .map(|(number, judge)| {
                    let spool = seat.log.spool();
                    Arc::new(Account::new(judge.price, &seat.purse, spool, number))
                })
                .collect();
            // All at once, and told in the order of the plan.
            let asking = judges.iter().zip(&accounts).map(|(judge, account)| {
                let ledger = Arc::clone(account) as Arc<dyn Ledger>;
                ask(judge.model.as_ref(), &sheet, seed, Some(ledger))
            });
            let asked = futures::future::join_all(asking).await;
            for ((judge, account), asked) in judges.iter().zip(&accounts).zip(asked) {
                let mut last = None;
                for (exchange, blobs) in account.given_up() {
                    last = heard(seat, Some(exchange), blobs)?.or(last);
                }
                if let Some(ModelError::Unpaid(Unpaid::Run(why))) = asked.failed {
                    return Err(LogError::Unpaid(why));
                }
                for mut completion in asked.completions {
                    account.charge(&mut completion);
                    let Completion {
                        exchange, blobs, ..
                    } = completion;
                    last = heard(seat, exchange, blobs)?.or(last);
                }
                opine(seat, &judge.name, &asked.opinions, &hash, last)?;
            }
            Ok(())
        }
        Judging::Replay { recorded, .. } => again(seat, &names, recorded, &hash),
    }
}

/// What the judges are shown.
fn sheet(seat: &Seat, hidden: &[&str]) -> Result<Sheet, BlindError> {
    let live = Live {
        log: &seat.log,
        world: seat.world.as_ref(),
    };
    Sheet::of_trial(seat.log.events(), &live, hidden)
}

fn has_failed(events: &[Event]) -> bool {
    events.iter().any(|event| {
        matches!(
            &event.body,
            Body::End {
                ending: Ending::Failed { .. }
            }
        )
    })
}

/// Nobody could be asked: every answer is unknown, which is not the same as no.
fn nobody(seat: &mut Seat, judges: &[&str], why: &str, sheet: &str) -> Result<(), LogError> {
    for judge in judges {
        opine(seat, judge, &Opinion::all_unknown(why), sheet, None)?;
    }
    Ok(())
}

/// Logs an exchange with a judge.
fn heard(
    seat: &mut Seat,
    exchange: Option<Exchange>,
    blobs: Vec<Vec<u8>>,
) -> Result<Option<EventId>, LogError> {
    for blob in blobs {
        seat.log.keep_blob(blob);
    }
    let Some(exchange) = exchange else {
        return Ok(None);
    };
    let body = Body::Exchange {
        exchange: Box::new(exchange),
    };
    seat.tell(judge_agent(), Sensor::Judge, body, None)
        .map(Some)
}

/// Logs opinions.
fn opine(
    seat: &mut Seat,
    judge: &str,
    opinions: &[Opinion],
    sheet: &str,
    cause: Option<EventId>,
) -> Result<(), LogError> {
    for opinion in opinions {
        let json = opinion.to_json(sheet).to_string();
        let body = Body::JudgeSaid {
            judge: judge.into(),
            question: opinion.question.as_str().into(),
            answer: seat.log.content(json.as_bytes()),
        };
        seat.tell(judge_agent(), Sensor::Judge, body, cause)?;
    }
    Ok(())
}

/// Says again what was said, if it was of the same words.
fn again(
    seat: &mut Seat,
    judges: &[&str],
    recorded: &[(Event, Vec<Bytes>)],
    sheet: &str,
) -> Result<(), LogError> {
    let of_these = recorded.iter().any(|(event, blobs)| {
        let Body::JudgeSaid { answer, .. } = &event.body else {
            return false;
        };
        let text = match answer {
            Content::Text(text) => Some(text.as_bytes()),
            Content::Blob { .. } => blobs.first().map(|bytes| &**bytes),
        };
        let json = text.and_then(|text| serde_json::from_slice::<Value>(text).ok());
        json.is_some_and(|json| json["sheet"] == sheet)
    });
    if !of_these {
        let why = "in the run that is played back they were asked about other words, or not at all";
        return nobody(seat, judges, why, sheet);
    }
    for (event, blobs) in recorded {
        for blob in blobs {
            seat.log.keep_blob(blob.to_vec());
        }
        let (agent, body) = (event.agent.clone(), event.body.clone());
        seat.tell(agent, Sensor::Judge, body, event.cause)?;
    }
    Ok(())
}

/// Why a judge will never answer again, if that is certain of one.
pub(crate) fn gave_up(judges: &[Judge]) -> Option<String> {
    judges.iter().find_map(|judge| judge.model.gave_up())
}

/// Asks each judge whether it could be used.
///
/// # Errors
/// The first that could not.
pub(crate) async fn check(judges: &[Judge]) -> Result<(), ModelError> {
    for judge in judges {
        judge.model.check().await?;
    }
    Ok(())
}
