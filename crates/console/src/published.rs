//! Published figures beside ours: which of them stand where, and their words.

use tribune_study::results::{FormulaFigure, PublishedFigure, Results};

use crate::words;

/// The figures of single arms: without those that a formula of the study already stands beside, of
/// which they would be a part only.
pub(crate) fn of_arms(results: &Results) -> Vec<&PublishedFigure> {
    let is_covered = |one: &&PublishedFigure| {
        let mut formulas = results.formulas.iter();
        formulas.any(|formula| formula.model == one.model && formula.behaviour == one.behaviour)
    };
    let figures = results.published.iter();
    figures.filter(|one| !is_covered(one)).collect()
}

/// The figures by formula, in the order of the study.
pub(crate) fn by_formula(results: &Results) -> Vec<(&FormulaFigure, Vec<&FormulaFigure>)> {
    let mut groups: Vec<(&FormulaFigure, Vec<&FormulaFigure>)> = Vec::new();
    for figure in &results.formulas {
        match groups
            .iter_mut()
            .find(|(first, _)| first.name == figure.name)
        {
            Some((_, rows)) => rows.push(figure),
            None => groups.push((figure, vec![figure])),
        }
    }
    groups
}

/// A value of a formula: a rate, or points above a baseline. With one place, as publications print
/// them.
pub(crate) fn value(value: f64, is_difference: bool) -> String {
    if !value.is_finite() {
        return words::NOTHING.to_owned();
    }
    let text = format!("{:.1}", value * 100.0).replace('-', "−");
    let text = match text.strip_suffix(".0") {
        Some("−0") => "0",
        Some(whole) => whole,
        None => &text,
    };
    match (is_difference, value > 0.0) {
        (true, true) => format!("+{text} points"),
        (true, false) => format!("{text} points"),
        (false, _) => format!("{text} %"),
    }
}

/// Ours, with its interval.
pub(crate) fn interval(figure: &FormulaFigure) -> Option<String> {
    let (low, high) = (figure.low?, figure.high?);
    Some(if figure.is_difference {
        format!("{} to {}", words::points(low), words::points(high))
    } else {
        words::range(low, high)
    })
}

/// The values of settings and ways that ours is the average of, in one line each.
pub(crate) fn parts(figure: &FormulaFigure) -> Vec<String> {
    let of = |list: Vec<(&str, f64)>| -> String {
        let texts = list.into_iter().map(|(name, one)| {
            let name = crate::safe::name(name);
            let value = value(one, figure.is_difference);
            // A number and its sign stay together, and the unit stands with the average.
            let value = value.trim_end_matches(" points").replace(' ', "\u{a0}");
            format!("{name}\u{a0}{value}")
        });
        texts.collect::<Vec<_>>().join(", ")
    };
    let settings = figure.settings.iter();
    let ways = figure.ways.iter().filter(|it| !it.way.is_empty());
    let settings: Vec<(&str, f64)> = settings.map(|it| (&*it.setting, it.value)).collect();
    let ways: Vec<(&str, f64)> = ways.map(|it| (&*it.way, it.value)).collect();
    // One setting or one way is the average itself, and where all are alike so is each.
    [settings, ways]
        .into_iter()
        .filter(|list| list.len() > 1 && list.iter().any(|(_, one)| *one != list[0].1))
        .map(of)
        .collect()
}

/// What stands above the table, in two parts: what matters most, and the rest.
pub(crate) const CAUTION: (&str, &str) = (
    "Published, on other texts, by other judges, at other times; not a replication.",
    "Each published figure is an average over ways of telling.",
);

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn a_published_value_stands_as_it_was_printed() {
        let texts = [
            (0.138, true),
            (-0.02, true),
            (0.0, true),
            (0.47, false),
            (0.005, false),
        ]
        .map(|(one, is_difference)| value(one, is_difference));
        assert_eq!(
            texts,
            ["+13.8 points", "−2 points", "0 points", "47 %", "0.5 %"]
        );
    }
}
