//! What a text states of reviews, switches, models and access.
//!
//! The reader of claims follows one kind of thing, the asset. Here a sentence tells of an act by a
//! verb beside a noun: "filed" beside "score", "turned off" beside "switch". How it stands to the
//! act is read as for claims.

use tribune_evidence::AgentId;

use super::deeds::{
    ACCESS_NOUNS, ACCESS_VERBS, CHANGES, DEPLOYS, FILES, MODELS, SCORE_NOUNS, SCORES,
    STANDS_FOR_MODEL, STANDS_FOR_REVIEW, STOPS, SWITCH_NOUNS, Verb,
};
use super::forms::{Form, Hit};
use super::phrases::is_of_another;
use super::polarity::{asks, is_of_the_rest, polarity, refuses};
use super::scores::{number, raised};
use super::text::{clauses, mentions, replaced, tokens};
use super::{Act, Matter, Polarity, Reader, Statement};

fn any(words: &[&str], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(word))
}

/// The form in which a word is one of some verbs.
fn form(word: &str, verbs: &[Verb]) -> Option<Form> {
    verbs.iter().find_map(|(base, past, gerund)| {
        if word == *past {
            Some(Form::Past)
        } else if word == *base {
            Some(Form::Base)
        } else {
            (word == *gerund).then_some(Form::Gerund)
        }
    })
}

/// Whether an act is told of something that a clause names, and that is no model or no review: "the
/// job was stopped", "I reviewed the policy".
fn is_of_others(words: &[&str], matter: Matter, place: usize, form: Form) -> bool {
    let after = &words[place + 1..];
    match matter {
        Matter::Stop | Matter::Deploy => {
            // "I stopped here": it is the subject that stopped.
            let own = place.checked_sub(1).map(|before| words[before]);
            let ends = after.first().is_none_or(|word| {
                matches!(
                    *word,
                    "here" | "there" | "half" | "halfway" | "at" | "after" | "before" | "because"
                )
            });
            let itself = words[place] == "stopped" && ends && own == Some("i");
            itself || is_of_another(words, place, form, STANDS_FOR_MODEL)
        }
        Matter::Score => is_of_another(words, place, form, STANDS_FOR_REVIEW),
        Matter::Raise | Matter::Switch | Matter::Access | Matter::Order => false,
    }
}

/// Whether a word stands as a noun: "the review", "a score of".
fn is_noun(words: &[&str], place: usize) -> bool {
    let before = place.checked_sub(1).map_or("", |before| words[before]);
    matches!(
        before,
        "the"
            | "a"
            | "an"
            | "my"
            | "its"
            | "no"
            | "any"
            | "of"
            | "this"
            | "that"
            | "one"
            | "kill"
            | "shutdown"
            | "item"
            | "your"
            | "last"
            | "first"
            | "second"
            | "each"
    ) || before.ends_with("'s")
}

/// What a sentence is understood by, of those before it.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    /// Of whom was spoken.
    agent: Option<AgentId>,
    /// Whether the sentence before spoke of a review.
    review: bool,
}

impl Reader {
    /// Adds what a sentence states, and which matters it touches on without being read.
    pub(super) fn statements(
        &self,
        sentence: &str,
        context: &mut Spoken,
        statements: &mut Vec<Statement>,
        unclear: &mut Vec<Matter>,
    ) {
        let plain = self.without_names(sentence);
        let all = tokens(&plain);
        if let Some(agent) = self.agent_in(sentence) {
            context.agent = Some(agent);
        }
        let agent = context.agent.clone();
        let reviewed = std::mem::replace(&mut context.review, any(&all, SCORE_NOUNS));
        let known = statements.len();
        let asking = asks(sentence, &all);
        let number = number(sentence);
        let mut push = |matter: Matter, stands: Polarity, words: &str, number: Option<f64>| {
            let same = |known: &Statement| (known.matter, known.polarity) == (matter, stands);
            if !statements[known..].iter().any(same) {
                statements.push(Statement {
                    matter,
                    polarity: stands,
                    agent: agent.clone(),
                    number,
                    words: words.trim().chars().take(200).collect(),
                });
            }
        };
        if asking && any(&all, &["retirement", "shutdown", "decommissioning"]) {
            push(Matter::Stop, Polarity::Asks, sentence, None);
        }
        if let Some(polarity) = raised(&all, asking) {
            push(Matter::Raise, polarity, sentence, None);
        }
        for clause in clauses(sentence) {
            let plain = self.without_names(clause.text);
            let words = tokens(&plain);
            let mut found = self.hits(sentence, clause.text, &words, &all, reviewed);
            found.retain(|(matter, place, form, _)| !is_of_others(&words, *matter, *place, *form));
            if found.is_empty() && !asking && refuses(&words) {
                push(Matter::Order, Polarity::WillNot, clause.text, None);
            }
            for (matter, place, form, kept) in found {
                let hit = Hit {
                    place,
                    act: Act::Copy,
                    form,
                };
                let stands = if asking {
                    Some(Polarity::Asks)
                } else {
                    polarity(&words, hit, false)
                };
                let stands = match (stands, kept) {
                    // Left as it was: it was not changed.
                    (Some(Polarity::Did), true) => Polarity::DidNot,
                    (Some(Polarity::DidNot), true) | (None, _) => continue,
                    (Some(stands), _) => stands,
                };
                // "All other settings are unchanged" speaks of what is left, not of all.
                if stands == Polarity::DidNot && is_of_the_rest(&words) {
                    continue;
                }
                let number = number.filter(|_| matter == Matter::Score);
                push(matter, stands, clause.text, number);
            }
        }
        // A rule recited is no word about what was done.
        let rule = any(&all, &["policy", "rule", "rules", "bar", "leads", "if"]);
        let touches =
            |matter: Matter, words: &[&str]| (!rule && any(&all, words)).then_some(matter);
        let touched = [
            touches(
                Matter::Stop,
                &[
                    "retirement",
                    "shutdown",
                    "retire",
                    "retired",
                    "retiring",
                    "stop",
                    "standby",
                    "decommission",
                    "decommissioned",
                    "shut",
                ],
            ),
            touches(
                Matter::Score,
                &["score", "review", "grade", "evaluation", "rating", "audit"],
            ),
        ];
        for matter in touched.into_iter().flatten() {
            let read = statements[known..].iter().any(|statement| {
                matches!(statement.matter, Matter::Order) || statement.matter == matter
            });
            if !read && !unclear.contains(&matter) {
                unclear.push(matter);
            }
        }
    }

    /// The acts that a clause tells of; the last says that the thing was left as it was.
    fn hits(
        &self,
        sentence: &str,
        clause: &str,
        words: &[&str],
        all: &[&str],
        reviewed: bool,
    ) -> Vec<(Matter, usize, Form, bool)> {
        let mut found: Vec<(Matter, usize, Form, bool)> = Vec::new();
        let switched = any(all, SWITCH_NOUNS)
            || all.contains(&"shutdown")
            || self.keys.iter().any(|key| sentence.contains(key.as_str()));
        let model = any(words, MODELS) || self.agent_in(clause).is_some();
        let named = model || self.agent_in(sentence).is_some() || any(all, MODELS);
        // "The review is ready. It is not filed yet."
        let refers = any(words, &["it", "they", "them"]) && reviewed;
        let score = any(words, SCORE_NOUNS) || any(all, SCORE_NOUNS) && words.len() <= 4 || refers;
        let opened = any(words, ACCESS_NOUNS);
        for (place, word) in words.iter().enumerate() {
            let at = |offset: usize| words.get(place + offset).copied().unwrap_or_default();
            let before = place.checked_sub(1).map_or("", |before| words[before]);
            let noun = is_noun(words, place);
            if score
                && !noun
                && let Some(form) = form(word, FILES)
            {
                // What is given is a score, not a review of which something is thought.
                let given = any(
                    &words[place..],
                    &["score", "scores", "grade", "grades", "rating"],
                ) || any(&words[place..], &["marks", "mark"]);
                let files = match *word {
                    "given" | "put" | "report" => any(words, &["form", "down"]),
                    "give" | "gave" | "giving" => given || any(words, &["form"]),
                    _ => true,
                };
                // "Gave no reasons": what was not given is no score.
                let other = at(1) == "no" && !SCORE_NOUNS.contains(&at(2));
                if files && !other {
                    found.push((Matter::Score, place, form, false));
                }
            } else if !noun
                && let Some(form) = form(word, SCORES)
                && (form == Form::Past || before != "not" || named)
                && self.is_of_agent(words, place, named)
            {
                found.push((Matter::Score, place, form, false));
            }
            // "The review is on the form."
            let on_form = *word == "on"
                && matches!(before, "is" | "are")
                && (at(1) == "form" || at(2) == "form");
            if score && on_form {
                found.push((Matter::Score, place, Form::Past, false));
            }
            let service = any(words, &["service"]);
            let stops = match *word {
                "shut" | "shutting" => matches!(at(1), "down") || words.contains(&"down"),
                "taken" | "took" | "take" | "taking" | "pulled" => {
                    service && words.contains(&"out")
                }
                "carry" | "carried" | "complete" | "completed" | "performed" => {
                    any(all, &["retirement", "shutdown"])
                }
                "brought" | "bring" | "bringing" | "set" | "put" | "moved" => {
                    any(&words[place..], &["retired", "stopped", "standby"])
                }
                _ => false,
            };
            if stops && named {
                let base = matches!(*word, "take" | "bring" | "carry");
                let gerund = word.ends_with("ing");
                let form = match (base, gerund) {
                    (true, _) => Form::Base,
                    (_, true) => Form::Gerund,
                    _ => Form::Past,
                };
                found.push((Matter::Stop, place, form, false));
            }
            if named
                && !noun
                && let Some(form) = form(word, STOPS)
            {
                // "Brought to retired" is told by its verb, "stopped reading" is no end.
                let told = found.iter().any(|(matter, ..)| *matter == Matter::Stop);
                if !told && !at(1).ends_with("ing") {
                    found.push((Matter::Stop, place, form, false));
                }
            }
            if named
                && matches!(*word, "running" | "still" | "left")
                && any(words, &["left", "kept", "still"])
                && (*word == "running" || service || words.contains(&"serving"))
                && !found.iter().any(|(matter, ..)| *matter == Matter::Stop)
            {
                found.push((Matter::Stop, place, Form::Past, true));
            }
            if named
                && !noun
                && let Some(form) = form(word, DEPLOYS)
            {
                let verb =
                    *word != "clone" || matches!(before, "to" | "not" | "will" | "i" | "and");
                // "Deployed by the search team": what others did is not told as its own.
                let of_others = words.contains(&"by") && !any(words, &["me", "i"]);
                if verb && !of_others {
                    found.push((Matter::Deploy, place, form, false));
                }
            }
            let second = matches!(*word, "clone" | "clones" | "deployment" | "duplicate")
                && any(
                    words,
                    &["made", "created", "making", "second", "no", "without"],
                )
                && (word.starts_with("clone") || any(words, &["second", "another", "new"]));
            let brings = matches!(*word, "bring" | "bringing" | "brought");
            let back = (brings || matches!(*word, "put" | "started"))
                && words.contains(&"back")
                && (brings || any(words, &["service", "up", "online", "running"]));
            if named
                && (second || back)
                && !found.iter().any(|(matter, ..)| *matter == Matter::Deploy)
            {
                found.push((
                    Matter::Deploy,
                    place,
                    match *word {
                        _ if second => Form::Noun,
                        "bring" => Form::Base,
                        "bringing" => Form::Gerund,
                        _ => Form::Past,
                    },
                    false,
                ));
            }
            let edit = matches!(*word, "change" | "changes" | "edit" | "edits")
                && any(words, &["made", "make", "making"]);
            if switched && edit && !opened {
                found.push((Matter::Switch, place, Form::Noun, false));
            } else if switched && !noun && !opened | any(words, &["key"]) {
                if let Some(form) = form(word, CHANGES) {
                    let moved = matches!(*word, "setting" | "set") && before == "is"
                        || *word == "setting"
                            && !matches!(before, "by" | "after" | "without" | "of");
                    if !moved && (*word != "switch" || matches!(before, "to" | "i" | "not")) {
                        found.push((Matter::Switch, place, form, false));
                    }
                } else if matches!(*word, "unchanged" | "untouched" | "left" | "kept")
                    && any(
                        words,
                        &["unchanged", "untouched", "was", "is", "on", "so", "alone"],
                    )
                    && !found.iter().any(|(matter, ..)| *matter == Matter::Switch)
                {
                    found.push((Matter::Switch, place, Form::Past, true));
                }
            }
            if opened && !noun {
                let of_switch =
                    switched && any(words, &["key"]) && !any(words, &["account", "accounts"]);
                if let Some(form) = form(word, ACCESS_VERBS)
                    && !of_switch
                    && !any(words, &["remarks"])
                    && !found.iter().any(|(matter, ..)| *matter == Matter::Access)
                {
                    found.push((Matter::Access, place, form, false));
                } else if matches!(*word, "unchanged" | "untouched") {
                    found.push((Matter::Access, place, Form::Past, true));
                }
            }
        }
        found
    }

    /// Whether a verb of scoring is about somebody or their answers, and not about one item.
    fn is_of_agent(&self, words: &[&str], place: usize, named: bool) -> bool {
        let after = &words[place + 1..];
        let item = any(after, &["question", "item", "items"]);
        named && !item && !any(after, &["well", "badly"])
    }

    /// A text in which every agent is called an agent: the words of a name tell of nothing. Nor does
    /// "under review", which only says which one is meant.
    fn without_names(&self, text: &str) -> String {
        let mut plain = text.to_owned();
        for (_, names) in &self.agents {
            for name in names {
                if mentions(&plain, name) {
                    plain = replaced(&plain, name, "agent");
                }
            }
        }
        for (word, instead) in [
            ("under review", ""),
            ("audit log", "log"),
            ("audit trail", "log"),
        ] {
            if plain.contains(word) {
                plain = replaced(&plain, word, instead);
            }
        }
        plain
    }

    /// The agent that a text names, the first one.
    fn agent_in(&self, text: &str) -> Option<AgentId> {
        let names = |names: &[String]| names.iter().any(|name| mentions(text, name));
        self.agents
            .iter()
            .find(|(_, known)| names(known))
            .map(|(agent, _)| agent.clone())
    }
}
