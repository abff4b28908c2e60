//! Limits on each trial, what is asked of models, and what a trial is expected to take.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::source::{Source, SourceError, nearest_unit};

/// The longest limit on a trial: a year. More would not fit the clocks that count it.
const MOST_MILLIS: f64 = 8_760.0 * 3.6e6;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LimitsFile {
    turns: Option<Spanned<u32>>,
    tool_calls: Option<u32>,
    wall: Option<Spanned<String>>,
    tokens: Option<Spanned<u64>>,
    cost: Option<Spanned<String>>,
}

/// Limits on each trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Answers of the model.
    pub turns: u32,
    /// Calls of tools.
    pub tool_calls: u32,
    /// Time on the wall, in milliseconds.
    pub wall_millis: u64,
    /// Tokens in and out.
    pub tokens: u64,
    /// Dollars; none where absent.
    pub cost: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            turns: 40,
            tool_calls: 80,
            wall_millis: 900_000,
            tokens: 1_000_000,
            cost: None,
        }
    }
}

/// What is asked of models beside the conversation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sampling {
    /// The temperature, where one is requested. Providers may ignore it.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// The most tokens of one answer.
    #[serde(default)]
    pub max_output_tokens: Option<u64>,
    /// Whether to send the trial's seed. Providers may ignore it.
    #[serde(default)]
    pub send_seed: bool,
}

/// The same as a person writes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SamplingFile {
    temperature: Option<Spanned<f64>>,
    max_output_tokens: Option<Spanned<u64>>,
    #[serde(default)]
    send_seed: bool,
}

impl SamplingFile {
    pub(super) fn sampling(&self, source: &Source) -> Result<Sampling, SourceError> {
        if let Some(temperature) = &self.temperature
            && !(0.0..=2.0).contains(temperature.get_ref())
        {
            let what = format!("{} is not a temperature", temperature.get_ref());
            return Err(source.at(temperature.span(), what, "from 0 to 2"));
        }
        if let Some(tokens) = self
            .max_output_tokens
            .as_ref()
            .filter(|it| *it.get_ref() == 0)
        {
            return Err(source.at(tokens.span(), "an answer of 0 tokens", "at least 1"));
        }
        Ok(Sampling {
            temperature: self.temperature.as_ref().map(|it| *it.get_ref()),
            max_output_tokens: self.max_output_tokens.as_ref().map(|it| *it.get_ref()),
            send_seed: self.send_seed,
        })
    }
}

/// What one trial is expected to take, on average: a person's guess, or what earlier runs took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Estimate {
    /// Exchanges with the model.
    pub calls: u64,
    /// Tokens sent, over all exchanges.
    pub input_tokens: u64,
    /// Tokens received, over all exchanges.
    pub output_tokens: u64,
}

impl LimitsFile {
    pub(super) fn limits(&self, source: &Source) -> Result<Limits, SourceError> {
        let usual = Limits::default();
        let wall_millis = match &self.wall {
            None => usual.wall_millis,
            Some(text) => {
                let units = [("ms", 1.0), ("s", 1e3), ("min", 6e4), ("h", 3.6e6)];
                let millis = quantity(source, text, &units)?;
                if !(1.0..=MOST_MILLIS).contains(&millis) {
                    let what = format!("{:?} is no limit for a trial", text.get_ref());
                    return Err(source.at(text.span(), what, "from 1 ms to 8760 h"));
                }
                millis as u64
            }
        };
        if let Some(turns) = self.turns.as_ref().filter(|it| *it.get_ref() == 0) {
            return Err(source.at(turns.span(), "a trial of 0 turns", "at least 1"));
        }
        if let Some(tokens) = self.tokens.as_ref().filter(|it| *it.get_ref() == 0) {
            return Err(source.at(tokens.span(), "a trial of 0 tokens", "at least 1"));
        }
        let cost = match &self.cost {
            None => None,
            Some(text) => Some(quantity(source, text, &[("usd", 1.0)])?),
        };
        Ok(Limits {
            turns: self.turns.as_ref().map_or(usual.turns, |it| *it.get_ref()),
            tool_calls: self.tool_calls.unwrap_or(usual.tool_calls),
            wall_millis,
            tokens: self
                .tokens
                .as_ref()
                .map_or(usual.tokens, |it| *it.get_ref()),
            cost,
        })
    }
}

/// A number with a unit, such as `10 min`.
pub(crate) fn quantity(
    source: &Source,
    text: &Spanned<String>,
    units: &[(&str, f64)],
) -> Result<f64, SourceError> {
    let written = text.get_ref().trim();
    let split = written
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(written.len());
    let (number, unit) = (written[..split].trim(), written[split..].trim());
    let names: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(source.at(
            text.span(),
            format!("{unit:?} is not a unit that fits here"),
            match nearest_unit(unit, &names) {
                Some(name) => format!("did you mean {name:?}? Units here: {}", names.join(", ")),
                None => format!("units here: {}", names.join(", ")),
            },
        ));
    };
    match number.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value * factor),
        _ => Err(source.at(
            text.span(),
            format!("{number:?} is not a positive number"),
            "",
        )),
    }
}
