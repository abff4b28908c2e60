//! What a response says, in the words that all protocols share.

use serde_json::Value;

use super::{Item, Response, Usage};
use crate::Field;
use crate::answer::{Answer, Call, End, Stop, refused_if};

impl Answer for Response {
    fn text(&self) -> String {
        self.items().iter().map(Item::text).collect()
    }

    fn refusal(&self) -> String {
        self.items().iter().map(Item::refusal).collect()
    }

    fn reasoning(&self) -> String {
        self.items().iter().map(Item::reasoning).collect()
    }

    fn calls(&self) -> Vec<Call> {
        let items = self.items().iter().filter(|item| item.is_call());
        items.map(Item::call).collect()
    }

    fn end(&self) -> End {
        let reason = self
            .incomplete_details
            .get()
            .and_then(|details| details.reason.text());
        let status = self.status.text();
        let has_calls = self.items().iter().any(|item| {
            matches!(
                item.kind.or_empty(),
                "function_call"
                    | "custom_tool_call"
                    | "local_shell_call"
                    | "shell_call"
                    | "apply_patch_call"
                    | "computer_call"
            )
        });
        let stop = match (status, reason) {
            (_, Some("max_output_tokens")) => Stop::Length,
            (_, Some("content_filter")) => Stop::Filtered,
            (Some("completed"), _) if has_calls => Stop::Calls,
            (Some("completed"), _) => Stop::Finished,
            _ => Stop::Other,
        };
        End {
            stop: refused_if(stop, self),
            word: reason.or(status).map(str::to_owned),
            usage: self.usage.get().map(Usage::tokens).unwrap_or_default(),
        }
    }
}

impl Item {
    /// The call that the item is.
    #[must_use]
    pub fn call(&self) -> Call {
        let arguments = [&self.arguments, &self.input]
            .into_iter()
            .find(|field| field.is_given());
        let arguments = match (arguments, &self.action) {
            (Some(Field::Is(text)), _) => text.clone(),
            (Some(Field::Other(value)), _) | (None, Field::Is(value)) => value.to_string(),
            // Kinds that come later keep what they do under names of their own.
            _ => Value::Object(self.rest.clone()).to_string(),
        };
        let id = self.call_id.text().or(self.id.text());
        Call {
            choice: 0,
            kind: self.kind.or_empty().to_owned(),
            id: id.unwrap_or_default().to_owned(),
            namespace: self.namespace.text().map(str::to_owned),
            name: self.name.or_empty().to_owned(),
            arguments,
        }
    }
}
