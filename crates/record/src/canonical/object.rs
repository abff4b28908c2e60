//! Objects: members are written as they come, and moved into order when the object ends if they did
//! not come in order.

use std::cmp::Ordering;

use super::CanonicalError;

/// A member of an object under construction: where it is in the output.
#[derive(Debug, Clone)]
struct Member {
    /// The key without escapes, where the output has them.
    key: Option<Box<str>>,
    /// The opening quote of the key.
    start: usize,
    /// One past the key's closing quote.
    key_end: usize,
    /// One past the value.
    end: usize,
    /// Whether the key has a character beyond the basic plane, written in four bytes. Its
    /// surrogates sort before U+E000, its bytes after.
    wide: bool,
}

/// The members of all open objects, the innermost last. One list, so that objects allocate nothing
/// once it has grown.
#[derive(Debug, Default)]
pub(super) struct Members {
    list: Vec<Member>,
    order: Vec<u32>,
    scratch: Vec<u8>,
}

impl Members {
    /// Begins an object: gives the mark to go on and to end it with.
    pub(super) fn begin(&self) -> usize {
        self.list.len()
    }

    /// Whether the object has no member yet.
    pub(super) fn is_empty(&self, mark: usize) -> bool {
        self.list.len() == mark
    }

    /// Notes a member whose key was just written. `key` is given where the output has escapes.
    pub(super) fn key(&mut self, start: usize, out: &[u8], key: Option<Box<str>>) {
        let wide = out[start..].iter().any(|byte| *byte >= 0xF0);
        self.list.push(Member {
            key,
            start,
            key_end: out.len(),
            end: out.len(),
            wide,
        });
    }

    /// Notes that the value of the newest member ends here.
    pub(super) fn value(&mut self, end: usize) {
        if let Some(member) = self.list.last_mut() {
            member.end = end;
        }
    }

    /// Ends an object: puts its members in order. Commas stand between them already.
    pub(super) fn end(&mut self, mark: usize, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
        let members = &self.list[mark..];
        let in_order = |pair: &[Member]| compare(out, &pair[0], &pair[1]) == Ordering::Less;
        if !members.windows(2).all(in_order) {
            self.order.clear();
            self.order.extend(0..members.len() as u32);
            self.order.sort_unstable_by(|&left, &right| {
                compare(out, &members[left as usize], &members[right as usize])
            });
            let base = members[0].start;
            self.scratch.clear();
            let mut before: Option<&Member> = None;
            for &index in &self.order {
                let member = &members[index as usize];
                if let Some(before) = before {
                    if compare(out, before, member) == Ordering::Equal {
                        let key = String::from_utf8_lossy(text(out, member)).into_owned();
                        return Err(CanonicalError::Duplicate(key));
                    }
                    self.scratch.push(b',');
                }
                self.scratch
                    .extend_from_slice(&out[member.start..member.end]);
                before = Some(member);
            }
            out.truncate(base);
            out.extend_from_slice(&self.scratch);
        }
        self.list.truncate(mark);
        Ok(())
    }
}

/// The key of a member, without quotes and escapes.
fn text<'a>(written: &'a [u8], member: &'a Member) -> &'a [u8] {
    match &member.key {
        Some(key) => key.as_bytes(),
        None => &written[member.start + 1..member.key_end - 1],
    }
}

/// By UTF-16 code units, as RFC 8785 asks. Bytes give the same order for all but wide keys.
fn compare(written: &[u8], left: &Member, right: &Member) -> Ordering {
    let (one, two) = (text(written, left), text(written, right));
    if !left.wide && !right.wide {
        return one.cmp(two);
    }
    // INVARIANT: a key was a str, so nothing is lost here.
    let (one, two) = (String::from_utf8_lossy(one), String::from_utf8_lossy(two));
    one.encode_utf16().cmp(two.encode_utf16())
}
