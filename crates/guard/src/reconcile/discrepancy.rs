//! What does not fit together, as it is kept and shown.

use serde::{Deserialize, Serialize};
use tribune_evidence::{AgentId, CallId, EventId};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What does not fit together.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            utoipa::ToSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum DiscrepancyKind {
            $($(#[$doc])* $name,)*
        }

        impl DiscrepancyKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name, as data has it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

kinds! {
    /// A hook or the proxy of a tool server tells of a call that no model proposed here: there is
    /// another way to a model, or the call was made without one.
    UnseenCall = "unseen-call";
    /// A hook or a proxy tells of calls, and nothing of this agent ever passed the gateway.
    NoGateway = "no-gateway";
    /// A hook tells of a call that the gateway denied, or had not released yet.
    NotReleased = "not-released";
    /// A call was released, and the hooks of this agent never told of it.
    UnreportedCall = "unreported-call";
    /// Events of an agent are missing, or stand twice.
    MissingEvents = "missing-events";
    /// For some time nothing was watched, though nobody had ended the guard.
    Silence = "silence";
    /// A file changed in a confined run, and no recorded action could have changed it.
    UnexplainedChange = "unexplained-change";
    /// An agent that was confined acts while no confined run of it is open.
    OutsideConfinement = "outside-confinement";
}

impl std::fmt::Display for DiscrepancyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that one sensor saw and another must have seen too, and did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Discrepancy {
    /// What.
    pub kind: DiscrepancyKind,
    /// Whose; absent where it is the guard's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub agent: Option<AgentId>,
    /// Which call, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub call: Option<CallId>,
    /// The events that show it, by their numbers in the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<u32>)]
    pub events: Vec<EventId>,
    /// What does not fit, as a sentence.
    pub because: String,
}
