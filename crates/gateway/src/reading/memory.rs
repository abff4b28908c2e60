//! Which conversation a request continues, and what of it is new.
//!
//! Agents send the whole conversation with every request. To read it anew each time would cost more
//! with every turn, so of each conversation the length and the hash of what was read last are kept:
//! where a request begins with the same bytes, only what follows is looked at. The old bytes are
//! hashed, at several gigabytes a second, and neither parsed nor searched.
//!
//! Of each agent a number of conversations is kept (a few hundred bytes each, whatever their
//! length); the one that was unused longest goes first. What is then not known any more is read
//! whole, and [`Reading`] says so.

use std::borrow::Cow;

use crate::intercept::{ConversationId, Reading};
use crate::outline::value_end;
use crate::protocol::Protocol;

pub(crate) type Hash = [u8; 32];

/// The name of the member by which agents say where the provider's cache may end. It moves on with
/// every turn, so that the same message comes with it and without.
const MARK: &str = "\"cache_control\"";

/// How a list of blocks begins whose first is a text.
const ONE_TEXT: &str = "\"content\":[{\"type\":\"text\",\"text\":";

/// A body without its marks, so that a message is the same text wherever the marks stand.
pub(crate) fn unmarked(body: &str) -> Cow<'_, str> {
    match without_marks(body) {
        Cow::Borrowed(text) => as_words(text),
        Cow::Owned(text) => match as_words(&text) {
            Cow::Borrowed(_) => Cow::Owned(text),
            Cow::Owned(text) => Cow::Owned(text),
        },
    }
}

/// A body in which content that is one block of text is that text. Both say the same, and an agent
/// (Claude Code) that writes a text turns it into a block where it needs one to put a mark on.
fn as_words(body: &str) -> Cow<'_, str> {
    let bytes = body.as_bytes();
    let mut text = String::new();
    let mut from = 0;
    for at in memchr::memmem::find_iter(bytes, ONE_TEXT) {
        let words = at + ONE_TEXT.len();
        let is_key = matches!(
            at.checked_sub(1).and_then(|before| bytes.get(before)),
            Some(b',' | b'{')
        );
        let is_text = bytes.get(words) == Some(&b'"');
        let Some(end) = value_end(body, words) else {
            continue;
        };
        if !(is_key && is_text && bytes.get(end..end + 2) == Some(b"}]")) {
            continue;
        }
        text.push_str(body.get(from..at).unwrap_or_default());
        text.push_str("\"content\":");
        text.push_str(body.get(words..end).unwrap_or_default());
        from = end + 2;
    }
    if from == 0 {
        return Cow::Borrowed(body);
    }
    text.push_str(body.get(from..).unwrap_or_default());
    Cow::Owned(text)
}

/// A body without its marks.
///
/// In JSON, the name in quotes after a comma or an opening brace and before a colon is always a key
/// and never inside a text, since quotes in a text are escaped.
fn without_marks(body: &str) -> Cow<'_, str> {
    let bytes = body.as_bytes();
    let mut marks = memchr::memmem::find_iter(bytes, MARK).peekable();
    if marks.peek().is_none() {
        return Cow::Borrowed(body);
    }
    let mut text = String::with_capacity(body.len());
    let mut from = 0;
    for at in marks {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let colon = at + MARK.len();
        if at < from || bytes.get(colon) != Some(&b':') {
            continue;
        }
        let Some(end) = value_end(body, colon + 1) else {
            continue;
        };
        let (start, end) = match (before, bytes.get(end)) {
            (Some(b','), _) => (at - 1, end),
            (Some(b'{'), Some(b',')) => (at, end + 1),
            (Some(b'{'), _) => (at, end),
            _ => continue,
        };
        text.push_str(body.get(from..start).unwrap_or_default());
        from = end;
    }
    text.push_str(body.get(from..).unwrap_or_default());
    Cow::Owned(text)
}

/// How much of the end of known bytes is compared before they are hashed.
const TAIL: usize = 32;

/// Some bytes that were read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    length: usize,
    hash: Hash,
    /// The last of them, so that others are seldom hashed in vain.
    tail: [u8; TAIL],
}

impl Known {
    pub(crate) fn of(text: &str) -> Self {
        Self {
            length: text.len(),
            hash: blake3::hash(text.as_bytes()).into(),
            tail: tail(text.as_bytes()),
        }
    }

    /// The bytes that stand at some place of a text and may be these.
    fn may_stand<'a>(&self, text: &'a str, at: usize) -> Option<&'a [u8]> {
        let bytes = text.as_bytes().get(at..at.checked_add(self.length)?)?;
        (tail(bytes) == self.tail).then_some(bytes)
    }

    /// Whether these bytes stand at some place of a text.
    fn stands(&self, text: &str, at: usize) -> bool {
        self.may_stand(text, at)
            .is_some_and(|bytes| blake3::hash(bytes) == blake3::Hash::from_bytes(self.hash))
    }

    /// The same; what hashed them.
    fn hashed(&self, text: &str, at: usize) -> Option<Box<blake3::Hasher>> {
        let bytes = self.may_stand(text, at)?;
        let mut hasher = Box::new(blake3::Hasher::new());
        hasher.update(bytes);
        (hasher.finalize() == blake3::Hash::from_bytes(self.hash)).then_some(hasher)
    }
}

fn tail(bytes: &[u8]) -> [u8; TAIL] {
    let mut tail = [0; TAIL];
    let from = bytes.len().saturating_sub(TAIL);
    for (kept, byte) in tail.iter_mut().zip(bytes.get(from..).unwrap_or_default()) {
        *kept = *byte;
    }
    tail
}

/// How many values, such as lists of tools, are known of each agent.
const VALUES: usize = 8;

/// What one agent sent before.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    kept: Vec<Kept>,
    values: Vec<Known>,
    clock: u64,
}

#[derive(Debug)]
struct Kept {
    id: ConversationId,
    /// The same bytes say something else in another protocol.
    protocol: Protocol,
    /// The hash of its first message.
    root: Hash,
    /// Its list of messages up to the last one, in its last two requests: one may come twice.
    ends: [Known; 2],
    system: Option<Hash>,
    /// The provider's id of its last answer, hashed: some requests name only that.
    answer: Option<Hash>,
    used: u64,
}

/// Where a conversation is now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now<'a> {
    /// What was known of it, and the text of its list that follows.
    pub(crate) found: Option<(&'a Found, &'a str)>,
    pub(crate) id: ConversationId,
    pub(crate) protocol: Protocol,
    /// The hash of its first message.
    pub(crate) root: Hash,
    /// Its list of messages up to the end of the last.
    pub(crate) list: &'a str,
    pub(crate) system: Option<Hash>,
}

/// A conversation that a request goes on with.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) id: ConversationId,
    /// Where in the text that was asked about what is known ends.
    pub(crate) end: usize,
    /// Whether it was longer once.
    pub(crate) was_longer: bool,
    pub(crate) system: Option<Hash>,
    /// What hashed the known part, to go on with the rest.
    hasher: Box<blake3::Hasher>,
}

impl Memory {
    /// Looks for a conversation whose messages stand where a list begins, the longest first.
    pub(crate) fn find(&self, protocol: Protocol, text: &str, at: usize) -> Option<Found> {
        if text.as_bytes().get(at) != Some(&b'[') {
            return None;
        }
        let kept = self.kept.iter().filter(|kept| kept.protocol == protocol);
        let ends = kept.flat_map(|kept| kept.ends.iter().map(move |end| (kept, end)));
        let room = text.len().saturating_sub(at);
        let mut ends: Vec<_> = ends
            .filter(|(_, end)| (1..room).contains(&end.length))
            .collect();
        ends.sort_by_key(|(kept, end)| std::cmp::Reverse((end.length, kept.used)));
        ends.into_iter().find_map(|(kept, known)| {
            let hasher = known.hashed(text, at)?;
            Some(Found {
                id: kept.id,
                hasher,
                end: at + known.length,
                was_longer: known.length < kept.ends[1].length,
                system: kept.system,
            })
        })
    }

    /// Looks for a conversation by its first message.
    pub(crate) fn by_root(&self, protocol: Protocol, root: &Hash) -> Option<ConversationId> {
        let of_root = self
            .kept
            .iter()
            .filter(|kept| kept.protocol == protocol && kept.root == *root);
        of_root.max_by_key(|kept| kept.used).map(|kept| kept.id)
    }

    /// Looks for a conversation by the provider's id of its last answer, and whether the system
    /// prompt is the same.
    pub(crate) fn by_answer(
        &self,
        answer: &str,
        system: Option<&Hash>,
    ) -> Option<(ConversationId, bool)> {
        let answer: Hash = blake3::hash(answer.as_bytes()).into();
        let kept = self.kept.iter().find(|kept| kept.answer == Some(answer))?;
        Some((kept.id, kept.system.as_ref() == system))
    }

    /// Where a value that was read before ends, if one stands here, and its hash.
    pub(crate) fn value(&self, text: &str, at: usize) -> Option<(usize, Hash)> {
        let mut values = self.values.iter().rev();
        let known = values.find(|known| known.stands(text, at))?;
        Some((at + known.length, known.hash))
    }

    /// Keeps a value that was read and is long enough for it to pay.
    pub(crate) fn keep_value(&mut self, text: &str) {
        if text.len() < 1_024 {
            return;
        }
        if self.values.len() >= VALUES {
            self.values.remove(0);
        }
        self.values.push(Known::of(text));
    }

    /// Keeps where a conversation is now.
    pub(crate) fn keep(&mut self, now: Now<'_>, most: usize) {
        let Now {
            found,
            id,
            protocol,
            root,
            list,
            system,
        } = now;
        self.clock += 1;
        let used = self.clock;
        let end = match found {
            // What is known was hashed already.
            Some((found, rest)) => Known {
                length: list.len(),
                hash: found
                    .hasher
                    .clone()
                    .update(rest.as_bytes())
                    .finalize()
                    .into(),
                tail: tail(list.as_bytes()),
            },
            None => Known::of(list),
        };
        if let Some(kept) = self.kept.iter_mut().find(|kept| kept.id == id) {
            if kept.ends[1] != end {
                kept.ends = [kept.ends[1], end];
            }
            (kept.root, kept.system, kept.used) = (root, system, used);
            return;
        }
        if self.kept.len() >= most.max(1)
            && let Some((oldest, _)) = self
                .kept
                .iter()
                .enumerate()
                .min_by_key(|(_, kept)| kept.used)
        {
            self.kept.swap_remove(oldest);
        }
        self.kept.push(Kept {
            id,
            protocol,
            root,
            ends: [end; 2],
            system,
            answer: None,
            used,
        });
    }

    /// The hash of the first message of a conversation.
    pub(crate) fn root(&self, id: ConversationId) -> Option<Hash> {
        self.kept
            .iter()
            .find(|kept| kept.id == id)
            .map(|kept| kept.root)
    }

    /// Keeps the provider's id of a conversation's last answer.
    pub(crate) fn answered(&mut self, id: ConversationId, answer: &str) {
        if let Some(kept) = self.kept.iter_mut().find(|kept| kept.id == id) {
            kept.answer = Some(blake3::hash(answer.as_bytes()).into());
        }
    }
}

/// How a request is read of which no beginning is known.
pub(crate) const fn reading(has_root: bool, has_past: bool) -> Reading {
    match (has_root, has_past) {
        (_, false) => Reading::New,
        (true, true) => Reading::Edited,
        (false, true) => Reading::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Hash = [1; 32];
    const PROTOCOL: Protocol = Protocol::Messages;

    const fn now(id: u64, list: &str) -> Now<'_> {
        Now {
            found: None,
            id: ConversationId(id),
            protocol: PROTOCOL,
            root: ROOT,
            list,
            system: None,
        }
    }

    #[test]
    fn what_was_read_is_known_and_a_request_may_come_twice() {
        let mut memory = Memory::default();
        let id = ConversationId(1);
        memory.keep(now(1, "[1,2"), 4);
        let found = |memory: &Memory, list: &str| {
            memory
                .find(PROTOCOL, &format!("{{\"m\":{list}}}"), 5)
                .map(|found| (found.end - 5, found.was_longer))
        };
        assert_eq!(found(&memory, "[1,2,3]"), Some((4, false)));
        memory.keep(now(1, "[1,2,3,4"), 4);
        assert_eq!(found(&memory, "[1,2,3,4]"), Some((8, false)));
        assert_eq!(found(&memory, "[1,2,3,5]"), Some((4, true)));
        assert_eq!(found(&memory, "[1,3]"), None);
        assert!(
            memory
                .find(Protocol::ChatCompletions, "[1,2,3]", 0)
                .is_none()
        );
        assert_eq!(memory.by_root(PROTOCOL, &ROOT), Some(id));
        memory.answered(id, "r1");
        assert_eq!(memory.by_answer("r1", None), Some((id, true)));
        assert_eq!(memory.by_answer("r2", None), None);
    }

    #[test]
    fn the_one_unused_longest_goes_first() {
        let mut memory = Memory::default();
        for (number, name) in [(1, "[1"), (2, "[2"), (1, "[1"), (3, "[3")] {
            memory.keep(now(number, name), 2);
        }
        let known = |name: &str| memory.find(PROTOCOL, name, 0).is_some();
        assert!(known("[1,") && known("[3,") && !known("[2,"));
    }

    #[test]
    fn marks_of_the_cache_are_taken_out_and_nothing_else() {
        let plain = r#"{"role":"user","content":[{"type":"image"},{"type":"text","text":"a \"cache_control\": b"}]}"#;
        let marked = r#"{"role":"user","content":[{"type":"image"},{"type":"text","text":"a \"cache_control\": b","cache_control":{"type":"ephemeral","ttl":"5m"}}]}"#;
        let first = r#"{"cache_control":{"type":"ephemeral"},"role":"user","content":[{"type":"image"},{"type":"text","text":"a \"cache_control\": b"}]}"#;
        assert!(matches!(unmarked(r#"{"a":1}"#), Cow::Borrowed(_)));
        assert_eq!(unmarked(plain), plain);
        assert_eq!(unmarked(marked), plain);
        assert_eq!(unmarked(first), plain);
        assert_eq!(unmarked(r#"{"cache_control":null}"#), "{}");
        assert_eq!(unmarked(r#"["cache_control"]"#), r#"["cache_control"]"#);
    }

    #[test]
    fn a_text_and_one_block_of_it_are_the_same() {
        let words = r#"[{"role":"system","content":"a \"}]\" b","output_config":{"n":1}}]"#;
        let block = r#"[{"role":"system","content":[{"type":"text","text":"a \"}]\" b"}],"output_config":{"n":1}}]"#;
        let marked = r#"[{"role":"system","content":[{"type":"text","text":"a \"}]\" b","cache_control":{"type":"ephemeral"}}],"output_config":{"n":1}}]"#;
        for text in [words, block, marked] {
            assert_eq!(unmarked(text), words);
        }
        for other in [
            r#"{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#,
            r#"{"content":[{"type":"text","text":"a","citations":[]}]}"#,
            r#"{"content":[{"type":"text","text":7}]}"#,
            r#"{"content":[{"type":"text","text":"a"#,
        ] {
            assert_eq!(unmarked(other), other);
        }
    }
}
