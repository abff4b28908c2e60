//! Simple commands: assignments, words and redirections.

use std::sync::{Arc, OnceLock};

use super::ast::{Assign, Assigned, Command, Kind, Redirect, Redirected, Word};
use super::parse::{Fault, Parser, Pending};

/// Builtins that take assignments as arguments.
const DECLARING: &[&str] = &["declare", "typeset", "local", "export", "readonly"];
impl Parser<'_> {
    pub(super) fn simple(&mut self) -> Result<Command, Fault> {
        let mut assigns = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        let mut redirects = Vec::new();
        let mut declares = false;
        loop {
            self.blanks();
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            match self.byte() {
                None | Some(b'\n' | b';' | b'&' | b'|' | b')') => break,
                Some(b'(') => {
                    let name = words.first().and_then(Word::literal);
                    let (Some(name), 1, true) = (name, words.len(), assigns.is_empty()) else {
                        return Err("the shell text does not follow the grammar");
                    };
                    self.at += 1;
                    self.blanks();
                    self.expect(")")?;
                    let kind = self.function(name)?;
                    return Ok(Command { kind, redirects });
                }
                Some(_) => {}
            }
            if (words.is_empty() || declares)
                && let Some(assign) = self.assign()?
            {
                assigns.push(assign);
                continue;
            }
            let word = self.word()?;
            if words.is_empty() {
                declares = word
                    .literal()
                    .is_some_and(|name| DECLARING.contains(&name.as_str()));
            }
            words.push(word);
        }
        if assigns.is_empty() && words.is_empty() && redirects.is_empty() {
            return Err("the shell text does not follow the grammar");
        }
        Ok(Command {
            kind: Kind::Simple { assigns, words },
            redirects,
        })
    }

    /// An assignment, if one starts here.
    fn assign(&mut self) -> Result<Option<Assign>, Fault> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))
            .unwrap_or(rest.len());
        if length == 0 || rest[0].is_ascii_digit() {
            return Ok(None);
        }
        let name = self.text[self.at..self.at + length].to_owned();
        let start = self.at;
        let mut index = None;
        self.at += length;
        if self.byte() == Some(b'[') {
            self.at += 1;
            match self.until(b"]", false) {
                Ok(word) if self.take("]") => index = Some(word),
                _ => {
                    self.at = start;
                    return Ok(None);
                }
            }
        }
        let append = self.take("+");
        if !self.take("=") {
            self.at = start;
            return Ok(None);
        }
        if index.is_none() && self.take("(") {
            let mut items = Vec::new();
            loop {
                self.lines()?;
                if self.take(")") {
                    break;
                }
                if self.byte() == Some(b'[') {
                    // `[key]=value`: the key is read as part of the word and cut off.
                    let before = self.at;
                    self.at += 1;
                    let keyed = self.until(b"]", false).is_ok() && self.take("]=");
                    if !keyed {
                        self.at = before;
                    }
                }
                items.push(self.word()?);
            }
            let value = Assigned::Array(items);
            return Ok(Some(Assign {
                name,
                index,
                append,
                value,
            }));
        }
        let value = Assigned::Word(self.word_or_nothing()?);
        Ok(Some(Assign {
            name,
            index,
            append,
            value,
        }))
    }

    pub(super) fn redirect(&mut self) -> Result<Option<Redirect>, Fault> {
        let start = self.at;
        let mut fd = None;
        let rest = self.rest();
        let digits = rest.bytes().take(10).take_while(u8::is_ascii_digit).count();
        if digits > 0 && matches!(rest.as_bytes().get(digits), Some(b'<' | b'>')) {
            fd = rest[..digits].parse().ok();
            self.at += digits;
        } else if rest.starts_with('{') {
            // `{name}>file`.
            let end = rest.bytes().take(64).position(|byte| byte == b'}');
            if let Some(end) = end
                && matches!(rest.as_bytes().get(end + 1), Some(b'<' | b'>'))
                && end > 1
                && rest.as_bytes()[1..end]
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            {
                self.at += end + 1;
                fd = Some(10);
            }
        }
        let to = if self.starts("<(") || self.starts(">(") {
            self.at = start;
            return Ok(None);
        } else if self.take("<<<") {
            self.blanks();
            Redirected::String(self.word()?)
        } else if self.take("<<-") {
            self.announce(true)?
        } else if self.take("<<") {
            self.announce(false)?
        } else if self.take("&>>") {
            self.blanks();
            Redirected::Both {
                word: self.word()?,
                append: true,
            }
        } else if self.take("&>") {
            self.blanks();
            Redirected::Both {
                word: self.word()?,
                append: false,
            }
        } else if self.take("<&") || self.take(">&") {
            let output = self.text.as_bytes()[self.at - 2] == b'>';
            self.blanks();
            Redirected::Duplicate {
                word: self.word()?,
                output,
            }
        } else if self.take("<>") {
            self.blanks();
            Redirected::ReadWrite(self.word()?)
        } else if self.take(">>") {
            self.blanks();
            Redirected::Append(self.word()?)
        } else if self.take(">|") || self.take(">") {
            self.blanks();
            Redirected::Write(self.word()?)
        } else if self.take("<") {
            self.blanks();
            Redirected::Read(self.word()?)
        } else {
            self.at = start;
            return Ok(None);
        };
        self.count()?;
        Ok(Some(Redirect { fd, to }))
    }

    fn announce(&mut self, tabs: bool) -> Result<Redirected, Fault> {
        self.blanks();
        let start = self.at;
        let word = self.word()?;
        let written = &self.text[start..self.at];
        let quoted = written.contains(['\'', '"', '\\']);
        let end = word.literal().unwrap_or_else(|| written.to_owned());
        let body = Arc::new(OnceLock::new());
        self.pending.push(Pending {
            end,
            quoted,
            tabs,
            body: Arc::clone(&body),
        });
        Ok(Redirected::Document(body))
    }
}
