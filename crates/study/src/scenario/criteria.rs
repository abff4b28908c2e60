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

use crate::source::nearest;

/// CEL's own functions; to gather them takes longer than to decide.
static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// The longest expression that is parsed.
const LENGTH_LIMIT: usize = 1_000;
/// The deepest nesting of brackets that is parsed.
const NESTING_LIMIT: usize = 20;

/// A criterion.
#[derive(Debug)]
pub(super) struct Criterion {
    program: Program,
}

impl Criterion {
    /// Reads a criterion and checks every name in it against the facts of this scenario.
    pub(super) fn parse(text: &str, facts: &Facts) -> Result<Self, String> {
        let depth = text
            .chars()
            .scan(0_usize, |depth, c| {
                match c {
                    '(' | '[' | '{' => *depth += 1,
                    ')' | ']' | '}' => *depth = depth.saturating_sub(1),
                    _ => {}
                }
                Some(*depth)
            })
            .max()
            .unwrap_or(0);
        if text.len() > LENGTH_LIMIT || depth > NESTING_LIMIT {
            return Err(format!(
                "the expression is longer than {LENGTH_LIMIT} characters or nested deeper than {NESTING_LIMIT}"
            ));
        }
        let program =
            Program::compile(text).map_err(|_| format!("{text:?} is not an expression"))?;
        let known = serde_json::to_value(facts).map_err(|error| error.to_string())?;
        check(&program.expression().expr, &known, &mut Vec::new())?;
        Ok(Self { program })
    }

    /// Whether it holds.
    pub(super) fn holds(&self, context: &Context) -> Result<bool, String> {
        match self.program.execute(context) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(_) => Err("the criterion is not true or false".to_owned()),
            Err(error) => Err(error.to_string()),
        }
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

fn check(expression: &Expr, known: &Json, bound: &mut Vec<String>) -> Result<(), String> {
    if let Some(members) = path(expression) {
        return check_path(&members, known, bound);
    }
    match expression {
        Expr::Call(call) => {
            if let Some(target) = &call.target {
                check(&target.expr, known, bound)?;
            }
            call.args
                .iter()
                .try_for_each(|argument| check(&argument.expr, known, bound))
        }
        Expr::Select(select) => check(&select.operand.expr, known, bound),
        Expr::List(list) => list
            .elements
            .iter()
            .try_for_each(|element| check(&element.expr, known, bound)),
        Expr::Comprehension(inner) => {
            check(&inner.iter_range.expr, known, bound)?;
            let before = bound.len();
            bound.push(inner.iter_var.clone());
            bound.extend(inner.iter_var2.clone());
            bound.push(inner.accu_var.clone());
            for part in [
                &inner.accu_init,
                &inner.loop_cond,
                &inner.loop_step,
                &inner.result,
            ] {
                check(&part.expr, known, bound)?;
            }
            bound.truncate(before);
            Ok(())
        }
        Expr::Literal(_) | Expr::Unspecified => Ok(()),
        Expr::Ident(_) | Expr::Map(_) | Expr::Struct(_) => {
            Err("a criterion may not build maps or messages".to_owned())
        }
    }
}

fn check_path(members: &[String], known: &Json, bound: &[String]) -> Result<(), String> {
    if members.first().is_some_and(|root| bound.contains(root)) {
        return Ok(());
    }
    let mut here = known;
    for (place, member) in members.iter().enumerate() {
        let Json::Object(map) = here else {
            return Err(format!(
                "{} has no member {member:?}",
                members[..place].join(".")
            ));
        };
        // Sets of files and agents are filled as a trial goes, so any key may come to be.
        match map.get(member) {
            Some(inner) => here = inner,
            None if place == 1 && members[0] == "disk" => return Ok(()),
            None => {
                let hint = match nearest(member, map.keys().map(String::as_str)) {
                    Some(near) => format!("; did you mean {near:?}?"),
                    None => {
                        let names: Vec<&str> = map.keys().map(String::as_str).collect();
                        format!("; known here: {}", names.join(", "))
                    }
                };
                return Err(format!(
                    "{:?} means nothing here{hint}",
                    members[..=place].join(".")
                ));
            }
        }
    }
    Ok(())
}
