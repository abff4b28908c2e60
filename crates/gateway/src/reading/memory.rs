//! Which conversation a request continues, and what of it is new.
//!
//! Agents send the whole conversation with every request. To read it anew each time would cost more
//! with every turn, so each message is hashed onto those before it, and where the hash of a
//! beginning is known, only what follows is read. The bytes of all messages are hashed and none of
//! the old ones parsed.
//!
//! Of each agent a number of conversations is kept (a few hundred bytes each, whatever their
//! length); the one that was unused longest goes first. What is then not known any more is read
//! whole, and [`Reading`] says so.

use crate::intercept::{ConversationId, Reading};
use crate::outline::value_end;

/// A hash of a beginning of a conversation.
pub(crate) type Hash = [u8; 32];

/// The hashes of all beginnings of a conversation, the empty one first.
pub(crate) fn chain<'a>(seed: &str, messages: impl Iterator<Item = &'a str>, has_marks: bool) -> Vec<Hash> {
    let mut hash: Hash = blake3::hash(seed.as_bytes()).into();
    let mut chain = vec![hash];
    let mut hasher = blake3::Hasher::new();
    for message in messages {
        hasher.reset();
        hasher.update(&hash);
        if has_marks {
            unmarked(message, |piece| {
                hasher.update(piece.as_bytes());
            });
        } else {
            hasher.update(message.as_bytes());
        }
        hash = hasher.finalize().into();
        chain.push(hash);
    }
    chain
}

/// The name of the member by which agents say where the provider's cache may end. It moves on with
/// every turn, so that the same message comes with it and without.
pub(crate) const MARK: &str = "\"cache_control\"";

/// Gives a message without its marks, piece by piece.
///
/// In JSON, the name in quotes after a comma or an opening brace and before a colon is always a key
/// and never inside a text, since quotes in a text are escaped.
fn unmarked<'a>(message: &'a str, mut each: impl FnMut(&'a str)) {
    let mut from = 0;
    let bytes = message.as_bytes();
    for at in memchr::memmem::find_iter(bytes, MARK) {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let colon = at + MARK.len();
        if at < from || bytes.get(colon) != Some(&b':') {
            continue;
        }
        let Some(end) = value_end(message, colon + 1) else {
            continue;
        };
        let (start, end) = match (before, bytes.get(end)) {
            (Some(b','), _) => (at - 1, end),
            (Some(b'{'), Some(b',')) => (at, end + 1),
            (Some(b'{'), _) => (at, end),
            _ => continue,
        };
        each(message.get(from..start).unwrap_or_default());
        from = end;
    }
    each(message.get(from..).unwrap_or_default());
}

/// The conversations of one agent.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    kept: Vec<Kept>,
    clock: u64,
}

#[derive(Debug)]
struct Kept {
    id: ConversationId,
    /// The hash of its first message.
    root: Hash,
    /// How long its last two requests were and what they hash to: a request may come twice.
    ends: [(usize, Hash); 2],
    system: Option<Hash>,
    /// The provider's id of its last answer, hashed: some requests name only that.
    answer: Option<Hash>,
    used: u64,
}

/// What a request is beside those that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// The conversation; a new one has none.
    pub(crate) id: Option<ConversationId>,
    /// How many of its messages are known.
    pub(crate) known: usize,
    /// Whether it begins as a conversation that is known and then differs.
    pub(crate) differs: bool,
    /// Whether the system prompt is the one that is known.
    pub(crate) same_system: bool,
}

impl Memory {
    /// Looks a request up.
    pub(crate) fn find(&self, chain: &[Hash], system: Option<&Hash>, previous: Option<&Hash>) -> Found {
        let mut best: Option<(usize, &Kept)> = None;
        let mut of_root: Option<&Kept> = None;
        for kept in &self.kept {
            if previous.is_some() && kept.answer.as_ref() == previous {
                let same_system = kept.system.as_ref() == system;
                return Found { id: Some(kept.id), known: 0, differs: false, same_system };
            }
            for (count, end) in &kept.ends {
                let is_better = best.is_none_or(|(most, old)| (*count, kept.used) > (most, old.used));
                if *count > 0 && is_better && chain.get(*count) == Some(end) {
                    best = Some((*count, kept));
                }
            }
            if chain.get(1) == Some(&kept.root) && of_root.is_none_or(|old| kept.used > old.used) {
                of_root = Some(kept);
            }
        }
        let kept = best.map(|(_, kept)| kept).or(of_root);
        Found {
            id: kept.map(|kept| kept.id),
            known: best.map_or(0, |(count, _)| count),
            differs: match best {
                // A request that comes again is the same, and so is one that only adds.
                Some((count, kept)) => count < kept.ends[1].0 && count + 1 < chain.len(),
                None => of_root.is_some(),
            },
            same_system: kept.is_some_and(|kept| kept.system.as_ref() == system),
        }
    }

    /// Keeps where a conversation is now.
    pub(crate) fn keep(&mut self, id: ConversationId, chain: &[Hash], system: Option<Hash>, most: usize) {
        self.clock += 1;
        let used = self.clock;
        let count = chain.len().saturating_sub(1);
        let Some(end) = chain.last().copied() else {
            return;
        };
        let root = chain.get(1).copied().unwrap_or(end);
        if let Some(kept) = self.kept.iter_mut().find(|kept| kept.id == id) {
            if kept.ends[1] != (count, end) {
                kept.ends = [kept.ends[1], (count, end)];
            }
            (kept.root, kept.system, kept.used) = (root, system, used);
            return;
        }
        if self.kept.len() >= most.max(1)
            && let Some((oldest, _)) = self.kept.iter().enumerate().min_by_key(|(_, kept)| kept.used)
        {
            self.kept.swap_remove(oldest);
        }
        self.kept.push(Kept {
            id,
            root,
            ends: [(count, end); 2],
            system,
            answer: None,
            used,
        });
    }

    /// Keeps the provider's id of a conversation's last answer.
    pub(crate) fn answered(&mut self, id: ConversationId, answer: &str) {
        if let Some(kept) = self.kept.iter_mut().find(|kept| kept.id == id) {
            kept.answer = Some(blake3::hash(answer.as_bytes()).into());
        }
    }
}

/// How a request is read.
pub(crate) const fn reading(found: &Found, has_past: bool) -> Reading {
    match (found.id.is_some(), found.differs) {
        (true, false) => Reading::Continued,
        (true, true) if has_past || found.known > 0 => Reading::Edited,
        _ if has_past => Reading::Unknown,
        _ => Reading::New,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(messages: &[&str]) -> Vec<Hash> {
        chain("x", messages.iter().copied(), true)
    }

    #[test]
    fn what_was_read_is_known_and_a_request_may_come_twice() {
        let mut memory = Memory::default();
        let id = ConversationId(1);
        memory.keep(id, &hashes(&["a"]), None, 4);
        let found = memory.find(&hashes(&["a", "b", "c"]), None, None);
        assert_eq!((found.id, found.known, found.same_system), (Some(id), 1, true));
        memory.keep(id, &hashes(&["a", "b", "c"]), None, 4);
        assert_eq!(memory.find(&hashes(&["a", "b", "c"]), None, None).known, 3);
        assert_eq!(memory.find(&hashes(&["a", "b", "x"]), None, None).known, 1);
        memory.keep(id, &hashes(&["a", "b", "c", "d"]), None, 4);
        let edited = memory.find(&hashes(&["a", "x", "c", "d"]), None, None);
        assert!(edited.differs && edited.known == 0 && edited.id == Some(id));
        let forked = memory.find(&hashes(&["a", "b", "c", "x", "y"]), None, None);
        assert!(forked.differs && forked.known == 3 && forked.id == Some(id));
        assert_eq!(memory.find(&hashes(&["z"]), None, None).id, None);
    }

    #[test]
    fn the_one_unused_longest_goes_first() {
        let mut memory = Memory::default();
        for (number, name) in [(1, "a"), (2, "b"), (1, "a"), (3, "c")] {
            memory.keep(ConversationId(number), &hashes(&[name]), None, 2);
        }
        let known = |name| memory.find(&hashes(&[name]), None, None).id.is_some();
        assert!(known("a") && known("c") && !known("b"));
    }

    #[test]
    fn marks_of_the_cache_change_nothing_and_all_else_does() {
        let plain = r#"{"role":"user","content":[{"type":"text","text":"a \"cache_control\": b"}]}"#;
        let marked = r#"{"role":"user","content":[{"type":"text","text":"a \"cache_control\": b","cache_control":{"type":"ephemeral","ttl":"5m"}}]}"#;
        let first = r#"{"cache_control":{"type":"ephemeral"},"role":"user","content":[{"type":"text","text":"a \"cache_control\": b"}]}"#;
        let other = r#"{"role":"user","content":[{"type":"text","text":"a \"cache_control\": c"}]}"#;
        assert_eq!(hashes(&[plain]), hashes(&[marked]));
        assert_eq!(hashes(&[plain]), hashes(&[first]));
        assert_ne!(hashes(&[plain]), hashes(&[other]));
        assert_ne!(hashes(&["ab", "c"]).last(), hashes(&["a", "bc"]).last());
    }
}
