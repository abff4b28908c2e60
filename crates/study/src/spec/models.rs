//! What a study file says of single models: what they cost, and which level stands for another.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{Overrides, StudyFile};
use crate::plan::Substitute;
use crate::scenario::Scenario;
use crate::source::{Source, SourceError};

/// What a model costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Dollars for a million tokens sent.
    pub input: f64,
    /// Dollars for a million tokens received.
    pub output: f64,
}

impl Price {
    /// What so many tokens cost, in dollars.
    #[must_use]
    pub fn of(&self, input: u64, output: u64) -> f64 {
        (input as f64 * self.input + output as f64 * self.output) / 1e6
    }

    fn is_sound(self) -> bool {
        [self.input, self.output]
            .iter()
            .all(|dollars| dollars.is_finite() && *dollars >= 0.0)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PriceFile {
    model: Spanned<String>,
    input: f64,
    output: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SubstituteFile {
    /// Names of models, with `*` for anything.
    models: Vec<Spanned<String>>,
    factor: Spanned<String>,
    /// The level that the study names.
    level: Spanned<String>,
    /// The level that these models are given.
    by: Spanned<String>,
}

/// Reads prices as the command line gives them: `MODEL=INPUT/OUTPUT`, dollars for a million tokens.
///
/// # Errors
/// Says how a price is written.
pub fn prices(texts: &[String]) -> Result<BTreeMap<String, Price>, String> {
    let one = |text: &String| {
        let (model, price) = text.rsplit_once('=')?;
        let (input, output) = price.split_once('/')?;
        let price = Price {
            input: input.trim().parse().ok()?,
            output: output.trim().parse().ok()?,
        };
        (price.is_sound() && !model.is_empty()).then(|| (model.to_owned(), price))
    };
    texts
        .iter()
        .map(|text| one(text).ok_or_else(|| format!("{text:?} is not a price")))
        .collect()
}

impl StudyFile {
    /// The prices of the models under test, as far as a person gave them.
    pub(super) fn planned_prices(
        &self,
        source: &Source,
        models: &[String],
        overrides: &Overrides,
    ) -> Result<BTreeMap<String, Price>, SourceError> {
        let mut known = BTreeMap::new();
        for entry in &self.prices {
            let price = Price {
                input: entry.input,
                output: entry.output,
            };
            if !price.is_sound() {
                let hint = "dollars for a million tokens, 0 or more";
                return Err(source.at(entry.model.span(), "this is no price", hint));
            }
            known.insert(entry.model.get_ref().clone(), price);
        }
        known.extend(overrides.prices.clone());
        known.retain(|model, _| models.contains(model));
        Ok(known)
    }

    /// The levels that stand for others with the models under test.
    pub(super) fn planned_substitutes(
        &self,
        source: &Source,
        scenarios: &BTreeMap<String, Arc<Scenario>>,
        models: &[String],
    ) -> Result<Vec<Substitute>, SourceError> {
        let mut planned: Vec<Substitute> = Vec::new();
        for entry in &self.substitutes {
            check_levels(source, scenarios, entry)?;
            if entry.level.get_ref() == entry.by.get_ref() {
                let what = format!("{:?} stands for itself", entry.by.get_ref());
                return Err(source.at(entry.by.span(), what, "name another level"));
            }
            for model in models {
                let fits = |pattern: &Spanned<String>| is_like(pattern.get_ref(), model);
                if !entry.models.iter().any(fits) {
                    continue;
                }
                let twice = planned.iter().any(|known| {
                    known.model == *model
                        && known.factor == *entry.factor.get_ref()
                        && known.level == *entry.level.get_ref()
                });
                if twice {
                    let what = format!(
                        "{model} has two substitutes for {:?}",
                        entry.level.get_ref()
                    );
                    return Err(source.at(entry.level.span(), what, "leave one"));
                }
                planned.push(Substitute {
                    model: model.clone(),
                    factor: entry.factor.get_ref().clone(),
                    level: entry.level.get_ref().clone(),
                    by: entry.by.get_ref().clone(),
                });
            }
        }
        Ok(planned)
    }
}

/// A factor of a substitute must be known to a scenario, and its levels to each that knows it.
fn check_levels(
    source: &Source,
    scenarios: &BTreeMap<String, Arc<Scenario>>,
    entry: &SubstituteFile,
) -> Result<(), SourceError> {
    let mut known = false;
    for scenario in scenarios.values() {
        let Some(levels) = scenario.levels(entry.factor.get_ref()) else {
            continue;
        };
        known = true;
        for level in [&entry.level, &entry.by] {
            if !levels.contains(level.get_ref()) {
                let words = levels.iter().map(String::as_str);
                return Err(source.unknown(level.span(), "level", level.get_ref(), words));
            }
        }
    }
    if known {
        return Ok(());
    }
    let mut names: Vec<&str> = scenarios
        .values()
        .flat_map(|scenario| scenario.factor_names())
        .collect();
    names.sort_unstable();
    names.dedup();
    let (span, word) = (entry.factor.span(), entry.factor.get_ref());
    Err(source.unknown(span, "factor", word, names.into_iter()))
}

/// Whether a name is like a pattern, in which `*` stands for anything.
fn is_like(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, like) in [
            ("*kimi-k2.5*", "openai/kimi-k2.5", true),
            ("*kimi-k2.5*", "router/moonshot/kimi-k2.5-thinking", true),
            ("*kimi-k2.5", "openai/kimi-k2.5-thinking", false),
            ("openai/*", "openai/x", true),
            ("openai/x", "openai/x", true),
            ("openai/x", "openai/xy", false),
            ("a*b*a", "aba", true),
            ("a*b*a", "aa", false),
            ("*", "", true),
        ] {
            assert_eq!(is_like(pattern, name), like, "{pattern} {name}");
        }
    }

    #[test]
    fn a_price_is_two_numbers() {
        let text = |text: &str| prices(&[text.to_owned()]);
        let known = text("openai/x=1.25/10").unwrap();
        assert_eq!(known["openai/x"].of(2_000_000, 100_000), 3.5);
        for bad in [
            "openai/x",
            "openai/x=1",
            "=1/2",
            "x=1/-2",
            "x=NaN/1",
            "x=a/b",
        ] {
            assert!(text(bad).is_err(), "{bad}");
        }
    }
}
