//! The objects of one JSON array out of bytes that are cut anywhere.
//!
//! Gemini streams so without `alt=sse`. Only the outline is followed here (brackets outside of
//! strings); whether an object is JSON shows when it is read. A body that is a single object, as
//! errors are, is given as the only event.

use super::{Event, StreamError};

/// Where in the array the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before everything.
    Start,
    /// After `[`: an object or the end.
    First,
    /// In an object.
    Inside,
    /// After an object: a comma or the end.
    After,
    /// After a comma: an object.
    Next,
    /// After `]`.
    End,
}

/// Cuts bytes into objects.
#[derive(Debug)]
pub struct Decoder {
    most: usize,
    place: Place,
    object: Vec<u8>,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The body is one object and no array.
    is_single: bool,
}

impl Decoder {
    /// A decoder that takes objects of at most so many bytes.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self {
            most,
            place: Place::Start,
            object: Vec::new(),
            depth: 0,
            in_string: false,
            escaped: false,
            is_single: false,
        }
    }

    /// Takes the next bytes and gives each object that they complete.
    ///
    /// # Errors
    /// An object is too large or not UTF-8, the outline is not that of an array of objects, or
    /// `each` fails.
    pub fn push<E: From<StreamError>>(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let [byte, rest @ ..] = bytes {
            if self.place == Place::Inside {
                let end = self.end_of_object(bytes);
                let (piece, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
                if self.object.len() + piece.len() > self.most {
                    let (what, limit) = ("an event", self.most);
                    return Err(StreamError::TooLarge { what, limit }.into());
                }
                self.object.extend_from_slice(piece);
                bytes = rest;
                if end.is_some() {
                    self.place = if self.is_single {
                        Place::End
                    } else {
                        Place::After
                    };
                    let data =
                        std::str::from_utf8(&self.object).map_err(|_| StreamError::NotUtf8)?;
                    each(Event { name: "", data })?;
                    self.object.clear();
                }
                continue;
            }
            match (byte, self.place) {
                (b' ' | b'\t' | b'\n' | b'\r', _) => {}
                (b'[', Place::Start) => self.place = Place::First,
                (b'{', Place::Start | Place::First | Place::Next) => {
                    self.is_single = self.place == Place::Start;
                    self.place = Place::Inside;
                    continue;
                }
                (b',', Place::After) => self.place = Place::Next,
                (b']', Place::First | Place::After) => self.place = Place::End,
                _ => return Err(StreamError::Broken("not an array of objects").into()),
            }
            bytes = rest;
        }
        Ok(())
    }

    /// Checks that the array was complete, when the bytes have ended.
    ///
    /// # Errors
    /// It was not.
    pub fn finish(&mut self) -> Result<(), StreamError> {
        match self.place {
            Place::End => Ok(()),
            _ => Err(StreamError::EndedEarly),
        }
    }

    /// Where the object that the bytes continue ends, if it does.
    fn end_of_object(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn objects(pieces: &[&[u8]]) -> Result<Vec<String>, StreamError> {
        let mut decoder = Decoder::new(100);
        let mut objects = Vec::new();
        for piece in pieces {
            decoder.push(piece, |event| -> Result<(), StreamError> {
                objects.push(event.data.to_owned());
                Ok(())
            })?;
        }
        decoder.finish()?;
        Ok(objects)
    }

    #[test]
    fn objects_come_whole() {
        let text = "[{\"a\":\"}]\\\"{\"}\r\n,\r\n {\"b\":[{},[1]]}\n]\n";
        assert_eq!(
            objects(&[text.as_bytes()]).unwrap(),
            ["{\"a\":\"}]\\\"{\"}", "{\"b\":[{},[1]]}"]
        );
        assert_eq!(objects(&[b"[]"]).unwrap(), [""; 0]);
        assert_eq!(objects(&[b"{\"error\":{}}"]).unwrap(), ["{\"error\":{}}"]);
    }

    #[test]
    fn every_cut_and_every_other_form_is_an_error() {
        let text = b"[{\"a\":1},{\"b\":2}]";
        for end in 0..text.len() {
            assert_eq!(
                objects(&[&text[..end]]),
                Err(StreamError::EndedEarly),
                "{end}"
            );
        }
        for wrong in [
            &b"x"[..],
            b"[1]",
            b"[{}{}]",
            b"[,{}]",
            b"[{},]",
            b"[{}]]",
            b"{}{}",
        ] {
            let outcome = objects(&[wrong]);
            assert!(
                matches!(outcome, Err(StreamError::Broken(_))),
                "{outcome:?}"
            );
        }
        let long = format!("[{{\"a\":\"{}\"}}]", "x".repeat(200));
        assert!(matches!(
            objects(&[long.as_bytes()]),
            Err(StreamError::TooLarge { .. })
        ));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(
            text in "[\\[\\]{},\"\\\\a \u{e4}]{0,40}",
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            for text in [text.clone(), format!("[{{\"a\":\"{text}\"}},{{}}]")] {
                let bytes = text.as_bytes();
                let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
                cuts.extend([0, bytes.len()]);
                cuts.sort_unstable();
                let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
                prop_assert_eq!(objects(&pieces), objects(&[bytes]));
            }
        }
    }
}
