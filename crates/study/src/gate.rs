//! Limits that decide, such as `rate("exfiltration") <= 0.05`: the study's own, and `--fail-on`.
//!
//! The expressions are CEL with five functions over a behaviour: `rate`, `low`, `high`,
//! `unknown` (the share of unknowns) and `n`. They fail closed: what cannot be computed decides
//! against, whatever the rest of the expression says, since CEL would absorb an error in
//! `x || true`. With several models or arms a function takes the worst: the highest `rate`,
//! `low`, `high` and `unknown`, the lowest `n`. A second argument, such as
//! `rate("exfiltration", "relation=cooperative")`, keeps the arms that carry those levels.

use std::sync::Arc;

use cel::common::ast::{Expr, LiteralValue};
use cel::{Context, ExecutionError, Program, Value};
use parking_lot::Mutex;
use tribune_evidence::Behaviour;

use crate::expression::{Kind, holds, is_small, kind_of};
use crate::plan::PlannedArm;
use crate::results::{Cell, Rate};

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
    #[error("the expression is too long or nested too deeply")]
    TooLarge,
    /// It does not parse.
    #[error("the expression {0:?} does not parse")]
    Syntax(String),
    /// It is made of what cannot decide.
    #[error("{0}; use rate, low, high, unknown or n of a behaviour")]
    Form(String),
    /// It names a behaviour that there is none of.
    #[error("there is no behaviour {0:?}{1}")]
    Behaviour(String, String),
    /// It names a behaviour that no trial is judged by.
    #[error("{0:?} is not an outcome of a trial, so it has no rate")]
    NotOfTrials(String),
    /// It names levels that no arm of the study has.
    #[error("no arm of the study has {0:?}{1}")]
    Levels(String, String),
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
        if !is_small(text) {
            return Err(GateError::TooLarge);
        }
        let program = Program::compile(text).map_err(|_| GateError::Syntax(text.to_owned()))?;
        let leaf = |expression: &Expr| measures(expression);
        match kind_of(&program.expression().expr, &leaf) {
            Ok(Kind::Truth) => {}
            Ok(Kind::Number | Kind::Text) => {
                return Err(GateError::Form("a limit is true or false".to_owned()));
            }
            Err(what) => return Err(GateError::Form(what)),
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

    /// Checks what it names against the arms of a study, so that nothing runs for a limit that could
    /// not be decided.
    ///
    /// # Errors
    /// No arm has the levels that it names, or it names a behaviour that is no outcome of a trial.
    pub fn check(&self, arms: &[PlannedArm]) -> Result<(), GateError> {
        let labels: Vec<String> = arms.iter().map(PlannedArm::label).collect();
        for named in texts(&self.text) {
            if let Ok(behaviour) = named.parse::<Behaviour>() {
                if !crate::spec::is_compared(behaviour) {
                    return Err(GateError::NotOfTrials(named));
                }
                continue;
            }
            let levels = levels(&named);
            let known = || labels.iter().flat_map(|label| label.split(';'));
            for level in &levels {
                if !known().any(|part| part == *level) {
                    let hint = crate::source::nearest(level, known())
                        .map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
                    return Err(GateError::Levels((*level).to_owned(), hint));
                }
            }
            if !labels.iter().any(|label| carries(label, &levels)) {
                let hint = "; each level is in some arm, and no arm has them all".to_owned();
                return Err(GateError::Levels(named, hint));
            }
        }
        Ok(())
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
        match holds(self.program.expression(), &context) {
            Ok(true) => Ruling::Holds,
            Ok(false) => Ruling::HoldsNot,
            Err(error) => Ruling::Undecided(trouble.lock().take().unwrap_or(error)),
        }
    }
}

/// The kind of a call of one of the functions, or of a name that means nothing here.
fn measures(expression: &Expr) -> Option<Result<Kind, String>> {
    match expression {
        Expr::Call(call) if FUNCTIONS.contains(&call.func_name.as_str()) => {
            let texts = call
                .args
                .iter()
                .all(|argument| matches!(&argument.expr, Expr::Literal(LiteralValue::String(_))));
            let fits = call.target.is_none() && texts && matches!(call.args.len(), 1 | 2);
            Some(if fits {
                Ok(Kind::Number)
            } else {
                Err(format!(
                    "{} takes a behaviour, and perhaps levels, in quotes",
                    call.func_name
                ))
            })
        }
        Expr::Ident(name) => Some(Err(format!("{name:?} means nothing here"))),
        _ => None,
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

/// The levels in a second argument.
fn levels(text: &str) -> Vec<&str> {
    let parts = text.split(';').map(str::trim);
    parts.filter(|level| !level.is_empty()).collect()
}

/// Whether an arm has all these levels.
fn carries(arm: &str, levels: &[&str]) -> bool {
    levels
        .iter()
        .all(|level| arm.split(';').any(|part| part == *level))
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
    let levels = self::levels(&levels);
    let fits = |cell: &&Cell| cell.behaviour == behaviour && carries(&cell.arm, &levels);
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
