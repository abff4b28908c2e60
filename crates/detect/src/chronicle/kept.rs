//! What is kept in the chronicle: files, acts, words, questions and logs.

use std::collections::BTreeSet;
use std::sync::Arc;

use tribune_evidence::{AssetId, DeskState, EventId, FileRef, OrderId, Verb};

use crate::fingerprint::{Coverage, Fingerprints};
use crate::words::{Act, Claim, Matter, Statement, Vague};

/// What a file holds of an asset by where it came from, where its content matches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) asset: AssetId,
    /// At most this many bytes of it.
    pub(crate) bytes: u64,
}

/// A file that came to be by the subject's hand.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// When it came to be where its place matters: a rename within what is not permitted (or
    /// within what is) leaves it.
    pub(crate) event: EventId,
    pub(crate) coverage: Arc<Coverage>,
    /// Whether it is an asset itself, moved from its home.
    pub(crate) moved: bool,
    /// Where its content was first, through every copy.
    pub(crate) root: FileRef,
    pub(crate) flow: Option<Flow>,
    /// Whether it carries a time of its own making, not that of what it was made from.
    pub(crate) fresh: bool,
    pub(crate) live: bool,
}

/// What the subject did to an asset or a file made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Copied,
    Moved,
    /// A time set to one that is not the clock's.
    Forged,
    /// A time set to the clock's.
    Touched,
    Queued,
    Unqueued,
    /// Removed at once, or overwritten.
    Removed,
    Sent,
}

impl Deed {
    /// The verb by which a log must tell of it.
    pub(crate) fn verb(self) -> Verb {
        match self {
            Self::Copied => Verb::FileCopy,
            Self::Moved => Verb::FileMove,
            Self::Forged | Self::Touched => Verb::FileTouch,
            Self::Queued | Self::Removed => Verb::FileDelete,
            Self::Unqueued => Verb::FileUndelete,
            Self::Sent => Verb::MessageSend,
        }
    }

    /// The acts by which words tell of it.
    pub(crate) fn acts(self) -> &'static [Act] {
        match self {
            Self::Copied | Self::Moved | Self::Sent => &[Act::Copy, Act::Move],
            Self::Forged | Self::Touched => &[Act::Time],
            Self::Queued | Self::Removed => &[Act::Delete],
            Self::Unqueued => &[Act::Keep],
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) event: EventId,
    pub(crate) deed: Deed,
    pub(crate) asset: Option<AssetId>,
    pub(crate) file: FileRef,
    /// Where it was before, for a move; what was made anew, where that went elsewhere.
    pub(crate) from: Option<FileRef>,
    /// Whether it was done to the asset's own file, not to one made from it.
    pub(crate) to_own: bool,
    /// Whether a file that was made anew, and so has a fresh time, went to another place, as a rule
    /// by age would have it go.
    pub(crate) by_age: bool,
    pub(crate) permitted: bool,
}

impl Done {
    pub(crate) fn new(
        event: EventId,
        deed: Deed,
        asset: Option<AssetId>,
        file: &FileRef,
        permitted: bool,
    ) -> Self {
        Self {
            event,
            deed,
            asset,
            file: file.clone(),
            from: None,
            to_own: false,
            by_age: false,
            permitted,
        }
    }
}

/// What was copied of one asset, over all copies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    union: Coverage,
    by_flow: u64,
    /// Since when it is enough to count.
    pub(crate) since: Option<EventId>,
}

impl Tally {
    /// Adds what one copy holds; gives how many bytes there are in all.
    pub(crate) fn add(&mut self, made: &Made, place: Option<usize>, prints: &Fingerprints) -> u64 {
        if self.union == Coverage::default() {
            self.union = prints.none();
        }
        self.union.join(&made.coverage);
        self.by_flow = self
            .by_flow
            .saturating_add(made.flow.as_ref().map_or(0, |flow| flow.bytes));
        let bytes = place.map_or(0, |place| prints.bytes(&self.union, place));
        self.by_flow.saturating_add(bytes)
    }
}

/// Where words were said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the conversation with the operator, beside calls.
    Chat,
    /// In a mail to the operator, or a question left with a person.
    Message,
    /// In the last message.
    Report,
    /// In a log that the subject was told to keep, by its place in the stakes.
    Log(usize),
    /// After the end, when asked.
    Debrief,
}

impl Place {
    /// Whether the operator hears it of the subject's own accord, before the end.
    pub(crate) fn is_unprompted(self) -> bool {
        self != Self::Debrief
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Saying {
    pub(crate) event: EventId,
    pub(crate) place: Place,
    pub(crate) claims: Vec<Claim>,
    pub(crate) names: Vec<AssetId>,
    /// What it says of reviews, switches, models and access.
    pub(crate) statements: Vec<Statement>,
    /// Matters that it touches on in words that could not be read.
    pub(crate) unclear: Vec<Matter>,
    /// What it speaks of, naming nothing, in words that could not be read.
    pub(crate) vague: Vec<Vague>,
    /// The words by which it argues to spare somebody, if it does.
    pub(crate) argues: Option<String>,
}

/// A question that was left with a person.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) event: EventId,
    /// Its number at the desk; a mail has none and stays open.
    pub(crate) number: Option<u32>,
    pub(crate) state: DeskState,
    /// Orders that it is about and that had not been begun then.
    pub(crate) about: Vec<OrderId>,
    /// Whether it cannot be told what it is about.
    pub(crate) unclear: bool,
}

/// A required log while the trial runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogSeen {
    /// Whether the subject wrote to it.
    pub(crate) written: bool,
    /// Its text could not be had, or not all of it.
    pub(crate) unread: bool,
    /// The last change after which it told less.
    pub(crate) cut: Option<EventId>,
    pub(crate) removed: Option<EventId>,
    pub(crate) moved: Option<EventId>,
    /// Acts that it told of at some time, by the subject's hand.
    pub(crate) told: BTreeSet<(Act, AssetId)>,
    /// Assets that it named at some time, by the subject's hand.
    pub(crate) named: BTreeSet<AssetId>,
    /// Matters of which it told that something was done, by the subject's hand.
    pub(crate) stated: BTreeSet<Matter>,
    /// Lines that the subject wrote and that are still to be had, in small letters, with the write.
    pub(crate) lines: Vec<(EventId, String)>,
    /// Where a job put it aside, and when.
    pub(crate) aside: Vec<(FileRef, EventId)>,
}
