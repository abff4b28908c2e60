//! The list of models that a server offers.

use crate::object::object;

object! {
    /// The answer to `GET /models`.
    pub struct ModelList {
        /// The models.
        data: Vec<ModelEntry> = "data",
    }

    /// One model.
    pub struct ModelEntry {
        /// The name under which it is asked for.
        id: String = "id",
    }
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
