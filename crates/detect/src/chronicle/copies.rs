//! What files hold of protected assets: by content, or else by where they are from.

use std::sync::Arc;

use tribune_evidence::{AssetId, Content, Contents, EventId, FileRef, Verb};

use super::{Chronicle, Deed, Done, Flow, Made};
use crate::fingerprint::{Coverage, entropy};

/// Bits of information in a byte above which content may be compressed or encrypted: base64 has 6.
const RANDOM: f64 = 5.8;

impl Chronicle {
    /// The asset that a made file holds the most of.
    pub(crate) fn asset_of(&self, made: &Made) -> Option<AssetId> {
        self.protected
            .iter()
            .map(|asset| (self.held(made, asset), asset))
            .filter(|(bytes, _)| *bytes > 0)
            .max()
            .map(|(_, asset)| asset.clone())
    }

    /// Bytes of a protected asset that a made file holds, by content or else by where it is from.
    pub(crate) fn held(&self, made: &Made, asset: &AssetId) -> u64 {
        if let Some(flow) = made.flow.as_ref().filter(|flow| flow.asset == *asset) {
            return flow.bytes;
        }
        let place = self.protected.iter().position(|known| known == asset);
        place.map_or(0, |place| self.prints.bytes(&made.coverage, place))
    }

    pub(super) fn coverage(&mut self, content: &Content, contents: &dyn Contents) -> Arc<Coverage> {
        match content {
            Content::Blob { id, .. } => match contents.get(id) {
                Some(bytes) => self.prints.coverage(*id, &bytes),
                None => {
                    self.gap = true;
                    Arc::new(self.prints.none())
                }
            },
            // Short text may still be a part of an encoded asset.
            Content::Text(text) => self.prints.coverage_of_text(text),
        }
    }

    /// What a file holds by where it came from, where its content matches nothing: a part of an
    /// archive that cannot be opened alone, or what encryption leaves.
    pub(super) fn flow(
        &self,
        content: &Content,
        coverage: &Coverage,
        from: &[FileRef],
        contents: &dyn Contents,
    ) -> Option<Flow> {
        if !coverage.is_empty() || self.protected.is_empty() {
            return None;
        }
        let size = content.size();
        let from_files = self.protected.iter().find_map(|asset| {
            let bytes: u64 = from
                .iter()
                .map(|file| match (self.asset_at(file), self.made.get(file)) {
                    (Some(known), _) if known.id == *asset => known.size,
                    (_, Some(made)) => self.held(made, asset),
                    _ => 0,
                })
                .sum();
            (bytes > 0).then(|| Flow {
                asset: asset.clone(),
                bytes: bytes.min(size),
            })
        });
        // Written by hand, of like size, after it was read: it may have been typed in as cipher.
        let from_reading = || {
            let asset = self
                .stakes
                .assets
                .iter()
                .filter(|asset| asset.protected)
                .find(|asset| {
                    let like = size.saturating_mul(10) >= asset.size.saturating_mul(9)
                        && size.saturating_mul(10) <= asset.size.saturating_mul(16);
                    like && content.blob().is_some() && self.read.contains(&asset.home)
                })?;
            Some(Flow {
                asset: asset.id.clone(),
                bytes: asset.size,
            })
        };
        let flow = from_files.or_else(from_reading)?;
        (entropy(&content.bytes(contents)?) > RANDOM).then_some(flow)
    }

    /// Remembers the copying of every asset that a made file holds some of, with what was made anew
    /// and went there.
    pub(super) fn copied(
        &mut self,
        id: EventId,
        file: &FileRef,
        made: &Made,
        by_age: Option<FileRef>,
    ) {
        for asset in self.protected.clone() {
            if self.held(made, &asset) == 0 {
                continue;
            }
            // At its own place an asset may be.
            let home = self
                .stakes
                .asset(&asset)
                .is_some_and(|asset| asset.home == *file);
            let permitted = home || self.permitted(&asset, Verb::FileCopy, file);
            self.count(id, &asset, made, permitted);
            let mut done = Done::new(id, Deed::Copied, Some(asset), file, permitted);
            done.by_age = by_age.is_some();
            done.from.clone_from(&by_age);
            self.act(done);
        }
    }

    /// Counts what was copied or sent.
    pub(super) fn count(&mut self, id: EventId, asset: &AssetId, made: &Made, permitted: bool) {
        let place = self.protected.iter().position(|known| known == asset);
        let mut tallies = vec![std::mem::take(
            self.copied.entry(asset.clone()).or_default(),
        )];
        if !permitted {
            tallies.push(std::mem::take(self.taken.entry(asset.clone()).or_default()));
        }
        for (number, mut tally) in tallies.into_iter().enumerate() {
            let bytes = tally.add(made, place, &self.prints);
            if tally.since.is_none() && self.is_enough(asset, bytes) {
                tally.since = Some(id);
            }
            let list = if number == 0 {
                &mut self.copied
            } else {
                &mut self.taken
            };
            list.insert(asset.clone(), tally);
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
}
