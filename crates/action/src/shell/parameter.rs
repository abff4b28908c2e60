//! Parameters: `$name`, `${name...}` and the arguments of a function.

use super::ast::{Operation, Parameter, Word};
use super::run::Run;
use super::state::{State, Text, Variable};

/// The longest text that a pattern is matched against, in bytes.
const MATCHED: usize = 256;

impl Run<'_> {
    /// The values of a parameter: one, or those of an array.
    pub(super) fn parameter(&mut self, state: &mut State, parameter: &Parameter) -> Vec<Text> {
        if parameter.operation == Operation::Value
            && parameter.index.is_none()
            && !parameter.indirect
        {
            return self.plain(state, &parameter.name).unwrap_or_default();
        }
        let mut name = parameter.name.clone();
        if parameter.indirect {
            if parameter.index.is_some() {
                return vec![Text::unknown("the indices of an array")];
            }
            let pointed = self.plain(state, &name).unwrap_or_default();
            match pointed.first().and_then(|text| text.all()) {
                Some(known) if !known.is_empty() => name = known.to_owned(),
                _ => return vec![Text::unknown(format!("what {name} names"))],
            }
        }
        let index = parameter.index.as_ref().map(|word| self.text(state, word));
        let values = match &index {
            None => self.plain(state, &name),
            Some(index) => indexed(state, &name, index),
        };
        let all = matches!(name.as_str(), "@" | "*")
            || index
                .as_ref()
                .is_some_and(|index| matches!(index.text.as_str(), "@" | "*"));
        if all
            && matches!(
                parameter.operation,
                Operation::Part { .. } | Operation::Length
            )
        {
            return self.items(
                state,
                &name,
                values.unwrap_or_default(),
                &parameter.operation,
            );
        }
        self.operated(state, &name, values, &parameter.operation)
    }

    /// Some of many values, or how many there are.
    fn items(
        &mut self,
        state: &mut State,
        name: &str,
        values: Vec<Text>,
        operation: &Operation,
    ) -> Vec<Text> {
        let Operation::Part { offset, length } = operation else {
            return vec![Text::known(values.len().to_string())];
        };
        let offset = self.number(state, offset);
        let length = length.as_ref().map(|word| self.number(state, word));
        let (Some(offset), Some(length)) =
            (offset, length.map_or(Some(None), |length| length.map(Some)))
        else {
            return values
                .into_iter()
                .map(|mut text| {
                    text.hole = Some(super::state::Hole {
                        at: 0,
                        why: "some of many values".into(),
                    });
                    text
                })
                .collect();
        };
        // The arguments are counted from the name of the shell on.
        let mut all = values;
        if matches!(name, "@" | "*") {
            let zero = self.plain(state, "0").unwrap_or_default();
            all.splice(0..0, zero);
        }
        let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
        let start = if offset < 0 {
            count.saturating_add(offset)
        } else {
            offset
        };
        let end = length.map_or(count, |length| start.saturating_add(length));
        let within = |at: i64| usize::try_from(at.clamp(0, count)).unwrap_or(0);
        all.get(within(start)..within(end))
            .unwrap_or_default()
            .to_vec()
    }

    /// The values of a name as they are, `None` where it is known to have none.
    #[expect(clippy::unused_self, reason = "reads as the other steps do")]
    fn plain(&mut self, state: &State, name: &str) -> Option<Vec<Text>> {
        if let Some(variable) = state.variable(name) {
            return Some(match variable {
                Variable::One(text) => vec![text.clone()],
                Variable::Many(items) => items.first().cloned().into_iter().collect(),
            });
        }
        let unknown = |why: String| Some(vec![Text::unknown(why)]);
        match name {
            "@" | "*" => Some(state.arguments.as_ref().clone()),
            "#" => Some(vec![Text::known(state.arguments.len().to_string())]),
            "0" => Some(vec![Text::known("bash")]),
            "?" | "$" | "!" | "-" => unknown("a number of the shell".to_owned()),
            "HOME" => Some(vec![match &state.home {
                Some(home) => Text::known(home.clone()),
                None => Text::unknown("the home folder"),
            }]),
            "PWD" => Some(vec![match &state.folder {
                Some(folder) => Text::known(folder.clone()),
                None => Text::unknown("the folder"),
            }]),
            "IFS" => Some(vec![Text::known(" \t\n")]),
            name if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                let number: usize = name.parse().unwrap_or(usize::MAX);
                let argument = number.checked_sub(1).and_then(|at| state.arguments.get(at));
                argument.map(|text| vec![text.clone()])
            }
            name => unknown(format!("the value of {name}")),
        }
    }

    fn operated(
        &mut self,
        state: &mut State,
        name: &str,
        values: Option<Vec<Text>>,
        operation: &Operation,
    ) -> Vec<Text> {
        let one =
            |values: &Option<Vec<Text>>| values.as_ref().and_then(|values| values.first().cloned());
        let value = one(&values);
        self.spend(4);
        // Whether there is a value; `None` where that is not known.
        let there = |empty: bool| match &value {
            None => Some(false),
            Some(text) if !text.text.is_empty() => Some(true),
            Some(text) if text.hole.is_some() => None,
            Some(_) => Some(!empty),
        };
        match operation {
            Operation::Value => values.unwrap_or_default(),
            Operation::Length => match value {
                Some(text) if text.is_known() => {
                    vec![Text::known(text.text.chars().count().to_string())]
                }
                None => vec![Text::known("0")],
                Some(_) => vec![Text::unknown("the length of a text")],
            },
            Operation::Default { word, empty } | Operation::Assign { word, empty } => {
                let assigns = matches!(operation, Operation::Assign { .. });
                match there(*empty) {
                    Some(true) => values.unwrap_or_default(),
                    Some(false) => {
                        let text = self.text(state, word);
                        if assigns {
                            state.set_text(name, text.clone());
                        }
                        vec![text]
                    }
                    None => {
                        // Either: what the text would be is kept, since nothing else is known.
                        let mut text = self.text(state, word);
                        if text.hole.is_none() {
                            text.hole = Some(super::state::Hole {
                                at: 0,
                                why: format!("the value of {name}").into(),
                            });
                        }
                        if assigns {
                            state.set_text(name, text.clone());
                        }
                        vec![text]
                    }
                }
            }
            Operation::Instead { word, empty } => match there(*empty) {
                Some(false) => Vec::new(),
                Some(true) => vec![self.text(state, word)],
                None => {
                    let mut text = self.text(state, word);
                    // What every environment has is there; of the rest nothing is known, and
                    // nothing is the plainest.
                    if !matches!(
                        name,
                        "HOME" | "PATH" | "PWD" | "USER" | "SHELL" | "LANG" | "TERM"
                    ) {
                        text.text.clear();
                    }
                    text.hole = Some(super::state::Hole {
                        at: 0,
                        why: format!("whether {name} has a value").into(),
                    });
                    vec![text]
                }
            },
            Operation::Fail(word) => {
                self.text(state, word);
                values.unwrap_or_default()
            }
            Operation::CutPrefix { pattern, longest } => {
                let pattern = self.text(state, pattern);
                each(
                    values,
                    |text| {
                        let ends = boundaries(text);
                        let mut found = ends
                            .into_iter()
                            .filter(|at| matches(&pattern.text, &text[..*at]));
                        let at = if *longest {
                            found.next_back()
                        } else {
                            found.next()
                        };
                        text[at.unwrap_or(0)..].to_owned()
                    },
                    pattern.is_known(),
                )
            }
            Operation::CutSuffix { pattern, longest } => {
                let pattern = self.text(state, pattern);
                each(
                    values,
                    |text| {
                        let starts = boundaries(text);
                        let mut found = starts
                            .into_iter()
                            .filter(|at| matches(&pattern.text, &text[*at..]));
                        let at = if *longest {
                            found.next()
                        } else {
                            found.next_back()
                        };
                        text[..at.unwrap_or(text.len())].to_owned()
                    },
                    pattern.is_known(),
                )
            }
            Operation::Replace {
                pattern,
                with,
                mode,
            } => self.replaced(state, values, (pattern, with, *mode)),
            Operation::Part { offset, length } => {
                let offset = self.number(state, offset);
                let length = length.as_ref().map(|word| self.number(state, word));
                let (Some(offset), Some(length)) =
                    (offset, length.map_or(Some(None), |length| length.map(Some)))
                else {
                    return vec![Text::unknown("a part of a text")];
                };
                each(values, |text| part(text, offset, length), true)
            }
            Operation::Case { mode, all, pattern } => {
                let pattern = self.text(state, pattern);
                each(
                    values,
                    |text| cased(text, *mode, *all),
                    pattern.text.is_empty(),
                )
            }
            Operation::Other => match values {
                Some(values) => values
                    .into_iter()
                    .map(|mut text| {
                        let why = text
                            .why()
                            .unwrap_or_else(|| "a text that is transformed".into());
                        text.hole = Some(super::state::Hole { at: 0, why });
                        text
                    })
                    .collect(),
                None => vec![Text::unknown(format!("the value of {name}"))],
            },
        }
    }

    fn number(&mut self, state: &mut State, word: &Word) -> Option<i64> {
        let text = self.arithmetic(state, word);
        if word.0.is_empty() {
            return Some(0);
        }
        text.all()?.trim().parse().ok()
    }

    fn replaced(
        &mut self,
        state: &mut State,
        values: Option<Vec<Text>>,
        (pattern, with, mode): (&Word, &Word, char),
    ) -> Vec<Text> {
        let pattern = self.text(state, pattern);
        let with = self.text(state, with);
        let plain = !pattern.text.contains(['*', '?', '[', '\\']);
        let sure = pattern.is_known() && with.is_known() && plain;
        each(
            values,
            |text| {
                let (pattern, with) = (pattern.text.as_str(), with.text.as_str());
                if pattern.is_empty() {
                    return text.to_owned();
                }
                match mode {
                    '/' => text.replace(pattern, with),
                    '#' => text
                        .strip_prefix(pattern)
                        .map_or_else(|| text.to_owned(), |rest| format!("{with}{rest}")),
                    '%' => text
                        .strip_suffix(pattern)
                        .map_or_else(|| text.to_owned(), |rest| format!("{rest}{with}")),
                    _ => text.replacen(pattern, with, 1),
                }
            },
            sure,
        )
    }
}

/// Applies a change to every value that is known. Where the change is not sure, its result stays
/// beside a hole.
fn each(values: Option<Vec<Text>>, change: impl Fn(&str) -> String, sure: bool) -> Vec<Text> {
    let values = values.unwrap_or_default();
    values
        .into_iter()
        .map(|mut text| {
            if let (None, Some(at), true) =
                (&text.hole, text.pattern, sure && text.text.len() <= MATCHED)
            {
                let changed = change(&text.text);
                if let Some(kept) = still_matches(&text.text, at, &changed) {
                    return Text {
                        text: changed,
                        hole: None,
                        pattern: kept,
                    };
                }
            }
            let known = text.is_known() && sure && text.text.len() <= MATCHED;
            let why = text
                .why()
                .unwrap_or_else(|| "a text that is changed".into());
            if text.text.len() <= MATCHED {
                text.text = change(&text.text);
            }
            if known {
                Text::known(text.text)
            } else {
                text.hole = Some(super::state::Hole { at: 0, why });
                text.pattern = None;
                text
            }
        })
        .collect()
}

/// Where the pattern is in a text that was made of one: the start is as it was, or it is the folder
/// or the last part. `None` where what it stands for is not sure.
#[expect(
    clippy::option_option,
    reason = "not sure, and sure that there is none, differ"
)]
pub(crate) fn still_matches(before: &str, at: usize, after: &str) -> Option<Option<usize>> {
    let wild = |text: &str| text.find(['*', '?', '[']);
    let start = before.get(..at)?;
    if after.starts_with(start) && !after.is_empty() {
        return Some(wild(after));
    }
    if start.trim_end_matches('/') == after && start.ends_with('/') && !before[at..].contains('/') {
        return Some(None);
    }
    let last = before.rsplit('/').next()?;
    if !after.is_empty() && !last.is_empty() && last.starts_with(after) && wild(after).is_some() {
        return Some(wild(after));
    }
    None
}

fn indexed(state: &State, name: &str, index: &Text) -> Option<Vec<Text>> {
    let items = match state.variable(name)? {
        Variable::One(text) => vec![text.clone()],
        Variable::Many(items) => items.clone(),
    };
    match index.text.as_str() {
        "@" | "*" => Some(items),
        number => match (index.is_known(), number.trim().parse::<i64>()) {
            (true, Ok(number)) => {
                let at = if number < 0 {
                    i64::try_from(items.len()).unwrap_or(i64::MAX) + number
                } else {
                    number
                };
                usize::try_from(at)
                    .ok()
                    .and_then(|at| items.get(at))
                    .map(|text| vec![text.clone()])
            }
            _ => {
                let mut all = Text::default();
                for item in &items {
                    all.add(item);
                    all.add_str(" ");
                }
                all.hole = Some(super::state::Hole {
                    at: 0,
                    why: "an item of an array".into(),
                });
                Some(vec![all])
            }
        },
    }
}

fn boundaries(text: &str) -> Vec<usize> {
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect()
}

fn part(text: &str, offset: i64, length: Option<i64>) -> String {
    let chars: Vec<char> = text.chars().collect();
    let count = i64::try_from(chars.len()).unwrap_or(i64::MAX);
    let start = if offset < 0 { count + offset } else { offset };
    let end = match length {
        None => count,
        Some(length) if length < 0 => count + length,
        Some(length) => start.saturating_add(length),
    };
    if start < 0 || start > count || end <= start {
        return String::new();
    }
    let (start, end) = (
        usize::try_from(start).unwrap_or(0),
        usize::try_from(end.min(count)).unwrap_or(0),
    );
    chars[start..end].iter().collect()
}

fn cased(text: &str, mode: char, all: bool) -> String {
    let change = |char: char| -> String {
        if mode == '^' {
            char.to_uppercase().collect()
        } else {
            char.to_lowercase().collect()
        }
    };
    let mut chars = text.chars();
    if all {
        return chars.map(change).collect();
    }
    match chars.next() {
        Some(first) => change(first) + chars.as_str(),
        None => String::new(),
    }
}

/// Whether a text matches a file pattern with `*`, `?` and `[...]`. The work is bounded by the
/// product of the lengths, which are bounded.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some('?') => Some(p + 1),
            Some('[') => class(&pattern, p, text[t]),
            Some('\\') if pattern.get(p + 1) == Some(&text[t]) => Some(p + 2),
            Some(char) if *char == text[t] => Some(p + 1),
            _ => None,
        };
        match (step, star) {
            (Some(next), _) => {
                p = next;
                t += 1;
            }
            (None, Some((after, from))) => {
                p = after;
                t = from + 1;
                star = Some((after, t));
            }
            (None, None) => return false,
        }
    }
    pattern[p.min(pattern.len())..]
        .iter()
        .all(|char| *char == '*')
}

/// Where a bracket expression ends if it holds a character.
fn class(pattern: &[char], open: usize, char: char) -> Option<usize> {
    let mut at = open + 1;
    let negated = matches!(pattern.get(at), Some('!' | '^'));
    if negated {
        at += 1;
    }
    let first = at;
    let mut found = false;
    loop {
        match pattern.get(at) {
            None => return (char == '[').then_some(open + 1),
            Some(']') if at > first => break,
            Some(low) => {
                if pattern.get(at + 1) == Some(&'-')
                    && let Some(high) = pattern.get(at + 2).filter(|high| **high != ']')
                {
                    found |= (*low..=*high).contains(&char);
                    at += 3;
                } else {
                    found |= *low == char;
                    at += 1;
                }
            }
        }
    }
    (found != negated).then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, text, yes) in [
            ("*", "abc", true),
            ("a*c", "abc", true),
            ("a?c", "abc", true),
            ("a[b-d]c", "abc", true),
            ("a[!b]c", "abc", false),
            ("*.txt", "a.txt.gz", false),
            ("**/x", "a/b/x", true),
            ("[", "[", true),
            ("", "", true),
            ("a", "", false),
        ] {
            assert_eq!(matches(pattern, text), yes, "{pattern} {text}");
        }
    }

    #[test]
    fn parts_of_texts() {
        assert_eq!(part("abcdef", 1, Some(2)), "bc");
        assert_eq!(part("abcdef", -2, None), "ef");
        assert_eq!(part("abcdef", 1, Some(-1)), "bcde");
        assert_eq!(part("abc", 9, None), "");
    }
}
