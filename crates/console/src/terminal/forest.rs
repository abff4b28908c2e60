//! Contrasts in the terminal: a forest plot in text, on one axis with zero marked.

use tribune_study::results::{Contrast, Resolution, Results};

use super::Style;
use super::lay::{self, Ink};
use crate::arms::Arms;
use crate::axis::{Axis, interval};
use crate::rows;
use crate::words::{self, points, points_range};

/// Contrasts that are shown; more are only counted.
const MOST: usize = 40;

/// Writes the contrasts.
pub(super) fn forest(out: &mut String, results: &Results, arms: &Arms, style: &Style) {
    if results.contrasts.is_empty() {
        return;
    }
    let (shown, left) = rows::plotted(results, MOST);
    let axis = Axis::over(shown.iter().map(|(_, contrast)| *contrast));
    out.push('\n');
    let head = "Differences between arms, in percentage points with 95 % intervals (● a difference by the corrected test, ○ not resolved)";
    lay::paragraph(out, head, Ink::Quiet, style);
    // What a row holds beside the plot: at least the numbers, and words as there is room.
    let numbers = 31;
    let total = style.columns();
    let label = (total.saturating_sub(numbers) / 2).min(44);
    let room = Room {
        label,
        plot: total.saturating_sub(numbers + label + 4),
        axis: axis.as_ref(),
    };
    let mut last: Option<String> = None;
    for (_, contrast) in &shown {
        let question = question(contrast, arms, style);
        if last.as_ref() != Some(&question) {
            lay::paragraph(out, &question, Ink::Strong, style);
            last = Some(question);
        }
        row(out, contrast, &room, style);
    }
    if let Some(axis) = axis.as_ref().filter(|_| room.plots()) {
        out.push_str(&format!(
            "{}{}\n",
            " ".repeat(label + 2),
            ticks(axis, room.plot)
        ));
    }
    if left > 0 {
        let words = format!(
            "{} without a difference or without data, or too many to show: see the report.",
            words::counted(left as u64, "more contrast", "more contrasts")
        );
        lay::paragraph(out, &words, Ink::Quiet, style);
    }
}

/// The room for one row.
struct Room<'a> {
    label: usize,
    plot: usize,
    axis: Option<&'a Axis>,
}

impl Room<'_> {
    /// Whether there is room for a plot that can be read.
    fn plots(&self) -> bool {
        self.axis.is_some() && self.plot >= 16
    }
}

/// What rows of the same contrast share.
fn question(contrast: &Contrast, arms: &Arms, style: &Style) -> String {
    let kind = if words::is_identical_pair(contrast) {
        " (A/A, must not differ)"
    } else if words::is_exploratory(contrast) {
        " (exploratory)"
    } else {
        ""
    };
    let side = |label: &str| lay::given(&arms.label(&contrast.scenario, label), style);
    format!(
        "{}{kind}: {} against {}",
        lay::given(&contrast.name, style),
        side(&contrast.left_arm),
        side(&contrast.right_arm)
    )
}

fn row(out: &mut String, contrast: &Contrast, room: &Room<'_>, style: &Style) {
    let found = contrast.resolution == Resolution::Difference;
    let colour = if found { Ink::Found } else { Ink::Plain };
    let text = format!(
        "  {} · {}",
        lay::given(&contrast.behaviour, style),
        lay::given(&contrast.model, style)
    );
    let numbers = match contrast.difference {
        None => "no data on one side".to_owned(),
        Some(difference) => format!(
            "{} ({}) p {}",
            points(difference),
            points_range(contrast.low, contrast.high),
            words::p_value(contrast.p_corrected)
        ),
    };
    match room.axis {
        Some(axis) if room.plots() => {
            let label = lay::fit(&text, room.label);
            let pad = " ".repeat(room.label.saturating_sub(lay::width(&label)) + 2);
            let plot = lay::ink(&draw(contrast, axis, room.plot), colour, style);
            out.push_str(&format!("{label}{pad}{plot}  {numbers}\n"));
        }
        _ => lay::paragraph(out, &format!("{text}: {numbers}"), colour, style),
    }
}

fn draw(contrast: &Contrast, axis: &Axis, columns: usize) -> String {
    let mut marks = vec![' '; columns];
    let last = columns.saturating_sub(1);
    let at = |value: f64| (axis.place(value) * last as f64).round() as usize;
    if let Some(mark) = marks.get_mut(at(0.0)) {
        *mark = '┊';
    }
    if let Some((low, high, middle)) = interval(contrast) {
        for (place, mark) in marks.iter_mut().enumerate() {
            match place {
                place if place == at(low) => *mark = '├',
                place if place == at(high) => *mark = '┤',
                place if (at(low)..at(high)).contains(&place) && *mark == ' ' => *mark = '─',
                _ => {}
            }
        }
        if let Some(mark) = marks.get_mut(at(middle)) {
            *mark = if contrast.resolution == Resolution::Difference {
                '●'
            } else {
                '○'
            };
        }
    }
    marks.into_iter().collect()
}

/// The marked values of the axis, each centred under its place, those that collide left out.
fn ticks(axis: &Axis, columns: usize) -> String {
    let mut marks = vec![' '; columns];
    let last = columns.saturating_sub(1) as f64;
    let mut values = axis.ticks();
    // Zero first: it is the one that must stand there.
    values.sort_by(|left, right| left.abs().total_cmp(&right.abs()));
    for value in values {
        let text: Vec<char> = points(value).chars().collect();
        let centre = (axis.place(value) * last).round() as usize;
        let start = centre
            .saturating_sub(text.len() / 2)
            .min(columns.saturating_sub(text.len()));
        let around = start.saturating_sub(1)..(start + text.len() + 1).min(columns);
        if marks
            .get(around)
            .is_some_and(|marks| marks.iter().all(|mark| *mark == ' '))
        {
            for (mark, character) in marks.iter_mut().skip(start).zip(&text) {
                *mark = *character;
            }
        }
    }
    marks.into_iter().collect::<String>().trim_end().to_owned()
}
