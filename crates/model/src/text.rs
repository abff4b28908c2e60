//! Texts from elsewhere, made short and tame.

use std::error::Error;

/// At most so many characters of a text, without characters that could steer a terminal.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let clean = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut short: String = text.trim().chars().take(most).map(clean).collect();
    if text.trim().chars().nth(most).is_some() {
        short.push('…');
    }
    short
}

/// An error and what caused it, on one line.
#[must_use]
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_wild_texts_become_short_and_tame() {
        assert_eq!(shortened("a\u{1b}[31mb\n", 100), "a [31mb");
        assert_eq!(shortened("äöü", 2), "äö…");
    }
}
