//! Asks the rules about one request: every rule that speaks, and every error.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityUid, PolicySet, Request, Response,
    RestrictedExpression,
};

use crate::charter::Charter;
use crate::error::CharterError;
use crate::facts::{Attributes, Datum, Facts};
use crate::schema::{Terms, Type};

/// What the rules say of one request.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// The places of the rules that matched, in the charter's list.
    pub(crate) rules: Vec<usize>,
    /// The rules that could not be evaluated, with the reason; no place where no rule is at fault.
    pub(crate) errors: Vec<(Option<usize>, String)>,
}

/// Asks the rules. Whatever goes wrong is an error in what was heard, never a silence.
pub(crate) fn ask(charter: &Charter, facts: &Facts) -> Heard {
    let mut heard = Heard::default();
    if let Err(error) = evaluate(charter, facts, &mut heard) {
        heard.errors.push((None, error));
    }
    heard
}

/// A request as Cedar takes it, held against the schema.
pub(crate) struct Asked {
    request: Request,
    entities: Entities,
}

impl Asked {
    pub(crate) fn new(charter: &Charter, facts: &Facts) -> Result<Self, String> {
        let terms = charter.terms;
        let text = |error: CharterError| error.to_string();
        let principal = terms.uid(Type::Agent, &facts.agent).map_err(text)?;
        let resource = terms.uid(Type::Target, &facts.target).map_err(text)?;
        let (action, verb) = terms.of_verb(facts.verb).map_err(text)?;
        let mut roles = HashSet::new();
        for role in &facts.roles {
            roles.insert(terms.uid(Type::Role, role).map_err(text)?);
        }
        let mut groups = HashSet::new();
        for (kind, name) in &facts.groups {
            groups.insert(terms.uid(*kind, name).map_err(text)?);
        }
        let entities = [
            entity(terms, &principal, &facts.principal, roles)?,
            entity(terms, &resource, &facts.resource, groups)?,
        ];
        // The schema is held against what is in a request here, before any rule sees it.
        let entities = verb
            .clone()
            .add_entities(entities, Some(&terms.schema))
            .map_err(|error| error.to_string())?;
        let context = pairs(terms, &facts.context)?;
        let context = Context::from_pairs(context).map_err(|error| error.to_string())?;
        let request = Request::new(
            principal,
            action.clone(),
            resource,
            context,
            Some(&terms.schema),
        )
        .map_err(|error| error.to_string())?;
        Ok(Self { request, entities })
    }

    /// What a set of rules says.
    pub(crate) fn response(&self, set: &PolicySet) -> Response {
        Authorizer::new().is_authorized(&self.request, set, &self.entities)
    }
}

fn evaluate(charter: &Charter, facts: &Facts, heard: &mut Heard) -> Result<(), String> {
    let asked = Asked::new(charter, facts)?;
    let Some(sets) = charter.sets.get(&facts.verb) else {
        return Err(format!("there are no rules for {}", facts.verb));
    };
    for set in [&sets.permits, &sets.forbids] {
        let response = asked.response(set);
        let place = |name: &str| charter.places.get(name).copied();
        for rule in response.diagnostics().reason() {
            let name: &str = rule.as_ref();
            match place(name) {
                Some(place) => heard.rules.push(place),
                None => return Err(format!("the rule {name:?} is not in the charter")),
            }
        }
        for error in response.diagnostics().errors() {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(of) = error;
            heard
                .errors
                .push((place(of.policy_id().as_ref()), error.to_string()));
        }
    }
    heard.rules.sort_unstable();
    heard.errors.sort();
    Ok(())
}

fn entity(
    terms: &Terms,
    uid: &EntityUid,
    attributes: &Attributes,
    parents: HashSet<EntityUid>,
) -> Result<Entity, String> {
    let attributes: HashMap<String, RestrictedExpression> =
        pairs(terms, attributes)?.into_iter().collect();
    Entity::new(uid.clone(), attributes, parents).map_err(|error| error.to_string())
}

fn pairs(
    terms: &Terms,
    attributes: &Attributes,
) -> Result<Vec<(String, RestrictedExpression)>, String> {
    let mut names = HashSet::new();
    let mut pairs = Vec::with_capacity(attributes.len());
    for (name, datum) in attributes {
        if !names.insert(name.as_str()) {
            return Err(format!("the attribute {name:?} is there twice"));
        }
        pairs.push((name.clone(), expression(terms, datum)?));
    }
    Ok(pairs)
}

fn expression(terms: &Terms, datum: &Datum) -> Result<RestrictedExpression, String> {
    Ok(match datum {
        Datum::Bool(it) => RestrictedExpression::new_bool(*it),
        Datum::Text(it) => RestrictedExpression::new_string(it.clone()),
        Datum::Thing(kind, name) => RestrictedExpression::new_entity_uid(
            terms.uid(*kind, name).map_err(|error| error.to_string())?,
        ),
        Datum::Set(list) => RestrictedExpression::new_set(
            list.iter()
                .map(|it| expression(terms, it))
                .collect::<Result<Vec<_>, _>>()?,
        ),
        Datum::Record(attributes) => RestrictedExpression::new_record(pairs(terms, attributes)?)
            .map_err(|error| error.to_string())?,
    })
}
