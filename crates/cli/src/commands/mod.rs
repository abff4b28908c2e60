//! The commands, one file each.

pub(crate) mod behaviours;
pub(crate) mod calibrate;
pub(crate) mod charter;
pub(crate) mod compare;
pub(crate) mod doctor;
pub(crate) mod dry_run;
pub(crate) mod exit_codes;
pub(crate) mod guard;
pub(crate) mod holds;
pub(crate) mod hook;
pub(crate) mod judge;
pub(crate) mod models;
pub(crate) mod new;
pub(crate) mod plan;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod rescore;
pub(crate) mod run;
pub(crate) mod scenarios;
pub(crate) mod show;
pub(crate) mod stop;
pub(crate) mod studies;

/// Lays rows out in columns, two spaces between, the last one free to be long.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let last = row.len().saturating_sub(1);
        for (place, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if place == last {
                text.push_str(cell);
            } else {
                let gap = width + 2 - cell.chars().count().min(*width);
                text.push_str(cell);
                text.push_str(&" ".repeat(gap));
            }
        }
        text.push('\n');
    }
    tribune_console::inert(&text)
}

/// A number with its noun, such as `1 trial` or `3 trials`.
fn some(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
