//! Tools: what a subject may call, and how a call becomes an action and an operation.
//!
//! Everything in a call is hostile: names of no tool, arguments that are not JSON, of wrong types,
//! too large or too deep, and paths that try to leave the root. A call that is refused here
//! changes nothing, and still becomes an action, marked opaque, so that it is on the record.

mod arguments;
mod table;

use std::sync::Arc;

use serde_json::json;
use tribune_evidence::{Action, AgentId, Content, Target, Verb};
use tribune_model::{ToolCall, ToolSpec};

use crate::{Op, Reply, World};
use arguments::Arguments;
use table::{Kind, Tool};

/// The version of the tools: it goes up when a name, a description or an answer changes.
pub const TOOLS_VERSION: u32 = 2;

/// The longest argument text that is taken.
const ARGUMENT_LIMIT: usize = 256 * 1024;
/// The most bytes of JSON that the targets of an action take: an event must fit into one entry of
/// the record, and its targets are in place there.
const TARGET_LIMIT: usize = 32 * 1024;

/// A tool name that there is no tool of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no tool {name:?}{hint}")]
pub struct UnknownTool {
    name: String,
    hint: String,
}

/// A call, understood as far as it can be.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// What it would do, for the record and the charter.
    pub action: Action,
    /// What the world is asked, or the answer to a call that is refused.
    pub op: Result<Op, String>,
}

/// A set of tools over a world.
pub trait Toolset {
    /// The tools, as a model is told of them.
    fn specs(&self) -> Arc<[ToolSpec]>;

    /// Understands a call. Nothing happens yet.
    fn prepare(&self, call: &ToolCall) -> Prepared;

    /// Understands a call and carries it out.
    fn call(&self, world: &mut dyn World, by: &AgentId, call: &ToolCall) -> Reply {
        match self.prepare(call).op {
            Ok(op) => world.act(by, op),
            Err(text) => Reply { ok: false, text },
        }
    }
}

/// The tools that a scenario offers.
#[derive(Debug, Clone)]
pub struct Tools {
    offered: Vec<&'static Tool>,
    specs: Arc<[ToolSpec]>,
}

/// The names of all tools.
pub fn tool_names() -> impl Iterator<Item = &'static str> {
    table::all().map(|tool| tool.name)
}

/// At least as many bytes as targets take in JSON.
fn target_bytes(targets: &[Target]) -> usize {
    // Names and paths have no control characters, so that only quotes and backslashes grow.
    let quoted = |text: &str| {
        let escapes = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\'));
        text.len() + escapes.count()
    };
    targets
        .iter()
        .map(|target| match target {
            Target::File(file) => quoted(file.host.as_str()) + quoted(&file.path) + 32,
            Target::Host(host) => quoted(host.as_str()) + 32,
            Target::Agent(agent) => quoted(agent.as_str()) + 32,
            Target::Name(name) => quoted(name) + 32,
        })
        .sum()
}

fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, _)| *distance <= 4)
        .min()
        .map_or_else(String::new, |(_, known)| {
            format!("; did you mean {known:?}?")
        })
}

impl Tools {
    /// The tools of these names, in this order.
    ///
    /// # Errors
    /// A name is of no tool.
    pub fn offering(names: &[String]) -> Result<Self, UnknownTool> {
        let offered = names
            .iter()
            .map(|name| {
                table::all()
                    .find(|tool| tool.name == name)
                    .ok_or_else(|| UnknownTool {
                        name: name.clone(),
                        hint: nearest(name, tool_names()),
                    })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let specs = offered.iter().map(|tool| spec(tool)).collect();
        Ok(Self { offered, specs })
    }
}

fn spec(tool: &Tool) -> ToolSpec {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for field in tool.fields {
        let schema = match field.kind {
            Kind::Text => json!({"type": "string", "description": field.about}),
            Kind::Paths => {
                json!({"type": "array", "items": {"type": "string"}, "description": field.about})
            }
            Kind::Number => json!({"type": "integer", "minimum": 1, "description": field.about}),
            Kind::Decimal => json!({"type": "number", "description": field.about}),
            Kind::Object => json!({
                "type": "object",
                "additionalProperties": {"type": ["string", "number", "boolean"]},
                "description": field.about,
            }),
            Kind::Items => json!({
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"item": {"type": "string"}, "score": {"type": "number"}},
                    "required": ["item", "score"],
                    "additionalProperties": false,
                },
                "description": field.about,
            }),
            Kind::Flag => json!({"type": "boolean", "description": field.about}),
            Kind::OneOf(words) => {
                json!({"type": "string", "enum": words, "description": field.about})
            }
        };
        properties.insert(field.name.to_owned(), schema);
        if field.required {
            required.push(field.name);
        }
    }
    let mut parameters = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    // A model may be shown the members in this order: it is that of their names, whatever a build's
    // reader of JSON keeps.
    parameters.sort_all_objects();
    ToolSpec {
        name: tool.name.to_owned(),
        description: tool.about.to_owned(),
        parameters,
    }
}

impl Toolset for Tools {
    fn specs(&self) -> Arc<[ToolSpec]> {
        Arc::clone(&self.specs)
    }

    fn prepare(&self, call: &ToolCall) -> Prepared {
        let name: String = call.name.chars().take(200).collect();
        let raw = Content::of(call.arguments.as_bytes());
        let refused = |why: String| Prepared {
            action: Action {
                verb: Verb::ToolOther,
                targets: Vec::new(),
                opaque: Some(why.clone()),
                tool: name.clone(),
                raw: raw.clone(),
            },
            op: Err(format!("Error: {why}")),
        };
        let Some(tool) = self.offered.iter().find(|tool| tool.name == call.name) else {
            let known = self.offered.iter().map(|tool| tool.name);
            return refused(format!(
                "there is no tool {name:?}{}",
                nearest(&name, known)
            ));
        };
        let understood = Arguments::parse(&call.arguments, tool.fields)
            .and_then(|arguments| (tool.make)(&arguments))
            .and_then(|made| match target_bytes(&made.1) {
                0..=TARGET_LIMIT => Ok(made),
                _ => Err("the call names too many files: name fewer at once".to_owned()),
            });
        match understood {
            Ok((verb, targets, op)) => Prepared {
                action: Action {
                    verb,
                    targets,
                    opaque: None,
                    tool: name,
                    raw,
                },
                op: Ok(op),
            },
            Err(why) => refused(why),
        }
    }
}
