//! The table of prices: what models cost, since when that is known, and where it stands.
//!
//! It is data. One comes with the program; a person's own goes before it, and what stands in a
//! study or on the command line goes before both. A model that no table knows has no price: that is
//! unknown, never zero.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::source::{Source, SourceError};
use crate::spec::Price;

/// The only unit, so that a table in another cannot be taken for one in this.
const UNIT: &str = "USD per million tokens";

/// More dollars for a million tokens than any model costs: a figure above is in another unit.
const DEAREST: f64 = 10_000.0;

/// Fewer dollars for a million tokens than any model costs, but for those that cost nothing: a
/// figure below is the price of a single token.
const CHEAPEST: f64 = 0.0005;

/// The table that comes with the program.
const EMBEDDED: &str = include_str!("prices.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TableFile {
    /// When the prices were read, `2026-11-25`.
    date: Spanned<String>,
    unit: Spanned<String>,
    #[serde(default)]
    prices: Vec<RowFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RowFile {
    /// Names, with `*` at the end for whatever follows.
    models: Vec<Spanned<String>>,
    input: Spanned<f64>,
    cached_input: Option<Spanned<f64>>,
    cache_write: Option<Spanned<f64>>,
    output: Spanned<f64>,
    reasoning: Option<Spanned<f64>>,
    batch: Option<BatchFile>,
    /// The page on which it stands.
    source: Spanned<String>,
    /// When that was read, where it is not the table's date.
    date: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct BatchFile {
    input: Spanned<f64>,
    output: Spanned<f64>,
}

/// What a model costs in batches, in dollars for a million tokens. Nothing is sent in batches here:
/// it is for whoever compares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Batch {
    /// Sent.
    pub input: f64,
    /// Received.
    pub output: f64,
}

/// Where a price stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum PricedBy {
    /// A person, on the command line.
    Person,
    /// The study's own file.
    Study,
    /// A table of prices.
    Table {
        /// The table, as a person knows it.
        table: String,
        /// When the price was read.
        date: String,
        /// The page on which it was read.
        source: String,
    },
}

impl fmt::Display for PricedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person => f.write_str("as given by --price"),
            Self::Study => f.write_str("as the study gives it"),
            Self::Table {
                table,
                date,
                source,
            } => write!(f, "as of {date} in {table}, from {source}"),
        }
    }
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PriceRow {
    /// Names of models, some with `*` at the end for whatever follows.
    pub models: Vec<String>,
    /// The price.
    pub price: Price,
    /// The price in batches, where one is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<Batch>,
    /// Where it stands.
    pub by: PricedBy,
}

/// A table of prices.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriceTable {
    rows: Vec<PriceRow>,
}

impl PriceTable {
    /// The table that comes with the program.
    ///
    /// # Errors
    /// It is at fault, which its test rules out.
    pub fn embedded() -> Result<Self, SourceError> {
        Self::parse(&Source::new("prices.toml of this program", EMBEDDED))
    }

    /// Reads a table.
    ///
    /// # Errors
    /// Names the line: a key that is not known, a date or a unit that is missing or wrong, and a
    /// figure that is negative or no price in this unit.
    pub fn parse(source: &Source) -> Result<Self, SourceError> {
        let file: TableFile = source.parse()?;
        if file.unit.get_ref() != UNIT {
            let what = format!("the unit {:?} is not known", file.unit.get_ref());
            return Err(source.at(file.unit.span(), what, format!("write {UNIT:?}")));
        }
        let date = date(source, &file.date)?;
        let mut rows: Vec<PriceRow> = Vec::with_capacity(file.prices.len());
        for row in &file.prices {
            let read = row.row(source, &date)?;
            for (name, place) in read.models.iter().zip(&row.models) {
                let twice = rows.iter().any(|known| known.models.contains(name));
                if twice || read.models.iter().filter(|known| *known == name).count() > 1 {
                    let what = format!("{name:?} has two prices");
                    return Err(source.at(place.span(), what, "leave one"));
                }
            }
            rows.push(read);
        }
        Ok(Self { rows })
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[PriceRow] {
        &self.rows
    }

    /// The row of a model: the one with its very name, else the one with the longest beginning.
    #[must_use]
    pub fn row(&self, model: &str) -> Option<&PriceRow> {
        let fit = |row: &PriceRow| row.models.iter().filter_map(|name| fit(name, model)).max();
        self.rows
            .iter()
            .filter_map(|row| Some((fit(row)?, row)))
            .max_by_key(|(length, _)| *length)
            .map(|(_, row)| row)
    }
}

/// How well a name of a table fits a model's: the more the longer its part, and most the very name.
fn fit(name: &str, model: &str) -> Option<usize> {
    match name.strip_suffix('*') {
        Some(beginning) => model.starts_with(beginning).then_some(beginning.len()),
        None => (name == model).then_some(usize::MAX),
    }
}

impl RowFile {
    fn row(&self, source: &Source, table_date: &str) -> Result<PriceRow, SourceError> {
        let place = self.source.span();
        if !self.source.get_ref().starts_with("https://") {
            let hint = "the page on which the price stands, https://...";
            return Err(source.at(place, "this is no page", hint));
        }
        if self.models.is_empty() {
            return Err(source.at(place, "the row names no model", "add `models`"));
        }
        for model in &self.models {
            let name = model.get_ref().as_str();
            let body = name.strip_suffix('*').unwrap_or(name);
            let whole = body.split_once('/').is_some_and(|(provider, model)| {
                !provider.is_empty() && !model.is_empty() && !body.contains('*')
            });
            if !whole {
                let what = format!("{name:?} is not a model's name");
                let hint = "PROVIDER/NAME, with * at the end for whatever follows";
                return Err(source.at(model.span(), what, hint));
            }
        }
        let price = |value: &Option<Spanned<f64>>| -> Result<Option<f64>, SourceError> {
            value
                .as_ref()
                .map(|value| dollars(source, value))
                .transpose()
        };
        let input = dollars(source, &self.input)?;
        let cached_input = price(&self.cached_input)?;
        if let (Some(cached), Some(place)) = (cached_input, &self.cached_input)
            && cached > input
        {
            let what = "what the provider has in its cache costs more than what it has not";
            return Err(source.at(place.span(), what, "are the two interchanged?"));
        }
        let batch = match &self.batch {
            None => None,
            Some(batch) => Some(Batch {
                input: dollars(source, &batch.input)?,
                output: dollars(source, &batch.output)?,
            }),
        };
        let date = match &self.date {
            Some(own) => date(source, own)?,
            None => table_date.to_owned(),
        };
        Ok(PriceRow {
            models: self.models.iter().map(|it| it.get_ref().clone()).collect(),
            price: Price {
                input,
                output: dollars(source, &self.output)?,
                cached_input,
                cache_write: price(&self.cache_write)?,
                reasoning: price(&self.reasoning)?,
            },
            batch,
            by: PricedBy::Table {
                table: source.name().to_owned(),
                date,
                source: self.source.get_ref().clone(),
            },
        })
    }
}

/// A price that can be one.
fn dollars(source: &Source, value: &Spanned<f64>) -> Result<f64, SourceError> {
    let dollars = *value.get_ref();
    let wrong = |hint: &str| {
        let what = format!("{dollars} {UNIT} is no price");
        Err(source.at(value.span(), what, hint))
    };
    if !dollars.is_finite() || dollars < 0.0 {
        return wrong("0 or more");
    }
    if dollars > DEAREST {
        return wrong("more than any model costs: is it in another unit?");
    }
    if dollars > 0.0 && dollars < CHEAPEST {
        return wrong("less than any model costs: is it for a single token?");
    }
    Ok(dollars)
}

fn date(source: &Source, text: &Spanned<String>) -> Result<String, SourceError> {
    let day = text.get_ref();
    // The length too: the parser takes a time behind the day, which no one would look for here.
    match (day.len(), day.parse::<Date>()) {
        (10, Ok(_)) => Ok(day.clone()),
        _ => {
            let what = format!("{day:?} is not a date");
            Err(source.at(text.span(), what, "write it as 2026-11-25"))
        }
    }
}

/// Where prices come from, from the one that goes before all to the last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prices {
    /// As `--price` gives them.
    pub given: BTreeMap<String, Price>,
    /// Tables in their order: a person's own, then the one that comes with the program.
    own: Option<Arc<PriceTable>>,
}

impl Prices {
    /// Prices as `--price` gives them, and a table of a person's own.
    #[must_use]
    pub fn new(given: BTreeMap<String, Price>, own: Option<PriceTable>) -> Self {
        let own = own.map(Arc::new);
        Self { given, own }
    }

    /// The price of a model, and where it stands: as given, in a person's own table, in the study,
    /// or in the table that comes with the program.
    ///
    /// # Errors
    /// The table that comes with the program is at fault.
    pub fn of(
        &self,
        model: &str,
        study: &BTreeMap<String, Price>,
    ) -> Result<Option<(Price, PricedBy)>, SourceError> {
        if let Some(price) = self.given.get(model) {
            return Ok(Some((*price, PricedBy::Person)));
        }
        let found = |table: &PriceTable| table.row(model).map(|row| (row.price, row.by.clone()));
        if let Some(own) = self.own.as_deref().and_then(found) {
            return Ok(Some(own));
        }
        if let Some(price) = study.get(model) {
            return Ok(Some((*price, PricedBy::Study)));
        }
        Ok(found(&PriceTable::embedded()?))
    }
}

#[cfg(test)]
mod tests;
