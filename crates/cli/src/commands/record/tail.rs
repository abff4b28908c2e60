//! `tribune record tail`: the last entries of a record, and what comes after them.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tribune_record::Reader;

use super::line::{self, Describer};
use crate::error::Failure;
use crate::exit::Exit;
use crate::{interrupt, screen};

/// Show the last entries of a record, and follow it
#[derive(Debug, clap::Args)]
pub(super) struct Tail {
    /// The directory of a run or a guard
    run: PathBuf,
    /// Go on with what is written, until interrupted
    #[arg(long, short)]
    follow: bool,
    /// Begin with this entry, counted from 0 [default: the last 20]
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    entry: u64,
    /// Whether a signed checkpoint covers it.
    covered: bool,
    content: Value,
}

/// Entries that are shown where nobody says from where.
const LAST: u64 = 20;
/// How often a record that is followed is looked at.
const PERIOD: Duration = Duration::from_millis(200);
/// Bytes that are printed at once.
const CHUNK: usize = 32 << 10;
/// Entries that are held against the checkpoint before they are shown: a bundle.
const STEP: u64 = 256;

/// What is said of an entry that no checkpoint covers.
const NOT_YET: &str = "(not yet in a checkpoint)";

pub(super) fn run(arguments: &Tail) -> Result<Exit, Failure> {
    let reader = Reader::open(&arguments.run)?;
    let from = arguments
        .from
        .unwrap_or_else(|| reader.size().saturating_sub(LAST));
    let mut shown = Shown {
        next: from,
        shown: 0,
        signed: None,
        describer: Describer::default(),
        json: arguments.json,
    };
    shown.go_on(&reader)?;
    drop(reader);
    if !arguments.follow {
        return Ok(Exit::Fine);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("threads"))?;
    runtime.block_on(async {
        let mut asked = interrupt::asked();
        loop {
            tokio::select! {
                _ = asked.changed() => return Ok(Exit::Fine),
                () = tokio::time::sleep(PERIOD) => shown.go_on(&Reader::open(&arguments.run)?)?,
            }
        }
    })
}

/// How far a record was shown.
struct Shown {
    next: u64,
    /// One past the last that was shown; 0 before there is one.
    shown: u64,
    /// The last checkpoint that was seen: what comes later must continue it.
    signed: Option<String>,
    describer: Describer,
    json: bool,
}

impl Shown {
    /// Shows what is new.
    fn go_on(&mut self, reader: &Reader) -> Result<(), Failure> {
        let checkpoint = reader.checkpoint();
        if self.signed.as_ref() != Some(&checkpoint) {
            if let Some(before) = &self.signed {
                reader.continues(before)?;
            }
            self.signed = Some(checkpoint);
        }
        let (end, covered) = (reader.size(), reader.published());
        if end < self.shown {
            let shown = self.shown;
            let what = format!("the record has {end} entries, and {shown} were shown: it was cut");
            return Err(Failure::new(Exit::NotWhole, what));
        }
        let mut text = String::new();
        let mut held = self.next;
        for entry in reader.entries(self.next..end) {
            let (index, bytes) = entry?;
            if index >= held && index < covered {
                held = (index / STEP + 1) * STEP;
                reader.confirm(index..held)?;
            }
            self.add(index, &bytes, index < covered, &mut text)?;
            self.next = index + 1;
            self.shown = self.next;
            if text.len() > CHUNK {
                screen::print(&std::mem::take(&mut text))?;
            }
        }
        match text.is_empty() {
            true => Ok(()),
            false => screen::print(&text),
        }
    }

    fn add(
        &mut self,
        index: u64,
        bytes: &[u8],
        covered: bool,
        text: &mut String,
    ) -> Result<(), Failure> {
        if self.json {
            let row = Row {
                entry: index,
                covered,
                content: line::value(bytes),
            };
            text.push_str(&screen::json_line(&row)?);
            return Ok(());
        }
        text.push_str(&self.describer.describe(index, bytes));
        if !covered {
            text.push_str("  ");
            text.push_str(NOT_YET);
        }
        text.push('\n');
        Ok(())
    }
}
