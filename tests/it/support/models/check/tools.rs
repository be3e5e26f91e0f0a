//! The tools a model may call.

use serde_json::{Map, Value};

use super::super::error::{ApiError, missing, none_of};
use super::parameters::{is_set, no_more, want};

const LONGEST_NAME: usize = 64;

/// Checks the tools, and what makes sense only with them.
pub(super) fn check(fields: &Map<String, Value>) -> Result<(), ApiError> {
    for name in ["tool_choice", "parallel_tool_calls"] {
        if is_set(fields, name) && !is_set(fields, "tools") {
            let message =
                format!("Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.");
            return Err(ApiError::new(400, message).at(name));
        }
    }
    let tools = fields.get("tools").and_then(Value::as_array);
    for (index, tool) in tools.into_iter().flatten().enumerate() {
        check_tool(tool, &format!("tools[{index}]"))?;
    }
    Ok(())
}

fn check_tool(tool: &Value, path: &str) -> Result<(), ApiError> {
    want(tool.is_object(), path, "an object", tool)?;
    let kind_path = format!("{path}.type");
    match tool["type"].as_str() {
        Some("function") => {}
        Some("custom") => return Ok(()),
        Some(other) => return Err(none_of(&kind_path, other, &["function", "custom"])),
        None => return Err(missing(&kind_path)),
    }
    let name_path = format!("{path}.function.name");
    let function = &tool["function"];
    let name = function["name"].as_str().ok_or_else(|| missing(&name_path))?;
    check_name(name, &name_path)?;
    let parameters = function.get("parameters").unwrap_or(&Value::Null);
    let is_schema = parameters.is_object() || parameters.is_null();
    want(is_schema, &format!("{path}.function.parameters"), "an object", parameters)
}

/// Names of tools and of the authors of messages are short and plain.
pub(super) fn check_name(name: &str, path: &str) -> Result<(), ApiError> {
    no_more("string", path, name.chars().count(), LONGEST_NAME)?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    if !name.is_empty() && name.chars().all(is_plain) {
        return Ok(());
    }
    let message = format!(
        "Invalid '{path}': string does not match pattern. Expected a string that matches the \
         pattern '^[a-zA-Z0-9_-]+$'."
    );
    Err(ApiError::invalid(path, "invalid_value", message))
}
