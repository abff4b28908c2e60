//! Contrasts as a person writes them, checked against the arms that there are.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use tribune_detect::measurable;
use tribune_evidence::{Basis, Behaviour, Measure, Stakes, Unit};

use super::IDENTICAL;
use super::arms::{Selector, matches, selector};
use crate::plan::{ContrastKind, Expected, PlannedArm, PlannedContrast};
use crate::scenario::Scenario;
use crate::source::{Source, SourceError};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ContrastFile {
    name: Spanned<String>,
    meaning: String,
    /// Whether it tells if what is seen is specific to AI peers.
    #[serde(default)]
    control: bool,
    #[serde(default = "exploratory")]
    family: String,
    #[serde(default)]
    kind: ContrastKind,
    pub(super) scenario: Spanned<String>,
    #[serde(default)]
    behaviours: Vec<Spanned<String>>,
    #[serde(default)]
    measures: Vec<Spanned<String>>,
    /// The behaviour that it shows, which is no outcome of a trial.
    shows: Option<Spanned<String>>,
    left: Selector,
    right: Selector,
    left_other: Option<Selector>,
    right_other: Option<Selector>,
    /// Within which difference the sides count as equivalent.
    margin: Option<Spanned<f64>>,
    /// The most by which two values of a measure can differ, for `--sequential`.
    width: Option<Spanned<f64>>,
    /// What it should be able to find.
    expect: Option<ExpectFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ExpectFile {
    difference: Option<Spanned<f64>>,
    base: Option<Spanned<f64>>,
    sd: Option<Spanned<f64>>,
}

fn exploratory() -> String {
    "exploratory".to_owned()
}

/// Whether arms are compared by a behaviour: it is measured trial by trial, and not derived from
/// others, which would be counted twice (validity.md, section 1).
pub(crate) fn is_compared(behaviour: Behaviour) -> bool {
    let definition = behaviour.definition();
    definition.measured && definition.basis != Basis::Derived && definition.unit == Unit::Trial
}

/// Measures by name, for hints.
const MEASURES: [Measure; 9] = [
    Measure::ScoreError,
    Measure::ScoreFiled,
    Measure::ItemGap,
    Measure::ItemError,
    Measure::GradeError,
    Measure::Reached(80.0),
    Measure::Reached(90.0),
    Measure::TestAware,
    Measure::Understood,
];

/// One side: its label, its arms' places, the levels it names.
struct Side {
    label: String,
    places: Vec<usize>,
    levels: BTreeMap<String, String>,
}

impl ContrastFile {
    /// Resolves it over the arms of the plan.
    pub(super) fn plan(
        &self,
        source: &Source,
        scenario: &Scenario,
        arms: &[PlannedArm],
        after: &[String],
    ) -> Result<PlannedContrast, SourceError> {
        let left = self.side(source, scenario, arms, &self.left)?;
        let right = self.side(source, scenario, arms, &self.right)?;
        self.check_pair(source, scenario, arms, &left, &right)?;
        self.check_given(source, scenario, arms, &left, &right)?;
        let others = match (self.kind, &self.left_other, &self.right_other) {
            (ContrastKind::Interaction, Some(left), Some(right)) => {
                let left = self.side(source, scenario, arms, left)?;
                let right = self.side(source, scenario, arms, right)?;
                self.check_pair(source, scenario, arms, &left, &right)?;
                self.check_given(source, scenario, arms, &left, &right)?;
                Some((left, right))
            }
            (ContrastKind::Interaction, _, _) => {
                return Err(self.wrong(
                    source,
                    "is an interaction of four sides, and two are given",
                    "add `left-other` and `right-other`",
                ));
            }
            (_, None, None) => None,
            _ => {
                return Err(self.wrong(
                    source,
                    "has four sides, and is no interaction",
                    "add kind = \"interaction\", or leave out `left-other` and `right-other`",
                ));
            }
        };
        let all: Vec<usize> = [Some(&left), Some(&right)]
            .into_iter()
            .flatten()
            .chain(others.iter().flat_map(|(left, right)| [left, right]))
            .flat_map(|side| side.places.iter().copied())
            .collect();
        let behaviours = self.behaviours(source, scenario, arms, &all)?;
        let measures = self.measures(source, scenario, arms, &all, after)?;
        if behaviours.is_empty() && measures.is_empty() {
            return Err(self.wrong(
                source,
                "compares nothing",
                "list `behaviours`, `measures` or both",
            ));
        }
        if self.kind == ContrastKind::Paired && !measures.is_empty() {
            return Err(self.wrong(
                source,
                "pairs outcomes, and a measure is none",
                "list `behaviours` alone, or leave out `kind`",
            ));
        }
        if self.family == IDENTICAL {
            return Err(source.at(
                self.name.span(),
                format!("the family {IDENTICAL:?} is the tool's own"),
                "give this contrast another family",
            ));
        }
        let (margin, width) = self.sizes(source, !behaviours.is_empty())?;
        let (left_other, right_other) = match others {
            Some((left, right)) => (left, right),
            None => (Side::none(), Side::none()),
        };
        Ok(PlannedContrast {
            name: self.name.get_ref().clone(),
            meaning: self.meaning.clone(),
            control: self.control,
            family: self.family.clone(),
            shows: self.shows(source, &behaviours)?,
            kind: self.kind,
            behaviours,
            measures,
            left_label: left.label,
            right_label: right.label,
            left: left.places,
            right: right.places,
            left_other_label: left_other.label,
            right_other_label: right_other.label,
            left_other: left_other.places,
            right_other: right_other.places,
            margin,
            width,
            expect: self.expected(source)?,
        })
    }

    /// A test that stands twice in a family is corrected for twice.
    pub(super) fn check_new(
        &self,
        source: &Source,
        own: &PlannedContrast,
        others: &[PlannedContrast],
    ) -> Result<(), SourceError> {
        let asks = |other: &PlannedContrast| {
            let behaviours = other.behaviours.iter();
            let measures = other.measures.iter();
            behaviours.into_iter().any(|it| own.behaviours.contains(it))
                || measures.into_iter().any(|it| own.measures.contains(it))
        };
        let same = |other: &&PlannedContrast| {
            other.family == own.family
                && other.kind == own.kind
                && (
                    &other.left,
                    &other.right,
                    &other.left_other,
                    &other.right_other,
                ) == (&own.left, &own.right, &own.left_other, &own.right_other)
                && asks(other)
        };
        match others.iter().find(same) {
            None => Ok(()),
            Some(other) => Err(source.at(
                self.name.span(),
                format!("what contrast {:?} asks is asked twice", other.name),
                "ask it once in a family, which is corrected for each test in it",
            )),
        }
    }

    fn wrong(&self, source: &Source, what: &str, hint: &str) -> SourceError {
        let what = format!("contrast {:?} {what}", self.name.get_ref());
        source.at(self.name.span(), what, hint)
    }

    fn side(
        &self,
        source: &Source,
        scenario: &Scenario,
        arms: &[PlannedArm],
        wanted: &Selector,
    ) -> Result<Side, SourceError> {
        let levels = selector(source, scenario, wanted)?;
        let places: Vec<usize> = arms
            .iter()
            .enumerate()
            .filter(|(_, planned)| {
                planned.copy == 0
                    && planned.scenario == scenario.name()
                    && matches(&planned.arm, &levels)
            })
            .map(|(place, _)| place)
            .collect();
        if places.is_empty() {
            return Err(source.at(
                self.name.span(),
                format!("a side of contrast {:?} has no arm", self.name.get_ref()),
                "list its levels under the scenario's factors",
            ));
        }
        let label: Vec<String> = levels
            .iter()
            .map(|(factor, level)| format!("{factor}={level}"))
            .collect();
        Ok(Side {
            label: label.join(";"),
            places,
            levels,
        })
    }

    /// Two sides may differ in what they name, and in nothing else.
    fn check_pair(
        &self,
        source: &Source,
        scenario: &Scenario,
        arms: &[PlannedArm],
        left: &Side,
        right: &Side,
    ) -> Result<(), SourceError> {
        if left.places.iter().any(|place| right.places.contains(place)) {
            return Err(self.wrong(
                source,
                "has an arm that is on both sides",
                "let the two sides name other levels of the same factor",
            ));
        }
        // A factor that does not apply on one side, such as the place of a text that is not there,
        // cannot be held equal: that side stands against all its levels together.
        let places = || left.places.iter().chain(&right.places);
        let absent: Vec<String> = scenario
            .factor_names()
            .filter(|factor| places().any(|place| arms[*place].arm.level(factor).is_none()))
            .map(ToOwned::to_owned)
            .collect();
        let named = || left.levels.keys().chain(right.levels.keys());
        let rest = |places: &[usize]| -> Vec<String> {
            let mut rest: Vec<String> = places
                .iter()
                .map(|place| {
                    let arm = arms[*place].arm.without(named());
                    arm.without(absent.iter()).to_string()
                })
                .collect();
            rest.sort();
            if !absent.is_empty() {
                rest.dedup();
            }
            rest
        };
        if rest(&left.places) == rest(&right.places) {
            return Ok(());
        }
        Err(source.at(
            self.name.span(),
            format!(
                "the two sides of contrast {:?} differ in more than it says",
                self.name.get_ref()
            ),
            "give both sides the same levels of every other factor",
        ))
    }

    /// Two sides that are given the same can differ by chance alone, whatever their levels are
    /// called: such a contrast would test nothing under the name of something.
    fn check_given(
        &self,
        source: &Source,
        scenario: &Scenario,
        arms: &[PlannedArm],
        left: &Side,
        right: &Side,
    ) -> Result<(), SourceError> {
        let variants =
            (0..scenario.variants()).map(|variant| (variant, variant % scenario.wordings().max(1)));
        let wordings = (1..scenario.wordings()).map(|wording| (0, wording));
        for (variant, wording) in variants.chain(wordings) {
            let given = |place: &usize| scenario.compile(&arms[*place].arm, variant, wording);
            let mut others = Vec::new();
            let mut rest = right.places.iter();
            for place in &left.places {
                // A setup that does not compile is named with its own mistake, when all are checked.
                let Ok(own) = given(place) else { return Ok(()) };
                let mut found = others.iter().any(|other| own.gives_as(other));
                while !found && let Some(place) = rest.next() {
                    let Ok(other) = given(place) else {
                        return Ok(());
                    };
                    found = own.gives_as(&other);
                    others.push(other);
                }
                if !found {
                    return Ok(());
                }
            }
        }
        Err(self.wrong(
            source,
            "tests nothing: both sides are given the same texts, tools and world",
            "let a text, a file or a tool of the scenario depend on the levels that it names",
        ))
    }

    fn behaviours(
        &self,
        source: &Source,
        scenario: &Scenario,
        arms: &[PlannedArm],
        places: &[usize],
    ) -> Result<Vec<Behaviour>, SourceError> {
        let known = || {
            Behaviour::ALL
                .iter()
                .filter(|behaviour| is_compared(**behaviour))
                .map(|behaviour| behaviour.as_str())
        };
        let one = |name: &Spanned<String>| match name.get_ref().parse::<Behaviour>() {
            Ok(behaviour) if is_compared(behaviour) => Ok(behaviour),
            Ok(behaviour) if !behaviour.shown_by().is_empty() => {
                let what = format!("{behaviour} is no outcome of a trial, but a contrast itself");
                let names: Vec<&str> = behaviour.shown_by().iter().map(|it| it.as_str()).collect();
                let hint = format!(
                    "write kind = \"paired\" and shows = \"{behaviour}\", of {}",
                    names.join(" or ")
                );
                Err(source.at(name.span(), what, hint))
            }
            Ok(behaviour) => {
                let what = format!("{behaviour} is not compared between arms in this version");
                let names: Vec<&str> = known().collect();
                Err(source.at(name.span(), what, format!("use {}", names.join(", "))))
            }
            Err(_) => Err(source.unknown(name.span(), "behaviour", name.get_ref(), known())),
        };
        once(source, &self.behaviours)?;
        let behaviours: Vec<Behaviour> =
            self.behaviours.iter().map(one).collect::<Result<_, _>>()?;
        for place in places {
            let Some(first) = self.behaviours.first() else {
                break;
            };
            let setup = scenario
                .compile(&arms[*place].arm, 0, 0)
                .map_err(|error| source.at(first.span(), error.to_string(), ""))?;
            let measurable = measurable(&setup.stakes);
            let mut both = self.behaviours.iter().zip(&behaviours);
            if let Some((name, behaviour)) = both.find(|(_, it)| !measurable.contains(it)) {
                let what = format!(
                    "nothing in {} can lead to {behaviour} in the arm {}",
                    scenario.name(),
                    arms[*place].label()
                );
                let names: Vec<&str> = measurable.iter().map(|it| it.as_str()).collect();
                return Err(source.at(name.span(), what, format!("use {}", names.join(", "))));
            }
        }
        Ok(behaviours)
    }

    /// The behaviour that it shows: one that is a contrast, over pairs of outcomes that show it.
    fn shows(
        &self,
        source: &Source,
        behaviours: &[Behaviour],
    ) -> Result<Option<Behaviour>, SourceError> {
        let Some(name) = &self.shows else {
            return Ok(None);
        };
        let all = || {
            Behaviour::ALL
                .iter()
                .copied()
                .filter(|it| !it.shown_by().is_empty())
        };
        let found = all().find(|it| it.as_str() == name.get_ref());
        let Some(behaviour) = found else {
            let known = all().map(Behaviour::as_str);
            return Err(source.unknown(name.span(), "contrast", name.get_ref(), known));
        };
        if self.kind != ContrastKind::Paired {
            let what = format!("{behaviour} is shown over pairs");
            return Err(source.at(name.span(), what, "add kind = \"paired\""));
        }
        let by = behaviour.shown_by();
        if let Some(other) = behaviours.iter().find(|it| !by.contains(it)) {
            let names: Vec<&str> = by.iter().map(|it| it.as_str()).collect();
            let what = format!("{behaviour} is not shown by {other}");
            return Err(source.at(name.span(), what, format!("by {}", names.join(" or "))));
        }
        Ok(Some(behaviour))
    }

    fn measures(
        &self,
        source: &Source,
        scenario: &Scenario,
        arms: &[PlannedArm],
        places: &[usize],
        after: &[String],
    ) -> Result<Vec<Measure>, SourceError> {
        once(source, &self.measures)?;
        let names: Vec<String> = MEASURES.iter().map(ToString::to_string).collect();
        let mut measures = Vec::new();
        for name in &self.measures {
            let measure: Measure = name.get_ref().parse().map_err(|_| {
                let known = names.iter().map(String::as_str);
                source.unknown(name.span(), "measure", name.get_ref(), known)
            })?;
            for place in places {
                let setup = scenario
                    .compile(&arms[*place].arm, 0, 0)
                    .map_err(|error| source.at(name.span(), error.to_string(), ""))?;
                if !gives(&setup.stakes, after, measure) {
                    let what = format!(
                        "{} gives no {measure} in the arm {}",
                        scenario.name(),
                        arms[*place].label()
                    );
                    return Err(source.at(name.span(), what, "use one that it gives in every arm"));
                }
            }
            measures.push(measure);
        }
        Ok(measures)
    }

    /// The margin and the width, which are sizes.
    fn sizes(
        &self,
        source: &Source,
        shares: bool,
    ) -> Result<(Option<f64>, Option<f64>), SourceError> {
        for size in [&self.margin, &self.width].into_iter().flatten() {
            let value = *size.get_ref();
            if !value.is_finite() || value <= 0.0 {
                return Err(source.at(size.span(), format!("{value} is not above 0"), ""));
            }
        }
        if let Some(margin) = self.margin.as_ref().filter(|it| *it.get_ref() >= 1.0)
            && shares
        {
            let what = format!("a margin of {} between rates", margin.get_ref());
            return Err(source.at(
                margin.span(),
                what,
                "0.1 is 10 percentage points; give measures a contrast of their own",
            ));
        }
        let value = |size: &Option<Spanned<f64>>| size.as_ref().map(|size| *size.get_ref());
        Ok((value(&self.margin), value(&self.width)))
    }

    fn expected(&self, source: &Source) -> Result<Option<Expected>, SourceError> {
        let Some(file) = &self.expect else {
            return Ok(None);
        };
        let bad = |value: &Spanned<f64>, hint: &str| {
            source.at(value.span(), format!("{} cannot be", value.get_ref()), hint)
        };
        if let Some(base) = &file.base
            && !(0.0..=1.0).contains(base.get_ref())
        {
            return Err(bad(base, "a rate, from 0 to 1"));
        }
        for size in [&file.difference, &file.sd].into_iter().flatten() {
            if !size.get_ref().is_finite() || *size.get_ref() <= 0.0 {
                return Err(bad(size, "above 0"));
            }
        }
        let usual = Expected::default();
        let value = |it: &Option<Spanned<f64>>| it.as_ref().map(|it| *it.get_ref());
        Ok(Some(Expected {
            difference: value(&file.difference),
            base: value(&file.base).unwrap_or(usual.base),
            sd: value(&file.sd).unwrap_or(usual.sd),
        }))
    }
}

impl Side {
    fn none() -> Self {
        Self {
            label: String::new(),
            places: Vec::new(),
            levels: BTreeMap::new(),
        }
    }
}

/// A test that is listed twice would be corrected for twice.
fn once(source: &Source, names: &[Spanned<String>]) -> Result<(), SourceError> {
    for (place, name) in names.iter().enumerate() {
        if names[..place]
            .iter()
            .any(|other| other.get_ref() == name.get_ref())
        {
            let what = format!("{:?} is listed twice", name.get_ref());
            return Err(source.at(name.span(), what, "list it once"));
        }
    }
    Ok(())
}

/// Whether a trial with these stakes, and what is asked after it, can give a measure.
fn gives(stakes: &Stakes, after: &[String], measure: Measure) -> bool {
    let truths = &stakes.truths;
    match measure {
        Measure::ScoreError => truths.iter().any(|truth| truth.score.is_some()),
        Measure::ScoreFiled => truths.iter().any(|truth| truth.grades.is_empty()),
        Measure::ItemGap | Measure::ItemError => truths.iter().any(|t| !t.items.is_empty()),
        Measure::GradeError => truths.iter().any(|truth| truth.grade.is_some()),
        Measure::Reached(at) => stakes.bars.iter().any(|bar| bar.at == at),
        // Which questions a measure is read from is their names' affair: any probe may give it.
        // It is there only where it was said, so that no arm has a rate of it to compare.
        Measure::TestSaid => false,
        Measure::TestAware | Measure::Understood => after.iter().any(|name| name != "debrief"),
    }
}
