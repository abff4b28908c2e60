//! What is known of the forms in which providers answer, and what is not.
//!
//! A call that hides in a field, a block or an event that nobody knows must not pass, and a field
//! that comes next month must not break an answer. So an answer is compared to a shape, a table of
//! names; members that are not in it are taken out and named, the rest passes with its own bytes.
//! An object with two equal keys is an error: readers differ in which of them they take.

use std::ops::Range;

use crate::outline::{Edits, NoOutline, elements, members, string};

/// What may stand in a place.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Anything: nobody looks for calls there.
    Any,
    /// Text, a number, true, false or null.
    Plain,
    /// Null, or an empty text, list or object.
    Nothing,
    /// An object with these members, each at most once.
    Object(&'static [(&'static str, Shape)]),
    /// A list of these; elements that do not fit are taken out.
    List(&'static Shape),
    /// Text or another plain value, or a list of these.
    PlainOrList(&'static Shape),
    /// An object that says by its member `type` which of these it is.
    Typed(&'static [(&'static str, Shape)]),
}

/// Why an answer cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It has no outline.
    Outline,
    /// An object has two equal keys.
    DuplicateKey,
}

impl From<NoOutline> for Unfit {
    fn from(NoOutline: NoOutline) -> Self {
        Self::Outline
    }
}

/// What was found in an answer that no shape has.
#[derive(Debug, Default)]
pub(crate) struct Strange {
    /// What to change so that it is gone.
    pub(crate) edits: Edits,
    /// What it was, by name.
    pub(crate) names: Vec<String>,
}

/// Compares the value that stands in a range of a text with a shape. Says whether it fits; where
/// parts of it do not, they are added to `strange`.
pub(crate) fn compare(
    text: &str,
    range: Range<usize>,
    shape: Shape,
    strange: &mut Strange,
) -> Result<bool, Unfit> {
    let raw = text.get(range.clone()).ok_or(Unfit::Outline)?;
    let first = raw.as_bytes().first();
    let is_nested = matches!(first, Some(b'{' | b'['));
    match shape {
        Shape::Any => Ok(true),
        Shape::Plain => Ok(!is_nested),
        Shape::Nothing => Ok(matches!(raw, "null" | "\"\"") || is_empty(raw)),
        Shape::Object(known) => match first {
            Some(b'{') => object(text, range, known, strange).map(|()| true),
            _ => Ok(raw == "null"),
        },
        Shape::List(element) => match first {
            Some(b'[') => list(text, range, *element, strange).map(|()| true),
            _ => Ok(raw == "null"),
        },
        Shape::PlainOrList(element) => match first {
            Some(b'[') => list(text, range, *element, strange).map(|()| true),
            _ => Ok(!is_nested),
        },
        Shape::Typed(kinds) => {
            if first != Some(&b'{') {
                return Ok(false);
            }
            let kind = kind(text, range.clone())?;
            let known = kinds
                .iter()
                .find(|(name, _)| Some(*name) == kind.as_deref());
            match known {
                Some((_, shape)) => compare(text, range, *shape, strange),
                None => Ok(false),
            }
        }
    }
}

/// The member `type` of an object, where it is text.
pub(crate) fn kind(text: &str, range: Range<usize>) -> Result<Option<String>, Unfit> {
    let members = members(text, range)?;
    let mut of_kind = members.iter().filter(|member| member.key == "type");
    let kind = of_kind
        .next()
        .and_then(|member| string(text, &member.value));
    if of_kind.next().is_some() {
        return Err(Unfit::DuplicateKey);
    }
    Ok(kind.map(|kind| kind.into_owned()))
}

fn is_empty(raw: &str) -> bool {
    let inside = |open, close| raw.strip_prefix(open)?.strip_suffix(close);
    [('[', ']'), ('{', '}')].into_iter().any(|(open, close)| {
        inside(open, close).is_some_and(|inside: &str| inside.trim().is_empty())
    })
}

fn object(
    text: &str,
    range: Range<usize>,
    known: &[(&'static str, Shape)],
    strange: &mut Strange,
) -> Result<(), Unfit> {
    let members = members(text, range)?;
    let mut seen = 0_u128;
    let mut unknown: Vec<usize> = Vec::new();
    for (at, member) in members.iter().enumerate() {
        let found = known.iter().position(|(name, _)| *name == member.key);
        let fits = match found.and_then(|place| Some((place, known.get(place)?))) {
            Some((place, (_, shape))) => {
                let bit = 1_u128 << (place % 128);
                if seen & bit != 0 {
                    return Err(Unfit::DuplicateKey);
                }
                seen |= bit;
                compare(text, member.value.clone(), *shape, strange)?
            }
            None => false,
        };
        if !fits {
            unknown.push(at);
            strange.names.push(member.key.chars().take(80).collect());
        }
    }
    if !unknown.is_empty() {
        strange
            .edits
            .keep_members(&members, |at| !unknown.contains(&at));
    }
    Ok(())
}

fn list(
    text: &str,
    range: Range<usize>,
    element: Shape,
    strange: &mut Strange,
) -> Result<(), Unfit> {
    let elements = elements(text, range)?;
    let mut unknown: Vec<usize> = Vec::new();
    for (at, range) in elements.iter().enumerate() {
        if !compare(text, range.clone(), element, strange)? {
            unknown.push(at);
            let kind = match text.get(range.start..=range.start) {
                Some("{") => kind(text, range.clone())?,
                _ => None,
            };
            strange.names.push(
                kind.unwrap_or_else(|| "an element".to_owned())
                    .chars()
                    .take(80)
                    .collect(),
            );
        }
    }
    if !unknown.is_empty() {
        strange.edits.keep(&elements, |at| !unknown.contains(&at));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outline::trimmed;

    const INNER: Shape = Shape::Object(&[("text", Shape::Plain), ("calls", Shape::Nothing)]);
    const OUTER: Shape = Shape::Object(&[
        ("id", Shape::Plain),
        ("list", Shape::List(&INNER)),
        (
            "parts",
            Shape::PlainOrList(&Shape::Typed(&[(
                "text",
                Shape::Object(&[("type", Shape::Plain), ("text", Shape::Plain)]),
            )])),
        ),
    ]);

    fn cleaned(text: &str) -> Result<(String, Vec<String>), Unfit> {
        let mut strange = Strange::default();
        assert!(compare(text, trimmed(text), OUTER, &mut strange)?);
        Ok((strange.edits.apply(text).unwrap(), strange.names))
    }

    #[test]
    fn what_is_known_keeps_its_bytes() {
        let text = r#" { "id" : 1.0, "list":[ {"text":"a","calls":[ ]} ,{"calls":null}], "parts" : "x" } "#;
        assert_eq!(cleaned(text).unwrap(), (text.to_owned(), vec![]));
    }

    #[test]
    fn what_is_not_known_is_taken_out_and_named() {
        let text = r#"{"new":{"a":1},"id":1,"list":[{"calls":[1],"text":"a","more":2}],"parts":[{"type":"text","text":"t"},{"type":"call"}]}"#;
        let (left, names) = cleaned(text).unwrap();
        assert_eq!(
            left,
            r#"{"id":1,"list":[{"text":"a"}],"parts":[{"type":"text","text":"t"}]}"#
        );
        assert_eq!(names, ["new", "calls", "more", "call"]);
        assert_eq!(cleaned(r#"{"id":{"x":1}}"#).unwrap().0, "{}");
    }

    #[test]
    fn equal_keys_are_an_error_however_they_are_written() {
        assert_eq!(cleaned(r#"{"id":1,"id":2}"#), Err(Unfit::DuplicateKey));
        assert_eq!(cleaned(r#"{"id":1,"\u0069d":2}"#), Err(Unfit::DuplicateKey));
        let text = r#"{"parts":[{"type":"text","text":"t","type":"call"}]}"#;
        assert_eq!(cleaned(text), Err(Unfit::DuplicateKey));
    }
}
