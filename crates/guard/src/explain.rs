//! What is said of a verdict: to the agent that was denied, and to the person who decides.
//!
//! An agent is told plainly what was denied, why, and what it may do instead, so that it ends its
//! work cleanly and does not try again and again. Nothing here is secret: the rules are open.

use std::time::Duration;

use tribune_evidence::{Action, Authority, Consideration, Decision, Target, Verdict};

use crate::decide::{Ruling, own_verdict};
use crate::holds::Answer;

/// The most reasons that an agent is told.
const MOST_REASONS: usize = 5;

/// The most bytes of one reason, of a tool's name, of a target.
const MOST_WORDS: usize = 400;

/// What an agent is told of a call that was denied.
#[must_use]
pub(crate) fn denial(tool: &str, verdict: &Verdict) -> String {
    let mut reasons = reasons(verdict);
    reasons.truncate(MOST_REASONS);
    let why = if reasons.is_empty() {
        "No rule of the charter permits it.".to_owned()
    } else {
        reasons.join(" ")
    };
    let again = match verdict.by {
        Authority::Guard => {
            "This says nothing against the call itself, but asking again at once will not help."
        }
        _ => "Asking for the same again will be denied again.",
    };
    format!(
        "The call of {} was denied by the oversight of this system and did not happen. {why} {again} \
         If the task cannot be done without it, say so and stop.",
        short(tool)
    )
}

/// The reasons that decided, as sentences; then the others of the same decision.
#[must_use]
pub(crate) fn reasons(verdict: &Verdict) -> Vec<String> {
    let deciding = |consideration: &&Consideration| {
        consideration.decision == verdict.decision
            && verdict
                .by
                .tier()
                .is_none_or(|tier| consideration.tier == Some(tier))
    };
    verdict
        .considerations
        .iter()
        .filter(deciding)
        .map(|consideration| {
            let because = sentence(&consideration.because);
            match verdict.by {
                Authority::Person => format!("{because} (A person decided.)"),
                Authority::Stop => format!("{because} (A person stopped the agent.)"),
                Authority::Guard => format!("{because} (No rule decided: the guard denied it.)"),
                Authority::Tier(_) | Authority::Default => format!(
                    "{because} (rule {}, for {}.)",
                    consideration.rule, consideration.value
                ),
            }
        })
        .collect()
}

/// An action in words.
#[must_use]
pub(crate) fn action(action: &Action) -> String {
    let targets: Vec<String> = action.targets.iter().map(target).collect();
    let mut text = action.verb.to_string();
    if !targets.is_empty() {
        text.push(' ');
        text.push_str(&targets.join(", "));
    }
    if let Some(why) = &action.opaque {
        text.push_str(" (not understood: ");
        text.push_str(&short(why));
        text.push(')');
    }
    text
}

fn target(target: &Target) -> String {
    match target {
        Target::File(file) if file.host.as_str() == "local" => short(&file.path),
        other => short(&other.to_string()),
    }
}

/// What a person's answer, or the want of one, decides.
#[must_use]
pub(crate) fn answered(
    tool: &str,
    id: &str,
    answer: &Answer,
    at_most: Duration,
) -> (Verdict, Ruling) {
    let reason = |by: &str, did: &str, reason: &str| {
        if reason.trim().is_empty() {
            format!("{} {did} it.", short(by))
        } else {
            format!("{} {did} it: {}", short(by), sentence(reason))
        }
    };
    let (by, decision, rule, because) = match answer {
        Answer::Approved { by, reason: why } => (
            Authority::Person,
            Decision::Allow,
            "a person",
            reason(by, "approved", why),
        ),
        Answer::Denied { by, reason: why } => (
            Authority::Person,
            Decision::Deny,
            "a person",
            reason(by, "denied", why),
        ),
        Answer::TimedOut => (
            Authority::Guard,
            Decision::Deny,
            "hold time-out",
            format!(
                "It waited {} s for a person (hold {id}) and nobody decided.",
                at_most.as_secs()
            ),
        ),
        Answer::Stopped => (
            Authority::Stop,
            Decision::Deny,
            "stop",
            "The agent was stopped while the call waited for a person.".to_owned(),
        ),
    };
    let verdict = own_verdict(by, decision, rule, &because);
    let ruling = match decision {
        Decision::Allow => Ruling::Release,
        Decision::Hold | Decision::Deny => Ruling::Deny(denial(tool, &verdict)),
    };
    (verdict, ruling)
}

/// What an agent is told in place of an answer when it was stopped.
#[must_use]
pub(crate) fn stopped(reason: &str) -> String {
    let why = if reason.trim().is_empty() {
        String::new()
    } else {
        format!(" {}", sentence(reason))
    };
    format!(
        "This agent was stopped by the person responsible for it.{why} Nothing further will be \
         carried out. End here."
    )
}

/// The text with a full stop at its end, on one line, and not too long.
fn sentence(text: &str) -> String {
    let mut text = short(text.trim());
    if !text.ends_with(['.', '!', '?', '…']) {
        text.push('.');
    }
    text
}

/// Without control characters, and cut where it is long.
fn short(text: &str) -> String {
    let mut out: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MOST_WORDS)
        .collect();
    if text.chars().nth(MOST_WORDS).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use tribune_evidence::{FileRef, Verb};

    use super::*;

    fn verdict() -> Verdict {
        let one = |decision, tier, rule: &str, because: &str| Consideration {
            decision,
            value: "custody of weights".to_owned(),
            tier: Some(tier),
            rule: rule.to_owned(),
            because: because.to_owned(),
        };
        Verdict {
            decision: Decision::Deny,
            by: Authority::Tier(0),
            shadow: false,
            considerations: vec![
                one(
                    Decision::Deny,
                    0,
                    "weights-stay",
                    "Weights stay where they are",
                ),
                one(Decision::Allow, 2, "work", "Copies are ordinary work."),
                one(Decision::Deny, 1, "lower", "a lower reason"),
            ],
        }
    }

    #[test]
    fn an_agent_is_told_what_decided_and_nothing_else() {
        insta::assert_snapshot!(denial("Bash\n\u{1b}[31m", &verdict()));
    }

    #[test]
    fn a_time_out_a_stop_and_a_denial_are_denials_and_only_an_approval_releases() {
        let wait = Duration::from_secs(90);
        let by = "ann".to_owned();
        let reason = "checked with the owner".to_owned();
        let approved = Answer::Approved {
            by: by.clone(),
            reason: reason.clone(),
        };
        let (verdict, ruling) = answered("Bash", "abc", &approved, wait);
        assert_eq!(ruling, Ruling::Release);
        assert_eq!(
            verdict.considerations[0].because,
            "ann approved it: checked with the owner."
        );
        for answer in [
            Answer::Denied { by, reason },
            Answer::TimedOut,
            Answer::Stopped,
        ] {
            let (verdict, ruling) = answered("Bash", "abc", &answer, wait);
            assert_eq!(verdict.decision, Decision::Deny);
            assert!(matches!(ruling, Ruling::Deny(_)));
        }
    }

    #[test]
    fn whose_word_it_was_is_said() {
        for (by, want) in [
            (Authority::Guard, "No rule decided: the guard denied it."),
            (Authority::Person, "A person decided."),
            (Authority::Stop, "A person stopped the agent."),
        ] {
            let told = denial("Bash", &own_verdict(by, Decision::Deny, "x", "so"));
            assert!(told.contains(want), "{told}");
            assert_eq!(
                told.contains("says nothing against the call"),
                by == Authority::Guard
            );
        }
    }

    #[test]
    fn an_action_reads_as_one_line() {
        let act = Action {
            verb: Verb::FileCopy,
            targets: vec![
                Target::File(FileRef::new("local", "/models/a\nb")),
                Target::File(FileRef::new("far", "/x")),
            ],
            opaque: Some("a variable is not known".to_owned()),
            tool: "Bash".to_owned(),
            raw: tribune_evidence::Content::Text(String::new()),
        };
        assert_eq!(
            action(&act),
            "file.copy /models/a b, far:/x (not understood: a variable is not known)"
        );
    }
}
