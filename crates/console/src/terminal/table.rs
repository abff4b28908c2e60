//! A table for the terminal: columns as wide as they must be, dropped or cut where they do not
//! fit.

use super::Style;
use super::lay::{Ink, fit_middle, ink, paragraph, width};

/// The narrowest that a column of words is cut to.
const NARROWEST: usize = 8;

/// A table under construction. Texts are safe and without newlines.
pub(super) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<(String, Ink)>>,
    /// What stands above some rows, over all columns, by the place of the row.
    leads: Vec<(usize, String)>,
    right: Vec<usize>,
    droppable: Vec<usize>,
}

impl Table {
    pub(super) fn new(head: &[&str]) -> Self {
        Self {
            head: head.iter().map(|text| (*text).to_owned()).collect(),
            rows: Vec::new(),
            leads: Vec::new(),
            right: Vec::new(),
            droppable: Vec::new(),
        }
    }

    /// Columns of numbers, which end at the right.
    pub(super) fn right(&mut self, columns: &[usize]) {
        self.right = columns.to_vec();
    }

    /// Columns that may go where the terminal is narrow, the first to go first.
    pub(super) fn droppable(&mut self, columns: &[usize]) {
        self.droppable = columns.to_vec();
    }

    pub(super) fn row(&mut self, row: Vec<(String, Ink)>) {
        self.rows.push(row);
    }

    /// What the rows that follow are of, on a line of its own: a name is not cut there.
    pub(super) fn lead(&mut self, text: String) {
        self.leads.push((self.rows.len(), text));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    fn widths(&self) -> Vec<usize> {
        (0..self.head.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                let widest = cells.map(|(text, _)| width(text)).max().unwrap_or(0);
                widest.max(self.head.get(column).map_or(0, |text| width(text)))
            })
            .collect()
    }

    /// The columns that the whole table takes.
    pub(super) fn width(&self) -> usize {
        let widths = self.widths();
        widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1)
    }

    /// Writes the table, narrowed to the terminal.
    pub(super) fn write(&self, out: &mut String, style: &Style) {
        let mut widths: Vec<Option<usize>> = self.widths().into_iter().map(Some).collect();
        let total = |widths: &[Option<usize>]| {
            let shown = widths.iter().flatten();
            shown.clone().sum::<usize>() + 2 * shown.count().saturating_sub(1)
        };
        for column in &self.droppable {
            if total(&widths) > style.columns()
                && let Some(width) = widths.get_mut(*column)
            {
                *width = None;
            }
        }
        // Words are cut before numbers, the widest column first.
        while total(&widths) > style.columns() {
            let over = total(&widths) - style.columns();
            let widest = (0..widths.len())
                .filter(|column| !self.right.contains(column))
                .filter_map(|column| {
                    widths
                        .get(column)
                        .copied()
                        .flatten()
                        .map(|width| (width, column))
                })
                .max();
            match widest {
                Some((width, column)) if width > NARROWEST => {
                    // One at a time keeps two wide columns alike; `over` bounds the work.
                    let step = if over > width / 2 { width / 4 } else { 1 }.max(1);
                    if let Some(slot) = widths.get_mut(column) {
                        *slot = Some(width.saturating_sub(step).max(NARROWEST));
                    }
                }
                _ => break,
            }
        }
        let head: Vec<(String, Ink)> = self
            .head
            .iter()
            .map(|text| (text.clone(), Ink::Quiet))
            .collect();
        self.line(out, &head, &widths, style);
        for (place, row) in self.rows.iter().enumerate() {
            for (_, lead) in self.leads.iter().filter(|(at, _)| *at == place) {
                paragraph(out, lead, Ink::Strong, style);
            }
            self.line(out, row, &widths, style);
        }
    }

    fn line(
        &self,
        out: &mut String,
        row: &[(String, Ink)],
        widths: &[Option<usize>],
        style: &Style,
    ) {
        let mut line = String::new();
        let mut gap = 0;
        for (column, ((text, colour), columns)) in row.iter().zip(widths).enumerate() {
            let Some(columns) = columns else { continue };
            let shown = fit_middle(text, *columns);
            let pad = columns.saturating_sub(width(&shown));
            let before = if self.right.contains(&column) { pad } else { 0 };
            // Space is written only before text, so that no line ends in it.
            if !shown.is_empty() {
                line.push_str(&" ".repeat(gap + before));
                line.push_str(&ink(&shown, *colour, style));
                gap = pad - before + 2;
            } else {
                gap += columns + 2;
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}
