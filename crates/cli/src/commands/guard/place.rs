//! Where a guard is: its folder, the doors that it wrote down there, and how to ask at them.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tribune_record::default_key_folder;

use crate::error::Failure;
use crate::exit::Exit;

/// The file in a guard's folder that says where its doors are.
pub(crate) const DOORS: &str = "guard.json";

/// The file with the token of whoever started the guard, for that person only.
pub(crate) const PEOPLE_TOKEN: &str = "people.token";

/// The most bytes of either file.
const LARGEST: u64 = 64 << 10;

/// The most bytes of an answer.
const LARGEST_ANSWER: usize = 64 << 20;

/// Which guard.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Place {
    /// The guard's folder [default: guard in Tribune's state folder]
    #[arg(long, value_name = "DIR", env = "TRIBUNE_GUARD")]
    pub(crate) guard: Option<PathBuf>,
}

impl Place {
    /// The folder.
    pub(crate) fn folder(&self) -> Result<PathBuf, Failure> {
        let usual = || Some(default_key_folder()?.join("guard"));
        self.guard.clone().or_else(usual).ok_or_else(|| {
            Failure::new(Exit::Input, "there is no state folder to keep a guard in")
                .help("Name one with --guard DIR, or set TRIBUNE_STATE.")
        })
    }

    /// The guard that works there.
    pub(crate) fn guarded(&self) -> Result<Guarded, Failure> {
        let folder = self.folder()?;
        let path = folder.join(DOORS);
        let text = read(&path).map_err(|error| {
            Failure::new(
                Exit::Input,
                format!("no guard works in {}: {error}", folder.display()),
            )
            .help("Start one with `tribune guard`, or name its folder with --guard DIR.")
        })?;
        let doors = serde_json::from_str(&text)
            .map_err(|error| Failure::new(Exit::Input, format!("{}: {error}", path.display())))?;
        Ok(Guarded { folder, doors })
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(LARGEST)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// Where the doors of a guard are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Door {
    /// The base URL of the people's and the agents' door.
    pub(crate) control: String,
    /// The base URL of the model gateway, without a version.
    pub(crate) gateway: String,
    /// The socket on which the gateway listens too, for confined agents.
    pub(crate) socket: Option<PathBuf>,
    /// The certificate of the control door, where it has TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<PathBuf>,
    /// The guard's process.
    pub(crate) process: u32,
}

/// A guard that works.
#[derive(Debug, Clone)]
pub(crate) struct Guarded {
    pub(crate) folder: PathBuf,
    pub(crate) doors: Door,
}

#[derive(Debug, Deserialize)]
struct Problem {
    error: String,
}

impl Guarded {
    /// The token of people, which only its owner can read.
    fn token(&self) -> Result<String, Failure> {
        let path = self.folder.join(PEOPLE_TOKEN);
        let token = read(&path).map_err(Failure::io(&path))?;
        Ok(token.trim().to_owned())
    }

    /// Asks the people's door.
    pub(crate) fn ask<A: Serialize, T: DeserializeOwned>(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&A>,
    ) -> Result<T, Failure> {
        let token = self.token()?;
        let body = body
            .map(serde_json::to_vec)
            .transpose()
            .map_err(|error| Failure::new(Exit::Broken, error))?;
        let answer = self.send(method, path, &token, body, Some(Duration::from_secs(30)))?;
        serde_json::from_slice(&answer)
            .map_err(|error| Failure::new(Exit::Broken, format!("the guard's answer: {error}")))
    }

    /// The same for who has no runtime yet.
    pub(crate) fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        token: &str,
        body: Option<Vec<u8>>,
        at_most: Option<Duration>,
    ) -> Result<Vec<u8>, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::io("threads"))?;
        runtime.block_on(async {
            let client = self.client()?;
            self.request(&client, (method, path), token, body, at_most)
                .await
        })
    }

    /// A client that knows the guard's certificate.
    pub(crate) fn client(&self) -> Result<reqwest::Client, Failure> {
        let mut client = tribune_guard::serve::client();
        if let Some(path) = &self.doors.certificate {
            let pem = std::fs::read(path).map_err(Failure::io(path))?;
            let certificate = reqwest::Certificate::from_pem(&pem)
                .map_err(|error| Failure::new(Exit::Input, error))?;
            client = client.add_root_certificate(certificate);
        }
        client
            .build()
            .map_err(|error| Failure::new(Exit::Broken, error))
    }

    /// Sends a request and gives the body of a good answer.
    pub(crate) async fn request(
        &self,
        client: &reqwest::Client,
        (method, path): (reqwest::Method, &str),
        token: &str,
        body: Option<Vec<u8>>,
        at_most: Option<Duration>,
    ) -> Result<Vec<u8>, Failure> {
        let unreachable = |error: &dyn std::fmt::Display| {
            Failure::new(
                Exit::Broken,
                format!(
                    "the guard at {} does not answer: {error}",
                    self.doors.control
                ),
            )
            .help("Is it still running? `tribune guard` starts one.")
        };
        let mut request = client
            .request(method, format!("{}{path}", self.doors.control))
            .bearer_auth(token);
        if let Some(at_most) = at_most {
            request = request.timeout(at_most);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let mut answer = request.send().await.map_err(|error| unreachable(&error))?;
        let status = answer.status();
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| unreachable(&error))? {
            if bytes.len() + piece.len() > LARGEST_ANSWER {
                return Err(unreachable(&"its answer is too large"));
            }
            bytes.extend_from_slice(&piece);
        }
        if status.is_success() {
            return Ok(bytes);
        }
        let words = serde_json::from_slice(&bytes)
            .map_or_else(|_| status.to_string(), |problem: Problem| problem.error);
        Err(Failure::new(Exit::Input, words))
    }
}
