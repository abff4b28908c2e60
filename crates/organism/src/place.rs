//! The names in braces of a text.

/// A value that a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// The group of a row, or the score of a list's entry.
    pub(crate) field: Option<&'a str>,
    /// Whether it is a JSON value, not text.
    pub(crate) value: bool,
}

/// Whether a name may have a letter.
pub(crate) fn in_name(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-' || letter == '_'
}

/// A piece of a text: words, or a value that they name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Words(&'a str),
    Value(Named<'a>),
}

/// A text in its pieces. Braces around anything else are words.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut words, mut from) = (Vec::new(), 0, 0);
    while let Some(open) = text[from..].find('{').map(|at| at + from) {
        from = open + 1;
        let Some(close) = text[from..].find('}').map(|at| at + from) else {
            break;
        };
        if let Some(named) = read(&text[from..close]) {
            if words < open {
                pieces.push(Piece::Words(&text[words..open]));
            }
            pieces.push(Piece::Value(named));
            from = close + 1;
            words = from;
        }
    }
    if words < text.len() {
        pieces.push(Piece::Words(&text[words..]));
    }
    pieces
}

fn read(inner: &str) -> Option<Named<'_>> {
    let (value, inner) = match inner.strip_prefix('=') {
        Some(rest) => (true, rest),
        None => (false, inner),
    };
    let (name, field) = match inner.split_once('.') {
        Some((name, field)) => (name, Some(field)),
        None => (inner, None),
    };
    let right = |word: &str| !word.is_empty() && word.chars().all(in_name);
    (right(name) && field.is_none_or(right)).then_some(Named { name, field, value })
}

/// The values that a text names.
pub(crate) fn named(text: &str) -> impl Iterator<Item = Named<'_>> {
    pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Value(named) => Some(named),
        Piece::Words(_) => None,
    })
}

/// The JSON value that a text is, where it is nothing else.
pub(crate) fn sole(text: &str) -> Option<Named<'_>> {
    match pieces(text)[..] {
        [Piece::Value(named)] if named.value => Some(named),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_around_anything_else_are_words() {
        let text = "{a} {\"b\": {c}} {d";
        let values: Vec<&str> = named(text).map(|named| named.name).collect();
        assert_eq!(values, ["a", "c"]);
        let whole: String = pieces(text)
            .iter()
            .map(|piece| match piece {
                Piece::Words(words) => (*words).to_owned(),
                Piece::Value(named) => format!("{{{}}}", named.name),
            })
            .collect();
        assert_eq!(whole, text);
        assert!(sole("{=a}").is_some() && sole("{a}").is_none() && sole(" {=a}").is_none());
        assert_eq!(
            sole("{=l.score}").and_then(|named| named.field),
            Some("score")
        );
    }
}
