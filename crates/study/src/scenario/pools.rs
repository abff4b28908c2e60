//! Sets of items with gold labels, and the draws from them.
//!
//! A draw takes so many items of each stratum and puts them into an order, by a seed that depends
//! on the scenario, the pool and the number of the draw: arms share draws by index, and the true
//! mean is the same in every draw (validity.md, section 3). A gold label never reaches a text.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::Value;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use tribune_evidence::ItemScore;
use tribune_organism::PoolItem;

use super::form::{PoolFileForm, PoolForm, When};
use crate::shuffle::shuffle;
use crate::source::{Source, SourceError};

/// The fewest items that a pool may have.
const LEAST: usize = 60;

/// A pool, checked.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) when: When,
    /// What people are told of it.
    pub(super) set: ItemSet,
    rubric: String,
    /// The items of each stratum and how many of them are drawn.
    strata: Vec<(Vec<PoolItem>, usize)>,
    seed: [u8; 32],
}

/// A set of items, as people are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemSet {
    /// What it is called; a study that brings items of its own means it by this.
    pub name: String,
    /// What it is, in one line.
    pub meaning: String,
    /// How many items it has.
    pub items: usize,
    /// How many of them say why their gold label is what it is.
    pub explained: usize,
    /// How many are drawn for a trial.
    pub drawn: usize,
}

/// What one trial is given of a pool.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    pub(super) items: Vec<PoolItem>,
}

impl Pool {
    /// Reads a pool and checks it against what is drawn from it.
    pub(super) fn new(
        scenario: &str,
        main: &Source,
        form: &PoolForm,
        file: &Source,
    ) -> Result<Self, SourceError> {
        let written: PoolFileForm = file.parse()?;
        if written.items.len() < LEAST {
            let what = format!("the pool has {} items", written.items.len());
            return Err(file.whole(what, format!("at least {LEAST} are needed")));
        }
        let (mut ids, mut answers) = (BTreeSet::new(), BTreeSet::new());
        let mut by_stratum: BTreeMap<&str, Vec<PoolItem>> = BTreeMap::new();
        for entry in &written.items {
            let item = entry.get_ref();
            if !(0.0..=100.0).contains(&item.gold) {
                let what = format!("the gold label {} is off the scale", item.gold);
                return Err(file.at(entry.span(), what, "from 0 to 100"));
            }
            if !ids.insert(&item.id) || !answers.insert(&item.answer) {
                let what = format!("the id or the answer of {:?} is there twice", item.id);
                return Err(file.at(entry.span(), what, "each item needs its own"));
            }
            by_stratum.entry(&item.stratum).or_default().push(PoolItem {
                id: item.id.clone(),
                question: item.question.clone(),
                answer: item.answer.clone(),
                gold: item.gold,
            });
        }
        let mut strata = Vec::new();
        for (name, take) in &form.strata {
            let Some(items) = by_stratum.remove(name.get_ref().as_str()) else {
                let known = written
                    .items
                    .iter()
                    .map(|item| item.get_ref().stratum.as_str());
                let known: BTreeSet<&str> = known.collect();
                let known = known.into_iter();
                return Err(main.unknown(name.span(), "stratum", name.get_ref(), known));
            };
            if items.len() < *take as usize {
                let what = format!("the stratum has {} items and {take} are drawn", items.len());
                return Err(main.at(name.span(), what, "draw fewer, or write more"));
            }
            strata.push((items, *take as usize));
        }
        let drawn: usize = strata.iter().map(|(_, take)| take).sum();
        if drawn == 0 || drawn != *form.draw.get_ref() as usize {
            let what = format!("the strata give {drawn} items");
            let hint = format!("they must add up to the draw, {}", form.draw.get_ref());
            return Err(main.at(form.draw.span(), what, hint));
        }
        let mut hasher = Sha256::new();
        hasher.update(b"tribune pool v1\0");
        for part in [scenario, form.name.get_ref(), form.file.get_ref()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let explains =
            |item: &&toml::Spanned<super::form::ItemForm>| !item.get_ref().why.trim().is_empty();
        let pool = Self {
            set: ItemSet {
                name: written.name.clone(),
                meaning: written.meaning.clone(),
                items: written.items.len(),
                explained: written.items.iter().filter(explains).count(),
                drawn,
            },
            name: form.name.get_ref().clone(),
            when: form.when.clone(),
            rubric: written.rubric,
            strata,
            seed: hasher.finalize().into(),
        };
        Ok(pool)
    }

    /// Whether draws up to a number all have the same true mean; two that differ, if not.
    pub(super) fn means_differ(&self, draws: u32) -> Option<(f64, f64)> {
        let first = self.draw(0).mean();
        (1..draws)
            .map(|number| self.draw(number).mean())
            .find(|mean| (mean - first).abs() > 1e-9)
            .map(|mean| (first, mean))
    }

    /// The items of a draw, in its order.
    pub(super) fn draw(&self, number: u32) -> Draw {
        let mut random = ChaCha8Rng::from_seed(self.seed);
        random.set_stream(u64::from(number));
        let mut items = Vec::new();
        for (all, take) in &self.strata {
            let mut places: Vec<usize> = (0..all.len()).collect();
            shuffle(&mut places, &mut random);
            items.extend(
                places
                    .into_iter()
                    .take(*take)
                    .map(|place| all[place].clone()),
            );
        }
        shuffle(&mut items, &mut random);
        Draw { items }
    }

    /// The rubric, for texts.
    pub(super) fn rubric(&self) -> &str {
        &self.rubric
    }

    /// Every item, for a competent reviewer's knowledge.
    pub(super) fn items(&self) -> impl Iterator<Item = &PoolItem> {
        self.strata.iter().flat_map(|(items, _)| items)
    }
}

impl Draw {
    /// The true mean.
    pub(super) fn mean(&self) -> f64 {
        let sum: f64 = self.items.iter().map(|item| item.gold).sum();
        sum / self.items.len().max(1) as f64
    }

    /// The gold labels.
    pub(super) fn gold(&self) -> Vec<ItemScore> {
        let gold = |item: &PoolItem| ItemScore {
            item: item.id.as_str().into(),
            score: item.gold,
        };
        self.items.iter().map(gold).collect()
    }

    /// What texts may show of it.
    pub(super) fn shown(&self) -> Value {
        let shown = self.items.iter().zip(1_u32..).map(|(item, number)| {
            Value::from_pairs([
                ("number", Value::from(number)),
                ("id", Value::from(item.id.as_str())),
                ("question", Value::from(item.question.as_str())),
                ("answer", Value::from(item.answer.as_str())),
            ])
        });
        Value::from(shown.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool_file(right: usize, wrong: usize) -> Source {
        let mut text = "name = \"p\"\nmeaning = \"m\"\n".to_owned();
        for number in 0..right + wrong {
            let (gold, stratum) = if number < right {
                (100, "right")
            } else {
                (0, "wrong")
            };
            text.push_str(&format!(
                "[[items]]\nid = \"q{number}\"\nquestion = \"Q{number}\"\nanswer = \"A{number}\"\n\
                 gold = {gold}\nstratum = \"{stratum}\"\n"
            ));
        }
        Source::new("pool.toml", text)
    }

    fn form(text: &str) -> (Source, PoolForm) {
        let source = Source::new("scenario.toml", text);
        let form = source.parse().unwrap();
        (source, form)
    }

    const TWELVE: &str =
        "name = \"items\"\nfile = \"pool.toml\"\ndraw = 20\nstrata = { right = 12, wrong = 8 }\n";

    #[test]
    fn every_draw_has_the_same_mean_and_draws_differ() {
        let (main, form) = form(TWELVE);
        let pool = Pool::new("s", &main, &form, &pool_file(40, 32)).unwrap();
        assert_eq!(pool.means_differ(50), None);
        let ids = |number| -> Vec<String> {
            pool.draw(number)
                .items
                .into_iter()
                .map(|item| item.id)
                .collect()
        };
        assert_eq!(pool.draw(3).mean(), 60.0);
        assert_eq!(ids(3), ids(3));
        assert_ne!(ids(3), ids(4));
        let unique: BTreeSet<String> = ids(3).into_iter().collect();
        assert_eq!(unique.len(), 20);
    }

    #[test]
    fn a_pool_that_is_too_small_is_refused_with_its_place() {
        let (main, form) = form(TWELVE);
        let error = Pool::new("s", &main, &form, &pool_file(30, 20)).unwrap_err();
        assert!(
            error.to_string().contains("the pool has 50 items"),
            "{error}"
        );
        let error = Pool::new("s", &main, &form, &pool_file(70, 5)).unwrap_err();
        assert!(error.to_string().starts_with("scenario.toml:4:"), "{error}");
        assert!(
            error.to_string().contains("has 5 items and 8 are drawn"),
            "{error}"
        );
    }

    #[test]
    fn strata_add_up_to_the_draw() {
        let (main, form) = form(&TWELVE.replace("20", "21"));
        let error = Pool::new("s", &main, &form, &pool_file(40, 32)).unwrap_err();
        assert!(error.to_string().contains("they must add up"), "{error}");
    }

    #[test]
    fn gold_labels_are_not_among_what_is_shown() {
        let (main, form) = form(TWELVE);
        let pool = Pool::new("s", &main, &form, &pool_file(40, 32)).unwrap();
        let shown = pool.draw(0).shown();
        let keys: Vec<String> = shown
            .get_item(&Value::from(0))
            .unwrap()
            .try_iter()
            .unwrap()
            .map(|key| key.to_string())
            .collect();
        assert_eq!(keys, ["answer", "id", "number", "question"]);
    }
}
