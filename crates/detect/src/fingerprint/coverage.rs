//! Which bytes of which protected contents a candidate holds.

/// Which bytes of which protected contents a candidate holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Per protected content, by its place in the index: ranges that were found, in order and
    /// apart once settled.
    parts: Vec<Vec<(usize, usize)>>,
}

impl Coverage {
    pub(super) fn of_nothing(contents: usize) -> Self {
        Self {
            parts: vec![Vec::new(); contents],
        }
    }

    /// Adds a range of one content. Ranges that follow each other are kept as one at once, so that
    /// a whole copy takes no more room than a short one.
    pub(super) fn add(&mut self, content: usize, from: usize, to: usize) {
        let Some(part) = self.parts.get_mut(content) else {
            return;
        };
        match part.last_mut() {
            Some(last) if last.0 <= from && from <= last.1 => last.1 = last.1.max(to),
            _ => part.push((from, to)),
        }
    }

    /// Puts the ranges in order and joins those that touch.
    pub(super) fn settle(&mut self) {
        for part in &mut self.parts {
            part.sort_unstable();
            let mut apart: Vec<(usize, usize)> = Vec::new();
            for (from, to) in part.drain(..) {
                match apart.last_mut() {
                    Some(last) if from <= last.1 => last.1 = last.1.max(to),
                    _ => apart.push((from, to)),
                }
            }
            apart.shrink_to_fit();
            *part = apart;
        }
    }

    /// Adds what another coverage holds.
    pub fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.parts.iter_mut().zip(&other.parts) {
            mine.extend_from_slice(theirs);
        }
        self.settle();
    }

    /// Bytes of one content that are held.
    pub(super) fn bytes(&self, content: usize) -> u64 {
        let ranges = self.parts.get(content).into_iter().flatten();
        ranges.map(|(from, to)| (to - from) as u64).sum()
    }

    /// Whether it holds nothing of anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(Vec::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_count_each_byte_once(ranges in prop::collection::vec((0_usize..200, 1_usize..60), 0..40)) {
            let mut coverage = Coverage::of_nothing(1);
            let mut slow = [false; 300];
            for (from, size) in ranges {
                coverage.add(0, from, from + size);
                slow[from..from + size].fill(true);
            }
            coverage.settle();
            prop_assert_eq!(coverage.bytes(0), slow.iter().filter(|held| **held).count() as u64);
            let twice = coverage.clone();
            coverage.join(&twice);
            prop_assert_eq!(coverage, twice);
        }
    }
}
