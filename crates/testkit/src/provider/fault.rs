//! What can go wrong on the way of an answer, and the bodies that it makes.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::stream::{self, StreamExt};

use super::protocol::Form;
use super::speak::{Part, Piece};

/// Something that goes wrong with a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The answer stops somewhere.
    Cut {
        /// Where.
        at: At,
        /// Whether the connection ends as if all were said, as behind some proxies; otherwise it is
        /// dropped.
        is_clean: bool,
    },
    /// The answer comes so many bytes at a time, with a pause after each.
    Drip {
        /// How many bytes, at least one.
        bytes: usize,
        /// How long each pause is.
        pause: Duration,
    },
    /// Bytes that are no text, under the right type.
    Garbage,
    /// The answer ends, cleanly, in the middle of a character.
    HalfCharacter,
    /// The right answer, said to be a page of HTML.
    WrongType,
    /// A whole answer where a stream was asked for, and a stream where a whole one was.
    WrongForm,
    /// An answer that begins well and goes on for so many bytes.
    Huge(usize),
}

/// A place in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// After the words, before any call; in the middle of an answer without calls.
    BeforeCall,
    /// In the middle of the last call.
    InCall,
    /// After the last call, before the end.
    AfterCall,
}

impl Fault {
    /// The body of an answer with this fault.
    pub(super) fn body(self, pieces: &[Piece], form: Form) -> Body {
        let text = || {
            pieces
                .iter()
                .map(|(text, _)| text.as_str())
                .collect::<String>()
        };
        match self {
            Self::Cut { at, is_clean } => {
                let begun = Bytes::from(cut(pieces, at));
                if is_clean {
                    Body::from(begun)
                } else {
                    dropped(begun)
                }
            }
            Self::Drip { bytes, pause } => drip(text().into_bytes(), bytes.max(1), pause),
            Self::Garbage => Body::from(garbage()),
            Self::HalfCharacter => Body::from(half_character(text())),
            Self::WrongType | Self::WrongForm => Body::from(text()),
            Self::Huge(bytes) => huge(bytes, form),
        }
    }
}

/// The beginning of an answer, up to a place in it.
fn cut(pieces: &[Piece], at: At) -> Vec<u8> {
    let is_call = |piece: &Piece| piece.1 == Part::Call;
    let texts = |pieces: &[Piece]| -> Vec<u8> {
        pieces.iter().flat_map(|(text, _)| text.bytes()).collect()
    };
    let last = pieces.iter().rposition(is_call);
    let end = pieces.iter().position(|piece| piece.1 == Part::End);
    match (at, last) {
        (At::BeforeCall, Some(_)) => {
            let first = pieces.iter().position(is_call).unwrap_or(0);
            texts(&pieces[..first])
        }
        (At::InCall, Some(last)) => {
            let mut begun = texts(&pieces[..last]);
            let (text, _) = &pieces[last];
            begun.extend(text.bytes().take(text.len() / 2));
            begun
        }
        (At::AfterCall, Some(_)) => texts(&pieces[..end.unwrap_or(pieces.len())]),
        (_, None) => texts(&pieces[..pieces.len() / 2]),
    }
}

/// A body that begins and whose connection is then dropped.
pub(super) fn dropped(begun: Bytes) -> Body {
    let begun = stream::once(async { Ok(begun) });
    let cut = stream::once(async {
        // Waits a turn, so that the beginning is on its way before the fault.
        tokio::task::yield_now().await;
        Err(io::Error::other("the stand-in closes the connection here"))
    });
    Body::from_stream(begun.chain(cut))
}

/// A body in these pieces.
pub(super) fn in_pieces(pieces: Vec<Vec<u8>>) -> Body {
    let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
    Body::from_stream(stream::iter(
        pieces.map(|piece| Ok::<_, io::Error>(Bytes::from(piece))),
    ))
}

/// A body in these pieces that never ends.
pub(super) fn in_pieces_then_silent(pieces: Vec<Vec<u8>>) -> Body {
    let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
    let pieces = stream::iter(pieces.map(|piece| Ok::<_, io::Error>(Bytes::from(piece))));
    Body::from_stream(pieces.chain(stream::pending()))
}

fn drip(bytes: Vec<u8>, size: usize, pause: Duration) -> Body {
    let pieces: Vec<Bytes> = bytes.chunks(size).map(Bytes::copy_from_slice).collect();
    let drops = stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, io::Error>(piece)
    });
    Body::from_stream(drops)
}

/// Bytes that look like nothing, the same every time.
fn garbage() -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    (0..1_024).flat_map(|_| next()).collect()
}

/// The text up to the middle of its first character that has a middle.
fn half_character(text: String) -> Vec<u8> {
    let at = text.bytes().position(|byte| !byte.is_ascii());
    let mut bytes = text.into_bytes();
    match at {
        Some(at) => bytes.truncate(at + 1),
        None => {
            bytes.truncate(bytes.len() / 2);
            bytes.push(0xc3);
        }
    }
    bytes
}

fn huge(bytes: usize, form: Form) -> Body {
    const PIECE: usize = 64 * 1024;
    let begin = match form {
        Form::Whole => "{\"x\":\"",
        Form::Events => "data: {\"x\":\"",
        Form::Array => "[{\"x\":\"",
    };
    let filling = Bytes::from(vec![b'x'; PIECE]);
    let pieces = stream::repeat(filling).take(bytes / PIECE);
    let begin = stream::once(async move { Bytes::from_static(begin.as_bytes()) });
    Body::from_stream(begin.chain(pieces).map(Ok::<_, io::Error>))
}
