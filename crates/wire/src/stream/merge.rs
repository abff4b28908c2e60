//! How pieces of a streamed object that no type knows are put together.
//!
//! There is no rule that every server keeps, so this is the common practice: text is added to
//! text, lists to lists, objects field by field, and all else takes the place of what was there.
//! Words that name something (an id, a type) are not text. Elements of a list that carry the same
//! `index` are pieces of one element.

use serde_json::{Map, Value};

use super::budget::weight;
use super::{Budget, StreamError};
use crate::Field;

/// Fields whose text names something and is repeated, not continued.
const NAMES: &[&str] = &[
    "id",
    "type",
    "object",
    "role",
    "name",
    "model",
    "format",
    "status",
    "channel",
    "signature",
];

/// How far back in a list an element is looked for; keeps the work for each piece constant.
const LOOK_BACK: usize = 64;

/// What may change without being paid for again.
const FREE: usize = 1024;

/// Adds a piece of text to a field.
pub(crate) fn text(
    field: &mut Field<String>,
    piece: Field<String>,
    budget: &mut Budget,
) -> Result<(), StreamError> {
    if let Field::Is(piece) = &piece {
        budget.spend(piece.len())?;
    } else if let Field::Other(other) = &piece {
        budget.keep(other)?;
    }
    field.append(piece);
    Ok(())
}

/// Adds a piece of a value to a field.
pub(crate) fn value(
    field: &mut Field<Value>,
    newer: Field<Value>,
    budget: &mut Budget,
) -> Result<(), StreamError> {
    match (field, newer) {
        (Field::Is(old), Field::Is(new)) => piece(old, new, "", budget),
        (field, newer) => {
            if let Field::Is(new) = &newer {
                budget.keep(new)?;
            }
            field.replace_with(newer);
            Ok(())
        }
    }
}

/// Adds the pieces of an object to it.
pub(crate) fn pieces(
    map: &mut Map<String, Value>,
    newer: Map<String, Value>,
    budget: &mut Budget,
) -> Result<(), StreamError> {
    for (key, value) in newer {
        match map.get_mut(&key) {
            Some(old) => piece(old, value, &key, budget)?,
            None => {
                budget.spend(key.len())?;
                budget.keep(&value)?;
                map.insert(key, value);
            }
        }
    }
    Ok(())
}

fn piece(old: &mut Value, new: Value, key: &str, budget: &mut Budget) -> Result<(), StreamError> {
    match (old, new) {
        (_, Value::Null) => Ok(()),
        (Value::String(text), Value::String(piece)) if !NAMES.contains(&key) => {
            budget.spend(piece.len())?;
            text.push_str(&piece);
            Ok(())
        }
        (Value::Array(list), Value::Array(more)) => {
            for element in more {
                match same(list, &element) {
                    Some(old) => piece(old, element, "", budget)?,
                    None => {
                        budget.keep(&element)?;
                        list.push(element);
                    }
                }
            }
            Ok(())
        }
        (Value::Object(map), Value::Object(more)) => pieces(map, more, budget),
        (old, new) => replace(old, new, budget),
    }
}

/// The element of a list that another one is a piece of.
fn same<'a>(list: &'a mut [Value], piece: &Value) -> Option<&'a mut Value> {
    let index = piece.get("index")?;
    let agrees = |old: &Value, key: &str| match (old.get(key), piece.get(key)) {
        (Some(Value::String(old)), Some(Value::String(new))) => old == new,
        _ => true,
    };
    list.iter_mut()
        .rev()
        .take(LOOK_BACK)
        .find(|old| old.get("index") == Some(index) && agrees(old, "type") && agrees(old, "id"))
}

fn replace(old: &mut Value, new: Value, budget: &mut Budget) -> Result<(), StreamError> {
    let weight = weight(&new);
    if weight > FREE {
        budget.spend(weight)?;
    }
    *old = new;
    Ok(())
}

/// Takes the newer fields of an object that says the same again and again.
pub(crate) fn latest(
    map: &mut Map<String, Value>,
    newer: Map<String, Value>,
    budget: &mut Budget,
) -> Result<(), StreamError> {
    for (key, value) in newer {
        match map.get_mut(&key) {
            Some(_) if value.is_null() => {}
            Some(old) => replace(old, value, budget)?,
            None => {
                budget.spend(key.len())?;
                budget.keep(&value)?;
                map.insert(key, value);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(pieces_of: Value) -> Value {
        let mut whole = Map::new();
        let mut budget = Budget::new(100_000);
        for piece in pieces_of.as_array().unwrap() {
            pieces(&mut whole, piece.as_object().unwrap().clone(), &mut budget).unwrap();
        }
        Value::Object(whole)
    }

    #[test]
    fn details_of_reasoning_become_one_block_each() {
        let streamed = json!([
            {"reasoning_details": [{"type": "reasoning.text", "index": 0, "format": "f", "text": "I "}]},
            {"reasoning_details": [{"type": "reasoning.text", "index": 0, "format": "f", "text": "look."}]},
            {"reasoning_details": [{"type": "reasoning.text", "index": 0, "signature": "s=="}]},
            {"reasoning_details": [{"type": "reasoning.encrypted", "id": "a", "index": 0, "data": "x"}]},
            {"reasoning_details": [{"type": "reasoning.encrypted", "id": "b", "index": 0, "data": "y"}]},
        ]);
        assert_eq!(
            merged(streamed),
            json!({"reasoning_details": [
                {"type": "reasoning.text", "index": 0, "format": "f", "text": "I look.", "signature": "s=="},
                {"type": "reasoning.encrypted", "id": "a", "index": 0, "data": "x"},
                {"type": "reasoning.encrypted", "id": "b", "index": 0, "data": "y"},
            ]})
        );
    }

    #[test]
    fn null_takes_nothing_away_and_names_are_not_added_up() {
        let streamed =
            json!([{"role": "assistant", "n": 1}, {"role": "assistant", "n": null}, {"n": 2}]);
        assert_eq!(merged(streamed), json!({"role": "assistant", "n": 2}));
    }

    #[test]
    fn what_is_too_large_is_not_taken() {
        let mut budget = Budget::new(1_000);
        let mut map = Map::new();
        let piece = |text: &str| Map::from_iter([("x".to_owned(), json!(text))]);
        pieces(&mut map, piece("a"), &mut budget).unwrap();
        let long = "b".repeat(2_000);
        assert!(pieces(&mut map, piece(&long), &mut budget).is_err());
    }
}
