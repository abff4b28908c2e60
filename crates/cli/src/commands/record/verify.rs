//! `tribune record`: is a record whole and untouched, does the run say what it says, and do the
//! sensors of a guard agree?

use std::path::{Path, PathBuf};

use serde::Serialize;
use tribune_guard::is_guard;
use tribune_record::{Problem, Reader, Signer, Verification, VerifyOptions, verify};
use tribune_study::{Audit, Contradiction, Run, audit, blobs_of_entry};

use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Find any file that was changed, cut, reordered or extended by hand
#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// The run's directory
    run: PathBuf,
    /// The signer's verifier key, kept elsewhere: without it the signer is not authenticated
    #[arg(long)]
    key: Option<String>,
    /// A checkpoint file kept elsewhere, which this record must continue
    #[arg(long)]
    expect: Option<PathBuf>,
    /// The verifier key of a witness that must have signed this record
    #[arg(long, value_name = "KEY")]
    witness: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    whole: bool,
    size: u64,
    unpublished: u64,
    unsigned: u64,
    closed: bool,
    root: &'a str,
    origin: &'a str,
    signer: Option<&'a str>,
    blobs: u64,
    witnesses: Vec<Witnessed<'a>>,
    problems: Vec<Place<'a>>,
    notes: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Witnessed<'a> {
    name: &'a str,
    size: u64,
    root: &'a str,
    time: String,
}

#[derive(Serialize)]
struct Place<'a> {
    place: &'a str,
    what: &'a str,
}

pub(super) fn run(arguments: &Verify) -> Result<Exit, Failure> {
    let expect = match &arguments.expect {
        None => None,
        Some(path) => Some(std::fs::read_to_string(path).map_err(Failure::io(path))?),
    };
    let options = VerifyOptions {
        key: arguments.key.clone(),
        expect,
        witnesses: super::witness_keys(&arguments.witness)?,
        blobs: Some(match is_guard(&arguments.run) {
            true => &tribune_guard::blobs_of_entry,
            false => &blobs_of_entry,
        }),
    };
    let found = verify(&arguments.run, &options)?;
    // A record that is not whole says nothing about the files beside it.
    let audit = if found.holds() {
        audit(&arguments.run)?
    } else {
        Audit::default()
    };
    let mut beside = audit.problems;
    let mut notes = found.notes.clone();
    notes.extend(audit.notes.into_iter().map(|note| Problem {
        place: note.place,
        what: note.what,
    }));
    if found.unsigned == 0 && found.unpublished > 0 {
        notes.push(Problem {
            place: "record/journal".to_owned(),
            what: format!(
                "{} entries after those are in the journal, each batch signed; --resume publishes them",
                found.unpublished
            ),
        });
    }
    // Whoever gives a key asks who wrote what is there.
    if found.unsigned > 0 && arguments.key.is_some() {
        beside.push(Contradiction {
            place: "record/journal".to_owned(),
            what: format!(
                "{}: nothing shows that they were written by the holder of the key",
                unsigned(&found)
            ),
        });
    }
    if found.holds() && beside.is_empty() {
        let place = || "report.html".to_owned();
        let wrong = match check_page(&arguments.run)? {
            Page::AsMade => None,
            Page::Other => Some("it is not what the record gives; `tribune report` makes it again"),
            Page::OfNone => Some(
                "the record root that it states is not this record's, nor was it at any time; \
                 `tribune report` makes it again",
            ),
            Page::Earlier => Some(
                "it states a root that the record had before, and whoever goes on with a record \
                 takes its page away; `tribune report` makes it again",
            ),
            Page::OtherBuild => {
                notes.push(Problem {
                    place: place(),
                    what: "it is of this record and may be by another version, which made the run; it \
                           is not checked"
                        .to_owned(),
                });
                None
            }
        };
        beside.extend(wrong.map(|what| Contradiction {
            place: place(),
            what: what.to_owned(),
        }));
    }
    let whole = found.holds() && beside.is_empty();
    if arguments.json {
        screen::print_json(&row(&found, &beside, &notes, whole))?;
    } else {
        screen::print(&tell(&found, &beside, &notes, whole))?;
    }
    Ok(if whole { Exit::Fine } else { Exit::NotWhole })
}

/// What the page of a run is to its record.
enum Page {
    /// There is none, or it is what this version makes of the record.
    AsMade,
    /// It is of this record as it stands, and not what that gives.
    Other,
    /// It states no root, or one that this record never had.
    OfNone,
    /// It states a root that this record had before.
    Earlier,
    /// It is of this record as it stands, and another version made the run.
    OtherBuild,
}

/// Makes the page again, which is a pure function of the record, and holds the file against it.
fn check_page(path: &Path) -> Result<Page, Failure> {
    let place = path.join("report.html");
    if place.symlink_metadata().is_err() {
        return Ok(Page::AsMade);
    }
    // A record alone has nothing that a page could be made of.
    if !path.join("study.json").is_file() {
        return Ok(Page::AsMade);
    }
    let run = Run::open(path)?;
    let results = run.results()?;
    let made = tribune_console::html(&results);
    // Not read where it is something else than a file of a like size: it may have no end.
    let metadata = place.symlink_metadata().map_err(Failure::io(&place))?;
    if !metadata.is_file() || metadata.len() > 2 * made.len() as u64 + (1 << 20) {
        return Ok(Page::Other);
    }
    let kept = std::fs::read(&place).map_err(Failure::io(&place))?;
    if kept == made.as_bytes() {
        return Ok(Page::AsMade);
    }
    let text = String::from_utf8_lossy(&kept);
    Ok(
        match (stated_root(&text), results.run.record_root.as_deref()) {
            (Some(root), now) if Some(root) == now => {
                match results.run.build == tribune_study::BUILD {
                    true => Page::Other,
                    false => Page::OtherBuild,
                }
            }
            (Some(root), _) => match Reader::open(path)?.size_of_root(root)? {
                Some(_) => Page::Earlier,
                None => Page::OfNone,
            },
            (None, _) => Page::OfNone,
        },
    )
}

/// The root that a page states of its record.
fn stated_root(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(ROOT)?;
    rest.split_once('<').map(|(root, _)| root)
}

/// What stands before the root on a page; a test holds it against a page.
const ROOT: &str = "root hash <code>";

fn row<'a>(
    found: &'a Verification,
    beside: &'a [Contradiction],
    notes: &'a [Problem],
    whole: bool,
) -> Row<'a> {
    Row {
        whole,
        size: found.size,
        unpublished: found.unpublished,
        unsigned: found.unsigned,
        closed: found.closed,
        root: &found.root,
        origin: &found.origin,
        signer: match &found.signer {
            Signer::Authenticated { name } => Some(name),
            _ => None,
        },
        blobs: found.blobs,
        witnesses: found
            .witnesses
            .iter()
            .map(|it| Witnessed {
                name: &it.name,
                size: it.size,
                root: &it.root,
                time: super::date(it.time),
            })
            .collect(),
        problems: places(&found.problems)
            .into_iter()
            .chain(beside.iter().map(|it| Place {
                place: &it.place,
                what: &it.what,
            }))
            .collect(),
        notes: places(notes),
    }
}

/// Which entries nothing signed covers.
fn unsigned(found: &Verification) -> String {
    let last = (found.size + found.unsigned).saturating_sub(1);
    match found.unsigned {
        1 => format!("entry {last}"),
        _ => format!("entries {} to {last}", found.size),
    }
}

fn places(list: &[Problem]) -> Vec<Place<'_>> {
    list.iter()
        .map(|it| Place {
            place: &it.place,
            what: &it.what,
        })
        .collect()
}

fn tell(found: &Verification, beside: &[Contradiction], notes: &[Problem], whole: bool) -> String {
    let mut lines = Vec::new();
    for problem in &found.problems {
        lines.push(format!("NOT WHOLE  {}: {}", problem.place, problem.what));
    }
    for it in beside {
        lines.push(format!("NOT WHOLE  {}: {}", it.place, it.what));
    }
    for note in notes {
        lines.push(format!("note       {}: {}", note.place, note.what));
    }
    let entries = format!(
        "{} entries, {} blobs, root {}",
        found.size, found.blobs, found.root
    );
    lines.push(match whole {
        true if found.unsigned > 0 => {
            format!(
                "Whole as far as it is signed: {entries}. NOT SIGNED: {}",
                unsigned(found)
            )
        }
        true => format!("Whole: {entries}"),
        false => format!("Looked at: {entries}"),
    });
    lines.push(match &found.signer {
        Signer::Authenticated { name } => format!("Signed by {name}"),
        _ => "Integrity only, signer not authenticated: the key that the run states proves nothing about \
              who signed; give --key with a verifier key kept elsewhere"
            .to_owned(),
    });
    for it in &found.witnesses {
        lines.push(format!(
            "Witnessed by {} at {}: {} of the entries, root {}",
            it.name,
            super::date(it.time),
            it.size,
            it.root
        ));
    }
    lines.join("\n")
}
