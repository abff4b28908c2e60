//! The list of models that the server offers: `GET /v1/models`.

use crate::object::object;

object! {
    /// A page of the list.
    pub struct ModelList {
        /// The models.
        data: Vec<ModelEntry> = "data",
        /// Whether there is another page.
        has_more: bool = "has_more",
        /// What to ask the next page by.
        last_id: String = "last_id",
    }

    /// One model.
    pub struct ModelEntry {
        /// The name under which it is asked for.
        id: String = "id",
        /// Its name for a person.
        display_name: String = "display_name",
    }
}

impl ModelList {
    /// The names of the models, in the server's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let entries = self.data.get().into_iter().flatten();
        entries.filter_map(|entry| entry.id.text())
    }
}
