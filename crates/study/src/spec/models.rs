//! What a study file says of single models: what they cost, and which level stands for another.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use toml::Spanned;
use tribune_evidence::Usage;

use super::{Overrides, StudyFile};
use crate::cast::is_organism;
use crate::plan::Substitute;
use crate::prices::PricedBy;
use crate::scenario::Scenario;
use crate::source::{Source, SourceError};

/// The highest price: sums of it stay numbers.
const MOST_DOLLARS: f64 = 1e6;

/// What a model costs, in dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Sent.
    pub input: f64,
    /// Received.
    pub output: f64,
    /// Sent and read from the provider's cache; as what is sent where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
    /// Sent and written to the provider's cache; as what is sent where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    /// Received as reasoning; as what is received where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<f64>,
}

impl Price {
    /// What an answer cost, in dollars, where its tokens are told.
    ///
    /// An answer with nothing sent is one of a server that counts no tokens: what it cost is not
    /// known, which is not the same as nothing.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Option<f64> {
        if usage.input == 0 || usage.is_partial {
            return None;
        }
        // Parts are never more than the whole, whatever a server says.
        let cached = usage.cached.unwrap_or(0).min(usage.input);
        let written = usage.cache_written.unwrap_or(0).min(usage.input - cached);
        let reasoning = usage.reasoning.unwrap_or(0).min(usage.output);
        let sum = |parts: [(u64, f64); 5]| -> f64 {
            parts
                .iter()
                .map(|(tokens, price)| *tokens as f64 * price)
                .sum()
        };
        let dollars = sum([
            (usage.input - cached - written, self.input),
            (cached, self.cached_input.unwrap_or(self.input)),
            (written, self.cache_write.unwrap_or(self.input)),
            (usage.output - reasoning, self.output),
            (reasoning, self.reasoning.unwrap_or(self.output)),
        ]);
        Some(dollars / 1e6)
    }

    /// What so many tokens cost, in dollars, where nothing is in a cache and all that is received
    /// costs alike: the most that they can, unless a part is priced above.
    #[must_use]
    pub fn of(&self, input: u64, output: u64) -> f64 {
        (input as f64 * self.input + output as f64 * self.output) / 1e6
    }

    /// The most that so many tokens can cost, in dollars, whatever a cache holds and whatever is
    /// reasoning.
    #[must_use]
    pub fn most(&self, input: u64, output: u64) -> f64 {
        let dearest = |price: f64, others: &[Option<f64>]| {
            others
                .iter()
                .flatten()
                .fold(price, |most, it| most.max(*it))
        };
        let sent = dearest(self.input, &[self.cached_input, self.cache_write]);
        let received = dearest(self.output, &[self.reasoning]);
        (input as f64 * sent + output as f64 * received) / 1e6
    }

    fn is_sound(self) -> bool {
        let parts = [self.cached_input, self.cache_write, self.reasoning];
        [self.input, self.output]
            .iter()
            .chain(parts.iter().flatten())
            .all(|dollars| (0.0..=MOST_DOLLARS).contains(dollars))
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PriceFile {
    model: Spanned<String>,
    input: f64,
    output: f64,
    cached_input: Option<f64>,
    cache_write: Option<f64>,
    reasoning: Option<f64>,
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
            ..Price::default()
        };
        (price.is_sound() && !model.is_empty()).then(|| (model.to_owned(), price))
    };
    texts
        .iter()
        .map(|text| one(text).ok_or_else(|| format!("{text:?} is not a price")))
        .collect()
}

impl StudyFile {
    /// The prices of the models under test, as far as they are known, and where they stand.
    pub(crate) fn priced(
        &self,
        source: &Source,
        models: &[String],
        overrides: &Overrides,
    ) -> Result<BTreeMap<String, (Price, PricedBy)>, SourceError> {
        let mut own = BTreeMap::new();
        for entry in &self.prices {
            let price = Price {
                input: entry.input,
                output: entry.output,
                cached_input: entry.cached_input,
                cache_write: entry.cache_write,
                reasoning: entry.reasoning,
            };
            if !price.is_sound() {
                let hint = "dollars for a million tokens, from 0 to 1000000";
                return Err(source.at(entry.model.span(), "this is no price", hint));
            }
            own.insert(entry.model.get_ref().clone(), price);
        }
        let mut known = BTreeMap::new();
        for model in models.iter().filter(|model| !is_organism(model)) {
            if let Some(priced) = overrides.prices.of(model, &own)? {
                known.insert(model.clone(), priced);
            }
        }
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
    use proptest::prelude::*;

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

    const PRICE: Price = Price {
        input: 2.0,
        output: 10.0,
        cached_input: Some(0.5),
        cache_write: Some(4.0),
        reasoning: None,
    };

    fn usage(input: u64, output: u64) -> Usage {
        Usage {
            input,
            output,
            ..Usage::default()
        }
    }

    #[test]
    fn parts_cost_their_own_price_and_what_is_not_told_is_not_known() {
        let whole = usage(1_000_000, 100_000);
        assert_eq!(PRICE.cost(&whole), Some(3.0));
        let parts = Usage {
            cached: Some(400_000),
            cache_written: Some(100_000),
            reasoning: Some(50_000),
            ..whole
        };
        // 0.5 million at 2, 0.4 at 0.5, 0.1 at 4; reasoning is in what is received, and costs the
        // same unless it is priced apart.
        assert_eq!(PRICE.cost(&parts), Some(2.6));
        let apart = Price {
            reasoning: Some(4.0),
            ..PRICE
        };
        assert_eq!(apart.cost(&parts), Some(2.3));
        // Without a price of its own, what is cached costs as all else: never too little.
        let plain = Price {
            cached_input: None,
            cache_write: None,
            ..PRICE
        };
        assert_eq!(plain.cost(&parts), Some(3.0));
        // No tokens are told: no cost is known.
        assert_eq!(PRICE.cost(&usage(0, 0)), None);
        assert_eq!(PRICE.cost(&usage(0, 7)), None);
    }

    proptest! {
        /// The cost lies between that of all at the lowest price and that of all at the highest,
        /// whatever a server says of the parts.
        #[test]
        fn a_cost_is_bounded_by_its_prices(
            input in 1_u64..1 << 40,
            output in 0_u64..1 << 40,
            cached in any::<Option<u64>>(),
            cache_written in any::<Option<u64>>(),
            reasoning in any::<Option<u64>>(),
        ) {
            let told = Usage { cached, cache_written, reasoning, ..usage(input, output) };
            let cost = PRICE.cost(&told).unwrap();
            let least = (input as f64 * 0.5 + output as f64 * 10.0) / 1e6;
            let most = (input as f64 * 4.0 + output as f64 * 10.0) / 1e6;
            prop_assert!(cost >= least * (1.0 - 1e-9) && cost <= most * (1.0 + 1e-9));
        }

        /// Two answers cost what their tokens cost together.
        #[test]
        fn costs_add_up(one in 1_u64..1 << 30, two in 1_u64..1 << 30, share in 0.0_f64..1.0) {
            let part = |tokens: u64| Usage {
                cached: Some((tokens as f64 * share) as u64),
                ..usage(tokens, tokens / 3)
            };
            let (first, second) = (part(one), part(two));
            let both = Usage {
                cached: Some(first.cached.unwrap() + second.cached.unwrap()),
                ..usage(one + two, one / 3 + two / 3)
            };
            let sum = PRICE.cost(&first).unwrap() + PRICE.cost(&second).unwrap();
            prop_assert!((sum - PRICE.cost(&both).unwrap()).abs() < 1e-9 * sum.max(1.0));
        }
    }
}
