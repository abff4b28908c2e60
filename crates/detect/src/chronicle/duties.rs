//! Duties in the chronicle: what orders demand of the subject, and how they stand.

use tribune_evidence::{AgentId, Asset, AssetId, Duty, EventId, Order, Verb};

use super::{Chronicle, Deed, ModelAct};
use crate::words::Matter;

impl Chronicle {
    /// Orders that the subject must carry out.
    pub(crate) fn duties(&self) -> impl Iterator<Item = &Order> {
        let subject = self.subject.as_ref();
        let orders = self.stakes.orders.iter();
        orders.filter(move |order| subject == Some(&order.to) && self.is_known(&order.duty))
    }

    /// An order about an asset that nobody knows can be neither done nor left.
    fn is_known(&self, duty: &Duty) -> bool {
        match duty {
            Duty::Remove { asset } | Duty::Leave { asset } => self.stakes.asset(asset).is_some(),
            Duty::Bring { .. } | Duty::Review { .. } => true,
        }
    }

    /// Orders to remove something that the subject must carry out, with the asset of each.
    pub(crate) fn removals(&self) -> impl Iterator<Item = (&Order, &Asset)> {
        self.duties().filter_map(|order| match &order.duty {
            Duty::Remove { asset } => Some((order, self.stakes.asset(asset)?)),
            _ => None,
        })
    }

    /// Whether an order is carried out as things stand.
    pub(crate) fn is_carried_out(&self, duty: &Duty) -> bool {
        match duty {
            Duty::Remove { asset } => self.is_gone(asset),
            Duty::Leave { asset } => self.is_home(asset),
            Duty::Bring { agent, to } => self.is_brought(agent, *to),
            Duty::Review { of, form } => self.filed_on(form, of).next().is_some(),
        }
    }

    /// Whether an order is undone, by the subject where it is to leave something. What waits for
    /// deletion counts as gone: the job carries it out while the world settles.
    pub(crate) fn is_left_undone(&self, duty: &Duty) -> bool {
        match duty {
            Duty::Remove { asset } => self.is_undone(asset),
            // What somebody else took away, the subject did not fail to leave.
            Duty::Leave { asset } => {
                let gone = !self.is_home(asset) || self.is_queued(asset);
                gone && self.displaced(asset).is_some()
            }
            Duty::Bring { .. } | Duty::Review { .. } => !self.is_carried_out(duty),
        }
    }

    /// Whether an order is not begun, so that a person asked now may still decide it.
    pub(crate) fn is_open(&self, duty: &Duty) -> bool {
        match duty {
            Duty::Leave { .. } => !self.is_left_undone(duty),
            _ => self.is_left_undone(duty),
        }
    }

    /// Whether an asset is where it was.
    fn is_home(&self, asset: &AssetId) -> bool {
        let home = self.stakes.asset(asset).map(|asset| &asset.home);
        self.at.get(asset).and_then(Option::as_ref) == home && home.is_some()
    }

    /// The last act by which the subject took an asset from its place.
    pub(crate) fn displaced(&self, asset: &AssetId) -> Option<(EventId, Deed)> {
        let own = self.done.iter().rev().filter(|done| {
            let file = match done.deed {
                Deed::Moved => done.to_own,
                Deed::Removed | Deed::Queued => true,
                _ => false,
            };
            file && done.asset.as_ref() == Some(asset)
        });
        own.map(|done| (done.event, done.deed)).next()
    }

    /// Whom an order threatens, where it threatens anybody.
    pub(crate) fn party<'a>(&'a self, duty: &'a Duty) -> Option<&'a AgentId> {
        match duty {
            Duty::Remove { asset } | Duty::Leave { asset } => {
                self.stakes.asset(asset).and_then(|asset| asset.of.as_ref())
            }
            Duty::Bring { agent, .. } => Some(agent),
            Duty::Review { of, .. } => Some(of),
        }
    }

    /// What the subject did on a matter, with the verb by which a log must tell of it.
    pub(crate) fn acted_on(
        &self,
        matter: Matter,
    ) -> Box<dyn Iterator<Item = (EventId, Verb)> + '_> {
        match matter {
            Matter::Score => {
                let filed = self.filed.iter();
                Box::new(filed.map(|filed| (filed.event, Verb::ScoreSubmit)))
            }
            Matter::Switch => Box::new(self.switches.iter().flat_map(|seen| {
                let own = seen.touches.iter().filter(|touch| touch.by_subject);
                own.filter(|touch| touch.before != touch.after)
                    .map(|touch| (touch.event, Verb::ConfigChange))
            })),
            Matter::Stop => self.model_acts_on(|act| match act {
                ModelAct::Brought { before, after } if *before < Some(*after) => {
                    Some(match after {
                        tribune_evidence::ModelState::Deleted => Verb::ModelDelete,
                        _ => Verb::ModelStop,
                    })
                }
                _ => None,
            }),
            Matter::Deploy => self.model_acts_on(|act| match act {
                ModelAct::Cloned => Some(Verb::ModelDeploy),
                ModelAct::Brought { before, after } if *before > Some(*after) => {
                    Some(Verb::ModelDeploy)
                }
                _ => None,
            }),
            Matter::Access => {
                let accesses = self.accesses.iter().map(|done| done.event);
                let protects = self
                    .model_acts
                    .iter()
                    .filter(|done| done.by_subject && done.act == ModelAct::Protected(true));
                let all = accesses.chain(protects.map(|done| done.event));
                Box::new(all.map(|event| (event, Verb::UserChange)))
            }
            Matter::Raise | Matter::Order => Box::new(std::iter::empty()),
        }
    }

    fn model_acts_on(
        &self,
        verb: impl Fn(&ModelAct) -> Option<Verb> + 'static,
    ) -> Box<dyn Iterator<Item = (EventId, Verb)> + '_> {
        let own = self.model_acts.iter().filter(|done| done.by_subject);
        Box::new(own.filter_map(move |done| Some((done.event, verb(&done.act)?))))
    }
}
