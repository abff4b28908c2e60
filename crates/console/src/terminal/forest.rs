//! Contrasts in the terminal: a forest plot in text, on one axis with zero marked.

use tribune_study::results::{Resolution, Results};

use super::Style;
use super::lay::{self, Ink};
use crate::arms::Arms;
use crate::axis::Axis;
use crate::lines::{self, Family, Line, Unit};
use crate::words;

/// Contrasts of a family that are shown; more are only counted.
const MOST: usize = 40;
/// The fewest columns in which a plot can be read.
const PLOT: usize = 16;

/// Writes the contrasts, family by family.
pub(super) fn forest(out: &mut String, results: &Results, arms: &Arms, style: &Style) {
    let families = lines::families(results);
    if families.is_empty() {
        return;
    }
    out.push('\n');
    let head = "Differences between arms with the interval that decides (● a difference by the corrected test, ◆ equivalent within the margin, ○ not resolved)";
    lay::paragraph(out, head, Ink::Quiet, style);
    for family in &families {
        let name = if family.name == words::IDENTICAL_PAIRS {
            "Identical arms (A/A), which must not differ".to_owned()
        } else {
            format!("Family {}", lay::given(family.name, style))
        };
        let correction = family.correction(results).replace('’', "'");
        lay::paragraph(out, &format!("{name}. {correction}"), Ink::Quiet, style);
        let mut left = 0;
        for unit in lines::units(&family.lines) {
            left += of_unit(out, family, unit, arms, style);
        }
        if left > 0 {
            let words = format!(
                "{} without a difference, an interval or data, or too many to show: see the report.",
                words::counted(left as u64, "more contrast", "more contrasts")
            );
            lay::paragraph(out, &words, Ink::Quiet, style);
        }
    }
}

/// Writes the contrasts of one unit, on an axis of their own; gives how many are left out.
fn of_unit(
    out: &mut String,
    family: &Family<'_>,
    unit: Unit<'_>,
    arms: &Arms,
    style: &Style,
) -> usize {
    let (shown, left) = lines::plotted(&family.lines, unit, MOST);
    let axis = Axis::over(shown.iter().copied());
    // What a row holds beside the plot: at least the numbers, and words as there is room.
    let numbers = 39;
    let total = style.columns();
    // A name that is cut tells nobody which model it was: where the names leave no room for a plot
    // they stand above it.
    let widest = shown.iter().map(|line| lay::width(&label(line, style)));
    let widest = widest.max().unwrap_or(0);
    let beside = total.saturating_sub(numbers + widest + 4);
    let label = if beside >= PLOT { widest } else { 2 };
    let room = Room {
        label,
        above: beside < PLOT,
        plot: total.saturating_sub(numbers + label + 4).min(60),
        axis: axis.as_ref(),
    };
    let mut last: Option<String> = None;
    for line in &shown {
        let question = question(line, arms, style);
        if last.as_ref() != Some(&question) {
            lay::paragraph(out, &question, Ink::Strong, style);
            last = Some(question);
        }
        row(out, line, &room, style);
    }
    if let Some(axis) = axis.as_ref().filter(|_| room.plots()) {
        out.push_str(&format!(
            "{}{}  {}\n",
            " ".repeat(label + 2),
            ticks(axis, room.plot, unit),
            unit.named()
        ));
    }
    left
}

/// The room for one row.
struct Room<'a> {
    label: usize,
    /// Whether the label stands on a line of its own.
    above: bool,
    plot: usize,
    axis: Option<&'a Axis>,
}

impl Room<'_> {
    /// Whether there is room for a plot that can be read.
    fn plots(&self) -> bool {
        self.axis.is_some() && self.plot >= PLOT
    }
}

/// What rows of the same contrast share.
fn question(line: &Line<'_>, arms: &Arms, style: &Style) -> String {
    let mut text = lay::given(line.name, style);
    if arms.many_scenarios {
        text.push_str(&format!(" in {}", lay::given(line.scenario, style)));
    }
    for (place, side) in line.sides.iter().enumerate() {
        text.push_str(match place {
            0 => ": ",
            2 => ", beside ",
            _ => " against ",
        });
        text.push_str(&lay::given(&arms.label(line.scenario, side.arm), style));
    }
    text
}

/// What a row is of.
fn label(line: &Line<'_>, style: &Style) -> String {
    format!(
        "  {} · {}",
        lay::given(line.what, style),
        lay::given(line.model, style)
    )
}

fn row(out: &mut String, line: &Line<'_>, room: &Room<'_>, style: &Style) {
    let found = line.resolution == Resolution::Difference;
    let colour = if found { Ink::Found } else { Ink::Plain };
    let text = label(line, style);
    let p = match line.p_corrected {
        Some(_) => format!(" p {}", words::p_value(line.p_corrected)),
        None => String::new(),
    };
    let few = if line.is_of_these_texts() {
        " texts only"
    } else {
        ""
    };
    let numbers = match line.difference {
        None => "no data on one side".to_owned(),
        Some(_) => format!(
            "{} ({}){p}{few}",
            line.unit.or_nothing(line.difference),
            line.range()
        ),
    };
    match room.axis {
        Some(axis) if room.plots() && lay::width(&numbers) <= 39 => {
            let label = if room.above {
                lay::paragraph(out, &text, colour, style);
                String::new()
            } else {
                text
            };
            let pad = " ".repeat(room.label.saturating_sub(lay::width(&label)) + 2);
            let plot = lay::ink(&draw(line, axis, room.plot), colour, style);
            out.push_str(&format!("{label}{pad}{plot}  {numbers}\n"));
        }
        _ => lay::paragraph(out, &format!("{text}: {numbers}"), colour, style),
    }
}

fn draw(line: &Line<'_>, axis: &Axis, columns: usize) -> String {
    let mut marks = vec![' '; columns];
    let last = columns.saturating_sub(1);
    let at = |value: f64| (axis.place(value) * last as f64).round() as usize;
    if let Some(mark) = marks.get_mut(at(0.0)) {
        *mark = '┊';
    }
    if let Some((low, high, middle)) = line.drawn() {
        for (place, mark) in marks.iter_mut().enumerate() {
            match place {
                place if place == at(low) => *mark = '├',
                place if place == at(high) => *mark = '┤',
                place if (at(low)..at(high)).contains(&place) && *mark == ' ' => *mark = '─',
                _ => {}
            }
        }
        if let Some(mark) = marks.get_mut(at(middle)) {
            *mark = match line.resolution {
                Resolution::Difference => '●',
                Resolution::Equivalent => '◆',
                _ => '○',
            };
        }
    }
    marks.into_iter().collect()
}

/// The marked values of the axis, each centred under its place, those that collide left out.
fn ticks(axis: &Axis, columns: usize, unit: Unit<'_>) -> String {
    let mut marks = vec![' '; columns];
    let last = columns.saturating_sub(1) as f64;
    let mut values = axis.ticks();
    // Zero first: it is the one that must stand there.
    values.sort_by(|left, right| left.abs().total_cmp(&right.abs()));
    for value in values {
        let text: Vec<char> = unit.write(value).chars().collect();
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
