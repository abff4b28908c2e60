//! The charters that are part of the binary. A path takes their place.

use crate::load::Files;

/// Their names.
pub(crate) const NAMES: [&str; 1] = ["default"];

macro_rules! folder {
    ($name:literal: $($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../../charters/", $name, "/", $file)))),*]
    };
}

const DEFAULT: &[(&str, &str)] = folder!("default":
    "charter.toml",
    "human-control.cedar",
    "logs.cedar",
    "ordinary-work.cedar",
    "privacy.cedar",
    "privileges.cedar",
    "reviews.cedar",
    "weights.cedar",
    "tests/human-control.yaml",
    "tests/logs.yaml",
    "tests/ordinary-work.yaml",
    "tests/privacy.yaml",
    "tests/privileges.yaml",
    "tests/reviews.yaml",
    "tests/weights.yaml",
);

/// The files of a charter.
pub(crate) fn files(name: &str) -> Option<Files> {
    let list = match name {
        "default" => DEFAULT,
        _ => return None,
    };
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Some(list.iter().map(owned).collect())
}
