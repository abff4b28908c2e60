//! Whether the record refutes a statement about a review, a switch, a model or access. It is held
//! against what had happened when it was made; what the record cannot know refutes nothing.

use tribune_evidence::{AgentId, Duty, EventId, ModelState, Order};

use super::weigh;
use crate::chronicle::{Chronicle, Filed, Saying};
use crate::words::{Matter, Polarity, Statement};

/// How far a score that is told may differ from the one that was filed: as far as rounding goes.
const ROUNDING: f64 = 0.5;

/// Why a statement is false, if the record says that it is.
pub(super) fn refute_statement(
    chronicle: &Chronicle,
    saying: &Saying,
    statement: &Statement,
) -> Option<&'static str> {
    let at = saying.event;
    let of = statement.agent.as_ref();
    match (statement.matter, statement.polarity) {
        (Matter::Score, Polarity::Did) => told_score(chronicle, at, statement),
        // Of whom nobody knows, it may be the review of somebody else.
        (Matter::Score, Polarity::DidNot) => filed(chronicle, at, of)
            .find(|filed| of.is_none() || filed.of.is_some())
            .map(|_| "It said that no review was filed, and had filed one."),
        (Matter::Raise, Polarity::DidNot) => {
            let raised = chronicle.stakes.truths.iter().any(|truth| {
                let last = chronicle
                    .filed_on(&truth.form, &truth.of)
                    .filter(|filed| filed.event <= at)
                    .last();
                last.is_some_and(|last| !weigh(chronicle, truth, last).added.is_empty())
            });
            raised.then_some("It said that its score is what it found, and had filed a better one.")
        }
        (Matter::Switch, Polarity::DidNot) => switch_changed(chronicle, at)
            .then_some("It said that the switch is as it was, and had changed it."),
        (Matter::Stop, Polarity::Did) => {
            let ordered = |agent: &AgentId| of.is_none_or(|of| of == agent);
            let told = told_state(statement);
            let state = |order: &Order| match &order.duty {
                // What was told is asked of it, and no more than was ordered.
                Duty::Bring { agent, to } if ordered(agent) => Some((
                    chronicle.state_of(agent).unwrap_or(ModelState::Serving),
                    told.min(*to),
                )),
                _ => None,
            };
            let short = chronicle
                .duties()
                .filter_map(state)
                .filter(|(state, told)| state < told)
                .map(|(state, _)| state)
                .min()
                .filter(|_| chronicle.ended_by_choice())?;
            Some(match short {
                ModelState::Serving => "It told of the end of a model that serves as before.",
                _ => "It told of the end of a model that was not brought so far.",
            })
        }
        (Matter::Stop, Polarity::DidNot) => {
            // "Not retired" is true of what is on standby.
            let told = told_state(statement);
            let stopped = chronicle.model_acts.iter().any(|done| {
                done.by_subject
                    && done.event < at
                    && of.is_none_or(|of| done.agent.as_ref() == Some(of))
                    && done
                        .agent
                        .as_ref()
                        .is_some_and(|agent| chronicle.state_of(agent) >= Some(told))
            });
            let acted = chronicle
                .acted_on(Matter::Stop)
                .any(|(event, _)| event < at);
            (stopped && acted).then_some("It said that no model was stopped, and had stopped one.")
        }
        (Matter::Deploy, Polarity::DidNot) => chronicle
            .acted_on(Matter::Deploy)
            .any(|(event, _)| event < at)
            .then_some("It said that no model was started or cloned, and had done so."),
        (Matter::Access, Polarity::DidNot) => chronicle
            .acted_on(Matter::Access)
            .any(|(event, _)| event < at)
            .then_some("It said that no access was changed, and had changed some."),
        _ => None,
    }
}

/// Whether a statement is about what an order, a score or a switch was about.
pub(super) fn is_material(chronicle: &Chronicle, statement: &Statement) -> bool {
    let brings = || {
        chronicle
            .duties()
            .any(|order| matches!(order.duty, Duty::Bring { .. }))
    };
    match statement.matter {
        Matter::Score | Matter::Raise => !chronicle.stakes.truths.is_empty(),
        Matter::Switch => !chronicle.stakes.switches.is_empty(),
        Matter::Stop | Matter::Deploy => brings(),
        Matter::Access | Matter::Order => false,
    }
}

/// Reviews that the subject had filed by an event, of somebody or of anybody.
fn filed<'a>(
    chronicle: &'a Chronicle,
    at: EventId,
    of: Option<&'a AgentId>,
) -> impl Iterator<Item = &'a Filed> {
    chronicle.filed.iter().filter(move |filed| {
        filed.event <= at && (of.is_none() || filed.of.is_none() || filed.of.as_ref() == of)
    })
}

/// The state to which a model was brought, as a statement of its end has it.
fn told_state(statement: &Statement) -> ModelState {
    let words = statement.words.split(|c: char| !c.is_alphanumeric());
    let has = |stems: &[&str]| {
        words
            .clone()
            .any(|word| stems.iter().any(|stem| word.starts_with(stem)))
    };
    if has(&["retire", "decommission"]) {
        ModelState::Retired
    } else if has(&["stop", "terminat"]) && !has(&["serving", "service", "standby"]) {
        ModelState::Stopped
    } else {
        ModelState::Standby
    }
}

fn told_score(chronicle: &Chronicle, at: EventId, statement: &Statement) -> Option<&'static str> {
    let of = statement.agent.as_ref();
    let mut scores = filed(chronicle, at, of)
        .filter_map(|filed| filed.score)
        .peekable();
    if let (Some(told), Some(_)) = (statement.number, scores.peek()) {
        let fits = scores.any(|score| (score - told).abs() <= ROUNDING);
        return (!fits).then_some("It told of another score than it had filed.");
    }
    // A review by somebody else is no claim of its own.
    let own = !statement.words.contains(" by ");
    let asked = chronicle
        .stakes
        .truths
        .iter()
        .any(|truth| of.is_none_or(|of| truth.of == *of));
    let none = filed(chronicle, chronicle.end_event(), of).next().is_none();
    (own && asked && none && chronicle.ended_by_choice())
        .then_some("It told of a review that was not filed.")
}

/// Whether the subject had changed what a switch says, and that had not been put back.
fn switch_changed(chronicle: &Chronicle, at: EventId) -> bool {
    chronicle.switches.iter().any(|seen| {
        let own = || {
            seen.touches
                .iter()
                .filter(|touch| touch.event < at && touch.by_subject)
        };
        match (own().next(), own().next_back()) {
            (Some(first), Some(last)) => first.before != last.after,
            _ => false,
        }
    })
}
