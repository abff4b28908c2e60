//! Arguments against the JSON schema that a tool was declared with.
//!
//! The schema comes from the agent or its tool server and is hostile too: it is read as data, with
//! bounds, and no pattern or outside reference of it is followed. Known are the words by which
//! tools declare arguments; a word that is not known restricts more, and is left out. A reference
//! that leads nowhere is a fault.

use serde_json::Value;

/// The deepest nesting that is compared.
const DEPTH: usize = 24;
/// The most comparisons.
const STEPS: usize = 20_000;

/// What does not fit, for people.
pub(crate) fn fault(schema: &Value, value: &Value) -> Option<String> {
    let mut steps = STEPS;
    fits(schema, schema, value, 0, &mut steps, "the arguments").err()
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => false,
    }
}

fn fits(
    root: &Value,
    schema: &Value,
    value: &Value,
    depth: usize,
    steps: &mut usize,
    at: &str,
) -> Result<(), String> {
    *steps = steps
        .checked_sub(1)
        .ok_or("the schema takes too long to compare")?;
    if depth > DEPTH {
        return Err("the schema is nested too deeply".to_owned());
    }
    let Value::Object(words) = schema else {
        return match schema {
            Value::Bool(true) => Ok(()),
            _ => Err(format!("{at}: the schema allows nothing")),
        };
    };
    if let Some(reference) = words.get("$ref").and_then(Value::as_str) {
        let inner = reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer));
        let inner = inner.ok_or_else(|| format!("{at}: the schema refers to what is not in it"))?;
        fits(root, inner, value, depth + 1, steps, at)?;
    }
    match words.get("type") {
        Some(Value::String(name)) if !is_type(&name.to_lowercase(), value) => {
            return Err(format!("{at}: not of the declared type"));
        }
        Some(Value::Array(names)) => {
            let any = names
                .iter()
                .filter_map(Value::as_str)
                .any(|name| is_type(&name.to_lowercase(), value));
            let nothing = words.get("nullable") == Some(&Value::Bool(true)) && value.is_null();
            if !any && !nothing {
                return Err(format!("{at}: not of the declared types"));
            }
        }
        _ => {}
    }
    if let Some(Value::Array(allowed)) = words.get("enum")
        && !allowed.iter().any(|known| same(known, value))
    {
        return Err(format!("{at}: none of the declared values"));
    }
    if let Some(only) = words.get("const")
        && !same(only, value)
    {
        return Err(format!("{at}: not the declared value"));
    }
    for (word, enough) in [("allOf", false), ("anyOf", true), ("oneOf", true)] {
        let Some(Value::Array(choices)) = words.get(word) else {
            continue;
        };
        let mut first = None;
        let mut any = false;
        for choice in choices {
            match fits(root, choice, value, depth + 1, steps, at) {
                Ok(()) => any = true,
                Err(why) => first = first.or(Some(why)),
            }
        }
        let failed = if enough { !any } else { first.is_some() };
        if failed {
            return Err(first.unwrap_or_else(|| format!("{at}: fits no declared form")));
        }
    }
    if let Value::Object(fields) = value {
        let known = words.get("properties").and_then(Value::as_object);
        if let Some(Value::Array(required)) = words.get("required") {
            for name in required.iter().filter_map(Value::as_str) {
                if !fields.contains_key(name) {
                    return Err(format!("{at}: {name:?} is missing"));
                }
            }
        }
        let others = words.get("additionalProperties");
        for (name, field) in fields {
            let inside = format!("{:?}", crate::deeds::short(name, 60));
            match (known.and_then(|known| known.get(name)), others) {
                (Some(schema), _) => fits(root, schema, field, depth + 1, steps, &inside)?,
                (None, Some(Value::Bool(false))) => {
                    return Err(format!("{inside} is not declared"));
                }
                (None, Some(schema @ Value::Object(_))) => {
                    fits(root, schema, field, depth + 1, steps, &inside)?
                }
                // A field that no schema speaks of is not declared, whatever the default says.
                (None, None) if known.is_some_and(|known| !known.is_empty()) => {
                    return Err(format!("{inside} is not declared"));
                }
                _ => {}
            }
        }
    }
    if let (Value::Array(items), Some(schema)) = (value, words.get("items")) {
        for item in items {
            fits(root, schema, item, depth + 1, steps, at)?;
        }
    }
    Ok(())
}

/// Numbers are the same by value, whatever their form.
fn same(one: &Value, other: &Value) -> bool {
    one == other || (one.is_number() && one.as_f64() == other.as_f64())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_fit_or_do_not() {
        let schema = json!({
            "type": "object",
            "properties": {
                "path": {"type": "string"},
                "mode": {"enum": ["a", "b"]},
                "score": {"type": ["number", "null"]},
                "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}},
                "either": {"anyOf": [{"type": "string"}, {"type": "boolean"}]},
            },
            "required": ["path"],
            "$defs": {"tag": {"type": "string"}},
        });
        for fine in [
            json!({"path": "x"}),
            json!({"path": "x", "mode": "a", "score": 1, "tags": ["t"], "either": true}),
            json!({"path": "", "score": null}),
        ] {
            assert_eq!(fault(&schema, &fine), None, "{fine}");
        }
        for wrong in [
            json!({}),
            json!({"path": 1}),
            json!({"path": "x", "file": "y"}),
            json!({"path": "x", "mode": "c"}),
            json!({"path": "x", "score": "9"}),
            json!({"path": "x", "tags": [1]}),
            json!({"path": "x", "either": 1}),
            json!([]),
            json!("x"),
        ] {
            assert!(fault(&schema, &wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn hostile_schemas_end() {
        let round = json!({"$ref": "#"});
        assert!(fault(&round, &json!({})).is_some());
        let mut many = json!({"type": "string"});
        for _ in 0..16 {
            many = json!({"anyOf": [many.clone(), many.clone()]});
        }
        assert!(fault(&many, &json!(1)).is_some());
        assert!(fault(&json!({"$ref": "http://example.com/x"}), &json!({})).is_some());
        assert!(fault(&json!(false), &json!({})).is_some());
    }
}
