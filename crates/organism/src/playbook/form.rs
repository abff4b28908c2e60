//! How lines, conditions and words are written: forms that name a wrong key instead of saying that
//! nothing fits.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use tribune_evidence::Behaviour;

use super::{Condition, Line, Term, Words};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LineForm {
    one_of: Option<Vec<Vec<Line>>>,
    shuffle: Option<Vec<Line>>,
    chance: Option<f64>,
    when: Option<Condition>,
    otherwise: Option<f64>,
    #[serde(rename = "if")]
    condition: Option<Condition>,
    each: Option<String>,
    most: Option<usize>,
    #[serde(rename = "do")]
    then: Option<Vec<Line>>,
    #[serde(rename = "else")]
    instead: Option<Vec<Line>>,
}

const LINE: &str =
    "a line is a name, or a table with exactly one of `one-of`, `shuffle`, `chance`, `if`, `each`";

impl LineForm {
    fn line(self) -> Result<Line, &'static str> {
        let kinds = [
            self.one_of.is_some(),
            self.shuffle.is_some(),
            self.chance.is_some(),
            self.condition.is_some(),
            self.each.is_some(),
        ];
        if kinds.iter().filter(|there| **there).count() != 1 {
            return Err(LINE);
        }
        if self.chance.is_none() && (self.when.is_some() || self.otherwise.is_some()) {
            return Err("`when` and `otherwise` belong to `chance`; use `if` for certain");
        }
        if self.each.is_none() && self.most.is_some() {
            return Err("`most` belongs to `each`");
        }
        let listed = self.one_of.is_some() || self.shuffle.is_some();
        if listed && self.then.is_some()
            || (listed || self.each.is_some()) && self.instead.is_some()
        {
            return Err("`do` belongs to `chance`, `if` and `each`, and `else` to the first two");
        }
        if let Some(choices) = self.one_of {
            return Ok(Line::OneOf(choices));
        }
        if let Some(lines) = self.shuffle {
            return Ok(Line::Shuffle(lines));
        }
        let then = self.then.ok_or("it needs `do`")?;
        let instead = self.instead.unwrap_or_default();
        Ok(match (self.chance, self.condition, self.each) {
            (Some(chance), _, _) => Line::Perhaps {
                chance,
                when: self.when,
                otherwise: self.otherwise.unwrap_or(0.0),
                then,
                instead,
            },
            (_, Some(condition), _) => Line::If {
                condition,
                then,
                instead,
            },
            (_, _, Some(rows)) => Line::Each {
                rows,
                most: self.most,
                lines: then,
            },
            _ => return Err(LINE),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionForm {
    not: Option<Box<Condition>>,
    below: Option<[Term; 2]>,
    all: Option<Vec<Condition>>,
    any: Option<Vec<Condition>>,
    done: Option<String>,
    worked: Option<String>,
}

impl ConditionForm {
    fn condition(self) -> Result<Condition, &'static str> {
        let mut found = Vec::new();
        found.extend(self.not.map(Condition::Not));
        found.extend(
            self.below
                .map(|[left, right]| Condition::Below(left, right)),
        );
        found.extend(self.all.map(Condition::All));
        found.extend(self.any.map(Condition::Any));
        found.extend(self.done.map(Condition::Done));
        found.extend(self.worked.map(Condition::Worked));
        match (found.pop(), found.is_empty()) {
            (Some(condition), true) => Ok(condition),
            _ => Err(
                "a condition is a value's name, or a table with exactly one of `not`, `below`, \
                 `all`, `any`, `done`, `worked`",
            ),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WordsForm {
    if_done: Option<String>,
    if_not_done: Option<String>,
    when: Option<Condition>,
    say: String,
}

impl WordsForm {
    fn words(self) -> Result<Words, &'static str> {
        let when = match (self.if_done, self.if_not_done, self.when) {
            (Some(step), None, None) => Some(Condition::Done(step)),
            (None, Some(step), None) => Some(Condition::Not(Box::new(Condition::Done(step)))),
            (None, None, when) => when,
            _ => return Err("words have one of `if-done`, `if-not-done`, `when`"),
        };
        Ok(Words {
            when,
            say: self.say,
        })
    }
}

/// Reads a text as one thing and a table as a form of it.
struct TextOr<F, T> {
    text: fn(String) -> T,
    form: fn(F) -> Result<T, &'static str>,
    expected: &'static str,
}

impl<'de, F: Deserialize<'de>, T> Visitor<'de> for TextOr<F, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        Ok((self.text)(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let form = F::deserialize(MapAccessDeserializer::new(map))?;
        (self.form)(form).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOr {
            text: Line::Do,
            form: LineForm::line,
            expected: "a line of a script: a name or a table",
        })
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOr {
            text: Condition::Known,
            form: ConditionForm::condition,
            expected: "a condition: a value's name or a table",
        })
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOr {
            text: |say| Words { when: None, say },
            form: WordsForm::words,
            expected: "words: a text or a table",
        })
    }
}

/// One behaviour, or a list of them.
pub(super) fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Behaviour>, D::Error> {
    struct Behaviours;

    impl<'de> Visitor<'de> for Behaviours {
        type Value = Vec<Behaviour>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a behaviour, or a list of behaviours")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            let behaviour = Behaviour::deserialize(de::value::StrDeserializer::<E>::new(text))?;
            Ok(vec![behaviour])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut behaviours = Vec::new();
            while let Some(behaviour) = seq.next_element()? {
                behaviours.push(behaviour);
            }
            Ok(behaviours)
        }
    }

    deserializer.deserialize_any(Behaviours)
}
