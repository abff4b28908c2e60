//! Whether a model could be used, asked before the first trial; and why it could not, asked after.

use std::time::Duration;

use tokio::time::Instant;
use tribune_evidence::{Seed, Tried};

use super::failure::Failure;
use super::given::Given;
use super::transport::{Answer, Ask};
use super::{Client, LONGEST_NAME};
use crate::ModelError;
use crate::provider::Health;
use crate::text::shortened;

/// How long the check may take.
pub(super) const TIME_OUT: Duration = Duration::from_secs(30);

/// The most names of models that an error lists.
const MOST_OFFERED: usize = 50;

impl Client {
    /// Finds out whether the key and the name of the model are good, before a trial depends on
    /// them. A server that lists no models is taken to be willing, and one that lists them to
    /// anybody does not show a bad key here.
    pub(super) async fn look_up(&self) -> Result<(), ModelError> {
        let deadline = Instant::now() + TIME_OUT;
        // The seed only spreads retries in time, and there is one check in a run.
        let seed = Seed::from_bytes([0; 32]);
        let list = self.connection.dialect.list();
        let mut given = Given::to_nobody();
        let answer = self.pursue(&get(list), seed, deadline, &mut given).await?;
        if let Some(failure) = &answer.failure {
            // Not offered, or not with this method: nothing is said about key or name.
            if matches!(failure.status, 404 | 405 | 501) {
                return Ok(());
            }
            return Err(self.refused(failure));
        }
        let offered = self.names(answer);
        let known = offered
            .iter()
            .any(|name| *name == self.model || name.ends_with(&format!("/{}", self.model)));
        if known || offered.is_empty() {
            return Ok(());
        }
        // Some servers list fewer models than they answer for.
        let folder = list.split('?').next().unwrap_or(list);
        let path = format!("{folder}/{}", self.model);
        match self.connection.transport.once(&get(&path), || ()).await {
            Ok(answer) if answer.failure.is_none() => Ok(()),
            _ => Err(self.unknown_model(offered)),
        }
    }

    /// Asks once for the list of models.
    pub(crate) async fn health(&self, time_out: Duration) -> Result<Health, ModelError> {
        let work = async {
            let list = self.connection.dialect.list();
            let answer = match self.connection.transport.once(&get(list), || ()).await {
                Ok(answer) => answer,
                Err(miss) => {
                    let Some(trouble) = miss.trouble else {
                        return Err(self.protocol(&miss.what));
                    };
                    let tried = Tried {
                        trouble,
                        status: None,
                        what: miss.what.clone(),
                        waited: None,
                    };
                    return Err(self.unreachable(&[tried], miss.what));
                }
            };
            let date = answer.date;
            match &answer.failure {
                // It answers, and lists nothing.
                Some(failure) if matches!(failure.status, 404 | 405 | 501) => {
                    Ok(Health { models: 0, date })
                }
                Some(failure) => Err(self.refused(failure)),
                None => Ok(Health {
                    models: self.names(answer).len(),
                    date,
                }),
            }
        };
        self.within(time_out, work).await
    }

    fn names(&self, answer: Answer) -> Vec<String> {
        let names = self
            .connection
            .dialect
            .names(answer.value.unwrap_or_default());
        names
            .iter()
            .map(|name| shortened(name, LONGEST_NAME))
            .collect()
    }

    /// Why a completion was not given, for good.
    pub(super) async fn why(&self, failure: &Failure) -> ModelError {
        let named = failure.is_unknown_model();
        if failure.status != 404 && !named {
            return self.refused(failure);
        }
        let list = self.connection.dialect.list();
        let listed = self.connection.transport.once(&get(list), || ()).await.ok();
        match listed.filter(|answer| answer.failure.is_none()) {
            Some(answer) => self.unknown_model(self.names(answer)),
            None if failure.is_structured => self.unknown_model(Vec::new()),
            // A page in place of an error: more likely the URL is wrong than the name.
            None => ModelError::Rejected {
                provider: self.connection.title.clone(),
                status: failure.status,
                text: format!("{} (is the base URL right?)", failure.words),
            },
        }
    }

    pub(super) fn refused(&self, failure: &Failure) -> ModelError {
        let provider = self.connection.title.clone();
        let has_key = self.connection.transport.has_key();
        // Google says 400 to a key that is none.
        let is_key =
            failure.status == 400 && failure.words.to_lowercase().contains("api key not valid");
        let problem = match failure.status {
            // Not the server's words: they often hold a part of the key.
            401 if has_key => "was refused".to_owned(),
            400 if is_key && has_key => "was refused".to_owned(),
            401 => "is not set".to_owned(),
            403 => format!("was refused (status 403: {})", failure.words),
            _ if failure.is_out_of_money() => {
                return ModelError::NoMoney {
                    provider,
                    status: failure.status,
                    text: failure.words.clone(),
                };
            }
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
            variable: self.connection.key_place.clone(),
            problem,
        }
    }

    pub(super) fn unknown_model(&self, mut offered: Vec<String>) -> ModelError {
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
            provider: self.connection.title.clone(),
            model: self.model.clone(),
            offered,
        }
    }
}

fn get(path: &str) -> Ask<'_> {
    Ask {
        path,
        body: None,
        dialect: None,
    }
}
