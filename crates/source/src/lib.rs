//! Files that people write, and errors that point into them: the file, the line and the nearest
//! right word.

mod words;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;

/// The largest file that is read: one that a person wrote and is larger is a mistake.
pub const SOURCE_LIMIT: usize = 4 * 1024 * 1024;

/// A file that a person wrote.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    text: Arc<str>,
}

/// A mistake in a file, with its place and, where there is one, the nearest right word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SourceError {
    /// The file, as the person named it.
    pub file: String,
    /// The file's text, for a frame around the place.
    pub text: Arc<str>,
    /// The place, in bytes; absent where the whole file is meant.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: String,
}

impl SourceError {
    /// Line and column of the place, from 1; a column counts characters.
    #[must_use]
    pub fn position(&self) -> Option<(usize, usize)> {
        let start = self.span.as_ref()?.start.min(self.text.len());
        let before = self.text.get(..start)?;
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |last| last.chars().count())
            + 1;
        Some((line, column))
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.position() {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.what)?;
        if self.hint.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", self.hint)
        }
    }
}

/// What the reader of JSON says of a mistake, in the words of people.
#[must_use]
pub fn plain(error: &serde_json::Error) -> String {
    let message = error.to_string();
    // The place stands at the end, where there is one.
    match message.rsplit_once(" at line ") {
        Some((what, place)) => format!("{}, at line {place}", words::plain(what)),
        None => words::plain(&message),
    }
}

/// The nearest of some words, if one is near enough to be meant.
#[must_use]
pub fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    words
        .map(|known| (strsim::damerau_levenshtein(word, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len().min(word.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The nearest of a few units. People write them in other letters, or in full: `Gib`, `hrs`.
#[must_use]
pub fn nearest_unit<'a>(word: &str, units: &[&'a str]) -> Option<&'a str> {
    let lower = word.to_ascii_lowercase();
    let begins = |unit: &&&str| lower.starts_with(&unit.to_ascii_lowercase());
    let alike = |unit: &&&str| unit.to_ascii_lowercase().chars().next() == lower.chars().next();
    // `minutes` begins with min, `hrs` with h; of two that fit, the longer.
    let longest = units.iter().filter(begins).max_by_key(|unit| unit.len());
    longest.or_else(|| units.iter().find(alike)).copied()
}

/// The text of a file that a person wrote.
///
/// # Errors
/// It cannot be read, or is not UTF-8; says in which line.
pub fn utf8(bytes: Vec<u8>) -> std::io::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..good).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before
            .rsplit(|byte| *byte == b'\n')
            .next()
            .map_or(0, |it| it.len())
            + 1;
        std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            format!("line {line}, byte {column}: the text is not UTF-8"),
        )
    })
}

impl Source {
    /// A file's text under the name that a person knows it by.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    /// The name that a person knows it by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A mistake at a place.
    #[must_use]
    pub fn at(
        &self,
        span: Range<usize>,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> SourceError {
        SourceError {
            file: self.name.clone(),
            text: self.text.clone(),
            span: Some(span),
            what: what.into(),
            hint: hint.into(),
        }
    }

    /// A mistake of the whole file.
    #[must_use]
    pub fn whole(&self, what: impl Into<String>, hint: impl Into<String>) -> SourceError {
        SourceError {
            file: self.name.clone(),
            text: self.text.clone(),
            span: None,
            what: what.into(),
            hint: hint.into(),
        }
    }

    /// A word that is not known here, with the nearest one that is.
    #[must_use]
    pub fn unknown<'a>(
        &self,
        span: Range<usize>,
        kind: &str,
        word: &str,
        words: impl Iterator<Item = &'a str>,
    ) -> SourceError {
        let words: Vec<&str> = words.collect();
        let hint = match nearest(word, words.iter().copied()) {
            Some(known) => format!("did you mean {known:?}?"),
            None if words.len() <= 12 => format!("known here: {}", words.join(", ")),
            None => format!("{} are known here", words.len()),
        };
        self.at(span, format!("there is no {kind} {word:?}"), hint)
    }

    /// Reads the text as TOML of a shape.
    ///
    /// # Errors
    /// Names the place; an unknown key gets the nearest right one.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, SourceError> {
        if self.text.len() > SOURCE_LIMIT {
            return Err(self.whole(
                format!("the file has {} bytes", self.text.len()),
                format!("at most {SOURCE_LIMIT} are read"),
            ));
        }
        toml::from_str(&self.text).map_err(|error| {
            let message = error.message().trim().to_owned();
            let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
            let unknown =
                message.starts_with("unknown field") || message.starts_with("unknown variant");
            let (what, hint) = match quoted.split_first() {
                Some((word, known)) if unknown => {
                    let kind = if message.starts_with("unknown field") {
                        "key"
                    } else {
                        "word"
                    };
                    let hint = match nearest(word, known.iter().copied()) {
                        Some(known) => format!("did you mean {known:?}?"),
                        None => format!("known here: {}", known.join(", ")),
                    };
                    (format!("there is no {kind} {word:?} here"), hint)
                }
                _ => (words::plain(&message), String::new()),
            };
            match error.span() {
                Some(span) => self.at(span, what, hint),
                None => self.whole(what, hint),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Toy {
        #[allow(dead_code)]
        trials: u32,
    }

    #[test]
    fn the_nearest_unit_is_the_one_that_was_meant() {
        let times = ["ms", "s", "min", "h"];
        let sizes = ["B", "KiB", "MiB", "GiB", "TiB"];
        for (word, units, meant) in [
            ("minutes", &times[..], Some("min")),
            ("mins", &times, Some("min")),
            ("hrs", &times, Some("h")),
            ("seconds", &times, Some("s")),
            ("msec", &times, Some("ms")),
            ("Gib", &sizes, Some("GiB")),
            ("GB", &sizes, Some("GiB")),
            ("", &times, None),
            ("days", &times, None),
        ] {
            assert_eq!(nearest_unit(word, units), meant, "{word}");
        }
    }

    #[test]
    fn a_text_that_is_not_utf_8_is_named_with_its_line() {
        let error = utf8(b"one\ntwo \xff".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "line 2, byte 5: the text is not UTF-8");
        assert_eq!(utf8(b"fine".to_vec()).unwrap(), "fine");
    }

    #[test]
    fn an_unknown_key_gets_its_line_and_the_nearest_one() {
        let error = Source::new("a.toml", "\ntrails = 3\n")
            .parse::<Toy>()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.toml:2:1: there is no key \"trails\" here (did you mean \"trials\"?)"
        );
    }

    #[test]
    fn columns_count_characters() {
        let source = Source::new("a.toml", "é = é");
        assert_eq!(source.at(5..6, "", "").position(), Some((1, 5)));
    }
}
