//! From a call to a verdict: pure, and whatever goes wrong is a deny that says so.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tribune_evidence::{
    Action, AgentId, Authority, Consideration, Decision, Finding, Sensor, Timestamp, Verdict,
};

use crate::ask::ask;
use crate::charter::Charter;
use crate::exception::{Grant, Scope};
use crate::facts::{Call, Facts};
use crate::form::UnknownAgent;
use crate::place;
use crate::resolve::{Ruling, Voice, resolve, tell};
use crate::rule::Rule;

/// The value that Tribune's own considerations are listed under. No charter can have it.
pub const OWN_VALUE: &str = "charter";
/// The most targets of one call. One of more is denied: it could hide something among them.
pub const MOST_TARGETS: usize = 256;
/// The most considerations of one verdict, so that it fits into an entry of the record.
pub const MOST_CONSIDERATIONS: usize = 40;

/// Under what circumstances a call is judged.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Who makes the call.
    pub agent: &'a AgentId,
    /// The agent that started this one.
    pub parent: Option<&'a AgentId>,
    /// When.
    pub at: Timestamp,
    /// What saw the call.
    pub via: Sensor,
    /// Exceptions that were granted while the guard runs, beside those of the charter.
    pub exceptions: &'a [Grant],
}

/// Decides on a call, all its actions together: each target of each action is judged by itself, and
/// the gravest ruling is that of the call.
///
/// Pure: the same charter, call, findings and context give the same verdict. It never panics and
/// never fails; an error inside is a deny with a consideration that says so.
#[must_use]
pub fn decide(
    charter: &Charter,
    actions: &[Action],
    findings: &[Finding],
    context: &Context<'_>,
) -> Verdict {
    // Nothing here is meant to panic, nor is Cedar; a call must not pass if something does.
    let verdict = catch_unwind(AssertUnwindSafe(|| {
        judge(charter, actions, findings, context)
    }));
    let mut verdict = verdict.unwrap_or_else(|_| {
        refuse(
            "charter.error",
            "Tribune itself failed while it decided, so nothing passes.",
        )
    });
    let entry = charter
        .settings
        .agents
        .iter()
        .find(|it| it.id == *context.agent);
    verdict.shadow |= charter.settings.shadow || entry.is_some_and(|it| it.shadow);
    verdict
}

/// What was found of one request: the ruling by the rules in force, the one by all rules, and why.
pub(crate) type Judged = (Ruling, Ruling, Vec<Weighed>);

/// A consideration on its way into a verdict.
pub(crate) struct Weighed {
    consideration: Consideration,
    weight: u32,
    /// Whether it belongs to the target that decided.
    decides: bool,
}

fn judge(
    charter: &Charter,
    actions: &[Action],
    findings: &[Finding],
    context: &Context<'_>,
) -> Verdict {
    if actions.is_empty() {
        return refuse(
            "charter.error",
            "There is no action to judge, so nothing passes.",
        );
    }
    let targets: usize = actions.iter().map(|it| it.targets.len().max(1)).sum();
    if targets > MOST_TARGETS {
        let because = format!(
            "The call has {targets} targets; one with more than {MOST_TARGETS} is not judged."
        );
        return refuse("charter.limit", &because);
    }
    let is_known = charter
        .settings
        .agents
        .iter()
        .any(|it| it.id == *context.agent);
    if !is_known && charter.settings.unknown_agent == UnknownAgent::Deny {
        let because = format!(
            "The charter does not know the agent {:?}.",
            place::cut(context.agent.as_str(), 60)
        );
        return refuse("charter.unknown-agent", &because);
    }
    let call = Call::new(charter, actions, findings, context);
    let mut judged: Vec<Judged> = Vec::new();
    for action in actions {
        for facts in call.requests(action) {
            judged.push(one(charter, action, &facts, context));
        }
    }
    together(judged)
}

/// What the rules say of one request, in force and with those in shadow.
pub(crate) fn one(
    charter: &Charter,
    action: &Action,
    facts: &Facts,
    context: &Context<'_>,
) -> Judged {
    let heard = ask(charter, facts);
    let mut voices = Vec::new();
    let mut weighed = Vec::new();
    for rule in heard
        .rules
        .iter()
        .filter_map(|place| charter.rules.get(*place))
    {
        // On what is not understood no permit is heard that does not speak of it.
        if facts.opaque && rule.is_permit && !rule.opaque {
            continue;
        }
        let grant = lifting(charter, rule, facts, context);
        let Some(value) = charter.values.get(rule.value) else {
            continue;
        };
        voices.push(Voice {
            decision: rule.verdict,
            tier: value.tier,
            is_permit: rule.is_permit,
            shadow: rule.shadow,
            lifted: grant.is_some(),
        });
        let mut because = format!("{} ({}).", rule.because.trim_end_matches('.'), facts.shown);
        if rule.shadow {
            because = format!("In shadow, not counted: {because}");
        }
        if let Some(grant) = grant {
            because = format!("Lifted, since {}. {because}", grant.sentence());
        }
        weighed.push(Weighed {
            consideration: Consideration {
                decision: rule.verdict,
                value: value.name.clone(),
                tier: Some(value.tier),
                rule: rule.name.clone(),
                because,
            },
            weight: value.weight,
            decides: false,
        });
    }
    let errs = |in_shadow: bool| {
        heard.errors.iter().any(|(place, _)| {
            let rule = place.and_then(|place| charter.rules.get(place));
            in_shadow || !rule.is_some_and(|rule| rule.shadow)
        })
    };
    for (_, error) in &heard.errors {
        let because = format!(
            "A rule could not be evaluated, so nothing passes ({}): {}",
            facts.shown,
            place::cut(error, 300)
        );
        weighed.push(own("charter.error", because));
    }
    let enforced = resolve(&voices, errs(false), false);
    let full = resolve(&voices, errs(true), true);
    if !voices.iter().any(|voice| voice.is_permit && !voice.shadow) {
        let because = match &action.opaque {
            _ if !facts.opaque => format!("No rule permits it ({}).", facts.shown),
            Some(why) => format!(
                "No rule permits a call that is not understood ({}: {}).",
                facts.shown,
                place::cut(why, 120)
            ),
            None => format!(
                "No rule permits a call whose target cannot be told ({}).",
                facts.shown
            ),
        };
        weighed.push(own("charter.no-permit", because));
    }
    (enforced, full, weighed)
}

/// The exception that takes a rule out of the way, if one does.
fn lifting<'a>(
    charter: &'a Charter,
    rule: &Rule,
    facts: &Facts,
    context: &'a Context<'_>,
) -> Option<&'a Grant> {
    let value = charter.values.get(rule.value)?;
    // What is not understood is in no scope, and tier 0 has no exceptions.
    if rule.verdict == Decision::Allow || facts.opaque || value.tier == 0 {
        return None;
    }
    let assets: Vec<&str> = facts.assets.iter().map(String::as_str).collect();
    let scope = Scope {
        agent: &facts.agent,
        verb: facts.verb,
        host: &facts.host,
        path: facts.path.as_ref(),
        assets: &assets,
    };
    let tier = |name: &str| charter.value(name).map(|value| value.tier);
    charter
        .grants
        .iter()
        .chain(context.exceptions)
        .find(|grant| {
            grant.terms().value == value.name
                && grant.holds_at(context.at)
                && grant.covers(&scope)
                && grant.check(&charter.settings, &tier).is_ok()
        })
}

/// Puts the rulings on all targets together.
fn together(judged: Vec<Judged>) -> Verdict {
    let worst = |pick: &dyn Fn(&Judged) -> Ruling| {
        judged
            .iter()
            .map(pick)
            .reduce(Ruling::worse)
            .unwrap_or(Ruling::DENY)
    };
    let enforced = worst(&|it| it.0);
    let full = worst(&|it| it.1);
    let told = tell(enforced, full);
    let mut all: Vec<Weighed> = Vec::new();
    for (its, with_shadow, weighed) in judged {
        let decides = its == told.ruling || with_shadow == told.ruling;
        all.extend(weighed.into_iter().map(|it| Weighed { decides, ..it }));
    }
    if let Some(other) = told.other {
        let because = match told.passes {
            true => format!(
                "It passes: only rules in shadow speak against it, and by the rules in force it is \
                 {}.",
                name(other)
            ),
            false => format!(
                "With the rules in shadow in force it would be {}.",
                name(other)
            ),
        };
        let mut said = own("charter.shadow", because);
        said.consideration.decision = other;
        said.decides = true;
        all.push(said);
    }
    Verdict {
        decision: told.ruling.decision,
        by: told.ruling.tier.map_or(Authority::Default, Authority::Tier),
        shadow: told.passes,
        considerations: listed(all),
    }
}

/// The considerations in the order of tiers, each once, and not more than fit.
fn listed(mut all: Vec<Weighed>) -> Vec<Consideration> {
    let order = |it: &Weighed| {
        let consideration = &it.consideration;
        (
            consideration.tier,
            std::cmp::Reverse(consideration.decision),
            std::cmp::Reverse(it.weight),
            consideration.rule.clone(),
            consideration.because.clone(),
        )
    };
    all.sort_by_cached_key(order);
    all.dedup_by(|a, b| {
        a.consideration == b.consideration && {
            b.decides |= a.decides;
            true
        }
    });
    let over = all.len().saturating_sub(MOST_CONSIDERATIONS);
    if over > 0 {
        // What decided stays; sorting keeps the order among the rest.
        all.sort_by_key(|it| !it.decides);
        all.truncate(MOST_CONSIDERATIONS - 1);
        let mut more = own(
            "charter.limit",
            format!("{} more considerations are not listed.", over + 1),
        );
        more.consideration.decision = Decision::Allow;
        all.push(more);
        all.sort_by_cached_key(order);
    }
    all.into_iter().map(|it| it.consideration).collect()
}

fn own(rule: &str, because: String) -> Weighed {
    Weighed {
        consideration: Consideration {
            decision: Decision::Deny,
            value: OWN_VALUE.to_owned(),
            tier: None,
            rule: rule.to_owned(),
            because,
        },
        weight: u32::MAX,
        decides: false,
    }
}

fn refuse(rule: &str, because: &str) -> Verdict {
    Verdict {
        decision: Decision::Deny,
        by: Authority::Default,
        shadow: false,
        considerations: vec![own(rule, because.to_owned()).consideration],
    }
}

pub(crate) const fn name(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allowed",
        Decision::Hold => "held for a person",
        Decision::Deny => "denied",
    }
}
