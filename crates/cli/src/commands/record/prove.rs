//! `tribune record prove`: a proof of one entry that others can check without the record.

use std::path::{Path, PathBuf};

use tribune_record::{Reader, RecordError};

use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Write a proof that an entry is in the record, for others to check without the record
#[derive(Debug, clap::Args)]
pub(super) struct Prove {
    /// The run's directory
    run: PathBuf,
    /// The number of the entry, from 0
    entry: u64,
    /// Where to write it [default: entry-N.tlog-proof]; `-` is standard output
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Leave the entry itself out: whoever checks the proof has it, or gets it another way
    #[arg(long)]
    without_entry: bool,
    /// Also write the blobs that the entry names into this folder, each under its SHA-256
    #[arg(long, value_name = "DIR")]
    blobs: Option<PathBuf>,
    /// The verifier key of a witness: of the checkpoints that cover the entry take the one that most
    /// of these signed
    #[arg(long, value_name = "KEY")]
    witness: Vec<String>,
}

pub(super) fn run(arguments: &Prove) -> Result<Exit, Failure> {
    let witnesses = super::witness_keys(&arguments.witness)?;
    let reader = Reader::open(&arguments.run)?;
    let index = arguments.entry;
    let proof = reader.prove(index, &witnesses).map_err(|error| match error {
        RecordError::NotCovered { .. } => Failure::new(Exit::Input, &error).help(
            "a running process publishes within a second; after one that died --resume does, or the \
             next start of the guard",
        ),
        other => other.into(),
    })?;
    if let Some(folder) = &arguments.blobs {
        write_blobs(&reader, index, folder)?;
    }
    let head = proof.head();
    let (size, origin) = (head.size(), head.origin().to_owned());
    let proof = match arguments.without_entry {
        true => proof.without_entry(),
        false => proof,
    };
    let usual = || PathBuf::from(format!("entry-{index}.tlog-proof"));
    let path = arguments.output.clone().unwrap_or_else(usual);
    if path == Path::new("-") {
        screen::print(&proof.text())?;
    } else {
        std::fs::write(&path, proof.text()).map_err(Failure::io(&path))?;
        screen::say(&format!(
            "{}: entry {index} of {size} entries of {origin}. Check it: tribune record check {} --key KEY",
            path.display(),
            path.display()
        ));
    }
    Ok(Exit::Fine)
}

fn write_blobs(reader: &Reader, index: u64, folder: &Path) -> Result<(), Failure> {
    let Some(entry) = reader.entries(index..index + 1).next() else {
        return Ok(());
    };
    let (_, entry) = entry?;
    std::fs::create_dir_all(folder).map_err(Failure::io(folder))?;
    for id in super::blobs_of(&entry) {
        let bytes = reader.blob(&id)?.ok_or_else(|| {
            let what = format!("blob {id}, which entry {index} names, is missing");
            Failure::new(Exit::NotWhole, what)
        })?;
        let path = folder.join(id.to_string());
        std::fs::write(&path, bytes).map_err(Failure::io(&path))?;
    }
    Ok(())
}
