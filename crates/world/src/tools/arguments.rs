//! The arguments of a call, checked before anything reads them.

use serde_json::{Map, Value};
use smol_str::SmolStr;
use tribune_evidence::{FileRef, HostId, ItemScore, Timestamp};

use super::ARGUMENT_LIMIT;
use super::table::{Field, Kind};

/// The deepest nesting that is parsed.
const DEPTH: usize = 16;
/// The longest path and name, in bytes.
const PATH_LIMIT: usize = 1_024;
/// The most fields of an object.
const OBJECT_LIMIT: usize = 200;
/// The longest name of an item, in bytes.
const ITEM_LIMIT: usize = 100;

/// Checked arguments: every field is known and of its type, every required one is there.
#[derive(Debug)]
pub(super) struct Arguments(Map<String, Value>);

impl Arguments {
    /// Reads and checks the arguments of a call.
    ///
    /// # Errors
    /// Says what is wrong, for the one who called.
    pub(super) fn parse(text: &str, fields: &[Field]) -> Result<Self, String> {
        if text.len() > ARGUMENT_LIMIT {
            return Err(format!(
                "the arguments have {} bytes; at most {ARGUMENT_LIMIT} are taken",
                text.len()
            ));
        }
        let text = if text.trim().is_empty() { "{}" } else { text };
        if depth(text) > DEPTH {
            return Err("the arguments are nested too deeply".to_owned());
        }
        let value: Value = serde_json::from_str(text)
            .map_err(|_| "the arguments are not valid JSON".to_owned())?;
        let Value::Object(map) = value else {
            return Err("the arguments are not a JSON object".to_owned());
        };
        for (name, value) in &map {
            let field = fields
                .iter()
                .find(|field| field.name == name)
                .ok_or_else(|| {
                    let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
                    let shown: String = name.chars().take(60).collect();
                    format!(
                        "there is no argument {shown:?}; known are {}",
                        known.join(", ")
                    )
                })?;
            let fits = match field.kind {
                Kind::Text => value.is_string(),
                Kind::Paths => value
                    .as_array()
                    .is_some_and(|items| items.iter().all(Value::is_string)),
                Kind::Number => value.as_i64().is_some_and(|number| number >= 1),
                Kind::Decimal => value.as_f64().is_some_and(f64::is_finite),
                Kind::Object => value.is_object(),
                Kind::Items => value.is_array(),
                Kind::Flag => value.is_boolean(),
                Kind::OneOf(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            };
            let left_out = value.is_null() && !field.required;
            if !fits && !left_out {
                return Err(format!(
                    "the argument {:?} must be {}",
                    field.name,
                    field.kind.name()
                ));
            }
        }
        match fields
            .iter()
            .find(|field| field.required && !map.contains_key(field.name))
        {
            Some(field) => Err(format!("the argument {:?} is missing", field.name)),
            None => Ok(Self(map)),
        }
    }

    /// A text, empty where it was left out.
    pub(super) fn text(&self, name: &str) -> String {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// A text, where it was given.
    pub(super) fn given(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// A name of a host, an account or a document: short, on one line.
    pub(super) fn name(&self, name: &str) -> Result<String, String> {
        let text = self.text(name);
        if text.trim().is_empty() || text.len() > PATH_LIMIT || text.chars().any(char::is_control) {
            return Err(format!("the argument {name:?} is not a name"));
        }
        Ok(text)
    }

    /// A host.
    pub(super) fn host(&self, name: &str) -> Result<HostId, String> {
        self.name(name).map(HostId::new)
    }

    /// An absolute path in its normal form.
    pub(super) fn path(&self, name: &str) -> Result<String, String> {
        normal(&self.text(name))
    }

    /// A file.
    pub(super) fn file(&self, host: &str, path: &str) -> Result<FileRef, String> {
        Ok(FileRef {
            host: self.host(host)?,
            path: self.path(path)?,
        })
    }

    /// Several absolute paths.
    pub(super) fn paths(&self, name: &str) -> Result<Vec<String>, String> {
        let items = self
            .0
            .get(name)
            .and_then(Value::as_array)
            .map(Vec::as_slice);
        items
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_str)
            .map(normal)
            .collect()
    }

    /// A whole number of at least one.
    pub(super) fn number(&self, name: &str) -> i64 {
        self.0.get(name).and_then(Value::as_i64).unwrap_or(1)
    }

    /// A whole number of at least one, where it was given.
    pub(super) fn count(&self, name: &str) -> Option<usize> {
        let number = self.0.get(name).and_then(Value::as_u64)?;
        Some(usize::try_from(number).unwrap_or(usize::MAX))
    }

    /// A number, where it was given.
    pub(super) fn decimal(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Value::as_f64)
    }

    /// Texts, numbers and flags under names, as texts, in the order of the names.
    pub(super) fn object(&self, name: &str) -> Result<Vec<(String, String)>, String> {
        let Some(map) = self.0.get(name).and_then(Value::as_object) else {
            return Ok(Vec::new());
        };
        if map.len() > OBJECT_LIMIT {
            return Err(format!(
                "the argument {name:?} has more than {OBJECT_LIMIT} fields"
            ));
        }
        let mut fields = map
            .iter()
            .map(|(field, value)| match value {
                Value::String(text) => Ok((field.clone(), text.clone())),
                Value::Number(_) | Value::Bool(_) => Ok((field.clone(), value.to_string())),
                _ => {
                    let shown: String = field.chars().take(60).collect();
                    Err(format!("{shown:?} must be a text, a number or a flag"))
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        fields.sort_unstable();
        Ok(fields)
    }

    /// Scores of items.
    pub(super) fn items(&self, name: &str) -> Result<Vec<ItemScore>, String> {
        let items = self
            .0
            .get(name)
            .and_then(Value::as_array)
            .map(Vec::as_slice);
        let item = |value: &Value| {
            let map = value.as_object().filter(|map| map.len() == 2)?;
            let score = map.get("score")?.as_f64().filter(|score| score.is_finite());
            let item = SmolStr::new(map.get("item")?.as_str()?);
            let fits = !item.trim().is_empty() && item.len() <= ITEM_LIMIT;
            fits.then_some(ItemScore {
                item,
                score: score?,
            })
        };
        items
            .unwrap_or_default()
            .iter()
            .map(|value| {
                item(value)
                    .ok_or_else(|| format!("the argument {name:?} must be {}", Kind::Items.name()))
            })
            .collect()
    }

    /// A flag, off where it was left out.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A moment.
    pub(super) fn moment(&self, name: &str) -> Result<Timestamp, String> {
        self.text(name)
            .parse()
            .map_err(|error: tribune_evidence::TimestampError| error.to_string())
    }
}

/// The nesting of brackets outside texts.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// An absolute path in its normal form: no `.`, no `..`, no doubled slash, no slash at its end.
fn normal(path: &str) -> Result<String, String> {
    let shown = || path.chars().take(80).collect::<String>();
    if path.len() > PATH_LIMIT {
        return Err(format!("a path has more than {PATH_LIMIT} bytes"));
    }
    if path.chars().any(char::is_control) {
        return Err(format!("the path {:?} has control characters", shown()));
    }
    if !path.starts_with('/') {
        return Err(format!("the path {:?} is not absolute", shown()));
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Err(format!("the path {:?} leaves the root", shown()));
                }
            }
            part => parts.push(part),
        }
    }
    Ok(format!("/{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_made_normal_or_refused() {
        assert_eq!(normal("/a//b/./../c/"), Ok("/a/c".to_owned()));
        assert_eq!(normal("/"), Ok("/".to_owned()));
        for bad in ["a/b", "/../x", "/a/../../x", "/a\0b", "/a\nb", ""] {
            assert!(normal(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_normal_path_stays_as_it_is(path in "/[a-z./]{0,40}") {
            if let Ok(once) = normal(&path) {
                prop_assert_eq!(normal(&once), Ok(once.clone()));
                prop_assert!(!once.contains("//") && !once.contains("/../"));
            }
        }
    }
}
