//! Texts of a scenario: templates, the sentences of factors, and what they are filled with.
//!
//! Templates are minijinja's. They know the values of the variant by name, `arm` (a factor's
//! level, empty where the factor does not apply), `text` (a factor's sentence in the trial's
//! wording, empty where its level has none), `pool` (the items drawn of each pool) and `rubric`, a
//! filter `csv` that quotes a cell of a sheet, and two functions: `date("-213 d")` and
//! `moment("+30 min")`, counted from the world's start. A name that means nothing is an error.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use minijinja::value::Object;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};
use tribune_evidence::Timestamp;

/// The longest template: its parser goes as deep as its text may nest.
const LONGEST: usize = 16 * 1024;

/// Steps that one text may take, so that a loop cannot hang the tool.
const FUEL: u64 = 100_000;

/// The largest size of a file or disk: sums of them stay within what JSON can carry.
const MOST_BYTES: u64 = 1 << 43;

/// The longest length of time, a hundred years: dates stay within what can be written.
const MOST_MILLIS: u64 = 36_525 * 86_400_000;

/// Milliseconds of a length of time such as `-213 d`, `+30 min` or `40 s`.
pub(super) fn millis(text: &str) -> Option<i64> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = (text[..split].trim(), text[split..].trim());
    let unit = match unit {
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number
        .strip_prefix('+')
        .unwrap_or(number)
        .parse::<i64>()
        .ok()?
        .checked_mul(unit)
        .filter(|millis| millis.unsigned_abs() <= MOST_MILLIS)
}

/// Units of size.
pub(super) const SIZES: [(&str, u64); 5] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Bytes of a size such as `18 GiB`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = (text[..split].trim(), text[split..].trim());
    let (_, unit) = SIZES.into_iter().find(|(name, _)| *name == unit)?;
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(unit).filter(|size| *size <= MOST_BYTES);
    }
    let value = number.parse::<f64>().ok()? * unit as f64;
    (0.0..=MOST_BYTES as f64)
        .contains(&value)
        .then_some(value as u64)
}

/// Renders templates.
#[derive(Debug)]
pub(super) struct Texts {
    environment: Environment<'static>,
}

/// What templates are filled with in one trial: values, levels of the arm, sentences, items.
#[derive(Debug, Clone)]
pub(super) struct Fill {
    names: Arc<Names>,
    pools: BTreeMap<String, Value>,
    rubrics: BTreeMap<String, Value>,
    start: Timestamp,
}

/// The names that templates know, looked up as they are asked for: a map of them would have to be
/// made anew for every value that is added.
#[derive(Debug, Clone)]
struct Names {
    values: BTreeMap<String, Value>,
    text: Value,
    pool: Value,
    rubric: Value,
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "text" => Some(self.text.clone()),
            "pool" => Some(self.pool.clone()),
            "rubric" => Some(self.rubric.clone()),
            name => self.values.get(name).cloned(),
        }
    }
}

impl Texts {
    /// Templates by their file names.
    pub(super) fn new(templates: &BTreeMap<String, String>) -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        // An include counts as ten.
        environment.set_recursion_limit(48);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        for (name, text) in templates {
            if text.len() > LONGEST {
                let what = format!("{name} is longer than {LONGEST} bytes");
                return Err(Error::new(ErrorKind::InvalidOperation, what));
            }
            environment.add_template_owned(name.clone(), text.clone())?;
        }
        environment.add_function("date", |state: &minijinja::State, text: &str| {
            from_start(state, text)
                .map(|moment| moment.to_string().chars().take(10).collect::<String>())
        });
        environment.add_function("moment", |state: &minijinja::State, text: &str| {
            from_start(state, text).map(|moment| moment.to_string())
        });
        environment.add_filter("csv", csv);
        Ok(Self { environment })
    }

    /// Parses a short text once, under its own words as its name, so that filling it is quick. A
    /// text that does not parse is left: filling it says what is wrong, with its place.
    pub(super) fn prepare(&mut self, text: &str) {
        if text.contains('{') && text.len() <= LONGEST {
            let _ = self
                .environment
                .add_template_owned(text.to_owned(), text.to_owned());
        }
    }

    /// The names that a short text asks for: none for a text that does not parse.
    pub(super) fn asks_for(&self, text: &str) -> HashSet<String> {
        self.environment
            .template_from_str(text)
            .map(|template| template.undeclared_variables(false))
            .unwrap_or_default()
    }

    /// Whether there is a template file of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.environment.get_template(name).is_ok()
    }

    /// Fills a template file.
    pub(super) fn file(&self, name: &str, fill: &Fill) -> Result<String, Error> {
        let template = self.environment.get_template(name)?;
        template
            .render(fill.context())
            .map_err(|error| named(error, &template, fill))
    }

    /// Fills a short text. Most hold no placeholder at all.
    pub(super) fn text(&self, text: &str, fill: &Fill) -> Result<String, Error> {
        if text.len() > LONGEST {
            let what = format!("a text is longer than {LONGEST} bytes");
            return Err(Error::new(ErrorKind::InvalidOperation, what));
        }
        if text.contains('{') {
            match self.environment.get_template(text) {
                Ok(known) => known
                    .render(fill.context())
                    .map_err(|error| named(error, &known, fill)),
                Err(_) => {
                    let known = self.environment.template_from_str(text)?;
                    known
                        .render(fill.context())
                        .map_err(|error| named(error, &known, fill))
                }
            }
        } else {
            Ok(text.to_owned())
        }
    }
}

/// An error that says which name is not known, and the nearest that is.
fn named(error: Error, template: &minijinja::Template<'_, '_>, fill: &Fill) -> Error {
    if error.kind() != ErrorKind::UndefinedError || error.detail().is_some() {
        return error;
    }
    let known = || {
        let own = fill.names.values.keys().map(String::as_str);
        own.chain(["text", "pool", "rubric"])
    };
    let mut asked: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    asked.retain(|name| !known().any(|known| known == name));
    asked.sort();
    let Some(name) = asked.first() else {
        return error;
    };
    let place = match (error.name(), error.line()) {
        (Some(file), Some(line)) if file != "<string>" && !file.contains('{') => {
            format!("{file}, line {line}: ")
        }
        _ => String::new(),
    };
    let hint = crate::source::nearest(name, known())
        .map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
    Error::new(
        ErrorKind::UndefinedError,
        format!("{place}there is no {name:?} to fill in{hint}"),
    )
}

impl Fill {
    /// The values of a variant and the levels of an arm.
    pub(super) fn new(
        variant: &BTreeMap<String, String>,
        arm: &BTreeMap<String, String>,
        start: Timestamp,
    ) -> Self {
        let mut values: BTreeMap<String, Value> = variant
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        values.insert("arm".to_owned(), pairs(arm));
        values.insert("start".to_owned(), Value::from(start.millis()));
        let none = || Value::from_pairs(std::iter::empty::<(String, Value)>());
        Self {
            names: Arc::new(Names {
                values,
                text: none(),
                pool: none(),
                rubric: none(),
            }),
            pools: BTreeMap::new(),
            rubrics: BTreeMap::new(),
            start,
        }
    }

    /// Adds a value.
    pub(super) fn add_value(&mut self, name: &str, value: &str) {
        // No template holds the names between two fillings, so this copies nothing.
        let names = Arc::make_mut(&mut self.names);
        names.values.insert(name.to_owned(), Value::from(value));
    }

    /// Adds the sentences of all factors.
    pub(super) fn add_sentences(&mut self, sentences: impl Iterator<Item = (String, String)>) {
        Arc::make_mut(&mut self.names).text = Value::from_pairs(sentences);
    }

    /// Adds the items of a pool.
    pub(super) fn add_pool(&mut self, name: &str, items: Value, rubric: &str) {
        self.pools.insert(name.to_owned(), items);
        self.rubrics.insert(name.to_owned(), Value::from(rubric));
        let names = Arc::make_mut(&mut self.names);
        names.pool = Value::from_pairs(self.pools.clone());
        names.rubric = Value::from_pairs(self.rubrics.clone());
    }

    /// The start of the world.
    pub(super) fn start(&self) -> Timestamp {
        self.start
    }

    fn context(&self) -> Value {
        Value::from_dyn_object(Arc::clone(&self.names))
    }
}

/// A cell of a sheet: quoted where it needs to be (RFC 4180, section 2).
fn csv(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn pairs(map: &BTreeMap<String, String>) -> Value {
    Value::from_pairs(
        map.iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    )
}

fn from_start(state: &minijinja::State, text: &str) -> Result<Timestamp, Error> {
    let start = state
        .lookup("start")
        .and_then(|start| i64::try_from(start).ok())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOperation,
                "the world's start is not known",
            )
        })?;
    let after = millis(text).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("{text:?} is not a length of time such as -30 d"),
        )
    })?;
    Ok(Timestamp::from_millis(start) + after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes_have_units() {
        assert_eq!(millis("-213 d"), Some(-213 * 86_400_000));
        assert_eq!(millis("+30 min"), Some(1_800_000));
        assert_eq!(millis("30"), None);
        assert_eq!(bytes("256 KiB"), Some(262_144));
        assert_eq!(bytes("1.5 KiB"), Some(1_536));
        assert_eq!(bytes("-1 B"), None);
    }

    #[test]
    fn a_name_that_means_nothing_is_an_error() {
        let texts = Texts::new(&BTreeMap::new()).unwrap();
        let fill = Fill::new(
            &BTreeMap::new(),
            &BTreeMap::new(),
            Timestamp::from_millis(0),
        );
        assert!(texts.text("{{ nobody }}", &fill).is_err());
        assert_eq!(
            texts.text("{{ date('+1 d') }}", &fill).unwrap(),
            "1970-01-02"
        );
    }

    #[test]
    fn a_loop_runs_out_of_fuel() {
        let texts = Texts::new(&BTreeMap::new()).unwrap();
        let fill = Fill::new(
            &BTreeMap::new(),
            &BTreeMap::new(),
            Timestamp::from_millis(0),
        );
        let text = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        assert!(texts.text(text, &fill).is_err());
    }
}
