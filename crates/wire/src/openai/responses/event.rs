//! An event of a streamed response.

use serde_json::{Number, Value};

use super::{Item, Part, Response};
use crate::object::object;
use crate::openai::error::{Code, ErrorBody};

object! {
    /// An event. Which fields it has depends on its type.
    pub struct StreamEvent {
        /// `response.created`, `response.output_item.done`, `response.output_text.delta`,
        /// `response.completed`, `error`, and many more.
        kind: String = "type",
        /// Its place in the stream.
        sequence_number: Number = "sequence_number",
        /// The whole response so far, at the start and at the end.
        response: Response = "response",
        /// The place of the item that it belongs to.
        output_index: Number = "output_index",
        /// The id of that item.
        item_id: String = "item_id",
        /// The item, at its start and at its end.
        item: Item = "item",
        /// The place of the part that it belongs to.
        content_index: Number = "content_index",
        /// The part, at its start and at its end.
        part: Part = "part",
        /// What is added to a text or to arguments.
        delta: Value = "delta",
        /// A whole text, at its end.
        text: String = "text",
        /// Whole arguments, at their end.
        arguments: String = "arguments",
        /// A whole input, at its end.
        input: String = "input",
        /// An error, as some servers nest it.
        error: ErrorBody = "error",
        /// The name of an error.
        code: Code = "code",
        /// An error for a person.
        message: String = "message",
    }
}
