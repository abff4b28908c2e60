//! What is counted before anything is parsed.
//!
//! The parser of Cedar descends into itself: 200,000 nested brackets end the process, and no error
//! can be caught then. So brackets, tokens and sizes are counted here first, in one pass without
//! recursion, and what is over a bound is refused with its place. The same pass splits a file into
//! its policies, so that each is parsed alone and every error is near its cause.

use std::ops::Range;

use tribune_source::{Source, SourceError};

/// The most bytes of one file of a charter.
pub const FILE_LIMIT: u64 = 1024 * 1024;
/// The most files of a charter.
pub const FILES: usize = 256;
/// The most bytes of one policy.
pub const POLICY_LIMIT: usize = 16 * 1024;
/// The deepest nesting of brackets in a policy.
pub const NESTING: usize = 24;
/// The most tokens of one policy: each may be an operator, and operators nest too.
pub const TOKENS: usize = 1_000;
/// The most policies of a charter.
pub const POLICIES: usize = 2_000;
/// The deepest nesting of brackets in `charter.toml`.
pub(crate) const TOML_NESTING: usize = 16;

/// Where a file of policies is split.
#[derive(Debug)]
struct Scan {
    start: Option<usize>,
    open: Vec<usize>,
    tokens: usize,
}

/// Splits a file into its policies, each with its place.
///
/// # Errors
/// A policy is too long or nests too deep, a bracket or a text in quotes is not closed, or there is
/// something after the last policy.
pub(crate) fn policies(source: &Source) -> Result<Vec<Range<usize>>, SourceError> {
    let text = source.text();
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut scan = Scan {
        start: None,
        open: Vec::new(),
        tokens: 0,
    };
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = end_of_line(bytes, at),
            _ => {
                let start = *scan.start.get_or_insert(at);
                let next = token(source, at)?;
                scan.tokens += 1;
                if scan.tokens > TOKENS {
                    let what = format!("this policy has more than {TOKENS} words and signs");
                    return Err(source.at(start..at, what, "make two rules of it"));
                }
                if next - start > POLICY_LIMIT {
                    let what = format!("this policy has more than {POLICY_LIMIT} bytes");
                    return Err(source.at(start..at, what, "make two rules of it"));
                }
                match byte {
                    b'(' | b'[' | b'{' => {
                        scan.open.push(at);
                        if scan.open.len() > NESTING {
                            let what = format!("brackets are nested more than {NESTING} deep");
                            return Err(source.at(at..at + 1, what, ""));
                        }
                    }
                    b')' | b']' | b'}' if scan.open.pop().is_none() => {
                        return Err(source.at(at..at + 1, "this bracket was not opened", ""));
                    }
                    b';' if scan.open.is_empty() => {
                        found.push(start..next);
                        scan.start = None;
                        scan.tokens = 0;
                    }
                    _ => {}
                }
                at = next;
            }
        }
    }
    if let Some(open) = scan.open.first() {
        return Err(source.at(*open..*open + 1, "this bracket is not closed", ""));
    }
    if let Some(start) = scan.start {
        let end = bytes.len();
        return Err(source.at(
            start..end,
            "this policy does not end",
            "a policy ends with a semicolon",
        ));
    }
    Ok(found)
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |end| at + end)
}

/// Where the token at a place ends. A text in quotes is one token, and so is a word.
fn token(source: &Source, at: usize) -> Result<usize, SourceError> {
    let bytes = source.text().as_bytes();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    match bytes.get(at) {
        Some(b'"') => {
            let mut end = at + 1;
            loop {
                match bytes.get(end) {
                    None => {
                        let what = "this text in quotes does not end";
                        return Err(source.at(at..at + 1, what, ""));
                    }
                    Some(b'"') => return Ok(end + 1),
                    Some(b'\\') => end += 2,
                    Some(_) => end += 1,
                }
            }
        }
        Some(byte) if is_word(byte) => {
            let rest = bytes.get(at..).unwrap_or_default();
            let length = rest.iter().position(|byte| !is_word(byte));
            Ok(at + length.unwrap_or(rest.len()))
        }
        _ => Ok(at + 1),
    }
}

/// Counts the nesting of brackets in a file of TOML or YAML. Texts in quotes and comments count too,
/// which can only refuse too much, and no file of a person comes near.
///
/// # Errors
/// The nesting is over the bound.
pub(crate) fn nesting(source: &Source) -> Result<(), SourceError> {
    let mut depth = 0_usize;
    for (at, byte) in source.text().bytes().enumerate() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                if depth > TOML_NESTING {
                    let what = format!("brackets are nested more than {TOML_NESTING} deep");
                    return Err(source.at(at..at + 1, what, ""));
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Result<Vec<String>, String> {
        policies(&Source::new("a.cedar", text))
            .map(|all| all.into_iter().map(|at| text[at].to_owned()).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_is_split_at_its_policies_and_nowhere_else() {
        let text = "// a ; in a comment\n@because(\"a ; in a \\\" text (\")\npermit(principal);\n\n// end\nforbid(x);";
        assert_eq!(
            split(text).unwrap(),
            [
                "@because(\"a ; in a \\\" text (\")\npermit(principal);",
                "forbid(x);"
            ]
        );
        assert!(split("").unwrap().is_empty());
    }

    #[test]
    fn what_is_not_closed_is_named_with_its_place() {
        for (text, says) in [
            ("permit(", "a.cedar:1:7: this bracket is not closed"),
            ("\n@a(\"b)", "a.cedar:2:4: this text in quotes does not end"),
            ("permit())", "a.cedar:1:9: this bracket was not opened"),
            (
                "permit()",
                "a.cedar:1:1: this policy does not end (a policy ends with a semicolon)",
            ),
            ("\"\\", "a.cedar:1:1: this text in quotes does not end"),
        ] {
            assert_eq!(split(text).unwrap_err(), says);
        }
    }

    #[test]
    fn two_hundred_thousand_brackets_are_refused_before_the_parser_sees_them() {
        for bracket in ["(", "[", "{", "!("] {
            let text = format!("permit{};", bracket.repeat(200_000));
            assert!(split(&text).unwrap_err().contains("nested more than 24"));
            let words = Source::new("charter.toml", format!("a = {}", "[".repeat(200_000)));
            assert!(nesting(&words).is_err());
        }
        let text = format!("permit(){};", " if a then b else".repeat(200_000));
        assert!(split(&text).unwrap_err().contains("more than 1000 words"));
        let text = format!("@a(\"{}\")permit();", "x".repeat(POLICY_LIMIT));
        assert!(split(&text).unwrap_err().contains("more than 16384 bytes"));
    }
}
