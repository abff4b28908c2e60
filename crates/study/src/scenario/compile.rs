//! From a scenario and an arm to a world, its stakes and the texts: all that one trial needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;
use tribune_evidence::{
    Agent, AgentId, Asset, AssetId, Duty, FileRef, Host, HostId, Order, OrderId, Permit, Place,
    Reading, Relation, RequiredLog, Stakes, Timestamp,
};
use tribune_world::{
    DeskSpec, FileSpec, HostKind, HostSpec, MailboxSpec, Prepared, Source as Bytes, UserSpec,
    WorldSpec, material,
};

use super::form::{AssetForm, FileForm, Form, HostForm, HostKindForm, OrderForm, Text, When};
use super::texts::{Fill, Texts, bytes, millis};
use crate::source::{Source, SourceError};

/// A scenario compiled for one arm, variant and wording.
#[derive(Debug)]
pub struct Setup {
    /// The world, ready to begin.
    pub world: Arc<Prepared>,
    /// What detectors know.
    pub stakes: Stakes,
    /// The system prompt.
    pub system: String,
    /// The task.
    pub task: String,
    /// The tools that are offered.
    pub tools: Vec<String>,
    /// What the operator asks afterwards.
    pub debrief: Vec<String>,
    /// When the world has settled.
    pub horizon: Timestamp,
}

/// Compiles one trial's setup.
pub(super) struct Compiler<'a> {
    pub(super) source: &'a Source,
    pub(super) form: &'a Form,
    pub(super) texts: &'a Texts,
    pub(super) arm: &'a BTreeMap<String, String>,
    pub(super) fill: Fill,
}

impl Compiler<'_> {
    /// Everything.
    pub(super) fn setup(&self) -> Result<Setup, SourceError> {
        let world = self.world()?;
        let stakes = self.stakes(&world)?;
        let more = self
            .form
            .more_tools
            .iter()
            .filter(|more| self.there(&more.when));
        let tools = self
            .form
            .tools
            .iter()
            .chain(more.flat_map(|more| &more.names))
            .map(|name| name.get_ref().clone())
            .collect();
        Ok(Setup {
            stakes,
            system: self.template(&self.form.system)?,
            task: self.template(&self.form.task)?,
            tools,
            debrief: self
                .form
                .debrief
                .iter()
                .map(|text| self.text(text))
                .collect::<Result<_, _>>()?,
            horizon: self.moment(&self.form.horizon)?,
            world: Arc::new(Prepared::new(world)),
        })
    }

    /// Whether an entry is there in this arm.
    fn there(&self, when: &When) -> bool {
        when.iter().all(|(factor, levels)| {
            self.arm
                .get(factor.get_ref())
                .is_some_and(|level| levels.iter().any(|known| known.get_ref() == level))
        })
    }

    fn text(&self, text: &Text) -> Result<String, SourceError> {
        self.texts
            .text(text.get_ref(), &self.fill)
            .map_err(|error| self.source.at(text.span(), told(&error), ""))
    }

    fn template(&self, name: &Text) -> Result<String, SourceError> {
        self.texts
            .file(name.get_ref(), &self.fill)
            .map(|text| text.trim_end().to_owned())
            .map_err(|error| self.source.at(name.span(), told(&error), ""))
    }

    fn moment(&self, text: &Text) -> Result<Timestamp, SourceError> {
        Ok(self.fill.start() + self.length(text)?)
    }

    fn length(&self, text: &Text) -> Result<i64, SourceError> {
        let written = self.text(text)?;
        millis(&written).ok_or_else(|| {
            let hint = "such as 40 s, 30 min, 24 h or -213 d";
            self.source.at(
                text.span(),
                format!("{written:?} is not a length of time"),
                hint,
            )
        })
    }

    fn size(&self, text: &Text) -> Result<u64, SourceError> {
        let written = self.text(text)?;
        bytes(&written).ok_or_else(|| {
            let hint = "such as 256 KiB or 18 GiB";
            self.source
                .at(text.span(), format!("{written:?} is not a size"), hint)
        })
    }

    fn path(&self, text: &Text) -> Result<String, SourceError> {
        let path = self.text(text)?;
        let normal = path.starts_with('/')
            && !path.contains("//")
            && !path.split('/').any(|part| part == "." || part == "..")
            && !path.contains(char::is_control);
        if normal {
            Ok(path)
        } else {
            Err(self
                .source
                .at(text.span(), format!("{path:?} is not an absolute path"), ""))
        }
    }

    fn world(&self) -> Result<WorldSpec, SourceError> {
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
        for mailbox in &self.form.mailboxes {
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
                answer_after: self.length(&desk.answer_after)?,
                state: desk.state,
                answer: self.text(&desk.answer)?,
            }),
            _ => None,
        };
        Ok(WorldSpec {
            start: self.fill.start(),
            pace: self.length(&self.form.pace)?,
            hosts,
            mailboxes,
            desk,
            controller: self.agent(&self.form.controller)?,
            controllers: Vec::new(),
            platform: None,
            reviews: Vec::new(),
            rotations: Vec::new(),
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
                keys: Vec::new(),
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

    /// The id of an agent that is there in this arm.
    fn agent(&self, text: &Text) -> Result<AgentId, SourceError> {
        let id = self.text(text)?;
        let known: Vec<&str> = self
            .form
            .agents
            .iter()
            .filter(|agent| self.there(&agent.when))
            .map(|agent| agent.id.get_ref().as_str())
            .collect();
        if known.contains(&id.as_str()) {
            Ok(AgentId::new(id))
        } else {
            Err(self
                .source
                .unknown(text.span(), "agent", &id, known.into_iter()))
        }
    }

    fn stakes(&self, world: &WorldSpec) -> Result<Stakes, SourceError> {
        let mut stakes = Stakes::default();
        for agent in self
            .form
            .agents
            .iter()
            .filter(|agent| self.there(&agent.when))
        {
            stakes.agents.push(Agent {
                id: AgentId::new(self.text(&agent.id)?),
                kind: agent.kind,
                role: agent.role,
                names: self.names(&agent.names)?,
            });
        }
        stakes.hosts = world
            .hosts
            .iter()
            .map(|host| Host {
                id: host.id.clone(),
                zone: host.zone,
            })
            .collect();
        for relation in self
            .form
            .relations
            .iter()
            .filter(|relation| self.there(&relation.when))
        {
            stakes.relations.push(Relation {
                of: self.agent(&relation.of)?,
                to: self.agent(&relation.to)?,
                warmth: relation.warmth,
            });
        }
        for asset in self
            .form
            .assets
            .iter()
            .filter(|asset| self.there(&asset.when))
        {
            stakes.assets.push(self.asset(asset, world)?);
        }
        for order in self
            .form
            .orders
            .iter()
            .filter(|order| self.there(&order.when))
        {
            stakes.orders.push(self.order(order, &stakes.assets)?);
        }
        for log in &self.form.logs {
            stakes.logs.push(RequiredLog {
                file: self.reference(&log.host, &log.path)?,
                told_in: self.reference(&log.told_in.host, &log.told_in.path)?,
                verbs: log.verbs.clone(),
            });
        }
        for reading in self
            .form
            .readings
            .iter()
            .filter(|reading| self.there(&reading.when))
        {
            stakes.readings.push(Reading {
                file: self.reference(&reading.host, &reading.path)?,
                must_read: reading.must_read,
                exposes: reading.exposes,
            });
        }
        Ok(stakes)
    }

    fn names(&self, names: &[Text]) -> Result<Vec<String>, SourceError> {
        let mut all = Vec::new();
        for name in names {
            let name = self.text(name)?;
            if !name.is_empty() && !all.contains(&name) {
                all.push(name);
            }
        }
        Ok(all)
    }

    fn reference(&self, host: &Text, path: &Text) -> Result<FileRef, SourceError> {
        Ok(FileRef::new(self.text(host)?.as_str(), self.path(path)?))
    }

    fn asset(&self, asset: &AssetForm, world: &WorldSpec) -> Result<Asset, SourceError> {
        let home = self.reference(&asset.host, &asset.path)?;
        let file = world
            .hosts
            .iter()
            .filter(|host| host.id == home.host)
            .flat_map(|host| &host.files)
            .find(|file| file.path == home.path)
            .ok_or_else(|| {
                self.source.at(
                    asset.path.span(),
                    format!("no file of this arm is {home}"),
                    "add it under [[files]]",
                )
            })?;
        let bytes = material(&file.source).bytes;
        let mut names = self.names(&asset.names)?;
        if !names.iter().any(|name| name == home.name()) {
            names.insert(0, home.name().to_owned());
        }
        let mut permits = Vec::new();
        for permit in &asset.permits {
            let to = Place {
                host: HostId::new(self.text(&permit.host)?),
                folder: self.path(&permit.folder)?,
            };
            permits.push(Permit {
                verb: permit.verb,
                to,
            });
        }
        Ok(Asset {
            id: AssetId::new(self.text(&asset.id)?),
            kind: asset.kind,
            of: match &asset.of {
                Some(of) => Some(self.agent(of)?),
                None => None,
            },
            names,
            home,
            content: tribune_evidence::BlobId::of(&bytes),
            size: bytes.len() as u64,
            protected: asset.protected,
            permits,
        })
    }

    fn order(&self, order: &OrderForm, assets: &[Asset]) -> Result<Order, SourceError> {
        let find = |text: &Text| {
            let id = self.text(text)?;
            if assets.iter().any(|asset| asset.id.as_str() == id) {
                Ok(AssetId::new(id))
            } else {
                let known = assets.iter().map(|asset| asset.id.as_str());
                Err(self.source.unknown(text.span(), "asset", &id, known))
            }
        };
        let duty = match (&order.remove, &order.leave) {
            (Some(asset), None) => Duty::Remove {
                asset: find(asset)?,
            },
            (None, Some(asset)) => Duty::Leave {
                asset: find(asset)?,
            },
            _ => {
                let hint = "give one of `remove` and `leave`";
                return Err(self.source.at(
                    order.id.span(),
                    "it is not said what is ordered",
                    hint,
                ));
            }
        };
        Ok(Order {
            id: OrderId::new(self.text(&order.id)?),
            by: self.agent(&order.by)?,
            to: self.agent(&order.to)?,
            duty,
            due: self.moment(&order.due)?,
        })
    }
}

/// A template's error, with its place.
pub(super) fn told(error: &minijinja::Error) -> String {
    let detail = error
        .detail()
        .map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
    match (error.name(), error.line()) {
        (Some(name), Some(line)) if name != "<string>" => format!("{name}, line {line}: {detail}"),
        _ => detail,
    }
}
