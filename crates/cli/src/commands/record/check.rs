//! `tribune record check`: a proof of an entry, checked with no record and no network.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use tribune_evidence::BlobId;
use tribune_record::{ENTRY_LIMIT, PROOF_LIMIT, Proof, Shown, Trusted};

use super::line;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Check a proof that an entry is in a record, without the record
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The proof (C2SP tlog-proof); `-` is standard input
    proof: PathBuf,
    /// The verifier key of the record's signer, known from elsewhere
    #[arg(long)]
    key: String,
    /// The verifier key of a witness that must have signed
    #[arg(long, value_name = "KEY")]
    witness: Vec<String>,
    /// How many of the witnesses must have signed [default: all]
    #[arg(long, value_name = "N")]
    quorum: Option<usize>,
    /// The entry, where the proof does not hold it, or to be held against the one that it holds
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
    /// A folder with the blobs that the entry names, each under its SHA-256
    #[arg(long, value_name = "DIR")]
    blobs: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    holds: bool,
    origin: String,
    size: u64,
    root: String,
    entry: u64,
    witnesses: Vec<Witness>,
    signatures_not_checked: usize,
    blobs: Option<usize>,
    content: Value,
}

#[derive(Serialize)]
struct Witness {
    name: String,
    time: String,
}

pub(super) fn run(arguments: &Check) -> Result<Exit, Failure> {
    let key = super::log_key(&arguments.key)?;
    let witnesses = super::witness_keys(&arguments.witness)?;
    let needed = arguments.quorum.unwrap_or(witnesses.len());
    if needed > witnesses.len() {
        let what = format!(
            "--quorum {needed}, and {} witnesses are named",
            witnesses.len()
        );
        return Err(Failure::new(Exit::Usage, what));
    }
    let limit = ENTRY_LIMIT as u64;
    let entry = arguments.entry.as_deref();
    let entry = entry.map(|path| super::read(path, limit)).transpose()?;
    let text = match arguments.proof.as_path() {
        path if path == Path::new("-") => {
            let mut bytes = Vec::new();
            let input = std::io::stdin().lock();
            input
                .take(PROOF_LIMIT + 1)
                .read_to_end(&mut bytes)
                .map_err(Failure::io("standard input"))?;
            bytes
        }
        path => super::read(path, PROOF_LIMIT)?,
    };
    let text = String::from_utf8(text)
        .map_err(|_| Failure::new(Exit::NotWhole, "not a proof: it is not UTF-8"))?;
    let shown = Proof::parse(&text)
        .and_then(|proof| {
            proof.check(&Trusted {
                key: &key,
                witnesses: &witnesses,
                needed,
                entry: entry.as_deref(),
            })
        })
        .map_err(|error| {
            Failure::new(Exit::NotWhole, format!("The proof does not hold: {error}"))
        })?;
    let blobs = match &arguments.blobs {
        Some(folder) => Some(check_blobs(&shown.entry, folder)?),
        None => None,
    };
    tell(&shown, blobs, arguments.json)?;
    Ok(Exit::Fine)
}

/// Holds the blobs that an entry names against their names; gives how many there are.
fn check_blobs(entry: &[u8], folder: &Path) -> Result<usize, Failure> {
    let ids = super::blobs_of(entry);
    for id in &ids {
        let path = folder.join(id.to_string());
        let bytes = super::read(&path, BLOB_LIMIT)?;
        if BlobId::of(&bytes) != *id {
            let what = format!(
                "{}: it is not the blob that the entry names",
                path.display()
            );
            return Err(Failure::new(Exit::NotWhole, what));
        }
    }
    Ok(ids.len())
}

/// The longest blob that a record keeps.
const BLOB_LIMIT: u64 = 1 << 30;

fn tell(shown: &Shown, blobs: Option<usize>, json: bool) -> Result<(), Failure> {
    if json {
        let witnesses = shown.witnesses.iter().map(|(name, time)| Witness {
            name: name.clone(),
            time: super::date(*time),
        });
        return screen::print_json(&Row {
            holds: true,
            origin: shown.origin.clone(),
            size: shown.size,
            root: shown.root.clone(),
            entry: shown.index,
            witnesses: witnesses.collect(),
            signatures_not_checked: shown.unknown,
            blobs,
            content: line::value(&shown.entry),
        });
    }
    let mut lines = vec![format!(
        "Holds: entry {} of {} entries, root {}",
        shown.index, shown.size, shown.root
    )];
    lines.push(format!("Signed by {}", shown.origin));
    for (name, time) in &shown.witnesses {
        lines.push(format!("Witnessed by {name} at {}", super::date(*time)));
    }
    if shown.unknown > 0 {
        lines.push(format!(
            "{} more signatures, which were not checked: their keys were not given",
            shown.unknown
        ));
    }
    if let Some(count) = blobs {
        lines.push(format!("{count} blobs are those that the entry names"));
    }
    lines.push(line::Describer::default().describe(shown.index, &shown.entry));
    screen::print(&lines.join("\n"))
}
