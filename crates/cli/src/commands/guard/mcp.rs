//! `tribune guard mcp`: the proxy in front of a server of tools.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tribune_guard::control::{Returned, Ruled, ServerCall, Shown, ToolsDeclared};
use tribune_guard::mcp::lines::{End, carry};
use tribune_guard::mcp::{Asked, Declared, Mediator, Oracle, http};

use super::place::{Guarded, Place};
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// How long a question may take where no person is waited for.
const SHORT: Duration = Duration::from_secs(30);

/// Put the guard in front of a server of tools (MCP): one that speaks over standard input and
/// output, or one behind a URL
#[derive(Debug, clap::Args)]
pub(crate) struct Mcp {
    #[command(flatten)]
    place: Place,
    /// The agent; its key is in TRIBUNE_AGENT_KEY
    #[arg(long)]
    agent: String,
    /// What the server is called in the charter and the record [default: the command's name]
    #[arg(long)]
    server: Option<String>,
    /// The server's address, for streamable HTTP
    #[arg(long, value_name = "URL", conflicts_with = "command")]
    url: Option<reqwest::Url>,
    /// Where to listen in front of that address; loopback only
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:0",
        requires = "url"
    )]
    listen: SocketAddr,
    /// The command of the server
    #[arg(last = true, required_unless_present = "url")]
    command: Vec<OsString>,
}

pub(super) fn run(arguments: &Mcp) -> Result<Exit, Failure> {
    let key = std::env::var("TRIBUNE_AGENT_KEY").map_err(|_| {
        Failure::new(Exit::Input, "the variable TRIBUNE_AGENT_KEY is not set")
            .help("It holds the key of the agent that the charter names.")
    })?;
    let name = arguments.server.clone().or_else(|| {
        let program = arguments.command.first()?;
        let file = std::path::Path::new(program).file_name()?;
        Some(file.to_string_lossy().into_owned())
    });
    let server = name
        .or_else(|| Some(arguments.url.as_ref()?.host_str()?.to_owned()))
        .unwrap_or_else(|| "server".to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("threads"))?;
    let outcome = runtime.block_on(async {
        let guarded = arguments.place.guarded()?;
        let oracle = Far {
            client: guarded.client()?,
            guarded,
            key,
            session: format!("{}-{}", arguments.agent, std::process::id()),
            server,
        };
        let mediator = Mediator::new(Arc::new(oracle));
        match &arguments.url {
            Some(url) => door(arguments, mediator, url.clone()).await,
            None => pipe(&mediator, &arguments.command).await,
        }
    });
    // A thread may still read standard input, and would be waited for without end.
    runtime.shutdown_background();
    outcome
}

async fn pipe(mediator: &Mediator, command: &[OsString]) -> Result<Exit, Failure> {
    let (program, rest) = command
        .split_first()
        .ok_or_else(|| Failure::new(Exit::Usage, "there is no command"))?;
    let mut child = tokio::process::Command::new(program)
        .args(rest)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // The server is no agent, and has no business with the agent's key.
        .env_remove("TRIBUNE_AGENT_KEY")
        .kill_on_drop(true)
        .spawn()
        .map_err(Failure::io(program.to_string_lossy().into_owned()))?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Failure::new(Exit::Broken, "the server has no pipes"));
    };
    let client = (tokio::io::stdin(), tokio::io::stdout());
    let end = carry(mediator, client, (output, input)).await;
    if end == End::Flood {
        screen::say("The server of tools sent more than may be and was ended.");
    }
    let _ = child.start_kill();
    let _ = child.wait().await;
    Ok(match end {
        End::Client => Exit::Fine,
        End::Server | End::Flood | End::Broken => Exit::Broken,
    })
}

async fn door(arguments: &Mcp, mediator: Mediator, url: reqwest::Url) -> Result<Exit, Failure> {
    if !arguments.listen.ip().is_loopback() {
        let what = format!(
            "the proxy does not listen on {}: it has no TLS",
            arguments.listen
        );
        return Err(Failure::new(Exit::Input, what));
    }
    let client = tribune_guard::serve::client()
        .build()
        .map_err(|error| Failure::new(Exit::Broken, error))?;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .map_err(Failure::io(arguments.listen.to_string()))?;
    let address = listener
        .local_addr()
        .map_err(Failure::io("the proxy's door"))?;
    screen::say(&format!(
        "The proxy listens on http://{address}{}",
        url.path()
    ));
    let router = http::door(Arc::new(mediator), client, url);
    let mut end = crate::interrupt::asked();
    let ended = async move {
        let _ = end.wait_for(|ended| *ended).await;
    };
    axum::serve(listener, router)
        .with_graceful_shutdown(ended)
        .await
        .map_err(Failure::io("the proxy's door"))?;
    Ok(Exit::Fine)
}

/// The guard, asked at its agents' door.
struct Far {
    guarded: Guarded,
    client: reqwest::Client,
    key: String,
    server: String,
    session: String,
}

impl Far {
    async fn ask<A: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &A,
        at_most: Option<Duration>,
    ) -> Result<T, String> {
        let bytes = serde_json::to_vec(body).map_err(|error| error.to_string())?;
        let method = reqwest::Method::POST;
        let answer = self
            .guarded
            .request(
                &self.client,
                (method, path),
                &self.key,
                Some(bytes),
                at_most,
            )
            .await
            .map_err(|failure| failure.to_string())?;
        let answer = if answer.is_empty() {
            b"null"
        } else {
            answer.as_slice()
        };
        serde_json::from_slice(answer).map_err(|error| error.to_string())
    }
}

#[async_trait]
impl Oracle for Far {
    async fn call(&self, call: Asked) -> Result<String, String> {
        let asked = ServerCall {
            server: self.server.clone(),
            tool: call.tool.clone(),
            arguments: call.arguments,
            schema: call.schema,
            session: self.session.clone(),
            id: call.id,
        };
        // A call may wait for a person: the guard ends the wait.
        match self.ask::<_, Ruled>("/v1/agent/call", &asked, None).await {
            Ok(ruled) if ruled.release => Ok(ruled.call),
            Ok(ruled) => Err(ruled.explanation),
            Err(why) => Err(format!(
                "The call of {} did not happen: the guard could not be asked ({why}).",
                call.tool
            )),
        }
    }

    async fn returned(&self, call: &str, failed: bool, text: String) {
        let returned = Returned {
            server: self.server.clone(),
            call: call.to_owned(),
            failed,
            text,
        };
        let told: Result<(), String> = self.ask("/v1/agent/returned", &returned, Some(SHORT)).await;
        if let Err(why) = told {
            screen::say(&format!("The guard was not told what {call} gave: {why}"));
        }
    }

    async fn tools(&self, tools: Vec<Declared>) -> Option<Vec<String>> {
        let declared = ToolsDeclared {
            server: self.server.clone(),
            tools,
        };
        let shown: Result<Shown, String> =
            self.ask("/v1/agent/tools", &declared, Some(SHORT)).await;
        shown.ok().map(|shown| shown.shown)
    }
}
