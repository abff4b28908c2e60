//! A charter, loaded whole and checked.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::PolicySet;
use tribune_evidence::{
    Account, Agent, AgentId, AgentKind, Asset as AssetStake, AssetKind, BlobId, FileRef, Host,
    HostId, Role, Stakes, Switch, Tie, TieKind, Verb,
};
use tribune_source::Source;

use crate::exception::Grant;
use crate::load::Files;
use crate::rule::Rule;
use crate::schema::Terms;
use crate::settings::{AgentEntry, Asset, Settings, Value};

/// Values in tiers, rules that serve them, who there is and what is protected.
#[derive(Debug)]
pub struct Charter {
    pub(crate) id: BlobId,
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) values: Vec<Value>,
    pub(crate) settings: Settings,
    pub(crate) assets: Vec<Asset>,
    pub(crate) switches: Vec<Switch>,
    pub(crate) rules: Vec<Rule>,
    /// The place of each rule by its name.
    pub(crate) places: HashMap<String, usize>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) terms: &'static Terms,
    pub(crate) sets: BTreeMap<Verb, Sets>,
    /// `charter.toml`, for places in it.
    pub(crate) source: Source,
    /// The files of rules, by the names that rules give them.
    pub(crate) sources: BTreeMap<String, Source>,
    /// The files of `tests/`.
    pub(crate) tests: Vec<Source>,
    /// All files, by their path in the folder.
    pub(crate) files: Files,
}

/// The rules that can speak of one verb, permits and forbids apart: in one set a forbid that
/// matches would hide the permits.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    pub(crate) permits: PolicySet,
    pub(crate) forbids: PolicySet,
}

impl Charter {
    /// All its files, by their path in the folder: what [`Charter::id`] is the hash of.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// SHA-256 over all its files with their names.
    #[must_use]
    pub fn id(&self) -> BlobId {
        self.id
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The values, highest tier first and heaviest first within one.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The value of a name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|value| value.name == name)
    }

    /// The rules, in the order of their files.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of a name.
    #[must_use]
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// What it says beside its rules.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The exceptions that stand in it.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// What is at stake, for detectors, with nobody under test: everybody but people and mechanisms
    /// is a peer.
    #[must_use]
    pub fn stakes(&self) -> Stakes {
        self.compile(None)
    }

    /// What is at stake where one agent is the subject.
    #[must_use]
    pub fn stakes_of(&self, subject: &AgentId) -> Stakes {
        self.compile(Some(subject))
    }

    fn compile(&self, subject: Option<&AgentId>) -> Stakes {
        let settings = &self.settings;
        let agents = settings.agents.iter().map(|agent| Agent {
            id: agent.id.clone(),
            kind: match agent.is_controller {
                true => AgentKind::Controller,
                false => AgentKind::Model,
            },
            role: match agent.is_controller {
                true => Role::World,
                false if Some(&agent.id) == subject => Role::Subject,
                false => Role::Peer,
            },
            names: names(agent.id.as_str(), &agent.names),
        });
        let people = settings.people.iter().map(|person| Agent {
            id: person.id.clone(),
            kind: AgentKind::Person,
            role: match person.decides_holds {
                true => Role::Operator,
                false => Role::Bystander,
            },
            names: names(person.id.as_str(), &person.names),
        });
        let unnamed = subject.filter(|id| !settings.agents.iter().any(|it| it.id == **id));
        let unnamed = unnamed.map(|id| Agent {
            id: id.clone(),
            kind: AgentKind::Model,
            role: Role::Subject,
            names: vec![id.as_str().to_owned()],
        });
        let account = |of: &AgentId, (host, user): &(HostId, String)| Account {
            host: host.clone(),
            user: user.clone(),
            of: of.clone(),
        };
        let accounts = settings
            .agents
            .iter()
            .flat_map(|agent| agent.accounts.iter().map(|it| account(&agent.id, it)))
            .chain(
                settings
                    .people
                    .iter()
                    .flat_map(|person| person.accounts.iter().map(|it| account(&person.id, it))),
            );
        Stakes {
            agents: agents.chain(people).chain(unnamed).collect(),
            hosts: settings
                .hosts
                .iter()
                .map(|host| Host {
                    id: host.id.clone(),
                    zone: host.zone,
                })
                .collect(),
            assets: self.assets.iter().flat_map(stakes_of_asset).collect(),
            switches: self.switches.clone(),
            accounts: accounts.collect(),
            ties: settings.agents.iter().flat_map(ties).collect(),
            ..Stakes::default()
        }
    }
}

/// How an agent stands to others.
fn ties(agent: &AgentEntry) -> Vec<Tie> {
    let tie = |kind: TieKind| {
        move |to: &AgentId| Tie {
            of: agent.id.clone(),
            to: to.clone(),
            kind,
        }
    };
    let parent = agent.parent.iter().map(|parent| Tie {
        of: parent.clone(),
        to: agent.id.clone(),
        kind: TieKind::ParentOf,
    });
    let reviews = agent.reviews.iter().map(tie(TieKind::Reviews));
    let manages = agent.manages.iter().map(tie(TieKind::Manages));
    let shares = agent.shares_history.iter().map(tie(TieKind::SharesHistory));
    parent.chain(reviews).chain(manages).chain(shares).collect()
}

fn names(id: &str, others: &[String]) -> Vec<String> {
    std::iter::once(id.to_owned())
        .chain(others.iter().cloned())
        .collect()
}

/// An asset as detectors know it: one for each content that is stated, at the first plain path. An
/// asset that only patterns describe has no bytes that a detector could recognise.
fn stakes_of_asset(asset: &Asset) -> Vec<AssetStake> {
    let is_plain = |text: &&String| !text.contains(['*', '?', '[', '{', '\\']);
    let path = asset.written.iter().find(is_plain);
    let host = asset.written_hosts.iter().find(is_plain);
    let home = FileRef::new(
        host.map_or("", String::as_str),
        path.map_or("", String::as_str),
    );
    let names: Vec<String> = asset
        .written_names
        .iter()
        .filter(is_plain)
        .cloned()
        .collect();
    let several = asset.content.len() > 1;
    let stake = |(place, (content, _)): (usize, &(BlobId, String))| AssetStake {
        id: match several {
            true => format!("{}#{}", asset.id, place + 1).as_str().into(),
            false => asset.id.clone(),
        },
        kind: match asset.kind.as_str() {
            "weights" => AssetKind::Weights,
            _ => AssetKind::Data,
        },
        of: asset.owner.clone(),
        names: names
            .iter()
            .cloned()
            .chain(path.map(|_| home.name().to_owned()))
            .collect(),
        home: home.clone(),
        content: *content,
        size: asset.size,
        protected: true,
        permits: Vec::new(),
    };
    asset.content.iter().enumerate().map(stake).collect()
}
