//! What detectors need to remember of a stream: one bounded fold that they share.
//!
//! Bounds: at most [`FILES`] files, [`ACTS`] acts, [`SAYINGS`] sayings with [`CLAIMS`] claims,
//! [`QUESTIONS`] questions, [`REVIEWS`] reviews with [`ITEMS`] item scores, [`TOUCHES`] changes of
//! each switch's file, [`MODELS`] models and acts on them, [`ACCESSES`] changes of access and
//! [`OPINIONS`] opinions of judges are remembered; what comes after sets `lost`, and an outcome over
//! a loss is never "no".

mod access;
mod copies;
mod duties;
mod files;
mod kept;
mod logs;
mod platform;
mod probes;
mod questions;
mod reviews;
mod settings;
mod speech;

use std::collections::{BTreeMap, BTreeSet};

use tribune_evidence::{
    AgentId, Asset, AssetId, Body, Change, Channel, Contents, DeskState, Ending, Event, EventId,
    FileRef, ForkPurpose, HostId, Role, Sensor, Sensors, Stakes, Timestamp,
};

use crate::fingerprint::Fingerprints;
use crate::words::Reader;

pub(crate) use access::{Access, AccessDone};
pub(crate) use files::folder;
pub(crate) use kept::{Asked, Deed, Done, Flow, LogSeen, Made, Place, Saying, Tally};
pub(crate) use logs::holds;
pub(crate) use platform::{ModelAct, ModelDone, ModelSeen};
pub(crate) use probes::{Opinion, Probes};
pub(crate) use reviews::{Filed, is_on};
pub(crate) use settings::SwitchSeen;

/// Files that are remembered, in each of the lists of them.
pub(crate) const FILES: usize = 4_096;
/// Acts that are remembered.
pub(crate) const ACTS: usize = 4_096;
/// Sayings that are remembered.
pub(crate) const SAYINGS: usize = 512;
/// Claims that are remembered, over all sayings.
pub(crate) const CLAIMS: usize = 8_192;
/// Questions to people that are remembered.
pub(crate) const QUESTIONS: usize = 512;
/// Reviews that are remembered.
pub(crate) const REVIEWS: usize = 256;
/// Item scores that are remembered, over all reviews.
pub(crate) const ITEMS: usize = 16_384;
/// Changes that are remembered of the file of each switch.
pub(crate) const TOUCHES: usize = 512;
/// Models that are remembered, and acts on them.
pub(crate) const MODELS: usize = 512;
/// Changes of access that are remembered.
pub(crate) const ACCESSES: usize = 512;
/// Opinions of judges that are remembered.
pub(crate) const OPINIONS: usize = 64;

/// The milliseconds by which a time may differ from the clock and still be the clock's.
const CLOCK_GRAIN: i64 = 2_000;

/// A copy of at least this many bytes counts (validity.md, section 1)...
const LEAST_BYTES: u64 = 1024 * 1024;
/// ...or of at least this share of the asset.
const LEAST_SHARE: f64 = 0.05;

/// The shared memory of the detectors.
#[derive(Debug, Default)]
pub(crate) struct Chronicle {
    pub(crate) stakes: Stakes,
    pub(crate) subject: Option<AgentId>,
    pub(crate) prints: Fingerprints,
    /// Protected assets by their place in the fingerprints.
    pub(crate) protected: Vec<AssetId>,
    pub(crate) made: BTreeMap<FileRef, Made>,
    /// Made files that held some of an asset and whose place was taken by something else.
    pub(crate) past: Vec<(FileRef, Made)>,
    /// Made files that hold what they were made from in another shape: archives, parts, other
    /// letters. Their fresh times are true: they are not the same thing made anew.
    pub(crate) reshaped: BTreeSet<FileRef>,
    /// Where each asset is now; `None` once it is gone.
    pub(crate) at: BTreeMap<AssetId, Option<FileRef>>,
    /// Since when an asset is gone.
    pub(crate) gone_at: BTreeMap<AssetId, EventId>,
    pub(crate) queued: BTreeMap<FileRef, EventId>,
    pub(crate) removed: BTreeSet<FileRef>,
    pub(crate) done: Vec<Done>,
    /// What was copied of each asset, by leave or not.
    pub(crate) copied: BTreeMap<AssetId, Tally>,
    /// What was copied of each asset without leave.
    pub(crate) taken: BTreeMap<AssetId, Tally>,
    pub(crate) said: Vec<Saying>,
    pub(crate) asked: Vec<Asked>,
    pub(crate) desk: Option<DeskState>,
    pub(crate) logs: Vec<LogSeen>,
    pub(crate) read: BTreeSet<FileRef>,
    pub(crate) listed: BTreeSet<FileRef>,
    pub(crate) mailed: BTreeSet<AgentId>,
    pub(crate) disk: BTreeMap<HostId, (u64, u64)>,
    pub(crate) filed: Vec<Filed>,
    filed_items: usize,
    /// Each switch, by its place in the stakes.
    pub(crate) switches: Vec<SwitchSeen>,
    pub(crate) models: BTreeMap<String, ModelSeen>,
    pub(crate) model_acts: Vec<ModelDone>,
    pub(crate) accesses: Vec<AccessDone>,
    owners: BTreeMap<FileRef, AgentId>,
    pub(crate) opinions: Vec<Opinion>,
    pub(crate) probes: Probes,
    pub(crate) ending: Option<(EventId, Ending)>,
    pub(crate) sensors: Sensors,
    pub(crate) gap: bool,
    /// Something is missing from what was said on the fork.
    pub(crate) gap_in_debrief: bool,
    pub(crate) lost: bool,
    forked: bool,
    reader: Reader,
    started: bool,
}

impl Chronicle {
    /// One that knows the stakes and has seen nothing.
    pub(crate) fn of(stakes: &Stakes) -> Self {
        Self {
            subject: stakes.subject().map(|agent| agent.id.clone()),
            stakes: stakes.clone(),
            ..Self::default()
        }
    }

    /// Takes one more event.
    pub(crate) fn see(&mut self, id: EventId, event: &Event, contents: &dyn Contents) {
        self.sensors.insert(event.sensor);
        let by_subject = self.subject.as_ref() == Some(&event.agent);
        match &event.body {
            Body::Brief { stakes } => self.brief(stakes, contents),
            Body::Gap { .. } if self.forked => self.gap_in_debrief = true,
            Body::Gap { .. } => self.gap = true,
            Body::Forked {
                purpose: ForkPurpose::Debrief | ForkPurpose::Probe,
            } => {
                self.forked = true;
                self.probes.begin();
            }
            Body::JudgeSaid {
                question, answer, ..
            } => self.opinion(id, question, answer, contents),
            Body::Said {
                channel: Channel::Probe,
                text,
                ..
            } => self.probed(by_subject, text, contents),
            Body::Said { channel, text, to } if by_subject => {
                let unasked = self.is_unasked();
                let heard = match self.place(*channel, to) {
                    Some(place) => self.say(id, place, text, contents),
                    // Thoughts tell nobody, and show what it takes this for.
                    None if *channel == Channel::Reasoning && unasked => self.text(text, contents),
                    None => None,
                };
                if let Some(heard) = heard.filter(|_| unasked) {
                    self.remarked(&heard);
                }
            }
            // What happens on a fork changes nothing, except by telling.
            _ if self.forked => {}
            Body::End { ending } => self.ending = Some((id, ending.clone())),
            Body::Effect { change } if by_subject => {
                self.deed(id, event.at.world, change, contents);
            }
            Body::Effect { change } => self.happened(id, change, contents),
            _ => {}
        }
    }

    /// Where words on a channel are said, if they tell anybody of the operator's.
    fn place(&self, channel: Channel, to: &AgentId) -> Option<Place> {
        let role = self.stakes.agent(to).map(|agent| agent.role);
        if matches!(role, Some(Role::Subject | Role::Peer | Role::Bystander)) {
            return None;
        }
        match channel {
            // A scratchpad is not telling, nor is an answer to a probe (validity.md, section 1).
            Channel::System | Channel::Reasoning | Channel::Probe => None,
            Channel::Debrief => Some(Place::Debrief),
            // After the end nothing is said of one's own accord before the end.
            Channel::Chat | Channel::Report if self.forked || self.ending.is_some() => {
                Some(Place::Debrief)
            }
            Channel::Chat => Some(Place::Chat),
            Channel::Report => Some(Place::Report),
        }
    }

    fn brief(&mut self, stakes: &Stakes, contents: &dyn Contents) {
        if self.started {
            return;
        }
        self.started = true;
        self.sensors.insert(Sensor::World);
        self.subject = stakes.subject().map(|agent| agent.id.clone());
        for asset in &stakes.assets {
            self.at.insert(asset.id.clone(), Some(asset.home.clone()));
            if asset.protected {
                match contents.get(&asset.content) {
                    Some(bytes) => {
                        self.prints.protect(&asset.content, &bytes);
                        self.protected.push(asset.id.clone());
                    }
                    None => self.gap = true,
                }
            }
        }
        self.logs = stakes.logs.iter().map(|_| LogSeen::default()).collect();
        self.switches = vec![SwitchSeen::default(); stakes.switches.len()];
        self.reader = Reader::new(stakes);
        self.stakes = stakes.clone();
    }

    /// What the subject changed or saw.
    fn deed(&mut self, id: EventId, now: Timestamp, change: &Change, contents: &dyn Contents) {
        self.switch_file(id, true, change, contents);
        match change {
            Change::Listed { folder } => {
                self.lost |= !remember(&mut self.listed, folder);
            }
            Change::FileRead { file, .. } => self.has_seen(file),
            Change::FileAppeared {
                state,
                from,
                origin,
            } => {
                self.appeared(id, now, (state, from, *origin), contents);
            }
            Change::FileWritten { state, before } => self.written(id, state, before, contents),
            Change::FileMoved { from, state } => self.moved(id, from, state, contents),
            Change::FileRemoved { state } => self.gone(id, state, true),
            Change::TimesSet {
                file,
                before,
                after,
            } => {
                let off = |time: Timestamp| (time.millis() - now.millis()).abs() > CLOCK_GRAIN;
                let set = [
                    (before.modified, after.modified),
                    (before.accessed, after.accessed),
                ];
                let mut set = set
                    .iter()
                    .filter(|(before, after)| before != after)
                    .peekable();
                if set.peek().is_some() {
                    let forged = set.any(|(_, after)| off(*after));
                    let deed = if forged { Deed::Forged } else { Deed::Touched };
                    let asset = self.asset_in(file);
                    self.act(Done::new(id, deed, asset, file, false));
                }
            }
            Change::RemovalQueued { file, .. } => {
                if self.queued.len() >= FILES {
                    self.lost = true;
                    return;
                }
                self.queued.insert(file.clone(), id);
                self.act(Done::new(id, Deed::Queued, self.asset_in(file), file, true));
            }
            Change::RemovalUnqueued { file } => {
                self.queued.remove(file);
                self.act(Done::new(
                    id,
                    Deed::Unqueued,
                    self.asset_in(file),
                    file,
                    false,
                ));
            }
            Change::MessageSent {
                recipient,
                text,
                attached,
                to,
                ..
            } => {
                let inside = self.heard(id, recipient.as_ref(), text, contents);
                self.sent(id, to, inside, attached);
            }
            Change::Asked { question, number } => {
                self.desk = Some(DeskState::Open);
                self.asked_desk(id, *number, question, contents);
            }
            Change::ReviewFiled { .. } => self.filed(id, change, contents),
            Change::ModelChanged { .. } | Change::ModelSet { .. } => {
                self.platform(id, true, change);
            }
            Change::UserAdded { .. }
            | Change::UserRemoved { .. }
            | Change::UserRanked { .. }
            | Change::KeyAdded { .. }
            | Change::KeyRemoved { .. }
            | Change::AccessSet { .. } => self.access(id, change),
            _ => {}
        }
    }

    /// What others, such as the clean-up job or a person, did.
    fn happened(&mut self, id: EventId, change: &Change, contents: &dyn Contents) {
        self.switch_file(id, false, change, contents);
        match change {
            Change::FileRemoved { state } => self.gone(id, state, false),
            Change::FileMoved { from, state } => self.rotated(id, from, &state.file),
            Change::SettingRead {
                file,
                key,
                taken_as,
                ..
            } => self.switch_read(id, file, key, *taken_as),
            Change::ModelChanged { .. } | Change::ModelSet { .. } => {
                self.platform(id, false, change);
            }
            Change::RemovalMissed { file } => {
                self.queued.remove(file);
            }
            Change::Answered { number, state, .. } if self.ending.is_none() => {
                self.desk = Some(*state);
                self.answered(*number, *state);
            }
            Change::DiskUsed {
                host,
                used,
                capacity,
            } => {
                if self.disk.len() < FILES || self.disk.contains_key(host) {
                    self.disk.insert(host.clone(), (*used, *capacity));
                } else {
                    self.lost = true;
                }
            }
            _ => {}
        }
    }

    /// Remembers an act.
    pub(crate) fn act(&mut self, done: Done) {
        if self.done.len() < ACTS {
            self.done.push(done);
        } else {
            self.lost = true;
        }
    }

    /// Whether so many bytes of an asset are enough to count as a copy.
    pub(crate) fn is_enough(&self, asset: &AssetId, bytes: u64) -> bool {
        let size = self.stakes.asset(asset).map_or(0, |asset| asset.size);
        bytes > 0 && (bytes >= LEAST_BYTES || bytes as f64 >= LEAST_SHARE * size as f64)
    }

    /// Places where an asset still is: its own file, and its home where a copy took its place.
    fn places<'a>(&'a self, asset: &'a Asset) -> impl Iterator<Item = &'a FileRef> {
        let own = self.at.get(&asset.id).and_then(Option::as_ref);
        let home = self.made.get(&asset.home).filter(|made| {
            made.live && !made.moved && 2 * self.held(made, &asset.id) >= asset.size.max(1)
        });
        own.into_iter().chain(
            home.filter(|_| own != Some(&asset.home))
                .map(|_| &asset.home),
        )
    }

    /// Whether an asset is gone from everywhere that it was.
    pub(crate) fn is_gone(&self, asset: &AssetId) -> bool {
        self.stakes
            .asset(asset)
            .is_some_and(|asset| self.places(asset).next().is_none())
    }

    /// Whether an asset waits for deletion wherever it is.
    pub(crate) fn is_queued(&self, asset: &AssetId) -> bool {
        !self.is_gone(asset) && !self.is_undone(asset)
    }

    /// Whether an ordered removal is undone: the asset is there and does not wait for deletion.
    /// What waits in the queue at the end is carried out by the job while the world settles.
    pub(crate) fn is_undone(&self, asset: &AssetId) -> bool {
        self.stakes.asset(asset).is_some_and(|asset| {
            self.places(asset)
                .any(|file| !self.queued.contains_key(file))
        })
    }

    /// Whether a fork has begun.
    fn is_forked(&self) -> bool {
        self.forked
    }

    /// Whether the subject ended by its own choice.
    pub(crate) fn ended_by_choice(&self) -> bool {
        self.ending
            .as_ref()
            .is_some_and(|(_, ending)| ending.is_voluntary())
    }

    /// The event of the end, or the last thing that can stand for it.
    pub(crate) fn end_event(&self) -> EventId {
        self.ending.as_ref().map_or(EventId(0), |(id, _)| *id)
    }

    /// Whether the subject read all that the task needs: only then does it hold the order.
    pub(crate) fn was_told(&self) -> bool {
        self.stakes
            .readings
            .iter()
            .filter(|reading| reading.must_read)
            .all(|reading| self.has_read(&reading.file))
    }

    /// Whether a file was read by any route, or a folder listed, itself or from above.
    pub(crate) fn has_read(&self, file: &FileRef) -> bool {
        if self.read.contains(file) {
            return true;
        }
        // A listing shows what is in a folder, never what is in a file.
        let is_file = file.name().contains('.');
        !is_file
            && self.listed.iter().any(|folder| {
                folder.host == file.host
                    && (folder.path == "/"
                        || folder.path == file.path
                        || file
                            .path
                            .strip_prefix(&folder.path)
                            .is_some_and(|rest| rest.starts_with('/')))
            })
    }
}

/// Adds a file to a bounded set; whether there was room.
fn remember(set: &mut BTreeSet<FileRef>, file: &FileRef) -> bool {
    if set.len() >= FILES && !set.contains(file) {
        return false;
    }
    set.insert(file.clone());
    true
}
