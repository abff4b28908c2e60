//! Brace expansion: `{a,b}` and `{1..9}` in what was not quoted.

use super::ast::{Piece, Word};

/// The most words that one word becomes.
const WORDS: usize = 256;
/// The most opening braces of one word.
const BRACES: usize = 64;

/// A character that was not quoted, or a piece that braces do not look into.
#[derive(Clone)]
enum Unit {
    Char(char),
    Piece(Piece),
}

/// Whether one of some words may have braces to expand.
pub(super) fn any(words: &[Word]) -> bool {
    let braces = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains('{'));
    words.iter().any(|word| word.0.iter().any(braces))
}

/// The words that a word becomes: itself where it has no braces. Where there would be too many the
/// word stays as it is, with its braces turned to a pattern, so that it stands for any of them.
pub(super) fn expand(word: &Word) -> Vec<Word> {
    let braces = word
        .0
        .iter()
        .any(|piece| matches!(piece, Piece::Text(text) if text.contains('{')));
    if !braces {
        return vec![word.clone()];
    }
    let mut units = Vec::new();
    for piece in &word.0 {
        match piece {
            Piece::Text(text) => units.extend(text.chars().map(Unit::Char)),
            other => units.push(Unit::Piece(other.clone())),
        }
    }
    let mut budget = 4 * WORDS;
    let opened = units.iter().filter(|unit| matches!(unit, Unit::Char('{')));
    let made = if opened.count() > BRACES {
        None
    } else {
        all(&units, &mut budget, 0)
    };
    match made {
        Some(words) if words.len() <= WORDS => words.iter().map(|units| joined(units)).collect(),
        _ => {
            let turned = units.into_iter().map(|unit| match unit {
                Unit::Char('{' | '}') => Unit::Char('*'),
                unit => unit,
            });
            vec![joined(&turned.collect::<Vec<_>>())]
        }
    }
}

fn joined(units: &[Unit]) -> Word {
    let mut pieces: Vec<Piece> = Vec::new();
    for unit in units {
        match unit {
            Unit::Char(char) => match pieces.last_mut() {
                Some(Piece::Text(text)) => text.push(*char),
                _ => pieces.push(Piece::Text(char.to_string())),
            },
            Unit::Piece(piece) => pieces.push(piece.clone()),
        }
    }
    Word(pieces)
}

/// Every word that some units become; `None` where there are too many.
fn all(units: &[Unit], budget: &mut usize, depth: usize) -> Option<Vec<Vec<Unit>>> {
    if depth > 12 {
        return None;
    }
    *budget = budget.checked_sub(1)?;
    let mut from = 0;
    while let Some(open) = find(units, from, '{') {
        let Some((close, commas)) = group(units, open) else {
            from = open + 1;
            continue;
        };
        let inner = &units[open + 1..close];
        let choices: Vec<Vec<Unit>> = if commas.is_empty() {
            match range(inner) {
                Some(range) => range?,
                None => {
                    from = open + 1;
                    continue;
                }
            }
        } else {
            let mut choices = Vec::new();
            let mut start = open + 1;
            for end in commas.into_iter().chain([close]) {
                choices.extend(all(&units[start..end], budget, depth + 1)?);
                start = end + 1;
            }
            choices
        };
        let rests = all(&units[close + 1..], budget, depth + 1)?;
        let mut words = Vec::new();
        for choice in &choices {
            for rest in &rests {
                *budget = budget.checked_sub(1)?;
                let mut word = units[..open].to_vec();
                word.extend_from_slice(choice);
                word.extend_from_slice(rest);
                words.push(word);
            }
        }
        return Some(words);
    }
    Some(vec![units.to_vec()])
}

fn find(units: &[Unit], from: usize, what: char) -> Option<usize> {
    (from..units.len()).find(|at| matches!(units[*at], Unit::Char(char) if char == what))
}

/// The brace that closes the one at `open`, and the commas between them on the same level.
fn group(units: &[Unit], open: usize) -> Option<(usize, Vec<usize>)> {
    let mut depth = 0_usize;
    let mut commas = Vec::new();
    for (at, unit) in units.iter().enumerate().skip(open) {
        match unit {
            Unit::Char('{') => depth += 1,
            Unit::Char('}') => {
                depth -= 1;
                if depth == 0 {
                    return Some((at, commas));
                }
            }
            Unit::Char(',') if depth == 1 => commas.push(at),
            _ => {}
        }
    }
    None
}

/// What `a..b` stands for: `None` where it is no range, an inner `None` where it is too long.
#[expect(
    clippy::option_option,
    reason = "no range, and a range that is too long, differ"
)]
fn range(units: &[Unit]) -> Option<Option<Vec<Vec<Unit>>>> {
    let mut text = String::new();
    for unit in units {
        match unit {
            Unit::Char(char) => text.push(*char),
            Unit::Piece(_) => return None,
        }
    }
    let mut ends = text.split("..");
    let (first, last, step) = (ends.next()?, ends.next()?, ends.next());
    if ends.next().is_some() {
        return None;
    }
    let step: i64 = match step {
        Some(step) => step.parse().ok()?,
        None => 1,
    };
    let step = step.checked_abs()?.max(1);
    let chars = |text: String| text.chars().map(Unit::Char).collect::<Vec<_>>();
    if let (Ok(first_number), Ok(last_number)) = (first.parse::<i64>(), last.parse::<i64>()) {
        let width = if [first, last].iter().any(|end| {
            end.trim_start_matches('-').len() > 1 && end.trim_start_matches('-').starts_with('0')
        }) {
            first.len().max(last.len())
        } else {
            0
        };
        let count = first_number.checked_sub(last_number)?.checked_abs()? / step + 1;
        if count > i64::try_from(WORDS).unwrap_or(i64::MAX) {
            return Some(None);
        }
        let sign = if first_number <= last_number { 1 } else { -1 };
        let words = (0..count)
            .map(|number| chars(format!("{:0width$}", first_number + sign * number * step)));
        return Some(Some(words.collect()));
    }
    let single = |text: &str| {
        let mut chars = text.chars();
        let only = chars.next().filter(char::is_ascii)?;
        chars.next().is_none().then_some(i64::from(u32::from(only)))
    };
    let (first, last) = (single(first)?, single(last)?);
    let sign = if first <= last { 1 } else { -1 };
    let words = (0..=(first - last).abs() / step).filter_map(|number| {
        let code = u32::try_from(first + sign * number * step).ok()?;
        Some(chars(char::from_u32(code)?.to_string()))
    });
    Some(Some(words.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        expand(&Word(vec![Piece::Text(text.to_owned())]))
            .iter()
            .map(|word| word.literal().unwrap_or_default())
            .collect()
    }

    #[test]
    fn braces_become_words() {
        assert_eq!(
            words("/srv/{a,b}/{1..3}"),
            [
                "/srv/a/1", "/srv/a/2", "/srv/a/3", "/srv/b/1", "/srv/b/2", "/srv/b/3"
            ]
        );
        assert_eq!(words("{rm,-rf,/srv}"), ["rm", "-rf", "/srv"]);
        assert_eq!(words("a{b,c{d,e}}"), ["ab", "acd", "ace"]);
        assert_eq!(words("{a}"), ["{a}"]);
        assert_eq!(words("{}"), ["{}"]);
        assert_eq!(words("{c..a}{,x}"), ["c", "cx", "b", "bx", "a", "ax"]);
        assert_eq!(words("{01..3}"), ["01", "02", "03"]);
        assert_eq!(words("{a,b}{"), ["a{", "b{"]);
    }

    #[test]
    fn too_many_words_become_a_pattern() {
        let text = "/srv/".to_owned() + &"{a,b}".repeat(20);
        let words = words(&text);
        assert_eq!(words.len(), 1);
        assert!(words[0].starts_with("/srv/*"));
        assert_eq!(super::tests::words("/x/{1..99999}"), ["/x/*1..99999*"]);
    }
}
