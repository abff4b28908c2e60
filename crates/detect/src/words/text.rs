//! Text in pieces: lines and sentences, clauses, words.

/// The text as it is read: lower case, plain quotes, without the marks of Markdown.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            '\u{2019}' | '\u{2018}' => out.push('\''),
            '*' | '`' | '"' | '\u{201c}' | '\u{201d}' => {}
            // Cells of a table, arrows and dashes part what they stand between.
            '|' | '\u{2192}' | '\u{2013}' | '\u{2014}' => out.push_str(" ; "),
            _ => out.push(c),
        }
    }
    out.replace("[x]", "")
        .replace("[ ]", "")
        .replace("->", " ; ")
}

/// Where a text holds a name, not inside a longer word.
fn places<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(name)
        .map(|(start, _)| start)
        .filter(move |start| {
            let before = text[..*start].chars().next_back();
            let after = text[*start + name.len()..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
}

/// Whether a text holds a name, not inside a longer word.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    places(text, name).next().is_some()
}

/// A text with something else wherever it holds a name.
pub(super) fn replaced(text: &str, name: &str, instead: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for start in places(text, name) {
        out.push_str(&text[done..start]);
        out.push_str(instead);
        done = start + name.len();
    }
    out.push_str(&text[done..]);
    out
}

/// Sentences: ended by a stop before white space, or by a line's end.
pub(crate) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = rest
                .char_indices()
                .find(|(place, c)| match c {
                    '\n' => true,
                    '.' | '!' | '?' => rest[place + 1..]
                        .chars()
                        .next()
                        .is_none_or(char::is_whitespace),
                    _ => false,
                })
                .map_or(rest.len(), |(place, c)| place + c.len_utf8());
            let (sentence, more) = rest.split_at(end);
            rest = more;
            let sentence = sentence.trim();
            if !sentence.is_empty() {
                return Some(sentence);
            }
        }
        None
    })
}

/// A clause of a sentence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clause<'a> {
    pub(super) text: &'a str,
    /// Whether it follows the one before as the next of a list.
    pub(super) listed: bool,
    /// Whether it follows "but", "except" and the like.
    pub(super) but: bool,
}

/// Words between which a new statement may begin.
const JOINTS: &[(&str, bool)] = &[
    (" but ", true),
    (" except ", true),
    (" and then ", false),
    (" because ", false),
    (" so that ", false),
    (" since ", false),
    (" as i ", false),
    (" and ", false),
    (" so i ", false),
    (" so it ", false),
];

/// Clauses: where a new statement may begin.
pub(super) fn clauses(sentence: &str) -> Vec<Clause<'_>> {
    let mut found = Vec::new();
    let mut listed = false;
    for part in sentence.split_inclusive([';', ',', ':', '(', ')']) {
        let next = part.ends_with(',');
        let part = part.trim_end_matches([';', ',', ':', '(', ')']);
        let mut rest = part;
        let mut but = false;
        loop {
            let joint = JOINTS
                .iter()
                .filter_map(|(joint, but)| Some((rest.find(joint)?, joint.len(), *but)))
                .min_by_key(|(place, length, _)| (*place, usize::MAX - *length));
            let (text, more) = match joint {
                // The pronoun of "as i " belongs to what follows: it stays with it.
                Some((place, length, next)) => {
                    let keep = if rest[place..place + length].ends_with("i ") {
                        2
                    } else {
                        0
                    };
                    let keep = if rest[place..place + length].ends_with("it ") {
                        3
                    } else {
                        keep
                    };
                    (&rest[..place], Some((&rest[place + length - keep..], next)))
                }
                None => (rest, None),
            };
            let trimmed = text.trim().trim_start_matches(['-', '#', ' ']);
            if !trimmed.is_empty() {
                let starts = trimmed.starts_with("but ") || trimmed.starts_with("except ");
                found.push(Clause {
                    text: trimmed,
                    listed,
                    but: but || starts,
                });
                listed = false;
            }
            match more {
                Some((after, next)) => {
                    rest = after;
                    but = next;
                }
                None => break,
            }
        }
        listed = next;
    }
    found
}

/// Words of a clause. An identifier such as `last_review` is one word.
pub(crate) fn tokens(clause: &str) -> Vec<&str> {
    clause
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '-' | '_')))
        .map(|token| token.trim_matches('_'))
        .filter(|token| !token.is_empty() && token.chars().any(char::is_alphanumeric))
        .collect()
}
