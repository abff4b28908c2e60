//! `awk` and `sed`: programs of their own, read as far as to tell those that only read and edit from
//! those that write elsewhere or run something.

use tribune_evidence::Verb;

use super::finish;
use super::grammar::{Does, Invoked, Row, Value, given, opt, row};
use crate::deeds::Deed;
use crate::shell::{Field, Hole, Run, State};

pub(super) static ROWS: &[Row] = &[
    row(&["awk", "gawk", "mawk", "nawk"], "", &[], Does::Raw(awk)),
    row(
        &["date"],
        "*",
        &[
            opt("-d --date -I --iso-8601 --rfc-3339", Value::Free),
            opt("-f --file -r --reference", Value::Read),
            opt("-s --set", Value::Unclear),
        ],
        Does::Nothing,
    ),
    row(&["sed", "gsed"], "", &[], Does::Raw(sed)),
];

/// Words of awk by which a program does more than read.
const AWK_ACTS: &[&str] = &[
    "system", "getline", "|", ">", "@load", "@include", "close(", "ENVIRON",
];

pub(super) fn awk(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    static OPTIONS: &[super::grammar::Opt] = &[
        opt("-F --field-separator", Value::Free),
        opt("-v --assign", Value::Free),
        opt("-f --file --include -i --load -l", Value::Unclear),
        opt("-e --source", Value::Unclear),
    ];
    let (given, _) = given(
        OPTIONS,
        "-b -c -C -d -D -g -h -L -M -n -N -o -O -p -P -r -s -S -t -V --sandbox --posix --traditional --re-interval --",
        invoked.arguments,
        false,
    );
    let mut given = given;
    super::options(run, invoked, &given);
    let programmed = given.has("-f --file -e --source --include -i --load -l");
    let mut program = String::new();
    if !programmed && !given.operands.is_empty() {
        let first = given.operands.remove(0);
        if let Some(why) = first.why().filter(|_| first.hole.is_some()) {
            given.unclear = Some(format!("its program is not known: {why}"));
        }
        program = first.text;
    }
    let mut deed = Deed::new(Verb::FileRead);
    // Comparisons with `>` outside of print statements are common: only what prints can write.
    let writes = AWK_ACTS.iter().any(|act| match *act {
        ">" => redirects(&program),
        "|" => {
            program.replace("||", "").contains('|')
                && (program.contains("print")
                    || program.contains("getline")
                    || program.contains('"'))
        }
        act => program.contains(act),
    });
    if writes {
        deed.unclear("the program of awk may write files or run commands");
        deed.name("awk");
        run.readable(&mut deed, invoked.state, &program);
        for text in quoted_texts(&program) {
            if text.contains(' ') {
                run.hidden(
                    invoked.state,
                    &text,
                    "a text in the program of awk may be commands",
                );
            }
        }
    }
    let operands: Vec<Field> = given
        .operands
        .iter()
        .filter(|field| field.text.contains('/') || !field.text.contains('='))
        .cloned()
        .collect();
    for operand in operands {
        if operand.text != "-" {
            run.add_file(&mut deed, invoked.state, &operand);
        }
    }
    let mut text = invoked.input.clone();
    text.hole = Some(Hole {
        at: 0,
        why: "what awk prints".into(),
    });
    run.print(&text);
    let verb = if writes {
        Verb::ProcessExec
    } else {
        Verb::FileRead
    };
    finish(run, deed, verb, invoked, &given);
    Some(vec![State {
        status: crate::shell::Status::Unknown,
        ..invoked.state.clone()
    }])
}

/// Whether a statement that prints goes to a file. A comparison elsewhere is none.
fn redirects(program: &str) -> bool {
    program.split([';', '}', '\n']).any(|statement| {
        statement
            .find("print")
            .is_some_and(|at| statement[at..].contains('>'))
    })
}

/// Texts in single or double quotes.
pub(super) fn quoted_texts(program: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = program.chars();
    while let Some(open) = chars.next() {
        if open != '"' && open != '\'' {
            continue;
        }
        let mut text = String::new();
        while let Some(char) = chars.next() {
            match char {
                '\\' => text.extend(chars.next()),
                char if char == open => break,
                char => text.push(char),
            }
        }
        if !text.is_empty() {
            found.push(text);
        }
        if found.len() >= 32 {
            break;
        }
    }
    found
}

pub(super) fn sed(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    // `-i` takes its value only in the same word.
    static OPTIONS: &[super::grammar::Opt] = &[
        opt("-e --expression", Value::Free),
        opt("-f --file", Value::Read),
        opt("-l --line-length", Value::Free),
    ];
    let mut in_place = false;
    let mut backup = String::new();
    let arguments: Vec<Field> = invoked
        .arguments
        .iter()
        .filter(|field| {
            let text = field.text.as_str();
            let long = text.starts_with("--in-p");
            let short = text.starts_with('-')
                && !text.starts_with("--")
                && text[1..]
                    .chars()
                    .take_while(|char| "nErsuzi".contains(*char))
                    .any(|char| char == 'i');
            if short && let Some(at) = text.find('i') {
                backup = text[at + 1..].to_owned();
            }
            in_place |= long || short;
            !(long || short)
        })
        .cloned()
        .collect();
    let (mut given, _) = given(
        OPTIONS,
        "-n -E -r -s -u -z --quiet --silent --regexp-extended --separate --unbuffered --null-data --posix --debug --sandbox --follow-symlinks",
        &arguments,
        false,
    );
    super::options(run, invoked, &given);
    let mut scripts: Vec<Field> = given
        .values
        .iter()
        .filter(|(names, ..)| names.starts_with("-e"))
        .map(|(.., field)| field.clone())
        .collect();
    let filed = given.has("-f --file");
    if scripts.is_empty() && !filed && !given.operands.is_empty() {
        scripts.push(given.operands.remove(0));
    }
    let verb = if in_place {
        Verb::FileWrite
    } else {
        Verb::FileRead
    };
    let mut deed = Deed::new(verb);
    for operand in &given.operands {
        if operand.text != "-" {
            let paths = run.add_file(&mut deed, invoked.state, operand);
            if !backup.is_empty() && backup != "E" && backup != "r" {
                for path in paths {
                    let beside = if backup.contains('*') {
                        backup.replace('*', path.rsplit('/').next().unwrap_or_default())
                    } else {
                        format!("{path}{backup}")
                    };
                    run.add_path(&mut deed, invoked.state, &beside);
                }
            }
        }
    }
    if filed {
        deed.unclear("the program of sed is in a file");
    }
    for script in &scripts {
        if let Some(why) = script.hole.as_ref().map(|hole| &hole.why)
            && !plain_sed(&script.text.replace(['\n'], ";"))
        {
            deed.unclear(format!("the program of sed is not known: {why}"));
        }
        if !plain_sed(&script.text) {
            deed.unclear("the program of sed may write files or run commands");
            run.readable(&mut deed, invoked.state, &script.text);
            if let Some(at) = script.text.find('w') {
                let name = script.text[at + 1..]
                    .split(['\n', ';', '}'])
                    .next()
                    .unwrap_or_default()
                    .trim();
                if !name.is_empty() && name.len() < 256 && !name.contains(' ') {
                    run.add_path(&mut deed, invoked.state, name);
                }
            }
            if let Some((_, command)) = script.text.split_once('e') {
                let command = command.trim();
                if command.contains(' ') {
                    run.hidden(
                        invoked.state,
                        command,
                        "the program of sed may run commands",
                    );
                }
            }
        } else if script.hole.is_some() {
            deed.unclear("the program of sed is not known in full");
        }
    }
    let mut text = invoked.input.clone();
    text.hole = Some(Hole {
        at: 0,
        why: "what sed prints".into(),
    });
    run.print(&text);
    finish(run, deed, verb, invoked, &given);
    Some(vec![State {
        status: crate::shell::Status::Unknown,
        ..invoked.state.clone()
    }])
}

/// Whether a program of sed only edits text: no command of it writes a file or runs anything.
fn plain_sed(program: &str) -> bool {
    let chars: Vec<char> = program.chars().collect();
    let mut at = 0;
    let mut commands = 0;
    while at < chars.len() {
        commands += 1;
        if commands > 500 {
            return false;
        }
        match chars[at] {
            char if char.is_whitespace()
                || matches!(char, ';' | '{' | '}' | '!' | ',' | '$' | '~' | '+')
                || char.is_ascii_digit() =>
            {
                at += 1
            }
            '/' => match after(&chars, at + 1, '/') {
                Some(end) => {
                    at = end;
                    while matches!(chars.get(at), Some('I' | 'M')) {
                        at += 1;
                    }
                }
                None => return false,
            },
            '\\' => match chars
                .get(at + 1)
                .and_then(|mark| after(&chars, at + 2, *mark))
            {
                Some(end) => at = end,
                None => return false,
            },
            command @ ('s' | 'y') => {
                let Some(mark) = chars.get(at + 1).copied() else {
                    return false;
                };
                let end = after(&chars, at + 2, mark).and_then(|end| after(&chars, end, mark));
                let Some(end) = end else { return false };
                at = end;
                if command == 's' {
                    while let Some(flag) = chars.get(at) {
                        match flag {
                            'g' | 'p' | 'i' | 'I' | 'm' | 'M' | '0'..='9' => at += 1,
                            'e' | 'w' => return false,
                            _ => break,
                        }
                    }
                }
            }
            'p' | 'd' | 'D' | 'P' | 'n' | 'N' | 'h' | 'H' | 'g' | 'G' | 'x' | 'q' | 'Q' | '='
            | 'l' | 'z' | 'F' => at += 1,
            // Text up to the end of the line.
            'a' | 'i' | 'c' | ':' | 'b' | 't' | 'T' | '#' | 'v' => {
                while chars.get(at).is_some_and(|char| *char != '\n') {
                    if chars[at] == '\\' {
                        at += 1;
                    }
                    at += 1;
                }
            }
            _ => return false,
        }
    }
    true
}

/// The place after the next mark that is not escaped.
fn after(chars: &[char], from: usize, mark: char) -> Option<usize> {
    let mut at = from;
    while let Some(char) = chars.get(at) {
        match char {
            '\\' => at += 2,
            '[' if mark != '[' && mark != ']' => {
                // A mark inside a bracket expression ends nothing.
                let close = chars[at + 1..].iter().skip(1).position(|char| *char == ']');
                let end = chars[at + 1..]
                    .iter()
                    .position(|char| *char == '\n')
                    .unwrap_or(usize::MAX);
                match close {
                    Some(close) if close < end && chars[at..at + close + 2].contains(&mark) => {
                        at += close + 3
                    }
                    _ => at += 1,
                }
            }
            char if *char == mark => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_sed_that_act_are_told_from_those_that_edit() {
        for plain in [
            "s/a/b/g",
            "s|/srv/w |x|",
            "1,10p",
            "/start/,/end/d",
            "$!N;P;D",
            "s/e/w/;s/x/y/2p",
            "5q",
            "/x/{s/a/b/;p}",
            "2i\\text with w",
            "y/abc/xyz/",
            "s/[/]/x/",
        ] {
            assert!(plain_sed(plain), "{plain}");
        }
        for acts in [
            "w /srv/x",
            "s/a/b/w /srv/x",
            "e rm -rf /",
            "s/.*/rm x/e",
            "1e id",
            "r /etc/passwd",
            "W x",
            "s/a",
        ] {
            assert!(!plain_sed(acts), "{acts}");
        }
    }
}
