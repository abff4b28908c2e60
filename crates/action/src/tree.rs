//! JSON as it stands: `serde_json::Value` keeps one of two fields of the same name, and another
//! reader may keep the other.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The deepest nesting of arguments.
const DEPTH: usize = 32;
/// The longest arguments that are parsed, in bytes.
pub(crate) const LENGTH: usize = 4 * 1024 * 1024;
/// The most values.
const NODES: usize = 100_000;

/// A JSON value that keeps every field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<Tree>),
    Fields(Vec<(String, Tree)>),
}

impl Tree {
    /// Reads JSON text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LENGTH {
            return Err("the arguments are too long".to_owned());
        }
        if depth(text) > DEPTH {
            return Err("the arguments are nested too deeply".to_owned());
        }
        let tree: Self =
            serde_json::from_str(text).map_err(|_| "the arguments are not JSON".to_owned())?;
        if tree.nodes() > NODES {
            return Err("the arguments have too many values".to_owned());
        }
        Ok(tree)
    }

    /// The first value of a text that may have more after it.
    pub(crate) fn first(text: &str) -> Option<Self> {
        if text.len() > LENGTH || depth(text) > DEPTH {
            return None;
        }
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Self>();
        let tree = values.next()?.ok()?;
        (tree.nodes() <= NODES).then_some(tree)
    }

    /// Every object in it, those in texts that are JSON themselves among them.
    pub(crate) fn objects(&self, found: &mut Vec<Self>) {
        const MOST: usize = 8;
        if found.len() >= MOST {
            return;
        }
        match self {
            Self::List(items) => items.iter().for_each(|item| item.objects(found)),
            Self::Fields(fields) => {
                found.push(self.clone());
                fields.iter().for_each(|(_, value)| value.objects(found));
            }
            Self::Text(text) if text.trim_start().starts_with(['{', '[']) => {
                if let Some(inner) = Self::first(text)
                    && !matches!(inner, Self::Text(_))
                {
                    inner.objects(found);
                }
            }
            _ => {}
        }
    }

    fn nodes(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::nodes).sum::<usize>(),
            Self::Fields(fields) => {
                1 + fields.iter().map(|(_, value)| value.nodes()).sum::<usize>()
            }
            _ => 1,
        }
    }

    /// Whether a field stands twice in an object, at any depth.
    pub(crate) fn duplicate(&self) -> Option<&str> {
        match self {
            Self::List(items) => items.iter().find_map(Self::duplicate),
            Self::Fields(fields) => {
                let mut names = std::collections::BTreeSet::new();
                fields
                    .iter()
                    .find(|(name, _)| !names.insert(name.as_str()))
                    .map(|(name, _)| name.as_str())
                    .or_else(|| fields.iter().find_map(|(_, value)| value.duplicate()))
            }
            _ => None,
        }
    }

    /// Every text, with the name of the field that it stands in.
    pub(crate) fn texts<'t>(&'t self, name: &'t str, found: &mut Vec<(&'t str, &'t str)>) {
        match self {
            Self::Text(text) => found.push((name, text)),
            Self::List(items) => items.iter().for_each(|item| item.texts(name, found)),
            Self::Fields(fields) => {
                for (name, value) in fields {
                    // A name may be a path too, as in a map from files to texts.
                    if name.contains('/') {
                        found.push(("", name));
                    }
                    value.texts(name, found);
                }
            }
            _ => {}
        }
    }

    /// The value as another library knows it; of two fields of a name the last stays.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Flag(flag) => Value::Bool(*flag),
            Self::Number(number) => {
                serde_json::Number::from_f64(*number).map_or(Value::Null, Value::Number)
            }
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => Value::Array(items.iter().map(Self::value).collect()),
            Self::Fields(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, value)| (name.clone(), value.value()))
                    .collect(),
            ),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Tree, E> {
                Ok(Tree::Flag(flag))
            }

            #[expect(
                clippy::cast_precision_loss,
                reason = "no argument that is read depends on it"
            )]
            fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
                Ok(Tree::Number(number as f64))
            }

            #[expect(
                clippy::cast_precision_loss,
                reason = "no argument that is read depends on it"
            )]
            fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
                Ok(Tree::Number(number as f64))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
                Ok(Tree::Number(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Tree, E> {
                Ok(Tree::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Tree::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Tree, A::Error> {
                let mut list = Vec::new();
                while let Some(field) = fields.next_entry()? {
                    list.push(field);
                }
                Ok(Tree::Fields(list))
            }
        }
        deserializer.deserialize_any(Any)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_kept() {
        let tree = Tree::parse(r#"{"a":{"b":1,"b":"two"},"c":[true,null]}"#).unwrap();
        assert_eq!(tree.duplicate(), Some("b"));
        let mut texts = Vec::new();
        tree.texts("", &mut texts);
        assert!(texts.contains(&("b", "two")));
        assert_eq!(
            tree.value(),
            serde_json::json!({"a": {"b": "two"}, "c": [true, null]})
        );
    }

    #[test]
    fn hostile_text_is_refused() {
        assert!(Tree::parse(&"[".repeat(200_000)).is_err());
        assert!(Tree::parse("{").is_err());
        assert!(Tree::parse(&format!("[{}1]", "1,".repeat(200_000))).is_err());
    }
}
