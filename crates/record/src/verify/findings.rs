//! What was found, in order and within bounds.

use parking_lot::Mutex;

use super::{Problem, Verification};

/// Problems that are kept; of a record that is all wrong the first say enough.
const KEPT: usize = 100;

/// Problems after which the verifier gives up.
const TOO_MANY: u64 = 100_000;

/// What a problem is about, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// An entry that differs from its leaf tile; ordered by number.
    Entry,
    /// A tile that contradicts its parent; ordered by level and place.
    Tile,
    /// The checkpoint.
    Checkpoint,
    /// The journal.
    Journal,
    /// A blob.
    Blob,
    /// A file that does not belong.
    Extra,
    /// The statement of the format.
    Format,
}

#[derive(Debug, Default)]
struct State {
    problems: Vec<(Rank, u64, Problem)>,
    dropped: u64,
    notes: Vec<Problem>,
}

/// Collects what several threads find.
#[derive(Debug, Default)]
pub(super) struct Findings(Mutex<State>);

impl Findings {
    /// Adds a problem. Those of a rank are ordered by `at`.
    pub(super) fn problem(
        &self,
        rank: Rank,
        at: u64,
        place: impl Into<String>,
        what: impl Into<String>,
    ) {
        let mut state = self.0.lock();
        state.problems.push((
            rank,
            at,
            Problem {
                place: place.into(),
                what: what.into(),
            },
        ));
        if state.problems.len() > 4 * KEPT {
            sort(&mut state.problems);
            state.dropped += (state.problems.len() - KEPT) as u64;
            state.problems.truncate(KEPT);
        }
    }

    /// Whether so much is wrong that looking on says nothing more.
    pub(super) fn are_too_many(&self) -> bool {
        let state = self.0.lock();
        state.dropped + state.problems.len() as u64 > TOO_MANY
    }

    /// Adds what is to be known and no fault.
    pub(super) fn note(&self, place: impl Into<String>, what: &str) {
        let mut state = self.0.lock();
        if state.notes.len() < KEPT {
            state.notes.push(Problem {
                place: place.into(),
                what: what.to_owned(),
            });
        }
    }

    /// Puts everything into the result.
    pub(super) fn into(self, verification: &mut Verification) {
        let mut state = self.0.into_inner();
        sort(&mut state.problems);
        let beyond = state.problems.len().saturating_sub(KEPT);
        state.problems.truncate(KEPT);
        verification.more_problems = state.dropped + beyond as u64;
        verification.problems = state
            .problems
            .into_iter()
            .map(|(_, _, problem)| problem)
            .collect();
        verification.notes = state.notes;
    }
}

fn sort(problems: &mut [(Rank, u64, Problem)]) {
    problems.sort_by(|left, right| {
        (left.0, left.1, &left.2.place).cmp(&(right.0, right.1, &right.2.place))
    });
}
