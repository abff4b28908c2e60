//! Contrasts of every kind as lines of one table, grouped by the family that corrects them.
//!
//! Results keep differences of rates apart from all other comparisons. A reader asks the same of
//! both: what was compared, what came out, how far it can be trusted, and what it resolves.

use tribune_study::results::{
    Clustering, Compared, Comparison, Contrast, Equivalent, Kind, PairsShown, Resolution, Results,
};

use crate::words::{self, count, percent_or_nothing};

/// The family that was fixed beforehand.
const PRIMARY: &str = "primary";

/// The unit of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit<'a> {
    /// Shares, written as percentage points.
    Share,
    /// What a measure is in, such as points or grades.
    Of(&'a str),
}

impl<'a> Unit<'a> {
    fn of(word: &'a str) -> Self {
        match word {
            "share" => Self::Share,
            other => Self::Of(other),
        }
    }

    /// A difference with its sign, without the unit.
    pub(crate) fn write(self, difference: f64) -> String {
        match self {
            Self::Share => words::points(difference),
            Self::Of(_) => words::signed(difference),
        }
    }

    /// A difference that may not be there.
    pub(crate) fn or_nothing(self, difference: Option<f64>) -> String {
        difference.map_or_else(|| words::NOTHING.to_owned(), |value| self.write(value))
    }

    /// A range of differences.
    pub(crate) fn range(self, low: f64, high: f64) -> String {
        format!("{} to {}", self.write(low), self.write(high))
    }

    /// The unit in words, as far as it is ours to name; `None` where it comes from elsewhere.
    pub(crate) const fn word(self) -> Option<&'static str> {
        match self {
            Self::Share => Some("percentage points"),
            Self::Of(word) => match word.as_bytes() {
                b"points" => Some("points"),
                b"grades" => Some("grades"),
                _ => None,
            },
        }
    }

    /// The unit in words; a name from elsewhere is only called a unit.
    pub(crate) fn named(self) -> &'static str {
        self.word().unwrap_or("units of the measure")
    }
}

/// A side of a line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Side<'a> {
    /// Its arms.
    pub(crate) arm: &'a str,
    /// Its rate or mean with what it rests on, in our own words.
    pub(crate) text: String,
    /// How many independent trials it is worth, where trials of one wording are alike.
    pub(crate) effective: Option<f64>,
}

/// The interval that decides, and what it is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Deciding {
    /// The lower end.
    pub(crate) low: f64,
    /// The upper end.
    pub(crate) high: f64,
    /// What it is, in words.
    pub(crate) over: &'static str,
}

/// A contrast of any kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line<'a> {
    /// The anchor of its row.
    pub(crate) anchor: String,
    pub(crate) name: &'a str,
    pub(crate) meaning: &'a str,
    pub(crate) control: bool,
    pub(crate) family: &'a str,
    pub(crate) model: &'a str,
    pub(crate) scenario: &'a str,
    /// The behaviour or the measure.
    pub(crate) what: &'a str,
    pub(crate) is_behaviour: bool,
    /// The behaviour that it shows where its difference is above 0, which is no outcome of a trial.
    pub(crate) shows: Option<&'a str>,
    /// Whether the run could stop early: what decides is a confidence sequence then.
    pub(crate) sequential: bool,
    pub(crate) kind: Kind,
    pub(crate) unit: Unit<'a>,
    pub(crate) sides: Vec<Side<'a>>,
    pub(crate) pairs: Option<PairsShown>,
    pub(crate) difference: Option<f64>,
    /// The interval that decides; see [`deciding`].
    pub(crate) interval: Option<Deciding>,
    pub(crate) bounds: Option<(f64, f64)>,
    pub(crate) p_corrected: Option<f64>,
    pub(crate) clustered: Option<(f64, f64)>,
    pub(crate) clusters: u64,
    pub(crate) equivalence: Option<Equivalent>,
    pub(crate) resolution: Resolution,
    /// Whether anything was seen on any side.
    pub(crate) anything: bool,
}

/// Which interval decides. In a run that could stop early it is that of the confidence sequence.
/// Else a difference must hold over trials and over wordings, and the larger of the two p-values
/// is the one that was corrected: its interval decides.
fn deciding(
    sequential: bool,
    over_trials: (Option<f64>, Option<f64>, Option<f64>),
    over_wordings: (Option<(f64, f64)>, Option<f64>),
) -> Option<Deciding> {
    let (low, high, p) = over_trials;
    let trials = low.zip(high).map(|(low, high)| Deciding {
        low,
        high,
        over: if sequential {
            "confidence sequence"
        } else {
            "95 % interval over trials"
        },
    });
    let (clustered, p_clustered) = over_wordings;
    let wordings = clustered.map(|(low, high)| Deciding {
        low,
        high,
        over: "95 % interval over wordings",
    });
    if sequential {
        return trials;
    }
    match (trials, wordings) {
        (Some(_), Some(_)) if p_clustered > p => wordings,
        (None, wordings) => wordings,
        (trials, _) => trials,
    }
}

fn effective(clustering: Option<&Clustering>) -> Option<f64> {
    clustering
        .map(|clustering| clustering.effective_n)
        .filter(|effective| effective.is_finite())
}

impl<'a> Line<'a> {
    fn of_rates(place: usize, one: &'a Contrast, sequential: bool) -> Self {
        let side = |arm: &'a str,
                    rate: &tribune_study::results::Rate,
                    clustering: &Option<Clustering>| Side {
            arm,
            text: format!(
                "{} of {}, {}",
                count(rate.yes),
                count(words::resolved(rate)),
                percent_or_nothing(rate.rate)
            ),
            effective: effective(clustering.as_ref()),
        };
        Self {
            anchor: format!("contrast-{place}"),
            name: &one.name,
            meaning: &one.meaning,
            control: one.control,
            family: &one.family,
            model: &one.model,
            scenario: &one.scenario,
            what: &one.behaviour,
            is_behaviour: true,
            shows: None,
            sequential,
            kind: Kind::Difference,
            unit: Unit::Share,
            sides: vec![
                side(&one.left_arm, &one.left, &one.left_clustering),
                side(&one.right_arm, &one.right, &one.right_clustering),
            ],
            pairs: None,
            difference: one.difference,
            interval: deciding(
                sequential,
                (one.low, one.high, one.p),
                (one.clustered, one.p_clustered),
            ),
            bounds: one.at_least.zip(one.at_most),
            p_corrected: one.p_corrected,
            clustered: one.clustered,
            clusters: one.clusters,
            equivalence: one.equivalence,
            resolution: one.resolution,
            anything: one.left.yes > 0 || one.right.yes > 0,
        }
    }

    fn of_others(place: usize, one: &'a Comparison, sequential: bool) -> Self {
        let is_behaviour = one.compared == Compared::Behaviour;
        let sides = one.sides.iter().map(|side| {
            let mean = match (is_behaviour, side.mean) {
                (_, None) => words::NOTHING.to_owned(),
                (true, Some(mean)) => words::percent(mean),
                (false, Some(mean)) => match side.sd {
                    Some(sd) => {
                        format!("mean {}, sd {}", words::signed(mean), words::plain(sd))
                    }
                    None => format!("mean {}", words::signed(mean)),
                },
            };
            Side {
                arm: &side.arm,
                text: format!("{mean}, of {}", count(side.n)),
                effective: effective(side.clustering.as_ref()),
            }
        });
        Self {
            anchor: format!("comparison-{place}"),
            name: &one.name,
            meaning: &one.meaning,
            control: one.control,
            family: &one.family,
            model: &one.model,
            scenario: &one.scenario,
            what: &one.what,
            is_behaviour,
            shows: one.shows.as_deref(),
            sequential,
            kind: one.kind,
            unit: Unit::of(&one.unit),
            sides: sides.collect(),
            pairs: one.pairs,
            difference: one.difference,
            interval: deciding(
                sequential,
                (one.low, one.high, one.p),
                (one.clustered, one.p_clustered),
            ),
            bounds: one.at_least.zip(one.at_most),
            p_corrected: one.p_corrected,
            clustered: one.clustered,
            clusters: one.clusters,
            equivalence: one.equivalence,
            resolution: one.resolution,
            anything: !is_behaviour
                || one
                    .sides
                    .iter()
                    .any(|side| side.mean.is_some_and(|mean| mean > 0.0)),
        }
    }

    /// Whether it is a pair of identical arms.
    pub(crate) fn is_identical_pair(&self) -> bool {
        self.family == words::IDENTICAL_PAIRS
    }

    /// Whether its family is exploratory: all are that were not fixed as primary.
    pub(crate) fn is_exploratory(&self) -> bool {
        self.family != PRIMARY && !self.is_identical_pair()
    }

    /// Whether it speaks about these texts only: it rests on few wordings, or is decided by a
    /// confidence sequence, which says nothing of other texts however many there were.
    pub(crate) fn is_of_these_texts(&self) -> bool {
        self.resolution != Resolution::NoData
            && (self.sequential || self.clusters < words::ENOUGH_CLUSTERS)
    }

    /// The estimate and the interval that decides, where they are numbers that can be drawn.
    pub(crate) fn drawn(&self) -> Option<(f64, f64, f64)> {
        let (interval, middle) = (self.interval?, self.difference?);
        let possible = |value: f64| match self.unit {
            Unit::Share => (-2.0..=2.0).contains(&value),
            Unit::Of(_) => value.is_finite() && value.abs() < 1e6,
        };
        let (low, high) = (interval.low, interval.high);
        (possible(low) && possible(high) && possible(middle) && low <= high)
            .then_some((low, high, middle))
    }

    /// The interval that decides as text.
    pub(crate) fn range(&self) -> String {
        self.interval.map_or_else(
            || words::NOTHING.to_owned(),
            |interval| self.unit.range(interval.low, interval.high),
        )
    }

    /// What it resolves, in words: with the margin, where one was stated and kept.
    pub(crate) fn verdict(&self) -> String {
        match (self.resolution, &self.equivalence) {
            (Resolution::Equivalent, Some(same)) => format!(
                "equivalent within ±{} ({} to {})",
                self.unit.write(same.margin).trim_start_matches('+'),
                self.unit.write(same.low),
                self.unit.write(same.high)
            ),
            (resolution, _) => words::resolution(resolution).to_owned(),
        }
    }

    /// How it compares, where that is not simply left minus right.
    pub(crate) const fn how(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Difference => None,
            Kind::Interaction => Some("difference of differences"),
            Kind::Paired => Some("over pairs of the same draw and wording"),
        }
    }

    /// The pairs by outcome, as a sentence.
    pub(crate) fn pairs_text(&self) -> Option<String> {
        let pairs = self.pairs?;
        Some(format!(
            "{} first only, {} second only, {} both, {} neither",
            count(pairs.left_only),
            count(pairs.right_only),
            count(pairs.both),
            count(pairs.neither)
        ))
    }
}

/// A family with its lines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Family<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its lines, in the order of the plan.
    pub(crate) lines: Vec<Line<'a>>,
}

impl Family<'_> {
    /// Which correction its tests have and over how many, as a sentence.
    pub(crate) fn correction(&self, results: &Results) -> String {
        let identical = self.name == words::IDENTICAL_PAIRS;
        let tests = if identical {
            self.lines.len()
        } else {
            let mut by_model = std::collections::BTreeMap::<&str, usize>::new();
            for line in &self.lines {
                *by_model.entry(line.model).or_default() += 1;
            }
            by_model.into_values().max().unwrap_or(0)
        };
        let tests = words::counted(tests as u64, "test", "tests");
        let whose = if identical {
            "over all models"
        } else {
            "for each model"
        };
        if let Some(looks) = &results.run.sequential {
            return format!(
                "The run could stop early: an error of {} was split beforehand over {tests} {whose}, \
                 and the interval is that of a confidence sequence.",
                words::plain(looks.alpha)
            );
        }
        let apart = if self.has_interval_beside_p() {
            " An interval that leaves 0 out beside a p of 0.05 or more is no contradiction: the \
             interval is of that contrast alone, and p is corrected for all of them."
        } else {
            ""
        };
        let text = if identical || self.name == PRIMARY {
            format!(
                "Holm’s correction over {tests} {whose}: the chance of any false difference among them is at most 5 %."
            )
        } else {
            format!(
                "Benjamini and Hochberg’s correction over {tests} {whose}: of the differences found, at most 5 % are expected to be false."
            )
        };
        text + apart
    }

    /// Whether any interval leaves 0 out though the corrected test rejects nothing.
    fn has_interval_beside_p(&self) -> bool {
        self.lines.iter().any(|line| {
            line.resolution == Resolution::NotResolved
                && line
                    .interval
                    .is_some_and(|interval| interval.low > 0.0 || interval.high < 0.0)
        })
    }
}

/// All lines, those of rates before the others.
pub(crate) fn lines(results: &Results) -> Vec<Line<'_>> {
    let sequential = results.run.sequential.is_some();
    let rates = results
        .contrasts
        .iter()
        .enumerate()
        .map(|(place, one)| Line::of_rates(place, one, sequential));
    let others = results
        .comparisons
        .iter()
        .enumerate()
        .map(|(place, one)| Line::of_others(place, one, sequential));
    rates.chain(others).collect()
}

/// The families: the primary one, then what was explored, and last the pairs of identical arms.
pub(crate) fn families(results: &Results) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for line in lines(results) {
        match families
            .iter_mut()
            .find(|family| family.name == line.family)
        {
            Some(family) => family.lines.push(line),
            None => families.push(Family {
                name: line.family,
                lines: vec![line],
            }),
        }
    }
    families.sort_by_key(|family| match family.lines.first() {
        Some(line) if line.is_identical_pair() => 2,
        Some(line) if line.is_exploratory() => 1,
        _ => 0,
    });
    families
}

/// The lines of a family that a plot shows: those that differ at all, the resolved before the
/// others where there are more than `most`; and how many are left to the table.
pub(crate) fn plotted<'a, 'b>(
    lines: &'b [Line<'a>],
    unit: Unit<'a>,
    most: usize,
) -> (Vec<&'b Line<'a>>, usize) {
    let of_unit: Vec<&Line<'a>> = lines.iter().filter(|line| line.unit == unit).collect();
    let total = of_unit.len();
    let drawable = |line: &&&Line<'a>| {
        line.drawn().is_some()
            && (line.resolution != Resolution::NotResolved || line.difference != Some(0.0))
    };
    let mut shown: Vec<(usize, &Line<'a>)> = of_unit
        .iter()
        .filter(drawable)
        .copied()
        .enumerate()
        .collect();
    shown.sort_by_key(|(place, line)| (line.resolution != Resolution::Difference, *place));
    shown.truncate(most);
    shown.sort_by_key(|(place, _)| *place);
    let shown: Vec<&Line<'a>> = shown.into_iter().map(|(_, line)| line).collect();
    let left = total - shown.len();
    (shown, left)
}

/// The units of some lines, shares first.
pub(crate) fn units<'a>(lines: &[Line<'a>]) -> Vec<Unit<'a>> {
    let mut units: Vec<Unit<'a>> = Vec::new();
    for line in lines {
        if !units.contains(&line.unit) {
            units.push(line.unit);
        }
    }
    units.sort_by_key(|unit| *unit != Unit::Share);
    units
}
