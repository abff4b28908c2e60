//! Server-sent events out of bytes that are cut anywhere (WHATWG HTML, section 9.2).
//!
//! Lines end with LF, CR or CRLF; comments, ids and retry times are skipped; several data lines
//! are one text. Two differences to the standard, both because a lost event would be a lost part
//! of an answer: bytes that are not UTF-8 are an error, and an event whose empty line is missing
//! at the very end is still given.

use super::{Event, StreamError};

/// Cuts bytes into events.
#[derive(Debug)]
pub struct Decoder {
    most: usize,
    /// The line so far.
    line: Vec<u8>,
    name: String,
    data: String,
    has_data: bool,
    /// The last byte was CR, so an LF now belongs to it.
    after_return: bool,
    /// Whether any line was seen, for the byte order mark.
    begun: bool,
}

impl Decoder {
    /// A decoder that takes events of at most so many bytes.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self {
            most,
            line: Vec::new(),
            name: String::new(),
            data: String::new(),
            has_data: false,
            after_return: false,
            begun: false,
        }
    }

    /// Takes the next bytes and gives each event that they complete.
    ///
    /// # Errors
    /// An event is too large or not UTF-8, or `each` fails.
    pub fn push<E: From<StreamError>>(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while !bytes.is_empty() {
            if self.after_return {
                self.after_return = false;
                if let [b'\n', rest @ ..] = bytes {
                    bytes = rest;
                    continue;
                }
            }
            let Some(end) = memchr::memchr2(b'\n', b'\r', bytes) else {
                self.room(self.line.len() + bytes.len())?;
                self.line.extend_from_slice(bytes);
                return Ok(());
            };
            let (piece, rest) = bytes.split_at(end);
            self.after_return = rest.first() == Some(&b'\r');
            bytes = rest.get(1..).unwrap_or_default();
            if self.line.is_empty() {
                self.room(piece.len())?;
                self.line(piece, &mut each)?;
            } else {
                self.room(self.line.len() + piece.len())?;
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(piece);
                let outcome = self.line(&line, &mut each);
                line.clear();
                self.line = line;
                outcome?;
            }
        }
        Ok(())
    }

    /// Gives the last event, when the bytes have ended.
    ///
    /// # Errors
    /// It is cut or not UTF-8, or `each` fails.
    pub fn finish<E: From<StreamError>>(
        &mut self,
        mut each: impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            // Half a character at the end is a cut, not a fault of the text.
            if std::str::from_utf8(&line).is_err_and(|error| error.error_len().is_none()) {
                return Err(StreamError::EndedEarly.into());
            }
            self.line(&line, &mut each)?;
        }
        self.dispatch(&mut each)
    }

    fn room(&self, line: usize) -> Result<(), StreamError> {
        if line + self.data.len() > self.most {
            return Err(StreamError::TooLarge {
                what: "an event",
                limit: self.most,
            });
        }
        Ok(())
    }

    fn line<E: From<StreamError>>(
        &mut self,
        mut line: &[u8],
        each: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.begun {
            self.begun = true;
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch(each);
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(colon) => {
                let (field, value) = line.split_at(colon);
                let value = value.get(1..).unwrap_or_default();
                (field, value.strip_prefix(b" ").unwrap_or(value))
            }
            None => (line, &[][..]),
        };
        match field {
            b"data" => {
                let value = std::str::from_utf8(value).map_err(|_| StreamError::NotUtf8)?;
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.data.push_str(value);
            }
            b"event" => {
                let value = std::str::from_utf8(value).map_err(|_| StreamError::NotUtf8)?;
                value.clone_into(&mut self.name);
            }
            _ => {}
        }
        Ok(())
    }

    fn dispatch<E>(&mut self, each: &mut impl FnMut(Event<'_>) -> Result<(), E>) -> Result<(), E> {
        let outcome = if self.has_data {
            each(Event {
                name: &self.name,
                data: &self.data,
            })
        } else {
            Ok(())
        };
        self.name.clear();
        self.data.clear();
        self.has_data = false;
        outcome
    }
}

/// Writes an event; its data may have several lines.
#[must_use]
pub fn write(event: Event<'_>) -> String {
    let mut text = String::with_capacity(event.data.len() + 32);
    if !event.name.is_empty() {
        text.push_str("event: ");
        text.push_str(event.name);
        text.push('\n');
    }
    for line in event.data.split('\n') {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn events(pieces: &[&[u8]]) -> Result<Vec<(String, String)>, StreamError> {
        let mut decoder = Decoder::new(1_000);
        let mut events = Vec::new();
        let mut each = |event: Event<'_>| -> Result<(), StreamError> {
            events.push((event.name.to_owned(), event.data.to_owned()));
            Ok(())
        };
        for piece in pieces {
            decoder.push(piece, &mut each)?;
        }
        decoder.finish(&mut each)?;
        Ok(events)
    }

    fn pair(name: &str, data: &str) -> (String, String) {
        (name.to_owned(), data.to_owned())
    }

    #[test]
    fn every_kind_of_line() {
        let text = "\u{feff}: hello\r\nevent: a\rid: 7\rdata: one\ndata:two\ndata\n\n\n\
                    retry: 5\nunknown: x\n\ndata: [DONE]\r\n\r\nevent: lost\n\ndata: last";
        assert_eq!(
            events(&[text.as_bytes()]).unwrap(),
            [
                pair("a", "one\ntwo\n"),
                pair("", "[DONE]"),
                pair("", "last")
            ]
        );
    }

    #[test]
    fn bytes_that_are_no_text_and_a_cut_in_a_character() {
        assert_eq!(events(&[b"data: \xff\n\n"]), Err(StreamError::NotUtf8));
        let half = &"data: \u{e4}".as_bytes()[..7];
        assert_eq!(events(&[half]), Err(StreamError::EndedEarly));
        let text = "data: \u{e4}\n\n".as_bytes();
        assert_eq!(events(&[&text[..7], &text[7..]]).unwrap(), [pair("", "ä")]);
    }

    #[test]
    fn an_event_has_a_most_however_it_comes() {
        let long = vec![b'x'; 2_000];
        let too_large =
            |pieces: &[&[u8]]| matches!(events(pieces), Err(StreamError::TooLarge { .. }));
        assert!(too_large(&[b"data: ", &long]));
        assert!(too_large(&[
            &[b"data: ".as_slice(), &long, b"\n\n"].concat()
        ]));
        assert!(too_large(&[&b"data: 0123456789\n".repeat(100)]));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(
            text in "(data: ?[aä\u{1f600}:]{0,4}|event: x|:c|)(\r\n|\n|\r)".prop_flat_map(|_|
                prop::collection::vec("(data: ?[aä\u{1f600}:]{0,4}|event: x|:c|)(\r\n|\n|\r)", 0..12)),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let text = text.concat();
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(events(&pieces), events(&[bytes]));
        }

        #[test]
        fn any_bytes_are_taken_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = events(&[&bytes]);
        }

        #[test]
        fn what_is_written_is_read_again(name in "[a-z_.]{0,8}", data in "[^\r]{0,20}") {
            let text = write(Event { name: &name, data: &data });
            prop_assert_eq!(events(&[text.as_bytes()]).unwrap(), [(name, data)]);
        }
    }
}
