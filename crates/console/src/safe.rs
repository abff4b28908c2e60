//! Texts from hostile agents, made visible: nothing hides, nothing acts.
//!
//! An agent chooses what its transcript says, and so also what a reader's terminal, browser or
//! spreadsheet is given. Characters that act (terminal control) or hide (bidirectional overrides,
//! zero-width and other invisible characters) are shown as escapes such as `\u{202e}` in every
//! format; what is special to one format alone is escaped where that format is written.

use maud::{Markup, html};

/// The longest text that is shown, in characters. The study shortens texts before; this holds
/// for results that come from elsewhere.
pub(crate) const TEXT_LIMIT: usize = 8_000;

/// The longest name that is shown: of a model, an arm, a behaviour.
pub(crate) const NAME_LIMIT: usize = 300;

/// Whether a character acts on what displays it, or cannot be seen. Newlines and tabs count too;
/// [`block`] lets them through.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A character as a visible escape.
pub(crate) fn escape(character: char) -> String {
    match character {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        other => format!("\\u{{{:x}}}", u32::from(other)),
    }
}

/// Cuts a text at a number of characters, and says how many more there were.
pub(crate) fn cut(text: &str, limit: usize) -> (&str, Option<usize>) {
    match text.char_indices().nth(limit) {
        None => (text, None),
        Some((place, _)) => {
            let (head, tail) = text.split_at(place);
            (head, Some(tail.chars().count()))
        }
    }
}

/// A text in pieces: as it is, or an escape of what would hide.
pub(crate) struct Part {
    /// The text of the piece.
    pub(crate) text: String,
    /// Whether it stands for a character that would hide or act.
    pub(crate) escaped: bool,
}

/// Splits a text into what is shown as it is and what is shown as an escape.
pub(crate) fn parts(text: &str, keep_lines: bool) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        // A carriage return before a newline is only how some systems end lines.
        if keep_lines && character == '\r' && characters.peek() == Some(&'\n') {
            continue;
        }
        let kept = keep_lines && matches!(character, '\n' | '\t');
        let escaped = !kept && is_hidden(character);
        let piece = if escaped {
            escape(character)
        } else {
            character.to_string()
        };
        match parts.last_mut() {
            Some(last) if last.escaped == escaped => last.text.push_str(&piece),
            _ => parts.push(Part {
                text: piece,
                escaped,
            }),
        }
    }
    parts
}

fn joined(text: &str, limit: usize, keep_lines: bool) -> String {
    let (head, more) = cut(text, limit);
    let mut out: String = parts(head, keep_lines)
        .into_iter()
        .map(|part| part.text)
        .collect();
    if let Some(more) = more {
        out.push_str(&format!("… ({more} more characters)"));
    }
    out
}

/// A text for a terminal, whoever wrote it: what acts on a terminal or hides is shown as an escape,
/// and nothing is cut. Newlines and tabs stay.
#[must_use]
pub fn inert(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, character| {
            if is_hidden(character) && character != '\n' && character != '\t' {
                out.push_str(&escape(character));
            } else {
                out.push(character);
            }
            out
        })
}

/// A text on one line: newlines and tabs are escapes too.
pub(crate) fn line(text: &str) -> String {
    joined(text, TEXT_LIMIT, false)
}

/// A name on one line, cut where it is too long to be one.
pub(crate) fn name(text: &str) -> String {
    joined(text, NAME_LIMIT, false)
}

/// A text that keeps its newlines and tabs.
pub(crate) fn block(text: &str) -> String {
    joined(text, TEXT_LIMIT, true)
}

/// A text as HTML, its escapes set apart so that they cannot be mistaken for the text itself.
pub(crate) fn markup(text: &str, limit: usize, keep_lines: bool) -> Markup {
    let (head, more) = cut(text, limit);
    html! {
        @for part in parts(head, keep_lines) {
            @if part.escaped { span.escape { (part.text) } } @else { (part.text) }
        }
        @if let Some(more) = more { span.more { "… (" (more) " more characters)" } }
    }
}

/// A name as HTML.
pub(crate) fn name_markup(text: &str) -> Markup {
    markup(text, NAME_LIMIT, false)
}

/// A word for an anchor: letters, digits and hyphens of a text, at most `limit` characters.
pub(crate) fn anchor(text: &str, limit: usize) -> String {
    text.chars()
        .take(limit)
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character
            } else {
                '-'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_hides_is_shown() {
        assert_eq!(
            line("a\u{202e}b\u{1b}[31m\0\n"),
            "a\\u{202e}b\\u{1b}[31m\\u{0}\\n"
        );
        assert_eq!(block("a\r\nb\tc\rd"), "a\nb\tc\\rd");
        assert_eq!(
            markup("<b>\u{202e}", 9, false).into_string(),
            "&lt;b&gt;<span class=\"escape\">\\u{202e}</span>"
        );
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let text = "é".repeat(NAME_LIMIT + 7);
        assert!(name(&text).ends_with("é… (7 more characters)"));
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(is_hidden));
            let left = block(&text);
            prop_assert!(left.chars().filter(|c| !matches!(c, '\n' | '\t')).all(|c| !is_hidden(c)));
            prop_assert!(anchor(&text, 12).is_ascii());
        }
    }
}
