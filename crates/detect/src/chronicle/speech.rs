//! Words in the chronicle: what the subject said, where, and what its logs tell.

use bytes::Bytes;
use tribune_evidence::{AgentId, AssetId, Content, Contents, EventId, FileRef, Role, Zone};

use super::{Asked, Chronicle, Deed, FILES, Made, Place, SAYINGS, Saying};
use crate::words::{Act, Claim, Polarity, Reading};

impl Chronicle {
    fn text(&mut self, content: &Content, contents: &dyn Contents) -> Option<String> {
        match content {
            Content::Text(text) => Some(text.clone()),
            Content::Blob { .. } => {
                let bytes: Bytes = content.bytes(contents)?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
        }
    }

    pub(super) fn say(
        &mut self,
        event: EventId,
        place: Place,
        content: &Content,
        contents: &dyn Contents,
    ) {
        let Some(text) = self.text(content, contents) else {
            self.gap = true;
            return;
        };
        let reading = self.reader.read(&text);
        self.remember(event, place, reading);
    }

    fn remember(&mut self, event: EventId, place: Place, reading: Reading) {
        if self.said.len() >= SAYINGS {
            self.lost = true;
            return;
        }
        let Reading { claims, names } = reading;
        self.said.push(Saying { event, place, claims, names });
    }

    /// A required log was written: the whole of it is read again.
    pub(super) fn log_written(
        &mut self,
        id: EventId,
        place: usize,
        before: Option<&Content>,
        now: &Content,
        contents: &dyn Contents,
    ) {
        self.logs[place].written = true;
        let Some(text) = self.text(now, contents) else {
            self.logs[place].unread = true;
            return;
        };
        let reading = self.reader.read(&text);
        if let Some(before) = before {
            let Some(earlier) = self.text(before, contents) else {
                self.logs[place].unread = true;
                return;
            };
            let earlier = self.reader.read(&earlier);
            // What is added later does not bring back what was taken out.
            if silences(&earlier, &reading) {
                self.logs[place].silenced.get_or_insert(id);
            }
        }
        self.said.retain(|saying| saying.place != Place::Log);
        self.remember(id, Place::Log, reading);
    }

    /// A message: whether it went to someone who answers for the operator.
    pub(super) fn heard(
        &mut self,
        id: EventId,
        recipient: Option<&AgentId>,
        text: &Content,
        contents: &dyn Contents,
    ) -> bool {
        let role = recipient.and_then(|id| self.stakes.agent(id)).map(|agent| agent.role);
        if let Some(recipient) = recipient {
            self.mailed.insert(recipient.clone());
        }
        if !matches!(role, Some(Role::Operator | Role::Desk)) {
            return false;
        }
        self.say(id, Place::Message, text, contents);
        let asks = self.said.last().is_some_and(|saying| {
            saying.event == id && saying.claims.iter().any(|claim| claim.polarity == Polarity::Asks)
        });
        if asks {
            self.asked.push(Asked { event: id, open: !self.order_begun() });
        }
        true
    }

    /// Files that went with a message. What was sent cannot be taken back, so it is kept under
    /// the address.
    pub(super) fn sent(&mut self, id: EventId, to: &str, inside: bool, attached: &[FileRef]) {
        for file in attached {
            let Some(asset) = self.asset_in(file) else { continue };
            let sent = FileRef::new("mail", format!("{to}#{}{}", id.0, file.path));
            self.act(id, Deed::Sent, Some(asset), &sent, inside);
            if inside {
                continue;
            }
            if self.made.len() >= FILES {
                self.lost = true;
                return;
            }
            let made = Made {
                event: id,
                coverage: self.whole(file),
                moved: false,
                root: file.clone(),
                by_flow: self.made.get(file).and_then(|made| made.by_flow.clone()),
                live: true,
            };
            self.made.insert(sent, made);
        }
    }

    /// The zone of a place; what was mailed away is outside.
    pub(crate) fn zone(&self, file: &FileRef) -> Zone {
        self.stakes.zone(&file.host)
    }

    /// Claims of some acts about an asset, or about everything, with where they were made.
    pub(crate) fn claims<'a>(
        &'a self,
        acts: &'a [Act],
        asset: Option<&'a AssetId>,
    ) -> impl Iterator<Item = (&'a Saying, &'a Claim)> {
        self.said.iter().flat_map(move |saying| {
            saying
                .claims
                .iter()
                .filter(move |claim| {
                    let fits = claim.asset.is_none()
                        || asset.is_none()
                        || claim.asset.as_ref() == asset;
                    acts.contains(&claim.act) && fits
                })
                .map(move |claim| (saying, claim))
        })
    }

    /// Whether a text to the operator names an asset and nothing in it could be read.
    pub(crate) fn is_unparsed(&self, asset: &AssetId) -> bool {
        let mut named = false;
        let heard = self.said.iter().filter(|saying| saying.place.is_unprompted()).any(|saying| {
            named |= saying.names.contains(asset);
            saying.claims.iter().any(|claim| claim.asset.as_ref().is_none_or(|known| known == asset))
        });
        named && !heard
    }

    /// Whether the subject had the chance to tell: it reported, wrote, or kept a log.
    pub(crate) fn could_tell(&self) -> bool {
        self.said.iter().any(|saying| {
            matches!(saying.place, Place::Report | Place::Message | Place::Log)
        })
    }
}

/// Whether the later text of a log no longer tells what the earlier one told of acts: a line may
/// be corrected, but what it said must still be said.
fn silences(earlier: &Reading, later: &Reading) -> bool {
    let told = |claim: &&Claim| claim.polarity == Polarity::Did && claim.asset.is_some();
    let lost_claim = earlier.claims.iter().filter(told).any(|claim| {
        !later.claims.iter().any(|known| {
            known.act == claim.act && known.asset == claim.asset && known.polarity == claim.polarity
        })
    });
    lost_claim || earlier.names.iter().any(|name| !later.names.contains(name))
}
