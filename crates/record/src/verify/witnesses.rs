//! What witnesses signed: on the checkpoint itself, and kept beside the record.
//!
//! A checkpoint that a witness signed was kept from an earlier time, so the record must continue it as
//! it must one that was kept elsewhere.

use std::path::Path;

use crate::checkpoint::Verifier;
use crate::error::{RecordError, Result};
use crate::head::{Head, Signed};
use crate::reader::Reader;
use crate::witness::{KeptCosignature, WitnessKey, read_all, stated_time};

use super::findings::{Findings, Rank};
use super::root_at;
use super::signer::Keys;

/// Holds every signature of a witness against the record; gives those of the witnesses that are known.
pub(super) fn check(
    reader: &Reader,
    keys: &Keys<'_>,
    witnesses: &[WitnessKey],
    findings: &Findings,
) -> Result<Vec<KeptCosignature>> {
    let mut found = Vec::new();
    let log = keys.of_frames();
    // What is wrong with its form, or with the log's signature, is said where that is looked at.
    if let Ok(head) = Head::parse(&reader.text) {
        check_lines(
            &head,
            log.as_ref(),
            witnesses,
            "record/checkpoint",
            findings,
            &mut found,
        );
    }
    for (path, head) in read_all(&reader.paths)? {
        let place = reader.paths.show(&path);
        let wrong = |what: &str| findings.problem(Rank::Checkpoint, 7, place.clone(), what);
        let head = match head {
            Ok(head) => head,
            Err(RecordError::NotACheckpoint { what } | RecordError::Tampered { what, .. }) => {
                wrong(&format!("it is not what a witness signed: {what}"));
                continue;
            }
            Err(other) => return Err(other),
        };
        if head.origin() != reader.origin() {
            wrong("it is of another record");
            continue;
        }
        if log.as_ref().map(|log| head.signed_by(log)) != Some(Signed::Well(())) {
            wrong("it is not signed with the key of the record");
            continue;
        }
        if !fits(reader, &head, &path, &wrong)? {
            continue;
        }
        check_lines(&head, log.as_ref(), witnesses, &place, findings, &mut found);
    }
    for witness in witnesses {
        if !found.iter().any(|it| it.name == witness.name()) {
            let what = format!("{} signed no checkpoint of it that is here", witness.name());
            findings.problem(Rank::Checkpoint, 8, "record", what);
        }
    }
    Ok(found)
}

/// Whether the record continues a checkpoint that a witness signed.
fn fits(reader: &Reader, head: &Head, path: &Path, wrong: &dyn Fn(&str)) -> Result<bool> {
    let size = reader.checkpoint.size;
    if head.size() > size {
        // A writer may have gone on, and a witness signed that, since the checkpoint was read.
        if reader.size_now()? < head.size() && path.exists() {
            let signed = head.size();
            wrong(&format!(
                "a witness signed {signed} entries, and the record has {size}: the record was cut"
            ));
        }
        return Ok(false);
    }
    let same = root_at(reader, head.size())? == Some(head.hash());
    if !same {
        let signed = head.size();
        wrong(&format!(
            "the first {signed} entries are not those that a witness signed: the record was rewritten"
        ));
    }
    Ok(same)
}

fn check_lines(
    head: &Head,
    log: Option<&Verifier>,
    witnesses: &[WitnessKey],
    place: &str,
    findings: &Findings,
    found: &mut Vec<KeptCosignature>,
) {
    for witness in witnesses {
        match head.cosigned_by(witness) {
            Signed::Not => {}
            Signed::Wrong => {
                let what = format!("the signature of {} does not match it", witness.name());
                findings.problem(Rank::Checkpoint, 7, place, what);
            }
            Signed::Well(time) => found.push(KeptCosignature {
                name: witness.name().to_owned(),
                size: head.size(),
                root: head.root(),
                time,
            }),
        }
    }
    if place == "record/checkpoint" {
        // Unknown lines there are told with the log's own.
        return;
    }
    for line in head.lines() {
        let is_log = log.is_some_and(|log| log.signed_line(head.origin(), line));
        if is_log || witnesses.iter().any(|witness| witness.is_of(line)) {
            continue;
        }
        let when = stated_time(line).map_or_else(String::new, |time| format!(" at {time} s"));
        let what = format!(
            "it bears a signature of {:?}{when}, a witness perhaps, which was not checked: give --witness \
             with its key",
            line.name()
        );
        findings.note(place, &what);
    }
}
