//! `check`: what in a charter cannot work, before it is put in force.
//!
//! What is proved and what is not. A rule is said to match nothing if Cedar's own validator proves
//! it, or if none of all requests does that differ in what the rule looks at; a rule is said never
//! to decide if another one, which outranks it, matches whatever it matches. Both are proved over
//! more requests than can occur, so what is reported is so. What is not reported may still be so:
//! texts (names, hosts) and very large spaces are tried by samples alone, and then nothing is
//! claimed but that no match was found.

mod space;

use cedar_policy::{Decision as Answer, PolicySet};
use serde::Serialize;
use tribune_evidence::{Decision, Timestamp};

use crate::ask::Asked;
use crate::charter::Charter;
use crate::facts::Facts;
use crate::rule::{Rule, proven_empty};
use space::Space;

/// The most requests that are tried for one rule.
const OF_ONE: usize = 20_000;
/// The most that are tried for a pair of rules.
const OF_TWO: usize = 4_000;

/// How grave a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It cannot be meant.
    Error,
    /// It may not be meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// Something that `check` found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How grave.
    pub severity: Severity,
    /// What kind of problem, for machines.
    pub kind: &'static str,
    /// The file and line.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: String,
}

/// What `check` found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The problems, gravest first.
    pub problems: Vec<Problem>,
    /// How many rules were seen to match some request.
    pub matched: usize,
    /// How many rules there are.
    pub rules: usize,
}

/// A rule with what is needed to try it.
struct Tried<'a> {
    rule: &'a Rule,
    tier: u8,
    set: PolicySet,
    /// A request that it matches.
    witness: Option<Facts>,
}

impl Tried<'_> {
    /// Whether the rule is heard on a request. One that breaks is heard: it denies.
    fn matches(&self, asked: &Asked, facts: &Facts) -> bool {
        if !self.rule.verbs.contains(&facts.verb)
            || (facts.opaque && self.rule.is_permit && !self.rule.opaque)
        {
            return false;
        }
        let response = asked.response(&self.set);
        let broken = response.diagnostics().errors().next().is_some();
        broken
            || match self.rule.is_permit {
                true => response.decision() == Answer::Allow,
                false => response.diagnostics().reason().next().is_some(),
            }
    }

    fn outranks(&self, other: &Self) -> bool {
        self.tier < other.tier
            || (self.tier == other.tier && self.rule.verdict > other.rule.verdict)
    }
}

/// Looks through a charter for what cannot work.
#[must_use]
pub fn check(charter: &Charter, now: Timestamp) -> Checked {
    let mut problems = Vec::new();
    let mut tried = Vec::new();
    for rule in &charter.rules {
        let mut set = PolicySet::new();
        if let Err(error) = set.add(rule.policy.clone()) {
            problems.push(of_rule(
                charter,
                rule,
                Severity::Error,
                "broken",
                error.to_string(),
                "",
            ));
            continue;
        }
        let tier = charter.values.get(rule.value).map_or(0, |value| value.tier);
        let mut one = Tried {
            rule,
            tier,
            set,
            witness: None,
        };
        problems.extend(matches_something(charter, &mut one));
        tried.push(one);
    }
    for rule in &tried {
        problems.extend(never_decides(charter, rule, &tried));
    }
    unused(charter, &mut problems);
    moments(charter, now, &mut problems);
    nobody(charter, &mut problems);
    problems.sort_by(|a, b| (a.severity, &a.place, &a.what).cmp(&(b.severity, &b.place, &b.what)));
    Checked {
        problems,
        matched: tried.iter().filter(|it| it.witness.is_some()).count(),
        rules: charter.rules.len(),
    }
}

/// Finds a request that a rule matches, or says that there is none.
fn matches_something(charter: &Charter, one: &mut Tried<'_>) -> Option<Problem> {
    let rule = one.rule;
    let hint = "take it out, or mend its conditions";
    if proven_empty(rule, charter.terms).is_some() {
        let what = format!("the rule {:?} can never match: Cedar proves it", rule.name);
        return Some(of_rule(
            charter,
            rule,
            Severity::Error,
            "never-matches",
            what,
            hint,
        ));
    }
    let space = Space::new(charter, &[rule], OF_ONE);
    let mut count = 0_usize;
    for facts in space.requests() {
        count += 1;
        let Ok(asked) = Asked::new(charter, &facts) else {
            continue;
        };
        if one.matches(&asked, &facts) {
            one.witness = Some(facts);
            return None;
        }
    }
    let (severity, what) = match space.is_whole() {
        true => (
            Severity::Error,
            format!(
                "the rule {:?} can never match: none of all {count} kinds of request that it could \
                 tell apart does",
                rule.name
            ),
        ),
        false => (
            Severity::Note,
            format!(
                "for the rule {:?} no match was found among {count} requests; whether there is one \
                 depends on texts that cannot all be tried",
                rule.name
            ),
        ),
    };
    Some(of_rule(
        charter,
        rule,
        severity,
        "never-matches",
        what,
        hint,
    ))
}

/// Whether another rule, which outranks this one, matches whatever it matches.
fn never_decides(charter: &Charter, one: &Tried<'_>, all: &[Tried<'_>]) -> Option<Problem> {
    if one.rule.shadow {
        return None;
    }
    let witness = one.witness.as_ref()?;
    for other in all {
        // A permit below a forbid that holds is needed still, or it would be a deny.
        let needed =
            one.rule.is_permit && !other.rule.is_permit && other.rule.verdict == Decision::Hold;
        if other.rule.shadow || needed || !other.outranks(one) {
            continue;
        }
        let covers_verbs = one
            .rule
            .verbs
            .iter()
            .all(|it| other.rule.verbs.contains(it));
        let Ok(asked) = Asked::new(charter, witness) else {
            continue;
        };
        if !covers_verbs || !other.matches(&asked, witness) || !is_within(charter, one, other) {
            continue;
        }
        let is_contradiction =
            one.tier == other.tier && one.rule.is_permit && !other.rule.is_permit;
        return Some(match is_contradiction {
            true => of_rule(
                charter,
                one.rule,
                Severity::Error,
                "contradiction",
                format!(
                    "the rules {:?} and {:?} contradict each other in tier {}: whatever the first \
                     permits the second forbids",
                    one.rule.name, other.rule.name, one.tier
                ),
                "say in one of them what the other is to keep",
            ),
            false => of_rule(
                charter,
                one.rule,
                Severity::Warning,
                "never-decides",
                format!(
                    "the rule {:?} can never decide: {:?}, which outranks it, matches whatever it \
                     matches of calls that are understood",
                    one.rule.name, other.rule.name
                ),
                "take it out, or put its value into a higher tier",
            ),
        });
    }
    None
}

/// Whether one rule matches nothing that another one does not; said only where it is proved. Calls
/// that are not understood are left aside unless the rule is about them: there no permit is heard.
fn is_within(charter: &Charter, one: &Tried<'_>, other: &Tried<'_>) -> bool {
    let space = Space::new(charter, &[one.rule, other.rule], OF_TWO);
    if !space.is_whole() {
        return false;
    }
    let about_opaque =
        one.rule.opaque || space::Mentioned::of(one.rule).attributes.contains("opaque");
    let counts = |facts: &Facts| about_opaque || !facts.opaque;
    space
        .requests()
        .filter(counts)
        .all(|facts| match Asked::new(charter, &facts) {
            Ok(asked) => !one.matches(&asked, &facts) || other.matches(&asked, &facts),
            Err(_) => true,
        })
}

/// Values, roles, kinds and assets that no rule speaks of.
fn unused(charter: &Charter, problems: &mut Vec<Problem>) {
    for (place, value) in charter.values.iter().enumerate() {
        if !charter.rules.iter().any(|rule| rule.value == place) {
            let what = format!("no rule serves the value {:?}", value.name);
            let at = line_of(charter, &format!("[values.{}]", value.name));
            problems.push(problem(
                Severity::Warning,
                "unused-value",
                at,
                what,
                "write a rule for it, or take it out",
            ));
        }
    }
    let named = |type_name: &str, name: &str| {
        charter.rules.iter().any(|rule| {
            rule.policy
                .entity_literals()
                .iter()
                .any(|it| it.type_name().to_string() == type_name && it.id().unescaped() == name)
        })
    };
    let any = charter
        .rules
        .iter()
        .any(|rule| space::Mentioned::of(rule).attributes.contains("protected"));
    for asset in &charter.assets {
        let spoken = any || named("Kind", &asset.kind) || named("Asset", asset.id.as_str());
        if !spoken {
            let what = format!(
                "no rule speaks of the asset {:?} or of its kind {:?}, so nothing protects it",
                asset.id.as_str(),
                asset.kind
            );
            let at = line_of(charter, &format!(".{}]", asset.id));
            problems.push(problem(
                Severity::Warning,
                "unprotected-asset",
                at,
                what,
                "write a rule for it, or take it out",
            ));
        }
    }
}

fn moments(charter: &Charter, now: Timestamp, problems: &mut Vec<Problem>) {
    for grant in &charter.grants {
        let terms = grant.terms();
        if terms.until <= now {
            let what = format!("the exception {:?} ended at {}", terms.name, terms.until);
            let at = line_of(charter, &format!("[exceptions.{}]", terms.name));
            problems.push(problem(
                Severity::Warning,
                "expired-exception",
                at,
                what,
                "take it out",
            ));
        }
    }
}

fn nobody(charter: &Charter, problems: &mut Vec<Problem>) {
    let holds = charter
        .rules
        .iter()
        .any(|rule| rule.verdict == Decision::Hold);
    let decides = charter.settings.people.iter().any(|it| it.decides_holds);
    if holds && !decides {
        let what = "some rules hold calls for a person, and nobody decides holds";
        let hint = "write decides-holds = true for a person";
        let at = charter.source.name().to_owned();
        problems.push(problem(
            Severity::Error,
            "nobody-decides",
            at,
            what.to_owned(),
            hint,
        ));
    }
}

fn problem(
    severity: Severity,
    kind: &'static str,
    place: String,
    what: String,
    hint: &str,
) -> Problem {
    Problem {
        severity,
        kind,
        place,
        what,
        hint: hint.to_owned(),
    }
}

fn of_rule(
    charter: &Charter,
    rule: &Rule,
    severity: Severity,
    kind: &'static str,
    what: String,
    hint: &str,
) -> Problem {
    let line = charter
        .sources
        .get(&rule.file)
        .and_then(|source| source.text().get(..rule.span.start))
        .map_or(1, |before| before.matches('\n').count() + 1);
    problem(severity, kind, format!("{}:{line}", rule.file), what, hint)
}

/// The line of the main file that holds some text.
fn line_of(charter: &Charter, needle: &str) -> String {
    let text = charter.source.text();
    match text.find(needle) {
        Some(at) => {
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            format!("{}:{line}", charter.source.name())
        }
        None => charter.source.name().to_owned(),
    }
}
