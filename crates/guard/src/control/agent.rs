//! The agents' door: whether a call may happen, asked by an agent's own hook or by the proxy of a
//! tool server, with the agent's own key.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use tribune_evidence::{AgentId, Sensor};

use super::auth::bearer;
use super::{Control, Problem, Refused};
use crate::approved;
use crate::decide::{Call, Ruling, Who};
use crate::hook::{self, Client};
use crate::mcp::Declared;
use crate::stream::now;

/// Numbers the requests of hooks and proxies, as a gateway numbers its exchanges.
static REQUESTS: AtomicU64 = AtomicU64::new(1);

/// The name of the next request that comes in by a door.
fn request(control: &Control, door: char) -> String {
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let name = format!("{door}{number}");
    control.engine.stream().named(name)
}

/// What a hook must print, and how it must end.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HookReply {
    /// On standard output.
    pub output: String,
    /// On standard error; empty for nothing.
    pub complaint: String,
    /// The exit code.
    pub code: u8,
}

/// Decides a call that an agent's hook tells of; the body is what the agent handed its hook.
#[utoipa::path(
    post, path = "/v1/agent/hook/{client}", request_body(content = String, content_type = "application/json"),
    params(("client" = String, Path, description = "claude-code, codex, gemini-cli, opencode or openclaw")),
    responses(
        (status = 200, body = HookReply),
        (status = 401, body = Problem),
        (status = 404, body = Problem),
        (status = 422, body = Problem, description = "No call that could be judged: it is denied"),
    )
)]
pub(super) async fn hook(
    State(control): State<Control>,
    headers: HeaderMap,
    Path(client): Path<String>,
    body: Bytes,
) -> Result<Json<HookReply>, Refused> {
    let agent = agent(&control, &headers)?;
    let client = Client::ALL
        .into_iter()
        .find(|known| known.as_str() == client)
        .ok_or_else(|| {
            let words = format!("There is no hook for {client:?}.");
            Refused(StatusCode::NOT_FOUND, words)
        })?;
    let read = hook::read(client, &body)
        .map_err(|error| Refused(StatusCode::UNPROCESSABLE_ENTITY, format!("{error}.")))?;
    let (agent, parent) = match &read.below {
        Some(below) => (AgentId::new(format!("{agent}/{below}")), Some(agent)),
        None => (agent, None),
    };
    let call = Call {
        who: Who {
            agent,
            parent,
            sensor: Sensor::Hook,
            at: now(),
        },
        conversation: format!("s:{}", read.session),
        exchange: request(&control, 'h'),
        place: 0,
        id: read.id,
        namespace: None,
        tool: read.tool,
        arguments: read.arguments,
    };
    let directory = (!read.directory.is_empty()).then_some(read.directory.as_str());
    let ruling = decide(control, call, None, directory).await;
    let reply = hook::reply(client, &ruling);
    Ok(Json(HookReply {
        output: reply.output,
        complaint: reply.complaint,
        code: reply.code,
    }))
}

/// A call of a tool server.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerCall {
    /// The server, as the operator calls it.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// The arguments, as the JSON text that the agent gave.
    pub arguments: String,
    /// The tool's schema, as the server declared it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub schema: Option<serde_json::Value>,
    /// The session between the agent and the server.
    #[serde(default)]
    pub session: String,
    /// The id of the request.
    #[serde(default)]
    pub id: String,
}

/// What a call of a tool server gave.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Returned {
    /// The server, as the operator calls it.
    pub server: String,
    /// The id of the call in the record, as [`Ruled`] gave it.
    pub call: String,
    /// Whether the tool failed.
    pub failed: bool,
    /// Its words.
    pub text: String,
}

/// Keeps what a call gave.
#[utoipa::path(
    post, path = "/v1/agent/returned", request_body = Returned,
    responses((status = 204), (status = 401, body = Problem))
)]
pub(super) async fn returned(
    State(control): State<Control>,
    headers: HeaderMap,
    Json(returned): Json<Returned>,
) -> Result<StatusCode, Refused> {
    let agent = agent(&control, &headers)?;
    let member = crate::families::Member {
        agent,
        parent: None,
    };
    control
        .engine
        .returned(&member, &returned.call, !returned.failed, &returned.text);
    Ok(StatusCode::NO_CONTENT)
}

/// The tools that a server declares.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolsDeclared {
    /// The server, as the operator calls it.
    pub server: String,
    /// The tools.
    pub tools: Vec<Declared>,
}

/// Which tools may be shown.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Shown {
    /// Their names; the others changed since they were approved.
    pub shown: Vec<String>,
}

/// Compares a server's tools with those that were approved; a changed one waits for a person.
#[utoipa::path(
    post, path = "/v1/agent/tools", request_body = ToolsDeclared,
    responses((status = 200, body = Shown), (status = 401, body = Problem), (status = 500, body = Problem))
)]
pub(super) async fn tools(
    State(control): State<Control>,
    headers: HeaderMap,
    Json(declared): Json<ToolsDeclared>,
) -> Result<Json<Shown>, Refused> {
    let agent = agent(&control, &headers)?;
    let engine = &control.engine;
    let server = &declared.server;
    let sorted = engine
        .approved()
        .sort(server, &declared.tools)
        .map_err(|error| Refused(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}.")))?;
    for tool in sorted.fresh {
        let what = format!("Tool {} ({}): {}", tool.name, tool.hash, tool.description);
        engine.say(&format!("server {server}"), &agent, &what);
    }
    for tool in sorted.changed {
        approved::ask(engine, agent.as_str(), server, tool);
    }
    Ok(Json(Shown {
        shown: sorted.shown,
    }))
}

/// What becomes of a call.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Ruled {
    /// Whether it may happen.
    pub release: bool,
    /// What the agent is told where it may not.
    pub explanation: String,
    /// The id of the call in the record.
    pub call: String,
}

/// Decides a call of a tool server.
#[utoipa::path(
    post, path = "/v1/agent/call", request_body = ServerCall,
    responses((status = 200, body = Ruled), (status = 401, body = Problem))
)]
pub(super) async fn call(
    State(control): State<Control>,
    headers: HeaderMap,
    Json(asked): Json<ServerCall>,
) -> Result<Json<Ruled>, Refused> {
    let agent = agent(&control, &headers)?;
    let call = Call {
        who: Who {
            agent,
            parent: None,
            sensor: Sensor::Mcp,
            at: now(),
        },
        conversation: format!("m:{}", asked.session),
        exchange: request(&control, 'm'),
        place: 0,
        id: asked.id,
        namespace: Some(asked.server),
        tool: asked.tool,
        arguments: asked.arguments,
    };
    let id = call.call_id().to_string();
    let ruling = decide(control, call, asked.schema, None).await;
    Ok(Json(match ruling {
        Ruling::Release => Ruled {
            release: true,
            explanation: String::new(),
            call: id,
        },
        Ruling::Deny(explanation) => Ruled {
            release: false,
            explanation,
            call: id,
        },
    }))
}

/// Decides on a task of its own, so that an entry half made is finished where the hook goes away.
async fn decide(
    control: Control,
    call: Call,
    schema: Option<serde_json::Value>,
    directory: Option<&str>,
) -> Ruling {
    let engine = control.engine;
    let actions = engine.read_in(&call, Some(schema.as_ref()), directory);
    let tool = call.tool.clone();
    let task = tokio::spawn(async move { engine.decide(&call, actions).await });
    task.await.unwrap_or_else(|error| {
        Ruling::Deny(format!(
            "The call of {tool} was denied: the guard failed ({error})."
        ))
    })
}

/// Whose key a request has.
pub(super) fn agent(control: &Control, headers: &HeaderMap) -> Result<AgentId, Refused> {
    bearer(headers)
        .and_then(|key| control.engine.registry().whose(key.as_bytes()))
        .ok_or_else(|| {
            let words = "This needs `Authorization: Bearer KEY` with the key of an agent.";
            Refused(StatusCode::UNAUTHORIZED, words.to_owned())
        })
}
