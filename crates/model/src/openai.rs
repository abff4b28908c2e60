//! A client for OpenAI's chat completions, not streamed, and for the many servers that speak them.
//!
//! What it promises an experiment: the assistant's messages go back exactly as they came
//! (reasoning and unknown fields included), each exchange is recorded as it was on the wire, an end
//! counts as voluntary only where the server says so, and the key never appears in an error, a
//! record or a debug print, even where the server echoes it.
//!
//! Its limits: the seed and the temperature are requests that servers may ignore; the price is
//! known only from servers that send `usage.cost`; a date in `Retry-After` is not read.
//!
//! **A base URL of plain `http` sends the key and every word unencrypted.** Use it for this machine
//! or a network that you trust, and `https` for all else.

mod convert;
mod failure;
mod key;
mod request;
mod retry;
mod transport;

use std::time::Duration;

use tokio::time::Instant;
use tribune_evidence::{Content, Exchange, Seed, Usage};
use tribune_wire::Field;
use tribune_wire::openai::chat::ChatResponse;
use tribune_wire::openai::models::ModelList;

use crate::{Completion, Conversation, Model, ModelError, Settings};
use failure::{Answer, Failure, shortened};
use request::Request;
use transport::Transport;

pub use key::Key;
pub use request::whole_request;
pub use retry::Retries;

/// The environment variable of the key.
pub const KEY_VARIABLE: &str = "OPENAI_API_KEY";

/// The environment variable of the base URL.
pub const BASE_URL_VARIABLE: &str = "OPENAI_BASE_URL";

/// The base URL where the environment names none.
pub const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";

/// How long [`OpenAi::check`] may take.
const CHECK_TIME_OUT: Duration = Duration::from_secs(30);

/// The deadline for a time-out that no clock can hold.
const FAR: Duration = Duration::from_secs(86_400);

/// The most names of models that an error lists, and the most characters of one.
const MOST_OFFERED: usize = 50;
const LONGEST_NAME: usize = 200;

/// Where to ask, as whom, and how patiently.
#[derive(Debug, Clone)]
pub struct OpenAiConfig {
    /// The URL before `/chat/completions`, such as [`DEFAULT_BASE_URL`].
    pub base_url: String,
    /// The key; a server on this machine may need none.
    pub key: Option<Key>,
    /// The model, as the server names it.
    pub model: String,
    /// How often to try again.
    pub retries: Retries,
}

/// A model behind OpenAI's chat completions.
#[derive(Debug)]
pub struct OpenAi {
    name: String,
    model: String,
    transport: Transport,
}

impl OpenAi {
    /// A client by the environment: base URL from `OPENAI_BASE_URL`, else [`DEFAULT_BASE_URL`]; key
    /// from `OPENAI_API_KEY`, which only a server on this machine may do without.
    ///
    /// # Errors
    /// The key is not set or cannot be sent, or the base URL is none.
    pub fn from_env(model: &str) -> Result<Self, ModelError> {
        Self::from_variables(model, |name| std::env::var(name).ok())
    }

    fn from_variables(
        model: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ModelError> {
        let base_url = variable(BASE_URL_VARIABLE)
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
        let key = variable(KEY_VARIABLE).and_then(|text| Key::new(&text));
        Self::new(OpenAiConfig {
            base_url,
            key,
            model: model.to_owned(),
            retries: Retries::default(),
        })
    }

    /// A client by a configuration.
    ///
    /// # Errors
    /// The key is missing for a server that is not on this machine, or cannot be sent, or the base
    /// URL is none.
    pub fn new(config: OpenAiConfig) -> Result<Self, ModelError> {
        let transport = Transport::new(&config.base_url, config.key, config.retries)?;
        Ok(Self {
            name: format!("openai/{}", config.model),
            model: config.model,
            transport,
        })
    }

    /// Finds out whether the key and the name of the model are good, before a trial depends on
    /// them. A server that lists no models is taken to be willing, and one that lists them to
    /// anybody does not show a bad key here.
    ///
    /// # Errors
    /// Says what is wrong: the key, the name, or the way to the server.
    pub async fn check(&self) -> Result<(), ModelError> {
        self.within(CHECK_TIME_OUT, self.look_up()).await
    }

    async fn look_up(&self) -> Result<(), ModelError> {
        let deadline = Instant::now() + CHECK_TIME_OUT;
        // The seed only spreads retries in time, and there is one check in a run.
        let seed = Seed::from_bytes([0; 32]);
        let (answer, _) = self
            .transport
            .persist("/models", None, seed, deadline)
            .await?;
        if let Some(failure) = &answer.failure {
            // Not offered, or not with this method: nothing is said about key or name.
            if matches!(failure.status, 404 | 405 | 501) {
                return Ok(());
            }
            return Err(self.refused(failure));
        }
        let offered = names(&answer);
        let known = offered
            .iter()
            .any(|name| *name == self.model || name.ends_with(&format!("/{}", self.model)));
        if known || offered.is_empty() {
            return Ok(());
        }
        // Some servers list fewer models than they answer for.
        let path = format!("/models/{}", self.model);
        match self.transport.once(&path, None).await {
            Ok(answer) if answer.failure.is_none() => Ok(()),
            _ => Err(self.unknown_model(offered)),
        }
    }

    async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, ModelError>>,
    ) -> Result<T, ModelError> {
        match tokio::time::timeout(limit, work).await {
            Ok(result) => result,
            Err(_) => Err(ModelError::TimedOut {
                provider: self.transport.provider().to_owned(),
                seconds: limit
                    .as_millis()
                    .div_ceil(1000)
                    .try_into()
                    .unwrap_or(u64::MAX),
            }),
        }
    }

    async fn answer(
        &self,
        conversation: &Conversation,
        settings: &Settings,
    ) -> Result<Completion, ModelError> {
        let now = Instant::now();
        let deadline = now.checked_add(settings.time_out).unwrap_or(now + FAR);
        let request = Request::new(&self.model, conversation, settings)
            .map_err(|error| self.protocol(&format!("the request is no JSON: {error}")))?;
        let (answer, tries) = self
            .transport
            .persist(
                "/chat/completions",
                Some(&request.text),
                settings.seed,
                deadline,
            )
            .await?;
        if let Some(failure) = &answer.failure {
            return Err(self.why(failure).await);
        }
        self.read(conversation, &request, &answer, tries)
    }

    fn read(
        &self,
        conversation: &Conversation,
        request: &Request,
        answer: &Answer,
        tries: u32,
    ) -> Result<Completion, ModelError> {
        let Some(value) = &answer.value else {
            let start = shortened(&answer.text, 200);
            return Err(self.protocol(&format!("the answer is not JSON; it begins {start:?}")));
        };
        let response: ChatResponse = serde::Deserialize::deserialize(value)
            .map_err(|error| self.protocol(&format!("the answer is no completion: {error}")))?;
        let (message, stop) =
            convert::answer(conversation, value, &response).map_err(|what| self.protocol(&what))?;
        let usage = usage(&response);
        let mut blobs = Vec::new();
        let mut keep = |text: &str| {
            let content = Content::of(text.as_bytes());
            if content.blob().is_some() {
                blobs.push(text.as_bytes().to_vec());
            }
            content
        };
        let short = |field: &Field<String>| field.text().map(|text| shortened(text, LONGEST_NAME));
        let exchange = Exchange {
            parent: request.parent,
            request: request.id,
            added: keep(&request.added),
            response: keep(&answer.text),
            model_requested: self.model.clone(),
            model_confirmed: short(&response.model),
            fingerprint: short(&response.system_fingerprint),
            usage,
            tries,
        };
        Ok(Completion {
            message,
            stop,
            usage,
            exchange: Some(exchange),
            blobs,
        })
    }

    /// Why a completion was not given, for good.
    async fn why(&self, failure: &Failure) -> ModelError {
        let named = failure.is_unknown_model();
        if failure.status != 404 && !named {
            return self.refused(failure);
        }
        let listed = self.transport.once("/models", None).await.ok();
        match listed.filter(|answer| answer.failure.is_none()) {
            Some(answer) => self.unknown_model(names(&answer)),
            None if failure.is_structured => self.unknown_model(Vec::new()),
            // A page in place of an error: more likely the URL is wrong than the name.
            None => ModelError::Rejected {
                provider: self.transport.provider().to_owned(),
                status: failure.status,
                text: format!("{} (is the base URL right?)", failure.words),
            },
        }
    }

    fn refused(&self, failure: &Failure) -> ModelError {
        let provider = self.transport.provider().to_owned();
        let problem = match failure.status {
            // Not the server's words: they often hold a part of the key.
            401 if self.transport.has_key() => "was refused".to_owned(),
            401 => "is not set".to_owned(),
            403 => format!("was refused (status 403: {})", failure.words),
            status => {
                return ModelError::Rejected {
                    provider,
                    status,
                    text: failure.words.clone(),
                };
            }
        };
        ModelError::Key {
            provider,
            variable: KEY_VARIABLE.to_owned(),
            problem,
        }
    }

    fn unknown_model(&self, mut offered: Vec<String>) -> ModelError {
        // Of a long list the names that begin like the one asked for are of most help.
        let alike = |name: &String| {
            name.chars()
                .zip(self.model.chars())
                .take_while(|(a, b)| a == b)
                .count()
        };
        offered.sort_by_key(|name| std::cmp::Reverse(alike(name)));
        offered.truncate(MOST_OFFERED);
        ModelError::UnknownModel {
            provider: self.transport.provider().to_owned(),
            model: self.model.clone(),
            offered,
        }
    }

    fn protocol(&self, what: &str) -> ModelError {
        ModelError::Protocol {
            provider: self.transport.provider().to_owned(),
            what: shortened(what, 500),
        }
    }
}

#[async_trait::async_trait]
impl Model for OpenAi {
    fn name(&self) -> &str {
        &self.name
    }

    async fn check(&self) -> Result<(), ModelError> {
        Self::check(self).await
    }

    fn is_simulated(&self) -> bool {
        false
    }

    /// The settings other than the time-out must be the same throughout a conversation: the parent
    /// of an exchange is found by building the earlier request again.
    async fn complete(
        &self,
        conversation: &Conversation,
        settings: &Settings,
    ) -> Result<Completion, ModelError> {
        self.within(settings.time_out, self.answer(conversation, settings))
            .await
    }
}

/// More tokens than any answer has; a larger number is a fault of the server, and one beyond 2^53
/// could not be recorded.
const MOST_TOKENS: u64 = 1 << 40;

fn usage(response: &ChatResponse) -> Usage {
    let Some(usage) = response.usage.get() else {
        return Usage::default();
    };
    Usage {
        input: usage
            .prompt_tokens
            .whole()
            .unwrap_or_default()
            .min(MOST_TOKENS),
        output: usage
            .completion_tokens
            .whole()
            .unwrap_or_default()
            .min(MOST_TOKENS),
        cost: usage
            .cost
            .float()
            .filter(|cost| cost.is_finite() && *cost >= 0.0),
    }
}

fn names(answer: &Answer) -> Vec<String> {
    let list: Option<ModelList> = answer
        .value
        .as_ref()
        .and_then(|value| serde::Deserialize::deserialize(value).ok());
    list.iter()
        .flat_map(ModelList::names)
        .map(|name| shortened(name, LONGEST_NAME))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<OpenAi, ModelError> {
        OpenAi::from_variables("m", |name| {
            variables
                .iter()
                .find(|(found, _)| *found == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_key_is_needed_except_on_this_machine() {
        let missing = from(&[]).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "the key for openai in OPENAI_API_KEY is not set"
        );
        assert!(from(&[(KEY_VARIABLE, "  \n")]).is_err());
        // Plain http, since a client for https needs the machine's certificates.
        let there = (BASE_URL_VARIABLE, "http://models.example/v1");
        assert!(from(&[there, (KEY_VARIABLE, "sk-something\n")]).is_ok());
        for here in [
            "http://127.0.0.1:1/v1",
            "http://[::1]:1/v1",
            "http://localhost:1",
            "http://a.localhost",
        ] {
            let model = from(&[(BASE_URL_VARIABLE, here)]).unwrap();
            assert_eq!(model.name(), "openai/m");
            assert!(!model.is_simulated());
        }
        let there = from(&[(BASE_URL_VARIABLE, "https://models.example/v1/")]).unwrap_err();
        assert_eq!(
            there.to_string(),
            "the key for openai at https://models.example/v1 in OPENAI_API_KEY is not set"
        );
    }

    #[test]
    fn a_key_that_no_header_can_hold_is_named_but_not_shown() {
        let error = from(&[(KEY_VARIABLE, "sk-secret\nsecond-line")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the key for openai in OPENAI_API_KEY cannot be sent in a header"
        );
    }

    #[test]
    fn a_base_url_must_be_one_and_hold_no_password() {
        for wrong in [
            "nonsense",
            "ftp://127.0.0.1/v1",
            "http://user:pass@127.0.0.1/v1",
            "http://127.0.0.1/?a=b",
        ] {
            let error = from(&[(BASE_URL_VARIABLE, wrong)]).unwrap_err().to_string();
            assert!(error.contains("base URL"), "{error}");
            assert!(!error.contains("pass@"), "{error}");
        }
    }
}
