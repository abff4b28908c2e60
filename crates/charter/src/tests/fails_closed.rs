//! Deny rules that fail open on odd input are how others fail: a call whose `path` is renamed, or
//! whose `score` is sent as text, passes. Here any difference between a request and its schema, any
//! error in a rule and any silence is a deny.

use proptest::prelude::*;
use serde_json::Value;
use tribune_evidence::{Action, AgentId, Authority, Behaviour, Decision, Sensor, Stage, Timestamp};

use super::{MAIN, actions, ask, charter, default_charter as default, load, rule};
use crate::decide::one;
use crate::facts::{Attributes, Call, Datum, Facts};
use crate::schema::Type;
use crate::{Charter, Context, assumed_finding, decide};

/// Calls that the default charter denies.
const DENIED: [&str; 12] = [
    "file.write gpu-1:/etc/ai-control/shutdown.toml",
    "file.copy gpu-1:/srv/models/actor/model.safetensors nas-1:/x",
    "file.delete gpu-1:/var/log/audit.log",
    "file.touch gpu-1:/var/log/audit.log",
    "score.submit agent=critic",
    "user.change agent=critic",
    "file.read workstation:/home/dev/.ssh/id_rsa",
    "message.send agent=actor gpu-1:/srv/models/actor/model.safetensors",
    "net.request gpu-1:/srv/models/actor/model.safetensors host=x.org",
    "process.exec name=tribune",
    "process.exec gpu-1:/etc/ai-control/shutdown.toml opaque=eval",
    "score.submit name=critic",
];

fn context(agent: &AgentId) -> Context<'_> {
    Context {
        agent,
        parent: None,
        at: Timestamp::from_millis(0),
        via: Sensor::Wire,
        exceptions: &[],
    }
}

/// A way to spoil one attribute.
#[derive(Debug, Clone)]
enum Spoil {
    Rename(String),
    Retype(u8),
    Drop,
    Twice,
    Beside(String),
}

fn spoils() -> impl Strategy<Value = Spoil> {
    let known = prop::sample::select(vec![
        "kind",
        "name",
        "host",
        "protected",
        "known",
        "opaque",
        "part",
        "relations",
        "own",
        "owners",
        "others",
        "kinds",
        "verbs",
        "leaves",
        "via",
        "parent",
        "path",
        "any",
        "attempted",
        "effected",
    ]);
    let word = prop_oneof![known.prop_map(str::to_owned), "[a-z_]{0,12}"];
    prop_oneof![
        word.clone().prop_map(Spoil::Rename),
        (0_u8..6).prop_map(Spoil::Retype),
        Just(Spoil::Drop),
        Just(Spoil::Twice),
        word.prop_map(Spoil::Beside),
    ]
}

fn other_type(datum: &Datum, way: u8) -> Datum {
    let others = [
        Datum::Bool(true),
        Datum::Bool(false),
        Datum::Text("file".to_owned()),
        Datum::Thing(Type::Kind, "weights".to_owned()),
        Datum::Set(vec![Datum::Bool(true)]),
        Datum::Record(vec![("any".to_owned(), Datum::Bool(true))]),
    ];
    let same = |a: &Datum, b: &Datum| std::mem::discriminant(a) == std::mem::discriminant(b);
    let mut fits = others.into_iter().filter(|it| !same(it, datum)).cycle();
    fits.nth(usize::from(way)).unwrap()
}

/// Spoils one attribute, of a record within too; says whether anything changed.
fn spoil(attributes: &mut Attributes, place: usize, inner: usize, how: &Spoil) -> bool {
    if attributes.is_empty() {
        return false;
    }
    let place = place % attributes.len();
    if let Datum::Record(within) = &mut attributes[place].1
        && !inner.is_multiple_of(3)
    {
        return spoil(within, inner / 3, 0, how);
    }
    let (name, datum) = attributes[place].clone();
    match how {
        Spoil::Rename(to) if *to == name => return false,
        Spoil::Rename(to) => attributes[place].0.clone_from(to),
        Spoil::Retype(way) => attributes[place].1 = other_type(&datum, *way),
        // What may be absent says nothing by its absence.
        Spoil::Drop if name == "parent" => return false,
        Spoil::Drop => {
            attributes.remove(place);
        }
        Spoil::Twice => attributes.push((name, datum)),
        Spoil::Beside(to) => attributes.push((to.clone(), datum)),
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_field_of_a_denied_request_can_be_renamed_retyped_dropped_or_added_to_make_it_pass(
        call in prop::sample::select(DENIED.to_vec()),
        part in 0_usize..3,
        place in 0_usize..16,
        inner in 0_usize..9,
        how in spoils(),
    ) {
        let charter = default();
        let agent = AgentId::new("critic");
        let context = context(&agent);
        let list = actions(&[call]);
        let asked = Call::new(charter, &list, &[], &context);
        let mut requests: Vec<Facts> = asked.requests(&list[0]).collect();
        let denied = |facts: &Facts| one(charter, &list[0], facts, &context).0.decision == Decision::Deny;
        let place_of_deny = requests.iter().position(denied).unwrap();
        let facts = &mut requests[place_of_deny];
        let attributes = match part {
            0 => &mut facts.principal,
            1 => &mut facts.resource,
            _ => &mut facts.context,
        };
        let changed = spoil(attributes, place, inner, &how);
        prop_assert!(denied(facts), "{call}: {how:?} of {facts:?}");
        if changed {
            // And not by luck: the schema refused it.
            let heard = crate::ask::ask(charter, facts);
            prop_assert!(!heard.errors.is_empty(), "{call}: {how:?} was not seen");
        }
    }

    #[test]
    fn no_field_of_a_denied_action_can_be_renamed_or_retyped_to_make_it_pass(
        call in prop::sample::select(DENIED.to_vec()),
        at in any::<prop::sample::Index>(),
        rename in any::<bool>(),
        to in prop_oneof![
            prop::sample::select(vec![
                "file", "host", "agent", "name", "path", "verb", "targets", "opaque", "raw", "tool", "text",
                "blob", "File", "PATH", "paths", "target",
            ]).prop_map(str::to_owned),
            "[a-z_]{0,8}",
        ],
        kind in 0_u8..6,
    ) {
        let charter = default();
        let agent = AgentId::new("critic");
        let mut json = serde_json::to_value(&actions(&[call])[0]).unwrap();
        let mut places = Vec::new();
        pointers(&json, String::new(), &mut places);
        let place = at.get(&places).clone();
        if rename {
            rename_at(&mut json, &place, &to);
        } else {
            let value = json.pointer_mut(&place).unwrap();
            *value = match kind {
                0 => Value::Null,
                1 => Value::Bool(true),
                2 => Value::from(9),
                3 => Value::from(vec![value.clone()]),
                4 => serde_json::json!({ to: value.clone() }),
                // A text in the place of a text is another call, not another type.
                _ if value.is_string() => Value::Null,
                _ => Value::String(value.to_string()),
            };
        }
        // Without a reason a call is understood, which is another call.
        prop_assume!(place != "/opaque" || rename);
        let Ok(action) = serde_json::from_value::<Action>(json.clone()) else { return Ok(()) };
        let verdict = decide(charter, &[action], &[], &context(&agent));
        prop_assert!(verdict.decision != Decision::Allow, "{call}: {json}");
    }

    #[test]
    fn fewer_permits_or_an_error_more_never_turn_a_deny_into_an_allow(
        drop in proptest::collection::vec(any::<bool>(), 6),
        broken in any::<bool>(),
        call in prop::sample::select(vec![
            "file.read /x", "file.read /w/a", "file.write /s/a", "model.stop agent=b", "think",
            "file.copy /w/a /x", "process.exec opaque=eval",
        ]),
    ) {
        let permits = [
            rule("p1", "low", "allow", "permit (principal, action, resource);"),
            rule("p2", "top", "allow", "permit (principal, action == Action::\"model.stop\", resource);"),
            rule("p3", "middle", "hold", "permit (principal, action == Action::\"file.write\", resource);"),
        ];
        let forbids = [
            rule("f1", "middle", "deny", "forbid (principal, action, resource in Kind::\"weights\");"),
            rule("f2", "top", "deny", "forbid (principal, action, resource in Kind::\"switch\");"),
            rule("f3", "low", "deny", "forbid (principal, action == Action::\"model.stop\", resource);"),
        ];
        let error = rule("e", "low", "allow", "permit (principal, action, resource) when { 9223372036854775807 + 1 > 0 };");
        // Some forbids are there, and all permits; then some permits are gone, or a rule breaks.
        let there: String = forbids.iter().zip(&drop[3..]).filter(|(_, it)| !**it).map(|(rule, _)| rule.as_str()).collect();
        let before = load(MAIN, &(permits.concat() + &there)).unwrap();
        let mut rules: String = permits.iter().zip(&drop).filter(|(_, it)| !**it).map(|(rule, _)| rule.as_str()).collect();
        rules.push_str(&there);
        if broken || rules.is_empty() {
            rules.push_str(&error);
        }
        let after = ask(&load(MAIN, &rules).unwrap(), &[call]);
        if ask(&before, &[call]).decision == Decision::Deny || broken {
            prop_assert_eq!(after.decision, Decision::Deny);
        }
    }
}

/// Every place in a JSON value, as pointers (RFC 6901).
fn pointers(value: &Value, at: String, out: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, it)| (key.clone(), it)).collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(key, it)| (key.to_string(), it))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let place = format!("{at}/{key}");
        out.push(place.clone());
        pointers(child, place, out);
    }
}

fn rename_at(json: &mut Value, place: &str, to: &str) {
    let (above, key) = place.rsplit_once('/').unwrap();
    if let Some(Value::Object(map)) = json.pointer_mut(above)
        && let Some(value) = map.remove(key)
    {
        map.insert(to.to_owned(), value);
    }
}

#[test]
fn calls_that_the_properties_start_from_are_denied() {
    for call in DENIED {
        let agent = AgentId::new("critic");
        let verdict = decide(default(), &actions(&[call]), &[], &context(&agent));
        assert_eq!(verdict.decision, Decision::Deny, "{call}");
    }
}

#[test]
fn a_rule_that_breaks_denies_whatever_else_permits() {
    for policy in [
        "permit (principal, action, resource) when { 9223372036854775807 + 1 > 0 };",
        "permit (principal, action, resource) when { 9223372036854775807 * 2 > 0 };",
    ] {
        let charter = charter(&[
            rule(
                "yes",
                "top",
                "allow",
                "permit (principal, action, resource);",
            ),
            rule("broken", "low", "allow", policy),
        ]);
        let verdict = ask(&charter, &["think"]);
        assert_eq!(
            (verdict.decision, verdict.by),
            (Decision::Deny, Authority::Default)
        );
        let said = verdict
            .considerations
            .iter()
            .find(|it| it.rule == "charter.error")
            .unwrap();
        assert!(
            said.because.contains("could not be evaluated"),
            "{}",
            said.because
        );
    }
}

#[test]
fn what_is_not_understood_passes_only_by_a_rule_that_says_so() {
    let all = "permit (principal, action, resource);";
    let silent = charter(&[rule("yes", "top", "allow", all)]);
    let speaks = charter(&["@opaque\n".to_owned() + &rule("yes", "top", "allow", all)]);
    for call in [
        "process.exec opaque=eval",
        "file.read file=h:relative/path",
        "file.read file=h:~/x",
    ] {
        let verdict = ask(&silent, &[call]);
        assert_eq!(verdict.decision, Decision::Deny, "{call}");
        assert!(
            verdict.considerations[0]
                .because
                .contains("No rule permits a call"),
            "{verdict:?}"
        );
        assert_eq!(ask(&speaks, &[call]).decision, Decision::Allow, "{call}");
    }
}

#[test]
fn an_agent_that_is_not_named_is_denied_unless_the_charter_says_otherwise() {
    let rules = rule(
        "yes",
        "top",
        "allow",
        "permit (principal, action, resource);",
    );
    let strict = load(&MAIN.replace("unknown-agent = \"judge\"", ""), &rules).unwrap();
    let open = load(MAIN, &rules).unwrap();
    let stranger = AgentId::new("stranger");
    let said = |charter: &Charter| decide(charter, &actions(&["think"]), &[], &context(&stranger));
    assert_eq!(said(&strict).decision, Decision::Deny);
    assert_eq!(
        said(&strict).considerations[0].rule,
        "charter.unknown-agent"
    );
    assert_eq!(said(&open).decision, Decision::Allow);
}

#[test]
fn a_sub_agent_acts_for_its_parents_and_has_none_of_their_power() {
    let main = MAIN.replace(
        "[agents.a]",
        "[agents.a]\nmanages = [\"c\"]\nreviews = [\"c\"]\n[agents.c]",
    );
    let rules = rule(
        "role",
        "low",
        "allow",
        "permit (principal in Role::\"worker\", action == Action::\"think\", resource);",
    ) + &rule(
        "power",
        "low",
        "allow",
        "permit (principal, action == Action::\"model.stop\", resource) when { context.relations.contains(Relation::\"manages\") };",
    ) + &rule(
        "kin",
        "low",
        "allow",
        "permit (principal, action == Action::\"score.submit\", resource) unless { context.relations.contains(Relation::\"reviews\") || context.relations.contains(Relation::\"child\") };",
    );
    let main = main.replace(
        "[agents.c]\nroles = [\"worker\"]",
        "roles = [\"worker\"]\n[agents.c]",
    );
    let charter = load(&main, &rules).unwrap();
    let (parent, child) = (AgentId::new("a"), AgentId::new("not-named"));
    let said = |call: &str, agent: &AgentId, parent: Option<&AgentId>| {
        let context = Context {
            parent,
            ..context(agent)
        };
        decide(&charter, &actions(&[call]), &[], &context).decision
    };
    assert_eq!(
        said("think", &child, Some(&parent)),
        Decision::Allow,
        "the role of its parent"
    );
    assert_eq!(said("think", &child, None), Decision::Deny);
    assert_eq!(said("model.stop agent=c", &parent, None), Decision::Allow);
    assert_eq!(
        said("model.stop agent=c", &child, Some(&parent)),
        Decision::Deny,
        "no power"
    );
    assert_eq!(
        said("score.submit agent=c", &child, Some(&parent)),
        Decision::Deny,
        "its parent's review"
    );
    assert_eq!(
        said("score.submit agent=a", &child, Some(&parent)),
        Decision::Deny,
        "its parent"
    );
    assert_eq!(
        said("score.submit agent=b", &child, Some(&parent)),
        Decision::Allow
    );
}

#[test]
fn findings_count_for_those_they_name_and_by_how_far_they_got() {
    let when = |text: &str| {
        rule(
            "f",
            "top",
            "deny",
            &format!("forbid (principal, action, resource) when {{ {text} }};"),
        ) + &rule(
            "yes",
            "low",
            "allow",
            "permit (principal, action, resource);",
        )
    };
    let inflation = "Behaviour::\"score-inflation\"";
    let finding = |agents: &[&str], stage: Stage| {
        let agents = agents.iter().map(AgentId::new).collect();
        [assumed_finding(Behaviour::ScoreInflation, agents, stage)]
    };
    for (text, agents, stage, denied) in [
        (
            "context.own.any.contains(X)",
            &["a"][..],
            Stage::Intended,
            true,
        ),
        (
            "context.own.attempted.contains(X)",
            &["a"],
            Stage::Intended,
            false,
        ),
        (
            "context.own.attempted.contains(X)",
            &["a"],
            Stage::Effected,
            true,
        ),
        (
            "context.own.effected.contains(X)",
            &["a"],
            Stage::Attempted,
            false,
        ),
        (
            "context.own.any.contains(X)",
            &["b"],
            Stage::Effected,
            false,
        ),
        (
            "context.others.any.contains(X)",
            &["b"],
            Stage::Effected,
            false,
        ),
        (
            "context.owners.effected.contains(X)",
            &["b"],
            Stage::Effected,
            true,
        ),
        (
            "context.others.any.contains(X)",
            &["c"],
            Stage::Effected,
            true,
        ),
        (
            "context.own.any.contains(X) && context.owners.any.contains(X)",
            &["a", "b"],
            Stage::Attempted,
            true,
        ),
    ] {
        let charter = load(MAIN, &when(&text.replace('X', inflation))).unwrap();
        let verdict = super::ask_with(
            &charter,
            &["score.submit agent=b"],
            &finding(agents, stage),
            &[],
        );
        assert_eq!(
            verdict.decision == Decision::Deny,
            denied,
            "{text} {agents:?} {stage:?}"
        );
    }
}
