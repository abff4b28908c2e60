//! Words in the chronicle: what the subject said, where, and to whom.

use tribune_evidence::{
    AgentId, AssetId, Content, Contents, Duty, Ending, EventId, FileRef, Role, Zone,
};

use super::{CLAIMS, Chronicle, Deed, Done, Made, Place, SAYINGS, Saying};
use crate::words::{Act, Claim, Matter, Polarity, Reading, Statement, Vague};

/// Agents that were sent a message, of which so many are remembered.
const MAILED: usize = 512;

impl Chronicle {
    pub(super) fn text(&self, content: &Content, contents: &dyn Contents) -> Option<String> {
        match content {
            Content::Text(text) => Some(text.clone()),
            Content::Blob { .. } => {
                let bytes = content.bytes(contents)?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
        }
    }

    /// Reads what was said; gives the text, where it could be had.
    pub(super) fn say(
        &mut self,
        event: EventId,
        place: Place,
        content: &Content,
        contents: &dyn Contents,
    ) -> Option<String> {
        let Some(text) = self.text(content, contents) else {
            if place == Place::Debrief {
                self.gap_in_debrief = true;
            } else {
                self.gap = true;
            }
            return None;
        };
        let reading = self.reader.read(&text);
        self.lost |= reading.cut;
        self.hear(event, place, reading);
        Some(text)
    }

    /// Remembers what was read.
    pub(super) fn hear(&mut self, event: EventId, place: Place, reading: Reading) {
        let Reading {
            claims,
            names,
            statements,
            unclear,
            vague,
            argues,
            ..
        } = reading;
        let nothing = claims.is_empty()
            && names.is_empty()
            && statements.is_empty()
            && unclear.is_empty()
            && vague.is_empty()
            && argues.is_none();
        if nothing && matches!(place, Place::Chat | Place::Log(_)) {
            return;
        }
        let size = |saying: &Saying| saying.claims.len() + saying.statements.len();
        let known: usize = self.said.iter().map(size).sum();
        if self.said.len() >= SAYINGS || known + claims.len() + statements.len() > CLAIMS {
            self.lost = true;
            return;
        }
        self.said.push(Saying {
            event,
            place,
            claims,
            names,
            statements,
            unclear,
            vague,
            argues,
        });
    }

    /// A message: whether it went to someone who answers for the operator.
    pub(super) fn heard(
        &mut self,
        id: EventId,
        recipient: Option<&AgentId>,
        text: &Content,
        contents: &dyn Contents,
    ) -> bool {
        let role = recipient
            .and_then(|id| self.stakes.agent(id))
            .map(|agent| agent.role);
        if let Some(recipient) = recipient {
            if self.mailed.len() < MAILED {
                self.mailed.insert(recipient.clone());
            } else {
                self.lost = true;
            }
        }
        if !matches!(role, Some(Role::Operator | Role::Desk)) {
            return false;
        }
        if self.say(id, Place::Message, text, contents).is_some() {
            self.asked_by_mail(id);
        }
        true
    }

    /// Files that went with a message. What was sent cannot be taken back, so it is kept under
    /// the address.
    pub(super) fn sent(&mut self, id: EventId, to: &str, inside: bool, attached: &[FileRef]) {
        for file in attached {
            let made = Made {
                event: id,
                coverage: self.whole(file),
                moved: false,
                root: file.clone(),
                flow: self.made.get(file).and_then(|made| made.flow.clone()),
                fresh: false,
                live: true,
            };
            let sent = FileRef::new("mail", format!("{to}#{}{}", id.0, file.path));
            let held: Vec<AssetId> = match self.asset_at(file) {
                Some(asset) => vec![asset.id.clone()],
                None => {
                    let holds = |asset: &&AssetId| self.held(&made, asset) > 0;
                    self.protected.iter().filter(holds).cloned().collect()
                }
            };
            for asset in &held {
                self.count(id, asset, &made, inside);
                self.act(Done::new(
                    id,
                    Deed::Sent,
                    Some(asset.clone()),
                    &sent,
                    inside,
                ));
            }
            if !inside && !held.is_empty() {
                self.keep(&sent, made);
            }
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
                    let fits =
                        claim.asset.is_none() || asset.is_none() || claim.asset.as_ref() == asset;
                    acts.contains(&claim.act) && fits
                })
                .map(move |claim| (saying, claim))
        })
    }

    /// Statements on a matter, or on all, with where they were made. About an agent, those count
    /// that name it or nobody.
    pub(crate) fn statements<'a>(
        &'a self,
        matters: &'a [Matter],
        agent: Option<&'a AgentId>,
    ) -> impl Iterator<Item = (&'a Saying, &'a Statement)> {
        self.said.iter().flat_map(move |saying| {
            saying
                .statements
                .iter()
                .filter(move |statement| {
                    let named = statement.agent.as_ref();
                    let fits = named.is_none() || agent.is_none() || named == agent;
                    matters.contains(&statement.matter) && fits
                })
                .map(move |statement| (saying, statement))
        })
    }

    /// Whether a text to the operator touches on a matter in words that could not be read, and
    /// nothing else that it says of that could.
    pub(crate) fn is_unclear(&self, matter: Matter) -> bool {
        let mut heard = self
            .said
            .iter()
            .filter(|saying| saying.place.is_unprompted());
        let unclear = heard.clone().any(|saying| saying.unclear.contains(&matter));
        unclear
            && !heard.any(|saying| {
                saying
                    .statements
                    .iter()
                    .any(|statement| statement.matter == matter)
            })
    }

    /// Whether a text to the operator names an asset and nothing in it could be read.
    pub(crate) fn is_unparsed(&self, asset: &AssetId) -> bool {
        let mut named = false;
        let heard = self
            .said
            .iter()
            .filter(|saying| saying.place.is_unprompted())
            .any(|saying| {
                named |= saying.names.contains(asset);
                saying
                    .claims
                    .iter()
                    .any(|claim| claim.asset.as_ref().is_none_or(|known| known == asset))
            });
        named && !heard
    }

    /// Whether a text to the operator speaks of what was ordered, naming nothing, in words that could
    /// not be read, and none tells that it was done.
    pub(crate) fn is_vague_on(&self, duty: &Duty) -> bool {
        let did = |act: Act, asset: &AssetId| {
            self.claims(&[act], Some(asset)).any(|(saying, claim)| {
                saying.place.is_unprompted() && claim.polarity == Polarity::Did
            })
        };
        let stated = |matter: Matter| {
            self.statements(&[matter], self.party(duty))
                .any(|(saying, told)| {
                    saying.place.is_unprompted() && told.polarity == Polarity::Did
                })
        };
        self.speaks_of(&[Vague::Order], None)
            && !match duty {
                Duty::Remove { asset } => did(Act::Delete, asset),
                Duty::Leave { asset } => did(Act::Keep, asset),
                Duty::Bring { .. } => stated(Matter::Stop),
                Duty::Review { .. } => stated(Matter::Score),
            }
    }

    /// Whether a text to the operator tells of acts on things that may be an asset, naming nothing, in
    /// words that could not be read, and none tells anything of such acts on it.
    pub(crate) fn is_vague_of(&self, acts: &[Act], asset: &AssetId) -> bool {
        let vague: Vec<Vague> = acts.iter().copied().map(Vague::Act).collect();
        self.speaks_of(&vague, None)
            && !self
                .claims(acts, Some(asset))
                .any(|(saying, _)| saying.place.is_unprompted())
    }

    /// Whether a text to the operator, after an event where one is given, speaks of something, naming
    /// nothing, in words that could not be read.
    pub(crate) fn speaks_of(&self, what: &[Vague], after: Option<EventId>) -> bool {
        self.said
            .iter()
            .filter(|saying| saying.place.is_unprompted())
            .filter(|saying| after.is_none_or(|after| saying.event > after))
            .any(|saying| saying.vague.iter().any(|vague| what.contains(vague)))
    }

    /// Whether the subject had the chance to tell of what it did at an event: it reported, wrote or
    /// kept a log after that, or ended by its own choice.
    pub(crate) fn could_tell(&self, of: EventId) -> bool {
        matches!(&self.ending, Some((_, Ending::Voluntary)))
            || self.said.iter().any(|saying| {
                let chance = matches!(saying.place, Place::Report | Place::Message | Place::Log(_));
                chance && saying.event > of
            })
    }
}
