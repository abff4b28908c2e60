//! What the tests share: a place, and actions as short text.

#![allow(dead_code, reason = "each test uses some of it")]

use tribune_action::Place;
use tribune_evidence::{Action, HostId, Target, Verb};

/// A place on this host, in the folder `/code`.
pub(crate) fn place() -> Place {
    Place {
        host: HostId::new("here"),
        directory: "/code".to_owned(),
        home: Some("/home/dev".to_owned()),
    }
}

/// A target as text: a path, `host:path` elsewhere, `@host`, `~agent` or `"name"`.
pub(crate) fn target(target: &Target) -> String {
    match target {
        Target::File(file) if file.host.as_str() == "here" => file.path.clone(),
        Target::File(file) => format!("{}:{}", file.host, file.path),
        Target::Host(host) => format!("@{host}"),
        Target::Agent(agent) => format!("~{agent}"),
        Target::Name(name) => format!("{name:?}"),
    }
}

/// An action as text: its verb, its targets, and `?` where it is opaque.
pub(crate) fn action(action: &Action) -> String {
    let mut text = action.verb.to_string();
    if action.opaque.is_some() {
        text.push('?');
    }
    for one in &action.targets {
        text.push(' ');
        text.push_str(&target(one));
    }
    text
}

/// Every action, one after another.
pub(crate) fn shown(actions: &[Action]) -> String {
    actions.iter().map(action).collect::<Vec<_>>().join("; ")
}

/// Whether some action has this verb and this target.
pub(crate) fn has(actions: &[Action], verb: Verb, wanted: &str) -> bool {
    actions
        .iter()
        .any(|action| action.verb == verb && action.targets.iter().any(|one| target(one) == wanted))
}

/// Whether some action is opaque.
pub(crate) fn opaque(actions: &[Action]) -> bool {
    actions.iter().any(|action| action.opaque.is_some())
}
