//! A record's side of `tribune record witness`: asks witnesses to sign its latest checkpoint.

use std::path::Path;
use std::time::Duration;

use reqwest::Client;
use serde::Serialize;
use tribune_record::witness::{WitnessKey, cosignature_in, keep};
use tribune_record::{Head, Reader};

use super::witness::Witness;
use crate::error::Failure;
use crate::exit::Exit;
use crate::{interrupt, screen};

/// How long a witness may take for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// The longest answer that is read.
const ANSWER_LIMIT: usize = 64 << 10;

/// How often one witness is asked at most: it may say where it stands, and another may have asked it
/// meanwhile.
const TRIES: usize = 4;

/// A witness to be asked.
struct Asked {
    url: String,
    key: WitnessKey,
}

#[derive(Serialize)]
struct Row {
    witness: String,
    size: u64,
    root: String,
    time: String,
}

/// What a witness answered.
struct Said {
    status: u16,
    text: String,
}

pub(super) async fn run(arguments: &Witness, run: &Path) -> Result<Exit, Failure> {
    if arguments.to.len() != arguments.key.len() {
        let (to, key) = (arguments.to.len(), arguments.key.len());
        let what = format!("--to is given {to} times and --key {key} times: each witness has both");
        return Err(Failure::new(Exit::Usage, what));
    }
    let mut witnesses = Vec::new();
    for (to, key) in arguments.to.iter().zip(&arguments.key) {
        witnesses.push(Asked {
            url: address(to)?,
            key: super::witness_key(key)?,
        });
    }
    let client = tribune_guard::serve::client()
        .timeout(PATIENCE)
        .build()
        .map_err(|error| Failure::new(Exit::Broken, error))?;
    let Some(every) = arguments.every else {
        return once(run, &client, &witnesses, arguments.json).await;
    };
    let mut asked = interrupt::asked();
    let mut before = None;
    loop {
        let now = Reader::open(run)?.checkpoint();
        // A witness that could not be reached is asked again though nothing is new.
        if before.as_ref() != Some(&now) {
            let outcome = tokio::select! {
                _ = asked.changed() => return Ok(Exit::Fine),
                outcome = once(run, &client, &witnesses, arguments.json) => outcome?,
            };
            match outcome {
                Exit::Fine => before = Some(now),
                Exit::NotWhole => return Ok(outcome),
                _ => {}
            }
        }
        tokio::select! {
            _ = asked.changed() => return Ok(Exit::Fine),
            () = tokio::time::sleep(Duration::from_secs(every)) => {}
        }
    }
}

/// Asks every witness once. One that fails keeps no other from signing.
async fn once(
    run: &Path,
    client: &Client,
    witnesses: &[Asked],
    json: bool,
) -> Result<Exit, Failure> {
    let mut worst = Exit::Fine;
    for witness in witnesses {
        match ask(run, client, witness).await {
            Ok(row) if json => screen::print(&screen::json_line(&row)?)?,
            Ok(row) => screen::print(&tribune_console::inert(&format!(
                "{} signed {} entries at {}, root {}",
                row.witness, row.size, row.time, row.root
            )))?,
            Err(failure) => {
                screen::complain(&failure);
                if worst != Exit::NotWhole {
                    worst = failure.exit();
                }
            }
        }
    }
    Ok(worst)
}

async fn ask(run: &Path, client: &Client, witness: &Asked) -> Result<Row, Failure> {
    let name = witness.key.name();
    let mut reader = Reader::open(run)?;
    let mut old = reader.witnessed_by(&witness.key)?;
    for _ in 0..TRIES {
        let body = reader.add_checkpoint(old)?;
        let head = Head::parse(reader.checkpoint().as_bytes())?;
        let said = post(client, witness, body).await?;
        match said.status {
            200 => {
                let (line, time) = cosignature_in(&said.text, &head, &witness.key)?;
                keep(run, &head, &witness.key, &line)?;
                return Ok(Row {
                    witness: name.to_owned(),
                    size: head.size(),
                    root: head.root(),
                    time: super::date(time),
                });
            }
            409 => {
                let size = said.text.strip_suffix('\n').unwrap_or(&said.text);
                let size = size.parse::<u64>().map_err(|_| {
                    Failure::new(Exit::Broken, format!("{name}: 409, and no size with it"))
                })?;
                if size == head.size() && size == old {
                    return Err(forked(
                        name,
                        &format!("it signed another root for the same {size} entries"),
                    ));
                }
                if size > head.size() {
                    // Another process may have submitted what was written meanwhile.
                    reader = Reader::open(run)?;
                    if size > reader.published() {
                        let now = reader.published();
                        return Err(forked(
                            name,
                            &format!(
                                "it signed {size} entries of this record, which has {now} now: the record \
                             was rolled back"
                            ),
                        ));
                    }
                }
                old = size;
            }
            status => return Err(refused(name, status, &said.text, reader.origin())),
        }
    }
    let what = format!("{name} said {TRIES} times that it stands elsewhere");
    Err(Failure::new(Exit::Broken, what).help("others may be asking it for this record; try again"))
}

fn forked(name: &str, what: &str) -> Failure {
    Failure::new(Exit::NotWhole, format!("{name} does not sign: {what}"))
        .help("keep the run as it is: the witness's signature on the other checkpoint is evidence")
}

fn refused(name: &str, status: u16, why: &str, origin: &str) -> Failure {
    let why = why.trim();
    match status {
        404 => Failure::new(
            Exit::Input,
            format!("{name} does not know the log {origin}: {why}"),
        )
        .help("its keeper adds the record's verifier key (`--log`)"),
        403 => Failure::new(
            Exit::Input,
            format!("{name} does not know the key that signs this record: {why}"),
        )
        .help("its keeper adds the record's verifier key (`--log`)"),
        422 => forked(
            name,
            "the record does not continue what it signed before: the record was rewritten",
        ),
        _ => Failure::new(Exit::Broken, format!("{name} answered {status}: {why}")),
    }
}

async fn post(client: &Client, witness: &Asked, body: String) -> Result<Said, Failure> {
    let name = witness.key.name();
    let wrong = |error: reqwest::Error| {
        let why = tribune_model::with_causes(&error);
        let what = format!("{name} cannot be asked at {}: {why}", witness.url);
        Failure::new(Exit::Broken, what)
    };
    let asked = client.post(&witness.url).body(body).send();
    let mut response = asked.await.map_err(wrong)?;
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(wrong)? {
        if bytes.len() + chunk.len() > ANSWER_LIMIT {
            let what = format!("{name}: its answer is longer than {ANSWER_LIMIT} bytes");
            return Err(Failure::new(Exit::Broken, what));
        }
        bytes.extend_from_slice(&chunk);
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Said { status, text })
}

/// Where to post, from a witness's submission prefix.
fn address(prefix: &str) -> Result<String, Failure> {
    let wrong = |what: &str| Failure::new(Exit::Input, format!("--to {prefix}: {what}"));
    let url = reqwest::Url::parse(prefix).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("not an http or https address"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("an address before /add-checkpoint has no query"));
    }
    Ok(format!(
        "{}/add-checkpoint",
        url.as_str().trim_end_matches('/')
    ))
}
