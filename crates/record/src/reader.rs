//! Reads a record: no lock, no key, and nothing is ever written.
//!
//! A reader sees the record as it was when it was opened: the published entries, and those of the
//! journal after them. The record may be growing all the while.

use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use signed_note::Note;
use tribune_evidence::{BlobId, Contents};

use crate::blobs::BlobReader;
use crate::checkpoint::{self, Checkpoint, State, Verifier};
use crate::error::{RecordError, Result};
use crate::files::{Paths, list, read_limited};
use crate::frame::{FrameReader, Step};
use crate::journal::{self, ReadSegment, Tail};
use crate::recover;
use crate::signing::{Row, Trust};
use crate::tiles::{TileName, bundle_from_bytes, bundle_limit};
use crate::tree::{WIDTH, tile_width};

/// How far apart the noted places in the journal are.
const NOTED: u64 = 1 << 20;
/// How often a file that a writer just replaced is looked for again.
const TRIES: usize = 16;

/// A record that is open to be read.
#[derive(Debug)]
pub struct Reader {
    pub(crate) paths: Paths,
    pub(crate) text: Vec<u8>,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) segments: Vec<ReadSegment>,
    pub(crate) tail: Tail,
    /// Entries in the journal after the checkpoint: the first of some frames, with their places.
    places: Vec<(u64, usize, u64)>,
    blobs: BlobReader,
}

/// A blob that cannot be read is as if it were not there; [`Reader::blob`] says why.
impl Contents for Reader {
    fn get(&self, id: &BlobId) -> Option<Bytes> {
        self.blob(id).ok().flatten().map(Bytes::from)
    }
}

impl Reader {
    /// Opens the record of a run.
    ///
    /// # Errors
    /// There is none, or it cannot be read as one. Use [`crate::verify`] to learn all that is wrong.
    pub fn open(dir: &Path) -> Result<Self> {
        let paths = Paths::new(dir);
        let (reader, wrong) = Self::open_anyway(paths, &|paths, checkpoint, note| {
            stated_key(paths, checkpoint, note).map(Some)
        })?;
        match wrong {
            None => Ok(reader),
            Some((place, what)) => Err(RecordError::tampered(place, what)),
        }
    }

    /// Opens the record even where its journal is not what a crash can leave; then says where, and
    /// what is wrong there. `key` gives the key that signed the journal; where it gives none nothing is
    /// believed of it.
    pub(crate) fn open_anyway(
        paths: Paths,
        key: FindKey<'_>,
    ) -> Result<(Self, Option<(String, String)>)> {
        let (text, mut segments) = snapshot(&paths)?;
        let (checkpoint, note) = Checkpoint::read(&text, &paths.show(&paths.checkpoint()))?;
        let mut after = None;
        let mut trust = None;
        match checkpoint.state {
            State::Unstated => {}
            State::Closed(_) => {
                // It is signed that nothing follows, so what does is not even looked at.
                key(&paths, &checkpoint, &note)?;
                let first = segments.first().map(|segment| paths.show(&segment.path));
                after = first.map(|place| (place, recover::AFTER_CLOSING.to_owned()));
                segments.clear();
            }
            State::Open(_) => match key(&paths, &checkpoint, &note)? {
                Some(key) => {
                    let row = Row::journal(&checkpoint.origin);
                    trust = Some(Trust::new(key.key(), row));
                }
                None => segments.clear(),
            },
        }
        let mut places: Vec<(u64, usize, u64)> = Vec::new();
        let mut end = checkpoint.size;
        let tail = journal::replay(
            &paths,
            &segments,
            checkpoint.size,
            trust.as_ref(),
            &mut |index, at, frame| {
                end = frame.end();
                let far = places.last().is_none_or(|(_, last, place)| {
                    *last != index || at.saturating_sub(*place) >= NOTED
                });
                if far {
                    places.push((frame.first, index, at));
                }
                Ok(())
            },
        );
        let (tail, wrong) = match tail {
            Ok(tail) => (tail, after),
            Err(RecordError::Tampered { place, what }) => {
                (Tail { end, torn: None }, Some((place, what)))
            }
            Err(other) => return Err(other),
        };
        let blobs = BlobReader::new(&paths.blobs());
        Ok((
            Self {
                paths,
                text,
                checkpoint,
                segments,
                tail,
                places,
                blobs,
            },
            wrong,
        ))
    }

    /// How many entries there are, published or in the journal.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tail.end
    }

    /// Whether the record was closed: nothing follows what is signed. A record of an earlier format
    /// does not say, and is not taken for closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.checkpoint.state.is_closed()
    }

    /// How many of the entries nothing signed covers: in a record of an earlier format, those of the
    /// journal. Nothing shows who wrote them.
    #[must_use]
    pub fn unsigned(&self) -> u64 {
        match self.checkpoint.state {
            State::Unstated => self.tail.end - self.checkpoint.size,
            _ => 0,
        }
    }

    /// How many entries the checkpoint covers.
    #[must_use]
    pub fn published(&self) -> u64 {
        self.checkpoint.size
    }

    /// The root of the checkpoint, in hexadecimal; `None` while nothing is published.
    #[must_use]
    pub fn root(&self) -> Option<String> {
        (self.checkpoint.size > 0).then(|| hex::encode(self.checkpoint.root.0))
    }

    /// The name of this log in its checkpoints.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.checkpoint.origin
    }

    /// The checkpoint as it is signed: keep it elsewhere, and [`crate::verify`] can tell later
    /// whether the record still holds what it held now.
    #[must_use]
    pub fn checkpoint(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }

    /// Entries with their indices, one bundle in memory at a time. What is beyond the record's size
    /// is not given.
    #[must_use]
    pub fn entries(&self, range: Range<u64>) -> Entries<'_> {
        Entries {
            reader: self,
            next: range.start,
            end: range.end.min(self.size()),
            first: 0,
            loaded: Vec::new(),
            frames: None,
        }
    }

    /// The content of a blob, held against its name. `None` where it is not kept.
    ///
    /// # Errors
    /// It cannot be read, or is not what it is named.
    pub fn blob(&self, id: &BlobId) -> Result<Option<Vec<u8>>> {
        self.blobs.get(id)
    }

    /// The bytes of a tile or bundle as far as the checkpoint needs them, and their path. A writer
    /// replaces partial files by longer ones, which begin alike.
    pub(crate) fn tile(&self, name: TileName) -> Result<(Option<Vec<u8>>, TileName)> {
        let log = self.paths.log();
        let limit = |width| bundle_limit(width).max(32 * WIDTH as u64);
        for _ in 0..TRIES {
            if let Some(bytes) = self.read(&name.under(&log), limit(name.width))? {
                return Ok((Some(bytes), name));
            }
            if name.width == WIDTH {
                break;
            }
            // It is removed once the checkpoint needs a longer one: the shortest that is left. What
            // the checkpoint does not cover may be half written, by a publication under way.
            let path = name.under(&log);
            let names = path.parent().map_or(Ok(Vec::new()), list)?;
            let widths = names.iter().filter_map(|width| width.parse::<usize>().ok());
            let wider = widths
                .filter(|width| (name.width..WIDTH).contains(width))
                .min();
            let longer = TileName {
                width: wider.unwrap_or(WIDTH),
                ..name
            };
            if longer.width > tile_width(self.size_now()?, name.kind.level(), name.index) {
                continue;
            }
            if let Some(bytes) = self.read(&longer.under(&log), limit(longer.width))? {
                return Ok((Some(bytes), longer));
            }
        }
        Ok((None, name))
    }

    /// How many entries the checkpoint covers by now. Of a checkpoint that cannot be read any more,
    /// what it covered.
    pub(crate) fn size_now(&self) -> Result<u64> {
        let text = checkpoint::load(&self.paths.checkpoint())?.unwrap_or_default();
        let size = Checkpoint::parse(&text).map_or(0, |(checkpoint, _)| checkpoint.size);
        Ok(size.max(self.checkpoint.size))
    }

    fn read(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
        read_limited(path, limit).map_err(|error| match error {
            RecordError::Tampered { what, .. } => {
                RecordError::tampered(self.paths.show(path), what)
            }
            other => other,
        })
    }

    /// The key that the run states, where that signed the checkpoint.
    pub(crate) fn stated_key(&self) -> Option<Verifier> {
        let (checkpoint, note) = Checkpoint::parse(&self.text).ok()?;
        stated_key(&self.paths, &checkpoint, &note).ok()
    }

    /// The entries of a bundle that the checkpoint covers.
    pub(crate) fn bundle(&self, index: u64) -> Result<Vec<Bytes>> {
        let width = tile_width(self.checkpoint.size, 0, index);
        let name = TileName::bundle(index, width);
        let (bytes, found) = self.tile(name)?;
        let place = format!("record/{}", found.path());
        let Some(bytes) = bytes else {
            return Err(RecordError::tampered(place, "it is missing"));
        };
        let (mut entries, wrong) = bundle_from_bytes(&Bytes::from(bytes), found.width);
        if let Some(what) = wrong {
            let number = index * WIDTH as u64 + entries.len() as u64;
            return Err(RecordError::tampered(
                format!("{place}, entry {number}"),
                what,
            ));
        }
        entries.truncate(width);
        Ok(entries)
    }
}

/// Gives the key that signed the journal of a record.
pub(crate) type FindKey<'a> = &'a dyn Fn(&Paths, &Checkpoint, &Note) -> Result<Option<Verifier>>;

/// The key that the run states, which must have signed the checkpoint. It proves nothing about who
/// signed; it shows what somebody changed who has the run and not the key.
fn stated_key(paths: &Paths, checkpoint: &Checkpoint, note: &Note) -> Result<Verifier> {
    let place = paths.show(&paths.format());
    let wrong = |what: &str| RecordError::tampered(place.clone(), what);
    let format = recover::format(paths)?.ok_or_else(|| wrong("it is missing"))?;
    let stated = format.key.ok_or_else(|| wrong(recover::NO_KEY))?;
    let key = Verifier::parse(&stated).map_err(|error| wrong(&error.to_string()))?;
    if key.name() == checkpoint.origin && key.signed(note, &checkpoint.origin) {
        return Ok(key);
    }
    Err(RecordError::tampered(
        paths.show(&paths.checkpoint()),
        "it is not signed with the key that is stated in record/format.json",
    ))
}

/// The checkpoint and the journal after it, taken together while a writer may go on.
fn snapshot(paths: &Paths) -> Result<(Vec<u8>, Vec<ReadSegment>)> {
    let missing = || match recover::has_traces(paths) {
        Ok(true) => RecordError::tampered("record/checkpoint", "it is missing"),
        Ok(false) => RecordError::Missing { path: paths.log() },
        Err(error) => error,
    };
    let mut text = checkpoint::load(&paths.checkpoint())?.ok_or_else(missing)?;
    for _ in 0..TRIES {
        let segments = journal::open_segments(&paths.journal())?;
        let now = checkpoint::load(&paths.checkpoint())?.ok_or_else(missing)?;
        // The same checkpoint before and after: no segment that it needs was removed between.
        if now == text {
            return Ok((text, segments));
        }
        text = now;
    }
    // A writer that publishes this fast leaves a reader what is published.
    Ok((text, Vec::new()))
}

/// Entries with their indices. After an error there are no more.
#[derive(Debug)]
pub struct Entries<'a> {
    reader: &'a Reader,
    next: u64,
    end: u64,
    /// The index of the first of `loaded`.
    first: u64,
    loaded: Vec<Bytes>,
    /// The journal from here on, and its segment.
    frames: Option<(FrameReader, usize)>,
}

impl Entries<'_> {
    fn load(&mut self) -> Result<()> {
        if self.next < self.reader.checkpoint.size {
            let index = self.next / WIDTH as u64;
            self.loaded = self.reader.bundle(index)?;
            self.first = index * WIDTH as u64;
            return Ok(());
        }
        if self.frames.is_none() {
            let places = &self.reader.places;
            let found = places.partition_point(|(first, _, _)| *first <= self.next);
            if let Some((_, segment, at)) = found.checked_sub(1).and_then(|at| places.get(at)) {
                self.frames = Some((self.reader.segments[*segment].frames(*at), *segment));
            }
        }
        while let Some((frames, segment)) = &mut self.frames {
            match frames.step()? {
                Step::Frame(frame) if frame.end() > self.next => {
                    self.first = frame.first;
                    self.loaded = frame.entries;
                    return Ok(());
                }
                Step::Frame(_) => {}
                _ => {
                    let next = *segment + 1;
                    let open = self.reader.segments.get(next);
                    self.frames = open.map(|segment| (segment.frames(0), next));
                }
            }
        }
        Err(RecordError::tampered(
            self.reader.paths.show(&self.reader.paths.journal()),
            format!("entry {} is gone", self.next),
        ))
    }

    fn loaded(&self) -> Option<Bytes> {
        let place = self.next.checked_sub(self.first)?;
        self.loaded.get(usize::try_from(place).ok()?).cloned()
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<(u64, Bytes)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let mut found = self.loaded();
        if found.is_none() {
            if let Err(error) = self.load() {
                self.end = 0;
                return Some(Err(error));
            }
            found = self.loaded();
        }
        let number = self.next;
        self.next += 1;
        match found {
            Some(bytes) => Some(Ok((number, bytes))),
            None => {
                self.end = 0;
                let what = format!("entry {number} is not where it should be");
                Some(Err(RecordError::tampered("record", what)))
            }
        }
    }
}
