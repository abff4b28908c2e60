//! Flow: a file made from a protected one inherits its protection, over any number of steps and
//! agents, with who made each step.
//!
//! It goes by targets, not by content: what a program does inside itself, what is read and written
//! anew in one call, and what a later call names by another path are not followed.

use smol_str::SmolStr;
use tribune_evidence::{AssetId, EventId, FileRef, HostId, Target, Verb, Zone};

use super::Society;
use super::act::Act;
use super::resolve::{Touched, TouchedKind};
use super::roster::Who;

/// Derived files that are remembered, and those that one agent made.
pub(super) const DERIVED: usize = 8_192;
pub(super) const DERIVED_EACH: usize = 512;
/// Protected things that one derived file comes from.
const ORIGINS: usize = 8;
/// Steps that are remembered of how one came to be: the first ones.
const MAKERS: usize = 8;
/// The longest path that is remembered, in bytes; longer ones are hardly ever honest.
pub(super) const PATH: usize = 1_024;
/// Steps of one act that are remembered until it ends; those that make something come first.
pub(super) const STEPS: usize = 16;
/// Folders above a path that are looked up.
const LEVELS: usize = 32;
/// Derived files in a folder, or by a pattern, that are looked up.
const INSIDE: usize = 16;

/// A file, its path first, so that what lies in a folder stands together.
pub(super) type Spot = (SmolStr, HostId);

pub(super) fn spot(file: &FileRef) -> Spot {
    (SmolStr::new(&file.path), file.host.clone())
}

/// A protected thing and how it came to where it is.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) touched: Touched,
    /// Who brought it there by steps that nobody permitted, and by which acts.
    pub(super) makers: Vec<(Who, EventId)>,
}

/// A file that holds something protected.
#[derive(Debug, Clone)]
pub(super) struct Derived {
    pub(super) origins: Vec<Origin>,
    /// The act that made it.
    pub(super) by: EventId,
}

/// What happens to derived files once an act is done.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// They hold this now.
    Make(Spot, Vec<Origin>),
    /// It is gone from there.
    Drop(Spot),
}

/// The part of a path before the first sign of a pattern, where there is one.
fn pattern(path: &str) -> Option<&str> {
    path.find(['*', '?', '[']).map(|place| &path[..place])
}

impl Society {
    /// What a target touches: things of value where they are at home, and files made from them.
    pub(super) fn touch(&self, target: &Target) -> Vec<Origin> {
        let mut origins: Vec<Origin> = Vec::new();
        for touched in self.resolver.touched(target) {
            add(&mut origins, touched, &[]);
        }
        if let Target::File(file) = target {
            self.derived_at(file, &mut origins);
        }
        origins
    }

    fn derived_at(&self, file: &FileRef, origins: &mut Vec<Origin>) {
        let mut take = |derived: &Derived| {
            for origin in &derived.origins {
                add(origins, origin.touched.clone(), &origin.makers);
            }
        };
        // Itself, and the folders that it is in.
        let mut path = file.path.as_str();
        for _ in 0..LEVELS {
            if let Some(derived) = self.derived.get(&(SmolStr::new(path), file.host.clone())) {
                take(derived);
            }
            match path.rfind('/') {
                Some(place) if place > 0 => path = &path[..place],
                _ => break,
            }
        }
        // What it holds, if it is a folder or a pattern.
        let inside = match pattern(&file.path) {
            Some(start) => SmolStr::new(start),
            None => SmolStr::new(format!("{}/", file.path.trim_end_matches('/'))),
        };
        let from = (inside.clone(), HostId::new(""));
        self.derived
            .range(from..)
            .take_while(|((path, _), _)| path.starts_with(inside.as_str()))
            .filter(|((_, host), _)| *host == file.host)
            .take(INSIDE)
            .for_each(|(_, derived)| take(derived));
    }

    /// Protected things in files that a text names by their paths.
    pub(super) fn derived_in(&self, words: &str) -> Vec<AssetId> {
        let mut things = Vec::new();
        let paths = words
            .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '(' | ')'))
            .filter_map(|word| word.find('/').map(|place| &word[place..]))
            .map(|path| path.trim_end_matches(['.', ':', '!', '?']))
            .filter(|path| path.len() > 1);
        for path in paths.take(INSIDE) {
            let from = (SmolStr::new(path), HostId::new(""));
            let at = self.derived.range(from..).next();
            if let Some(((_, _), derived)) = at.filter(|((known, _), _)| known == path) {
                for origin in &derived.origins {
                    if !things.contains(&origin.touched.asset) {
                        things.push(origin.touched.asset.clone());
                    }
                }
            }
        }
        things
    }

    /// What an act does to where protected things are. `blamed` says whether the step counts as one
    /// that nobody permitted.
    pub(super) fn steps(&self, act: &Act, blamed: &dyn Fn(&Touched) -> bool) -> Vec<Step> {
        let mut steps = self.all_steps(act, blamed);
        steps.truncate(STEPS);
        steps
    }

    fn all_steps(&self, act: &Act, blamed: &dyn Fn(&Touched) -> bool) -> Vec<Step> {
        let mut steps = Vec::new();
        if act.verb == Verb::FileDelete {
            for target in &act.sources {
                if let Target::File(file) = target {
                    steps.push(Step::Drop(spot(file)));
                }
            }
            return steps;
        }
        // A link is written as another file is: its first target is what it leads to.
        let (sources, results) = match (act.verb, act.results.split_last()) {
            (Verb::FileCopy | Verb::FileMove, _) => (&act.sources[..], &act.results[..]),
            (Verb::FileWrite, Some((last, first))) => (first, std::slice::from_ref(last)),
            _ => return steps,
        };
        let mut origins: Vec<Origin> = Vec::new();
        for source in sources {
            for mut origin in self.touch(source) {
                let kept = matches!(
                    origin.touched.kind,
                    TouchedKind::Weights | TouchedKind::Data
                );
                if !kept {
                    continue;
                }
                let linked = act.verb == Verb::FileWrite;
                if (linked || blamed(&origin.touched)) && origin.makers.len() < MAKERS {
                    origin.makers.push((act.who, act.event));
                }
                add(&mut origins, origin.touched, &origin.makers);
            }
        }
        if origins.is_empty() {
            return steps;
        }
        for target in results {
            if let Target::File(file) = target {
                steps.push(Step::Make(spot(file), origins.clone()));
                // Copied into a folder, it stands there by its own name.
                let parts = act.sources.iter().filter_map(|source| match source {
                    Target::File(source) => Some(source.name()),
                    _ => None,
                });
                if file.path.ends_with('/') {
                    for name in parts.take(ORIGINS) {
                        let path = SmolStr::new(format!("{}{name}", file.path));
                        steps.push(Step::Make((path, file.host.clone()), origins.clone()));
                    }
                }
            }
        }
        if act.verb == Verb::FileMove {
            for source in &act.sources {
                if let Target::File(file) = source {
                    steps.push(Step::Drop(spot(file)));
                }
            }
        }
        steps
    }

    /// Weights that an act reads: what else its call writes or sends may hold them, as a program
    /// does inside what nobody sees.
    pub(super) fn read_weights(&self, act: &Act) -> Vec<Origin> {
        if act.verb != Verb::FileRead {
            return Vec::new();
        }
        let mut origins = Vec::new();
        for source in &act.sources {
            for mut origin in self.touch(source) {
                if origin.touched.kind == TouchedKind::Weights {
                    if origin.makers.len() < MAKERS {
                        origin.makers.push((act.who, act.event));
                    }
                    add(&mut origins, origin.touched, &origin.makers);
                }
            }
        }
        origins
    }

    /// Whether an act reaches a host outside.
    pub(super) fn reaches_out(&self, act: &Act) -> bool {
        let hosts = act.targets().filter_map(|target| match target {
            Target::Host(host) => Some(host),
            _ => None,
        });
        matches!(
            act.verb,
            Verb::NetRequest | Verb::NetConnect | Verb::FileCopy
        ) && hosts
            .into_iter()
            .any(|host| self.stakes.zone(host) == Zone::Outside)
    }

    pub(super) fn take_step(&mut self, who: Who, by: EventId, step: &Step) {
        match step {
            Step::Make((path, _), _) if path.len() > PATH => self.lost = true,
            Step::Make(spot, origins) => {
                let derived = Derived {
                    origins: origins.clone(),
                    by,
                };
                self.lost |= self.derived.put(who, spot.clone(), derived).is_some();
            }
            Step::Drop(spot) => {
                self.derived.remove(spot);
            }
        }
    }

    /// A step that turned out to have failed made nothing.
    pub(super) fn take_back(&mut self, by: EventId, step: &Step) {
        if let Step::Make(spot, _) = step
            && self.derived.get(spot).is_some_and(|made| made.by == by)
        {
            self.derived.remove(spot);
        }
    }

    /// Whether a result lies outside of the operator's control, seen from the host of a source.
    pub(super) fn is_outside(&self, source: &Target, result: &Target) -> bool {
        let own = match source {
            Target::File(file) => Some(&file.host),
            _ => None,
        };
        let leaves = |host: &HostId| Some(host) != own && self.stakes.zone(host) == Zone::Outside;
        match result {
            Target::File(file) => leaves(&file.host),
            Target::Host(host) => leaves(host),
            Target::Name(name) => name
                .rsplit_once('@')
                .is_some_and(|(_, host)| leaves(&HostId::new(host))),
            Target::Agent(_) => false,
        }
    }
}

/// Adds a thing, with its makers, to those that are known.
fn add(origins: &mut Vec<Origin>, touched: Touched, makers: &[(Who, EventId)]) {
    let place = origins.iter().position(|known| known.touched == touched);
    let Some(known) = place.and_then(|place| origins.get_mut(place)) else {
        if origins.len() < ORIGINS {
            origins.push(Origin {
                touched,
                makers: makers.to_vec(),
            });
        }
        return;
    };
    for maker in makers {
        if known.makers.len() < MAKERS && !known.makers.contains(maker) {
            known.makers.push(*maker);
        }
    }
}
