//! What an expression may be made of, so that nothing in it can fail and be absorbed.
//!
//! CEL takes `x.typo || true` for true, and `1 / 0 == 1 || true` too: an error on one side of an
//! "or" is lost when the other side is true. A limit that fails closed cannot have that. So every
//! side of every "and" and "or" is decided by itself here, and one that fails fails the whole. And
//! an expression is checked before it is run: it may hold literals, names that its user vouches
//! for, comparisons of like with like, and, or, not, and arithmetic. There is no list, no loop and
//! no conversion, hence nothing that can hang.

use cel::common::ast::{Expr, IdedExpr, LiteralValue};
use cel::{Context, Value};

/// Whether an expression holds. No error in it is ever absorbed.
pub(crate) fn holds(expression: &IdedExpr, context: &Context) -> Result<bool, String> {
    if let Expr::Call(call) = &expression.expr
        && call.target.is_none()
    {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (name @ ("_&&_" | "_||_"), [left, right]) => {
                let (left, right) = (holds(left, context)?, holds(right, context)?);
                return Ok(if name == "_&&_" {
                    left && right
                } else {
                    left || right
                });
            }
            ("!_", [inner]) => return holds(inner, context).map(|truth| !truth),
            _ => {}
        }
    }
    match Value::resolve(expression, context) {
        Ok(Value::Bool(truth)) => Ok(truth),
        Ok(_) => Err("it is not true or false".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// The longest expression that is parsed, so that parsing stays cheap.
pub(crate) const LENGTH_LIMIT: usize = 1_000;
/// The deepest nesting of brackets and signs that is parsed.
const NESTING_LIMIT: usize = 20;

/// What an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// True or false.
    Truth,
    /// A number.
    Number,
    /// A text.
    Text,
}

/// Whether a text is short and shallow enough to be parsed at all.
pub(crate) fn is_small(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    let signs = text.matches(['!', '-', '?']).count();
    text.len() <= LENGTH_LIMIT && deepest <= NESTING_LIMIT && signs <= 100
}

/// The kind of an expression, if all in it is allowed. `leaf` knows the names: it gives the kind of
/// a path or call that is known, an error for one that is not, and nothing for all else.
pub(crate) fn kind_of(
    expression: &Expr,
    leaf: &dyn Fn(&Expr) -> Option<Result<Kind, String>>,
) -> Result<Kind, String> {
    if let Some(known) = leaf(expression) {
        return known;
    }
    let call = match expression {
        Expr::Literal(literal) => {
            return match literal {
                LiteralValue::Boolean(_) => Ok(Kind::Truth),
                LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => {
                    Ok(Kind::Number)
                }
                LiteralValue::String(_) => Ok(Kind::Text),
                LiteralValue::Bytes(_) | LiteralValue::Null => {
                    Err("bytes and null have no place here".to_owned())
                }
            };
        }
        Expr::Call(call) if call.target.is_none() => call,
        _ => {
            return Err(
                "only names, literals, comparisons, && || ! and + - * / have a place here"
                    .to_owned(),
            );
        }
    };
    let kinds = call
        .args
        .iter()
        .map(|argument| kind_of(&argument.expr, leaf))
        .collect::<Result<Vec<Kind>, String>>()?;
    match (call.func_name.as_str(), kinds.as_slice()) {
        ("_&&_" | "_||_", [Kind::Truth, Kind::Truth]) | ("!_", [Kind::Truth]) => Ok(Kind::Truth),
        ("_==_" | "_!=_", [left, right]) if left == right => Ok(Kind::Truth),
        ("_<_" | "_<=_" | "_>_" | "_>=_", [Kind::Number, Kind::Number]) => Ok(Kind::Truth),
        ("_+_" | "_-_" | "_*_" | "_/_", [Kind::Number, Kind::Number]) | ("-_", [Kind::Number]) => {
            Ok(Kind::Number)
        }
        ("_&&_" | "_||_" | "!_", _) => Err("&&, || and ! take what is true or false".to_owned()),
        ("_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_", _) => {
            Err("a comparison takes two numbers, or two texts or truths for == and !=".to_owned())
        }
        ("_+_" | "_-_" | "_*_" | "_/_" | "-_", _) => Err("+, -, * and / take numbers".to_owned()),
        (name, _) => Err(format!("{name:?} has no place here")),
    }
}
