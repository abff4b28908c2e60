//! Answers kept on disk, so that the same question of the same trial is not paid for twice.
//!
//! An answer is found by the whole of what was asked (conversation, tools, settings, model and
//! server) and by the trial that asked: the same words in another trial are another draw, and must
//! stay one. An entry is a line with the SHA-256 of the rest, and the rest, which is JSON. It is
//! written whole or not at all, can be read by its owner alone, and is taken for missing where it
//! does not match its hash.
//!
//! Only answers are kept, never errors. No key comes near: what is kept is what the record keeps.

use std::collections::HashMap;
use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tribune_evidence::{BlobId, Exchange, Usage};

use crate::{Completion, Conversation, Message, Model, ModelError, Settings, Stop, ToolSpec};

/// The version of an entry's form. It is a part of what an answer is found by.
const VERSION: u32 = 1;

/// The largest entry that is read or written.
const LARGEST: u64 = 64 << 20;

/// A folder of answers, and what came of asking it.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    found: AtomicU64,
    damaged: AtomicU64,
    unwritten: AtomicU64,
}

/// What came of asking a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheTally {
    /// Calls that it answered.
    pub found: u64,
    /// Entries that were there and could not be believed: they were asked for again.
    pub damaged: u64,
    /// Answers that could not be kept.
    pub unwritten: u64,
}

/// All that an answer is found by.
#[derive(Serialize)]
struct Asked<'a> {
    version: u32,
    model: &'a str,
    served_by: &'a str,
    trial: &'a str,
    /// How often the same was asked in this trial before.
    before: u32,
    system: &'a str,
    messages: &'a [Message],
    tools: &'a [ToolSpec],
    temperature: Option<f64>,
    max_output_tokens: Option<u64>,
    /// Only where it is sent: else it does not reach the model.
    seed: Option<[u8; 32]>,
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The hash of all that it is found by.
    asked: BlobId,
    message: Message,
    stop: KeptStop,
    usage: Usage,
    exchange: Exchange,
    /// In base64.
    blobs: Vec<String>,
    #[serde(default)]
    notes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KeptStop {
    Finished,
    Length,
    Refused(String),
}

impl Cache {
    /// Opens a folder of answers, and makes it where there is none.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        private(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            found: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
            unwritten: AtomicU64::new(0),
        })
    }

    /// What came of asking it so far.
    #[must_use]
    pub fn tally(&self) -> CacheTally {
        CacheTally {
            found: self.found.load(Ordering::Relaxed),
            damaged: self.damaged.load(Ordering::Relaxed),
            unwritten: self.unwritten.load(Ordering::Relaxed),
        }
    }

    fn place(&self, asked: &BlobId) -> PathBuf {
        let name = asked.to_string();
        let (shelf, rest) = name.split_at(name.len().min(2));
        self.folder.join(shelf).join(rest)
    }

    /// The answer that is kept, if there is one that can be believed.
    fn get(&self, asked: &BlobId) -> Option<Completion> {
        let place = self.place(asked);
        let file = match std::fs::File::open(&place) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(_) => {
                self.damaged.fetch_add(1, Ordering::Relaxed);
                return None;
            }
        };
        let mut bytes = Vec::new();
        let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
        let answer = read.ok().and_then(|_| believe(&bytes, asked));
        let count = if answer.is_some() {
            &self.found
        } else {
            &self.damaged
        };
        count.fetch_add(1, Ordering::Relaxed);
        answer
    }

    /// Keeps an answer, where it came over a wire.
    fn put(&self, asked: &BlobId, answer: &Completion) {
        let Some(exchange) = &answer.exchange else {
            return;
        };
        let entry = Entry {
            asked: *asked,
            message: answer.message.clone(),
            stop: match &answer.stop {
                Stop::Finished => KeptStop::Finished,
                Stop::Length => KeptStop::Length,
                Stop::Refused(why) => KeptStop::Refused(why.clone()),
            },
            usage: answer.usage,
            exchange: exchange.clone(),
            blobs: answer
                .blobs
                .iter()
                .map(|blob| STANDARD.encode(blob))
                .collect(),
            notes: answer.notes.clone(),
        };
        if self.write(asked, &entry).is_err() {
            self.unwritten.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn write(&self, asked: &BlobId, entry: &Entry) -> std::io::Result<()> {
        let body = serde_json::to_vec(entry)?;
        if body.len() as u64 > LARGEST - 65 {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        let place = self.place(asked);
        let shelf = place.parent().unwrap_or(&self.folder);
        private(shelf)?;
        // A file made so can be read by its owner alone. The disk is not waited for: what a power
        // cut tears does not match its hash.
        let mut aside = tempfile::NamedTempFile::new_in(shelf)?;
        aside.write_all(format!("{}\n", BlobId::of(&body)).as_bytes())?;
        aside.write_all(&body)?;
        aside.persist(&place).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Makes a folder that only its owner can enter, where there is none.
fn private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// The answer in an entry, if the entry is whole and is of what was asked.
fn believe(bytes: &[u8], asked: &BlobId) -> Option<Completion> {
    if bytes.len() as u64 > LARGEST {
        return None;
    }
    let line = bytes.iter().position(|byte| *byte == b'\n')?;
    let body = bytes.get(line + 1..)?;
    if bytes.get(..line)? != BlobId::of(body).to_string().as_bytes() {
        return None;
    }
    let entry: Entry = serde_json::from_slice(body).ok()?;
    if entry.asked != *asked {
        return None;
    }
    let blobs = entry.blobs.iter().map(|blob| STANDARD.decode(blob));
    Some(Completion {
        message: entry.message,
        stop: match entry.stop {
            KeptStop::Finished => Stop::Finished,
            KeptStop::Length => Stop::Length,
            KeptStop::Refused(why) => Stop::Refused(why),
        },
        usage: entry.usage,
        exchange: Some(entry.exchange),
        blobs: blobs.collect::<Result<_, _>>().ok()?,
        notes: entry.notes,
    })
}

/// A model whose answers in one trial are kept, and given again where the same is asked.
pub struct Cached {
    model: Arc<dyn Model>,
    cache: Arc<Cache>,
    trial: String,
    served_by: String,
    /// How often each question was asked in this trial.
    asked: Mutex<HashMap<BlobId, u32>>,
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached")
            .field("model", &self.model.name())
            .field("trial", &self.trial)
            .finish_non_exhaustive()
    }
}

impl Cached {
    /// A model for one trial, which `trial` tells from every other that could ask the same.
    #[must_use]
    pub fn new(model: Arc<dyn Model>, cache: Arc<Cache>, trial: String) -> Self {
        let served_by = model.served_by();
        Self {
            model,
            cache,
            trial,
            served_by,
            asked: Mutex::default(),
        }
    }

    /// What an answer is found by.
    fn key(&self, conversation: &Conversation, settings: &Settings) -> Option<BlobId> {
        let mut asked = Asked {
            version: VERSION,
            model: self.model.name(),
            served_by: &self.served_by,
            trial: &self.trial,
            before: 0,
            system: &conversation.system,
            messages: &conversation.messages,
            tools: &conversation.tools,
            temperature: settings.temperature,
            max_output_tokens: settings.max_output_tokens,
            seed: settings.send_seed.then(|| settings.seed.bytes()),
        };
        let first = BlobId::of(&serde_json::to_vec(&asked).ok()?);
        let before = {
            let mut times = self.asked.lock();
            let times = times.entry(first).or_default();
            *times += 1;
            *times - 1
        };
        if before == 0 {
            return Some(first);
        }
        asked.before = before;
        Some(BlobId::of(&serde_json::to_vec(&asked).ok()?))
    }
}

#[async_trait::async_trait]
impl Model for Cached {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn is_simulated(&self) -> bool {
        self.model.is_simulated()
    }

    fn served_by(&self) -> String {
        self.served_by.clone()
    }

    fn gave_up(&self) -> Option<String> {
        self.model.gave_up()
    }

    async fn check(&self) -> Result<(), ModelError> {
        self.model.check().await
    }

    async fn complete(
        &self,
        conversation: &Conversation,
        settings: &Settings,
    ) -> Result<Completion, ModelError> {
        let Some(key) = self.key(conversation, settings) else {
            return self.model.complete(conversation, settings).await;
        };
        if let Some(mut answer) = self.cache.get(&key) {
            // It was paid for when it was first given.
            answer.usage.cost = Some(0.0);
            if let Some(exchange) = &mut answer.exchange {
                exchange.usage.cost = Some(0.0);
                exchange.from_cache = true;
            }
            return Ok(answer);
        }
        let answer = self.model.complete(conversation, settings).await?;
        self.cache.put(&key, &answer);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests;
