//! The tools that a request declares: those of the agent, and those that the provider carries out
//! itself.

use std::ops::Range;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::Value;
use tribune_evidence::BlobId;

use crate::Protocol;
use crate::intercept::{Tool, ToolList};
use crate::outline::{Edits, elements, find, members, string};
use crate::strict::{NotStrict, parse};

/// What a declaration says.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    pub(crate) list: Arc<ToolList>,
    /// The tools that the provider carries out, by kind.
    pub(crate) of_provider: Vec<String>,
    /// The declaration without those; none where nothing is left of it.
    pub(crate) without: Option<String>,
}

/// The bytes of all declarations that are remembered. Most agents of one kind declare the same.
const MOST_BYTES: u64 = 8 << 20;

type Key = (Protocol, [u8; 32]);

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<Key, (Arc<Declared>, u64)> for Bytes {
    fn weight(&self, _: &Key, (_, bytes): &(Arc<Declared>, u64)) -> u64 {
        *bytes
    }
}

/// Declarations that were read, shared while they do not change.
#[derive(Debug)]
pub(crate) struct Declarations(Cache<Key, (Arc<Declared>, u64), Bytes>);

impl Declarations {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter(256, MOST_BYTES, Bytes))
    }

    /// Reads the value that stands in a range of a request, or finds it as it was read before. Its
    /// hash is given where it is known.
    pub(crate) fn read(
        &self,
        protocol: Protocol,
        text: &str,
        range: Range<usize>,
        hash: Option<[u8; 32]>,
        left: &mut usize,
    ) -> Result<Arc<Declared>, NotStrict> {
        let raw = text.get(range).unwrap_or_default();
        let hash = hash.unwrap_or_else(|| blake3::hash(raw.as_bytes()).into());
        let key = (protocol, hash);
        if let Some((known, _)) = self.0.get(&key) {
            return Ok(known);
        }
        let declared = Arc::new(declared(protocol, raw, left)?);
        // A list of tools takes several times its text.
        let bytes = (raw.len() as u64).saturating_mul(6).max(1_024);
        self.0.insert(key, (Arc::clone(&declared), bytes));
        Ok(declared)
    }
}

/// Tools that the agent carries out itself, by their type.
fn is_of_agent(protocol: Protocol, kind: &str, tool: &Value) -> bool {
    let starts = |names: &[&str]| names.iter().any(|name| kind.starts_with(name));
    match protocol {
        Protocol::ChatCompletions => matches!(kind, "function" | "custom"),
        Protocol::Responses => {
            let environment = tool
                .get("environment")
                .and_then(|environment| environment.get("type"));
            match kind {
                "function" | "custom" | "local_shell" | "apply_patch" | "namespace" => true,
                "shell" => environment.and_then(Value::as_str) == Some("local"),
                _ => starts(&["computer"]),
            }
        }
        Protocol::Messages => {
            matches!(kind, "" | "custom")
                || starts(&["bash_", "text_editor_", "computer_", "memory_"])
        }
        Protocol::GenerateContent => matches!(
            kind,
            "functionDeclarations" | "function_declarations" | "computerUse" | "computer_use"
        ),
    }
}

fn declared(protocol: Protocol, raw: &str, left: &mut usize) -> Result<Declared, NotStrict> {
    let value = parse(raw, left)?;
    let not_json = |_| NotStrict::NotJson("the tools are no list".to_owned());
    let mut tools = Vec::new();
    let mut of_provider = Vec::new();
    let mut edits = Edits::default();
    let mut kept = Vec::new();
    let list = match &value {
        Value::Array(list) => list.as_slice(),
        Value::Null => &[],
        _ => return Err(NotStrict::NotJson("the tools are no list".to_owned())),
    };
    let ranges = if list.is_empty() {
        Vec::new()
    } else {
        elements(raw, 0..raw.len()).map_err(not_json)?
    };
    for (tool, range) in list.iter().zip(&ranges) {
        if protocol == Protocol::GenerateContent {
            let members = members(raw, range.clone()).map_err(not_json)?;
            let is_kept: Vec<bool> = members
                .iter()
                .map(|member| is_of_agent(protocol, &member.key, tool))
                .collect();
            let gone = members
                .iter()
                .zip(&is_kept)
                .filter(|(_, is_kept)| !**is_kept);
            let gone: Vec<String> = gone.map(|(member, _)| short(&member.key)).collect();
            kept.push(gone.len() < members.len());
            if !gone.is_empty() && gone.len() < members.len() {
                edits.keep_members(&members, |at| is_kept.get(at) == Some(&true));
            }
            of_provider.extend(gone);
        } else {
            let kind = match (protocol, tool.get("type").and_then(Value::as_str)) {
                (Protocol::ChatCompletions, None) => "function",
                (_, kind) => kind.unwrap_or_default(),
            };
            let nested = tool.get("tools").and_then(Value::as_array);
            let is_clean = nested.into_iter().flatten().all(|tool| {
                let kind = tool
                    .get("type")
                    .and_then(Value::as_str)
                    .unwrap_or("function");
                matches!(kind, "function" | "custom")
            });
            let is_kept = is_of_agent(protocol, kind, tool) && is_clean;
            kept.push(is_kept);
            if !is_kept {
                of_provider.push(short(kind));
            }
        }
        declare(protocol, tool, &mut tools);
    }
    let mut without = None;
    if kept.contains(&true) && !of_provider.is_empty() {
        edits.keep(&ranges, |at| kept.get(at) == Some(&true));
        without = edits.apply(raw);
    }
    Ok(Declared {
        list: Arc::new(ToolList::new(Some(BlobId::of(raw.as_bytes())), tools)),
        of_provider,
        without,
    })
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

fn declare(protocol: Protocol, tool: &Value, tools: &mut Vec<Tool>) {
    let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
    let mut add = |namespace: Option<&str>, of: &Value, schemas: &[&str]| {
        if let Some(name) = name(of) {
            tools.push(Tool {
                namespace: namespace.map(str::to_owned),
                name,
                schema: schemas.iter().find_map(|schema| of.get(*schema)).cloned(),
            });
        }
    };
    match protocol {
        Protocol::ChatCompletions => {
            let of = tool
                .get("function")
                .or_else(|| tool.get("custom"))
                .unwrap_or(tool);
            add(None, of, &["parameters"]);
        }
        Protocol::Responses => {
            let nested = tool.get("tools").and_then(Value::as_array);
            match nested {
                Some(nested) => {
                    let namespace = tool.get("name").and_then(Value::as_str);
                    for tool in nested {
                        add(namespace, tool, &["parameters"]);
                    }
                }
                None => add(None, tool, &["parameters"]),
            }
        }
        Protocol::Messages => add(None, tool, &["input_schema"]),
        Protocol::GenerateContent => {
            let declarations = ["functionDeclarations", "function_declarations"];
            let declarations = declarations.iter().find_map(|name| tool.get(*name));
            let schemas = [
                "parametersJsonSchema",
                "parameters_json_schema",
                "parameters",
            ];
            for tool in declarations.and_then(Value::as_array).into_iter().flatten() {
                add(None, tool, &schemas);
            }
        }
    }
}

/// Whether a choice of a tool names one of the provider's, by its type.
pub(crate) fn chooses(text: &str, choice: Range<usize>, kinds: &[String]) -> bool {
    let Ok(members) = members(text, choice) else {
        return false;
    };
    let named = ["type", "name"]
        .iter()
        .filter_map(|name| find(&members, name));
    named
        .filter_map(|member| string(text, &member.value))
        .any(|kind| kinds.iter().any(|of| *of == kind))
}
