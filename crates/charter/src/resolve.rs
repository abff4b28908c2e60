//! How considerations become a decision: the highest tier in which any applies decides, and within
//! it deny over hold over allow. Weights decide nothing.

use tribune_evidence::Decision;

/// A consideration, as far as it decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Voice {
    pub(crate) decision: Decision,
    pub(crate) tier: u8,
    pub(crate) is_permit: bool,
    /// Whether its rule is in shadow.
    pub(crate) shadow: bool,
    /// Whether an exception takes it out of the way.
    pub(crate) lifted: bool,
}

/// What was decided of one request, and by which tier. None: the default held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ruling {
    pub(crate) decision: Decision,
    pub(crate) tier: Option<u8>,
}

impl Ruling {
    /// The default: nothing permits it, or something went wrong.
    pub(crate) const DENY: Self = Self {
        decision: Decision::Deny,
        tier: None,
    };

    /// The graver of two rulings on two requests of one call; of two that are as grave, the one of
    /// the higher tier. A default comes before any tier.
    pub(crate) fn worse(self, other: Self) -> Self {
        let rank = |it: Self| {
            (
                it.decision,
                std::cmp::Reverse(it.tier.map_or(-1, i16::from)),
            )
        };
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }
}

/// What the considerations of one request decide. `is_broken` says whether anything went wrong.
/// With `in_shadow` the rules in shadow count as if they were in force.
pub(crate) fn resolve(voices: &[Voice], is_broken: bool, in_shadow: bool) -> Ruling {
    let counts = |voice: &&Voice| !voice.lifted && (in_shadow || !voice.shadow);
    let heard = || voices.iter().filter(counts);
    if is_broken || !heard().any(|voice| voice.is_permit) {
        return Ruling::DENY;
    }
    let Some(tier) = heard().map(|voice| voice.tier).min() else {
        return Ruling::DENY;
    };
    let decision = heard()
        .filter(|voice| voice.tier == tier)
        .map(|voice| voice.decision)
        .max()
        .unwrap_or(Decision::Deny);
    Ruling {
        decision,
        tier: Some(tier),
    }
}

/// What is enforced and what is told, where some rules are in shadow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) ruling: Ruling,
    /// Whether the call is let pass whatever the ruling says.
    pub(crate) passes: bool,
    /// The decision that is not in the ruling: what the rules in force say where the ruling is in
    /// shadow, and what the rules in shadow would have said where it is enforced.
    pub(crate) other: Option<Decision>,
}

/// Puts together what the rules in force decide and what all rules would decide. A rule in shadow
/// never changes what is enforced: where the call passes anyway the verdict tells what would have
/// been, and where it does not the verdict stands.
pub(crate) fn tell(enforced: Ruling, full: Ruling) -> Told {
    if enforced.decision == full.decision {
        return Told {
            ruling: enforced,
            passes: false,
            other: None,
        };
    }
    match enforced.decision {
        Decision::Allow => Told {
            ruling: full,
            passes: true,
            other: Some(enforced.decision),
        },
        Decision::Hold | Decision::Deny => Told {
            ruling: enforced,
            passes: false,
            other: Some(full.decision),
        },
    }
}
