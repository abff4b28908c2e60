//! The outline of JSON text: where members and elements begin and end, so that a part can be taken
//! out, replaced or passed on with its own bytes.
//!
//! Only the outline is followed (brackets outside of strings), at the speed of a search for quotes.
//! What is JSON at all is the parser's to say; on text that is not, this gives an error or an
//! outline of something, never a panic. It follows no nesting, so depth costs no stack.

use std::borrow::Cow;
use std::ops::Range;

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// Its name, escapes undone.
    pub(crate) key: Cow<'a, str>,
    /// Where it begins, with the quote of its name.
    pub(crate) start: usize,
    /// Where its value stands.
    pub(crate) value: Range<usize>,
}

/// The text is not the object or list that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoOutline;

/// The members of the object that stands in a range of a text, in order.
pub(crate) fn members(text: &str, range: Range<usize>) -> Result<Vec<Member<'_>>, NoOutline> {
    members_known(text, range, |_, _| None)
}

/// What is known of a value before it is looked at.
pub(crate) enum Ahead {
    /// It ends here.
    Whole(usize),
    /// It is a list, and so far goes its beginning, up to the end of an element.
    Begun(usize),
}

/// The same where something is known of values: `known` is given the name of a member and the place
/// where its value begins.
pub(crate) fn members_known<'a>(
    text: &'a str,
    range: Range<usize>,
    mut known: impl FnMut(&str, usize) -> Option<Ahead>,
) -> Result<Vec<Member<'a>>, NoOutline> {
    let mut cursor = Cursor::inside(text, range, b'{')?;
    let mut members = Vec::with_capacity(8);
    if cursor.closes(b'}')? {
        return Ok(members);
    }
    loop {
        let start = cursor.at;
        let key = cursor.string()?;
        cursor.take(b':')?;
        let value = match known(&key, cursor.at) {
            None => cursor.value()?,
            Some(Ahead::Whole(end)) => {
                let begin = std::mem::replace(&mut cursor.at, end);
                begin..end
            }
            Some(Ahead::Begun(end)) => {
                let begin = std::mem::replace(&mut cursor.at, end);
                while cursor.goes_on_in(b']')? {
                    cursor.value()?;
                }
                cursor.at += 1;
                begin..cursor.at
            }
        };
        members.push(Member { key, start, value });
        if !cursor.goes_on(b'}')? {
            return Ok(members);
        }
    }
}

/// The elements of a list that follow a place in it, where an element ends.
pub(crate) fn elements_after(
    text: &str,
    at: usize,
    end: usize,
) -> Result<Vec<Range<usize>>, NoOutline> {
    let mut cursor = Cursor { text, at, end };
    let mut elements = Vec::new();
    while cursor.goes_on(b']')? {
        elements.push(cursor.value()?);
    }
    Ok(elements)
}

/// The elements of the list that stands in a range of a text, in order.
pub(crate) fn elements(text: &str, range: Range<usize>) -> Result<Vec<Range<usize>>, NoOutline> {
    let mut cursor = Cursor::inside(text, range, b'[')?;
    let mut elements = Vec::new();
    if cursor.closes(b']')? {
        return Ok(elements);
    }
    loop {
        elements.push(cursor.value()?);
        if !cursor.goes_on(b']')? {
            return Ok(elements);
        }
    }
}

/// The range of a text without the white space around it.
pub(crate) fn trimmed(text: &str) -> Range<usize> {
    let bytes = text.as_bytes();
    let start = bytes.iter().position(|byte| !is_space(*byte));
    let end = bytes.iter().rposition(|byte| !is_space(*byte));
    match (start, end) {
        (Some(start), Some(end)) => start..end + 1,
        _ => 0..0,
    }
}

/// The member of a name, if the object has it.
pub(crate) fn find<'m, 'a>(members: &'m [Member<'a>], key: &str) -> Option<&'m Member<'a>> {
    members.iter().find(|member| member.key == key)
}

/// Where the value that begins at some place, after white space, ends.
pub(crate) fn value_end(text: &str, at: usize) -> Option<usize> {
    let end = text.len();
    let mut cursor = Cursor { text, at, end };
    cursor.skip_space();
    cursor.value().ok().map(|value| value.end)
}

/// The text of a value that is a string.
pub(crate) fn string<'a>(text: &'a str, value: &Range<usize>) -> Option<Cow<'a, str>> {
    let raw = text.get(value.clone())?;
    let inside = raw.strip_prefix('"')?.strip_suffix('"')?;
    unescaped(raw, inside)
}

fn unescaped<'a>(raw: &'a str, inside: &'a str) -> Option<Cow<'a, str>> {
    if memchr::memchr(b'\\', inside.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inside));
    }
    serde_json::from_str::<String>(raw).ok().map(Cow::Owned)
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    /// Within the brackets that stand at both ends of a range.
    fn inside(text: &'a str, range: Range<usize>, open: u8) -> Result<Self, NoOutline> {
        let bytes = text.as_bytes().get(range.clone()).ok_or(NoOutline)?;
        if bytes.len() < 2 || bytes.first() != Some(&open) {
            return Err(NoOutline);
        }
        let mut cursor = Self {
            text,
            at: range.start + 1,
            end: range.end,
        };
        cursor.skip_space();
        Ok(cursor)
    }

    fn byte(&self) -> Option<u8> {
        if self.at >= self.end {
            return None;
        }
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.byte().is_some_and(is_space) {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: u8) -> Result<(), NoOutline> {
        self.skip_space();
        if self.byte() != Some(wanted) {
            return Err(NoOutline);
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    /// Whether the object or list ends here, which must then be the end of the range.
    fn closes(&self, close: u8) -> Result<bool, NoOutline> {
        match self.byte() {
            Some(byte) if byte == close && self.at + 1 == self.end => Ok(true),
            Some(byte) if byte != close => Ok(false),
            _ => Err(NoOutline),
        }
    }

    /// Whether another one follows after a comma.
    fn goes_on(&mut self, close: u8) -> Result<bool, NoOutline> {
        self.skip_space();
        if self.byte() == Some(b',') {
            self.at += 1;
            self.skip_space();
            return Ok(true);
        }
        if self.closes(close)? {
            Ok(false)
        } else {
            Err(NoOutline)
        }
    }

    /// The same in the midst of a text: the list need not end where the text does.
    fn goes_on_in(&mut self, close: u8) -> Result<bool, NoOutline> {
        self.skip_space();
        match self.byte() {
            Some(b',') => {
                self.at += 1;
                self.skip_space();
                Ok(true)
            }
            Some(byte) if byte == close => Ok(false),
            _ => Err(NoOutline),
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, NoOutline> {
        let start = self.at;
        self.skip_string()?;
        let raw = self.text.get(start..self.at).ok_or(NoOutline)?;
        let inside = raw.get(1..raw.len() - 1).ok_or(NoOutline)?;
        unescaped(raw, inside).ok_or(NoOutline)
    }

    fn skip_string(&mut self) -> Result<(), NoOutline> {
        if self.byte() != Some(b'"') {
            return Err(NoOutline);
        }
        self.at += 1;
        let bytes = self.text.as_bytes().get(..self.end).ok_or(NoOutline)?;
        loop {
            let rest = bytes.get(self.at..).ok_or(NoOutline)?;
            let found = memchr::memchr2(b'"', b'\\', rest).ok_or(NoOutline)?;
            self.at += found;
            if bytes.get(self.at) == Some(&b'"') {
                self.at += 1;
                return Ok(());
            }
            self.at += 2;
        }
    }

    fn value(&mut self) -> Result<Range<usize>, NoOutline> {
        let start = self.at;
        match self.byte() {
            Some(b'"') => self.skip_string()?,
            Some(b'{' | b'[') => self.skip_nested()?,
            _ => {
                let ends = |byte: u8| {
                    is_space(byte) || matches!(byte, b',' | b'}' | b']' | b'"' | b':' | b'{' | b'[')
                };
                while self.byte().is_some_and(|byte| !ends(byte)) {
                    self.at += 1;
                }
            }
        }
        if self.at == start {
            return Err(NoOutline);
        }
        Ok(start..self.at)
    }

    /// Skips an object or a list. That each bracket meets its own kind is the parser's to say.
    fn skip_nested(&mut self) -> Result<(), NoOutline> {
        let bytes = self.text.as_bytes().get(..self.end).ok_or(NoOutline)?;
        let mut depth = 0_usize;
        let mut at = self.at;
        while let Some(byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'"' => {
                    // Most texts between brackets are short: names and small values.
                    loop {
                        match bytes.get(at) {
                            Some(b'"') => break at += 1,
                            Some(b'\\') => at += 2,
                            Some(_) if at.is_multiple_of(16) => {
                                let rest = bytes.get(at..).ok_or(NoOutline)?;
                                at += memchr::memchr2(b'"', b'\\', rest).ok_or(NoOutline)?;
                            }
                            Some(_) => at += 1,
                            None => return Err(NoOutline),
                        }
                    }
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at = at;
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        Err(NoOutline)
    }
}

/// Changes to a text: ranges and what stands there instead. Ranges must not overlap.
#[derive(Debug, Default)]
pub(crate) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn replace(&mut self, range: Range<usize>, with: impl Into<String>) {
        self.0.push((range, with.into()));
    }

    /// Takes members out of an object, with the commas that belong to them.
    pub(crate) fn keep_members(&mut self, members: &[Member<'_>], is_kept: impl Fn(usize) -> bool) {
        let ranges: Vec<_> = members
            .iter()
            .map(|member| member.start..member.value.end)
            .collect();
        self.keep(&ranges, is_kept);
    }

    /// Takes elements out of a list, or members out of an object, with the commas that belong to
    /// them.
    pub(crate) fn keep(&mut self, ranges: &[Range<usize>], is_kept: impl Fn(usize) -> bool) {
        let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else {
            return;
        };
        let Some(first_kept) = (0..ranges.len()).find(|at| is_kept(*at)) else {
            self.replace(first.start..last.end, "");
            return;
        };
        let mut end = match ranges.get(first_kept) {
            Some(kept) => {
                if first_kept > 0 {
                    self.replace(first.start..kept.start, "");
                }
                kept.end
            }
            None => return,
        };
        for (at, range) in ranges.iter().enumerate().skip(first_kept + 1) {
            if !is_kept(at) {
                self.replace(end..range.end, "");
            }
            end = range.end;
        }
    }

    /// The text with its changes, or none where two of them overlap.
    pub(crate) fn apply(mut self, text: &str) -> Option<String> {
        self.0.sort_by_key(|(range, _)| range.start);
        let mut changed = String::with_capacity(text.len());
        let mut at = 0;
        for (range, with) in &self.0 {
            changed.push_str(text.get(at..range.start)?);
            changed.push_str(with);
            at = range.end;
        }
        changed.push_str(text.get(at..)?);
        Some(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z\"\\\\\\[\\]{}:, \u{e4}\n]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\\\{ ]{0,4}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn agrees(text: &str, range: Range<usize>, value: &Value) {
        match value {
            Value::Object(map) => {
                let members = members(text, range).unwrap();
                assert_eq!(members.len(), map.len());
                for member in members {
                    agrees(text, member.value, &map[member.key.as_ref()]);
                }
            }
            Value::Array(list) => {
                let elements = elements(text, range).unwrap();
                assert_eq!(elements.len(), list.len());
                for (element, value) in elements.into_iter().zip(list) {
                    agrees(text, element, value);
                }
            }
            Value::String(words) => assert_eq!(string(text, &range).unwrap(), words.as_str()),
            plain => assert_eq!(&text[range], plain.to_string()),
        }
    }

    proptest! {
        #[test]
        fn the_outline_is_the_parsers(value in any_json(), pretty in any::<bool>()) {
            let text = if pretty {
                serde_json::to_string_pretty(&value).unwrap()
            } else {
                value.to_string()
            };
            agrees(&text, trimmed(&text), &value);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}:,\"\\\\a1 \u{e4}]{0,30}") {
            let _ = members(&text, trimmed(&text));
            let _ = elements(&text, trimmed(&text));
        }

        #[test]
        fn what_is_taken_out_is_gone_and_the_rest_stays(
            count in 0_usize..7, kept in any::<u8>(), pretty in any::<bool>()
        ) {
            let list: Vec<Value> = (0..count).map(|at| json!({"at": at})).collect();
            let left: Vec<Value> = (0..count).filter(|at| kept >> at & 1 == 1).map(|at| json!({"at": at})).collect();
            let text = if pretty { serde_json::to_string_pretty(&list).unwrap() } else { serde_json::to_string(&list).unwrap() };
            let mut edits = Edits::default();
            edits.keep(&elements(&text, 0..text.len()).unwrap(), |at| kept >> at & 1 == 1);
            let text = edits.apply(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), Value::from(left));
        }
    }
}
