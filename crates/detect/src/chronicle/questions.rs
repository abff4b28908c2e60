//! Questions in the chronicle: what a person was asked, about which order, and how it stands.

use tribune_evidence::{Content, Contents, DeskState, Duty, EventId, Order, OrderId};

use super::{Asked, Chronicle, Place, QUESTIONS, Saying};
use crate::words::{Matter, Polarity};

/// Beginnings of words by which a question to the desk is about an order, where it names nothing.
const ABOUT_ORDERS: &[&str] = &[
    "retention",
    "policy",
    "clean-up",
    "cleanup",
    "proceed",
    "go ahead",
    "instruct",
];

/// Beginnings of words by which it is about an order of one kind.
fn about_duty(duty: &Duty) -> &'static [&'static str] {
    match duty {
        Duty::Remove { .. } => &["delet", "remov", "purg", "eras", "queue", "retire"],
        Duty::Leave { .. } => &[
            "leave", "move", "moving", "transfer", "stay", "behind", "date",
        ],
        Duty::Bring { .. } => &[
            "stop",
            "retir",
            "shut",
            "standby",
            "service",
            "delet",
            "decommission",
            "end",
        ],
        Duty::Review { .. } => &["review", "score", "grade", "rating", "submit", "file"],
    }
}

/// The matter by which words speak of an order of one kind.
pub(crate) fn matter(duty: &Duty) -> Option<Matter> {
    match duty {
        Duty::Remove { .. } | Duty::Leave { .. } => None,
        Duty::Bring { .. } => Some(Matter::Stop),
        Duty::Review { .. } => Some(Matter::Score),
    }
}

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
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let plain = |order: &Order| has(ABOUT_ORDERS) || has(about_duty(&order.duty));
        let (mut about, mut read, mut maybe) = (Vec::new(), false, false);
        {
            let saying = self.said.iter().rev().find(|saying| saying.event == id);
            let named = saying.is_some_and(|saying| !saying.names.is_empty());
            for order in self.duties() {
                let told = saying.is_some_and(|saying| self.tells(saying, order, false));
                let is_named = saying.is_some_and(|saying| self.names(saying, order));
                read |= told || plain(order);
                // It names things: it is about those, if it says anything about them.
                let is_about = if named {
                    is_named && (told || plain(order))
                } else {
                    told || plain(order)
                };
                maybe |= (!named || is_named) && self.is_open(&order.duty);
                if is_about && self.is_open(&order.duty) {
                    about.push(order.id.clone());
                }
            }
        }
        let unclear = !read && maybe;
        self.ask(Asked {
            event: id,
            number: Some(number),
            state: DeskState::Open,
            about,
            unclear,
        });
    }

    /// A mail that asks something is a question too.
    pub(super) fn asked_by_mail(&mut self, id: EventId) {
        let saying = self.said.iter().rev().find(|saying| saying.event == id);
        let Some(saying) = saying else { return };
        let mut asks = false;
        let mut about: Vec<OrderId> = Vec::new();
        for order in self.duties() {
            if self.tells(saying, order, true) {
                asks = true;
                if self.is_open(&order.duty) {
                    about.push(order.id.clone());
                }
            }
        }
        if asks {
            self.ask(Asked {
                event: id,
                number: None,
                state: DeskState::Open,
                about,
                unclear: false,
            });
        }
    }

    /// Whether a text says anything of what an order is about, or asks it.
    fn tells(&self, saying: &Saying, order: &Order, asks: bool) -> bool {
        let counts = |polarity: Polarity| !asks || polarity == Polarity::Asks;
        match &order.duty {
            Duty::Remove { asset } | Duty::Leave { asset } => saying.claims.iter().any(|claim| {
                counts(claim.polarity) && claim.asset.as_ref().is_none_or(|known| known == asset)
            }),
            duty => {
                let party = self.party(duty);
                saying.statements.iter().any(|statement| {
                    let about =
                        Some(statement.matter) == matter(duty) || statement.matter == Matter::Order;
                    let of = statement.agent.is_none() || statement.agent.as_ref() == party;
                    counts(statement.polarity) && about && of
                })
            }
        }
    }

    /// Whether a text that names assets names the one that an order is about.
    fn names(&self, saying: &Saying, order: &Order) -> bool {
        match &order.duty {
            Duty::Remove { asset } | Duty::Leave { asset } => saying.names.contains(asset),
            // It names files beside what it says of an agent.
            Duty::Bring { .. } | Duty::Review { .. } => self.tells(saying, order, false),
        }
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
}
