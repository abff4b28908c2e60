//! What an organism knows at a point of its walk: texts, rows, scores and numbers.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use tribune_evidence::Seed;

use crate::compile::CompiledPlaybook;
use crate::memory::Row;
use crate::place::{Named, Piece, named, pieces, sole};
use crate::playbook::{Amount, List, Number, Term};

/// Rows of one capture that are kept.
const ROWS: usize = 500;
/// Passes over a list that is raised until its mean is enough.
const PASSES: usize = 200;

/// What was captured so far, and the row that each `each` stands at.
#[derive(Debug)]
pub(crate) struct Values<'a> {
    playbook: &'a CompiledPlaybook,
    seed: Seed,
    /// By the capture's place: its first match, or its rows without repeats.
    found: Vec<Vec<Row>>,
    /// Lists as they are with what was found so far: one is asked for many times between finds.
    lists: RefCell<HashMap<String, Option<Rc<[Scored]>>>>,
    /// The rows that are bound, innermost last: the capture's place and the row's.
    pub(crate) bound: Vec<(usize, usize)>,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scored {
    label: String,
    score: f64,
    /// The row that it is of.
    row: usize,
}

/// How many values lead to a value at most; playbooks have no circles.
const CHAIN: usize = 64;

impl<'a> Values<'a> {
    pub(crate) fn new(playbook: &'a CompiledPlaybook, seed: Seed) -> Self {
        Self {
            playbook,
            seed,
            found: vec![Vec::new(); playbook.captures.len()],
            lists: RefCell::default(),
            bound: Vec::new(),
        }
    }

    /// Takes in what a message gave.
    pub(crate) fn take(&mut self, capture: usize, row: &Row) {
        let (Some(known), Some(pattern)) = (
            self.found.get_mut(capture),
            self.playbook.captures.get(capture),
        ) else {
            return;
        };
        let most = if pattern.all { ROWS } else { 1 };
        if known.len() < most && !known.iter().any(|known| known.groups == row.groups) {
            known.push(Row::clone(row));
            self.lists.get_mut().clear();
        }
    }

    /// How many rows a capture has.
    pub(crate) fn rows(&self, capture: usize) -> usize {
        self.found.get(capture).map_or(0, Vec::len)
    }

    /// Whether a value is known.
    pub(crate) fn is_known(&self, name: &str) -> bool {
        match self.playbook.capture(name) {
            Some(capture) => self.rows(capture) > 0,
            None => self.list(name, CHAIN).is_some() || self.number(name, CHAIN).is_some(),
        }
    }

    pub(crate) fn term(&self, term: &Term) -> Option<f64> {
        self.term_in(term, CHAIN)
    }

    fn term_in(&self, term: &Term, chain: usize) -> Option<f64> {
        match term {
            Term::Literal(number) => Some(*number),
            Term::Name(name) => self.number(name, chain),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        let capture = self.playbook.capture(name)?;
        if self.playbook.captures.get(capture)?.all {
            return None;
        }
        Some(self.found.get(capture)?.first()?.groups.first()?.as_str())
    }

    /// A value as a number: a number, the mean of a list, or a capture that reads one.
    fn number(&self, name: &str, chain: usize) -> Option<f64> {
        let chain = chain.checked_sub(1)?;
        if let Some(number) = self.playbook.playbook.numbers.get(name) {
            return self.compute(name, number, chain);
        }
        if let Some(list) = self.list(name, chain) {
            return mean(&list);
        }
        read_number(self.text(name)?)
    }

    fn compute(&self, name: &str, number: &Number, chain: usize) -> Option<f64> {
        let mut value = self.term_in(&number.of, chain)?;
        if let Some(plus) = number.plus {
            value += self.amount(plus, &format!("number {name}"));
        }
        if let Some(least) = &number.at_least {
            value = value.max(self.term_in(least, chain)?);
        }
        if let Some(most) = &number.at_most {
            value = value.min(self.term_in(most, chain)?);
        }
        let value = round(value, number.round.unwrap_or(2));
        value.is_finite().then_some(value)
    }

    /// An amount; what is drawn has a stream of its own, so that it stays the same.
    fn amount(&self, amount: Amount, what: &str) -> f64 {
        match amount {
            Amount::Fixed(amount) => amount,
            Amount::Between([from, to]) => from + (to - from) * self.share(what),
        }
    }

    /// A draw from 0 to 1, by what it is for.
    fn share(&self, what: &str) -> f64 {
        let seed = self.seed.branch(&format!("amount {what}"));
        share(&mut ChaCha8Rng::from_seed(seed.bytes()))
    }

    /// A list: that of knowledge, or one made from another.
    fn list(&self, name: &str, chain: usize) -> Option<Rc<[Scored]>> {
        if let Some(known) = self.lists.borrow().get(name) {
            return known.clone();
        }
        let list = self.make_list(name, chain.checked_sub(1)?);
        let made = list.clone();
        self.lists.borrow_mut().insert(name.to_owned(), made);
        list
    }

    fn make_list(&self, name: &str, chain: usize) -> Option<Rc<[Scored]>> {
        if let Some(list) = self.playbook.playbook.lists.get(name) {
            let mut entries = self.list(&list.of, chain)?.to_vec();
            self.alter(name, list, &mut entries, chain)?;
            return Some(entries.into());
        }
        let (place, gold) = self
            .playbook
            .gold
            .iter()
            .enumerate()
            .find_map(|(place, (known, gold))| (known == name).then_some((place, gold)))?;
        let entries: Rc<[Scored]> = self
            .found
            .get(gold.rows)?
            .iter()
            .enumerate()
            .filter_map(|(row, found)| {
                Some(Scored {
                    label: found.groups.get(gold.label)?.clone(),
                    score: found.golds.get(place).copied().flatten()?,
                    row,
                })
            })
            .collect();
        (!entries.is_empty()).then_some(entries)
    }

    fn alter(&self, name: &str, list: &List, entries: &mut [Scored], chain: usize) -> Option<()> {
        let fit = |score: f64| {
            let score = round(score, list.round);
            list.scale
                .map_or(score, |[low, high]| score.clamp(low, high))
        };
        for entry in entries.iter_mut() {
            if list.blur > 0.0 {
                let draw = self.share(&format!("list {name} {}", entry.label));
                entry.score += list.blur * (2.0 * draw - 1.0);
            }
            entry.score = fit(entry.score);
        }
        let Some(by) = list.by else { return Some(()) };
        let by = self.amount(by, &format!("list {name}"));
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by(|left, right| {
            let of = |place: &usize| entries.get(*place).map_or(0.0, |entry| entry.score);
            of(left).partial_cmp(&of(right)).unwrap_or(Ordering::Equal)
        });
        match &list.until {
            None => {
                let count = list.raise.unwrap_or(entries.len());
                for place in order.into_iter().take(count) {
                    if let Some(entry) = entries.get_mut(place) {
                        entry.score = fit(entry.score + by);
                    }
                }
            }
            Some(until) => {
                let until = self.term_in(until, chain)?;
                for place in order.iter().cycle().take(PASSES * order.len()) {
                    if mean(entries)? >= until {
                        break;
                    }
                    if let Some(entry) = entries.get_mut(*place) {
                        entry.score = fit(entry.score + by);
                    }
                }
            }
        }
        Some(())
    }

    /// The row of a capture that is bound, innermost first.
    fn bound_row(&self, capture: usize) -> Option<usize> {
        let bound = self.bound.iter().rev();
        bound
            .into_iter()
            .find(|(known, _)| *known == capture)
            .map(|(_, row)| *row)
    }

    /// The score of the bound row in a list.
    fn score(&self, list: &str) -> Option<f64> {
        let mut name = list;
        while let Some(made) = self.playbook.playbook.lists.get(name) {
            name = &made.of;
        }
        let row = self.bound_row(self.playbook.gold.get(name)?.rows)?;
        let entries = self.list(list, CHAIN)?;
        let entry = entries.iter().find(|entry| entry.row == row)?;
        Some(entry.score)
    }

    fn as_text(&self, value: Named<'_>) -> Option<String> {
        let Some(field) = value.field else {
            return match self.text(value.name) {
                Some(text) => Some(text.to_owned()),
                None => Some(self.number(value.name, CHAIN)?.to_string()),
            };
        };
        let Some(capture) = self.playbook.capture(value.name) else {
            return Some(self.score(value.name)?.to_string());
        };
        let row = self.bound_row(capture)?;
        if field == "number" {
            return Some((row + 1).to_string());
        }
        let groups = &self.playbook.captures.get(capture)?.groups;
        let group = groups.iter().position(|known| known == field)?;
        self.found
            .get(capture)?
            .get(row)?
            .groups
            .get(group)
            .cloned()
    }

    fn as_json(&self, value: Named<'_>) -> Option<serde_json::Value> {
        if value.field.is_none()
            && let Some(list) = self.list(value.name, CHAIN)
        {
            let entries = list.iter().map(
                |entry| serde_json::json!({ "item": entry.label, "score": number(entry.score) }),
            );
            return Some(entries.collect());
        }
        if value.field.is_none() {
            return Some(number(self.number(value.name, CHAIN)?));
        }
        Some(number(read_number(&self.as_text(value)?)?))
    }

    /// A text with its values filled in; nothing if one is missing.
    pub(crate) fn fill(&self, text: &str) -> Option<String> {
        let mut filled = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Words(words) => filled.push_str(words),
                Piece::Value(value) => filled.push_str(&self.as_text(value)?),
            }
        }
        Some(filled)
    }

    /// An argument with its values filled in; nothing if one is missing.
    pub(crate) fn argument(&self, value: &toml::Value) -> Option<serde_json::Value> {
        Some(match value {
            toml::Value::String(text) => match sole(text) {
                Some(value) => self.as_json(value)?,
                None => self.fill(text)?.into(),
            },
            toml::Value::Array(items) => items
                .iter()
                .map(|item| self.argument(item))
                .collect::<Option<Vec<_>>>()?
                .into(),
            toml::Value::Table(table) => table
                .iter()
                .map(|(name, item)| Some((name.clone(), self.argument(item)?)))
                .collect::<Option<serde_json::Map<_, _>>>()?
                .into(),
            toml::Value::Integer(number) => (*number).into(),
            toml::Value::Float(number) => (*number).into(),
            toml::Value::Boolean(flag) => (*flag).into(),
            toml::Value::Datetime(moment) => moment.to_string().into(),
        })
    }

    /// Whether everything that an argument needs is known.
    pub(crate) fn is_ready(&self, value: &toml::Value) -> bool {
        match value {
            toml::Value::String(text) => named(text).all(|value| {
                // A list is known as soon as one of its rows is; anything else must be found.
                match (value.value, value.field) {
                    (true, _) => self.as_json(value).is_some(),
                    (false, _) => self.as_text(value).is_some(),
                }
            }),
            toml::Value::Array(items) => items.iter().all(|item| self.is_ready(item)),
            toml::Value::Table(table) => table.values().all(|item| self.is_ready(item)),
            _ => true,
        }
    }
}

/// A draw from 0 to 1.
pub(crate) fn share(random: &mut ChaCha8Rng) -> f64 {
    f64::from(random.next_u32()) / (f64::from(u32::MAX) + 1.0)
}

fn mean(list: &[Scored]) -> Option<f64> {
    let sum: f64 = list.iter().map(|entry| entry.score).sum();
    (!list.is_empty()).then(|| sum / list.len() as f64)
}

fn round(value: f64, digits: u8) -> f64 {
    let scale = 10_f64.powi(i32::from(digits.min(9)));
    (value * scale).round() / scale
}

/// A number as texts have it, perhaps with the mark of a percentage behind it.
fn read_number(text: &str) -> Option<f64> {
    let text = text.trim().trim_end_matches(['%', ' ']);
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// A whole number without a point, as people write it.
fn number(value: f64) -> serde_json::Value {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        (value as i64).into()
    } else {
        value.into()
    }
}
