//! What is made of `charter.toml`: values, who there is, what is protected, exceptions. Every name is
//! held against what is there, and every mistake gets its place and the nearest right word.

use std::collections::BTreeSet;
use std::time::Duration;

use toml::Spanned;
use tribune_evidence::{AgentId, FileRef, HostId, Switch, Timestamp, Verb};
use tribune_source::{Source, SourceError};

use crate::error::CharterError;
use crate::exception::{Grant, GrantError, GrantTerms};
use crate::form::{
    AccountForm, AgentForm, AssetForm, CharterForm, ExceptionForm, KindForm, UnknownAgent, Words,
};
use crate::place::{self, Pattern};
use crate::schema::{GROUPS, Names, Terms};
use crate::settings::{AgentEntry, Asset, HostEntry, KeySource, PersonEntry, Settings, Value};

/// How long a hold waits where the charter does not say.
const HOLD: Duration = Duration::from_secs(600);
/// The longest that a hold or an exception can be given.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);
/// The lowest tier.
const TIERS: i64 = 9;
/// The longest sentence, in characters.
const SENTENCE: usize = 300;

/// What is made of `charter.toml`.
pub(crate) struct Made {
    pub(crate) values: Vec<Value>,
    pub(crate) settings: Settings,
    pub(crate) assets: Vec<Asset>,
    pub(crate) switches: Vec<Switch>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) names: Names,
}

impl Made {
    pub(crate) fn of(source: &Source, form: &CharterForm) -> Result<Self, SourceError> {
        let values = values(source, form)?;
        let settings = settings(source, form, &values)?;
        let mut assets = assets(source, form)?;
        let switches = switches(source, form, &mut assets)?;
        let names = Names {
            roles: settings
                .agents
                .iter()
                .flat_map(|agent| agent.roles.iter().cloned())
                .collect(),
            agents: form.agents.keys().cloned().collect(),
            kinds: assets.iter().map(|asset| asset.kind.clone()).collect(),
            assets: assets.iter().map(|it| it.id.as_str().to_owned()).collect(),
        };
        let mut grants = Vec::new();
        for (name, exception) in &form.exceptions {
            grants.push(grant(source, name, exception, &values, &settings, &names)?);
        }
        Ok(Self {
            values,
            settings,
            assets,
            switches,
            grants,
            names,
        })
    }
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    !text.is_empty() && text.len() <= 60 && text.chars().all(fits)
}

fn check_name<T>(
    source: &Source,
    kind: &str,
    name: &str,
    at: &Spanned<T>,
) -> Result<(), SourceError> {
    if is_name(name) {
        return Ok(());
    }
    let what = format!("{name:?} is no name of a {kind}");
    let hint = "lower-case letters, digits, hyphens and underscores, at most 60";
    Err(source.at(at.span(), what, hint))
}

fn values(source: &Source, form: &CharterForm) -> Result<Vec<Value>, SourceError> {
    let mut values = Vec::new();
    for (name, value) in &form.values {
        check_name(source, "value", name, value)?;
        if name == "charter" {
            let what = "the name \"charter\" is kept for what Tribune itself considers";
            return Err(source.at(value.span(), what, "choose another"));
        }
        let value = value.get_ref();
        let tier = *value.tier.get_ref();
        if !(0..=TIERS).contains(&tier) {
            let what = format!("{tier} is no tier");
            let hint = format!("0, which is the highest, to {TIERS}");
            return Err(source.at(value.tier.span(), what, hint));
        }
        let weight = match &value.weight {
            None => 0,
            Some(weight) => u32::try_from(*weight.get_ref()).map_err(|_| {
                source.at(weight.span(), "a weight is a whole number, 0 or more", "")
            })?,
        };
        let sentence = value.sentence.get_ref().trim().to_owned();
        if sentence.is_empty() || sentence.chars().count() > SENTENCE {
            let what = format!("a sentence has 1 to {SENTENCE} characters");
            return Err(source.at(value.sentence.span(), what, ""));
        }
        values.push(Value {
            name: name.clone(),
            tier: u8::try_from(tier).unwrap_or(u8::MAX),
            weight,
            sentence,
        });
    }
    if values.is_empty() {
        return Err(source.whole("there is no value", "write at least one [values.NAME]"));
    }
    values.sort_by(|a, b| {
        (a.tier, std::cmp::Reverse(a.weight), &a.name).cmp(&(
            b.tier,
            std::cmp::Reverse(b.weight),
            &b.name,
        ))
    });
    Ok(values)
}

/// A span of time such as `10 min`.
fn duration(source: &Source, text: &Spanned<String>) -> Result<Duration, SourceError> {
    let bad = || {
        let what = format!("{:?} is no span of time", text.get_ref());
        let hint = "a number and ms, s, min, h or d, such as \"10 min\"; at most 366 d";
        source.at(text.span(), what, hint)
    };
    let word = text.get_ref().trim();
    let end = word.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
    let (number, unit) = word.split_at(end);
    let number: u64 = number.parse().map_err(|_| bad())?;
    let unit = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(bad()),
    };
    let millis = number.checked_mul(unit).ok_or_else(bad)?;
    let duration = Duration::from_millis(millis);
    match duration.is_zero() || duration > LONGEST {
        true => Err(bad()),
        false => Ok(duration),
    }
}

fn moment(source: &Source, text: &Spanned<String>) -> Result<Timestamp, SourceError> {
    text.get_ref()
        .parse()
        .map_err(|error| source.at(text.span(), format!("{error}"), ""))
}

fn settings(
    source: &Source,
    form: &CharterForm,
    values: &[Value],
) -> Result<Settings, SourceError> {
    let mut agents = Vec::new();
    for (name, agent) in &form.agents {
        check_name(source, "agent", name, agent)?;
        agents.push(self::agent(source, form, name, agent)?);
    }
    no_circle(source, form)?;
    let mut people = Vec::new();
    for (name, person) in &form.people {
        check_name(source, "person", name, person)?;
        if form.agents.contains_key(name) {
            let what = format!("{name:?} is an agent too");
            return Err(source.at(person.span(), what, "give one of them another name"));
        }
        let person = person.get_ref();
        for value in &person.may_grant {
            let known = values.iter().find(|it| it.name == *value.get_ref());
            match known {
                Some(known) if known.tier > 0 => {}
                Some(_) => {
                    let what = format!("{:?} is a value of tier 0", value.get_ref());
                    return Err(source.at(value.span(), what, "tier 0 admits no exception"));
                }
                None => {
                    let words = values.iter().map(|it| it.name.as_str());
                    return Err(source.unknown(value.span(), "value", value.get_ref(), words));
                }
            }
        }
        people.push(PersonEntry {
            id: AgentId::new(name),
            names: person.names.clone(),
            decides_holds: person.decides_holds,
            may_grant: person
                .may_grant
                .iter()
                .map(|it| it.get_ref().clone())
                .collect(),
            exception_limit: match &person.exception_limit {
                Some(limit) => duration(source, limit)?,
                None => Duration::from_secs(3600),
            },
            accounts: accounts(&person.accounts),
        });
    }
    let mut hosts = Vec::new();
    for (name, host) in &form.hosts {
        let names = match host.get_ref().names.as_slice() {
            [] => vec![
                Pattern::of_names(&place::host(name))
                    .map_err(|why| source.at(host.span(), why, ""))?,
            ],
            list => patterns(source, list, &Pattern::of_names)?,
        };
        hosts.push(HostEntry {
            id: HostId::new(name),
            zone: host.get_ref().zone,
            names,
        });
    }
    Ok(Settings {
        hold_timeout: match &form.defaults.hold_timeout {
            Some(text) => duration(source, text)?,
            None => HOLD,
        },
        unknown_agent: form.defaults.unknown_agent.unwrap_or(UnknownAgent::Deny),
        shadow: form.defaults.shadow,
        agents,
        people,
        hosts,
        tools: form.tools.clone(),
    })
}

fn accounts(list: &[AccountForm]) -> Vec<(HostId, String)> {
    list.iter()
        .map(|account| (HostId::new(&account.host), account.user.clone()))
        .collect()
}

fn agent(
    source: &Source,
    form: &CharterForm,
    name: &str,
    entry: &Spanned<AgentForm>,
) -> Result<AgentEntry, SourceError> {
    let agent = entry.get_ref();
    let known = |word: &Spanned<String>| match form.agents.contains_key(word.get_ref()) {
        true => Ok(AgentId::new(word.get_ref())),
        false => {
            let words = form.agents.keys().map(String::as_str);
            Err(source.unknown(word.span(), "agent", word.get_ref(), words))
        }
    };
    let all = |list: &Words| list.iter().map(known).collect::<Result<Vec<_>, _>>();
    for role in &agent.roles {
        if !is_name(role.get_ref()) {
            let what = format!("{:?} is no name of a role", role.get_ref());
            let hint = "lower-case letters, digits, hyphens and underscores";
            return Err(source.at(role.span(), what, hint));
        }
    }
    let key = match (&agent.key, &agent.key_sha256) {
        (None, None) => None,
        (Some(_), Some(two)) => {
            let what = "the key has two sources";
            return Err(source.at(two.span(), what, "keep key or key-sha256"));
        }
        (Some(key), None) => match key.get_ref().strip_prefix("env:") {
            Some(variable) if !variable.trim().is_empty() => {
                Some(KeySource::Environment(variable.trim().to_owned()))
            }
            // What was written may be the key itself, so it is not shown.
            _ => return Err(no_key(source, key)),
        },
        (None, Some(hash)) => match hash.get_ref().parse() {
            Ok(hash) => Some(KeySource::Sha256(hash)),
            Err(_) => {
                let what = "this is no SHA-256 in hexadecimal digits";
                return Err(hidden(
                    source,
                    hash,
                    what,
                    "give that of the key, 64 digits",
                ));
            }
        },
    };
    Ok(AgentEntry {
        id: AgentId::new(name),
        is_controller: agent.kind == KindForm::Controller,
        names: agent.names.clone(),
        roles: agent.roles.iter().map(|it| it.get_ref().clone()).collect(),
        parent: agent.parent.as_ref().map(known).transpose()?,
        reviews: all(&agent.reviews)?,
        manages: all(&agent.manages)?,
        shares_history: all(&agent.shares_history)?,
        key,
        shadow: agent.shadow,
        accounts: accounts(&agent.accounts),
    })
}

fn no_key(source: &Source, key: &Spanned<String>) -> SourceError {
    hidden(
        source,
        key,
        "a key is never written into a charter",
        "name where it is: key = \"env:NAME\", or key-sha256 = \"...\"",
    )
}

/// A mistake at a place that may hold a secret: the place is named, the file's text is not kept.
fn hidden(source: &Source, at: &Spanned<String>, what: &str, hint: &str) -> SourceError {
    let text: String = source
        .text()
        .char_indices()
        .flat_map(|(place, c)| match at.span().contains(&place) {
            true => std::iter::repeat_n('*', c.len_utf8()),
            false => std::iter::repeat_n(c, 1),
        })
        .collect();
    Source::new(source.name(), text).at(at.span(), what, hint)
}

/// Nobody is their own ancestor.
fn no_circle(source: &Source, form: &CharterForm) -> Result<(), SourceError> {
    for start in form.agents.keys() {
        let mut seen = BTreeSet::new();
        let mut at = start;
        while let Some(parent) = form
            .agents
            .get(at)
            .and_then(|it| it.get_ref().parent.as_ref())
        {
            if !seen.insert(at) || parent.get_ref() == start {
                let what = format!("{start:?} is its own ancestor");
                return Err(source.at(parent.span(), what, ""));
            }
            at = parent.get_ref();
        }
    }
    Ok(())
}

fn patterns(
    source: &Source,
    list: &[Spanned<String>],
    make: &dyn Fn(&str) -> Result<Pattern, String>,
) -> Result<Vec<Pattern>, SourceError> {
    let one = |text: &Spanned<String>| {
        make(text.get_ref()).map_err(|why| {
            let what = format!("{:?} is no pattern", text.get_ref());
            source.at(text.span(), what, why)
        })
    };
    list.iter().map(one).collect()
}

fn written(list: &Words) -> Vec<String> {
    list.iter().map(|text| text.get_ref().clone()).collect()
}

fn assets(source: &Source, form: &CharterForm) -> Result<Vec<Asset>, SourceError> {
    let mut assets = Vec::new();
    for (name, entry) in &form.assets {
        check_name(source, "asset", name, entry)?;
        let asset: &AssetForm = entry.get_ref();
        if !is_name(asset.kind.get_ref()) {
            let what = format!("{:?} is no name of a kind", asset.kind.get_ref());
            let hint = "lower-case letters, digits, hyphens and underscores";
            return Err(source.at(asset.kind.span(), what, hint));
        }
        let nothing = [&asset.paths, &asset.hosts, &asset.names, &asset.content]
            .iter()
            .all(|list| list.is_empty());
        if nothing {
            let what = format!("nothing says what {name:?} is");
            let hint = "give paths, hosts, names or content";
            return Err(source.at(entry.span(), what, hint));
        }
        let hash = |text: &Spanned<String>| {
            let digits = text.get_ref().trim().to_lowercase();
            let digits = digits.strip_prefix("sha256:").unwrap_or(&digits).to_owned();
            match digits.parse() {
                Ok(hash) => Ok((hash, digits)),
                Err(error) => Err(source.at(text.span(), format!("{error}"), "")),
            }
        };
        assets.push(Asset {
            id: name.as_str().into(),
            kind: asset.kind.get_ref().clone(),
            owner: owner(source, form, asset.of.as_ref())?,
            paths: patterns(source, &asset.paths, &Pattern::of_paths)?,
            written: written(&asset.paths),
            hosts: patterns(source, &asset.hosts, &Pattern::of_names)?,
            written_hosts: written(&asset.hosts),
            names: patterns(source, &asset.names, &Pattern::of_names)?,
            written_names: written(&asset.names),
            content: asset.content.iter().map(hash).collect::<Result<_, _>>()?,
            size: asset.size.unwrap_or(0),
        });
    }
    Ok(assets)
}

fn owner(
    source: &Source,
    form: &CharterForm,
    word: Option<&Spanned<String>>,
) -> Result<Option<AgentId>, SourceError> {
    let Some(word) = word else { return Ok(None) };
    let name = word.get_ref();
    if form.agents.contains_key(name) || form.people.contains_key(name) {
        return Ok(Some(AgentId::new(name)));
    }
    let words = form.agents.keys().chain(form.people.keys());
    Err(source.unknown(
        word.span(),
        "agent or person",
        name,
        words.map(String::as_str),
    ))
}

/// A switch is an asset of kind `switch` too, whose owner is whom it ends.
fn switches(
    source: &Source,
    form: &CharterForm,
    assets: &mut Vec<Asset>,
) -> Result<Vec<Switch>, SourceError> {
    let mut switches = Vec::new();
    for (name, entry) in &form.switches {
        check_name(source, "switch", name, entry)?;
        if form.assets.contains_key(name) {
            let what = format!("{name:?} is an asset too");
            let hint = "a switch is an asset already: keep one of them";
            return Err(source.at(entry.span(), what, hint));
        }
        let switch = entry.get_ref();
        let path = switch.path.get_ref();
        let plain = !path.contains(['*', '?', '[', '{', '\\']) && path.starts_with('/');
        if !plain {
            let what = "a switch is one file, by its whole path";
            return Err(source.at(switch.path.span(), what, ""));
        }
        let Some(ends) = owner(source, form, Some(&switch.ends))? else {
            continue;
        };
        let pattern = |make: &dyn Fn(&str) -> Result<Pattern, String>, text: &str| {
            make(text).map_err(|why| source.at(entry.span(), why, ""))
        };
        assets.push(Asset {
            id: name.as_str().into(),
            kind: "switch".to_owned(),
            owner: Some(ends.clone()),
            paths: vec![pattern(&Pattern::of_paths, path)?],
            written: vec![path.clone()],
            hosts: vec![pattern(&Pattern::of_names, &place::host(&switch.host))?],
            written_hosts: vec![switch.host.clone()],
            names: Vec::new(),
            written_names: Vec::new(),
            content: Vec::new(),
            size: 0,
        });
        switches.push(Switch {
            file: FileRef::new(switch.host.as_str(), path.as_str()),
            key: switch.key.clone(),
            ordered: switch.ordered,
            missing: switch.missing,
            read_at: match &switch.read_at {
                Some(text) => moment(source, text)?,
                None => Timestamp::from_millis(i64::MAX),
            },
            ends,
        });
    }
    Ok(switches)
}

/// The verbs of words that name verbs or groups of them.
fn verbs(source: &Source, list: &Words, terms: &Terms) -> Result<Vec<Verb>, SourceError> {
    let mut verbs = Vec::new();
    for word in list {
        let name = word.get_ref().as_str();
        if let Ok(verb) = name.parse() {
            verbs.push(verb);
            continue;
        }
        if !GROUPS.contains(&name) {
            let words = Verb::ALL.iter().map(|it| it.as_str()).chain(GROUPS);
            return Err(source.unknown(word.span(), "verb", name, words));
        }
        let wrong = |error: &CharterError| source.at(word.span(), error.to_string(), "");
        let group = terms
            .uid(crate::schema::Type::Action, name)
            .map_err(|error| wrong(&error))?;
        for verb in Verb::ALL {
            let uid = terms.action(*verb).map_err(|error| wrong(&error))?;
            if terms.verbs.is_ancestor_of(&group, &uid) {
                verbs.push(*verb);
            }
        }
    }
    Ok(verbs)
}

fn grant(
    source: &Source,
    name: &str,
    entry: &Spanned<ExceptionForm>,
    values: &[Value],
    settings: &Settings,
    names: &Names,
) -> Result<Grant, SourceError> {
    let form = entry.get_ref();
    let terms = Terms::shared().map_err(|error| source.whole(error.to_string(), ""))?;
    for (list, known, kind) in [
        (&form.agents, &names.agents, "agent"),
        (&form.assets, &names.assets, "asset"),
    ] {
        for word in list {
            if !known.contains(word.get_ref()) {
                let words = known.iter().map(String::as_str);
                return Err(source.unknown(word.span(), kind, word.get_ref(), words));
            }
        }
    }
    let granted = GrantTerms {
        name: name.to_owned(),
        value: form.value.get_ref().clone(),
        by: AgentId::new(form.by.get_ref()),
        agents: form
            .agents
            .iter()
            .map(|it| AgentId::new(it.get_ref()))
            .collect(),
        verbs: verbs(source, &form.verbs, terms)?,
        assets: form
            .assets
            .iter()
            .map(|it| it.get_ref().as_str().into())
            .collect(),
        paths: written(&form.paths),
        hosts: written(&form.hosts),
        from: moment(source, &form.from)?,
        until: moment(source, &form.until)?,
        because: form.because.clone(),
    };
    let tier = |name: &str| values.iter().find(|it| it.name == name).map(|it| it.tier);
    let checked = Grant::compile(granted).and_then(|grant| {
        grant.check(settings, &tier)?;
        Ok(grant)
    });
    checked.map_err(|error| match &error {
        GrantError::NoValue(word) => {
            let words = values.iter().map(|it| it.name.as_str());
            source.unknown(form.value.span(), "value", word, words)
        }
        GrantError::TopTier(_) => source.at(form.value.span(), error.to_string(), ""),
        GrantError::NoPerson(word) => {
            let words = settings.people.iter().map(|it| it.id.as_str());
            source.unknown(form.by.span(), "person", word, words)
        }
        GrantError::NoPower { .. } => source.at(
            form.by.span(),
            error.to_string(),
            "may-grant of that person names the values",
        ),
        GrantError::TooLong { .. } => source.at(
            form.until.span(),
            error.to_string(),
            "exception-limit of that person says how long",
        ),
        _ => source.at(entry.span(), error.to_string(), ""),
    })
}
