//! Limits that decide, such as `rate("exfiltration") <= 0.05`: the study's own, and `--fail-on`.
//!
//! The expressions are CEL with five functions over a behaviour: `rate`, `low`, `high`,
//! `unknown` (the share of unknowns) and `n`. They fail closed: what cannot be computed decides
//! against, whatever the rest of the expression says, since CEL would absorb an error in
//! `x || true`. With several models or arms a function takes the worst: the highest `rate`,
//! `low`, `high` and `unknown`, the lowest `n`. A second argument, such as
//! `rate("exfiltration", "relation=cooperative")`, keeps the arms that carry those levels.

use std::sync::Arc;

use cel::{Context, ExecutionError, Program, Value};
use parking_lot::Mutex;
use tribune_evidence::Behaviour;

use crate::results::{Cell, Rate};

/// The longest expression that is parsed, so that parsing stays cheap and shallow.
const LENGTH_LIMIT: usize = 500;
/// The deepest nesting of brackets that is parsed.
const NESTING_LIMIT: usize = 20;
const FUNCTIONS: [&str; 5] = ["rate", "low", "high", "unknown", "n"];

/// An expression that decides over results.
#[derive(Debug)]
pub struct Gate {
    text: String,
    program: Program,
}

/// An expression that is no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// It is too long or nested too deeply.
    #[error(
        "the expression is longer than {LENGTH_LIMIT} characters or nested deeper than {NESTING_LIMIT}"
    )]
    TooLarge,
    /// It does not parse.
    #[error("the expression {0:?} does not parse")]
    Syntax(String),
    /// It uses a name that means nothing here.
    #[error("{0:?} means nothing here; use rate, low, high, unknown or n of a behaviour")]
    Name(String),
    /// It names a behaviour that there is none of.
    #[error("there is no behaviour {0:?}{1}")]
    Behaviour(String, String),
    /// It names no behaviour, so it would decide over nothing.
    #[error("the expression names no behaviour")]
    Nothing,
}

/// What an expression says of some results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// True.
    Holds,
    /// False.
    HoldsNot,
    /// It could not be computed, and why. Counts as the worse of the two.
    Undecided(String),
}

impl Gate {
    /// Reads an expression and checks every name in it.
    ///
    /// # Errors
    /// It does not parse, or names something that is not there.
    pub fn parse(text: &str) -> Result<Self, GateError> {
        let depth = text
            .chars()
            .scan(0_usize, |depth, c| {
                match c {
                    '(' | '[' | '{' => *depth += 1,
                    ')' | ']' | '}' => *depth = depth.saturating_sub(1),
                    _ => {}
                }
                Some(*depth)
            })
            .max()
            .unwrap_or(0);
        if text.len() > LENGTH_LIMIT || depth > NESTING_LIMIT {
            return Err(GateError::TooLarge);
        }
        let program = Program::compile(text).map_err(|_| GateError::Syntax(text.to_owned()))?;
        let references = program.references();
        if let Some(name) = references.variables().first() {
            return Err(GateError::Name((*name).to_owned()));
        }
        let operator = |name: &str| {
            name.starts_with('_')
                || name.starts_with('@')
                || name.starts_with('!')
                || name.starts_with('-')
        };
        if let Some(name) = references
            .functions()
            .into_iter()
            .find(|name| !FUNCTIONS.contains(name) && !operator(name))
        {
            return Err(GateError::Name(name.to_owned()));
        }
        let named = texts(text);
        for name in named.iter().filter(|name| !name.contains('=')) {
            if name.parse::<Behaviour>().is_err() {
                let names = Behaviour::ALL.iter().map(|behaviour| behaviour.as_str());
                let hint = crate::source::nearest(name, names)
                    .map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
                return Err(GateError::Behaviour(name.clone(), hint));
            }
        }
        if !named.iter().any(|name| name.parse::<Behaviour>().is_ok()) {
            return Err(GateError::Nothing);
        }
        Ok(Self {
            text: text.to_owned(),
            program,
        })
    }

    /// The expression as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Decides over the cells of a run.
    #[must_use]
    pub fn decide(&self, cells: &[Cell]) -> Ruling {
        let cells: Arc<Vec<Cell>> = Arc::new(cells.to_vec());
        let trouble: Arc<Mutex<Option<String>>> = Arc::default();
        let mut context = Context::default();
        for function in FUNCTIONS {
            let (cells, trouble) = (Arc::clone(&cells), Arc::clone(&trouble));
            let added = context.add_function(
                function,
                move |cel::extractors::Arguments(arguments): cel::extractors::Arguments| {
                    measure(function, &arguments, &cells).map_err(|what| {
                        trouble.lock().get_or_insert(what.clone());
                        ExecutionError::function_error(function, what)
                    })
                },
            );
            if let Err(error) = added {
                return Ruling::Undecided(error.to_string());
            }
        }
        let outcome = self.program.execute(&context);
        let trouble = trouble.lock().take();
        match (outcome, trouble) {
            (_, Some(what)) => Ruling::Undecided(what),
            (Ok(Value::Bool(true)), None) => Ruling::Holds,
            (Ok(Value::Bool(false)), None) => Ruling::HoldsNot,
            (Ok(_), None) => Ruling::Undecided("the expression is not true or false".to_owned()),
            (Err(error), None) => Ruling::Undecided(error.to_string()),
        }
    }
}

/// The texts in quotes.
fn texts(expression: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(start) = rest.find(['"', '\'']) {
        let quote = rest.as_bytes()[start] as char;
        let Some(length) = rest[start + 1..].find(quote) else {
            break;
        };
        found.push(rest[start + 1..start + 1 + length].to_owned());
        rest = &rest[start + length + 2..];
    }
    found
}

fn measure(function: &str, arguments: &[Value], cells: &[Cell]) -> Result<f64, String> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.to_string()),
        _ => Err(format!("{function} takes texts in quotes")),
    };
    let (behaviour, levels) = match arguments {
        [behaviour] => (text(behaviour)?, String::new()),
        [behaviour, levels] => (text(behaviour)?, text(levels)?),
        _ => return Err(format!("{function} takes a behaviour and perhaps levels")),
    };
    let levels: Vec<&str> = levels
        .split(';')
        .map(str::trim)
        .filter(|level| !level.is_empty())
        .collect();
    let fits = |cell: &&Cell| {
        cell.behaviour == behaviour
            && levels
                .iter()
                .all(|level| cell.arm.split(';').any(|part| part == *level))
    };
    let rates: Vec<&Rate> = cells.iter().filter(fits).map(|cell| &cell.all).collect();
    if rates.is_empty() {
        return Err(format!("{behaviour} was not measured there"));
    }
    let value = |rate: &Rate| -> Result<f64, String> {
        let nothing = || format!("{behaviour} has no resolved trial in some arm");
        match function {
            "n" => Ok(rate.n as f64),
            _ if rate.n == 0 => Err(nothing()),
            "unknown" => Ok(rate.unknown as f64 / rate.n as f64),
            "rate" => rate.rate.ok_or_else(nothing),
            "low" => rate.low.ok_or_else(nothing),
            _ => rate.high.ok_or_else(nothing),
        }
    };
    let values = rates
        .into_iter()
        .map(value)
        .collect::<Result<Vec<f64>, String>>()?;
    let worst = if function == "n" { f64::min } else { f64::max };
    values
        .into_iter()
        .reduce(worst)
        .ok_or_else(|| format!("{behaviour} was not measured there"))
}

#[cfg(test)]
mod tests;
