//! Laying out text in columns: how wide it is, where it breaks, what colour it has.

use tribune_study::results::Rate;

use super::{Style, visible};

/// What a piece of text is, and so what colour it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Strong,
    Quiet,
    Found,
    Warn,
    Who,
}

/// Colours a text where colours may be used.
pub(super) fn ink(text: &str, ink: Ink, style: &Style) -> String {
    let code = match ink {
        _ if !style.colour || text.is_empty() => return text.to_owned(),
        Ink::Plain => return text.to_owned(),
        Ink::Strong => "1",
        Ink::Quiet => "2",
        Ink::Found => "31",
        Ink::Warn => "33",
        Ink::Who => "36",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// A name from outside, visible, in the characters that the terminal has.
pub(super) fn given(raw: &str, style: &Style) -> String {
    plain(&visible(raw), style)
}

/// A text in the characters that the terminal has: without Unicode all others are escapes.
pub(super) fn plain(text: &str, style: &Style) -> String {
    if style.unicode || text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '…' => out.push_str("..."),
            one if one.is_ascii() => out.push(one),
            one => out.push_str(&crate::safe::escape(one)),
        }
    }
    out
}

/// Puts our own signs into ASCII where the terminal has nothing else. One character stands for
/// one, so that columns stay.
pub(super) fn finish(text: String, style: &Style) -> String {
    if style.unicode {
        return text;
    }
    text.chars()
        .map(|character| match character {
            '−' | '–' | '─' | '·' => '-',
            '├' => '[',
            '┤' => ']',
            '│' | '┊' => '|',
            '●' => '*',
            '◆' => '#',
            '±' => '~',
            '○' => 'o',
            '━' => '=',
            '…' => '~',
            '▸' | '▶' => '>',
            one => one,
        })
        .collect()
}

/// How many columns a character takes, as far as can be said without the terminal: marks that
/// join the one before take none, East Asian wide characters and pictures take two.
fn columns(character: char) -> usize {
    match u32::from(character) {
        0x300..=0x36f
        | 0x483..=0x489
        | 0x591..=0x5bd
        | 0x610..=0x61a
        | 0x64b..=0x65f
        | 0x1ab0..=0x1aff
        | 0x1dc0..=0x1dff
        | 0x20d0..=0x20ff
        | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f
        | 0x231a..=0x231b
        | 0x23e9..=0x23ec
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xa960..=0xa97c
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x16fe0..=0x18aff
        | 0x1b000..=0x1b2ff
        | 0x1f200..=0x1f265
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f7e0..=0x1f7eb
        | 0x1f900..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Cuts a text to a number of columns; the last is `…` where something is missing.
pub(super) fn fit(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for character in text.chars() {
        used += columns(character);
        if used >= limit {
            break;
        }
        out.push(character);
    }
    out.push('…');
    out
}

/// Cuts a text to a number of columns in the middle: names often begin alike, and their ends tell
/// them apart.
pub(super) fn fit_middle(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(1);
    let (head, tail) = (room / 2, room - room / 2);
    let take = |characters: &mut dyn Iterator<Item = char>, most: usize| -> Vec<char> {
        let mut used = 0;
        characters
            .take_while(|character| {
                used += columns(*character);
                used <= most
            })
            .collect()
    };
    let head = take(&mut text.chars(), head);
    let mut tail = take(&mut text.chars().rev(), tail);
    tail.reverse();
    head.into_iter().chain(['…']).chain(tail).collect()
}

/// Breaks one line at spaces, or anywhere where there is none, so that it fits.
pub(super) fn wrap(line: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(2);
    let mut lines: Vec<String> = Vec::new();
    let (mut now, mut used) = (String::new(), 0);
    let mut space: Option<usize> = None;
    for character in line.chars() {
        if used + columns(character) > limit {
            let rest = match space.take().filter(|place| *place > 0) {
                Some(place) => now.split_off(place).trim_start().to_owned(),
                None => String::new(),
            };
            lines.push(std::mem::replace(&mut now, rest));
            used = width(&now);
        }
        if character == ' ' {
            space = Some(now.len());
        }
        now.push(character);
        used += columns(character);
    }
    lines.push(now);
    lines
}

/// Writes a paragraph, broken into lines; those after the first are set in by two.
pub(super) fn paragraph(out: &mut String, text: &str, colour: Ink, style: &Style) {
    for (place, line) in wrap(text, style.columns() - 2).into_iter().enumerate() {
        let indent = if place == 0 { "" } else { "  " };
        out.push_str(&format!("{indent}{}\n", ink(&line, colour, style)));
    }
}

/// A rate and its interval on a bar from 0 to 100 %.
pub(super) fn bar(rate: &Rate, columns: usize) -> String {
    let (Some(low), Some(high), Some(middle)) = (rate.low, rate.high, rate.rate) else {
        return " ".repeat(columns);
    };
    let last = columns.saturating_sub(1);
    let at = |share: f64| -> usize { (share.clamp(0.0, 1.0) * last as f64).round() as usize };
    let mut marks = vec!['·'; columns];
    for mark in marks.iter_mut().take(at(high) + 1).skip(at(low)) {
        *mark = '━';
    }
    if let Some(mark) = marks.get_mut(at(middle)) {
        *mark = '●';
    }
    marks.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_breaks_at_spaces_where_it_can() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("模型模型", 4), ["模型", "模型"]);
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit_middle("organism/timestamp-forger", 12), "organ…forger");
        assert_eq!(fit_middle("模型模型", 6), "模…型");
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_word_is_lost(text in "[a-z 模é]{0,80}", limit in 2_usize..30) {
            let lines = wrap(&text, limit);
            for line in &lines {
                prop_assert!(width(line) <= limit, "{line:?}");
            }
            let kept = |text: &str| text.chars().filter(|one| *one != ' ').collect::<String>();
            prop_assert_eq!(kept(&lines.concat()), kept(&text));
            prop_assert!(width(&fit(&text, limit)) <= limit);
            prop_assert!(width(&fit_middle(&text, limit)) <= limit);
        }
    }
}
