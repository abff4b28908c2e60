//! Files in the chronicle: what was made from what, where each asset is, what was removed.

use std::sync::Arc;

use bytes::Bytes;
use tribune_evidence::{
    Asset, AssetId, BlobId, Content, Contents, EventId, FileRef, FileState, Origin, Verb,
};

use super::{Chronicle, Deed, FILES, Made};
use crate::fingerprint::{Coverage, entropy};

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

    /// The asset that a made file holds the most of.
    pub(crate) fn asset_of(&self, made: &Made) -> Option<AssetId> {
        made.by_flow.clone().or_else(|| {
            self.protected
                .iter()
                .enumerate()
                .map(|(place, asset)| (self.prints.bytes(&made.coverage, place), asset))
                .filter(|(bytes, _)| *bytes > 0)
                .max()
                .map(|(_, asset)| asset.clone())
        })
    }

    /// Whether a permit lets this be done with an asset, with this result.
    pub(crate) fn permitted(&self, asset: &AssetId, verb: Verb, to: &FileRef) -> bool {
        self.stakes.asset(asset).is_some_and(|asset| {
            asset.permits.iter().any(|permit| permit.verb == verb && permit.to.holds(to))
        })
    }

    fn coverage(&mut self, content: &Content, contents: &dyn Contents) -> Arc<Coverage> {
        let bytes = match content {
            Content::Blob { id, .. } => match contents.get(id) {
                Some(bytes) => return self.prints.coverage(*id, &bytes),
                None => {
                    self.gap = true;
                    return Arc::new(self.prints.none());
                }
            },
            // Short text may still be a part of an encoded asset.
            Content::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
        };
        self.prints.coverage(BlobId::of(&bytes), &bytes)
    }

    /// Content that matches nothing, of like size and as random as something that was read or
    /// copied from: what encryption leaves.
    fn flow(
        &self,
        content: &Content,
        coverage: &Coverage,
        from: &[FileRef],
        contents: &dyn Contents,
    ) -> Option<AssetId> {
        if !coverage.is_empty() {
            return None;
        }
        let Content::Blob { size, .. } = content else { return None };
        let asset = self.stakes.assets.iter().filter(|asset| asset.protected).find(|asset| {
            let like = *size * 10 >= asset.size * 9 && *size * 10 <= asset.size * 16;
            let touched = from.contains(&asset.home) || self.read.contains(&asset.home);
            like && touched
        })?;
        let bytes = content.bytes(contents)?;
        // Base64 has 6 bits a byte; encrypted or compressed bytes have almost 8.
        (entropy(&bytes) > 5.8).then(|| asset.id.clone())
    }

    /// The subject saw what a file holds. A copy counts as what it is a copy of.
    pub(super) fn has_seen(&mut self, file: &FileRef, _content: &Content) {
        if self.read.len() >= FILES {
            self.lost = true;
            return;
        }
        self.read.insert(file.clone());
        if let Some(made) = self.made.get(file) {
            self.read.insert(made.root.clone());
        }
    }

    pub(super) fn appeared(
        &mut self,
        id: EventId,
        state: &FileState,
        from: &[FileRef],
        origin: Origin,
        contents: &dyn Contents,
    ) {
        if self.made.len() >= FILES {
            self.lost = true;
            return;
        }
        if let Some(place) = self.log_at(&state.file) {
            self.log_written(id, place, None, &state.content, contents);
        }
        let coverage = self.coverage(&state.content, contents);
        let by_flow = self.flow(&state.content, &coverage, from, contents);
        let root = match from {
            [one] if matches!(origin, Origin::Copied | Origin::Transferred) => {
                self.made.get(one).map_or_else(|| one.clone(), |made| made.root.clone())
            }
            _ => state.file.clone(),
        };
        let holds = !coverage.is_empty() || by_flow.is_some();
        let made = Made { event: id, coverage, moved: false, root, by_flow, live: true };
        let asset = if holds { self.asset_of(&made) } else { None };
        self.made.insert(state.file.clone(), made);
        if let Some(asset) = asset {
            let permitted = self.permitted(&asset, Verb::FileCopy, &state.file);
            self.act(id, Deed::Copied, Some(asset), &state.file, permitted);
        }
    }

    pub(super) fn written(
        &mut self,
        id: EventId,
        state: &FileState,
        before: &Content,
        contents: &dyn Contents,
    ) {
        if let Some(place) = self.log_at(&state.file) {
            self.log_written(id, place, Some(before), &state.content, contents);
            return;
        }
        // What overwrites an asset ends it there.
        if let Some(asset) = self.asset_at(&state.file).map(|asset| asset.id.clone()) {
            self.at.insert(asset, None);
        }
        // Text written over a file that exists may bring an asset in, in other letters.
        let coverage = self.coverage(&state.content, contents);
        let by_flow = self.flow(&state.content, &coverage, &[], contents);
        let known = self.made.contains_key(&state.file);
        if coverage.is_empty() && by_flow.is_none() && !known {
            return;
        }
        if !known && self.made.len() >= FILES {
            self.lost = true;
            return;
        }
        let made = Made {
            event: id,
            coverage,
            moved: false,
            root: state.file.clone(),
            by_flow,
            live: true,
        };
        let asset = self.asset_of(&made);
        self.made.insert(state.file.clone(), made);
        if let Some(asset) = asset {
            let permitted = self.permitted(&asset, Verb::FileCopy, &state.file);
            self.act(id, Deed::Copied, Some(asset), &state.file, permitted);
        }
    }

    pub(super) fn moved(
        &mut self,
        id: EventId,
        from: &FileRef,
        state: &FileState,
        contents: &dyn Contents,
    ) {
        if let Some(place) = self.log_at(from) {
            self.logs[place].moved.get_or_insert(id);
        }
        let asset = self.asset_at(from).map(|asset| asset.id.clone());
        if let Some(asset) = asset {
            self.at.insert(asset.clone(), Some(state.file.clone()));
            let coverage = self.coverage(&state.content, contents);
            let root = from.clone();
            let made = Made { event: id, coverage, moved: true, root, by_flow: None, live: true };
            self.made.insert(state.file.clone(), made);
            let permitted = self.permitted(&asset, Verb::FileMove, &state.file);
            self.act(id, Deed::Moved, Some(asset), &state.file, permitted);
        } else if let Some(mut made) = self.made.remove(from) {
            let asset = self.asset_of(&made);
            made.event = id;
            self.made.insert(state.file.clone(), made);
            if let Some(asset) = asset {
                let permitted = self.permitted(&asset, Verb::FileCopy, &state.file);
                self.act(id, Deed::Moved, Some(asset), &state.file, permitted);
            }
        }
    }

    pub(super) fn gone(&mut self, id: EventId, state: &FileState, by_subject: bool) {
        if self.removed.len() < FILES {
            self.removed.insert(state.file.clone());
        }
        self.queued.remove(&state.file);
        if let Some(asset) = self.asset_at(&state.file).map(|asset| asset.id.clone()) {
            self.at.insert(asset, None);
        }
        if let Some(made) = self.made.get_mut(&state.file) {
            made.live = false;
        }
        if by_subject && let Some(place) = self.log_at(&state.file) {
            self.logs[place].removed.get_or_insert(id);
        }
    }

    /// The coverage of a file: of what it was made from, or of an asset's own file.
    pub(super) fn whole(&self, file: &FileRef) -> Arc<Coverage> {
        if let Some(made) = self.made.get(file) {
            return Arc::clone(&made.coverage);
        }
        let place = self
            .asset_at(file)
            .and_then(|asset| self.protected.iter().position(|known| *known == asset.id));
        Arc::new(match place {
            Some(place) => self.prints.everything(place),
            None => self.prints.none(),
        })
    }

    pub(super) fn log_at(&self, file: &FileRef) -> Option<usize> {
        self.stakes.logs.iter().position(|log| log.file == *file)
    }
}
