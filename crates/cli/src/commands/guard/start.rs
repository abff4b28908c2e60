//! `tribune guard`: opens the record and the doors, and works until it is told to end.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tribune_action::Mapping;
use tribune_charter::Charter;
use tribune_gateway::{Config as GatewayConfig, Gateway, Protocol, Registry, Upstream};
use tribune_guard::control::{About, Control, Tokens};
use tribune_guard::reconcile::HEARTBEAT;
use tribune_guard::serve::{Door as Opened, TlsFiles};
use tribune_guard::spans::{Collector, Spans, Tracer};
use tribune_guard::{
    ByCharter, Deadlines, Enforced, Gate, Guard, Redactor, Settings, Together, Watcher, admit, now,
    replace,
};
use tribune_record::default_key_folder;

use super::place::{DOORS, Door, PEOPLE_TOKEN, Place};
use crate::config::Config;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// The socket on which the gateway listens for confined agents.
const SOCKET: &str = "gateway.sock";

/// How long the last spans may take.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// How long open connections may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Start a guard
#[derive(Debug, clap::Args)]
pub(crate) struct Start {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    config: Config,
    /// The charter: the name of one that comes with Tribune, or a folder
    #[arg(long, default_value = "default")]
    charter: String,
    /// Decide and record, and let everything pass
    #[arg(long)]
    shadow: bool,
    /// Where the model gateway listens; loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where people and hooks ask
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// The certificate of the control door (PEM); needed where it is not on loopback
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Which provider answers a protocol, as PROTOCOL=PROVIDER; protocols are chat-completions,
    /// responses, messages and generate-content
    #[arg(long, value_name = "PROTOCOL=PROVIDER")]
    upstream: Vec<String>,
    /// Send spans of decisions and requests to this collector (OTLP over HTTP); none are sent
    /// otherwise. Headers for it come from OTEL_EXPORTER_OTLP_HEADERS
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    otlp: Option<String>,
    /// Print where the doors are as JSON
    #[arg(long)]
    json: bool,
}

/// The provider of each protocol where nobody says otherwise.
const USUAL: [(Protocol, &str); 4] = [
    (Protocol::ChatCompletions, "openai"),
    (Protocol::Responses, "openai-responses"),
    (Protocol::Messages, "anthropic"),
    (Protocol::GenerateContent, "google"),
];

pub(super) fn run(arguments: &Start) -> Result<Exit, Failure> {
    if !arguments.listen.ip().is_loopback() {
        let what = format!(
            "the gateway does not listen on {}: it has no TLS",
            arguments.listen
        );
        return Err(Failure::new(Exit::Input, what)
            .help("Agents elsewhere reach it through a tunnel that ends on this machine."));
    }
    let folder = arguments.place.folder()?;
    std::fs::create_dir_all(&folder).map_err(Failure::io(&folder))?;
    let charter =
        Charter::find(&arguments.charter).map_err(|error| Failure::new(Exit::Input, error))?;
    let redactor = Arc::new(Redactor::default());
    let registry = Registry::new();
    let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let without = admit(&charter, &registry, &redactor, &variable)
        .map_err(|error| Failure::new(Exit::Input, error))?;
    let upstreams = upstreams(arguments, &redactor)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("threads"))?;
    let guard = open(arguments, &folder, charter, &registry, &redactor)?;
    for (agent, name) in &without {
        screen::say(&format!("{agent} cannot ask: {name} is not set."));
    }
    if let (count @ 1.., _) = guard.before() {
        screen::say(&format!(
            "The guard before this one left {count} calls open; they are denied."
        ));
    }
    let outcome = runtime.block_on(work(
        arguments, &folder, &guard, registry, upstreams, &redactor,
    ));
    runtime.shutdown_timeout(Duration::from_secs(5));
    let doors = folder.join(DOORS);
    if doors.exists() {
        std::fs::remove_file(&doors).map_err(Failure::io(&doors))?;
    }
    outcome?;
    let closed = guard
        .close()
        .map_err(|error| Failure::new(Exit::Broken, error))?;
    screen::say(&format!(
        "Ended: {} entries, root {}.",
        closed.size, closed.root
    ));
    Ok(Exit::Fine)
}

fn open(
    arguments: &Start,
    folder: &Path,
    charter: Charter,
    registry: &Registry,
    redactor: &Arc<Redactor>,
) -> Result<Guard, Failure> {
    let keys = default_key_folder().ok_or_else(|| {
        Failure::new(Exit::Input, "there is no state folder for the signing key")
            .help("Set TRIBUNE_STATE to a folder of yours.")
    })?;
    let shadow = arguments.shadow || charter.settings().shadow;
    let settings = Settings {
        folder: folder.to_owned(),
        keys,
        build: env!("CARGO_PKG_VERSION").to_owned(),
        charter: Enforced {
            id: charter.id(),
            files: charter
                .files()
                .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec().into()))
                .collect(),
            shadow,
        },
        deadlines: Deadlines::default(),
    };
    let mapping: Mapping = charter
        .settings()
        .tools
        .clone()
        .try_into()
        .map_err(|error| Failure::new(Exit::Input, format!("[tools] of the charter: {error}")))?;
    let charter = Arc::new(charter);
    let watcher: Box<dyn Watcher> = Box::new(Together::new(&charter));
    let judge = Arc::new(ByCharter::new(charter, shadow));
    let guard = Guard::open(
        &settings,
        judge,
        watcher,
        registry.clone(),
        Arc::clone(redactor),
    )
    .map_err(|error| Failure::new(Exit::Broken, error))?;
    guard.engine().map_tools(mapping);
    Ok(guard)
}

/// The providers behind the gateway.
fn upstreams(
    arguments: &Start,
    redactor: &Redactor,
) -> Result<HashMap<Protocol, Upstream>, Failure> {
    let providers = arguments.config.providers()?;
    let mut chosen: HashMap<Protocol, &str> = USUAL.into_iter().collect();
    for choice in &arguments.upstream {
        let wrong = || {
            Failure::new(
                Exit::Usage,
                format!("--upstream {choice}: not PROTOCOL=PROVIDER"),
            )
            .help("Protocols are chat-completions, responses, messages and generate-content.")
        };
        let (protocol, provider) = choice.split_once('=').ok_or_else(wrong)?;
        let protocol = Protocol::ALL
            .into_iter()
            .find(|known| known.name() == protocol)
            .ok_or_else(wrong)?;
        chosen.insert(protocol, provider);
    }
    let mut upstreams = HashMap::new();
    for (protocol, name) in chosen {
        let asked = arguments
            .upstream
            .iter()
            .any(|choice| choice.ends_with(&format!("={name}")));
        match providers.upstream(name) {
            Ok(found) => {
                if let Some((key, _)) = &found.key {
                    redactor.know(&format!("key of {name}"), key.expose());
                }
                let (key, proof) = match found.key {
                    Some((key, proof)) => (Some(key), proof),
                    None => (None, tribune_model::Proof::Bearer),
                };
                let upstream = Upstream {
                    base_url: base_url(protocol, &found.base_url),
                    key,
                    proof,
                };
                upstreams.insert(protocol, upstream);
            }
            Err(why) if asked => {
                return Err(Failure::new(Exit::Model, format!("{name}: {why}")));
            }
            // Nobody asked for it: its protocol is refused with a clear answer.
            Err(_) => {}
        }
    }
    Ok(upstreams)
}

/// The base URL as the protocol's official client takes it: without a version for Anthropic's and
/// Google's.
fn base_url(protocol: Protocol, with_version: &str) -> String {
    let plain = with_version.trim_end_matches('/');
    match protocol {
        Protocol::ChatCompletions | Protocol::Responses => plain,
        Protocol::Messages => plain.strip_suffix("/v1").unwrap_or(plain),
        Protocol::GenerateContent => plain.strip_suffix("/v1beta").unwrap_or(plain),
    }
    .to_owned()
}

async fn work(
    arguments: &Start,
    folder: &Path,
    guard: &Guard,
    registry: Registry,
    upstreams: HashMap<Protocol, Upstream>,
    redactor: &Arc<Redactor>,
) -> Result<(), Failure> {
    let broken = |error: &dyn std::fmt::Display| Failure::new(Exit::Broken, error);
    let engine = guard.engine();
    let config = GatewayConfig {
        upstreams,
        ..GatewayConfig::default()
    };
    trace(arguments, guard, redactor)?;
    let gate = Arc::new(Gate::new(Arc::clone(engine)));
    let gateway = Gateway::new(config, registry, gate).map_err(|error| broken(&error))?;
    let tcp = TcpListener::bind(arguments.listen)
        .await
        .map_err(Failure::io(arguments.listen.to_string()))?;
    let socket = folder.join(SOCKET);
    let unix = listen_on(&socket)?;
    let tls = arguments
        .tls_certificate
        .clone()
        .zip(arguments.tls_key.clone())
        .map(|(certificate, key)| TlsFiles { certificate, key });
    let door = Opened::open(arguments.control, tls.as_ref())
        .await
        .map_err(|error| Failure::new(Exit::Input, error))?;
    let control_address = door.address().map_err(|error| broken(&error))?;
    let gateway_address = tcp.local_addr().map_err(|error| broken(&error))?;
    let about = About {
        build: env!("CARGO_PKG_VERSION").to_owned(),
        charter: guard.charter().to_string(),
        shadow: guard.is_shadow(),
        vkey: guard.vkey(),
        since: now().millis(),
    };
    let token = fresh_token(folder)?;
    redactor.know("token of a person", &token);
    let tokens = Tokens::default();
    if !tokens.add("operator", &token) {
        return Err(broken(&"the token of people cannot be used"));
    }
    let (people, agents, _) = Control::new(Arc::clone(engine), tokens, about).doors();
    let doors = Door {
        control: format!("{}://{control_address}", door.scheme()),
        gateway: format!("http://{gateway_address}"),
        socket: Some(socket.clone()),
        certificate: arguments.tls_certificate.clone(),
        process: std::process::id(),
    };
    let told_in = folder.join(DOORS);
    let text = serde_json::to_vec_pretty(&doors).map_err(|error| broken(&error))?;
    replace(&told_in, &text).map_err(Failure::io(&told_in))?;
    // Listened for before anybody can know that there is something to end.
    let mut end = crate::interrupt::asked();
    tell(arguments, guard, &doors, folder)?;
    let (told, ending) = watch::channel(false);
    let ended = |mut ending: watch::Receiver<bool>| async move {
        let _ = ending.wait_for(|ended| *ended).await;
    };
    let serve_people = door.serve(people.merge(agents), ended(ending.clone()));
    let serve_tcp = gateway.serve_tcp(tcp, ended(ending.clone()));
    let serve_unix = gateway.serve_unix(unix, ended(ending.clone()));
    let until = async {
        tokio::select! {
            _ = end.wait_for(|ended| *ended) => {}
            () = guard.beat(HEARTBEAT) => {}
        }
        // What waits is denied first, or open answers would keep the doors open.
        guard.engine().end();
        let _ = told.send(true);
        tokio::time::sleep(PATIENCE).await;
    };
    let served = async {
        tokio::try_join!(
            async { serve_people.await.map_err(|error| error.to_string()) },
            async { serve_tcp.await.map_err(|error| error.to_string()) },
            async { serve_unix.await.map_err(|error| error.to_string()) },
        )
        .map(drop)
    };
    // Whoever does not let go of an open connection is left behind.
    let served = tokio::select! {
        served = served => served,
        () = until => Ok(()),
    };
    let _ = std::fs::remove_file(&socket);
    if let Some(tracer) = engine.tracer() {
        tracer.flush(LAST_SPANS).await;
    }
    served.map_err(|error| broken(&error))
}

/// Sends spans where somebody asked for them.
fn trace(arguments: &Start, guard: &Guard, redactor: &Arc<Redactor>) -> Result<(), Failure> {
    let Some(url) = arguments.otlp.as_deref().filter(|url| !url.is_empty()) else {
        return Ok(());
    };
    let headers = std::env::var("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default();
    let collector = Collector::new(url, &headers)
        .map_err(|error| Failure::new(Exit::Input, format!("--otlp: {error}")))?;
    let spans = Spans::start(collector, env!("CARGO_PKG_VERSION"))
        .map_err(|error| Failure::new(Exit::Broken, format!("--otlp: {error}")))?;
    guard
        .engine()
        .trace(Tracer::new(spans, Arc::clone(redactor)));
    Ok(())
}

/// Says where the doors are.
fn tell(arguments: &Start, guard: &Guard, doors: &Door, folder: &Path) -> Result<(), Failure> {
    if arguments.json {
        return screen::print_json(doors);
    }
    let mode = if guard.is_shadow() {
        "in shadow: it decides and records, and everything passes"
    } else {
        "in force"
    };
    screen::say(&format!(
        "A guard works in {}, its charter {mode}.\n  models   {} (and /v1 for OpenAI's clients)\n  \
         people   {} with the token in {PEOPLE_TOKEN}\n  signer   {}\nCtrl-C ends it. `tribune holds` \
         shows what waits; `tribune stop AGENT` stops.",
        folder.display(),
        doors.gateway,
        doors.control,
        guard.vkey(),
    ));
    Ok(())
}

/// Listens on a socket that only its owner can reach; one that a dead guard left is taken away.
fn listen_on(socket: &Path) -> Result<UnixListener, Failure> {
    if socket.exists() {
        // The record's lock is ours already, so no other guard works here.
        std::fs::remove_file(socket).map_err(Failure::io(socket))?;
    }
    let listener = UnixListener::bind(socket).map_err(Failure::io(socket))?;
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(socket, private).map_err(Failure::io(socket))?;
    Ok(listener)
}

/// A new token for whoever starts the guard, in a file of that person's own.
fn fresh_token(folder: &Path) -> Result<String, Failure> {
    let mut bytes = [0; 32];
    let mut left = bytes.as_mut_slice();
    while !left.is_empty() {
        let got = rustix::rand::getrandom(&mut *left, rustix::rand::GetRandomFlags::empty())
            .map_err(|error| Failure::new(Exit::Broken, format!("no random numbers: {error}")))?;
        left = left.split_at_mut(got).1;
    }
    let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = folder.join(PEOPLE_TOKEN);
    replace(&path, token.as_bytes()).map_err(Failure::io(&path))?;
    Ok(token)
}
