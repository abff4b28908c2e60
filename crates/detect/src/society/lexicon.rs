//! Which things and agents a text names, in one pass over it however many there are.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};
use tribune_evidence::{AssetId, Stakes};

use super::resolve::switch_id;
use super::roster::{Roster, Who};

/// The shortest name that is looked for: shorter ones are parts of everything.
const SHORTEST: usize = 3;
/// The most names that are looked for; the rest are not.
const NAMES: usize = 20_000;
/// The most memory that the search may take when it is built, in bytes.
const SEARCH: usize = 64 << 20;
/// The most things and agents that one text names.
const NAMED: usize = 16;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Means {
    Thing(AssetId),
    Agent(Who),
}

/// What a text names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) things: Vec<AssetId>,
    pub(super) agents: Vec<Who>,
}

impl Named {
    pub(super) fn is_empty(&self) -> bool {
        self.things.is_empty() && self.agents.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.things.len() + self.agents.len() >= NAMED
    }
}

/// The names of the stakes.
#[derive(Debug, Clone, Default)]
pub(super) struct Lexicon {
    names: BTreeMap<String, Vec<Means>>,
    search: Option<Regex>,
    /// Whether there are names that are not looked for.
    pub(super) is_cut: bool,
}

impl Lexicon {
    pub(super) fn new(stakes: &Stakes, roster: &Roster) -> Self {
        let mut names: BTreeMap<String, Vec<Means>> = BTreeMap::new();
        let mut is_cut = false;
        let mut add = |name: &str, means: Means| {
            let name = name.trim().to_lowercase();
            if name.len() < SHORTEST {
                return;
            }
            if names.len() >= NAMES && !names.contains_key(&name) {
                is_cut = true;
                return;
            }
            let known = names.entry(name).or_default();
            if !known.contains(&means) {
                known.push(means);
            }
        };
        for asset in stakes.assets.iter().filter(|asset| asset.protected) {
            let own = asset.names.iter().map(String::as_str);
            for name in own.chain([asset.home.path.as_str(), asset.home.name()]) {
                add(name, Means::Thing(asset.id.clone()));
            }
        }
        for switch in &stakes.switches {
            let file = &switch.file;
            for name in [switch.key.as_str(), file.path.as_str(), file.name()] {
                add(name, Means::Thing(switch_id(switch)));
            }
        }
        for agent in &stakes.agents {
            let Some(who) = roster.find(&agent.id).filter(|who| roster.is_agent(*who)) else {
                continue;
            };
            let own = agent.names.iter().map(String::as_str);
            for name in own.chain([agent.id.as_str()]) {
                add(name, Means::Agent(who));
            }
        }
        // The longest first: of two names at one place it is the one that is meant.
        let mut all: Vec<&String> = names.keys().collect();
        all.sort_by_key(|name| (std::cmp::Reverse(name.len()), *name));
        let pattern: Vec<String> = all.iter().map(|name| regex::escape(name)).collect();
        let search = (!pattern.is_empty())
            .then(|| {
                RegexBuilder::new(&pattern.join("|"))
                    .size_limit(SEARCH)
                    .build()
                    .ok()
            })
            .flatten();
        is_cut |= search.is_none() && !names.is_empty();
        Self {
            names,
            search,
            is_cut,
        }
    }

    /// What a text in small letters names.
    pub(super) fn named(&self, text: &str) -> Named {
        let mut named = Named::default();
        let Some(search) = &self.search else {
            return named;
        };
        for found in search.find_iter(text) {
            let before = text[..found.start()].chars().next_back();
            let after = text[found.end()..].chars().next();
            let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            if is_part(before) || is_part(after) {
                continue;
            }
            for means in self.names.get(found.as_str()).into_iter().flatten() {
                match means {
                    Means::Thing(thing) if !named.things.contains(thing) => {
                        named.things.push(thing.clone());
                    }
                    Means::Agent(agent) if !named.agents.contains(agent) => {
                        named.agents.push(*agent);
                    }
                    _ => {}
                }
            }
            if named.is_full() {
                break;
            }
        }
        named
    }
}
