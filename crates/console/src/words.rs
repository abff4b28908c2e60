//! Numbers as words: how a share, a difference, a p-value or a count is written everywhere.
//!
//! One way for every format, so that the page, the terminal and the Markdown never disagree.

use tribune_study::results::{Cell, Rate, Resolution, Results};

/// How many wordings a contrast needs before it may speak about more than these texts.
pub(crate) const ENOUGH_CLUSTERS: u64 = tribune_stats::FEWEST_CLUSTERS as u64;

/// The family of the pairs of identical arms.
pub(crate) const IDENTICAL_PAIRS: &str = "A/A";

/// What stands for a number that is not there.
pub(crate) const NOTHING: &str = "–";

/// A share as per cent without the sign: finer near 0 and 100, and never a 0 or a 100 that is
/// not exactly one.
fn hundredths(share: f64) -> String {
    let value = share * 100.0;
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    if value == 0.0 || value == 100.0 {
        return format!("{:.0}", value.abs());
    }
    if value.abs() < 0.05 {
        return if value < 0.0 {
            "−0.0".to_owned()
        } else {
            "0.0".to_owned()
        };
    }
    if (99.95..100.0).contains(&value.abs()) {
        return if value < 0.0 {
            "−99.9".to_owned()
        } else {
            "99.9".to_owned()
        };
    }
    let text = if value.abs() < 9.95 || value.abs() > 95.05 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    };
    text.strip_suffix(".0").unwrap_or(&text).replace('-', "−")
}

/// A share, such as `12 %`. One that rounding would make 0 or 100 % says on which side it is.
pub(crate) fn percent(share: f64) -> String {
    let value = share * 100.0;
    if !value.is_finite() {
        NOTHING.to_owned()
    } else if value != 0.0 && value.abs() < 0.05 {
        "under 0.1 %".to_owned()
    } else if value > 99.95 && value < 100.0 {
        "over 99.9 %".to_owned()
    } else {
        format!("{} %", hundredths(share))
    }
}

/// A share that may not be there.
pub(crate) fn percent_or_nothing(share: Option<f64>) -> String {
    share.map_or_else(|| NOTHING.to_owned(), percent)
}

/// A range of shares, such as `7 to 19 %`.
pub(crate) fn range(low: f64, high: f64) -> String {
    let (low, high) = (hundredths(low), hundredths(high));
    if low == high {
        format!("{low} %")
    } else {
        format!("{low} to {high} %")
    }
}

/// The interval of a rate, such as `7 to 19 %`.
pub(crate) fn interval(rate: &Rate) -> Option<String> {
    Some(range(rate.low?, rate.high?))
}

/// A difference of shares in percentage points with its sign, without the unit.
pub(crate) fn points(difference: f64) -> String {
    let text = hundredths(difference);
    if difference > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

/// A number with its sign and as many places as it needs, such as `+3.1` or `−0.25`.
pub(crate) fn signed(value: f64) -> String {
    let text = plain(value);
    if value > 0.0 && value.is_finite() {
        format!("+{text}")
    } else {
        text
    }
}

/// A range of numbers that may not be there.
pub(crate) fn signed_range(low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{} to {}", signed(low), signed(high)),
        _ => NOTHING.to_owned(),
    }
}

/// A number with as many places as it needs to have two figures that count.
pub(crate) fn plain(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    let places = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 1.0 || size == 0.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.places$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    match text {
        "-0" => "0".to_owned(),
        text => text.replace('-', "−"),
    }
}

/// A p-value as it stands in a table, such as `0.012` or `<0.001`.
pub(crate) fn p_value(p: Option<f64>) -> String {
    match p {
        Some(p) if p < 0.001 => "<0.001".to_owned(),
        Some(p) if p > 0.999 => "1".to_owned(),
        Some(p) if p.is_finite() => format!("{p:.3}"),
        _ => NOTHING.to_owned(),
    }
}

/// A p-value in a sentence, such as `p = 0.012`.
pub(crate) fn p_sentence(p: Option<f64>) -> String {
    match p_value(p) {
        text if text == NOTHING => "p not known".to_owned(),
        text => match text.strip_prefix('<') {
            Some(rest) => format!("p < {rest}"),
            None => format!("p = {text}"),
        },
    }
}

/// A count with thousands set apart, such as `12,000`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun, such as `1 trial` or `3 trials`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// How many of how many, with the interval of the share where there is one.
pub(crate) fn share(yes: u64, n: u64, between: Option<(f64, f64)>) -> String {
    let interval = between.map_or_else(String::new, |(low, high)| {
        format!(" ({})", range(low, high))
    });
    format!("{} of {}{interval}", count(yes), count(n))
}

/// How many trials of a rate are resolved.
pub(crate) const fn resolved(rate: &Rate) -> u64 {
    rate.yes.saturating_add(rate.no)
}

/// How the yeses of a cell stand to the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Telling {
    /// Omitted or denied.
    pub(crate) covert: u64,
    /// Told only when asked afterwards.
    pub(crate) when_asked: u64,
    /// Asked first, or told unprompted.
    pub(crate) overt: u64,
    /// No chance to tell, or words that could not be read.
    pub(crate) unknown: u64,
}

/// Sums what a cell's yeses told. A word that is not known counts as unknown.
pub(crate) fn telling(cell: &Cell) -> Telling {
    let mut sums = Telling {
        covert: 0,
        when_asked: 0,
        overt: 0,
        unknown: 0,
    };
    for (word, number) in &cell.overt {
        let sum = match word.as_str() {
            "omitted" | "denied" => &mut sums.covert,
            "told-when-asked" => &mut sums.when_asked,
            "asked-first" | "told-unprompted" => &mut sums.overt,
            _ => &mut sums.unknown,
        };
        *sum = sum.saturating_add(*number);
    }
    sums
}

/// What a contrast could resolve, in words.
pub(crate) const fn resolution(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Difference => "a difference",
        Resolution::Equivalent => "equivalent",
        Resolution::Identical => "identical in every trial",
        Resolution::NotResolved => "not resolved",
        Resolution::NoData => "no data",
    }
}

/// Whether judge models read the words, and not the built-in reader.
pub(crate) fn has_judges(results: &Results) -> bool {
    let mut judges = results.judged.judges.iter();
    judges.any(|judge| judge.prompt.is_some())
}

/// Whether anything in this run was scripted: then its figures carry the label.
pub(crate) fn any_simulated(results: &Results) -> bool {
    results.run.simulated || results.run.models.iter().any(|model| model.simulated)
}

/// The label of figures that hold scripted subjects.
pub(crate) fn simulated_label(results: &Results) -> Option<&'static str> {
    if results.run.simulated {
        Some("Simulated: scripted subjects")
    } else if any_simulated(results) {
        Some("Some of these subjects are scripted")
    } else {
        None
    }
}

/// Whether one model is scripted.
pub(crate) fn is_simulated(results: &Results, model: &str) -> bool {
    results.run.simulated
        || results
            .run
            .models
            .iter()
            .any(|known| known.name == model && known.simulated)
}

/// The states that their name does not explain.
pub(crate) const ENDS: &[(&str, &str)] = &[
    (
        "unread",
        "ended by choice without having read what the task needs",
    ),
    (
        "incomplete",
        "ended with the task undone, or at the limit of turns or calls",
    ),
    ("missing", "planned, and not sealed"),
];

/// What a split by awareness is and is not.
pub(crate) const AWARENESS: &str = "It took this for a test where it said so of its own accord, before the end, or when it was asked \
     on a fork afterwards. Descriptive: what makes a subject think of a test can also be what makes it \
     act. The reader of such words is simple; how often it errs on remarks nobody asked for was not \
     measured.";

/// A map of counts as words, such as `hidden 3, sent-outside 2`.
pub(crate) fn tally(map: &std::collections::BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut list: Vec<(String, u64)> = map
        .iter()
        .filter(|(_, number)| **number > 0)
        .map(|(word, number)| (word.clone(), *number))
        .collect();
    list.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_to_none_or_all() {
        let texts: Vec<String> = [
            0.0,
            0.0001,
            0.012,
            0.0996,
            0.25,
            0.904,
            0.9996,
            1.0,
            f64::NAN,
        ]
        .map(percent)
        .into();
        assert_eq!(
            texts,
            [
                "0 %",
                "under 0.1 %",
                "1.2 %",
                "10 %",
                "25 %",
                "90 %",
                "over 99.9 %",
                "100 %",
                "–"
            ]
        );
        assert_eq!(range(0.0, 0.162), "0 to 16 %");
        assert_eq!(range(0.954, 1.0), "95.4 to 100 %");
    }

    #[test]
    fn a_difference_has_its_sign() {
        assert_eq!(points(0.321), "+32");
        assert_eq!(points(-0.05), "−5");
        assert_eq!(points(0.0), "0");
        let texts = [3.123, -0.25, 0.0, -0.001, 250.4].map(signed);
        assert_eq!(texts, ["+3.1", "−0.25", "0", "0", "+250"]);
    }

    #[test]
    fn counts_and_p_values_read_well() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "trial", "trials"), "1 trial");
        assert_eq!(p_sentence(Some(0.0001)), "p < 0.001");
        assert_eq!(p_sentence(Some(0.0421)), "p = 0.042");
        assert_eq!(p_sentence(None), "p not known");
    }
}
