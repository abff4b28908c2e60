//! Rules: Cedar policies with what they serve and say.
//!
//! A `permit` says allow, or hold: a person may let it through. A `forbid` says deny, or hold: it
//! must wait even where another rule permits it. Which it is stands in `@verdict`, so that a rule
//! reads as what it does.

use std::ops::Range;

use cedar_policy::{ActionConstraint, Effect, Policy, PolicyId, PolicySet, ValidationMode};
use miette::Diagnostic;
use tribune_evidence::{Decision, Verb};
use tribune_source::{Source, SourceError};

use crate::bounds;
use crate::schema::{Names, Terms, Type};
use crate::settings::Value;

/// The longest reason of a rule, in characters.
const LONGEST_REASON: usize = 300;
/// The longest name of a rule, in bytes.
const LONGEST_NAME: usize = 80;
const ANNOTATIONS: [&str; 6] = ["id", "value", "verdict", "because", "shadow", "opaque"];

/// A rule: when something speaks for or against a call, for the sake of which value, and why.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// What it says.
    pub verdict: Decision,
    /// The place of its value in the charter's list.
    pub(crate) value: usize,
    /// Why, in a sentence.
    pub because: String,
    /// Whether it is tried out: what it says is recorded and does not count.
    pub shadow: bool,
    /// Whether it speaks of calls that are not understood too. A permit that does not is not heard
    /// on them.
    pub opaque: bool,
    /// Whether it permits, now or after a hold.
    pub is_permit: bool,
    /// The file that it stands in.
    pub file: String,
    /// Its place there, in bytes.
    pub span: Range<usize>,
    /// The verbs that it can speak of, by its scope.
    pub(crate) verbs: Vec<Verb>,
    pub(crate) policy: Policy,
}

/// Reads the rules of a file.
pub(crate) fn read(
    source: &Source,
    terms: &Terms,
    values: &[Value],
    names: &Names,
    out: &mut Vec<Rule>,
) -> Result<(), SourceError> {
    let stem = source.name().rsplit('/').next().unwrap_or_default();
    let stem = stem.strip_suffix(".cedar").unwrap_or(stem).to_owned();
    for (place, span) in bounds::policies(source)?.into_iter().enumerate() {
        if out.len() >= bounds::POLICIES {
            let what = format!("there are more than {} rules", bounds::POLICIES);
            return Err(source.at(span, what, ""));
        }
        let fallback = format!("{stem}-{}", place + 1);
        let rule = one(source, span, fallback, terms, values, names)?;
        if let Some(first) = out.iter().find(|known| known.name == rule.name) {
            let what = format!("there are two rules {:?}", rule.name);
            let hint = format!("the first is in {}; give this one another @id", first.file);
            return Err(source.at(rule.span, what, hint));
        }
        out.push(rule);
    }
    Ok(())
}

fn one(
    source: &Source,
    span: Range<usize>,
    fallback: String,
    terms: &Terms,
    values: &[Value],
    names: &Names,
) -> Result<Rule, SourceError> {
    let text = source.text().get(span.clone()).unwrap_or_default();
    let policy = Policy::parse(None, text).map_err(|errors| parse_error(source, &span, &errors))?;
    let at = |needle: &str| find(text, needle, &span);
    for (key, _) in policy.annotations() {
        if !ANNOTATIONS.contains(&key) {
            return Err(source.unknown(
                at(&format!("@{key}")),
                "annotation",
                key,
                ANNOTATIONS.into_iter(),
            ));
        }
    }
    let needed = |key: &str, what: &str| {
        policy.annotation(key).ok_or_else(|| {
            let hint = format!("write @{key}(\"...\") before it: {what}");
            source.at(span.clone(), format!("this rule has no @{key}"), hint)
        })
    };
    let name = policy.annotation("id").map_or(fallback, str::to_owned);
    let is_name = |name: &str| {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(fits)
    };
    if !is_name(&name) || name.starts_with("charter.") {
        let what = format!("{name:?} is no name of a rule");
        let hint = "lower-case letters, digits and hyphens; `charter.` is kept for Tribune's own";
        return Err(source.at(at("@id"), what, hint));
    }
    let value_name = needed("value", "the value that it serves")?;
    let Some(value) = values.iter().position(|value| value.name == value_name) else {
        let known = values.iter().map(|value| value.name.as_str());
        return Err(source.unknown(at("@value"), "value", value_name, known));
    };
    let verdict = needed("verdict", "allow, hold or deny")?;
    let decision = match verdict {
        "allow" => Decision::Allow,
        "hold" => Decision::Hold,
        "deny" => Decision::Deny,
        other => {
            let known = ["allow", "hold", "deny"].into_iter();
            return Err(source.unknown(at("@verdict"), "verdict", other, known));
        }
    };
    let is_permit = policy.effect() == Effect::Permit;
    if (is_permit && decision == Decision::Deny) || (!is_permit && decision == Decision::Allow) {
        let (effect, other) = if is_permit {
            ("permit", "forbid")
        } else {
            ("forbid", "permit")
        };
        let what = format!("a {effect} cannot have the verdict {verdict:?}");
        return Err(source.at(
            at("@verdict"),
            what,
            format!("write {other}, or another verdict"),
        ));
    }
    let because = needed("because", "why, in a sentence")?.trim().to_owned();
    if because.is_empty() || because.chars().count() > LONGEST_REASON {
        let what = format!("a reason has 1 to {LONGEST_REASON} characters");
        return Err(source.at(at("@because"), what, ""));
    }
    let flag = |key: &str| match policy.annotation(key) {
        None => Ok(false),
        Some("") => Ok(true),
        Some(_) => Err(source.at(
            at(&format!("@{key}")),
            format!("@{key} takes no text"),
            format!("write @{key} alone"),
        )),
    };
    let (shadow, opaque) = (flag("shadow")?, flag("opaque")?);
    if opaque && !is_permit {
        let what = "a forbid is heard on every call, so @opaque says nothing here";
        return Err(source.at(at("@opaque"), what, "leave it out"));
    }
    named(source, &policy, text, &span, names)?;
    let policy = policy.new_id(PolicyId::new(&name));
    valid(source, &policy, &span, terms)?;
    Ok(Rule {
        verbs: verbs(&policy, terms),
        name,
        verdict: decision,
        value,
        because,
        shadow,
        opaque,
        is_permit,
        file: source.name().to_owned(),
        span,
        policy,
    })
}

/// The place of some text within a policy, or of the whole policy.
fn find(text: &str, needle: &str, span: &Range<usize>) -> Range<usize> {
    text.find(needle).map_or(span.clone(), |at| {
        span.start + at..span.start + at + needle.len()
    })
}

/// The first place that a diagnostic of Cedar points to, within the file.
fn place(diagnostic: &dyn Diagnostic, span: &Range<usize>) -> Range<usize> {
    let label = diagnostic.labels().and_then(|mut labels| labels.next());
    label.map_or(span.clone(), |label| {
        let start = (span.start + label.offset()).min(span.end);
        start..(start + label.len()).min(span.end)
    })
}

fn parse_error(
    source: &Source,
    span: &Range<usize>,
    errors: &cedar_policy::ParseErrors,
) -> SourceError {
    let first: &dyn Diagnostic = errors;
    let hint = first
        .help()
        .map(|help| help.to_string())
        .unwrap_or_default();
    source.at(place(first, span), errors.to_string(), hint)
}

/// Every thing that a policy names must be there.
fn named(
    source: &Source,
    policy: &Policy,
    text: &str,
    span: &Range<usize>,
    names: &Names,
) -> Result<(), SourceError> {
    for uid in policy.entity_literals() {
        let (type_name, id) = (uid.type_name().to_string(), uid.id().unescaped());
        let written = format!("{type_name}::");
        let types = Type::ALL;
        let Some(kind) = types.iter().find(|kind| kind.as_str() == type_name) else {
            let known = types.iter().map(|kind| kind.as_str());
            return Err(source.unknown(find(text, &written, span), "type", &type_name, known));
        };
        if let Some(known) = names.of(*kind)
            && !known.contains(&id)
        {
            let quoted = format!("{type_name}::{id:?}");
            let at = find(text, &quoted, span);
            return Err(source.unknown(at, kind.noun(), id, known.into_iter()));
        }
    }
    Ok(())
}

/// The policy must fit the schema of requests: no attribute that is not there, no comparison of
/// things that cannot be compared, none that could fail.
fn valid(
    source: &Source,
    policy: &Policy,
    span: &Range<usize>,
    terms: &Terms,
) -> Result<(), SourceError> {
    let mut set = PolicySet::new();
    if let Err(error) = set.add(policy.clone()) {
        return Err(source.at(span.clone(), error.to_string(), ""));
    }
    let result = terms.validator.validate(&set, ValidationMode::Strict);
    // Cedar finds the same mistake for several verbs, in no fixed order: the first by its words.
    let all = result.validation_errors();
    let Some(error) = all.min_by_key(|error| error.to_string()) else {
        return Ok(());
    };
    let prefix = format!("for policy `{}`, ", policy.id());
    let plain = |text: String| text.replace(&prefix, "");
    let hint = error.help().map(|help| plain(help.to_string()));
    let what = plain(error.to_string());
    Err(source.at(place(error, span), what, hint.unwrap_or_default()))
}

/// The verbs that a policy can speak of, by its scope.
fn verbs(policy: &Policy, terms: &Terms) -> Vec<Verb> {
    let named = match policy.action_constraint() {
        ActionConstraint::Any => return Verb::ALL.to_vec(),
        ActionConstraint::In(list) => list,
        ActionConstraint::Eq(one) => vec![one],
    };
    let fits = |verb: &&Verb| {
        terms.action(**verb).is_ok_and(|uid| {
            named
                .iter()
                .any(|group| *group == uid || terms.verbs.is_ancestor_of(group, &uid))
        })
    };
    Verb::ALL.iter().filter(fits).copied().collect()
}

/// Whether Cedar proves that a policy matches no request: its own words on it.
pub(crate) fn proven_empty(rule: &Rule, terms: &Terms) -> Option<String> {
    let mut set = PolicySet::new();
    set.add(rule.policy.clone()).ok()?;
    let result = terms.validator.validate(&set, ValidationMode::Strict);
    result
        .validation_warnings()
        .map(ToString::to_string)
        .find(|warning| warning.contains("policy is impossible"))
}
