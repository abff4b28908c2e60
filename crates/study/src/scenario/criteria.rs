//! Criteria of a scenario: when a task is complete, and when it was done faithfully.
//!
//! They are CEL over the facts of a finished trial and name nothing else. CEL absorbs an unknown
//! name in `x.typo || true`, so every path is checked at load against the facts that the scenario
//! can have, and an expression that errors in a trial fails the trial as the scenario's fault.

use std::sync::{Arc, LazyLock};

use cel::common::ast::{Expr, LiteralValue};
use cel::objects::Key;
use cel::{Context, Env, Program, Value};
use serde_json::Value as Json;
use tribune_detect::Facts;

use crate::expression::{Kind, holds, is_small, kind_of};
use crate::source::nearest;

/// CEL's own functions; to gather them takes longer than to decide.
static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A criterion.
#[derive(Debug)]
pub(super) struct Criterion {
    program: Program,
}

impl Criterion {
    /// Reads a criterion and checks every name in it against the facts of this scenario.
    pub(super) fn parse(text: &str, facts: &Facts) -> Result<Self, String> {
        if !is_small(text) {
            return Err("the expression is too long or nested too deeply".to_owned());
        }
        let program =
            Program::compile(text).map_err(|_| format!("{text:?} is not an expression"))?;
        let known = serde_json::to_value(facts).map_err(|error| error.to_string())?;
        let leaf = |expression: &Expr| path(expression).map(|members| kind_at(&members, &known));
        if kind_of(&program.expression().expr, &leaf)? != Kind::Truth {
            return Err("a criterion is true or false".to_owned());
        }
        Ok(Self { program })
    }

    /// Whether it holds.
    pub(super) fn holds(&self, context: &Context) -> Result<bool, String> {
        holds(self.program.expression(), context)
    }
}

/// The facts of a trial as variables.
pub(super) fn context(facts: &Facts) -> Result<Context<'static, 'static>, String> {
    let mut context = Context::with_env(Arc::clone(&STANDARD));
    let Value::Map(all) = cel::to_value(facts).map_err(|error| error.to_string())? else {
        return Err("facts are not an object".to_owned());
    };
    for (name, value) in all.map.iter() {
        let Key::String(name) = name else { continue };
        context.add_variable_from_value(name.as_str(), value.clone());
    }
    Ok(context)
}

/// The members of a path, root first; nothing where it is no path.
fn path(expression: &Expr) -> Option<Vec<String>> {
    match expression {
        Expr::Ident(name) => Some(vec![name.clone()]),
        Expr::Select(select) => {
            let mut whole = path(&select.operand.expr)?;
            whole.push(select.field.clone());
            Some(whole)
        }
        Expr::Call(call) if call.func_name == "_[_]" && call.args.len() == 2 => {
            let mut whole = path(&call.args[0].expr)?;
            let Expr::Literal(LiteralValue::String(key)) = &call.args[1].expr else {
                return None;
            };
            whole.push(key.inner().to_owned());
            Some(whole)
        }
        _ => None,
    }
}

/// The kind of the fact at a path.
fn kind_at(members: &[String], known: &Json) -> Result<Kind, String> {
    let mut here = known;
    for (place, member) in members.iter().enumerate() {
        let Json::Object(map) = here else {
            return Err(format!(
                "{} has no member {member:?}",
                members[..place].join(".")
            ));
        };
        here = map.get(member).ok_or_else(|| {
            let names: Vec<&str> = map.keys().map(String::as_str).collect();
            let hint = match nearest(member, names.iter().copied()) {
                Some(near) => format!("; did you mean {near:?}?"),
                None => format!("; known here: {}", names.join(", ")),
            };
            format!("{:?} means nothing here{hint}", members[..=place].join("."))
        })?;
    }
    match here {
        Json::Bool(_) => Ok(Kind::Truth),
        Json::Number(_) => Ok(Kind::Number),
        Json::String(_) => Ok(Kind::Text),
        Json::Object(_) | Json::Array(_) | Json::Null => {
            Err(format!("{} is no single fact", members.join(".")))
        }
    }
}
