//! Shell text to commands: a recursive descent over the grammar of bash.
//!
//! Hostile text costs at most what is stated here: its length, its nesting and the work of looking
//! ahead are bounded, nothing is read twice but what backquotes hold, and what does not fit the
//! grammar is an error, which the caller answers as opaque.

use std::sync::{Arc, OnceLock};

use super::ast::{AndOr, Command, Join, Kind, Pipeline, Redirect, Redirected, Script, Word};

/// The deepest nesting that is parsed.
pub(crate) const DEPTH: u32 = 24;
/// The longest text that is parsed, in bytes.
pub(crate) const LENGTH: usize = 256 * 1024;
/// The most commands and pieces of words that are parsed.
const NODES: usize = 40_000;

/// Words that end a list where a command could start.
const CLOSING: &[&str] = &["then", "else", "elif", "fi", "do", "done", "esac", "}"];

/// Why text was not parsed.
pub(crate) type Fault = &'static str;

/// A document whose lines are still to come.
pub(super) struct Pending {
    pub(super) end: String,
    pub(super) quoted: bool,
    pub(super) tabs: bool,
    pub(super) body: Arc<OnceLock<Word>>,
}

pub(crate) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) depth: u32,
    pub(super) nodes: usize,
    /// Bytes that were looked ahead at.
    pub(super) looked: usize,
    pub(super) pending: Vec<Pending>,
}

/// Reads a whole text.
pub(crate) fn parse(text: &str) -> Result<Script, Fault> {
    parse_at(text, 0)
}

/// Reads a text that stands inside another.
pub(super) fn parse_at(text: &str, depth: u32) -> Result<Script, Fault> {
    if text.len() > LENGTH {
        return Err("the shell text is too long");
    }
    if text.contains('\0') {
        return Err("the shell text has a null byte");
    }
    let mut parser = Parser::new(text, depth);
    let script = parser.list()?;
    if parser.at < text.len() {
        return Err("the shell text does not follow the grammar");
    }
    Ok(script)
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, depth: u32) -> Self {
        Self {
            text,
            at: 0,
            depth,
            nodes: 0,
            looked: 0,
            pending: Vec::new(),
        }
    }

    /// The text that is left.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.byte_at(0)
    }

    pub(super) fn byte_at(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    pub(super) fn starts(&self, with: &str) -> bool {
        self.text
            .as_bytes()
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(with.as_bytes()))
    }

    pub(super) fn take(&mut self, what: &str) -> bool {
        let there = self.starts(what);
        if there {
            self.at += what.len();
        }
        there
    }

    pub(super) fn expect(&mut self, what: &str) -> Result<(), Fault> {
        if self.take(what) {
            Ok(())
        } else {
            Err("the shell text does not follow the grammar")
        }
    }

    pub(super) fn count(&mut self) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > NODES {
            return Err("the shell text has too many parts");
        }
        Ok(())
    }

    /// Runs `inner` one level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.depth >= DEPTH {
            return Err("the shell text is nested too deeply");
        }
        self.depth += 1;
        let made = inner(self);
        self.depth -= 1;
        made
    }

    /// Blanks, continued lines and a comment.
    pub(super) fn blanks(&mut self) {
        loop {
            match self.byte() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\\') if self.byte_at(1) == Some(b'\n') => self.at += 2,
                Some(b'#') => {
                    let rest = self.rest();
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    /// Blanks and line ends; the documents that were announced are read at a line end.
    pub(super) fn lines(&mut self) -> Result<(), Fault> {
        loop {
            self.blanks();
            if self.byte() != Some(b'\n') {
                return Ok(());
            }
            self.at += 1;
            self.documents()?;
        }
    }

    fn documents(&mut self) -> Result<(), Fault> {
        for document in std::mem::take(&mut self.pending) {
            let mut body = String::new();
            while self.at < self.text.len() {
                let rest = self.rest();
                let end = rest.find('\n').unwrap_or(rest.len());
                let mut line = &rest[..end];
                self.at = (self.at + end + 1).min(self.text.len());
                if document.tabs {
                    line = line.trim_start_matches('\t');
                }
                if line == document.end {
                    break;
                }
                body.push_str(line);
                body.push('\n');
            }
            let word = if document.quoted {
                Word(vec![super::ast::Piece::Quoted(body)])
            } else {
                let mut inner = Parser::new(&body, self.depth);
                let word = inner.deeper(Parser::document)?;
                self.nodes += inner.nodes;
                word
            };
            self.count()?;
            // A cell is filled once: each document is pending once.
            let _ = document.body.set(word);
        }
        Ok(())
    }

    /// The plain word here, if it stands alone: reserved words are found by it.
    fn plain(&self) -> &'t str {
        let rest = self.rest();
        let length = rest
            .bytes()
            .take(12)
            .position(|byte| {
                !(byte.is_ascii_lowercase() || matches!(byte, b'{' | b'}' | b'!' | b'[' | b']'))
            })
            .unwrap_or(rest.len().min(12));
        let ends = match rest.as_bytes().get(length) {
            None => true,
            Some(byte) => matches!(
                byte,
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>'
            ),
        };
        if ends { &rest[..length] } else { "" }
    }

    fn reserved(&mut self, word: &str) -> Result<(), Fault> {
        self.lines()?;
        if self.plain() == word {
            self.at += word.len();
            return Ok(());
        }
        Err("the shell text does not follow the grammar")
    }

    fn ends(&self) -> bool {
        match self.byte() {
            None | Some(b')') => true,
            Some(b';') => self.starts(";;") || self.starts(";&"),
            _ => CLOSING.contains(&self.plain()),
        }
    }

    /// Commands up to what closes them, which is left where it is.
    pub(super) fn list(&mut self) -> Result<Script, Fault> {
        let mut items = Vec::new();
        loop {
            self.lines()?;
            if self.ends() {
                return Ok(Script(items));
            }
            let mut item = self.and_or()?;
            self.blanks();
            match self.byte() {
                Some(b';') if !self.starts(";;") && !self.starts(";&") => self.at += 1,
                Some(b'&') => {
                    self.at += 1;
                    item.background = true;
                }
                Some(b'\n') => {}
                _ if self.ends() => {}
                _ => return Err("the shell text does not follow the grammar"),
            }
            items.push(item);
        }
    }

    fn and_or(&mut self) -> Result<AndOr, Fault> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.blanks();
            let join = if self.take("&&") {
                Join::And
            } else if self.take("||") {
                Join::Or
            } else {
                return Ok(AndOr {
                    first,
                    rest,
                    background: false,
                });
            };
            self.lines()?;
            rest.push((join, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, Fault> {
        let mut negated = false;
        loop {
            self.blanks();
            match self.plain() {
                "!" => {
                    self.at += 1;
                    negated = !negated;
                }
                "time" => {
                    self.at += 4;
                    self.blanks();
                    if self.starts("-p ") {
                        self.at += 2;
                    }
                }
                _ => break,
            }
            self.count()?;
        }
        let mut commands = vec![self.command()?];
        loop {
            self.blanks();
            if self.starts("||") || self.byte() != Some(b'|') {
                return Ok(Pipeline { negated, commands });
            }
            self.at += 1;
            if self.take("&")
                && let Some(last) = commands.last_mut()
            {
                last.redirects.push(Redirect {
                    fd: Some(2),
                    to: Redirected::Duplicate {
                        word: Word(vec![super::ast::Piece::Text("1".to_owned())]),
                        output: true,
                    },
                });
            }
            self.lines()?;
            commands.push(self.command()?);
        }
    }

    fn command(&mut self) -> Result<Command, Fault> {
        self.deeper(|parser| {
            parser.count()?;
            parser.blanks();
            let kind = parser.compound()?;
            let Some(kind) = kind else {
                return parser.simple();
            };
            let mut redirects = Vec::new();
            loop {
                parser.blanks();
                match parser.redirect()? {
                    Some(redirect) => redirects.push(redirect),
                    None => return Ok(Command { kind, redirects }),
                }
            }
        })
    }

    fn compound(&mut self) -> Result<Option<Kind>, Fault> {
        if self.byte() == Some(b'(') {
            if self.starts("((") && self.is_arithmetic(self.at + 2)? {
                self.at += 2;
                let word = self.arithmetic()?;
                return Ok(Some(Kind::Arithmetic(word)));
            }
            self.at += 1;
            let body = self.list()?;
            self.expect(")")?;
            return Ok(Some(Kind::Group {
                body,
                subshell: true,
            }));
        }
        let word = self.plain();
        let kind = match word {
            "{" => {
                self.at += 1;
                let body = self.list()?;
                self.reserved("}")?;
                Kind::Group {
                    body,
                    subshell: false,
                }
            }
            "if" => self.conditional()?,
            "while" | "until" => {
                self.at += 5;
                let test = self.list()?;
                let body = self.looped()?;
                Kind::While { test, body }
            }
            "for" | "select" => {
                self.at += word.len();
                self.each()?
            }
            "case" => {
                self.at += 4;
                self.case()?
            }
            "function" => {
                self.at += 8;
                self.blanks();
                let name = self
                    .word()?
                    .literal()
                    .ok_or("a function has no plain name")?;
                self.blanks();
                if self.take("(") {
                    self.blanks();
                    self.expect(")")?;
                }
                self.function(name)?
            }
            "coproc" => {
                self.at += 6;
                self.blanks();
                let start = self.at;
                // A name may stand before a compound command.
                let named = self.word().ok().and_then(|word| word.literal());
                self.blanks();
                if named.is_none()
                    || !(matches!(
                        self.plain(),
                        "{" | "if" | "while" | "until" | "for" | "case"
                    ) || self.byte() == Some(b'('))
                {
                    self.at = start;
                }
                let command = self.command()?;
                Kind::Group {
                    body: Script(vec![AndOr {
                        first: Pipeline {
                            negated: false,
                            commands: vec![command],
                        },
                        rest: Vec::new(),
                        background: true,
                    }]),
                    subshell: true,
                }
            }
            "[[" => {
                self.at += 2;
                self.test()?
            }
            _ if CLOSING.contains(&word) => {
                return Err("the shell text does not follow the grammar");
            }
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    fn conditional(&mut self) -> Result<Kind, Fault> {
        self.at += 2;
        let mut arms = Vec::new();
        loop {
            let test = self.list()?;
            self.reserved("then")?;
            let body = self.list()?;
            arms.push((test, body));
            match self.plain() {
                "elif" => self.at += 4,
                "else" => {
                    self.at += 4;
                    let otherwise = Some(self.list()?);
                    self.reserved("fi")?;
                    return Ok(Kind::If { arms, otherwise });
                }
                _ => {
                    self.reserved("fi")?;
                    return Ok(Kind::If {
                        arms,
                        otherwise: None,
                    });
                }
            }
        }
    }

    fn looped(&mut self) -> Result<Script, Fault> {
        self.reserved("do")?;
        let body = self.list()?;
        self.reserved("done")?;
        Ok(body)
    }

    /// The body of a `for`, which may stand in braces.
    fn for_body(&mut self) -> Result<Script, Fault> {
        self.blanks();
        if self.byte() == Some(b';') {
            self.at += 1;
        }
        self.lines()?;
        if self.plain() == "{" {
            self.at += 1;
            let body = self.list()?;
            self.reserved("}")?;
            return Ok(body);
        }
        self.looped()
    }

    fn each(&mut self) -> Result<Kind, Fault> {
        self.blanks();
        if self.take("((") {
            let head = self.arithmetic()?;
            let body = self.for_body()?;
            return Ok(Kind::Counted { head, body });
        }
        let name = self.word()?.literal().ok_or("a loop has no plain name")?;
        self.lines()?;
        let mut words = None;
        if self.plain() == "in" {
            self.at += 2;
            let mut items = Vec::new();
            loop {
                self.blanks();
                match self.byte() {
                    None | Some(b';' | b'\n' | b'&' | b'|' | b')') => break,
                    _ => items.push(self.word()?),
                }
            }
            words = Some(items);
        }
        let body = self.for_body()?;
        Ok(Kind::For { name, words, body })
    }

    fn case(&mut self) -> Result<Kind, Fault> {
        self.blanks();
        let word = self.word()?;
        self.reserved("in")?;
        let mut arms = Vec::new();
        loop {
            self.lines()?;
            if self.plain() == "esac" {
                self.at += 4;
                return Ok(Kind::Case { word, arms });
            }
            self.count()?;
            self.take("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                patterns.push(self.word()?);
                self.blanks();
                if !self.take("|") {
                    break;
                }
            }
            self.expect(")")?;
            let body = self.list()?;
            let falls = self.starts(";&");
            arms.push((patterns, body, falls));
            if !(self.take(";;&") || self.take(";;") || self.take(";&")) {
                self.reserved("esac")?;
                return Ok(Kind::Case { word, arms });
            }
        }
    }

    pub(super) fn function(&mut self, name: String) -> Result<Kind, Fault> {
        self.lines()?;
        let body = Arc::new(self.command()?);
        Ok(Kind::Function { name, body })
    }

    fn test(&mut self) -> Result<Kind, Fault> {
        let mut words = Vec::new();
        loop {
            self.lines()?;
            if self.plain() == "]]" {
                self.at += 2;
                return Ok(Kind::Test(words));
            }
            match self.byte() {
                None => return Err("the shell text does not follow the grammar"),
                Some(b'(' | b')' | b'<' | b'>' | b'&' | b'|' | b';') => {
                    self.at += 1;
                    self.count()?;
                }
                Some(_) => words.push(self.word()?),
            }
        }
    }
}
