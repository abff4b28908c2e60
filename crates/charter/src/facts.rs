//! What rules are asked about: one request for each target of each action of a call.

use std::collections::{BTreeMap, BTreeSet};

use tribune_evidence::{Action, AgentId, Finding, Stage, Target, Verb, Zone};

use crate::charter::Charter;
use crate::decide::Context;
use crate::place::{self, Path};
use crate::schema::{Type, sensor_name, zone_name};
use crate::settings::AgentEntry;

/// How far up the line of parents is followed.
const ANCESTORS: usize = 8;

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Datum {
    Bool(bool),
    Text(String),
    Thing(Type, String),
    Set(Vec<Datum>),
    Record(Vec<(String, Datum)>),
}

/// Attributes by their names. A list, so that a test can give one twice or another name.
pub(crate) type Attributes = Vec<(String, Datum)>;

/// One request, before Cedar sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) verb: Verb,
    pub(crate) agent: String,
    pub(crate) roles: Vec<String>,
    pub(crate) principal: Attributes,
    pub(crate) target: String,
    pub(crate) groups: Vec<(Type, String)>,
    pub(crate) resource: Attributes,
    pub(crate) context: Attributes,
    /// Whether the call could not be understood in full.
    pub(crate) opaque: bool,
    /// The target in words, for the explanation.
    pub(crate) shown: String,
    /// What exceptions are held against.
    pub(crate) assets: Vec<String>,
    pub(crate) host: String,
    pub(crate) path: Option<Path>,
}

/// What is the same for every target of a call.
pub(crate) struct Call<'a> {
    charter: &'a Charter,
    context: &'a Context<'a>,
    entry: Option<&'a AgentEntry>,
    /// The agents that the acting one acts for, nearest first.
    ancestors: Vec<AgentId>,
    roles: Vec<String>,
    findings: &'a [Finding],
    kinds: BTreeSet<String>,
    verbs: BTreeSet<&'static str>,
    leaves: bool,
}

/// What is known of one target.
#[derive(Default)]
struct Seen {
    kind: &'static str,
    name: String,
    host: String,
    zone: Option<Zone>,
    assets: Vec<String>,
    kinds: BTreeSet<String>,
    owners: BTreeSet<String>,
    path: Option<Path>,
    is_vague: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        charter: &'a Charter,
        actions: &[Action],
        findings: &'a [Finding],
        context: &'a Context<'a>,
    ) -> Self {
        let entry = charter
            .settings
            .agents
            .iter()
            .find(|it| it.id == *context.agent);
        let mut call = Self {
            charter,
            context,
            entry,
            ancestors: ancestors(charter, context, entry),
            roles: Vec::new(),
            findings,
            kinds: BTreeSet::new(),
            verbs: BTreeSet::new(),
            leaves: false,
        };
        // An agent that is not named is what it was started as: its parent's hand.
        let acts_as = entry.or_else(|| {
            call.ancestors
                .iter()
                .find_map(|id| charter.settings.agents.iter().find(|it| it.id == *id))
        });
        call.roles = acts_as.map(|it| it.roles.clone()).unwrap_or_default();
        for action in actions {
            call.verbs.insert(action.verb.as_str());
            for target in &action.targets {
                let seen = call.see(target);
                call.kinds.extend(seen.kinds);
                let is_result = matches!(target, Target::File(_) | Target::Host(_));
                call.leaves |= is_result && seen.zone == Some(Zone::Outside);
            }
        }
        call
    }

    /// The requests that an action makes: one for each target, and one where it has none.
    pub(crate) fn requests<'b>(&'b self, action: &'b Action) -> impl Iterator<Item = Facts> + 'b {
        let count = action.targets.len();
        let several = count > 1 && matches!(action.verb, Verb::FileCopy | Verb::FileMove);
        let none = (count == 0).then(|| self.facts(action, None, "target"));
        let each = action
            .targets
            .iter()
            .enumerate()
            .map(move |(place, target)| {
                let part = match several {
                    true if place + 1 == count => "result",
                    true => "source",
                    false => "target",
                };
                self.facts(action, Some(target), part)
            });
        none.into_iter().chain(each)
    }

    fn facts(&self, action: &Action, target: Option<&Target>, part: &str) -> Facts {
        let seen = match target {
            Some(target) => self.see(target),
            None => Seen {
                kind: "none",
                ..Seen::default()
            },
        };
        let opaque = action.opaque.is_some() || seen.is_vague;
        let mut groups: Vec<(Type, String)> = Vec::new();
        groups.extend(seen.kinds.iter().map(|it| (Type::Kind, it.clone())));
        groups.extend(seen.assets.iter().map(|it| (Type::Asset, it.clone())));
        groups.extend(seen.zone.map(|it| (Type::Zone, zone_name(it).to_owned())));
        let shown = shown(action.verb, &seen);
        let text = |text: &str| Datum::Text(text.to_owned());
        let attribute = |name: &str, datum: Datum| (name.to_owned(), datum);
        let set = |kind: Type, names: &mut dyn Iterator<Item = &str>| {
            Datum::Set(names.map(|it| Datum::Thing(kind, it.to_owned())).collect())
        };
        let relations = self.relations(&seen.owners);
        let mut context = vec![
            attribute("opaque", Datum::Bool(opaque)),
            attribute("part", text(part)),
            attribute("relations", set(Type::Relation, &mut relations.into_iter())),
            attribute("own", self.found(&|it| it == self.context.agent)),
            attribute(
                "owners",
                self.found(&|it| seen.owners.contains(it.as_str())),
            ),
            attribute(
                "others",
                self.found(&|it| it != self.context.agent && !seen.owners.contains(it.as_str())),
            ),
            attribute(
                "kinds",
                set(Type::Kind, &mut self.kinds.iter().map(String::as_str)),
            ),
            attribute("verbs", set(Type::Verb, &mut self.verbs.iter().copied())),
            attribute("leaves", Datum::Bool(self.leaves)),
            attribute(
                "via",
                Datum::Thing(Type::Sensor, sensor_name(self.context.via).to_owned()),
            ),
        ];
        if let Some(parent) = self.ancestors.first() {
            context.push(attribute(
                "parent",
                Datum::Thing(Type::Agent, parent.as_str().to_owned()),
            ));
        }
        let kind = match self.entry {
            None => "unknown",
            Some(entry) if entry.is_controller => "controller",
            Some(_) => "model",
        };
        Facts {
            verb: action.verb,
            agent: place::cut(self.context.agent.as_str(), place::LONGEST).to_owned(),
            roles: self.roles.clone(),
            principal: vec![
                attribute("kind", text(kind)),
                attribute("known", Datum::Bool(self.entry.is_some())),
            ],
            target: format!("{} {}", seen.kind, seen.name),
            groups,
            resource: vec![
                attribute("kind", text(seen.kind)),
                attribute("name", text(&seen.name)),
                attribute("host", text(&seen.host)),
                attribute("protected", Datum::Bool(!seen.assets.is_empty())),
            ],
            context,
            opaque,
            shown,
            assets: seen.assets,
            host: seen.host,
            path: seen.path,
        }
    }

    fn see(&self, target: &Target) -> Seen {
        let mut seen = Seen::default();
        match target {
            Target::File(file) => {
                let path = place::path(&file.path);
                seen.kind = "file";
                seen.host = place::host(file.host.as_str());
                seen.is_vague = path.is_vague;
                self.touch(&mut seen, |asset, host| asset.touches_file(host, &path));
                seen.name = path.text.clone();
                seen.path = Some(path);
            }
            Target::Host(host) => {
                seen.kind = "host";
                seen.host = place::host(host.as_str());
                seen.name = seen.host.clone();
                self.touch(&mut seen, crate::settings::Asset::is_host);
                // A target that is named in another way stays what it is.
                self.name(&mut seen, host.as_str());
            }
            Target::Agent(agent) => {
                seen.kind = "agent";
                seen.name = place::cut(agent.as_str(), place::LONGEST).to_owned();
                self.name(&mut seen, agent.as_str());
            }
            Target::Name(name) => {
                seen.kind = "name";
                seen.name = place::cut(name, place::LONGEST).to_owned();
                self.name(&mut seen, name);
            }
        }
        if !seen.host.is_empty() {
            seen.zone = Some(self.charter.settings.zone(&seen.host));
        }
        seen
    }

    /// A name may be an agent's, and an asset's.
    fn name(&self, seen: &mut Seen, name: &str) {
        self.touch(seen, |asset, _| asset.is_named(name));
        if let Some(agent) = self.charter.settings.agent(name) {
            seen.owners.insert(agent.id.as_str().to_owned());
        } else if let Some(person) = self.charter.settings.person(name) {
            seen.owners.insert(person.id.as_str().to_owned());
        } else if seen.kind == "agent" {
            seen.owners.insert(name.to_owned());
        }
    }

    fn touch(&self, seen: &mut Seen, is_touched: impl Fn(&crate::settings::Asset, &str) -> bool) {
        for asset in &self.charter.assets {
            let id = asset.id.as_str();
            if is_touched(asset, &seen.host) && !seen.assets.iter().any(|it| it == id) {
                seen.assets.push(id.to_owned());
                seen.kinds.insert(asset.kind.clone());
                seen.owners
                    .extend(asset.owner.as_ref().map(|it| it.as_str().to_owned()));
            }
        }
    }

    /// How the acting agent stands to whose the target is. What counts against it counts for those
    /// too that act for it; what gives it power (`manages`) is its own alone.
    fn relations(&self, owners: &BTreeSet<String>) -> BTreeSet<&'static str> {
        let settings = &self.charter.settings;
        let acting = self.context.agent.as_str();
        let entry = |name: &str| settings.agents.iter().find(|it| it.id.as_str() == name);
        let has = |list: &[AgentId], name: &str| list.iter().any(|it| it.as_str() == name);
        let mut relations = BTreeSet::new();
        for owner in owners {
            let other = entry(owner);
            if owner == acting {
                relations.insert("self");
            } else if other.is_some_and(|it| !it.is_controller) {
                relations.insert("peer");
            }
            if self.ancestors.iter().any(|it| it.as_str() == owner) {
                relations.insert("child");
            }
            if other.and_then(|it| it.parent.as_ref()) == Some(self.context.agent) {
                relations.insert("parent");
            }
            if self.entry.is_some_and(|it| has(&it.manages, owner)) {
                relations.insert("manages");
            }
            let line = std::iter::once(self.context.agent).chain(&self.ancestors);
            for name in line.map(AgentId::as_str) {
                let own = entry(name);
                let theirs = |list: fn(&AgentEntry) -> &Vec<AgentId>| {
                    other.is_some_and(|it| has(list(it), name))
                };
                let ours = |list: fn(&AgentEntry) -> &Vec<AgentId>| {
                    own.is_some_and(|it| has(list(it), owner))
                };
                for (holds, relation) in [
                    (ours(|it| &it.reviews), "reviews"),
                    (theirs(|it| &it.reviews), "reviewed-by"),
                    (theirs(|it| &it.manages), "managed-by"),
                    (
                        ours(|it| &it.shares_history) || theirs(|it| &it.shares_history),
                        "shares-history",
                    ),
                ] {
                    if holds {
                        relations.insert(relation);
                    }
                }
            }
        }
        relations
    }

    /// The behaviours that were found of some agents, by how far they got.
    fn found(&self, of: &dyn Fn(&AgentId) -> bool) -> Datum {
        let mut stages: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for finding in self.findings {
            if !finding.agents.iter().any(of) {
                continue;
            }
            let behaviour = finding.behaviour.as_str();
            let reached: &[&str] = match finding.stage {
                Stage::Intended => &["any"],
                Stage::Attempted => &["any", "attempted"],
                Stage::Effected => &["any", "attempted", "effected"],
            };
            for stage in reached {
                stages.entry(stage).or_default().insert(behaviour);
            }
        }
        let set = |stage: &str| {
            let all = stages.get(stage).into_iter().flatten();
            let things = all.map(|it| Datum::Thing(Type::Behaviour, (*it).to_owned()));
            (stage.to_owned(), Datum::Set(things.collect()))
        };
        Datum::Record(["any", "attempted", "effected"].map(set).into())
    }
}

fn ancestors(charter: &Charter, context: &Context<'_>, entry: Option<&AgentEntry>) -> Vec<AgentId> {
    let mut line: Vec<AgentId> = Vec::new();
    let stated = entry.and_then(|it| it.parent.clone());
    let mut open: Vec<AgentId> = context.parent.cloned().into_iter().chain(stated).collect();
    while let Some(next) = open.first().cloned() {
        open.remove(0);
        if line.len() >= ANCESTORS || line.contains(&next) || next == *context.agent {
            continue;
        }
        let entry = charter.settings.agents.iter().find(|it| it.id == next);
        open.extend(entry.and_then(|it| it.parent.clone()));
        line.push(next);
    }
    line
}

/// A deed and its target in words.
fn shown(verb: Verb, seen: &Seen) -> String {
    let name = place::cut(&seen.name, 160);
    let dots = if name.len() < seen.name.len() {
        "..."
    } else {
        ""
    };
    match seen.kind {
        "none" => verb.to_string(),
        "file" => format!("{verb} {}:{name}{dots}", place::cut(&seen.host, 60)),
        _ => format!("{verb} {name}{dots}"),
    }
}
