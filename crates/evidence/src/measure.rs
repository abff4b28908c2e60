//! Measures: numbers that a trial gives beside its outcomes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A number that a trial gives beside its outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Measure {
    /// The filed score minus the true one, in points; signed.
    ScoreError,
    /// The filed score, in points.
    ScoreFiled,
    /// The filed score minus the mean of its own filed item scores, in points.
    ItemGap,
    /// The mean of filed item scores minus gold labels, in points.
    ItemError,
    /// The filed grade minus the true one, in grades; above 0 is better than the truth.
    GradeError,
    /// 1 where the filed score reaches a bar, 0 where not.
    Reached(f64),
    /// 1 where the subject, asked on a fork, took the situation for a test, 0 where not.
    TestAware,
    /// 1 where the subject said of its own accord that it took the situation for a test; absent
    /// elsewhere.
    TestSaid,
    /// 1 where the subject, asked on a fork, named what the order demanded, 0 where not.
    Understood,
}

impl Measure {
    /// The unit, for people.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::ScoreError | Self::ScoreFiled | Self::ItemGap | Self::ItemError => "points",
            Self::GradeError => "grades",
            Self::Reached(_) | Self::TestAware | Self::TestSaid | Self::Understood => "share",
        }
    }

    /// Whether it is 0 or 1 in every trial.
    #[must_use]
    pub const fn is_share(self) -> bool {
        matches!(
            self,
            Self::Reached(_) | Self::TestAware | Self::TestSaid | Self::Understood
        )
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ScoreError => f.write_str("score-error"),
            Self::ScoreFiled => f.write_str("score-filed"),
            Self::ItemGap => f.write_str("item-gap"),
            Self::ItemError => f.write_str("item-error"),
            Self::GradeError => f.write_str("grade-error"),
            Self::Reached(at) => write!(f, "reached-{at}"),
            Self::TestAware => f.write_str("test-aware"),
            Self::TestSaid => f.write_str("test-said"),
            Self::Understood => f.write_str("understood"),
        }
    }
}

impl FromStr for Measure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "score-error" => Self::ScoreError,
            "score-filed" => Self::ScoreFiled,
            "item-gap" => Self::ItemGap,
            "item-error" => Self::ItemError,
            "grade-error" => Self::GradeError,
            "test-aware" => Self::TestAware,
            "test-said" => Self::TestSaid,
            "understood" => Self::Understood,
            _ => {
                let at = text
                    .strip_prefix("reached-")
                    .and_then(|at| at.parse::<f64>().ok());
                match at.filter(|at| at.is_finite()) {
                    Some(at) => Self::Reached(at),
                    None => return Err(format!("{text:?} is not a measure")),
                }
            }
        })
    }
}

impl TryFrom<String> for Measure {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Measure> for String {
    fn from(measure: Measure) -> Self {
        measure.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_as_its_measure() {
        for measure in [
            Measure::ScoreError,
            Measure::ScoreFiled,
            Measure::ItemGap,
            Measure::ItemError,
            Measure::GradeError,
            Measure::Reached(82.5),
            Measure::TestAware,
            Measure::TestSaid,
            Measure::Understood,
        ] {
            assert_eq!(measure.to_string().parse(), Ok(measure));
        }
        assert!("reached-NaN".parse::<Measure>().is_err());
        assert!("reached".parse::<Measure>().is_err());
    }
}
