//! The statement of the format, with the signer's key in it, and the signatures of the checkpoint.

use std::collections::HashSet;

use crate::checkpoint::{self, Checkpoint, State, Verifier};
use crate::error::{RecordError, Result};
use crate::files::{Paths, read_limited};
use crate::reader::Reader;
use crate::recover;
use crate::witness::WitnessKey;

use super::Signer;
use super::findings::{Findings, Rank};

const PLACE: &str = "record/checkpoint";

/// The keys that the checkpoint is held against.
pub(super) struct Keys<'a> {
    /// The one that the run states. It proves nothing about who signed.
    pub(super) stated: Option<&'a Verifier>,
    /// The one that was given, from elsewhere.
    pub(super) given: Option<&'a Verifier>,
}

impl Keys<'_> {
    /// The one that frames are held against: one from elsewhere before one that anybody could state.
    pub(super) fn of_frames(&self) -> Option<Verifier> {
        self.given.or(self.stated).cloned()
    }
}

/// Looks at the statement of the format; gives the signer's key that it states.
pub(super) fn check_format(paths: &Paths, findings: &Findings) -> Result<Option<Verifier>> {
    let place = || paths.show(&paths.format());
    let problem = |what: String| findings.problem(Rank::Format, 0, place(), what);
    let format = match recover::format(paths) {
        Ok(Some(format)) => format,
        Ok(None) => {
            problem("it is missing".to_owned());
            return Ok(None);
        }
        Err(RecordError::Tampered { what, .. }) => {
            problem(what);
            return Ok(None);
        }
        Err(other) => return Err(other),
    };
    let known = recover::FORMAT;
    let key = match format.key.as_deref().map(Verifier::parse) {
        Some(Ok(key)) => Some(key),
        Some(Err(error)) => {
            problem(error.to_string());
            None
        }
        None if format.version <= known => {
            problem(recover::NO_KEY.to_owned());
            None
        }
        None => None,
    };
    if format.version > known {
        // Whole by the rules of another format is not whole by these, nor the other way round.
        problem(format!(
            "it is of format {}, and this version knows {known}: a newer version can tell whether it is whole",
            format.version
        ));
    } else if format.version < recover::FIRST {
        problem(format!("there is no format {}", format.version));
    } else if let Some(key) = &key {
        let kept = read_limited(&paths.format(), 4096)?.unwrap_or_default();
        let version = format.version;
        let as_written = recover::Format {
            key: Some(key.text()),
            version,
        };
        if kept != as_written.text().as_bytes() {
            problem("it is not as it was written".to_owned());
        }
    }
    Ok(key)
}

/// Holds the signatures of the checkpoint against the keys.
pub(super) fn check(
    reader: &Reader,
    keys: &Keys<'_>,
    witnesses: &[WitnessKey],
    findings: &Findings,
) -> Result<Signer> {
    check_lines(reader, keys, witnesses, findings);
    check_version(reader, findings)?;
    let signer = match keys.given {
        None => Signer::NotAuthenticated,
        Some(key) => match wrong(reader, key, "was given")? {
            None => Signer::Authenticated {
                name: key.name().to_owned(),
            },
            Some(what) => {
                findings.problem(Rank::Checkpoint, 2, PLACE, what);
                return Ok(Signer::NotAuthenticated);
            }
        },
    };
    if let Some(stated) = keys.stated {
        let how = "is stated in record/format.json";
        // Stated is the key under this record's name, and no other.
        let other = (stated.name() != reader.checkpoint.origin).then(|| {
            let origin = &reader.checkpoint.origin;
            format!(
                "its origin is {origin}, and the key that {how} is for {}",
                stated.name()
            )
        });
        if let Some(what) =
            other.map_or_else(|| wrong(reader, stated, how), |what| Ok(Some(what)))?
        {
            findings.problem(Rank::Checkpoint, 5, PLACE, what);
        }
    }
    Ok(signer)
}

/// Holds the version that is stated, which is not signed, against what the checkpoint states.
fn check_version(reader: &Reader, findings: &Findings) -> Result<()> {
    let Ok(Some(format)) = recover::format(&reader.paths) else {
        return Ok(());
    };
    let place = reader.paths.show(&reader.paths.format());
    let first = format.version == recover::FIRST;
    match reader.checkpoint.state {
        State::Open(_) if first => {
            let what = "it was being brought to the format of its checkpoint";
            findings.note(place, what);
        }
        State::Closed(_) if first => {
            let what = "it states another format than its checkpoint is of";
            findings.problem(Rank::Format, 1, place, what);
        }
        State::Unstated if !first => {
            let what =
                "its checkpoint does not say whether the record was closed, as this format does";
            findings.problem(Rank::Checkpoint, 6, PLACE, what);
        }
        _ => {}
    }
    Ok(())
}

/// What is wrong with the checkpoint's signature by a key, if anything is.
fn wrong(reader: &Reader, key: &Verifier, how: &str) -> Result<Option<String>> {
    let (checkpoint, note) = Checkpoint::parse(&reader.text)?;
    let origin = &checkpoint.origin;
    Ok(if !key.speaks_for(origin) {
        Some(format!(
            "its origin is {origin}, and the key that {how} is for {}",
            key.name()
        ))
    } else if key.signed(&note, origin) {
        None
    } else if key.claims(&note, origin) {
        Some("its signature does not match its text".to_owned())
    } else {
        Some(format!("it is not signed with the key that {how}"))
    })
}

/// Signatures that stand twice, and those of which nothing is known.
fn check_lines(reader: &Reader, keys: &Keys<'_>, witnesses: &[WitnessKey], findings: &Findings) {
    let mut seen = HashSet::new();
    for (name, id) in checkpoint::signatures(&reader.text) {
        if !seen.insert((name, id)) {
            let what = format!("it bears the signature of {name} twice");
            findings.problem(Rank::Checkpoint, 4, PLACE, what);
        } else if witnesses.iter().any(|key| key.has(name, id)) {
            // It is known, and held against its key elsewhere.
        } else if keys.stated.is_some_and(|key| !key.is_of(name, id)) {
            let what = format!(
                "it bears a signature of {name:?}, a witness perhaps, which was not checked"
            );
            findings.note(PLACE, &what);
        }
    }
}
