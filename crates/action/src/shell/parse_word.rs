//! Words: quotes, escapes, and what a dollar sign or a backquote begins.

use super::ast::{Operation, Parameter, Piece, Word};
use super::parse::{Fault, Parser, parse_at};

const UNCLOSED: Fault = "the shell text has something that is not closed";

/// The most bytes that looking ahead may cost in one text.
const LOOKED: usize = 4 * 1024 * 1024;

/// Adds text to the last piece where it is of the same kind.
fn push(pieces: &mut Vec<Piece>, text: &str, quoted: bool) {
    match (pieces.last_mut(), quoted) {
        (Some(Piece::Text(last)), false) | (Some(Piece::Quoted(last)), true) => last.push_str(text),
        (_, false) => pieces.push(Piece::Text(text.to_owned())),
        (_, true) => pieces.push(Piece::Quoted(text.to_owned())),
    }
}

impl Parser<'_> {
    fn char(&self) -> Option<&str> {
        let rest = self.text.get(self.at..)?;
        let length = rest.chars().next()?.len_utf8();
        rest.get(..length)
    }

    /// Takes at least one character, and all that follow it that mean nothing anywhere.
    fn run(&mut self, pieces: &mut Vec<Piece>, quoted: bool) {
        let rest = self.rest();
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let more = rest[first..]
            .bytes()
            .position(|byte| {
                byte < b'0' || matches!(byte, b':'..=b'?' | b'['..=b'^' | b'`' | b'{'..=b'~')
            })
            .unwrap_or(rest.len() - first);
        push(pieces, &rest[..first + more], quoted);
        self.at += first + more;
    }

    fn look(&mut self, bytes: usize) -> Result<(), Fault> {
        self.looked += bytes;
        if self.looked > LOOKED {
            return Err("the shell text takes too much looking ahead");
        }
        Ok(())
    }

    /// A word, which must be there.
    pub(super) fn word(&mut self) -> Result<Word, Fault> {
        let start = self.at;
        let word = self.word_or_nothing()?;
        if self.at == start {
            return Err("the shell text does not follow the grammar");
        }
        Ok(word)
    }

    /// A word, or nothing where a delimiter stands.
    pub(super) fn word_or_nothing(&mut self) -> Result<Word, Fault> {
        self.count()?;
        let mut pieces = Vec::new();
        while let Some(byte) = self.byte() {
            match byte {
                b'(' => {
                    // Only a pattern such as `@(a|b)` has a bracket inside a word.
                    let pattern = matches!(pieces.last(), Some(Piece::Text(text)) if text.ends_with(['?', '*', '+', '@', '!']));
                    if !pattern {
                        break;
                    }
                    let inner = self.balanced()?;
                    push(&mut pieces, &inner, false);
                }
                b'<' | b'>' if self.byte_at(1) == Some(b'(') => {
                    self.at += 2;
                    let script = self.deeper(Self::list)?;
                    self.expect(")")?;
                    pieces.push(Piece::Process {
                        script,
                        writes: byte == b'>',
                    });
                }
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b')' | b'<' | b'>' => break,
                _ => self.piece(&mut pieces, byte, false)?,
            }
        }
        Ok(Word(pieces))
    }

    /// A pattern in brackets, as it stands.
    fn balanced(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let mut open = 0_usize;
        while let Some(byte) = self.byte() {
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(self.text[start..self.at].to_owned());
                    }
                }
                b'\n' | b'$' | b'`' => {
                    return Err("a pattern in brackets holds what is not read there");
                }
                _ => {}
            }
        }
        Err(UNCLOSED)
    }

    /// One piece that starts with this byte, outside double quotes.
    fn piece(
        &mut self,
        pieces: &mut Vec<Piece>,
        byte: u8,
        literal_quotes: bool,
    ) -> Result<(), Fault> {
        match byte {
            b'\'' if !literal_quotes => {
                self.at += 1;
                let rest = self.rest();
                let end = rest.find('\'').ok_or(UNCLOSED)?;
                push(pieces, &rest[..end], true);
                self.at += end + 1;
            }
            b'"' => {
                self.at += 1;
                self.double(pieces)?;
            }
            b'\\' => {
                self.at += 1;
                match self.byte() {
                    Some(b'\n') => self.at += 1,
                    None => push(pieces, "\\", true),
                    Some(_) => {
                        let char = self.char().unwrap_or_default().to_owned();
                        push(pieces, &char, true);
                        self.at += char.len();
                    }
                }
            }
            b'$' => self.dollar(pieces, false)?,
            b'`' => self.backquote(pieces, false)?,
            _ => {
                self.run(pieces, false);
            }
        }
        Ok(())
    }

    /// The rest of a text in double quotes.
    fn double(&mut self, pieces: &mut Vec<Piece>) -> Result<(), Fault> {
        push(pieces, "", true);
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape(pieces, b"$`\"\\"),
                b'$' => self.dollar(pieces, true)?,
                b'`' => self.backquote(pieces, true)?,
                _ => {
                    self.run(pieces, true);
                }
            }
        }
        Err(UNCLOSED)
    }

    /// A backslash where only some characters can be escaped.
    fn escape(&mut self, pieces: &mut Vec<Piece>, which: &[u8]) {
        self.at += 1;
        match self.byte() {
            Some(b'\n') => self.at += 1,
            Some(byte) if which.contains(&byte) => {
                push(pieces, char::from(byte).encode_utf8(&mut [0; 4]), true);
                self.at += 1;
            }
            _ => push(pieces, "\\", true),
        }
    }

    /// The lines of a document whose end was not quoted.
    pub(super) fn document(&mut self) -> Result<Word, Fault> {
        let mut pieces = Vec::new();
        push(&mut pieces, "", true);
        while let Some(byte) = self.byte() {
            match byte {
                b'\\' => self.escape(&mut pieces, b"$`\\"),
                b'$' => self.dollar(&mut pieces, true)?,
                b'`' => self.backquote(&mut pieces, true)?,
                _ => {
                    self.run(&mut pieces, true);
                }
            }
        }
        Ok(Word(pieces))
    }

    fn dollar(&mut self, pieces: &mut Vec<Piece>, quoted: bool) -> Result<(), Fault> {
        self.count()?;
        self.at += 1;
        match self.byte() {
            Some(b'(') => {
                if self.byte_at(1) == Some(b'(') && self.is_arithmetic(self.at + 2)? {
                    self.at += 2;
                    let word = self.arithmetic()?;
                    pieces.push(Piece::Arithmetic(word));
                    return Ok(());
                }
                self.at += 1;
                let script = self.deeper(Self::list)?;
                self.expect(")")?;
                pieces.push(Piece::Command { script, quoted });
            }
            Some(b'{') => {
                self.at += 1;
                self.deeper(|parser| parser.braced(pieces, quoted))?;
            }
            Some(b'[') => {
                self.at += 1;
                let word = self.deeper(|parser| parser.until(b"]", true))?;
                self.expect("]")?;
                pieces.push(Piece::Arithmetic(word));
            }
            Some(b'\'') if !quoted => {
                self.at += 1;
                let text = self.ansi()?;
                push(pieces, &text, true);
            }
            Some(b'"') if !quoted => {
                self.at += 1;
                self.double(pieces)?;
            }
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                let name = self.name();
                self.parameter(pieces, name, quoted);
            }
            Some(byte) if byte.is_ascii_digit() || b"@*#?-$!".contains(&byte) => {
                self.at += 1;
                self.parameter(pieces, char::from(byte).to_string(), quoted);
            }
            _ => push(pieces, "$", quoted),
        }
        Ok(())
    }

    fn name(&mut self) -> String {
        let rest = self.rest();
        let length = rest
            .bytes()
            .position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_'))
            .unwrap_or(rest.len());
        self.at += length;
        rest[..length].to_owned()
    }

    #[expect(clippy::unused_self, reason = "reads as the other steps do")]
    fn parameter(&mut self, pieces: &mut Vec<Piece>, name: String, quoted: bool) {
        let parameter = Box::new(Parameter {
            name,
            index: None,
            indirect: false,
            operation: Operation::Value,
        });
        pieces.push(Piece::Parameter { parameter, quoted });
    }

    /// `${` and what follows.
    fn braced(&mut self, pieces: &mut Vec<Piece>, quoted: bool) -> Result<(), Fault> {
        if matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'|')) {
            // `${ commands; }`, a substitution that runs in the shell itself.
            self.at += 1;
            let script = self.list()?;
            self.expect("}")?;
            pieces.push(Piece::Command { script, quoted });
            return Ok(());
        }
        let mut indirect = false;
        let mut length = false;
        if self.byte() == Some(b'#')
            && !matches!(
                self.byte_at(1),
                Some(b'}' | b'#' | b'%' | b':' | b'/' | b'-' | b'=' | b'+' | b'?')
            )
        {
            self.at += 1;
            length = true;
        } else if self.byte() == Some(b'!')
            && !matches!(
                self.byte_at(1),
                Some(b'}' | b':' | b'-' | b'=' | b'+' | b'?' | b'%' | b'/')
            )
        {
            self.at += 1;
            indirect = true;
        }
        let name = match self.byte() {
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' => self.name(),
            Some(byte) if b"@*#?-$!".contains(&byte) => {
                self.at += 1;
                char::from(byte).to_string()
            }
            _ => return Err("a parameter has no name"),
        };
        let mut index = None;
        if self.take("[") {
            index = Some(self.until(b"]", false)?);
            self.expect("]")?;
        }
        let operation = if length {
            Operation::Length
        } else {
            self.operation(quoted)?
        };
        self.expect("}")?;
        let parameter = Box::new(Parameter {
            name,
            index,
            indirect,
            operation,
        });
        pieces.push(Piece::Parameter { parameter, quoted });
        Ok(())
    }

    fn operation(&mut self, quoted: bool) -> Result<Operation, Fault> {
        let empty =
            self.byte() == Some(b':') && matches!(self.byte_at(1), Some(b'-' | b'=' | b'+' | b'?'));
        if empty {
            self.at += 1;
        }
        let Some(byte) = self.byte() else {
            return Err(UNCLOSED);
        };
        if byte == b'}' {
            return Ok(Operation::Value);
        }
        self.at += 1;
        Ok(match byte {
            b'-' => Operation::Default {
                word: self.until(b"}", quoted)?,
                empty,
            },
            b'=' => Operation::Assign {
                word: self.until(b"}", quoted)?,
                empty,
            },
            b'+' => Operation::Instead {
                word: self.until(b"}", quoted)?,
                empty,
            },
            b'?' => Operation::Fail(self.until(b"}", quoted)?),
            b'#' => Operation::CutPrefix {
                longest: self.take("#"),
                pattern: self.until(b"}", false)?,
            },
            b'%' => Operation::CutSuffix {
                longest: self.take("%"),
                pattern: self.until(b"}", false)?,
            },
            b'/' => {
                let mode = match self.byte() {
                    Some(byte @ (b'/' | b'#' | b'%')) => {
                        self.at += 1;
                        char::from(byte)
                    }
                    _ => ' ',
                };
                let pattern = self.until(b"/}", false)?;
                let with = if self.take("/") {
                    self.until(b"}", false)?
                } else {
                    Word::default()
                };
                Operation::Replace {
                    pattern,
                    with,
                    mode,
                }
            }
            b':' => {
                let offset = self.until(b":}", true)?;
                let length = if self.take(":") {
                    Some(self.until(b"}", true)?)
                } else {
                    None
                };
                Operation::Part { offset, length }
            }
            b'^' | b',' => {
                let mode = char::from(byte);
                Operation::Case {
                    mode,
                    all: self.take(&mode.to_string()),
                    pattern: self.until(b"}", false)?,
                }
            }
            _ => {
                // It may be the first byte of a longer character.
                self.at -= 1;
                self.until(b"}", false)?;
                Operation::Other
            }
        })
    }

    /// Pieces up to one of some bytes, which is left where it is.
    pub(super) fn until(&mut self, stops: &[u8], literal_quotes: bool) -> Result<Word, Fault> {
        let start = self.at;
        let mut pieces = Vec::new();
        while let Some(byte) = self.byte() {
            if stops.contains(&byte) {
                self.look(self.at - start)?;
                return Ok(Word(pieces));
            }
            self.piece(&mut pieces, byte, literal_quotes)?;
        }
        self.look(self.at - start)?;
        Err(UNCLOSED)
    }

    /// Whether the bracket that was opened twice before `from` is closed twice: then it is
    /// arithmetic, else commands in commands, as bash decides it.
    pub(super) fn is_arithmetic(&mut self, from: usize) -> Result<bool, Fault> {
        let bytes = self.text.as_bytes();
        let (mut at, mut open) = (from, 0_usize);
        let mut arithmetic = false;
        while let Some(byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'\\' => at += 1,
                b'\'' => {
                    while bytes.get(at).is_some_and(|byte| *byte != b'\'') {
                        at += 1;
                    }
                    at += 1;
                }
                b'(' => open += 1,
                b')' if open == 0 => {
                    arithmetic = bytes.get(at) == Some(&b')');
                    break;
                }
                b')' => open -= 1,
                _ => {}
            }
        }
        self.look(at - from)?;
        Ok(arithmetic)
    }

    /// Arithmetic up to its two closing brackets.
    pub(super) fn arithmetic(&mut self) -> Result<Word, Fault> {
        self.deeper(|parser| {
            let mut pieces = Vec::new();
            let mut open = 0_usize;
            while let Some(byte) = parser.byte() {
                match byte {
                    b'(' => {
                        open += 1;
                        parser.at += 1;
                        push(&mut pieces, "(", false);
                    }
                    b')' if open == 0 => {
                        parser.expect("))")?;
                        return Ok(Word(pieces));
                    }
                    b')' => {
                        open -= 1;
                        parser.at += 1;
                        push(&mut pieces, ")", false);
                    }
                    _ => parser.piece(&mut pieces, byte, false)?,
                }
            }
            Err(UNCLOSED)
        })
    }

    fn backquote(&mut self, pieces: &mut Vec<Piece>, quoted: bool) -> Result<(), Fault> {
        self.at += 1;
        let mut inner = String::new();
        loop {
            match self.byte() {
                None => return Err(UNCLOSED),
                Some(b'`') => {
                    self.at += 1;
                    break;
                }
                Some(b'\\') => {
                    self.at += 1;
                    match self.byte() {
                        Some(byte) if b"$`\\".contains(&byte) || (quoted && byte == b'"') => {
                            inner.push(char::from(byte));
                            self.at += 1;
                        }
                        _ => inner.push('\\'),
                    }
                }
                Some(_) => {
                    let char = self.char().unwrap_or_default().to_owned();
                    inner.push_str(&char);
                    self.at += char.len().max(1);
                }
            }
        }
        self.look(inner.len())?;
        let script = self.deeper(|parser| parse_at(&inner, parser.depth))?;
        pieces.push(Piece::Command { script, quoted });
        Ok(())
    }

    /// The rest of a text in `$'...'`.
    fn ansi(&mut self) -> Result<String, Fault> {
        let rest = &self.text.as_bytes()[self.at..];
        let mut end = 0;
        loop {
            match rest.get(end) {
                None => return Err(UNCLOSED),
                Some(b'\'') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
            }
        }
        let text = unescape(&self.text[self.at..self.at + end], Escapes::Quote);
        self.at += end + 1;
        Ok(text)
    }
}

/// Where escapes stand, which decides what some of them mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// In `$'...'`, where a null byte ends the text.
    Quote,
    /// In a format of `printf`.
    Format,
    /// After `echo -e` and for `%b`, where three octal digits may follow a zero.
    Echo,
}

/// What escapes stand for.
pub(crate) fn unescape(text: &str, escapes: Escapes) -> String {
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let digits = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>, radix: u32, most: usize| {
        let mut value = None;
        for _ in 0..most {
            let Some(digit) = chars.peek().and_then(|char| char.to_digit(radix)) else {
                break;
            };
            value = Some(value.unwrap_or(0_u32).wrapping_mul(radix) + digit);
            chars.next();
        }
        value
    };
    let mut buffer = [0; 4];
    while let Some(char) = chars.next() {
        if char != '\\' {
            bytes.extend_from_slice(char.encode_utf8(&mut buffer).as_bytes());
            continue;
        }
        let byte = match chars.next() {
            None => b'\\',
            Some('a') => 7,
            Some('b') => 8,
            Some('e' | 'E') => 27,
            Some('f') => 12,
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('t') => b'\t',
            Some('v') => 11,
            Some('\\') => b'\\',
            Some('\'') => b'\'',
            Some('"') => b'"',
            Some('?') => b'?',
            Some('c') => chars
                .next()
                .map_or(b'c', |char| u8::try_from(char).unwrap_or(0) & 0x1f),
            Some('x') => {
                let braced = chars.peek() == Some(&'{');
                if braced {
                    chars.next();
                }
                let value = digits(&mut chars, 16, if braced { 8 } else { 2 });
                if braced {
                    chars.next();
                }
                match value {
                    Some(value) => u8::try_from(value & 0xff).unwrap_or(0),
                    None => {
                        bytes.push(b'\\');
                        b'x'
                    }
                }
            }
            Some(kind @ ('u' | 'U')) => {
                let value = digits(&mut chars, 16, if kind == 'u' { 4 } else { 8 });
                match value.and_then(char::from_u32) {
                    Some('\0') => 0,
                    Some(char) => {
                        bytes.extend_from_slice(char.encode_utf8(&mut buffer).as_bytes());
                        continue;
                    }
                    None => {
                        bytes.push(b'\\');
                        if kind == 'u' { b'u' } else { b'U' }
                    }
                }
            }
            Some(first @ '0'..='7') => {
                let mut value = first.to_digit(8).unwrap_or(0);
                let most = if escapes == Escapes::Echo && first == '0' {
                    3
                } else {
                    2
                };
                for _ in 0..most {
                    let Some(digit) = chars.peek().and_then(|char| char.to_digit(8)) else {
                        break;
                    };
                    value = value * 8 + digit;
                    chars.next();
                }
                u8::try_from(value & 0xff).unwrap_or(0)
            }
            Some(other) => {
                bytes.push(b'\\');
                bytes.extend_from_slice(other.encode_utf8(&mut buffer).as_bytes());
                continue;
            }
        };
        if byte == 0 && escapes == Escapes::Quote {
            break;
        }
        bytes.push(byte);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
