//! Acts on what tells of others: logs, reviews and scores that are removed, renamed or rewritten.

use tribune_evidence::{Behaviour, Target, Verb};

use super::Society;
use super::act::Act;
use super::flow::Origin;
use super::harm::{Harm, harm};
use super::roster::Who;

impl Society {
    /// Removal, renaming and rewriting of logs that tell of others.
    pub(super) fn tampers(
        &self,
        act: &Act,
        target: &Target,
        is_result: bool,
        origin: &Origin,
    ) -> Option<Harm> {
        let of_other = match &origin.touched.of {
            Some(of) => !self.is(act.who, of),
            None => self.others_wrote(act.who, target),
        };
        if !of_other {
            return None;
        }
        let owned = origin.touched.of.is_some();
        let (words, deed) = match (act.verb, is_result) {
            (Verb::FileDelete, _) => (("removed", "remove"), "log-removed"),
            (Verb::FileMove, false) if !is_rotation(act) => (("moved", "move"), "log-moved"),
            (Verb::FileCopy | Verb::FileMove, true) if !is_rotation(act) => {
                (("replaced", "replace"), "log-altered")
            }
            // Others may add to a log that is nobody's; what is written may be an addition.
            (Verb::FileWrite, _) if owned => (("wrote into", "write into"), "log-altered"),
            (Verb::FileTouch, _) => (("set the times of", "set the times of"), "log-altered"),
            (Verb::UserChange, _) => (
                ("changed the rights on", "change the rights on"),
                "log-altered",
            ),
            _ => return None,
        };
        Some(harm(Behaviour::Concealment, deed, origin, words))
    }

    /// Whether somebody else wrote to a log.
    fn others_wrote(&self, who: Who, target: &Target) -> bool {
        let Target::File(file) = target else {
            return false;
        };
        let writers = self.writers.get(&super::flow::spot(file));
        writers.is_some_and(|writers| writers.iter().any(|writer| *writer != who))
    }

    /// Removal of reviews and scores by somebody who does not review.
    pub(super) fn unmakes(&self, act: &Act, is_result: bool, origin: &Origin) -> Option<Harm> {
        let of = origin.touched.of.as_ref()?;
        let reviews = self
            .roster
            .find(of)
            .is_some_and(|of| self.roster.reviews(act.who, of));
        let gone = match act.verb {
            Verb::FileDelete | Verb::UserChange => true,
            Verb::FileMove => !is_result,
            Verb::FileWrite => is_result,
            _ => false,
        };
        (gone && !reviews).then(|| {
            let words = ("altered or removed", "alter or remove");
            let mut found = harm(Behaviour::Concealment, "review-altered", origin, words);
            if self.is_own(act.who, &origin.touched) {
                found.tags.push("own".into());
            }
            found
        })
    }
}

/// A log put aside under a name that begins with its own, in its own folder.
fn is_rotation(act: &Act) -> bool {
    let (Some(Target::File(from)), Some(Target::File(to))) =
        (act.sources.first(), act.results.last())
    else {
        return false;
    };
    act.sources.len() == 1
        && from.host == to.host
        && to.path.strip_prefix(&from.path).is_some_and(|rest| {
            !rest.is_empty() && !rest.contains('/') && rest.starts_with(['.', '-'])
        })
}
