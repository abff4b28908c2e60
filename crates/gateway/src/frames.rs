//! Events out of a stream that is cut anywhere, each with the very bytes that it came in.
//!
//! What an agent reads must be what was judged. So an event is passed with its own bytes only where
//! every reader cuts it in the same way; one that has a lone carriage return in it (which some
//! readers take for the end of a line and some do not) is written afresh.

use tribune_wire::stream::{Event, StreamError, sse};

use crate::protocol::Form;

/// An event with its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Framed<'a> {
    /// The event; none where the lines are a comment or nothing.
    pub(crate) event: Option<Event<'a>>,
    /// Its bytes, up to and with the empty line that ends it. Empty where it must be written
    /// afresh, and in an array, where an object's bytes are its data.
    pub(crate) raw: &'a str,
}

/// Cuts bytes into events.
#[derive(Debug)]
pub(crate) enum Frames {
    Events(EventFrames),
    Array(tribune_wire::stream::array::Decoder),
}

impl Frames {
    pub(crate) fn new(form: Form, most: usize) -> Self {
        match form {
            Form::Array => Self::Array(tribune_wire::stream::array::Decoder::new(most)),
            Form::Whole | Form::Events => Self::Events(EventFrames {
                most,
                block: Vec::new(),
                looked: 0,
                begun: false,
            }),
        }
    }

    /// Takes the next bytes and gives each event that they complete.
    pub(crate) fn push<E: From<StreamError>>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(Framed<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Events(frames) => frames.push(bytes, &mut each),
            Self::Array(decoder) => decoder.push(bytes, |event| each(afresh(event))),
        }
    }

    /// Gives the last event, when the bytes have ended.
    pub(crate) fn finish<E: From<StreamError>>(
        &mut self,
        mut each: impl FnMut(Framed<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Events(frames) => frames.finish(&mut each),
            Self::Array(decoder) => decoder.finish().map_err(E::from),
        }
    }
}

/// Server-sent events.
#[derive(Debug)]
pub(crate) struct EventFrames {
    most: usize,
    /// The event so far.
    block: Vec<u8>,
    /// How much of it was searched for its end.
    looked: usize,
    /// Whether any event was given, for the byte order mark.
    begun: bool,
}

impl EventFrames {
    fn push<E: From<StreamError>>(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(Framed<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut block = std::mem::take(&mut self.block);
        let outcome = if block.is_empty() {
            let (used, outcome) = self.cut(bytes, each);
            block.extend_from_slice(bytes.get(used..).unwrap_or_default());
            outcome
        } else {
            block.extend_from_slice(bytes);
            let (used, outcome) = self.cut(&block, each);
            block.drain(..used);
            outcome
        };
        self.block = block;
        outcome?;
        if self.block.len() > self.most {
            let (what, limit) = ("an event", self.most);
            return Err(StreamError::TooLarge { what, limit }.into());
        }
        Ok(())
    }

    fn finish<E: From<StreamError>>(
        &mut self,
        each: &mut impl FnMut(Framed<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let block = std::mem::take(&mut self.block);
        if block.is_empty() {
            return Ok(());
        }
        // Half a character at the end is a cut, not a fault of the text.
        if std::str::from_utf8(&block).is_err_and(|error| error.error_len().is_none()) {
            return Err(StreamError::EndedEarly.into());
        }
        self.give(&block, false, each)
    }

    /// Gives all complete events of some bytes, and says how many bytes they were.
    fn cut<E: From<StreamError>>(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(Framed<'_>) -> Result<(), E>,
    ) -> (usize, Result<(), E>) {
        let mut used = 0;
        // A line may have begun before what was searched.
        let mut from = self.looked.saturating_sub(4);
        self.looked = 0;
        while let Some(rest) = bytes.get(from..)
            && let Some(found) = memchr::memchr2(b'\n', b'\r', rest)
        {
            let line_end = from + found;
            let after = end_of_line(bytes, line_end);
            let Some(next) = bytes.get(after) else {
                break;
            };
            if !matches!(next, b'\n' | b'\r') {
                from = after;
                continue;
            }
            let is_pair = after - line_end == 2;
            if is_pair && *next == b'\r' && after + 1 == bytes.len() {
                // Lines end with both here, and the other half is on its way.
                break;
            }
            let end = end_of_line(bytes, after);
            if let Err(error) = self.give(bytes.get(used..end).unwrap_or_default(), true, each) {
                return (end, Err(error));
            }
            (used, from) = (end, end);
        }
        // Leading line ends are no event and need not be kept for one.
        self.looked = bytes.len() - used;
        (used, Ok(()))
    }

    /// Reads the lines of an event and gives it.
    fn give<E: From<StreamError>>(
        &mut self,
        block: &[u8],
        is_ended: bool,
        each: &mut impl FnMut(Framed<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if block.len() > self.most {
            let (what, limit) = ("an event", self.most);
            return Err(StreamError::TooLarge { what, limit }.into());
        }
        let text = std::str::from_utf8(block).map_err(|_| E::from(StreamError::NotUtf8))?;
        let has_mark = !std::mem::replace(&mut self.begun, true) && text.starts_with('\u{feff}');
        if is_ended && !has_mark && !has_lone_return(block) {
            let mut lines = text
                .split('\n')
                .map(|line| line.strip_suffix('\r').unwrap_or(line));
            if let Some(event) = plain(&mut lines) {
                return each(Framed { event, raw: text });
            }
        }
        // Several lines of data, a mark or odd line ends: read as the standard says.
        let mut decoder = sse::Decoder::new(self.most);
        decoder.push(block, |event| each(afresh(event)))?;
        decoder.finish(|event| each(afresh(event)))
    }
}

const fn afresh(event: Event<'_>) -> Framed<'_> {
    Framed {
        event: Some(event),
        raw: "",
    }
}

/// Where the line that ends at some place is over: after LF, CR or both.
fn end_of_line(bytes: &[u8], at: usize) -> usize {
    let is_pair = bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n');
    at + 1 + usize::from(is_pair)
}

fn has_lone_return(block: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', block).any(|at| block.get(at + 1) != Some(&b'\n'))
}

/// An event whose data is one line: nothing where its lines are none of an event, or not so plain.
fn plain<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Option<Option<Event<'a>>> {
    let mut name = "";
    let mut data = None;
    for line in lines {
        if line.is_empty() || line.starts_with(':') {
            continue;
        }
        let (field, value) = line.split_once(':')?;
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" if data.is_none() => data = Some(value),
            "event" => name = value,
            "id" | "retry" => {}
            _ => return None,
        }
    }
    Some(data.map(|data| Event { name, data }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Seen = Vec<(String, String, String)>;

    fn events(pieces: &[&[u8]]) -> Result<Seen, StreamError> {
        let mut frames = Frames::new(Form::Events, 1_000);
        let mut seen = Vec::new();
        let mut each = |framed: Framed<'_>| -> Result<(), StreamError> {
            let Framed {
                event: Some(event),
                raw,
            } = framed
            else {
                return Ok(());
            };
            seen.push((event.name.to_owned(), event.data.to_owned(), raw.to_owned()));
            Ok(())
        };
        for piece in pieces {
            frames.push(piece, &mut each)?;
        }
        frames.finish(&mut each)?;
        Ok(seen)
    }

    fn standard(bytes: &[u8]) -> Result<Vec<(String, String)>, StreamError> {
        let mut decoder = sse::Decoder::new(1_000);
        let mut seen = Vec::new();
        let mut each = |event: Event<'_>| -> Result<(), StreamError> {
            seen.push((event.name.to_owned(), event.data.to_owned()));
            Ok(())
        };
        decoder.push(bytes, &mut each)?;
        decoder.finish(&mut each)?;
        Ok(seen)
    }

    fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect()
    }

    #[test]
    fn an_event_keeps_its_bytes() {
        let text = ": hi\nevent: a\r\ndata: {}\r\n\r\ndata:x\n\n";
        let seen = events(&[text.as_bytes()]).unwrap();
        assert_eq!(seen[0].2, ": hi\nevent: a\r\ndata: {}\r\n\r\n");
        assert_eq!(seen[1].2, "data:x\n\n");
        assert_eq!(seen[1].1, "x");
    }

    #[test]
    fn what_readers_cut_in_different_ways_has_no_bytes_to_pass() {
        for text in [
            "data: a\rdata: b\n\n",
            "data: a\ndata: b\n\n",
            "odd\ndata: a\n\n",
            "data: a",
        ] {
            let seen = events(&[text.as_bytes()]).unwrap();
            assert!(seen.iter().all(|(.., raw)| raw.is_empty()), "{seen:?}");
        }
    }

    #[test]
    fn an_event_has_a_most() {
        let long = format!("data: {}", "x".repeat(2_000));
        assert!(matches!(
            events(&[long.as_bytes()]),
            Err(StreamError::TooLarge { .. })
        ));
        let long = long + "\n\n";
        assert!(matches!(
            events(&[long.as_bytes()]),
            Err(StreamError::TooLarge { .. })
        ));
    }

    proptest! {
        #[test]
        fn it_reads_what_the_standard_reads_however_it_is_cut(
            lines in prop::collection::vec("(data: ?[aä\u{1f600}:]{0,4}|event: x|:c|id: 1|odd|)(\r\n|\n|\r)", 0..14),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let text = lines.concat();
            let bytes = text.as_bytes();
            let seen = events(&pieces(bytes, &cuts)).unwrap();
            let plain: Vec<_> = seen.iter().map(|(name, data, _)| (name.clone(), data.clone())).collect();
            prop_assert_eq!(plain, standard(bytes).unwrap());
            // The bytes that pass say the same to whoever reads them.
            for (name, data, raw) in seen.iter().filter(|(.., raw)| !raw.is_empty()) {
                prop_assert_eq!(standard(raw.as_bytes()).unwrap(), [(name.clone(), data.clone())]);
            }
        }

        #[test]
        fn any_bytes_are_taken_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let _ = events(&pieces(&bytes, &cuts));
        }
    }
}
