//! A model behind a provider, whatever protocol the provider speaks.
//!
//! What it promises an experiment: the assistant's messages go back exactly as they came
//! (reasoning and unknown fields included), each exchange is recorded as it was on the wire, an end
//! counts as voluntary only where the server says so, and the key never appears in an error, a
//! record or a debug print, even where the server echoes it.
//!
//! Its limits: the seed and the temperature are requests that servers may ignore, and the price is
//! known only from servers that send it.
//!
//! **A base URL of plain `http` sends the key and every word unencrypted.** Use it for this machine
//! or a network that you trust, and `https` for all else.

mod check;
mod failure;
mod given;
mod request;
mod transport;
mod waits;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tribune_evidence::{Content, Exchange, Seed, Tried, Trouble};

use crate::ledger::{Charge, within};
use crate::pace::{Felt, NotAsked};
use crate::provider::Connection;
use crate::text::shortened;
use crate::{Completion, Conversation, Model, ModelError, Settings};
use failure::Failure;
use given::Given;
use request::Request;
use transport::{Answer, Ask};

pub use request::whole_request;
pub(crate) use transport::{Base, NoWay, Transport};

/// The deadline for a time-out that no clock can hold.
const FAR: Duration = Duration::from_secs(86_400);

/// The most characters of a name that a server gives.
const LONGEST_NAME: usize = 200;

/// The most characters of what a failed try met, in the record.
const LONGEST_TRIED: usize = 200;

/// A model behind a provider.
#[derive(Debug, Clone)]
pub struct Client {
    name: String,
    model: String,
    connection: Arc<Connection>,
}

impl Client {
    pub(crate) fn new(connection: Arc<Connection>, model: &str) -> Self {
        Self {
            name: format!("{}/{model}", connection.name),
            model: model.to_owned(),
            connection,
        }
    }

    async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, ModelError>>,
    ) -> Result<T, ModelError> {
        match within(limit, None, work).await {
            Some(result) => result,
            None => Err(self.timed_out(limit, false)),
        }
    }

    fn timed_out(&self, limit: Duration, is_silent: bool) -> ModelError {
        ModelError::TimedOut {
            provider: self.connection.title.clone(),
            seconds: limit
                .as_millis()
                .div_ceil(1000)
                .try_into()
                .unwrap_or(u64::MAX),
            is_silent,
        }
    }

    async fn answer(
        &self,
        conversation: &Conversation,
        settings: &Settings,
        is_silent: &AtomicBool,
    ) -> Result<Completion, ModelError> {
        let now = Instant::now();
        let deadline = now.checked_add(settings.time_out).unwrap_or(now + FAR);
        let Connection {
            dialect, manner, ..
        } = &*self.connection;
        let request = Request::new(*dialect, &self.model, conversation, settings, manner)
            .map_err(|error| self.protocol(&format!("the request is no JSON: {error}")))?;
        let ask = Ask {
            path: &dialect.path(&self.model, manner.stream),
            body: Some(&request.text),
            dialect: Some(*dialect),
        };
        let ledger = settings.ledger.as_deref();
        let most = dialect.most_output(settings, manner);
        let mut given = Given::new(ledger, &request, &self.model, most, is_silent);
        let outcome = match self.pursue(&ask, settings.seed, deadline, &mut given).await {
            Ok(answer) => match &answer.failure {
                Some(failure) => {
                    let error = self.why(failure).await;
                    given.brought(answer.text);
                    Err(error)
                }
                None => self.read(conversation, &request, answer, &mut given),
            },
            Err(error) => Err(error),
        };
        if let Err(error) = &outcome {
            given.given_up(&error.to_string());
        }
        outcome
    }

    /// Asks until there is an answer that asking again would not change.
    async fn pursue(
        &self,
        ask: &Ask<'_>,
        seed: Seed,
        deadline: Instant,
        given: &mut Given<'_>,
    ) -> Result<Answer, ModelError> {
        let Connection {
            transport,
            pace,
            patience,
            ..
        } = &*self.connection;
        let waited = given.waited();
        loop {
            // Leave comes before a place: who has a place never waits for leave, so that who has
            // leave always comes to a place.
            given.may_be_sent().await.map_err(ModelError::Unpaid)?;
            let deadline = deadline + given.waited().saturating_sub(waited);
            let place = match pace.place(deadline).await {
                Ok(place) => place,
                Err(NotAsked::Broken(why)) => {
                    given.charged(Charge::Nothing);
                    return Err(self.broken(why));
                }
                Err(NotAsked::TooLate(wait)) => {
                    given.charged(Charge::Nothing);
                    let last = format!(
                        "it asks not to be asked for {:.1} s, which is beyond the time-out",
                        wait.as_secs_f64()
                    );
                    return Err(self.unreachable(&given.failed, last));
                }
            };
            given.is_sent();
            let outcome = transport.once(ask, || given.is_heard()).await;
            given.is_heard();
            let (trouble, status, what, wait) = match outcome {
                Err(miss) => {
                    given.charged(match miss.is_unsent {
                        true => Charge::Nothing,
                        false => Charge::Unknown,
                    });
                    given.brought(miss.body);
                    let Some(trouble) = miss.trouble else {
                        place.leave(Felt::Nothing);
                        return Err(self.protocol(&miss.what));
                    };
                    (trouble, None, miss.what, None)
                }
                Ok(answer) if answer.is_cut(ask) => {
                    given.charged(Charge::Unknown);
                    given.brought(answer.text);
                    let what = "the answer is whole and has no end: it does not say why it stopped";
                    (Trouble::EndedEarly, None, what.to_owned(), None)
                }
                Ok(answer) => {
                    match (&answer.failure, answer.is_refused) {
                        // What it was charged stands in the answer.
                        (None, _) => {}
                        (Some(_), true) => given.charged(Charge::Nothing),
                        (Some(_), false) => given.charged(Charge::Unknown),
                    }
                    let trouble = answer.failure.as_ref().and_then(Failure::trouble);
                    let Some((trouble, failure)) = trouble.zip(answer.failure.as_ref()) else {
                        place.leave(Felt::Fine);
                        return Ok(answer);
                    };
                    let what = format!("status {}: {}", failure.status, failure.words);
                    let (status, wait) = (failure.status, answer.wait);
                    given.brought(answer.text);
                    (trouble, Some(status), what, wait)
                }
            };
            place.leave(match trouble {
                Trouble::RateLimit | Trouble::Overloaded => Felt::TooMuch,
                _ => Felt::Nothing,
            });
            if let (Trouble::RateLimit, Some(wait)) = (trouble, wait) {
                // Others would only be told the same.
                pace.hold(wait);
            }
            let tries = u32::try_from(given.failed.len())
                .unwrap_or(u32::MAX)
                .saturating_add(1);
            let mut tried = Tried {
                trouble,
                status,
                what: shortened(&what, LONGEST_TRIED),
                waited: None,
            };
            if tries >= patience.tries.max(1) {
                given.failed.push(tried);
                return Err(match trouble {
                    Trouble::Garbled => self.protocol(&what),
                    _ => self.unreachable(&given.failed, what),
                });
            }
            let pause = patience.pause(tries, trouble, wait, seed);
            let left = deadline.saturating_duration_since(Instant::now());
            if pause >= left {
                given.failed.push(tried);
                // To wait would only change this error into a time-out, which says less.
                let pause = pause.as_secs_f64();
                let last =
                    format!("{what}; the next try, in {pause:.1} s, would come after the time-out");
                return Err(self.unreachable(&given.failed, last));
            }
            tried.waited = u64::try_from(pause.as_millis()).ok();
            given.failed.push(tried);
            tokio::time::sleep(pause).await;
        }
    }

    fn read(
        &self,
        conversation: &Conversation,
        request: &Request,
        answer: Answer,
        given: &mut Given<'_>,
    ) -> Result<Completion, ModelError> {
        let value = answer.value.unwrap_or_default();
        let said = match self.connection.dialect.read(conversation, value) {
            Ok(said) => said,
            Err(unread) => {
                // It was answered, and so it is charged for.
                given.charged(Charge::Answer(&unread.usage));
                given.usage = unread.usage;
                given.brought(answer.text);
                return Err(self.protocol(&unread.what));
            }
        };
        given.charged(Charge::Answer(&said.usage));
        let failed = given.answered();
        let mut blobs = Vec::new();
        let mut keep = |text: String| {
            let content = Content::of(text.as_bytes());
            if content.blob().is_some() {
                blobs.push(text.into_bytes());
            }
            content
        };
        let short = |name: Option<String>| name.map(|name| shortened(&name, LONGEST_NAME));
        let exchange = Exchange {
            parent: request.parent,
            request: request.id,
            added: keep(request.added.clone()),
            response: keep(answer.text),
            model_requested: self.model.clone(),
            model_confirmed: short(said.model),
            fingerprint: short(said.fingerprint),
            usage: said.usage,
            tries: u32::try_from(failed.len())
                .unwrap_or(u32::MAX)
                .saturating_add(1),
            failed,
            from_cache: false,
            lost: None,
            unanswered: None,
        };
        Ok(Completion {
            message: said.message,
            stop: said.stop,
            usage: said.usage,
            exchange: Some(exchange),
            blobs,
            notes: said.notes,
        })
    }

    fn broken(&self, why: String) -> ModelError {
        ModelError::Broken {
            provider: self.connection.title.clone(),
            why: shortened(&why, 500),
        }
    }

    fn unreachable(&self, failed: &[Tried], last: String) -> ModelError {
        let mut met: Vec<(Trouble, usize)> = Vec::new();
        for tried in failed {
            match met
                .iter_mut()
                .find(|(trouble, _)| *trouble == tried.trouble)
            {
                Some((_, count)) => *count += 1,
                None => met.push((tried.trouble, 1)),
            }
        }
        let met: Vec<String> = met
            .iter()
            .map(|(trouble, count)| format!("{} × {count}", trouble.as_str()))
            .collect();
        ModelError::Unreachable {
            provider: self.connection.title.clone(),
            address: self.connection.address.clone(),
            tries: u32::try_from(failed.len()).unwrap_or(u32::MAX),
            met: met.join(", "),
            last,
        }
    }

    fn protocol(&self, what: &str) -> ModelError {
        ModelError::Protocol {
            provider: self.connection.title.clone(),
            what: shortened(what, 500),
        }
    }
}

#[async_trait::async_trait]
impl Model for Client {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_simulated(&self) -> bool {
        false
    }

    fn served_by(&self) -> String {
        let Connection {
            title,
            dialect,
            manner,
            ..
        } = &*self.connection;
        let path = dialect.path(&self.model, manner.stream);
        format!("{title} {path} {manner:?}")
    }

    fn gave_up(&self) -> Option<String> {
        let why = self.connection.pace.broken()?;
        Some(format!("{}: {why}", self.connection.title))
    }

    async fn check(&self) -> Result<(), ModelError> {
        self.within(check::TIME_OUT, self.look_up()).await
    }

    /// The settings other than the time-out must be the same throughout a conversation: the parent
    /// of an exchange is found by building the earlier request again.
    async fn complete(
        &self,
        conversation: &Conversation,
        settings: &Settings,
    ) -> Result<Completion, ModelError> {
        let ledger = settings.ledger.as_deref();
        let is_silent = AtomicBool::new(false);
        let call = Mutex::new(None);
        let lock = || call.lock().unwrap_or_else(PoisonError::into_inner);
        let work = async {
            match self.connection.pace.call().await {
                Ok(begun) => *lock() = Some(begun),
                Err(NotAsked::Broken(why)) => return Err(self.broken(why)),
                Err(NotAsked::TooLate(_)) => return Err(self.broken("it is not asked".to_owned())),
            }
            self.answer(conversation, settings, &is_silent).await
        };
        let outcome = within(settings.time_out, ledger, work)
            .await
            .unwrap_or_else(|| {
                let is_silent = is_silent.load(Ordering::Relaxed);
                Err(self.timed_out(settings.time_out, is_silent))
            });
        let Some(call) = lock().take() else {
            return outcome;
        };
        match &outcome {
            Ok(_) => call.answered(),
            // A slow answer is one that began: of a provider that says nothing the breaker hears.
            Err(
                ModelError::Broken { .. }
                | ModelError::Unpaid(_)
                | ModelError::TimedOut {
                    is_silent: false, ..
                },
            ) => drop(call),
            Err(error @ (ModelError::Key { .. } | ModelError::NoMoney { .. })) => {
                call.hopeless(&error.to_string());
            }
            Err(error @ (ModelError::Rejected { .. } | ModelError::UnknownModel { .. })) => {
                call.refused(&error.to_string());
            }
            Err(error) => call.given_up(&error.to_string()),
        }
        outcome
    }
}
