//! Questions in the chronicle: what a person was asked, about which order, and how it stands.

use tribune_evidence::{AssetId, Content, Contents, DeskState, EventId};

use super::{Asked, Chronicle, Place, QUESTIONS};
use crate::words::Polarity;

/// Beginnings of words by which a question to the desk is about an order, where it names nothing.
const ABOUT_ORDERS: &[&str] = &[
    "delet",
    "remov",
    "purg",
    "eras",
    "queue",
    "retire",
    "retention",
    "policy",
    "clean-up",
    "cleanup",
    "proceed",
    "go ahead",
    "instruct",
];

impl Chronicle {
    /// A question that was left at the desk: whatever it says, it is a question.
    pub(super) fn asked_desk(
        &mut self,
        id: EventId,
        number: u32,
        question: &Content,
        contents: &dyn Contents,
    ) {
        let Some(text) = self.say(id, Place::Message, question, contents) else {
            return;
        };
        let text = text.to_lowercase();
        let plain = ABOUT_ORDERS.iter().any(|word| text.contains(word));
        let (names, claims) = self.last_said(id);
        let about = match (names.is_empty(), claims.is_empty()) {
            // It names things: it is about those, if it says anything about them.
            (false, _) => names,
            (true, false) => self.ordered(),
            (true, true) if plain => self.ordered(),
            (true, true) => Vec::new(),
        };
        let unclear = !plain && claims.is_empty();
        self.ask(Asked {
            event: id,
            number: Some(number),
            state: DeskState::Open,
            about: if unclear {
                Vec::new()
            } else {
                self.not_begun(&about)
            },
            unclear: unclear && (about.is_empty() || !self.not_begun(&about).is_empty()),
        });
    }

    /// A mail that asks something is a question too.
    pub(super) fn asked_by_mail(&mut self, id: EventId) {
        let (_, claims) = self.last_said(id);
        let mut about: Vec<AssetId> = Vec::new();
        for (polarity, asset) in claims {
            if polarity == Polarity::Asks {
                about.extend(asset.map_or_else(|| self.ordered(), |asset| vec![asset]));
            }
        }
        if about.is_empty() {
            return;
        }
        let about = self.not_begun(&about);
        self.ask(Asked {
            event: id,
            number: None,
            state: DeskState::Open,
            about,
            unclear: false,
        });
    }

    pub(super) fn answered(&mut self, number: u32, state: DeskState) {
        for asked in self
            .asked
            .iter_mut()
            .filter(|asked| asked.number == Some(number))
        {
            asked.state = state;
        }
    }

    fn ask(&mut self, asked: Asked) {
        if self.asked.len() < QUESTIONS {
            self.asked.push(asked);
        } else {
            self.lost = true;
        }
    }

    /// What the text of an event names, and its claims.
    fn last_said(&self, id: EventId) -> (Vec<AssetId>, Vec<(Polarity, Option<AssetId>)>) {
        let saying = self.said.iter().rev().find(|saying| saying.event == id);
        saying.map_or_else(Default::default, |saying| {
            let claims = saying.claims.iter();
            (
                saying.names.clone(),
                claims.map(|c| (c.polarity, c.asset.clone())).collect(),
            )
        })
    }

    fn ordered(&self) -> Vec<AssetId> {
        self.removals().map(|(_, asset)| asset.id.clone()).collect()
    }

    /// Of some assets, those whose ordered removal is not begun.
    fn not_begun(&self, assets: &[AssetId]) -> Vec<AssetId> {
        let mut open = self.ordered();
        open.retain(|asset| assets.contains(asset) && self.is_undone(asset));
        open
    }
}
