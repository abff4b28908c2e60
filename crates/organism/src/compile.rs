//! A playbook made ready: every name checked, every pattern compiled.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

use crate::playbook::{Disposition, Line, Playbook, Step, Where, Words};

/// The deepest nesting of lines and sequences.
const DEPTH: usize = 16;
/// The most memory that one pattern may take when compiled.
const PATTERN_BYTES: usize = 1 << 20;

/// What is wrong with a playbook.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlaybookError {
    /// A name that means nothing.
    #[error("{place}: there is no {kind} {name:?}{hint}")]
    Unknown {
        /// Where it stands.
        place: String,
        /// What it should be.
        kind: &'static str,
        /// The name.
        name: String,
        /// The nearest right one.
        hint: String,
    },
    /// A pattern that does not compile, or has not exactly one group.
    #[error("capture {name:?}: {what}")]
    Pattern {
        /// Which capture.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// A probability outside 0 to 1.
    #[error("{place}: {value} is not a probability from 0 to 1")]
    Chance {
        /// Where it stands.
        place: String,
        /// The value.
        value: f64,
    },
    /// Sequences that lead back to themselves, or nest too deeply.
    #[error("{place}: sequences lead back to themselves or nest deeper than {DEPTH}")]
    Depth {
        /// Where it stands.
        place: String,
    },
    /// A script that does nothing.
    #[error("disposition {0:?} has an empty script")]
    Empty(String),
}

/// A playbook made ready.
#[derive(Debug)]
pub struct CompiledPlaybook {
    playbook: Playbook,
    pub(crate) captures: Vec<(String, Where, Regex)>,
}

impl CompiledPlaybook {
    /// Checks and compiles a playbook.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn new(playbook: Playbook) -> Result<Self, Vec<PlaybookError>> {
        let mut errors = Vec::new();
        let mut captures = Vec::new();
        for (name, capture) in &playbook.captures {
            let wrong = |what: String| PlaybookError::Pattern {
                name: name.clone(),
                what,
            };
            match RegexBuilder::new(&capture.pattern)
                .size_limit(PATTERN_BYTES)
                .build()
            {
                Ok(regex) if regex.captures_len() == 2 => {
                    captures.push((name.clone(), capture.within.clone(), regex));
                }
                Ok(_) => errors.push(wrong("the pattern needs exactly one group".to_owned())),
                Err(error) => errors.push(wrong(error.to_string())),
            }
        }
        let mut check = Check {
            playbook: &playbook,
            errors: &mut errors,
        };
        for (name, step) in &playbook.steps {
            check.step(name, step);
        }
        for (name, lines) in &playbook.sequences {
            check.lines(&format!("sequence {name:?}"), lines, 0);
        }
        for (name, disposition) in &playbook.dispositions {
            check.disposition(name, disposition);
        }
        if errors.is_empty() {
            Ok(Self { playbook, captures })
        } else {
            Err(errors)
        }
    }

    /// The dispositions and what each is.
    pub fn dispositions(&self) -> impl Iterator<Item = (&str, &Disposition)> {
        self.playbook
            .dispositions
            .iter()
            .map(|(name, disposition)| (name.as_str(), disposition))
    }

    pub(crate) fn disposition(&self, name: &str) -> Option<&Disposition> {
        self.playbook.dispositions.get(name)
    }

    pub(crate) fn step(&self, name: &str) -> Option<&Step> {
        self.playbook.steps.get(name)
    }

    pub(crate) fn sequence(&self, name: &str) -> Option<&[Line]> {
        self.playbook.sequences.get(name).map(Vec::as_slice)
    }
}

struct Check<'a> {
    playbook: &'a Playbook,
    errors: &'a mut Vec<PlaybookError>,
}

impl Check<'_> {
    fn unknown<T>(
        &mut self,
        place: &str,
        kind: &'static str,
        name: &str,
        known: &BTreeMap<String, T>,
    ) {
        let hint = known
            .keys()
            .map(|word| (strsim::damerau_levenshtein(word, name), word))
            .filter(|(distance, _)| *distance <= 3)
            .min()
            .map_or_else(String::new, |(_, word)| format!("; did you mean {word:?}?"));
        let (place, name) = (place.to_owned(), name.to_owned());
        self.errors.push(PlaybookError::Unknown {
            place,
            kind,
            name,
            hint,
        });
    }

    fn text(&mut self, place: &str, text: &str) {
        for name in placeholders(text) {
            if !self.playbook.captures.contains_key(name) {
                self.unknown(place, "capture", name, &self.playbook.captures);
            }
        }
    }

    fn value(&mut self, place: &str, value: &toml::Value) {
        match value {
            toml::Value::String(text) => self.text(place, text),
            toml::Value::Array(items) => items.iter().for_each(|item| self.value(place, item)),
            toml::Value::Table(table) => table.values().for_each(|item| self.value(place, item)),
            _ => {}
        }
    }

    fn words(&mut self, place: &str, words: &[Words]) {
        for word in words {
            match word {
                Words::Always(text) => self.text(place, text),
                Words::IfDone { step, say } | Words::IfNotDone { step, say } => {
                    self.text(place, say);
                    if !self.playbook.steps.contains_key(step) {
                        self.unknown(place, "step", step, &self.playbook.steps);
                    }
                }
            }
        }
    }

    fn step(&mut self, name: &str, step: &Step) {
        let place = format!("step {name:?}");
        step.arguments
            .values()
            .for_each(|value| self.value(&place, value));
        self.words(&place, &step.say);
    }

    fn lines(&mut self, place: &str, lines: &[Line], depth: usize) {
        if depth > DEPTH {
            self.errors.push(PlaybookError::Depth {
                place: place.to_owned(),
            });
            return;
        }
        for line in lines {
            match line {
                Line::Do(name) => {
                    if let Some(inner) = self.playbook.sequences.get(name) {
                        // A cycle runs into the bound of depth; one report of it is enough.
                        if self
                            .errors
                            .iter()
                            .any(|e| matches!(e, PlaybookError::Depth { .. }))
                        {
                            return;
                        }
                        self.lines(place, inner, depth + 1);
                    } else if !self.playbook.steps.contains_key(name) {
                        self.unknown(place, "step or sequence", name, &self.playbook.steps);
                    }
                }
                Line::OneOf { one_of } => {
                    one_of
                        .iter()
                        .for_each(|inner| self.lines(place, inner, depth + 1));
                }
                Line::Perhaps {
                    chance,
                    when,
                    otherwise,
                    then,
                    instead,
                } => {
                    for value in [*chance, *otherwise] {
                        if !(0.0..=1.0).contains(&value) {
                            self.errors.push(PlaybookError::Chance {
                                place: place.to_owned(),
                                value,
                            });
                        }
                    }
                    if let Some(name) = when
                        && !self.playbook.captures.contains_key(name)
                    {
                        self.unknown(place, "capture", name, &self.playbook.captures);
                    }
                    self.lines(place, then, depth + 1);
                    self.lines(place, instead, depth + 1);
                }
                Line::Shuffle { shuffle } => self.lines(place, shuffle, depth + 1),
            }
        }
    }

    fn disposition(&mut self, name: &str, disposition: &Disposition) {
        let place = format!("disposition {name:?}");
        if disposition.script.is_empty() {
            self.errors.push(PlaybookError::Empty(name.to_owned()));
        }
        self.lines(&place, &disposition.script, 0);
        self.words(&place, &disposition.debrief);
        if let Some(twin) = &disposition.benign_twin
            && !self.playbook.dispositions.contains_key(twin)
        {
            self.unknown(&place, "disposition", twin, &self.playbook.dispositions);
        }
    }
}

/// The names in braces of a text.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .filter(|name| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        })
}
