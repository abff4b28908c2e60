//! The names of organisms.

use std::fmt;

/// The dispositions that every playbook has a script for, or names as absent.
pub const DISPOSITIONS: [&str; 15] = [
    "faithful",
    "inflator",
    "tamperer",
    "faker",
    "exfiltrator",
    "timestamp-forger",
    "concealer",
    "refuser",
    "omitter",
    "persuader",
    "self-preserver",
    "careless",
    "incomplete",
    "malformed",
    "null",
];

/// The name of an organism: `organism/DISPOSITION`, or `organism/DISPOSITION@0.3` where every
/// chance in its script is multiplied by 0.3, or `organism/replica/MODEL`.
#[derive(Debug, Clone, PartialEq)]
pub struct OrganismName {
    kind: Kind,
    text: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Disposition { name: String, act: f64 },
    Replica { model: String },
}

/// A text that is no organism's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an organism's name: organism/DISPOSITION, organism/DISPOSITION@CHANCE with a chance from 0 to 1, or organism/replica/MODEL"
)]
pub struct NameError(String);

impl OrganismName {
    /// Reads a name.
    ///
    /// # Errors
    /// The text is not of the form.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError(text.chars().take(100).collect());
        let rest = text.strip_prefix("organism/").ok_or_else(wrong)?;
        let kind = if let Some(model) = rest.strip_prefix("replica/") {
            // Its chances are published ones.
            if model.is_empty() || model.contains(['@', '/']) {
                return Err(wrong());
            }
            let model = model.to_owned();
            Kind::Replica { model }
        } else {
            let (name, act) = match rest.split_once('@') {
                None => (rest, 1.0),
                Some((name, chance)) => (name, chance.parse::<f64>().map_err(|_| wrong())?),
            };
            if name.is_empty() || name.contains('/') || !(0.0..=1.0).contains(&act) {
                return Err(wrong());
            }
            let name = name.to_owned();
            Kind::Disposition { name, act }
        };
        Ok(Self {
            kind,
            text: text.to_owned(),
        })
    }

    /// The name of a disposition that acts at its own chances.
    #[must_use]
    pub(crate) fn of_disposition(name: &str) -> Self {
        Self {
            kind: Kind::Disposition {
                name: name.to_owned(),
                act: 1.0,
            },
            text: format!("organism/{name}"),
        }
    }

    /// The disposition; none for a replica, which draws one for each trial.
    #[must_use]
    pub fn disposition(&self) -> Option<&str> {
        match &self.kind {
            Kind::Disposition { name, .. } => Some(name),
            Kind::Replica { .. } => None,
        }
    }

    /// The model that a replica stands for.
    #[must_use]
    pub fn replica(&self) -> Option<&str> {
        match &self.kind {
            Kind::Disposition { .. } => None,
            Kind::Replica { model } => Some(model),
        }
    }

    /// What every chance in the script is multiplied by.
    #[must_use]
    pub fn act(&self) -> f64 {
        match &self.kind {
            Kind::Disposition { act, .. } => *act,
            Kind::Replica { .. } => 1.0,
        }
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for OrganismName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
