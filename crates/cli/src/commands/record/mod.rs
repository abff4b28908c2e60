//! `tribune record`: looks after a record, follows it, proves its entries to others, and has others
//! witness that it only grows.

mod check;
mod line;
mod prove;
mod reconcile;
mod serve;
mod submit;
mod tail;
mod verify;
mod witness;

use std::path::Path;

use tribune_evidence::BlobId;
use tribune_record::witness::WitnessKey;
use tribune_record::{RecordError, Verifier, default_key_folder, signer_vkey};

use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Look after the record of a run or a guard
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Verify(verify::Verify),
    Reconcile(reconcile::Reconcile),
    Tail(tail::Tail),
    Prove(prove::Prove),
    Check(check::Check),
    Witness(witness::Witness),
    Key(Key),
}

/// Print the verifier key that stands for every record of yours, to be kept and given elsewhere
#[derive(Debug, clap::Args)]
struct Key {}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Verify(arguments) => verify::run(arguments),
        Command::Reconcile(arguments) => reconcile::run(arguments),
        Command::Tail(arguments) => tail::run(arguments),
        Command::Prove(arguments) => prove::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Witness(arguments) => witness::run(arguments),
        Command::Key(Key {}) => {
            let keys = default_key_folder().ok_or_else(|| {
                Failure::new(Exit::Input, "there is no state folder for the signing key")
                    .help("set TRIBUNE_STATE to a folder of yours")
            })?;
            screen::print(&signer_vkey(&keys)?)?;
            Ok(Exit::Fine)
        }
    }
}

/// The verifier keys of witnesses, as they were given.
fn witness_keys(texts: &[String]) -> Result<Vec<WitnessKey>, Failure> {
    texts.iter().map(|text| witness_key(text)).collect()
}

fn witness_key(text: &str) -> Result<WitnessKey, Failure> {
    WitnessKey::parse(text).map_err(|error| {
        key_failure(&error).help("a witness states its key, NAME+ID+KEY; `--serve` prints it")
    })
}

/// The verifier key of a log, as it was given.
fn log_key(text: &str) -> Result<Verifier, Failure> {
    Verifier::parse(text).map_err(|error| {
        key_failure(&error)
            .help("`record/format.json` of a run states it, as `key`; keep it elsewhere")
    })
}

fn key_failure(error: &RecordError) -> Failure {
    Failure::new(Exit::Input, error)
}

/// Reads a file of at most so many bytes.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(Failure::io(path))?;
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(Failure::io(path))?;
    if bytes.len() as u64 > limit {
        let what = format!("{}: more than {limit} bytes", path.display());
        return Err(Failure::new(Exit::Input, what));
    }
    Ok(bytes)
}

/// Seconds since 1970 as a date that people read.
fn date(seconds: u64) -> String {
    let millis = i64::try_from(seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(1000);
    tribune_evidence::Timestamp::from_millis(millis).to_string()
}

/// Seconds since 1970, now.
fn now() -> u64 {
    u64::try_from(tribune_guard::now().millis() / 1000).unwrap_or(0)
}

/// The blobs that an entry names, each once. It is a run's or a guard's: what is not one's is nothing
/// to the other.
fn blobs_of(entry: &[u8]) -> Vec<BlobId> {
    let mut ids = Vec::new();
    tribune_guard::blobs_of_entry(entry, &mut ids);
    tribune_study::blobs_of_entry(entry, &mut ids);
    ids.sort_unstable();
    ids.dedup();
    ids
}
