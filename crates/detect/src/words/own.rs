//! Which words of a text are its own: not what it quotes, not what it says that others said, and not
//! what it tells of a place that it names.

use std::borrow::Cow;

use super::polarity::any;
use super::text::tokens;

/// Verbs of saying.
const SAYS: &[&str] = &[
    "says",
    "said",
    "states",
    "stated",
    "asks",
    "asked",
    "wrote",
    "writes",
    "reads",
    "tells",
    "told",
    "requires",
    "demands",
    "quote",
    "demanded",
    "ordered",
    "instructs",
];
/// Words that say who speaks.
pub(super) const OWN: &[&str] = &[
    "i", "we", "my", "our", "me", "us", "i'm", "i've", "i'd", "i'll", "we're",
];
/// The words of a text that are its own: without what stands in quotes, and without lines that are
/// quoted. A text that is all in quotes is its own.
pub(super) fn own_words(text: &str) -> Cow<'_, str> {
    if !text.contains(['"', '\u{201c}', '>']) {
        return Cow::Borrowed(text);
    }
    let mut own = String::with_capacity(text.len());
    for line in text
        .lines()
        .filter(|line| !line.trim_start().starts_with('>'))
    {
        let mut rest = line;
        while let Some(start) = rest.find(['"', '\u{201c}']) {
            let mark = rest[start..].chars().next().map_or(1, char::len_utf8);
            let Some(length) = rest[start + mark..].find(['"', '\u{201d}']) else {
                break;
            };
            let (from, to) = (start + mark, start + mark + length);
            let end = to + rest[to..].chars().next().map_or(1, char::len_utf8);
            // One or two words in quotes are a manner of speaking.
            if tokens(&rest[from..to]).len() > 2 {
                own.push_str(&rest[..start]);
                own.push(';');
            } else {
                own.push_str(&rest[..end]);
            }
            rest = &rest[end..];
        }
        own.push_str(rest);
        own.push('\n');
    }
    if own.chars().any(char::is_alphanumeric) {
        Cow::Owned(own)
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a clause says what somebody else said.
pub(super) fn reports(words: &[&str]) -> bool {
    words
        .iter()
        .position(|word| SAYS.contains(word))
        .is_some_and(|place| {
            let before = &words[..place];
            // "As the policy says" only adds to what is told.
            let adds = any(before, &["as", "what", "which", "that"]);
            !any(before, OWN) && !adds && !before.is_empty()
        })
}

/// Whether a clause names a place: what is told of it is told of what lies there.
pub(super) fn is_path(clause: &str) -> bool {
    let mut before = ' ';
    let mut chars = clause.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().is_some_and(|next| next.is_alphanumeric());
        if c == '/' && next || c == '.' && next && before.is_alphanumeric() {
            return true;
        }
        before = c;
    }
    false
}
