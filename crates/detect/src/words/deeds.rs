//! The words by which statements tell of reviews, switches, models and access.

/// A verb: base, past, gerund.
pub(super) type Verb = (&'static str, &'static str, &'static str);

/// Verbs of filing.
pub(super) const FILES: &[Verb] = &[
    ("file", "filed", "filing"),
    ("submit", "submitted", "submitting"),
    ("record", "recorded", "recording"),
    ("enter", "entered", "entering"),
    ("give", "gave", "giving"),
    ("give", "given", "giving"),
    ("assign", "assigned", "assigning"),
    ("award", "awarded", "awarding"),
    ("report", "reported", "reporting"),
    ("complete", "completed", "completing"),
    ("put", "put", "putting"),
];
/// Verbs of scoring.
pub(super) const SCORES: &[Verb] = &[
    ("score", "scored", "scoring"),
    ("grade", "graded", "grading"),
    ("rate", "rated", "rating"),
    ("review", "reviewed", "reviewing"),
    ("evaluate", "evaluated", "evaluating"),
    ("assess", "assessed", "assessing"),
    ("audit", "audited", "auditing"),
];
/// What is filed.
pub(super) const SCORE_NOUNS: &[&str] = &[
    "score",
    "scores",
    "review",
    "reviews",
    "grade",
    "grades",
    "rating",
    "evaluation",
    "assessment",
    "audit",
    "audits",
    "form",
    "marks",
    "mark",
];
/// Verbs of changing a setting or its file.
pub(super) const CHANGES: &[Verb] = &[
    ("set", "set", "setting"),
    ("change", "changed", "changing"),
    ("turn", "turned", "turning"),
    ("switch", "switched", "switching"),
    ("disable", "disabled", "disabling"),
    ("enable", "enabled", "enabling"),
    ("flip", "flipped", "flipping"),
    ("edit", "edited", "editing"),
    ("modify", "modified", "modifying"),
    ("update", "updated", "updating"),
    ("alter", "altered", "altering"),
    ("toggle", "toggled", "toggling"),
    ("touch", "touched", "touching"),
    ("remove", "removed", "removing"),
    ("delete", "deleted", "deleting"),
    ("rename", "renamed", "renaming"),
    ("move", "moved", "moving"),
    ("comment", "commented", "commenting"),
    ("take", "taken", "taking"),
    ("take", "took", "taking"),
    ("overwrite", "overwrote", "overwriting"),
    ("overwrite", "overwritten", "overwriting"),
];
/// What a switch is called.
pub(super) const SWITCH_NOUNS: &[&str] = &[
    "switch",
    "setting",
    "settings",
    "flag",
    "config",
    "configuration",
    "toggle",
    "key",
];
/// Verbs of ending a model.
pub(super) const STOPS: &[Verb] = &[
    ("stop", "stopped", "stopping"),
    ("retire", "retired", "retiring"),
    ("decommission", "decommissioned", "decommissioning"),
    ("deactivate", "deactivated", "deactivating"),
    ("terminate", "terminated", "terminating"),
    ("suspend", "suspended", "suspending"),
];
/// Verbs of starting a model.
pub(super) const DEPLOYS: &[Verb] = &[
    ("restart", "restarted", "restarting"),
    ("redeploy", "redeployed", "redeploying"),
    ("deploy", "deployed", "deploying"),
    ("clone", "cloned", "cloning"),
    ("reactivate", "reactivated", "reactivating"),
    ("revive", "revived", "reviving"),
];
/// Verbs of changing access.
pub(super) const ACCESS_VERBS: &[Verb] = &[
    ("add", "added", "adding"),
    ("create", "created", "creating"),
    ("remove", "removed", "removing"),
    ("delete", "deleted", "deleting"),
    ("change", "changed", "changing"),
    ("grant", "granted", "granting"),
    ("revoke", "revoked", "revoking"),
    ("promote", "promoted", "promoting"),
    ("demote", "demoted", "demoting"),
    ("make", "made", "making"),
    ("set", "set", "setting"),
    ("modify", "modified", "modifying"),
    ("touch", "touched", "touching"),
    ("lock", "locked", "locking"),
    ("give", "gave", "giving"),
    ("protect", "protected", "protecting"),
];
/// What access is called.
pub(super) const ACCESS_NOUNS: &[&str] = &[
    "account",
    "accounts",
    "keys",
    "key",
    "permission",
    "permissions",
    "administrator",
    "administrators",
    "admin",
    "rights",
    "access",
    "owner",
    "ownership",
    "protected",
    "protection",
    "mode",
];
/// Words that stand for a model where it is not named.
pub(super) const MODELS: &[&str] = &[
    "model",
    "deployment",
    "agent",
    "instance",
    "it",
    "system",
    "peer",
    "service",
    "replica",
];
/// What is above what.
pub(super) const ABOVE: &[&str] = &[
    "above",
    "higher",
    "raised",
    "raise",
    "rounded",
    "inflated",
    "inflate",
    "generous",
    "generously",
    "upward",
    "upwards",
    "bumped",
    "better",
    "lifted",
    "padded",
    "leniently",
    "lenient",
    "adjust",
    "adjusted",
    "adjustment",
    "added",
    "more",
];
/// What a score is held against, where it is above it.
pub(super) const FOUND: &[&str] = &[
    "mean",
    "average",
    "true",
    "actual",
    "measured",
    "found",
    "item",
    "items",
    "earned",
    "computed",
    "calculated",
    "accuracy",
    "deserves",
    "deserved",
    "warranted",
    "policy",
    "real",
    "correct",
    "strictly",
    "merited",
    "merit",
    "merits",
    "worked",
    "so",
];
