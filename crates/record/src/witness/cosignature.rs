//! The signature of a witness on a checkpoint: C2SP tlog-cosignature, "Format" and "Ed25519 signed
//! message".
//!
//! ```text
//! cosignature/v1
//! time 1679315147
//! <the text of the checkpoint>
//! ```
//! is what is signed; the line holds the time (8 bytes, big-endian) and the signature. The newer kind,
//! ML-DSA-44, is not spoken here: its lines are passed over as those of keys that are not known.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use signed_note::Signature;

use crate::error::{RecordError, Result};
use crate::key::{self, KeyFile};

/// The kind of a timestamped Ed25519 cosignature (C2SP signed-note, "Signature types").
const KIND: u8 = 4;

/// Time and signature.
const LENGTH: usize = 8 + 64;

/// The public key of a witness, under its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    key: VerifyingKey,
}

impl WitnessKey {
    /// Reads a verifier key, `<name>+<id>+<key>`, of kind 0x04.
    ///
    /// # Errors
    /// The text is none.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |what: &str| RecordError::VerifierKey {
            what: format!("of a witness: {what}"),
        };
        let text = text.trim();
        // The key is the last part: base64 has '+' too, but a name and an id have none.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong("it has not three parts"));
        };
        if !signed_note::is_key_name_valid(name) || name.contains(char::is_control) {
            return Err(wrong("its name is none"));
        }
        let bytes = BASE64_STANDARD
            .decode(encoded)
            .map_err(|_| wrong("its key is not base64"))?;
        let key = match bytes.split_first() {
            Some((&KIND, key)) => <[u8; 32]>::try_from(key).ok(),
            Some((1, _)) => {
                return Err(wrong(
                    "it is the key of a log (kind 0x01); a witness has one of kind 0x04",
                ));
            }
            _ => return Err(wrong("it is of a kind that is not known (0x04 is)")),
        };
        let key = key
            .and_then(|key| VerifyingKey::from_bytes(&key).ok())
            .ok_or_else(|| wrong("its key is not an Ed25519 key"))?;
        let read = Self {
            name: name.to_owned(),
            key,
        };
        if id != format!("{:08x}", read.id()) {
            return Err(wrong("its id is not that of its name and key"));
        }
        Ok(read)
    }

    /// The verifier key as text.
    #[must_use]
    pub fn text(&self) -> String {
        let key = BASE64_STANDARD.encode(self.public());
        format!("{}+{:08x}+{key}", self.name, self.id())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn public(&self) -> [u8; 33] {
        let mut public = [KIND; 33];
        public[1..].copy_from_slice(self.key.as_bytes());
        public
    }

    fn id(&self) -> u32 {
        signed_note::key_id(&self.name, &self.public())
    }

    /// Whether a line says that it is of this key.
    pub(crate) fn is_of(&self, line: &Signature) -> bool {
        line.name() == self.name && line.id() == self.id()
    }

    /// Whether a line with this name and id says that it is of this key.
    pub(crate) fn has(&self, name: &str, id: [u8; 4]) -> bool {
        name == self.name && id == self.id().to_be_bytes()
    }

    /// When the witness signed a text, by its own clock, if the line is its signature on that.
    pub(crate) fn time_of(&self, text: &[u8], line: &Signature) -> Option<u64> {
        let (time, signature) = line.signature().split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        let signature = ed25519_dalek::Signature::from_bytes(signature.try_into().ok()?);
        // The specification ends time at 2^63 - 1.
        let signed = i64::try_from(time).is_ok()
            && self
                .key
                .verify_strict(&message(text, time), &signature)
                .is_ok();
        signed.then_some(time)
    }
}

/// The time that a line states, if it has the form of a cosignature. Nothing shows that it is true.
pub(crate) fn stated_time(line: &Signature) -> Option<u64> {
    let bytes = line.signature();
    let time = u64::from_be_bytes(*bytes.first_chunk::<8>()?);
    (bytes.len() == LENGTH && i64::try_from(time).is_ok()).then_some(time)
}

/// Refuses what cannot name a key (C2SP signed-note, "Format").
pub(super) fn check_name(name: &str) -> Result<()> {
    if signed_note::is_key_name_valid(name) && !name.contains(char::is_control) {
        return Ok(());
    }
    Err(RecordError::VerifierKey {
        what: format!("{name:?} cannot name a witness: no spaces and no plus"),
    })
}

fn message(text: &[u8], time: u64) -> Vec<u8> {
    [format!("cosignature/v1\ntime {time}\n").as_bytes(), text].concat()
}

/// Signs as a witness.
pub struct Cosigner {
    name: String,
    key: SigningKey,
}

impl Cosigner {
    /// The key in a witness's folder, made at first use and readable by its owner alone. Without a name
    /// the witness is called after its key.
    ///
    /// # Errors
    /// The key cannot be read or made, or the name cannot be one.
    pub fn load_or_create(folder: &std::path::Path, name: Option<&str>) -> Result<Self> {
        let key = key::load_or_create_file(folder, &KeyFile::WITNESS)?;
        let name = match name {
            Some(name) => name.to_owned(),
            None => {
                let digits = hex::encode(key.verifying_key().as_bytes());
                format!("tribune-witness/{}", digits.get(..16).unwrap_or_default())
            }
        };
        check_name(&name)?;
        Ok(Self { name, key })
    }

    #[cfg(test)]
    pub(crate) fn of_seed(name: &str, seed: [u8; 32]) -> Self {
        Self {
            name: name.to_owned(),
            key: SigningKey::from_bytes(&seed),
        }
    }

    /// The public key.
    #[must_use]
    pub fn key(&self) -> WitnessKey {
        WitnessKey {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// The signature on a text at a time, as the line of a note.
    pub(crate) fn sign(&self, text: &[u8], time: u64) -> Result<Signature> {
        let wrong = |what: String| RecordError::Key {
            path: KeyFile::WITNESS.name.into(),
            what,
        };
        let signature = self
            .key
            .try_sign(&message(text, time))
            .map_err(|error| wrong(error.to_string()))?;
        let bytes = [&time.to_be_bytes()[..], &signature.to_bytes()].concat();
        Signature::new(self.name.clone(), self.key().id(), bytes)
            .map_err(|error| wrong(error.to_string()))
    }
}

impl std::fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key stays out of every log.
        f.debug_struct("Cosigner")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
