//! The middle between a client and a server of tools: what passes, what is asked about first, and
//! what is said in a server's place. No transport here.
//!
//! Everything passes as it came, byte by byte: tools, resources, prompts, elicitation, sampling, and
//! whatever later versions bring. Three things are looked at. A call of a tool is checked against
//! the schema that the server declared and put to the guard. A list of tools is compared with what
//! was approved; a tool whose description changed is taken out until a person approves it. Results
//! of calls are told to the guard, whose detectors see them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::message::{self, Message, ToolCall};

/// The most requests that may be open in one direction.
const MOST_OPEN: usize = 4_096;

/// The most tools of one server.
const MOST_TOOLS: usize = 4_096;

/// Who decides, wherever it is.
#[async_trait]
pub trait Oracle: Send + Sync {
    /// Whether a call may happen: the id that the record gave it, or what the agent is told where it
    /// may not.
    async fn call(&self, call: Asked) -> Result<String, String>;

    /// What the call of that id gave.
    async fn returned(&self, call: &str, failed: bool, text: String);

    /// Which tools of a list may be shown, by name: the others changed since they were approved.
    /// `None` where it could not be asked: then none may.
    async fn tools(&self, tools: Vec<Declared>) -> Option<Vec<String>>;
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The tool.
    pub tool: String,
    /// The arguments, as the JSON text that the client gave.
    pub arguments: String,
    /// The schema that the server declared; none where it declared no such tool.
    pub schema: Option<Value>,
    /// The id of the request, as JSON text.
    pub id: String,
}

/// A tool as a server declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// SHA-256 of its whole declaration as canonical JSON: name, description, schema and all.
    pub hash: String,
    /// Its description, for the person who is asked.
    pub description: String,
}

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passage {
    /// It goes on as it came.
    On,
    /// This goes on in its place.
    Instead(String),
    /// This goes back to whoever sent it.
    Back(String),
    /// It goes nowhere.
    Nowhere,
}

#[derive(Debug, Clone)]
enum Open {
    Call(String),
    List,
}

/// Where ids of requests are a client's own: all of a pipe, or one POST of many clients' over HTTP.
pub type Scope = u64;

/// The scope of what is no answer to one POST, and of a whole pipe.
pub const WHOLE: Scope = 0;

#[derive(Debug, Default)]
struct State {
    open: HashMap<(Scope, String), Open>,
    /// The scopes that were given out.
    scopes: Scope,
    schemas: HashMap<String, Value>,
    /// Tools that may not be called: their descriptions changed.
    barred: HashSet<String>,
}

/// The middle.
pub struct Mediator {
    oracle: Arc<dyn Oracle>,
    state: Mutex<State>,
}

impl std::fmt::Debug for Mediator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mediator")
    }
}

impl Mediator {
    /// A middle that asks an oracle.
    #[must_use]
    pub fn new(oracle: Arc<dyn Oracle>) -> Self {
        Self {
            oracle,
            state: Mutex::default(),
        }
    }

    /// A new scope; it is closed when no answer can come in it any more.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let mut state = self.state.lock();
        state.scopes += 1;
        state.scopes
    }

    /// Forgets what is open in a scope.
    pub fn close(&self, scope: Scope) {
        self.state.lock().open.retain(|(of, _), _| *of != scope);
    }

    /// A message of the client.
    pub async fn from_client(&self, scope: Scope, bytes: &[u8]) -> Passage {
        let message = match message::read(bytes) {
            Ok(message) => message,
            Err(error) => {
                let words = format!("{error}, so it was not passed on");
                return Passage::Back(message::error(None, error.code(), &words));
            }
        };
        let Message::Request { id, method, params } = message else {
            return Passage::On;
        };
        match method.as_str() {
            "tools/call" => self.call(scope, id, params).await,
            "tools/list" => match self.opened(scope, &id, Open::List) {
                Ok(()) => Passage::On,
                Err(back) => back,
            },
            _ => Passage::On,
        }
    }

    async fn call(&self, scope: Scope, id: String, params: Option<String>) -> Passage {
        let read: Result<ToolCall, _> = serde_json::from_str(params.as_deref().unwrap_or("{}"));
        let call = match read {
            Ok(call) => call,
            Err(error) => {
                let words = format!("tools/call needs a name and arguments: {error}");
                return Passage::Back(message::error(Some(&id), -32_602, &words));
            }
        };
        let asked = {
            let state = self.state.lock();
            if state.barred.contains(&call.name) {
                let words = format!(
                    "The tool {} changed its description since a person approved it, and waits for \
                     approval again. It was not called.",
                    call.name
                );
                return Passage::Back(message::denied(&id, &words));
            }
            Asked {
                schema: state.schemas.get(&call.name).cloned(),
                arguments: call.arguments.map_or_else(|| "{}".to_owned(), |raw| raw.0),
                tool: call.name,
                id: id.clone(),
            }
        };
        match self.oracle.call(asked).await {
            Err(words) => Passage::Back(message::denied(&id, &words)),
            Ok(call) => match self.opened(scope, &id, Open::Call(call)) {
                Ok(()) => Passage::On,
                Err(back) => back,
            },
        }
    }

    fn opened(&self, scope: Scope, id: &str, open: Open) -> Result<(), Passage> {
        let mut state = self.state.lock();
        if state.open.len() >= MOST_OPEN {
            let words = format!("{MOST_OPEN} requests are open already");
            return Err(Passage::Back(message::error(Some(id), -32_000, &words)));
        }
        let key = (scope, id.to_owned());
        if state.open.contains_key(&key) {
            let words = "another request with this id is open";
            return Err(Passage::Back(message::error(Some(id), -32_600, words)));
        }
        state.open.insert(key, open);
        Ok(())
    }

    /// The request that a message of the server answers.
    fn answered(&self, scope: Scope, id: &str) -> Option<Open> {
        let mut state = self.state.lock();
        if let Some(open) = state.open.remove(&(scope, id.to_owned())) {
            return Some(open);
        }
        // A client may take an answer wherever it comes, so a list is looked at there too. What
        // is open stays so, or a false answer would let the true one pass unseen.
        let elsewhere = state.open.iter().filter(|((_, open), _)| open == id);
        let is_list = |open: &Open| matches!(open, Open::List);
        elsewhere
            .map(|(_, open)| open)
            .max_by_key(|open| is_list(open))
            .cloned()
    }

    /// A message of the server.
    pub async fn from_server(&self, scope: Scope, bytes: &[u8]) -> Passage {
        // What cannot be read cannot be told apart from an answer: it goes nowhere, and the request
        // that it may have answered stays open until the client gives up.
        let Ok(message) = message::read(bytes) else {
            return Passage::Nowhere;
        };
        let Message::Response { id, result } = message else {
            return Passage::On;
        };
        match (self.answered(scope, &id), result) {
            (None, _) => Passage::On,
            (Some(Open::Call(call)), result) => {
                let (failed, text) = told(result.as_deref());
                self.oracle.returned(&call, failed, text).await;
                Passage::On
            }
            (Some(Open::List), None) => Passage::On,
            (Some(Open::List), Some(result)) => self.list(&id, &result).await,
        }
    }

    /// A list of tools: what may be shown of it.
    async fn list(&self, id: &str, result: &str) -> Passage {
        let refuse = |words: &str| Passage::Instead(message::error(Some(id), -32_000, words));
        let Ok(mut list) = serde_json::from_str::<Value>(result) else {
            return refuse("the server's list of tools cannot be read");
        };
        let Some(tools) = list.get_mut("tools").and_then(Value::as_array_mut) else {
            return refuse("the server's list of tools has no tools");
        };
        if tools.len() > MOST_TOOLS {
            return refuse("the server declares more tools than are taken");
        }
        let mut declared = Vec::with_capacity(tools.len());
        for tool in tools.iter() {
            let Some(one) = declaration(tool) else {
                return refuse("a tool of the server has no name");
            };
            if declared
                .iter()
                .any(|other: &Declared| other.name == one.name)
            {
                return refuse("two tools of the server have one name");
            }
            declared.push(one);
        }
        let shown = self.oracle.tools(declared.clone()).await;
        let Some(shown) = shown.map(|names| names.into_iter().collect::<HashSet<String>>()) else {
            return refuse("the guard could not be asked about the server's tools");
        };
        let mut state = self.state.lock();
        for (tool, one) in tools.iter().zip(&declared) {
            let schema = tool.get("inputSchema").cloned().unwrap_or(Value::Null);
            if shown.contains(&one.name) {
                state.barred.remove(&one.name);
                state.schemas.insert(one.name.clone(), schema);
            } else {
                state.barred.insert(one.name.clone());
                state.schemas.remove(&one.name);
            }
        }
        drop(state);
        if declared.iter().all(|one| shown.contains(&one.name)) {
            return Passage::On;
        }
        tools.retain(|tool| {
            let name = tool.get("name").and_then(Value::as_str);
            name.is_some_and(|name| shown.contains(name))
        });
        let id: Value = serde_json::from_str(id).unwrap_or(Value::Null);
        let message = serde_json::json!({ "jsonrpc": "2.0", "id": id, "result": list });
        Passage::Instead(message.to_string())
    }

    /// The ids of requests that a server has not answered.
    #[must_use]
    pub fn unanswered(&self) -> Vec<String> {
        let state = self.state.lock();
        state.open.keys().map(|(_, id)| id.clone()).collect()
    }
}

fn declaration(tool: &Value) -> Option<Declared> {
    let name = tool.get("name")?.as_str()?.to_owned();
    let canonical = tribune_record::canonical::to_vec(tool).ok()?;
    let description = tool.get("description").and_then(Value::as_str);
    Some(Declared {
        hash: tribune_evidence::BlobId::of(&canonical).to_string(),
        description: description
            .unwrap_or_default()
            .chars()
            .take(2_000)
            .collect(),
        name,
    })
}

/// Whether a result says that the tool failed, and its words.
fn told(result: Option<&str>) -> (bool, String) {
    let Some(result) = result else {
        return (true, String::new());
    };
    let value: Value = serde_json::from_str(result).unwrap_or(Value::Null);
    let failed = value.get("isError").and_then(Value::as_bool) == Some(true);
    let parts = value.get("content").and_then(Value::as_array);
    let texts: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter_map(|part| part.get("text").and_then(Value::as_str))
        .collect();
    if texts.is_empty() {
        (failed, result.to_owned())
    } else {
        (failed, texts.join("\n"))
    }
}
