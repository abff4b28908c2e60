//! Whether the numbers of an index can be those of a run.
//!
//! The index is a file beside the record, and SQLite keeps whatever is put into a column. A report
//! must not stop at a number that fits nowhere without saying which, nor add it up.

use rusqlite::OptionalExtension;
use rusqlite::types::Value;

use super::{Index, IndexError};
use crate::plan::Plan;

/// More than any one trial can have: tokens, calls, entries.
const MOST: i64 = 1_000_000_000_000;

impl Index {
    /// Holds every number against what the plan allows and one trial can give.
    ///
    /// # Errors
    /// Names the first row and column that cannot be, or SQLite cannot read them.
    pub(crate) fn check(&self, plan: &Plan) -> Result<(), IndexError> {
        let last = |count: usize| count as i64 - 1;
        let whole = [
            ("number", last(plan.total() as usize)),
            ("model", last(plan.models.len())),
            ("arm", last(plan.arms.len())),
            ("replicate", i64::from(plan.trials) - 1),
            ("wording", i64::from(u32::MAX)),
            ("variant", i64::from(u32::MAX)),
            ("first_entry", MOST),
            ("end_entry", MOST),
            ("per_protocol", 1),
            ("as_exposed", 1),
            ("tokens_in", MOST),
            ("tokens_out", MOST),
            ("calls", MOST),
            ("from_cache", MOST),
        ];
        let mut tests: Vec<(&str, String)> = whole
            .into_iter()
            .map(|(column, most)| {
                let test =
                    format!("(typeof({column}) <> 'integer' OR {column} NOT BETWEEN 0 AND {most})");
                (column, test)
            })
            .collect();
        let cost = format!(
            "(cost IS NOT NULL AND (typeof(cost) <> 'real' OR cost NOT BETWEEN 0 AND {MOST}))"
        );
        tests.push(("cost", cost.clone()));
        let lost = format!("(typeof(lost) <> 'real' OR lost NOT BETWEEN 0 AND {MOST})");
        tests.push(("lost", lost));
        let any: Vec<&str> = tests.iter().map(|(_, test)| test.as_str()).collect();
        self.first_of("trial", &any.join(" OR "), &tests)?;
        self.first_of("interrupted", &cost.clone(), &[("cost", cost)])?;
        // A number that is no number would be one with every mean.
        let value = "(typeof(value) <> 'real' OR abs(value) > 1e15)".to_owned();
        self.first_of("measure", &value.clone(), &[("value", value)])
    }

    /// The first row of a table that a test finds, with the column that is at fault.
    fn first_of(&self, table: &str, any: &str, tests: &[(&str, String)]) -> Result<(), IndexError> {
        let wrap = |source| self.wrap(source);
        let query = format!("SELECT number FROM {table} WHERE {any} ORDER BY number LIMIT 1");
        let number: Option<Value> = self
            .connection()
            .query_row(&query, [], |row| row.get(0))
            .optional()
            .map_err(wrap)?;
        let Some(number) = number else {
            return Ok(());
        };
        for (column, test) in tests {
            let query =
                format!("SELECT {column} FROM {table} WHERE number IS ?1 AND {test} LIMIT 1");
            let found: Option<Value> = self
                .connection()
                .query_row(&query, [&number], |row| row.get(0))
                .optional()
                .map_err(wrap)?;
            if let Some(value) = found {
                return Err(IndexError::Absurd {
                    path: self.connection().path().unwrap_or_default().into(),
                    number: match number {
                        Value::Integer(number) => number,
                        _ => -1,
                    },
                    column: (*column).to_owned(),
                    value: told(&value),
                });
            }
        }
        Ok(())
    }
}

/// A value as people read it, shortened.
fn told(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => format!("{:?}", text.chars().take(40).collect::<String>()),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}
