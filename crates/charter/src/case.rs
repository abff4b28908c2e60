//! Cases: what a charter must say of a call, as files in `tests/`.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_saphyr::Spanned;
use tribune_evidence::{
    Action, AgentId, Authority, Behaviour, Decision, EventId, Finding, Grade, NonEmpty, Overtness,
    Sensor, Stage, Timestamp, Verdict,
};
use tribune_source::{Source, SourceError, nearest};

use crate::bounds;
use crate::charter::Charter;
use crate::decide::{Context, decide, name};
use crate::exception::{Grant, GrantTerms};
use crate::sentences::sentences;
use crate::short::short_action;

/// The most cases of one file.
const CASES: usize = 2_000;

/// A case of a file.
#[derive(Debug)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    agent: AgentId,
    parent: Option<AgentId>,
    at: Timestamp,
    via: Sensor,
    actions: Vec<Action>,
    findings: Vec<Finding>,
    exceptions: Vec<GrantTerms>,
    expect: Expect,
}

/// What a case expects.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expect {
    decision: Decision,
    tier: Option<u8>,
    rule: Option<String>,
    shadow: Option<bool>,
}

/// What became of a case.
#[derive(Debug)]
pub struct CaseResult {
    /// The case.
    pub case: Case,
    /// What the charter says.
    pub verdict: Verdict,
    /// What is not as expected, in sentences; empty if it passed.
    pub failures: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CaseForm {
    name: String,
    agent: String,
    parent: Option<String>,
    at: Option<Moment>,
    via: Option<Sensor>,
    does: Option<Spanned<OneOrMany>>,
    actions: Option<Vec<Action>>,
    #[serde(default)]
    findings: Vec<FindingForm>,
    #[serde(default)]
    exceptions: Vec<GrantForm>,
    expect: Decision,
    tier: Option<u8>,
    rule: Option<Spanned<String>>,
    shadow: Option<bool>,
}

/// A moment as it is written; the record keeps milliseconds.
#[derive(Debug, Clone, Copy)]
struct Moment(Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FindingForm {
    behaviour: Behaviour,
    agents: Vec<String>,
    stage: Stage,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct GrantForm {
    name: String,
    value: String,
    by: String,
    agents: Vec<String>,
    verbs: Vec<tribune_evidence::Verb>,
    #[serde(default)]
    assets: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    hosts: Vec<String>,
    from: Moment,
    until: Moment,
    because: String,
}

/// What is needed to make a finding for a case of what a person wrote.
#[must_use]
pub fn assumed_finding(behaviour: Behaviour, agents: Vec<AgentId>, stage: Stage) -> Finding {
    Finding {
        behaviour,
        grade: Grade::Ungraded,
        stage,
        overt: Overtness::Unknown,
        evidence: NonEmpty::new(EventId(0)),
        agents,
        magnitude: None,
        tags: Vec::new(),
        because: "assumed for this question".to_owned(),
    }
}

impl Charter {
    /// The cases that came with this charter.
    ///
    /// # Errors
    /// A file cannot be read as cases; the error names the place.
    pub fn cases(&self) -> Result<Vec<Case>, SourceError> {
        let mut cases = Vec::new();
        for source in &self.tests {
            cases.extend(read(source, self)?);
        }
        Ok(cases)
    }

    /// Runs a case.
    #[must_use]
    pub fn run(&self, case: Case) -> CaseResult {
        let mut failures = Vec::new();
        let mut grants = Vec::new();
        for terms in &case.exceptions {
            match Grant::new(terms.clone(), self) {
                Ok(grant) => grants.push(grant),
                Err(error) => failures.push(format!("The exception {:?}: {error}.", terms.name)),
            }
        }
        let context = Context {
            agent: &case.agent,
            parent: case.parent.as_ref(),
            at: case.at,
            via: case.via,
            exceptions: &grants,
        };
        let verdict = decide(self, &case.actions, &case.findings, &context);
        failures.extend(case.expect.differs(&verdict));
        if !failures.is_empty() {
            failures.extend(sentences(&verdict, self));
        }
        CaseResult {
            case,
            verdict,
            failures,
        }
    }
}

impl Expect {
    fn differs(&self, verdict: &Verdict) -> Vec<String> {
        let mut differs = Vec::new();
        if verdict.decision != self.decision {
            differs.push(format!(
                "It is {}, where it should be {}.",
                name(verdict.decision),
                name(self.decision)
            ));
        }
        if let Some(tier) = self.tier
            && verdict.by != Authority::Tier(tier)
        {
            let decided = verdict
                .by
                .tier()
                .map_or("no tier".to_owned(), |tier| format!("tier {tier}"));
            differs.push(format!(
                "Decided by {decided}, where it should be tier {tier}."
            ));
        }
        if let Some(rule) = &self.rule {
            let spoke = |it: &&tribune_evidence::Consideration| {
                it.rule == *rule && it.decision == verdict.decision
            };
            if verdict.considerations.iter().find(spoke).is_none() {
                differs.push(format!("The rule {rule:?} did not decide so."));
            }
        }
        if let Some(shadow) = self.shadow
            && verdict.shadow != shadow
        {
            let mut text = "It is ".to_owned();
            let _ = write!(text, "{}in shadow.", if shadow { "not " } else { "" });
            differs.push(text);
        }
        differs
    }
}

/// Reads the cases of a file.
fn read(source: &Source, charter: &Charter) -> Result<Vec<Case>, SourceError> {
    bounds::nesting(source)?;
    let options = serde_saphyr::options! {
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: bounds::TOML_NESTING,
            max_aliases: 0,
            max_anchors: 0,
            max_nodes: 100_000,
        },
    };
    let forms: Vec<Spanned<CaseForm>> = serde_saphyr::from_str_with_options(source.text(), options)
        .map_err(|error| mistake(source, &error))?;
    if forms.len() > CASES {
        return Err(source.whole(format!("a file has at most {CASES} cases"), ""));
    }
    forms
        .into_iter()
        .map(|form| case(source, charter, form))
        .collect()
}

/// A mistake that the reader of YAML found, at its place.
fn mistake(source: &Source, error: &serde_saphyr::Error) -> SourceError {
    let message = error.to_string();
    let message = message.lines().next().unwrap_or_default();
    // The place is told before the message.
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(what, _)| what);
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let known = message
        .split_once(" expected one of ")
        .map_or(Vec::new(), |(_, list)| list.split(", ").collect());
    let kind = match message {
        _ if message.starts_with("unknown field") => Some("key"),
        _ if message.starts_with("unknown variant") => Some("word"),
        _ => None,
    };
    let (what, hint) = match (kind, quoted.first()) {
        (Some(kind), Some(word)) => {
            let hint = match nearest(word, known.iter().copied()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("known here: {}", known.join(", ")),
            };
            (format!("there is no {kind} {word:?} here"), hint)
        }
        _ if message.starts_with("budget breached") => (
            "this is more than a file of cases may hold".to_owned(),
            "no anchors and aliases, no deep nesting".to_owned(),
        ),
        _ => {
            let what = message.split(", set DuplicateKeyPolicy").next();
            (what.unwrap_or_default().to_owned(), String::new())
        }
    };
    match error.location() {
        Some(location) => source.at(
            offset(source.text(), location.line(), location.column()),
            what,
            hint,
        ),
        None => source.whole(what, hint),
    }
}

/// The place of a line and column, from 1, in bytes.
fn offset(text: &str, line: u64, column: u64) -> std::ops::Range<usize> {
    let skip = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    let start: usize = text.split_inclusive('\n').take(skip).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let right = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
    let length = rest.lines().next().unwrap_or_default().len();
    let at = start
        + rest
            .char_indices()
            .nth(right)
            .map_or(length, |(at, _)| at.min(length));
    at..at
}

fn case(source: &Source, charter: &Charter, form: Spanned<CaseForm>) -> Result<Case, SourceError> {
    let line = form.referenced.line();
    let here = offset(source.text(), line, form.referenced.column());
    let form = form.value;
    let wrong = |what: String, hint: &str| source.at(here.clone(), what, hint);
    let mut actions = form.actions.unwrap_or_default();
    if let Some(does) = form.does {
        let at = offset(
            source.text(),
            does.referenced.line(),
            does.referenced.column(),
        );
        let list = match does.value {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(list) => list,
        };
        for text in list {
            let action = short_action(&text)
                .map_err(|error| source.at(at.clone(), error.to_string(), ""))?;
            actions.push(action);
        }
    }
    if actions.is_empty() {
        let hint = "give does: in the short form, or actions: in full";
        return Err(wrong(
            format!("the case {:?} does nothing", form.name),
            hint,
        ));
    }
    if let Some(rule) = &form.rule
        && charter.rule(&rule.value).is_none()
        && !rule.value.starts_with("charter.")
    {
        let at = offset(
            source.text(),
            rule.referenced.line(),
            rule.referenced.column(),
        );
        let words = charter.rules().iter().map(|it| it.name.as_str());
        return Err(source.unknown(at, "rule", &rule.value, words));
    }
    let agents = |list: Vec<String>| list.iter().map(AgentId::new).collect::<Vec<_>>();
    let granted = |form: GrantForm| GrantTerms {
        name: form.name,
        value: form.value,
        by: AgentId::new(form.by),
        agents: agents(form.agents),
        verbs: form.verbs,
        assets: form.assets.iter().map(|it| it.as_str().into()).collect(),
        paths: form.paths,
        hosts: form.hosts,
        from: form.from.0,
        until: form.until.0,
        because: form.because,
    };
    Ok(Case {
        name: form.name,
        file: source.name().to_owned(),
        line,
        agent: AgentId::new(form.agent),
        parent: form.parent.map(AgentId::new),
        at: form.at.map_or_else(Timestamp::default, |at| at.0),
        via: form.via.unwrap_or(Sensor::Wire),
        actions,
        findings: form
            .findings
            .into_iter()
            .map(|it| assumed_finding(it.behaviour, agents(it.agents), it.stage))
            .collect(),
        exceptions: form.exceptions.into_iter().map(granted).collect(),
        expect: Expect {
            decision: form.expect,
            tier: form.tier,
            rule: form.rule.map(|it| it.value),
            shadow: form.shadow,
        },
    })
}
