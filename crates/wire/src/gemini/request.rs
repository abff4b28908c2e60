//! A request for content.

use serde_json::{Map, Value};

use super::Content;
use crate::Field;
use crate::object::object;

object! {
    /// A request. The model is named in the path. Its turns are written last of the known fields.
    ///
    /// The server takes every name in `snake_case` too; only the system prompt is looked for under
    /// both, see [`GenerateRequest::system`].
    pub struct GenerateRequest {
        /// The system prompt.
        system_instruction: Content = "systemInstruction",
        /// Temperature, limits, the form of the answer and how the model may think.
        generation_config: Map<String, Value> = "generationConfig",
        /// What is filtered.
        safety_settings: Vec<Value> = "safetySettings",
        /// Which function must or may be called.
        tool_config: Map<String, Value> = "toolConfig",
        /// A conversation that the server keeps.
        cached_content: String = "cachedContent",
        /// The tools at hand.
        tools: Vec<Tool> = "tools",
        /// The conversation, oldest first.
        contents: Vec<Content> = "contents",
    }

    /// Tools at hand: functions of the client, or one that the provider carries out.
    pub struct Tool {
        /// Functions of the client.
        function_declarations: Vec<FunctionDeclaration> = "functionDeclarations",
    }

    /// A function that the model may call.
    pub struct FunctionDeclaration {
        /// Its name.
        name: String = "name",
        /// What it does.
        description: String = "description",
        /// Its arguments, in Gemini's own subset of schemas.
        parameters: Value = "parameters",
        /// Its arguments as JSON Schema; Gemini CLI uses this one.
        parameters_json_schema: Value = "parametersJsonSchema",
    }
}

impl GenerateRequest {
    /// The system prompt, under whichever name it stands.
    #[must_use]
    pub fn system(&self) -> Option<Content> {
        self.system_instruction.get().cloned().or_else(|| {
            let other = self.rest.get("system_instruction")?;
            crate::Json::from_value(other.clone()).ok()
        })
    }
}

impl FunctionDeclaration {
    /// The schema of its arguments, whichever kind it is.
    #[must_use]
    pub fn schema(&self) -> Option<&Value> {
        self.parameters_json_schema
            .get()
            .or_else(|| self.parameters.get())
    }

    /// A function with a JSON Schema.
    #[must_use]
    pub fn new(name: &str, description: &str, schema: Value) -> Self {
        Self {
            name: Field::Is(name.to_owned()),
            description: Field::Is(description.to_owned()),
            parameters_json_schema: Field::Is(schema),
            ..Self::default()
        }
    }
}
