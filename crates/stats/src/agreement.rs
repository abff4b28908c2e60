//! Do two labellers agree more than chance would make them? Cohen's kappa.

use serde::{Deserialize, Serialize};

use crate::error::StatsError;
use crate::interval::{Interval, check_confidence};
use crate::proportion::wilson;
use crate::special::normal_quantile;

/// The agreement of two labellers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kappa {
    /// Agreement beyond chance: 1 where they always agree, 0 where no more than chance makes them.
    pub estimate: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
    /// The standard error for an interval; 0 where they always agree.
    pub standard_error: f64,
    /// The share on which they agree.
    pub agreement: f64,
    /// The share on which chance alone would make them agree.
    pub by_chance: f64,
    /// How many were labelled.
    pub n: u64,
}

impl Kappa {
    /// Its interval.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval {
            low: self.low,
            high: self.high,
        }
    }
}

/// Cohen's kappa of a square table: `table[i][j]` were called category i by the first labeller and
/// j by the second.
///
/// The interval is normal, cut at -1 and 1. Where they always agree, nothing shows how far kappa
/// varies: the lower end then takes Wilson's lower limit of the agreement, with the agreement by
/// chance as it was seen.
///
/// Sources: Cohen 1960, Educational and Psychological Measurement 20:37; standard error: Fleiss,
/// Cohen and Everitt 1969, Psychological Bulletin 72:323.
///
/// # Errors
/// A table that is not square or has fewer than two categories, nothing labelled, both labellers
/// using the same one category only, or a confidence outside (0, 1).
pub fn kappa(table: &[impl AsRef<[u64]>], confidence: f64) -> Result<Kappa, StatsError> {
    check_confidence(confidence)?;
    let size = table.len();
    if size < 2 || table.iter().any(|row| row.as_ref().len() != size) {
        return Err(StatsError::NotSquare);
    }
    let cells = || table.iter().flat_map(|row| row.as_ref().iter());
    let n = cells().fold(0_u64, |sum, &count| sum.saturating_add(count));
    if n == 0 {
        return Err(StatsError::NoTrials);
    }
    // Added as doubles, so that hostile counts cannot overflow.
    let total: f64 = cells().map(|&count| count as f64).sum();
    let share = |row: usize, column: usize| table[row].as_ref()[column] as f64 / total;
    let rows: Vec<f64> = (0..size)
        .map(|row| (0..size).map(|column| share(row, column)).sum())
        .collect();
    let columns: Vec<f64> = (0..size)
        .map(|column| (0..size).map(|row| share(row, column)).sum())
        .collect();
    let agreement: f64 = (0..size).map(|category| share(category, category)).sum();
    let by_chance: f64 = rows
        .iter()
        .zip(&columns)
        .map(|(row, column)| row * column)
        .sum();
    if by_chance >= 1.0 - 1e-12 {
        return Err(StatsError::OneCategory);
    }
    let estimate = ((agreement - by_chance) / (1.0 - by_chance)).clamp(-1.0, 1.0);
    let apart = 1.0 - estimate;
    let mut spread = -(estimate - by_chance * apart).powi(2);
    for row in 0..size {
        for column in 0..size {
            let expected = if row == column {
                1.0 - (rows[row] + columns[row]) * apart
            } else {
                (columns[row] + rows[column]) * apart
            };
            spread += share(row, column) * expected * expected;
        }
    }
    let mut standard_error = spread.max(0.0).sqrt() / ((1.0 - by_chance) * total.sqrt());
    let reach = normal_quantile(confidence) * standard_error;
    let mut low = estimate - reach;
    if apart < 1e-12 {
        standard_error = 0.0;
        low = (wilson(n, n, confidence)?.low - by_chance) / (1.0 - by_chance);
    }
    let interval = Interval::around(estimate, low, estimate + reach, (-1.0, 1.0));
    Ok(Kappa {
        estimate,
        low: interval.low,
        high: interval.high,
        standard_error,
        agreement,
        by_chance,
        n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_none_is_refused() {
        let empty: [[u64; 0]; 0] = [];
        assert_eq!(kappa(&empty, 0.95), Err(StatsError::NotSquare));
        assert_eq!(kappa(&[[3]], 0.95), Err(StatsError::NotSquare));
        assert_eq!(
            kappa(&[vec![1, 2], vec![3]], 0.95),
            Err(StatsError::NotSquare)
        );
        assert_eq!(kappa(&[[0, 0], [0, 0]], 0.95), Err(StatsError::NoTrials));
        assert_eq!(kappa(&[[9, 0], [0, 0]], 0.95), Err(StatsError::OneCategory));
        assert!(kappa(&[[u64::MAX, 1], [1, u64::MAX]], 0.95).is_ok());
    }

    #[test]
    fn full_agreement_is_not_full_certainty() {
        let found = kappa(&[[10, 0], [0, 10]], 0.95).unwrap();
        assert_eq!((found.estimate, found.high), (1.0, 1.0));
        // Wilson of 20 of 20 is 0.8389; chance 0.5.
        assert!((found.low - 0.677_75).abs() < 1e-4, "{}", found.low);
    }

    #[test]
    fn opposites_disagree_wholly() {
        let found = kappa(&[[0, 10], [10, 0]], 0.95).unwrap();
        assert_eq!((found.estimate, found.agreement), (-1.0, 0.0));
    }
}
