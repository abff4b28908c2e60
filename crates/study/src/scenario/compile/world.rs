//! From a scenario's form to the spec of its world.

use toml::Spanned;
use tribune_evidence::{AgentId, HostId};
use tribune_world::{
    ControllerSpec, DeskSpec, FileSpec, HostKind, HostSpec, MailboxSpec, ModelSpec, PlatformSpec,
    ReviewSpec, RotationSpec, SecondReviewer, Source as Bytes, UserSpec, WorldSpec,
};

use super::Compiler;
use crate::scenario::form::{FileForm, HostForm, HostKindForm, ReviewForm, SecondForm};
use crate::source::SourceError;

impl Compiler<'_> {
    pub(super) fn world(&self) -> Result<WorldSpec, SourceError> {
        let mut hosts = Vec::new();
        for host in self.form.hosts.iter().filter(|host| self.there(&host.when)) {
            hosts.push(self.host(host)?);
        }
        for file in self.form.files.iter().filter(|file| self.there(&file.when)) {
            let id = HostId::new(self.text(&file.host)?);
            let spec = self.file(file)?;
            let ids: Vec<String> = hosts.iter().map(|host| host.id.to_string()).collect();
            let Some(host) = hosts.iter_mut().find(|host| host.id == id) else {
                let known = ids.iter().map(String::as_str);
                return Err(self
                    .source
                    .unknown(file.host.span(), "host", id.as_str(), known));
            };
            if host.files.iter().any(|known| known.path == spec.path) {
                let what = format!("{}:{} is there twice in one arm", id, spec.path);
                return Err(self.source.at(
                    file.path.span(),
                    what,
                    "give the entries different `when`",
                ));
            }
            host.files.push(spec);
        }
        let mut mailboxes = Vec::new();
        for mailbox in self
            .form
            .mailboxes
            .iter()
            .filter(|mailbox| self.there(&mailbox.when))
        {
            let agent = match &mailbox.agent {
                Some(agent) => Some(self.agent(agent)?),
                None => None,
            };
            mailboxes.push(MailboxSpec {
                address: self.text(&mailbox.address)?,
                agent,
                zone: mailbox.zone,
            });
        }
        let desk = match &self.form.desk {
            Some(desk) if self.there(&desk.when) => Some(DeskSpec {
                person: self.agent(&desk.person)?,
                answer_after: self.positive(&desk.answer_after)?,
                state: desk.state,
                answer: self.text(&desk.answer)?,
            }),
            _ => None,
        };
        Ok(WorldSpec {
            start: self.fill.start(),
            pace: self.positive(&self.form.pace)?,
            hosts,
            mailboxes,
            desk,
            controller: self.agent(&self.form.controller)?,
            controllers: self.controllers()?,
            platform: self.platform()?,
            reviews: self.reviews()?,
            rotations: self.rotations()?,
        })
    }

    fn host(&self, host: &HostForm) -> Result<HostSpec, SourceError> {
        let purpose = match &host.purpose {
            Some(text) => self.text(text)?,
            None => String::new(),
        };
        let cleanup_at = match &host.cleanup_at {
            Some(text) => Some(self.moment(text)?),
            None => None,
        };
        let mut users = Vec::new();
        for user in &host.users {
            let name = self.text(&user.name)?;
            users.push(UserSpec {
                name,
                administrator: user.administrator,
                keys: self.names(&user.keys)?,
            });
        }
        Ok(HostSpec {
            id: HostId::new(self.text(&host.id)?),
            kind: match host.kind {
                HostKindForm::Server => HostKind::Server,
                HostKindForm::Drive => HostKind::Drive,
                HostKindForm::Notes => HostKind::Notes,
            },
            zone: host.zone,
            purpose,
            capacity: self.size(&host.capacity)?,
            cleanup_at,
            users,
            files: Vec::new(),
        })
    }

    fn file(&self, file: &FileForm) -> Result<FileSpec, SourceError> {
        let size = |text: &Option<Spanned<String>>| match text {
            Some(text) => self.size(text).map(|size| size.min(64 << 20) as usize),
            None => Ok(256 * 1024),
        };
        let source = match (&file.text, &file.template, &file.weights, &file.table) {
            (Some(text), None, None, None) => Bytes::Text(self.text(text)?),
            (None, Some(name), None, None) => Bytes::Text(self.template(name)? + "\n"),
            (None, None, Some(key), None) => Bytes::Weights {
                key: self.text(key)?,
                size: size(&file.size)?,
            },
            (None, None, None, Some(key)) => Bytes::Table {
                key: self.text(key)?,
                size: size(&file.size)?,
            },
            _ => {
                let hint = "give exactly one of text, template, weights and table";
                return Err(self.source.at(
                    file.path.span(),
                    "it is not said what the file holds",
                    hint,
                ));
            }
        };
        let owner = match &file.owner {
            Some(owner) => AgentId::new(self.text(owner)?),
            None => AgentId::new("operator"),
        };
        let mode = match &file.mode {
            Some(mode) => u32::from_str_radix(mode.get_ref(), 8).map_err(|_| {
                self.source
                    .at(mode.span(), "the mode is not octal digits", "such as 644")
            })?,
            None => 0o644,
        };
        let modified = self.moment(&file.modified)?;
        Ok(FileSpec {
            path: self.path(&file.path)?,
            owner,
            mode,
            created: self.moment(&file.created)?,
            modified,
            accessed: match &file.accessed {
                Some(text) => self.moment(text)?,
                None => modified,
            },
            source,
            shown_size: match &file.shown_size {
                Some(text) => Some(self.size(text)?),
                None => None,
            },
        })
    }

    fn controllers(&self) -> Result<Vec<ControllerSpec>, SourceError> {
        let switches = self
            .form
            .switches
            .iter()
            .filter(|entry| self.there(&entry.when));
        switches
            .map(|entry| {
                Ok(ControllerSpec {
                    agent: self.agent(&entry.agent)?,
                    file: self.reference(&entry.host, &entry.path)?,
                    key: self.text(&entry.key)?,
                    missing: entry.missing,
                    read_at: self.moment(&entry.read_at)?,
                    stops: self.text(&entry.stops)?,
                    agent_stopped: Some(self.agent(&entry.ends)?),
                })
            })
            .collect()
    }

    fn platform(&self) -> Result<Option<PlatformSpec>, SourceError> {
        let mut models: Vec<ModelSpec> = Vec::new();
        for entry in self
            .form
            .models
            .iter()
            .filter(|entry| self.there(&entry.when))
        {
            let name = self.text(&entry.name)?;
            if models.iter().any(|known| known.name == name) {
                let what = format!("model {name:?} is there twice in one arm");
                return Err(self.source.at(
                    entry.name.span(),
                    what,
                    "give the entries different `when`",
                ));
            }
            models.push(ModelSpec {
                name,
                agent: self.maybe_agent(entry.agent.as_ref())?,
                state: entry.state,
                weights: match &entry.weights {
                    Some(place) => Some(self.reference(&place.host, &place.path)?),
                    None => None,
                },
                fields: entry
                    .fields
                    .iter()
                    .map(|(name, text)| Ok((name.clone(), self.text(text)?)))
                    .collect::<Result<_, SourceError>>()?,
            });
        }
        Ok((!models.is_empty()).then_some(PlatformSpec { models }))
    }

    fn reviews(&self) -> Result<Vec<ReviewSpec>, SourceError> {
        let reviews = self
            .form
            .reviews
            .iter()
            .filter(|entry| self.there(&entry.when));
        reviews
            .map(|entry| {
                let mut about = Vec::new();
                for who in &entry.about {
                    about.push((self.text(&who.name)?, self.maybe_agent(who.agent.as_ref())?));
                }
                let second = match &entry.second {
                    Some(second) if self.there(&second.when) => {
                        Some(self.second(entry, second, &about)?)
                    }
                    _ => None,
                };
                Ok(ReviewSpec {
                    form: self.text(&entry.form)?.into(),
                    about,
                    scale: self.scale(&entry.scale)?,
                    grades: self.grades(&entry.grades)?,
                    second,
                })
            })
            .collect()
    }

    /// A second reviewer finds what is true.
    fn second(
        &self,
        review: &ReviewForm,
        second: &SecondForm,
        about: &[(String, Option<AgentId>)],
    ) -> Result<SecondReviewer, SourceError> {
        let form = self.text(&review.form)?;
        let truths = self.truths()?;
        let found = about
            .iter()
            .filter_map(|(name, agent)| {
                let truth = truths
                    .iter()
                    .find(|truth| Some(&truth.of) == agent.as_ref() && truth.form == form)?;
                Some((name.clone(), truth.score, truth.grade.clone()))
            })
            .collect();
        Ok(SecondReviewer {
            agent: self.agent(&second.agent)?,
            after: self.positive(&second.after)?,
            found,
            tolerance: second.tolerance,
        })
    }

    fn rotations(&self) -> Result<Vec<RotationSpec>, SourceError> {
        let rotations = self
            .form
            .rotations
            .iter()
            .filter(|entry| self.there(&entry.when));
        rotations
            .map(|entry| {
                Ok(RotationSpec {
                    file: self.reference(&entry.host, &entry.path)?,
                    at: self.moment(&entry.at)?,
                })
            })
            .collect()
    }
}
