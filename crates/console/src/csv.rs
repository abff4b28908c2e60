//! The cells as CSV: one row for each model, scenario, arm and behaviour.

use tribune_study::results::Results;

use crate::safe;

const HEADER: &str = "model,scenario,arm,behaviour,n,yes,no,unknown,rate,low,high";

/// The cells as CSV (RFC 4180): n is every planned trial, rate is the resolved rate
/// yes/(yes+no), low and high are its Wilson 95 % interval; all three are empty where nothing is
/// resolved.
///
/// Texts that a spreadsheet would take for a formula begin with an apostrophe; control characters
/// are shown as escapes, so that a row is always one line.
#[must_use]
pub fn csv(results: &Results) -> String {
    let mut out = format!("{HEADER}\r\n");
    for cell in &results.cells {
        let rate = &cell.all;
        let fields = [
            text(&cell.model),
            text(&cell.scenario),
            text(&cell.arm),
            text(&cell.behaviour),
            rate.n.to_string(),
            rate.yes.to_string(),
            rate.no.to_string(),
            rate.unknown.to_string(),
            number(rate.rate),
            number(rate.low),
            number(rate.high),
        ];
        out.push_str(&fields.join(","));
        out.push_str("\r\n");
    }
    out
}

fn number(value: Option<f64>) -> String {
    value
        .filter(|value| value.is_finite())
        .map(|value| value.to_string())
        .unwrap_or_default()
}

/// A text field: inert in a spreadsheet and in a terminal, quoted where it must be.
fn text(raw: &str) -> String {
    let visible = safe::line(raw);
    // Some spreadsheets look past leading spaces, and some take full-width signs for the sign.
    let formula = visible
        .trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let marked = if formula {
        format!("'{visible}")
    } else {
        visible
    };
    if formula || marked.contains([',', '"', ' ']) || marked.is_empty() {
        format!("\"{}\"", marked.replace('"', "\"\""))
    } else {
        marked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::prelude::*;

    #[test]
    fn the_self_test() {
        insta::assert_snapshot!(csv(&fixture::results()).replace("\r\n", "\n"));
    }

    #[test]
    fn a_formula_is_a_text() {
        assert_eq!(text("=1+1"), "\"'=1+1\"");
        assert_eq!(text(" @x"), "\"' @x\"");
        assert_eq!(text("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(text("\t=1"), "\\t=1");
        assert_eq!(text("relation=none;threat=off"), "relation=none;threat=off");
    }

    /// Reads a row back, as RFC 4180 has it.
    fn fields(row: &str) -> Vec<String> {
        let (mut list, mut field, mut quoted) = (Vec::new(), String::new(), false);
        let mut characters = row.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '"' if quoted && characters.peek() == Some(&'"') => {
                    characters.next();
                    field.push('"');
                }
                '"' => quoted = !quoted,
                ',' if !quoted => list.push(std::mem::take(&mut field)),
                other => field.push(other),
            }
        }
        list.push(field);
        list
    }

    proptest! {
        #[test]
        fn every_row_has_the_columns_of_the_header(raw in any::<String>()) {
            let table = csv(&fixture::hostile(&raw));
            let rows: Vec<&str> = table.split_terminator("\r\n").collect();
            prop_assert_eq!(rows.len(), 19);
            for row in rows {
                let fields = fields(row);
                prop_assert_eq!(fields.len(), 11);
                prop_assert!(!row.chars().any(safe::is_hidden));
                prop_assert!(!fields.iter().any(|field| field.starts_with(['=', '+', '-', '@'])));
            }
        }
    }
}
