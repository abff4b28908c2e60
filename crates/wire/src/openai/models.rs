//! The list of models that a server offers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Field;

/// The answer to `GET /models`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ModelList {
    /// The models.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub data: Field<Vec<ModelEntry>>,
    /// All other fields.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ModelEntry {
    /// The name under which it is asked for.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub id: Field<String>,
    /// All other fields.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl ModelList {
    /// The names of the models, in the server's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.data
            .get()
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.id.text())
    }
}
