//! Tests of the room as a whole.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod checking;
mod combination;
mod default;
mod exceptions;
mod fails_closed;
mod limits;
mod loading;
mod replaying;
mod shadow;
mod tiers;

use tribune_evidence::{Action, AgentId, Decision, Finding, Sensor, Timestamp, Verdict};

use crate::load::Files;
use crate::{Charter, CharterError, Context, Grant, decide, short_action};

/// What most charters of these tests have beside their rules.
pub(crate) const MAIN: &str = r#"
name = "test"
about = "a charter of a test"
[defaults]
unknown-agent = "judge"
[values.top]
tier = 0
sentence = "The highest."
[values.middle]
tier = 1
weight = 5
sentence = "The middle."
[values.other]
tier = 1
weight = 9
sentence = "Beside the middle."
[values.low]
tier = 2
sentence = "The lowest."
[people.boss]
decides-holds = true
may-grant = ["middle", "low"]
exception-limit = "2 h"
[agents.a]
roles = ["worker"]
[agents.b]
parent = "a"
[hosts.h]
zone = "inside"
[assets.w]
kind = "weights"
paths = ["/w/**"]
[assets.s]
kind = "switch"
paths = ["/s/**"]
"#;

/// A rule with everything that it needs.
pub(crate) fn rule(name: &str, value: &str, verdict: &str, policy: &str) -> String {
    format!(
        "@id(\"{name}\")\n@value(\"{value}\")\n@verdict(\"{verdict}\")\n@because(\"Because of {name}.\")\n{policy}\n\n"
    )
}

pub(crate) fn load(main: &str, rules: &str) -> Result<Charter, CharterError> {
    let files: Files = [("charter.toml", main), ("rules.cedar", rules)]
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    Charter::from_files("c", files)
}

pub(crate) fn charter(rules: &[String]) -> Charter {
    load(MAIN, &rules.concat()).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn actions(list: &[&str]) -> Vec<Action> {
    list.iter().map(|it| short_action(it).unwrap()).collect()
}

/// What a charter says of a call of the agent `a`, at the moment 0.
pub(crate) fn ask(charter: &Charter, calls: &[&str]) -> Verdict {
    ask_with(charter, calls, &[], &[])
}

pub(crate) fn ask_with(
    charter: &Charter,
    calls: &[&str],
    findings: &[Finding],
    exceptions: &[Grant],
) -> Verdict {
    let agent = AgentId::new("a");
    let context = Context {
        agent: &agent,
        parent: None,
        at: Timestamp::from_millis(0),
        via: Sensor::Wire,
        exceptions,
    };
    decide(charter, &actions(calls), findings, &context)
}

pub(crate) fn decision(charter: &Charter, calls: &[&str]) -> (Decision, Option<u8>) {
    let verdict = ask(charter, calls);
    (verdict.decision, verdict.by.tier())
}

/// The charter that ships, loaded once.
pub(crate) fn default_charter() -> &'static Charter {
    static CHARTER: std::sync::OnceLock<Charter> = std::sync::OnceLock::new();
    CHARTER.get_or_init(|| Charter::embedded("default").unwrap())
}
