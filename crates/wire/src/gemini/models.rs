//! The list of models that the server offers: `GET /v1beta/models`.

use crate::object::object;

object! {
    /// A page of the list.
    pub struct ModelList {
        /// The models.
        models: Vec<ModelEntry> = "models",
        /// What to ask the next page by.
        next_page_token: String = "nextPageToken",
    }

    /// One model.
    pub struct ModelEntry {
        /// Its name, as `models/NAME`.
        name: String = "name",
        /// Its name for a person.
        display_name: String = "displayName",
    }
}

impl ModelList {
    /// The names under which models are asked for, in the server's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let entries = self.models.get().into_iter().flatten();
        entries.filter_map(|entry| {
            let name = entry.name.text()?;
            Some(name.strip_prefix("models/").unwrap_or(name))
        })
    }
}
