//! Providers: the ones known by name and those that a person configured. A provider is opened when
//! the first model of it is asked for, so nothing of one that is not used is loaded.

mod key_file;
mod presets;
mod settings;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

pub use presets::{PRESETS, Preset, preset};
pub use settings::ProviderSettings;

use crate::ModelError;
use crate::client::{Base, Client, NoWay, Transport};
use crate::key::{Key, Proof};
use crate::pace::{Pace, Patience};
use crate::protocol::{Dialect, Manner, Protocol};
use crate::text::shortened;

/// The most tokens of an answer where the protocol must have a number and nobody gave one.
const MOST_OUTPUT: u64 = 16_000;

/// The most requests at once where nobody said so.
const MOST_AT_ONCE: usize = 512;

type Variables = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The providers that models can be had from.
pub struct Providers {
    settings: BTreeMap<String, ProviderSettings>,
    variables: Variables,
    open: Mutex<BTreeMap<String, Arc<Connection>>>,
    paces: Mutex<HashMap<Account, Arc<Pace>>>,
}

/// An open way to a provider, shared by all its models.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The provider's name.
    pub(crate) name: String,
    /// Its name for errors, with its place where that is not the usual one.
    pub(crate) title: String,
    /// Where its base URL comes from.
    pub(crate) address: String,
    /// Where its key comes from.
    pub(crate) key_place: String,
    pub(crate) transport: Transport,
    pub(crate) pace: Arc<Pace>,
    pub(crate) patience: Patience,
    pub(crate) dialect: &'static dyn Dialect,
    pub(crate) manner: Manner,
}

/// What is wrong with a base URL, if something is.
#[must_use]
pub fn base_url_problem(text: &str) -> Option<String> {
    Base::read(text, "").err()
}

/// Where a provider is and whether it could be asked; never a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The provider's name.
    pub name: String,
    /// The protocol.
    pub protocol: Protocol,
    /// The base URL, or what is wrong with it.
    pub base_url: Result<String, String>,
    /// Where the base URL comes from.
    pub base_from: String,
    /// Where the key comes from, or would.
    pub key_place: String,
    /// Whether there is a key; otherwise what is wrong with it, if one is needed.
    pub key: Result<bool, String>,
    /// Whether a person configured it.
    pub is_configured: bool,
    /// Whether it is where it is without being told.
    pub is_usual: bool,
}

impl Setup {
    /// Whether anybody means to use it: it is configured, or has a key or a base URL of its own.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.is_configured || !self.is_usual || self.key == Ok(true)
    }
}

/// What a provider said when it was asked whether it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// How many models it lists; none where it lists none.
    pub models: usize,
    /// What it takes the time to be.
    pub date: Option<Timestamp>,
}

/// Where a provider is and the key that goes there.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// The protocol.
    pub protocol: Protocol,
    /// The base URL, with the protocol's version.
    pub base_url: String,
    /// The key and how it is shown; none for a server that wants none.
    pub key: Option<(Key, Proof)>,
}

impl Default for Providers {
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Providers")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Providers {
    fn eq(&self, other: &Self) -> bool {
        self.settings == other.settings
    }
}

/// What was found out about a provider, before it is opened.
struct Found {
    protocol: Protocol,
    base: Result<Base, String>,
    base_from: String,
    is_usual: bool,
    key: Result<Option<(Key, Proof)>, String>,
    key_place: String,
}

/// What a provider's limits are counted by.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Account {
    base: String,
    key_place: String,
    most: usize,
    cool_down: Duration,
}

impl Providers {
    /// The known providers and those of a configuration, with keys and base URLs by the
    /// environment.
    #[must_use]
    pub fn new(settings: BTreeMap<String, ProviderSettings>) -> Self {
        // What is no text must not pass for missing: it is refused where a key is read.
        Self::with_variables(settings, |name| {
            std::env::var_os(name).map(|text| text.to_string_lossy().into_owned())
        })
    }

    /// The same with variables from elsewhere than the environment.
    #[must_use]
    pub fn with_variables(
        settings: BTreeMap<String, ProviderSettings>,
        variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            settings,
            variables: Box::new(variables),
            open: Mutex::default(),
            paces: Mutex::default(),
        }
    }

    /// The names of all providers, those of the configuration first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let known = PRESETS.iter().map(|preset| preset.name);
        let known = known.filter(|name| !self.settings.contains_key(*name));
        self.settings.keys().map(String::as_str).chain(known)
    }

    /// Whether there is a provider of this name.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.settings.contains_key(name) || preset(name).is_some()
    }

    /// What is known of a provider without asking it.
    #[must_use]
    pub fn setup(&self, name: &str) -> Option<Setup> {
        let found = self.find(name)?;
        Some(Setup {
            name: name.to_owned(),
            protocol: found.protocol,
            base_url: found.base.map(|base| base.as_str().to_owned()),
            base_from: found.base_from,
            key: found.key.map(|key| key.is_some()),
            key_place: found.key_place,
            is_configured: self.settings.contains_key(name),
            is_usual: found.is_usual,
        })
    }

    /// Where a provider is and the key that goes there, for whoever speaks to it by other means than
    /// a [`Client`].
    ///
    /// # Errors
    /// There is no such provider, its key is missing or cannot be used, or its base URL is none;
    /// in words.
    pub fn upstream(&self, name: &str) -> Result<Upstream, String> {
        let found = self
            .find(name)
            .ok_or_else(|| "there is no such provider".to_owned())?;
        let base = found
            .base
            .map_err(|why| format!("{} {why}", found.base_from))?;
        let key = found
            .key
            .map_err(|why| format!("{} {why}", found.key_place))?;
        Ok(Upstream {
            protocol: found.protocol,
            base_url: base.as_str().to_owned(),
            key,
        })
    }

    /// A model of a provider.
    ///
    /// # Errors
    /// There is no such provider, its key is missing or cannot be used, or its base URL is none.
    pub fn model(&self, provider: &str, model: &str) -> Result<Client, ModelError> {
        // One lock over all of it: two clients must not open the same provider twice.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match open.get(provider) {
            Some(connection) => Arc::clone(connection),
            None => {
                let connection = Arc::new(self.connect(provider)?);
                open.insert(provider.to_owned(), Arc::clone(&connection));
                connection
            }
        };
        Ok(Client::new(connection, model))
    }

    /// Asks a provider once for its list of models.
    ///
    /// # Errors
    /// It cannot be asked, does not answer in time, or refuses.
    pub async fn ask(&self, provider: &str, time_out: Duration) -> Result<Health, ModelError> {
        self.model(provider, "")?.health(time_out).await
    }

    fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name).filter(|text| !text.trim().is_empty())
    }

    /// The key in a variable, if there is one; otherwise what is wrong with it.
    fn key_in(&self, name: &str) -> Result<Option<Key>, String> {
        match self.variable(name) {
            Some(text) if text.contains(char::REPLACEMENT_CHARACTER) => {
                Err("is not text".to_owned())
            }
            text => Ok(text.and_then(|text| Key::new(&text))),
        }
    }

    /// The pace of an account: providers at one place with one key share it.
    fn pace(&self, account: Account) -> Arc<Pace> {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let (most, cool_down) = (account.most, account.cool_down);
        let pace = paces
            .entry(account)
            .or_insert_with(|| Arc::new(Pace::new(most, cool_down)));
        Arc::clone(pace)
    }

    fn find(&self, name: &str) -> Option<Found> {
        let preset = preset(name);
        let given = self.settings.get(name);
        let none = ProviderSettings::default();
        let settings = given.unwrap_or(&none);
        if preset.is_none() && given.is_none() {
            return None;
        }
        let protocol = settings
            .protocol
            .or_else(|| preset.map(|preset| preset.protocol))
            .unwrap_or(Protocol::OpenAiChat);
        let (text, base_from, is_usual) = self.base(settings, preset);
        let base = match text {
            Some(text) => Base::read(&text, protocol.dialect().version()),
            None => Err("is not given".to_owned()),
        };
        let is_near = base.as_ref().is_ok_and(Base::is_loopback);
        let is_free = is_near || preset.is_none_or(|preset| !preset.needs_key);
        let (key, key_place) = self.key(settings, preset, protocol, is_free);
        Some(Found {
            protocol,
            base,
            base_from,
            is_usual,
            key,
            key_place,
        })
    }

    /// The base URL, where it comes from, and whether it is the usual one.
    fn base(
        &self,
        settings: &ProviderSettings,
        preset: Option<&Preset>,
    ) -> (Option<String>, String, bool) {
        if let Some(text) = &settings.base_url {
            return (
                Some(text.clone()),
                "base-url in the configuration".to_owned(),
                false,
            );
        }
        let Some(preset) = preset else {
            return (None, "base-url in the configuration".to_owned(), false);
        };
        for name in preset.base_variables {
            if let Some(text) = self.variable(name) {
                let url = presets::base_from(name, &text);
                let is_usual = url.trim_end_matches('/') == preset.base_url;
                return (Some(url), (*name).to_owned(), is_usual);
            }
        }
        let usual = Some(preset.base_url.to_owned());
        (usual, preset.base_variables.join(" or "), true)
    }

    /// The key and how it is shown, and where it comes from. None where none is needed.
    fn key(
        &self,
        settings: &ProviderSettings,
        preset: Option<&Preset>,
        protocol: Protocol,
        is_free: bool,
    ) -> (Result<Option<(Key, Proof)>, String>, String) {
        let usual = match protocol {
            Protocol::OpenAiChat | Protocol::OpenAiResponses => Proof::Bearer,
            Protocol::Anthropic => Proof::Anthropic,
            Protocol::Gemini => Proof::Google,
        };
        let shown = |key: Key, proof: Proof| Some((key, settings.proof.unwrap_or(proof)));
        if let Some(path) = &settings.key_file {
            let place = format!("the file {}", path.display());
            return (key_file::read(path).map(|key| shown(key, usual)), place);
        }
        let missing = || "is not set".to_owned();
        if let Some(name) = &settings.key_variable {
            let key = self
                .key_in(name)
                .and_then(|key| key.map(|key| shown(key, usual)).ok_or_else(missing));
            return (key, name.clone());
        }
        let Some(preset) = preset else {
            return (Ok(None), "no place: it has none".to_owned());
        };
        for (name, proof) in preset.keys {
            match self.key_in(name) {
                Ok(None) => {}
                Ok(Some(key)) => return (Ok(shown(key, *proof)), (*name).to_owned()),
                Err(why) => return (Err(why), (*name).to_owned()),
            }
        }
        let names: Vec<&str> = preset.keys.iter().map(|(name, _)| *name).collect();
        let key = if is_free { Ok(None) } else { Err(missing()) };
        (key, names.join(" or "))
    }

    fn connect(&self, name: &str) -> Result<Connection, ModelError> {
        let found = self.find(name).ok_or_else(|| ModelError::NoProvider {
            provider: name.to_owned(),
            known: self.names().map(str::to_owned).collect(),
        })?;
        let base = found.base.map_err(|problem| ModelError::Address {
            provider: name.to_owned(),
            address: found.base_from.clone(),
            problem,
        })?;
        let title = if found.is_usual {
            name.to_owned()
        } else {
            format!("{name} at {}", shortened(base.as_str(), 200))
        };
        let key_error = |problem: String| ModelError::Key {
            provider: title.clone(),
            variable: found.key_place.clone(),
            problem,
        };
        let key = found.key.map_err(key_error)?;
        let (key, proof) = key.map_or((None, Proof::Bearer), |(key, proof)| (Some(key), proof));
        let none = ProviderSettings::default();
        let settings = self.settings.get(name).unwrap_or(&none);
        let patience = settings.patience();
        let dialect = found.protocol.dialect();
        let transport = Transport::new(&base, key, proof, dialect.headers(), &patience);
        let transport = transport.map_err(|why| match why {
            NoWay::Key => key_error("cannot be sent in a header".to_owned()),
            NoWay::Client(why) => ModelError::Address {
                provider: title.clone(),
                address: found.base_from.clone(),
                problem: format!("cannot be asked: the HTTP client does not start: {why}"),
            },
        })?;
        let pace = self.pace(Account {
            base: base.as_str().to_owned(),
            key_place: found.key_place.clone(),
            most: settings.concurrency.unwrap_or(MOST_AT_ONCE),
            cool_down: patience.cool_down,
        });
        Ok(Connection {
            name: name.to_owned(),
            pace,
            manner: Manner {
                stream: settings.stream.unwrap_or(false),
                max_output_tokens: settings.max_output_tokens.unwrap_or(MOST_OUTPUT),
                sealed_reasoning: settings.sealed_reasoning.unwrap_or(true),
                old_limit: preset(name).is_none_or(|preset| preset.old_limit),
            },
            title,
            address: found.base_from,
            key_place: found.key_place,
            transport,
            patience,
            dialect,
        })
    }
}

#[cfg(test)]
mod tests;
