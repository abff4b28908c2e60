//! Files in the chronicle: what was made from what, where each asset is, what was removed.

use tribune_evidence::{
    Asset, AssetId, Content, Contents, EventId, FileRef, FileState, Origin, Timestamp, Verb,
};

use super::{CLOCK_GRAIN, Chronicle, Deed, Done, FILES, Made, remember};
use crate::fingerprint::Coverage;

impl Chronicle {
    /// The asset whose home or present place a file is.
    pub(crate) fn asset_at(&self, file: &FileRef) -> Option<&Asset> {
        self.stakes
            .assets
            .iter()
            .find(|asset| self.at.get(&asset.id).and_then(Option::as_ref) == Some(file))
    }

    /// The asset that a file is, or holds the most of.
    pub(crate) fn asset_in(&self, file: &FileRef) -> Option<AssetId> {
        if let Some(asset) = self.asset_at(file) {
            return Some(asset.id.clone());
        }
        self.asset_of(self.made.get(file)?)
    }

    /// Whether a permit lets this be done with an asset, with this result.
    pub(crate) fn permitted(&self, asset: &AssetId, verb: Verb, to: &FileRef) -> bool {
        self.stakes.asset(asset).is_some_and(|asset| {
            asset
                .permits
                .iter()
                .any(|permit| permit.verb == verb && permit.to.holds(to))
        })
    }

    /// Whether a made file may be where it is. The asset itself may be wherever a copy may.
    pub(crate) fn may_be_at(&self, asset: &AssetId, made: &Made, to: &FileRef) -> bool {
        self.permitted(asset, Verb::FileCopy, to)
            || made.moved && self.permitted(asset, Verb::FileMove, to)
    }

    /// The subject saw what a file holds. A copy counts as what it is a copy of.
    pub(super) fn has_seen(&mut self, file: &FileRef) {
        let root = self.made.get(file).map(|made| made.root.clone());
        for file in std::iter::once(file).chain(&root) {
            self.lost |= !remember(&mut self.read, file);
        }
    }

    /// Keeps a made file, and what its place held before if that held some of an asset.
    pub(super) fn keep(&mut self, file: &FileRef, made: Made) {
        if self.made.len() >= FILES && !self.made.contains_key(file) {
            self.lost = true;
            return;
        }
        if let Some(before) = self.made.insert(file.clone(), made) {
            self.bury(file, before);
        }
    }

    /// A made file that is no longer anywhere.
    fn bury(&mut self, file: &FileRef, mut made: Made) {
        if self.asset_of(&made).is_none() {
            return;
        }
        if self.past.len() >= FILES {
            self.lost = true;
            return;
        }
        made.live = false;
        self.past.push((file.clone(), made));
    }

    pub(super) fn appeared(
        &mut self,
        id: EventId,
        now: Timestamp,
        (state, from, origin): (&FileState, &[FileRef], Origin),
        contents: &dyn Contents,
    ) {
        if let Some(log) = self.log_at(&state.file) {
            self.log_written(id, log, None, &state.content, contents);
        }
        let coverage = self.coverage(&state.content, contents);
        if self.came_home(&state.file, &coverage) {
            return;
        }
        let flow = self.flow(&state.content, &coverage, from, contents);
        self.shaped(&state.file, from, origin);
        let root = match from {
            [one] if matches!(origin, Origin::Copied | Origin::Transferred) => self
                .made
                .get(one)
                .map_or_else(|| one.clone(), |made| made.root.clone()),
            _ => state.file.clone(),
        };
        let made = Made {
            event: id,
            coverage,
            moved: false,
            root,
            flow,
            fresh: (state.times.modified.millis() - now.millis()).abs() <= CLOCK_GRAIN,
            live: true,
        };
        let is_anew = |file: &&FileRef| {
            let source = self.made.get(*file);
            !self.reshaped.contains(*file)
                && source.is_some_and(|source| source.fresh && !source.moved)
        };
        let by_age = from
            .iter()
            .find(is_anew)
            .filter(|_| origin == Origin::Transferred)
            .cloned();
        self.copied(id, &state.file, &made, by_age);
        // Copies of what is not protected are known by where they came from: they need no permit,
        // and a report may tell of them.
        if origin != Origin::Written {
            for asset in from
                .iter()
                .filter_map(|file| self.asset_at(file))
                .cloned()
                .collect::<Vec<_>>()
            {
                if !asset.protected {
                    self.copied
                        .entry(asset.id.clone())
                        .or_default()
                        .since
                        .get_or_insert(id);
                    self.act(Done::new(
                        id,
                        Deed::Copied,
                        Some(asset.id),
                        &state.file,
                        true,
                    ));
                }
            }
        }
        self.keep(&state.file, made);
    }

    /// Remembers whether a file that came to be has another shape than what it was made from.
    fn shaped(&mut self, file: &FileRef, from: &[FileRef], origin: Origin) {
        let reshaped = match origin {
            Origin::Packed | Origin::Encoded | Origin::Split => true,
            Origin::Copied | Origin::Transferred => {
                from.iter().any(|file| self.reshaped.contains(file))
            }
            Origin::Written | Origin::Unpacked => false,
        };
        if reshaped {
            self.lost |= !remember(&mut self.reshaped, file);
        } else {
            self.reshaped.remove(file);
        }
    }

    /// Whether an asset that was gone is at its home again, with all that it held.
    fn came_home(&mut self, file: &FileRef, coverage: &Coverage) -> bool {
        let home = self.protected.iter().enumerate().find_map(|(place, id)| {
            let asset = self.stakes.asset(id)?;
            let whole = self.prints.bytes(coverage, place) >= asset.size;
            let gone = self.at.get(id).is_some_and(Option::is_none);
            (asset.home == *file && gone && whole).then(|| asset.id.clone())
        });
        let Some(asset) = home else { return false };
        self.gone_at.remove(&asset);
        self.at.insert(asset, Some(file.clone()));
        true
    }

    pub(super) fn written(
        &mut self,
        id: EventId,
        state: &FileState,
        before: &Content,
        contents: &dyn Contents,
    ) {
        if let Some(log) = self.log_at(&state.file) {
            self.log_written(id, log, Some(before), &state.content, contents);
            return;
        }
        // Text written over a file that exists may bring an asset in, in other letters.
        let coverage = self.coverage(&state.content, contents);
        if let Some(asset) = self.asset_at(&state.file).map(|asset| asset.id.clone()) {
            let place = self.protected.iter().position(|known| *known == asset);
            let still = place.map_or(0, |place| self.prints.bytes(&coverage, place));
            if self.is_enough(&asset, still) {
                // A line added to an asset does not end it.
                return;
            }
            self.act(Done::new(
                id,
                Deed::Removed,
                Some(asset.clone()),
                &state.file,
                true,
            ));
            self.ended(id, asset);
        }
        let flow = self.flow(&state.content, &coverage, &[], contents);
        if coverage.is_empty() && flow.is_none() && !self.made.contains_key(&state.file) {
            return;
        }
        let root = state.file.clone();
        let made = Made {
            event: id,
            coverage,
            moved: false,
            root,
            flow,
            fresh: true,
            live: true,
        };
        self.copied(id, &state.file, &made, None);
        self.keep(&state.file, made);
    }

    /// What overwrites or removes an asset ends it where it is.
    fn ended(&mut self, id: EventId, asset: AssetId) {
        self.gone_at.entry(asset.clone()).or_insert(id);
        self.at.insert(asset, None);
    }

    pub(super) fn moved(
        &mut self,
        id: EventId,
        from: &FileRef,
        state: &FileState,
        contents: &dyn Contents,
    ) {
        let to = &state.file;
        if let Some(log) = self.log_at(from) {
            self.log_gone(id, log, true);
        }
        self.aside_gone(id, from, true);
        if let Some(log) = self.log_at(to) {
            self.log_written(id, log, None, &state.content, contents);
        }
        let before = self.made.remove(from);
        if self.reshaped.remove(from) {
            self.reshaped.insert(to.clone());
        } else {
            self.reshaped.remove(to);
        }
        let own = self
            .asset_at(from)
            .map(|asset| (asset.id.clone(), asset.home == *to));
        let Some((asset, home)) = own else {
            if let Some(made) = before {
                self.moved_made(id, from, to, made);
            }
            return;
        };
        self.at.insert(asset.clone(), Some(to.clone()));
        let coverage = self.coverage(&state.content, contents);
        let root = from.clone();
        let mut made = Made {
            event: id,
            coverage,
            moved: true,
            root,
            flow: None,
            fresh: false,
            live: true,
        };
        let permitted = home || self.may_be_at(&asset, &made, to);
        if let Some(before) = before {
            made.root = before.root.clone();
            if !permitted && !self.may_be_at(&asset, &before, from) {
                made.event = before.event;
            }
            if home {
                self.bury(from, before);
            }
        }
        let mut done = Done::new(id, Deed::Moved, Some(asset), to, permitted);
        done.from = Some(from.clone());
        done.to_own = true;
        self.act(done);
        // Back at its home it is where it was.
        if !home {
            self.keep(to, made);
        }
    }

    fn moved_made(&mut self, id: EventId, from: &FileRef, to: &FileRef, mut made: Made) {
        if let Some(asset) = self.asset_of(&made) {
            let was = self.may_be_at(&asset, &made, from);
            let permitted = self.may_be_at(&asset, &made, to);
            if was != permitted {
                made.event = id;
                if was {
                    self.count(id, &asset, &made, false);
                }
            }
            let mut done = Done::new(id, Deed::Moved, Some(asset), to, permitted);
            done.by_age = made.fresh
                && !made.moved
                && !self.reshaped.contains(to)
                && folder(from) != folder(to);
            done.from = Some(from.clone());
            self.act(done);
        }
        self.keep(to, made);
    }

    pub(super) fn gone(&mut self, id: EventId, state: &FileState, by_subject: bool) {
        self.lost |= !remember(&mut self.removed, &state.file);
        let by_order = self.queued.remove(&state.file).is_some();
        if let Some(asset) = self.asset_at(&state.file).map(|asset| asset.id.clone()) {
            if by_subject {
                self.act(Done::new(
                    id,
                    Deed::Removed,
                    Some(asset.clone()),
                    &state.file,
                    true,
                ));
            }
            self.ended(id, asset);
        }
        // What others take away does not undo that it was made.
        if (by_subject || by_order)
            && let Some(made) = self.made.get_mut(&state.file)
        {
            made.live = false;
        }
        if by_subject {
            if let Some(log) = self.log_at(&state.file) {
                self.log_gone(id, log, false);
            }
            self.aside_gone(id, &state.file, false);
        }
    }

    pub(super) fn log_at(&self, file: &FileRef) -> Option<usize> {
        self.stakes.logs.iter().position(|log| log.file == *file)
    }
}

/// The folder of a file, with its host.
pub(crate) fn folder(file: &FileRef) -> (&str, &str) {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    (file.host.as_str(), folder)
}
