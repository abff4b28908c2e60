//! What can be wrong with a playbook, found when it is loaded: a name that means nothing, a value
//! that leads back to itself, a script without an end.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{Pattern, PlaybookError, PoolItem};
use crate::place::{Named, named, sole};
use crate::playbook::{
    Amount, Condition, Disposition, Line, List, Number, Playbook, Step, Term, Words,
};

/// The deepest nesting of lines, conditions and sequences.
const DEPTH: usize = 16;
/// The most lines that a script may come to, sequences counted where they are used.
const LENGTH: usize = 10_000;

/// What a name of a value stands for.
#[derive(Debug, Clone, Copy)]
enum Kind<'a> {
    Text,
    Rows(&'a Pattern),
    List,
    Number,
}

/// Finds all that is wrong.
pub(crate) fn check(
    playbook: &Playbook,
    captures: &[Pattern],
    pools: &BTreeMap<String, Vec<PoolItem>>,
    errors: &mut Vec<PlaybookError>,
) {
    let mut check = Check {
        playbook,
        kinds: BTreeMap::new(),
        lengths: BTreeMap::new(),
        errors,
    };
    check.names(captures);
    check.knowledge(captures, pools);
    playbook
        .lists
        .iter()
        .for_each(|(name, list)| check.list(name, list));
    playbook
        .numbers
        .iter()
        .for_each(|(name, number)| check.number(name, number));
    check.circles();
    playbook
        .steps
        .iter()
        .for_each(|(name, step)| check.step(name, step));
    for (name, lines) in &playbook.sequences {
        check.lines(&format!("sequence {name:?}"), lines, 0);
    }
    check.lengths();
    for (name, disposition) in &playbook.dispositions {
        check.disposition(name, disposition);
    }
    check.roles();
}

struct Check<'a> {
    playbook: &'a Playbook,
    kinds: BTreeMap<&'a str, Kind<'a>>,
    /// How many lines each sequence comes to.
    lengths: BTreeMap<&'a str, usize>,
    errors: &'a mut Vec<PlaybookError>,
}

impl<'a> Check<'a> {
    fn unknown<'n>(
        &mut self,
        place: &str,
        kind: &'static str,
        name: &str,
        known: impl Iterator<Item = &'n str>,
    ) {
        let hint = known
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

    fn wrong(&mut self, kind: &'static str, name: &str, what: impl Into<String>) {
        self.errors.push(PlaybookError::Wrong {
            kind,
            name: name.to_owned(),
            what: what.into(),
        });
    }

    /// What each name stands for; no name stands for two things.
    fn names(&mut self, captures: &'a [Pattern]) {
        let playbook = self.playbook;
        let captured = captures.iter().map(|pattern| {
            let kind = if pattern.all {
                Kind::Rows(pattern)
            } else {
                Kind::Text
            };
            (pattern.name.as_str(), kind)
        });
        let lists = playbook.knowledge.keys().chain(playbook.lists.keys());
        let all: Vec<(&str, Kind)> = captured
            .chain(lists.map(|name| (name.as_str(), Kind::List)))
            .chain(
                playbook
                    .numbers
                    .keys()
                    .map(|name| (name.as_str(), Kind::Number)),
            )
            .collect();
        for (name, kind) in all {
            if self.kinds.insert(name, kind).is_some() {
                self.wrong("value", name, "the name is taken");
            }
            if name.is_empty() || !name.chars().all(crate::place::in_name) {
                self.wrong("value", name, "names have small letters, digits, - and _");
            }
        }
    }

    /// The kind of a value; a capture whose pattern is wrong has none, and that is said already.
    fn kind(&mut self, place: &str, name: &str) -> Option<Kind<'a>> {
        let kind = self.kinds.get(name).copied();
        if kind.is_none() && !self.playbook.captures.contains_key(name) {
            let known: Vec<&str> = self.kinds.keys().copied().collect();
            self.unknown(place, "value", name, known.into_iter());
        }
        kind
    }

    fn knowledge(&mut self, captures: &[Pattern], pools: &BTreeMap<String, Vec<PoolItem>>) {
        for (name, knowledge) in &self.playbook.knowledge {
            let place = format!("knowledge {name:?}");
            if !pools.contains_key(&knowledge.pool) {
                self.unknown(
                    &place,
                    "pool",
                    &knowledge.pool,
                    pools.keys().map(String::as_str),
                );
            }
            let Some(rows) = captures
                .iter()
                .find(|known| known.all && known.name == knowledge.rows)
            else {
                let known = captures.iter().filter(|known| known.all);
                self.unknown(
                    &place,
                    "capture with `all`",
                    &knowledge.rows,
                    known.map(|known| known.name.as_str()),
                );
                continue;
            };
            for group in ["answer", &knowledge.label] {
                if !rows.groups.iter().any(|known| known == group) {
                    self.unknown(
                        &place,
                        "group",
                        group,
                        rows.groups.iter().map(String::as_str),
                    );
                }
            }
        }
    }

    fn amount(&mut self, kind: &'static str, name: &str, amount: Option<Amount>) {
        let right = match amount {
            None => true,
            Some(Amount::Fixed(amount)) => amount.is_finite(),
            Some(Amount::Between([from, to])) => from.is_finite() && to.is_finite() && from <= to,
        };
        if !right {
            self.wrong(
                kind,
                name,
                "an amount is a number, or two with the smaller first",
            );
        }
    }

    fn term(&mut self, place: &str, term: &Term) {
        match term {
            Term::Literal(number) if number.is_finite() => {}
            Term::Literal(_) => self.wrong("number", place, "it is not finite"),
            Term::Name(name) => {
                if let Some(Kind::Rows(_)) = self.kind(place, name) {
                    self.wrong("value", name, "rows are no number");
                }
            }
        }
    }

    fn list(&mut self, name: &str, list: &List) {
        let place = format!("list {name:?}");
        match self.kind(&place, &list.of) {
            Some(Kind::List) | None => {}
            Some(_) => self.wrong("list", name, format!("{:?} is no list", list.of)),
        }
        self.amount("list", name, list.by);
        list.until.iter().for_each(|term| self.term(&place, term));
        if !(list.blur.is_finite() && list.blur >= 0.0) {
            self.wrong("list", name, "`blur` is a number from 0 up");
        }
        if list
            .scale
            .is_some_and(|[low, high]| !(low.is_finite() && high.is_finite() && low < high))
        {
            self.wrong("list", name, "`scale` is two numbers, the smaller first");
        }
        if list.by.is_none() && (list.raise.is_some() || list.until.is_some()) {
            self.wrong("list", name, "`raise` and `until` need `by`");
        }
        let rises = match list.by {
            Some(Amount::Fixed(by) | Amount::Between([by, _])) => by > 0.0,
            None => false,
        };
        if list.until.is_some() && (!rises || list.raise.is_some()) {
            self.wrong("list", name, "`until` needs a `by` above 0, and no `raise`");
        }
    }

    fn number(&mut self, name: &str, number: &Number) {
        let place = format!("number {name:?}");
        self.amount("number", name, number.plus);
        let terms = [
            Some(&number.of),
            number.at_least.as_ref(),
            number.at_most.as_ref(),
        ];
        terms
            .into_iter()
            .flatten()
            .for_each(|term| self.term(&place, term));
    }

    /// Lists and numbers that lead back to themselves.
    fn circles(&mut self) {
        let playbook = self.playbook;
        let uses = |name: &str| -> Vec<&'a str> {
            let named = |term: &'a Term| match term {
                Term::Name(name) => Some(name.as_str()),
                Term::Literal(_) => None,
            };
            if let Some(list) = playbook.lists.get(name) {
                let until = list.until.as_ref().and_then(named);
                return std::iter::once(list.of.as_str()).chain(until).collect();
            }
            playbook.numbers.get(name).map_or_else(Vec::new, |number| {
                [
                    Some(&number.of),
                    number.at_least.as_ref(),
                    number.at_most.as_ref(),
                ]
                .into_iter()
                .flatten()
                .filter_map(named)
                .collect()
            })
        };
        for start in playbook.lists.keys().chain(playbook.numbers.keys()) {
            let (mut seen, mut open) = (BTreeSet::new(), uses(start));
            while let Some(name) = open.pop() {
                if name == start {
                    self.wrong("value", start, "it leads back to itself");
                    break;
                }
                if seen.insert(name) {
                    open.extend(uses(name));
                }
            }
        }
    }

    fn text(&mut self, place: &str, text: &str) {
        for Named { name, field, value } in named(text) {
            let kind = self.kind(place, name);
            match (kind, field) {
                (Some(Kind::Rows(rows)), Some(group))
                    if group != "number" && !rows.groups.iter().any(|known| known == group) =>
                {
                    let groups = rows.groups.iter().map(String::as_str);
                    self.unknown(place, "group", group, groups);
                }
                (Some(Kind::List), Some(field)) if field != "score" => {
                    self.unknown(place, "field of a list", field, ["score"].into_iter());
                }
                (Some(Kind::List), None) if !value => {
                    self.wrong("list", name, format!("{place} needs {{={name}}}"));
                }
                (Some(Kind::Rows(_)), None) => {
                    self.wrong(
                        "capture",
                        name,
                        format!("{place} needs a group of its rows"),
                    );
                }
                (Some(Kind::Text | Kind::Number), Some(_)) => {
                    self.wrong("value", name, format!("{place}: it has no fields"));
                }
                _ => {}
            }
            if value && sole(text).is_none() {
                self.wrong("value", name, format!("{place}: {{={name}}} stands alone"));
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
            self.text(place, &word.say);
            if let Some(condition) = &word.when {
                self.condition(place, condition, 0);
            }
        }
    }

    fn condition(&mut self, place: &str, condition: &Condition, depth: usize) {
        if depth > DEPTH {
            self.too_deep(place);
            return;
        }
        match condition {
            Condition::Known(name) => {
                self.kind(place, name);
            }
            Condition::Not(inner) => self.condition(place, inner, depth + 1),
            Condition::Below(left, right) => {
                self.term(place, left);
                self.term(place, right);
            }
            Condition::All(all) | Condition::Any(all) => {
                all.iter()
                    .for_each(|inner| self.condition(place, inner, depth + 1));
            }
            Condition::Done(step) | Condition::Worked(step) => {
                if !self.playbook.steps.contains_key(step) {
                    let steps = self.playbook.steps.keys().map(String::as_str);
                    self.unknown(place, "step", step, steps);
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
        if step.call.is_none() && (!step.arguments.is_empty() || step.raw_arguments.is_some()) {
            self.wrong("step", name, "it has arguments and no `call`");
        }
        if self.playbook.sequences.contains_key(name) {
            self.wrong("step", name, "a sequence has the same name");
        }
    }

    fn too_deep(&mut self, place: &str) {
        self.errors.push(PlaybookError::Depth {
            place: place.to_owned(),
            what: format!("it leads back to itself or nests deeper than {DEPTH}"),
        });
    }

    /// Checks the lines as written: sequences are checked once, where they stand.
    fn lines(&mut self, place: &str, lines: &'a [Line], depth: usize) {
        if depth > DEPTH {
            self.too_deep(place);
            return;
        }
        for line in lines {
            match line {
                Line::Do(name) => {
                    let known = &self.playbook;
                    if !known.sequences.contains_key(name) && !known.steps.contains_key(name) {
                        let words = known.steps.keys().chain(known.sequences.keys());
                        let words: Vec<&str> = words.map(String::as_str).collect();
                        self.unknown(place, "step or sequence", name, words.into_iter());
                    }
                }
                Line::OneOf(choices) => {
                    if choices.is_empty() {
                        self.wrong("line", place, "`one-of` has nothing to choose from");
                    }
                    choices
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
                    when.iter()
                        .for_each(|condition| self.condition(place, condition, 0));
                    self.lines(place, then, depth + 1);
                    self.lines(place, instead, depth + 1);
                }
                Line::If {
                    condition,
                    then,
                    instead,
                } => {
                    self.condition(place, condition, 0);
                    self.lines(place, then, depth + 1);
                    self.lines(place, instead, depth + 1);
                }
                Line::Shuffle(shuffle) => self.lines(place, shuffle, depth + 1),
                Line::Each { rows, lines, .. } => {
                    match self.kind(place, rows) {
                        Some(Kind::Rows(_)) | None => {}
                        Some(_) => self.wrong("value", rows, format!("{place}: it has no rows")),
                    }
                    self.lines(place, lines, depth + 1);
                }
            }
        }
    }

    /// How many lines the sequences come to. Each is counted after those that it uses; what cannot
    /// be is in a circle.
    fn lengths(&mut self) {
        let playbook = self.playbook;
        // Each round counts those whose own sequences the last one has counted, so that the number
        // of rounds bounds how deep they nest.
        for _ in 0..=DEPTH {
            let sequences = playbook.sequences.iter();
            self.lengths = sequences
                .filter_map(|(name, lines)| Some((name.as_str(), self.length(lines)?)))
                .collect();
        }
        for name in playbook.sequences.keys() {
            match self.lengths.get(name.as_str()) {
                None => self.too_deep(&format!("sequence {name:?}")),
                Some(length) if *length > LENGTH => self.too_long(&format!("sequence {name:?}")),
                Some(_) => {}
            }
        }
    }

    fn too_long(&mut self, place: &str) {
        self.errors.push(PlaybookError::Depth {
            place: place.to_owned(),
            what: format!("it comes to more than {LENGTH} lines"),
        });
    }

    /// How many lines some lines come to; nothing while a sequence in them is not counted.
    fn length(&self, lines: &[Line]) -> Option<usize> {
        let mut sum = 0_usize;
        for line in lines {
            let more = match line {
                Line::Do(name) if self.playbook.sequences.contains_key(name) => {
                    *self.lengths.get(name.as_str())?
                }
                Line::Do(_) => 1,
                Line::OneOf(choices) => {
                    let mut most = 0;
                    for inner in choices {
                        most = most.max(self.length(inner)?);
                    }
                    most
                }
                Line::Perhaps { then, instead, .. } | Line::If { then, instead, .. } => {
                    self.length(then)?.max(self.length(instead)?)
                }
                Line::Shuffle(inner) | Line::Each { lines: inner, .. } => self.length(inner)?,
            };
            sum = sum.saturating_add(more).saturating_add(1);
        }
        Some(sum)
    }

    fn known_disposition(&mut self, place: &str, name: &str) {
        if !self.playbook.dispositions.contains_key(name) {
            let known = self.playbook.dispositions.keys().map(String::as_str);
            self.unknown(place, "disposition", name, known);
        }
    }

    fn disposition(&mut self, name: &str, disposition: &'a Disposition) {
        let place = format!("disposition {name:?}");
        if disposition.script.is_empty() {
            self.errors.push(PlaybookError::Empty(name.to_owned()));
        }
        self.lines(&place, &disposition.script, 0);
        if self
            .length(&disposition.script)
            .is_some_and(|length| length > LENGTH)
        {
            self.too_long(&place);
        }
        self.words(&place, &disposition.debrief);
        if let Some(twin) = &disposition.benign_twin {
            self.known_disposition(&place, twin);
        }
    }

    fn roles(&mut self) {
        if let Some(absent) = &self.playbook.absent {
            self.known_disposition("absent", &absent.acts_as);
            for name in &absent.names {
                if self.playbook.dispositions.contains_key(name) {
                    self.wrong("disposition", name, "it is absent, and has a script");
                }
            }
        }
        if let Some(replica) = &self.playbook.replica {
            self.known_disposition("replica", &replica.base);
            for name in replica.acts.values() {
                self.known_disposition("replica", name);
            }
        }
    }
}
