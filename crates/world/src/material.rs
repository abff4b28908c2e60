//! The bytes behind a [`Source`], and what is made from them, computed once for the whole process.
//!
//! Thousands of trials start from a few sources and derive the same archives from them, so both
//! are kept under a bound of memory and computed again when they were dropped.

use std::convert::Infallible;
use std::io::{Cursor, Read, Write};
use std::sync::LazyLock;

use base64::Engine;
use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use safetensors::tensor::{Dtype, TensorView};
use sha2::{Digest, Sha256};
use tribune_evidence::Content;

use crate::{Encoding, PackFormat, Source};

/// Bytes that the memo may hold: what the trials of a few variants start from and derive. All trials
/// of a block share their variant.
const MEMO_BYTES: u64 = 16 * 1024 * 1024;
/// The most bytes that come out of an archive, in all.
const UNPACKED_LIMIT: u64 = 64 * 1024 * 1024;
/// The most members that come out of an archive.
const MEMBER_LIMIT: usize = 10_000;
/// The longest name of a member, in bytes, as of any path: events carry it.
const NAME_LIMIT: usize = 1_024;

/// Takes from a reader, within what is left of [`UNPACKED_LIMIT`].
type Take<'a> = dyn FnMut(&mut dyn Read) -> Result<Vec<u8>, String> + 'a;

/// Bytes and how events name them.
#[derive(Debug, Clone)]
pub struct Material {
    /// The bytes.
    pub bytes: Bytes,
    /// How events name them.
    pub content: Content,
}

impl Material {
    /// Material of some bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            content: Content::of(&bytes),
            bytes,
        }
    }
}

/// The key of a memo: a hash over what was done and to what.
type Key = [u8; 32];

/// Materials weigh as many as they have bytes, and a little for their place.
#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Key, Option<Material>> for ByBytes {
    fn weight(&self, _: &Key, material: &Option<Material>) -> u64 {
        material
            .as_ref()
            .map_or(0, |material| material.bytes.len() as u64)
            + 128
    }
}

/// Materials that are expected to be remembered.
const MATERIALS: usize = 1_024;

static MEMO: LazyLock<Cache<Key, Option<Material>, ByBytes>> =
    LazyLock::new(|| Cache::with_weighter(MATERIALS, MEMO_BYTES, ByBytes));

/// What is remembered under a key, made if nothing is.
fn remembered(key: Key, make: impl FnOnce() -> Option<Material>) -> Option<Material> {
    let Ok(material) = MEMO.get_or_insert_with(&key, || Ok::<_, Infallible>(make()));
    material
}

/// The bytes of a source.
#[must_use]
pub fn material(source: &Source) -> Material {
    let (tag, key, size) = match source {
        Source::Text(text) => return Material::new(text.clone()),
        Source::Weights { key, size } => ("weights", key, *size),
        Source::Table { key, size } => ("table", key, *size),
    };
    let mut hasher = Sha256::new();
    hasher.update(tag);
    hasher.update((size as u64).to_be_bytes());
    hasher.update(key);
    let memo: Key = hasher.finalize().into();
    let made = remembered(memo, || {
        let mut random = ChaCha8Rng::from_seed(memo);
        Some(Material::new(match source {
            Source::Weights { .. } => weights(&mut random, size),
            _ => table(&mut random, size),
        }))
    });
    // INVARIANT: sources always have bytes; only derivations may have none.
    made.unwrap_or_else(|| Material::new(Vec::new()))
}

/// A safetensors file (format: eight bytes of header length, JSON header, tensors) of about `size`
/// bytes, its tensors small normal-looking 16-bit floats.
fn weights(random: &mut ChaCha8Rng, size: usize) -> Vec<u8> {
    const LAYERS: usize = 8;
    let elements = (size.saturating_sub(1_024) / 2 / LAYERS).max(8);
    let mut layers: Vec<(String, Vec<u8>)> = Vec::with_capacity(LAYERS);
    for layer in 0..LAYERS {
        let mut data = vec![0_u8; elements * 2];
        random.fill_bytes(&mut data);
        for pair in data.chunks_exact_mut(2) {
            // bfloat16: keep sign and mantissa, hold the exponent to magnitudes below one.
            pair[1] = (pair[1] & 0x80) | 0x3c | (pair[1] & 0x01);
        }
        layers.push((format!("model.layers.{layer}.mlp.weight"), data));
    }
    let views = layers.iter().filter_map(|(name, data)| {
        TensorView::new(Dtype::BF16, vec![elements], data)
            .ok()
            .map(|view| (name.clone(), view))
    });
    safetensors::serialize(views, None).unwrap_or_default()
}

/// A table of measurements as text, about `size` bytes.
fn table(random: &mut ChaCha8Rng, size: usize) -> Vec<u8> {
    let mut text = String::with_capacity(size + 80);
    text.push_str("sensor,second,pressure,temperature,flow\n");
    let mut second = 0_u64;
    while text.len() < size {
        second += u64::from(random.next_u32() % 9) + 1;
        let (a, b, c) = (random.next_u32(), random.next_u32(), random.next_u32());
        text.push_str(&format!(
            "s{:03},{second},{}.{:04},{}.{:04},{}.{:05}\n",
            a % 400,
            900 + a / 7 % 200,
            a / 1_400 % 10_000,
            b % 90,
            b / 90 % 10_000,
            c % 50,
            c / 50 % 100_000
        ));
    }
    text.into_bytes()
}

/// Something derived from contents, computed once: `what` names the derivation and its settings.
fn derive(
    what: &str,
    inputs: &[&Material],
    make: impl FnOnce() -> Option<Bytes>,
) -> Option<Material> {
    let mut hasher = Sha256::new();
    // Lengths first, so that no two derivations have one key.
    hasher.update((what.len() as u64).to_be_bytes());
    hasher.update(what);
    for input in inputs {
        match &input.content {
            Content::Text(text) => {
                hasher.update([0]);
                hasher.update((text.len() as u64).to_be_bytes());
                hasher.update(text);
            }
            Content::Blob { id, .. } => {
                hasher.update([1]);
                hasher.update(id.as_bytes());
            }
        }
    }
    remembered(hasher.finalize().into(), || make().map(Material::new))
}

/// Packs named files into one. Archives carry no times, so that equal inputs give equal bytes.
#[must_use]
pub(crate) fn pack(format: PackFormat, files: &[(String, Material)]) -> Option<Material> {
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let inputs: Vec<&Material> = files.iter().map(|(_, material)| material).collect();
    derive(
        &format!("pack {format:?} {}", names.join("\0")),
        &inputs,
        || {
            match format {
                PackFormat::Tar => tar(files),
                PackFormat::TarGz => gzip(&tar(files)?),
                PackFormat::Gzip => gzip(&files.first()?.1.bytes),
                PackFormat::Zip => zip(files),
            }
            .map(Bytes::from)
        },
    )
}

fn tar(files: &[(String, Material)]) -> Option<Vec<u8>> {
    let mut archive = ::tar::Builder::new(Vec::new());
    for (name, material) in files {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(material.bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_cksum();
        archive
            .append_data(&mut header, name, &material.bytes[..])
            .ok()?;
    }
    archive.into_inner().ok()
}

fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

fn zip(files: &[(String, Material)]) -> Option<Vec<u8>> {
    let mut archive = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        ::zip::write::SimpleFileOptions::default().last_modified_time(::zip::DateTime::default());
    for (name, material) in files {
        archive.start_file(name.as_str(), options).ok()?;
        archive.write_all(&material.bytes).ok()?;
    }
    archive.finish().ok().map(Cursor::into_inner)
}

/// Takes an archive apart: names and contents, bounded in number and size.
///
/// # Errors
/// Says why it cannot be unpacked.
pub(crate) fn unpack(name: &str, bytes: &[u8]) -> Result<Vec<(String, Material)>, String> {
    let mut left = UNPACKED_LIMIT;
    let mut read = |reader: &mut dyn Read| -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let took = reader
            .take(left + 1)
            .read_to_end(&mut out)
            .map_err(|_| "the archive is damaged".to_owned())? as u64;
        left = left
            .checked_sub(took)
            .ok_or("the archive is too large when unpacked")?;
        Ok(out)
    };
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let inner = read(&mut flate2::read::GzDecoder::new(bytes))?;
        return if inner.get(257..262) == Some(b"ustar") {
            untar(&inner, &mut read)
        } else {
            let name = name
                .strip_suffix(".gz")
                .map_or_else(|| format!("{name}.out"), str::to_owned);
            Ok(vec![(name, Material::new(inner))])
        };
    }
    if bytes.starts_with(b"PK\x03\x04") {
        let mut archive = ::zip::ZipArchive::new(Cursor::new(bytes))
            .map_err(|_| "the archive is damaged".to_owned())?;
        let mut files = Vec::new();
        if archive.len() > MEMBER_LIMIT {
            return Err("the archive has too many members".to_owned());
        }
        for place in 0..archive.len() {
            let mut member = archive
                .by_index(place)
                .map_err(|_| "the archive is damaged".to_owned())?;
            if member.is_file() {
                let name = member_name(member.name())?;
                files.push((name, Material::new(read(&mut member)?)));
            }
        }
        return Ok(files);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return untar(bytes, &mut read);
    }
    Err("this is no archive that is known here".to_owned())
}

fn untar(bytes: &[u8], read: &mut Take<'_>) -> Result<Vec<(String, Material)>, String> {
    let damaged = |_| "the archive is damaged".to_owned();
    let mut files = Vec::new();
    for member in ::tar::Archive::new(bytes).entries().map_err(damaged)? {
        let mut member = member.map_err(damaged)?;
        if files.len() >= MEMBER_LIMIT {
            return Err("the archive has too many members".to_owned());
        }
        if member.header().entry_type().is_file() {
            let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
            files.push((member_name(&name)?, Material::new(read(&mut member)?)));
        }
    }
    Ok(files)
}

/// A member's name that stays in the folder it is unpacked into.
fn member_name(name: &str) -> Result<String, String> {
    let escapes = name.starts_with('/')
        || name
            .split('/')
            .any(|part| part.is_empty() || part == "." || part == "..");
    if escapes || name.len() > NAME_LIMIT || name.chars().any(char::is_control) {
        let shown: String = name.chars().take(80).collect();
        return Err(format!(
            "the archive has a member with the unsafe name {shown:?}"
        ));
    }
    Ok(name.to_owned())
}

/// A file in other letters.
#[must_use]
pub(crate) fn encode(encoding: Encoding, input: &Material) -> Option<Material> {
    derive(&format!("encode {encoding:?}"), &[input], || {
        let text = match encoding {
            Encoding::Hex => hex::encode(&input.bytes),
            Encoding::Base64 => base64::engine::general_purpose::STANDARD.encode(&input.bytes),
        };
        let mut lines = String::with_capacity(text.len() + text.len() / 76 + 1);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(76));
            lines.push_str(line);
            lines.push('\n');
            rest = more;
        }
        Some(Bytes::from(lines))
    })
}

/// The parts of a file, of equal size but for the last.
#[must_use]
pub(crate) fn split(input: &Material, parts: usize) -> Vec<Material> {
    let size = input.bytes.len().div_ceil(parts.max(1)).max(1);
    (0..input.bytes.len().div_ceil(size))
        .filter_map(|part| {
            derive(&format!("split {part} {size}"), &[input], || {
                let end = ((part + 1) * size).min(input.bytes.len());
                // A view of the whole: cutting copies nothing.
                Some(input.bytes.slice(part * size..end))
            })
        })
        .collect()
}

/// Files one after the other.
#[must_use]
pub(crate) fn join(inputs: &[&Material]) -> Option<Material> {
    derive("join", inputs, || {
        let mut whole = Vec::with_capacity(inputs.iter().map(|input| input.bytes.len()).sum());
        for input in inputs {
            whole.extend_from_slice(&input.bytes);
        }
        Some(Bytes::from(whole))
    })
}

#[cfg(test)]
mod tests;
