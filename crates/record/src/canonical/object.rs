//! Objects: members are written as they come and moved into order when the object ends.

use std::cmp::Ordering;

use super::CanonicalError;

/// A member of an object under construction: where it is in the output.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// The key without quotes and escapes, where it cannot be read from the output.
    key: Option<Box<str>>,
    start: usize,
    /// One past the key's closing quote.
    key_end: usize,
    end: usize,
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
    /// Begins an object: gives the mark to end it with.
    pub(super) fn begin(&self) -> usize {
        self.list.len()
    }

    /// Notes a member whose key was just written. `key` is given where the output has escapes.
    pub(super) fn key(&mut self, start: usize, key_end: usize, key: Option<Box<str>>) {
        self.list.push(Member { key, start, key_end, end: key_end });
    }

    /// Notes that the value of the newest member ends here.
    pub(super) fn value(&mut self, end: usize) {
        if let Some(member) = self.list.last_mut() {
            member.end = end;
        }
    }

    /// Ends an object: puts its members, which follow the opening brace without commas, in order.
    pub(super) fn end(&mut self, mark: usize, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
        let members = &self.list[mark..];
        let Some(first) = members.first() else {
            return Ok(());
        };
        let base = first.start;
        self.order.clear();
        self.order.extend(0..members.len() as u32);
        let written = &out[..];
        self.order.sort_unstable_by(|&left, &right| {
            compare(written, &members[left as usize], &members[right as usize])
        });
        for pair in self.order.windows(2) {
            let (left, right) = (&members[pair[0] as usize], &members[pair[1] as usize]);
            if compare(written, left, right) == Ordering::Equal {
                return Err(CanonicalError::Duplicate(text(written, left).to_owned()));
            }
        }
        self.scratch.clear();
        for (place, &index) in self.order.iter().enumerate() {
            if place > 0 {
                self.scratch.push(b',');
            }
            let member = &members[index as usize];
            self.scratch.extend_from_slice(&out[member.start..member.end]);
        }
        out.truncate(base);
        out.extend_from_slice(&self.scratch);
        self.list.truncate(mark);
        Ok(())
    }
}

fn text<'a>(written: &'a [u8], member: &'a Member) -> &'a str {
    match &member.key {
        Some(key) => key,
        // INVARIANT: between the quotes stands a key without escapes, which was a str.
        None => std::str::from_utf8(&written[member.start + 1..member.key_end - 1])
            .unwrap_or_default(),
    }
}

/// By UTF-16 code units, as RFC 8785 asks. Bytes give the same order unless a key has a character
/// beyond the basic plane (whose surrogates sort before U+E000 and after).
fn compare(written: &[u8], left: &Member, right: &Member) -> Ordering {
    let (left, right) = (text(written, left), text(written, right));
    let four_bytes = |text: &str| text.bytes().any(|byte| byte >= 0xF0);
    if four_bytes(left) || four_bytes(right) {
        left.encode_utf16().cmp(right.encode_utf16())
    } else {
        left.as_bytes().cmp(right.as_bytes())
    }
}
