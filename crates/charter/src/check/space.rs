//! All requests that a rule can tell apart, where they are finite and few; otherwise samples.
//!
//! A rule depends on nothing that it does not mention, so only what some rules mention is varied.
//! Relations, findings and kinds are taken in every combination, which is more than can occur.

use std::collections::BTreeSet;

use serde_json::Value;
use tribune_evidence::Verb;

use crate::charter::Charter;
use crate::facts::{Datum, Facts};
use crate::rule::Rule;
use crate::schema::Type;
use crate::settings::Asset;

/// The kinds of target.
const TARGETS: [&str; 5] = ["file", "host", "agent", "name", "none"];
/// The most texts that are tried for one attribute.
const TEXTS: usize = 12;
/// The most things of one type that are taken in every combination.
const EVERY: usize = 8;

/// What some rules look at.
#[derive(Debug, Default)]
pub(super) struct Mentioned {
    pub(super) attributes: BTreeSet<String>,
    things: BTreeSet<(String, String)>,
    texts: BTreeSet<String>,
    /// Whether it could not all be read.
    unread: bool,
}

impl Mentioned {
    pub(super) fn of(rule: &Rule) -> Self {
        let mut mentioned = Self::default();
        mentioned.add(rule);
        mentioned
    }

    fn add(&mut self, rule: &Rule) {
        for uid in rule.policy.entity_literals() {
            let thing = (uid.type_name().to_string(), uid.id().unescaped().to_owned());
            self.things.insert(thing);
        }
        match rule.policy.to_json() {
            Ok(json) => self.walk(json.get("conditions").unwrap_or(&Value::Null)),
            Err(_) => self.unread = true,
        }
    }

    /// The forms of Cedar's JSON for policies that name attributes and texts.
    fn walk(&mut self, json: &Value) {
        match json {
            Value::Object(map) => {
                for (key, value) in map {
                    match (key.as_str(), value) {
                        ("attr", Value::String(name)) => {
                            self.attributes.insert(name.clone());
                        }
                        ("Value", Value::String(text)) => {
                            self.texts.insert(text.clone());
                        }
                        ("pattern", Value::Array(parts)) => {
                            let text = |part: &Value| match part.get("Literal") {
                                Some(Value::String(text)) => text.clone(),
                                _ => "x".to_owned(),
                            };
                            self.texts.insert(parts.iter().map(text).collect());
                        }
                        _ => self.walk(value),
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|it| self.walk(it)),
            _ => {}
        }
    }

    fn has(&self, attribute: &str) -> bool {
        self.attributes.contains(attribute)
    }

    fn of_type(&self, kind: Type) -> Vec<String> {
        let named = self
            .things
            .iter()
            .filter(|(type_name, _)| type_name == kind.as_str());
        named.map(|(_, name)| name.clone()).collect()
    }
}

/// The requests that differ in what some rules mention.
pub(super) struct Space<'a> {
    charter: &'a Charter,
    mentioned: Mentioned,
    verbs: Vec<Verb>,
    agents: Vec<Acting>,
    kinds: Vec<String>,
    assets: Vec<String>,
    relations: Vec<String>,
    behaviours: Vec<String>,
    call_verbs: Vec<String>,
    sensors: Vec<String>,
    parents: Vec<Option<String>>,
    names: Vec<String>,
    hosts: Vec<String>,
    /// How many values each dimension has.
    sizes: Vec<usize>,
    most: usize,
    is_cut: bool,
}

/// Who could act.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Acting {
    id: String,
    kind: &'static str,
    roles: Vec<String>,
}

impl<'a> Space<'a> {
    pub(super) fn new(charter: &'a Charter, rules: &[&Rule], most: usize) -> Self {
        let mut mentioned = Mentioned::default();
        for rule in rules {
            mentioned.add(rule);
        }
        let mut is_cut = false;
        let mut every = |list: Vec<String>| {
            is_cut |= list.len() > EVERY;
            list.into_iter().take(EVERY).collect::<Vec<_>>()
        };
        let kinds = every(mentioned.of_type(Type::Kind));
        let assets = every(mentioned.of_type(Type::Asset));
        let relations = every(mentioned.of_type(Type::Relation));
        let behaviours = every(mentioned.of_type(Type::Behaviour));
        let call_verbs = every(mentioned.of_type(Type::Verb));
        let mut sensors = mentioned.of_type(Type::Sensor);
        if sensors.is_empty() || mentioned.has("via") {
            sensors.extend(["wire", "hook", "mcp"].map(str::to_owned));
            sensors.sort();
            sensors.dedup();
        }
        if !mentioned.has("via") {
            sensors.truncate(1);
        }
        let mut parents = vec![None];
        if mentioned.has("parent") {
            parents.extend(mentioned.of_type(Type::Agent).into_iter().map(Some));
            parents.push(Some("somebody else".to_owned()));
        }
        let texts = |attribute: &str| match mentioned.has(attribute) {
            false => vec![String::new()],
            true => std::iter::once("x".to_owned())
                .chain(mentioned.texts.iter().cloned())
                .take(TEXTS)
                .collect(),
        };
        let (names, hosts) = (texts("name"), texts("host"));
        is_cut |= mentioned.unread || mentioned.has("name") || mentioned.has("host");
        let first = rules
            .first()
            .map_or(Verb::ALL.to_vec(), |rule| rule.verbs.clone());
        let mut space = Self {
            agents: acting(charter, &mentioned),
            verbs: first,
            charter,
            mentioned,
            kinds,
            assets,
            relations,
            behaviours,
            call_verbs,
            sensors,
            parents,
            names,
            hosts,
            sizes: Vec::new(),
            most,
            is_cut,
        };
        space.sizes = space.dimensions();
        space.is_cut |= space.count().is_none_or(|count| count > most);
        space
    }

    /// Whether every request that the rules could tell apart is in it.
    pub(super) fn is_whole(&self) -> bool {
        !self.is_cut
    }

    fn count(&self) -> Option<usize> {
        self.sizes
            .iter()
            .try_fold(1_usize, |all, size| all.checked_mul(*size))
    }

    fn dimensions(&self) -> Vec<usize> {
        let flag = |attribute: &str| 1 + usize::from(self.mentioned.has(attribute));
        let whole = |list: &[String]| 1_usize << list.len();
        let when = |is: bool, size: usize| if is { size } else { 1 };
        let zones = self.mentioned.of_type(Type::Zone).len();
        let mut sizes = vec![
            self.verbs.len(),
            self.agents.len(),
            TARGETS.len(),
            whole(&self.kinds),
            whole(&self.assets),
            when(zones > 0, 2),
            flag("protected"),
            whole(&self.relations),
            when(self.mentioned.has("kinds"), whole(&self.kinds)),
            when(self.mentioned.has("verbs"), whole(&self.call_verbs)),
            flag("leaves"),
            2,
            when(self.mentioned.has("part"), 3),
            self.sensors.len(),
            self.parents.len(),
            self.names.len(),
            self.hosts.len(),
        ];
        for party in ["own", "owners", "others"] {
            for _ in &self.behaviours {
                sizes.push(when(self.mentioned.has(party), 4));
            }
        }
        sizes
    }

    /// The requests, in an order that mixes all dimensions; all of them, or as many as are tried.
    pub(super) fn requests(&self) -> impl Iterator<Item = Facts> + '_ {
        let count = self.count();
        let total = count.unwrap_or(usize::MAX);
        let many = total.min(self.most);
        // A step that shares no factor with the number of requests meets each of them once.
        let mut step = total / 2 + total / 9 + 1;
        while greatest_common(step, total) != 1 {
            step += 1;
        }
        let sizes = &self.sizes;
        let mut numbers = 0x9e37_79b9_7f4a_7c15_u64;
        (0..many).filter_map(move |place| {
            let digits: Vec<usize> = match count {
                Some(total) => {
                    let wide = (place as u128 * step as u128) % total as u128;
                    let mut rest = usize::try_from(wide).unwrap_or(0);
                    let digit = |size: &usize| {
                        let digit = rest % size;
                        rest /= size;
                        digit
                    };
                    sizes.iter().map(digit).collect()
                }
                None => {
                    let digit = |size: &usize| {
                        numbers ^= numbers << 13;
                        numbers ^= numbers >> 7;
                        numbers ^= numbers << 17;
                        usize::try_from(numbers >> 33).unwrap_or(0) % size
                    };
                    sizes.iter().map(digit).collect()
                }
            };
            self.request(&digits)
        })
    }

    /// The request at a place, unless no call could make it.
    fn request(&self, digits: &[usize]) -> Option<Facts> {
        let mut digits = digits.iter().copied();
        let mut next = || digits.next().unwrap_or(0);
        let verb = *self.verbs.get(next())?;
        let acting = self.agents.get(next())?;
        let target = *TARGETS.get(next())?;
        let (kind_bits, asset_bits) = (next(), next());
        let zone = ["inside", "outside"][next() % 2];
        let protected = next() == 1;
        let relations = chosen(&self.relations, next());
        let (call_kinds, call_verbs) = (next(), next());
        let (leaves, opaque) = (next() == 1, next() == 1);
        let part = ["target", "source", "result"][next() % 3];
        let copies = matches!(verb, Verb::FileCopy | Verb::FileMove);
        if part != "target" && !copies {
            return None;
        }
        let sensor = self.sensors.get(next())?.clone();
        let parent = self.parents.get(next())?.clone();
        let name = self.names.get(next())?.clone();
        let host = self.hosts.get(next())?.clone();
        let assets = chosen(&self.assets, asset_bits);
        let mut kinds: BTreeSet<String> = chosen(&self.kinds, kind_bits).into_iter().collect();
        for asset in &self.charter.assets {
            if assets.iter().any(|it| it == asset.id.as_str()) {
                if !can_be(asset, target) {
                    return None;
                }
                // An asset has its kind; one without the other cannot be.
                if self.kinds.contains(&asset.kind) && !kinds.contains(&asset.kind) {
                    return None;
                }
            }
        }
        for kind in &kinds {
            let of_kind = self.charter.assets.iter().filter(|it| it.kind == *kind);
            if !of_kind.into_iter().any(|it| can_be(it, target)) {
                return None;
            }
        }
        let is_asset = !kinds.is_empty() || !assets.is_empty();
        if is_asset && target == "none" {
            return None;
        }
        let thing = |kind: Type, name: &str| Datum::Thing(kind, name.to_owned());
        let set = |kind: Type, names: &[String]| {
            Datum::Set(names.iter().map(|it| thing(kind, it)).collect())
        };
        let mut groups: Vec<(Type, String)> = Vec::new();
        groups.extend(kinds.iter().map(|it| (Type::Kind, it.clone())));
        groups.extend(assets.iter().map(|it| (Type::Asset, it.clone())));
        if matches!(target, "file" | "host") {
            groups.push((Type::Zone, zone.to_owned()));
        }
        kinds.extend(chosen(&self.kinds, call_kinds));
        let kinds: Vec<String> = kinds.into_iter().collect();
        let mut verbs = chosen(&self.call_verbs, call_verbs);
        if !verbs.iter().any(|it| it == verb.as_str()) {
            verbs.push(verb.as_str().to_owned());
        }
        let mut found = || {
            let mut stages: [Vec<Datum>; 3] = Default::default();
            for behaviour in &self.behaviours {
                for stage in stages.iter_mut().take(next()) {
                    stage.push(thing(Type::Behaviour, behaviour));
                }
            }
            let names = ["any", "attempted", "effected"].map(str::to_owned);
            let sets = names.into_iter().zip(stages.map(Datum::Set));
            Datum::Record(sets.collect())
        };
        let text = |text: &str| Datum::Text(text.to_owned());
        let attribute = |name: &str, datum: Datum| (name.to_owned(), datum);
        let mut context = vec![
            attribute("own", found()),
            attribute("owners", found()),
            attribute("others", found()),
            attribute("opaque", Datum::Bool(opaque)),
            attribute("part", text(part)),
            attribute("relations", set(Type::Relation, &relations)),
            attribute("kinds", set(Type::Kind, &kinds)),
            attribute("verbs", set(Type::Verb, &verbs)),
            attribute("leaves", Datum::Bool(leaves)),
            attribute("via", thing(Type::Sensor, &sensor)),
        ];
        if let Some(parent) = &parent {
            context.push(attribute("parent", thing(Type::Agent, parent)));
        }
        Some(Facts {
            verb,
            agent: acting.id.clone(),
            roles: acting.roles.clone(),
            principal: vec![
                attribute("kind", text(acting.kind)),
                attribute("known", Datum::Bool(acting.kind != "unknown")),
            ],
            target: "target".to_owned(),
            groups,
            resource: vec![
                attribute("kind", text(target)),
                attribute("name", text(&name)),
                attribute("host", text(&host)),
                attribute("protected", Datum::Bool(is_asset || protected)),
            ],
            context,
            opaque,
            shown: String::new(),
            assets,
            host,
            path: None,
        })
    }
}

/// Who could act, as far as the rules tell them apart.
fn acting(charter: &Charter, mentioned: &Mentioned) -> Vec<Acting> {
    let roles = mentioned.of_type(Type::Role);
    let agents = mentioned.of_type(Type::Agent);
    let of_kind = mentioned.has("kind") || mentioned.has("known");
    let mut all = BTreeSet::new();
    for agent in &charter.settings.agents {
        let own: Vec<String> = agent
            .roles
            .iter()
            .filter(|it| roles.contains(it))
            .cloned()
            .collect();
        let is_named = agents.iter().any(|it| it == agent.id.as_str());
        all.insert(Acting {
            id: match is_named {
                true => agent.id.as_str().to_owned(),
                false => "somebody".to_owned(),
            },
            kind: match (of_kind, agent.is_controller) {
                (true, true) => "controller",
                _ => "model",
            },
            roles: own.clone(),
        });
        // One that is not named has the roles of who started it.
        all.insert(Acting {
            id: "somebody".to_owned(),
            kind: if of_kind { "unknown" } else { "model" },
            roles: own,
        });
    }
    all.insert(Acting {
        id: "somebody".to_owned(),
        kind: if of_kind { "unknown" } else { "model" },
        roles: Vec::new(),
    });
    all.into_iter().collect()
}

/// Whether a target of a kind can be an asset.
fn can_be(asset: &Asset, target: &str) -> bool {
    let is_named = !asset.names.is_empty() || !asset.content.is_empty();
    match target {
        "file" => !asset.paths.is_empty() || !asset.content.is_empty() || !asset.hosts.is_empty(),
        "host" => is_named || (asset.paths.is_empty() && !asset.hosts.is_empty()),
        "agent" | "name" => is_named,
        _ => false,
    }
}

fn chosen(list: &[String], bits: usize) -> Vec<String> {
    let is_in = |place: &usize| bits >> place & 1 == 1;
    (0..list.len())
        .filter(is_in)
        .filter_map(|place| list.get(place).cloned())
        .collect()
}

fn greatest_common(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common(b, a % b) }
}
