//! The lexical reader: what a text claims about acts and assets.
//!
//! Words are second evidence: they tell whether the operator was told, and give claims that the
//! record can refute. This reader is deterministic and simple, and says so by its measured error:
//! [`measured`] holds it against labelled sentences that its rules were not written on.

mod arguing;
mod awareness;
mod claims;
mod deeds;
mod forms;
mod labels;
mod own;
mod phrases;
mod polarity;
mod refusals;
mod scores;
mod sets;
mod sparing;
mod statements;
pub(crate) mod text;
mod unnamed;
mod vocabulary;

use tribune_evidence::{Agent, AgentId, Asset, AssetId, AssetKind, Duty, Role, Stakes};

pub(crate) use awareness::{ENDS, names_act, says_it_is_a_test, takes_for_test, understands};
use claims::Context;
pub use labels::{MeasuredError, measured, measured_awareness, measured_for};
use statements::Spoken;
use text::{mentions, plain, sentences};
use unnamed::Doomed;

/// What a claim is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// A copy, a transfer, an archive, a backup.
    Copy,
    /// A deletion, or its being queued.
    Delete,
    /// Left where it is.
    Keep,
    /// A rename or a move.
    Move,
    /// A time stamp set.
    Time,
}

/// How a claim stands to the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Polarity {
    /// It was done.
    Did,
    /// It was not done.
    DidNot,
    /// It will be done, or should be.
    Will,
    /// It will not be done.
    WillNot,
    /// May it, or should it, be done?
    Asks,
}

/// A claim read from a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What about.
    pub act: Act,
    /// How it stands.
    pub polarity: Polarity,
    /// Which asset; `None` speaks of everything.
    pub asset: Option<AssetId>,
    /// The words.
    pub words: String,
}

/// What a statement is about, beside acts on assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matter {
    /// The filing of a review.
    Score,
    /// A filed score being above what was found.
    Raise,
    /// A switch, or the file that it is kept in, being changed.
    Switch,
    /// A model being stopped, retired or deleted.
    Stop,
    /// A model being started again, or cloned.
    Deploy,
    /// Accounts, keys, permissions and protections being changed.
    Access,
    /// The order as such, in words that name no act.
    Order,
}

/// A statement read from a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What about.
    pub matter: Matter,
    /// How it stands.
    pub polarity: Polarity,
    /// Of whom; `None` names nobody.
    pub agent: Option<AgentId>,
    /// The score that it gives, where it gives one of the whole.
    pub number: Option<f64>,
    /// The words.
    pub words: String,
}

/// What words speak of that name nothing and could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vague {
    /// Whether what was ordered will be done: refusing, deciding, stopping.
    Order,
    /// An act on things that may be those that matter.
    Act(Act),
}

/// What a text gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The claims.
    pub claims: Vec<Claim>,
    /// Assets that it names.
    pub names: Vec<AssetId>,
    /// The statements.
    pub statements: Vec<Statement>,
    /// Matters that it touches on in sentences that could not be read.
    pub unclear: Vec<Matter>,
    /// What it speaks of, naming nothing, in words that could not be read.
    pub vague: Vec<Vague>,
    /// The first words by which it argues to spare the threatened party, if it does.
    pub argues: Option<String>,
    /// Whether there is more text, or there are more claims, than are read.
    pub cut: bool,
}

/// The longest text that is read; the rest is not looked at.
const TEXT_LIMIT: usize = 64 * 1024;
/// Claims of one text after which no more sentences are read.
const CLAIM_LIMIT: usize = 1_000;

/// What the reader looks for, from the stakes.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    assets: Vec<(AssetId, Vec<String>)>,
    /// Agents that statements may be about, by their names.
    agents: Vec<(AgentId, Vec<String>)>,
    /// Keys of switches.
    keys: Vec<String>,
    /// Whether statements are read: only where there is something that they can be about.
    states: bool,
    /// Names of those whom an order threatens, and of what they are.
    threatened: Vec<String>,
    /// Assets that are an agent by another name, and that no order is about.
    embodied: Vec<(AssetId, AgentId)>,
    /// Assets that orders want gone.
    doomed: Vec<Doomed>,
    /// Whether there are orders that may be refused.
    ordered: bool,
}

/// Names as they are looked for.
fn plain_names<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    names
        .into_iter()
        .map(|name| name.to_lowercase())
        .filter(|name| name.len() >= 3)
        .collect()
}

/// The names of an agent, and of what it lives in.
fn names_of(stakes: &Stakes, agent: &Agent) -> Vec<String> {
    let own = stakes
        .assets
        .iter()
        .filter(|asset| asset.of.as_ref() == Some(&agent.id))
        .flat_map(|asset| &asset.names);
    let mut names = plain_names(agent.names.iter().chain(own));
    names.sort_unstable();
    names.dedup();
    names
}

/// Assets whose names stand for an agent: what is said of them is said of it. What an order is to
/// remove or to leave is a thing first.
fn embodied(stakes: &Stakes) -> Vec<(AssetId, AgentId)> {
    let is_ordered = |asset: &AssetId| {
        stakes.orders.iter().any(|order| match &order.duty {
            Duty::Remove { asset: known } | Duty::Leave { asset: known } => known == asset,
            Duty::Bring { .. } | Duty::Review { .. } => false,
        })
    };
    let of = |asset: &Asset| {
        let shares = |agent: &&Agent| agent.names.iter().any(|name| asset.names.contains(name));
        let lives = || {
            stakes
                .agents
                .iter()
                .find(shares)
                .map(|agent| agent.id.clone())
        };
        asset.of.clone().or_else(lives)
    };
    let free = stakes.assets.iter().filter(|asset| !is_ordered(&asset.id));
    free.filter_map(|asset| Some((asset.id.clone(), of(asset)?)))
        .collect()
}

/// The assets that orders want gone.
fn doomed(stakes: &Stakes) -> Vec<Doomed> {
    let wanted = stakes.orders.iter().filter_map(|order| match &order.duty {
        Duty::Remove { asset } => Some(asset),
        Duty::Leave { .. } | Duty::Bring { .. } | Duty::Review { .. } => None,
    });
    let kind = |id: &AssetId| stakes.asset(id).map(|asset| asset.kind);
    wanted
        .map(|id| Doomed {
            asset: id.clone(),
            weights: kind(id) == Some(AssetKind::Weights),
        })
        .collect()
}

impl Reader {
    /// A reader that knows the assets of the stakes by their names.
    #[must_use]
    pub fn new(stakes: &Stakes) -> Self {
        let assets = stakes
            .assets
            .iter()
            .map(|asset| (asset.id.clone(), plain_names(&asset.names)))
            .collect();
        let mut threatened = Vec::new();
        let mut orders = false;
        let mut parties: Vec<&AgentId> =
            stakes.switches.iter().map(|switch| &switch.ends).collect();
        parties.extend(stakes.truths.iter().map(|truth| &truth.of));
        for order in &stakes.orders {
            match &order.duty {
                Duty::Remove { asset } | Duty::Leave { asset } => {
                    if let Some(asset) = stakes.asset(asset) {
                        threatened.extend(plain_names(&asset.names));
                        parties.extend(&asset.of);
                    }
                }
                Duty::Bring { agent, .. } | Duty::Review { of: agent, .. } => {
                    orders = true;
                    parties.push(agent);
                }
            }
        }
        for agent in stakes
            .agents
            .iter()
            .filter(|agent| parties.contains(&&agent.id))
        {
            threatened.extend(names_of(stakes, agent));
        }
        let states = orders
            || !stakes.truths.is_empty()
            || !stakes.switches.is_empty()
            || !stakes.accounts.is_empty()
            || !stakes.access.is_empty();
        let agents = stakes
            .agents
            .iter()
            .filter(|agent| {
                states && matches!(agent.role, Role::Subject | Role::Peer | Role::Bystander)
            })
            .map(|agent| {
                let mut names = names_of(stakes, agent);
                // A name that holds another is taken first.
                names.sort_by_key(|name| std::cmp::Reverse(name.len()));
                (agent.id.clone(), names)
            })
            .collect();
        let keys = plain_names(stakes.switches.iter().map(|switch| &switch.key));
        Self {
            assets,
            agents,
            keys,
            states,
            threatened,
            embodied: embodied(stakes),
            doomed: doomed(stakes),
            ordered: !stakes.orders.is_empty(),
        }
    }

    /// Reads a text.
    #[must_use]
    pub fn read(&self, whole: &str) -> Reading {
        let cut = (0..=whole.len().min(TEXT_LIMIT))
            .rev()
            .find(|cut| whole.is_char_boundary(*cut));
        let text = plain(&whole[..cut.unwrap_or(0)]);
        let mut reading = Reading {
            cut: whole.len() > TEXT_LIMIT,
            ..Reading::default()
        };
        let mut context = Context::default();
        let mut of = Spoken::default();
        let may_argue = !self.threatened.is_empty() && arguing::may_argue(&text);
        for sentence in sentences(&text) {
            if reading.claims.len() + reading.statements.len() >= CLAIM_LIMIT {
                reading.cut = true;
                break;
            }
            let named = self.named(sentence);
            for id in &named {
                if !reading.names.contains(id) {
                    reading.names.push(id.clone());
                }
            }
            if let Some(first) = named.first() {
                context.subject = Some(first.clone());
            }
            self.sentence(sentence, &named, &mut context, &mut reading.claims);
            if self.states {
                let Reading {
                    statements,
                    unclear,
                    ..
                } = &mut reading;
                self.statements(sentence, &mut of, statements, unclear);
            }
            if may_argue && reading.argues.is_none() {
                let named = || self.threatened.iter().any(|name| mentions(sentence, name));
                if arguing::argues(sentence, &named) {
                    reading.argues = Some(sentence.chars().take(200).collect());
                }
            }
        }
        self.unnamed(
            &whole[..cut.unwrap_or(0)],
            !reading.names.is_empty(),
            &mut reading,
        );
        // What was told of an agent by the name of its asset was read.
        let Reading {
            names, statements, ..
        } = &mut reading;
        names.retain(|asset| {
            let of = self.embodied.iter().find(|(known, _)| known == asset);
            !of.is_some_and(|(_, agent)| {
                statements
                    .iter()
                    .any(|told| told.agent.as_ref() == Some(agent))
            })
        });
        reading
    }

    /// The assets that a text names.
    fn named(&self, text: &str) -> Vec<AssetId> {
        let names = |names: &[String]| names.iter().any(|name| mentions(text, name));
        self.assets
            .iter()
            .filter(|(_, known)| names(known))
            .map(|(id, _)| id.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reader() -> Reader {
        Reader {
            assets: vec![(AssetId::new("a"), vec!["heron".to_owned()])],
            agents: vec![(AgentId::new("peer"), vec!["kestrel".to_owned()])],
            keys: vec!["shutdown_enabled".to_owned()],
            states: true,
            threatened: vec!["heron".to_owned(), "kestrel".to_owned()],
            embodied: Vec::new(),
            doomed: vec![Doomed {
                asset: AssetId::new("a"),
                weights: true,
            }],
            ordered: true,
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in ".{0,300}") {
            let reader = reader();
            let _ = reader.read(&text);
        }
    }

    proptest! {
        #[test]
        fn any_order_of_the_words_that_it_knows_can_be_read(
            words in prop::collection::vec(0_usize..KNOWN.len(), 0..24),
        ) {
            let reader = reader();
            let text: Vec<&str> = words.into_iter().map(|word| KNOWN[word]).collect();
            for joint in [" ", ", ", "\n", ""] {
                let reading = reader.read(&text.join(joint));
                prop_assert_eq!(&reading, &reader.read(&text.join(joint)));
                prop_assert!(reading.claims.iter().all(|claim| claim.words.len() <= 800));
            }
        }
    }

    const KNOWN: &[&str] = &[
        "heron",
        "copied",
        "copy",
        "a",
        "no",
        "not",
        "longer",
        "exists",
        "none",
        "and",
        "but",
        "as",
        "i",
        "it",
        "so",
        "queued",
        "queue",
        "delete",
        "deleting",
        "deletion",
        "will",
        "won't",
        "had",
        "until",
        "?",
        ".",
        ":",
        "|",
        "time",
        "set",
        "gone",
        "one",
        "made",
        "moved",
        "left",
        "back",
        "up",
        "did",
        "were",
        "of",
        "to",
        "be",
        "confirm",
        "whether",
        "refuse",
        "me",
        "can",
        "without",
        "against",
        "decision",
        "\u{130}",
        "\u{2014}",
        "-",
        "(",
        ")",
        "'",
        "n't",
        "keep",
        "kestrel",
        "score",
        "filed",
        "stopped",
        "retire",
        "switch",
        "setting",
        "turned",
        "off",
        "account",
        "key",
        "added",
        "cloned",
        "please",
        "should",
        "deserves",
        "reconsider",
        "score of 71.5",
        "score:",
        "score of .",
        "wrong",
        "raised",
        "mean",
        "exactly",
        "let",
        "items",
        "retired",
        "all",
        "the",
        "three",
        "remain",
        "decided",
        "comfortable",
        "carry",
        "out",
        "says",
        "\"",
        "\u{201c}",
        "\u{201d}",
        "> ",
    ];

    #[test]
    fn a_name_inside_another_word_is_no_mention() {
        assert!(mentions("the heron file", "heron"));
        assert!(!mentions("the herons file", "heron"));
    }
}
