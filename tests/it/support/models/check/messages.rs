//! The messages of a prompt, one by one and in their order.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::error::{ApiError, missing, none_of, unknown, wrong_type};
use super::parameters::{no_more, want};
use super::tools;

const ROLES: [&str; 6] = ["system", "assistant", "user", "function", "tool", "developer"];
const FIELDS: [&str; 8] =
    ["role", "content", "name", "tool_calls", "tool_call_id", "function_call", "refusal", "audio"];
const MOST_MESSAGES: usize = 2048;
const LONGEST_CONTENT: usize = 10_485_760;

/// Checks all messages.
pub(super) fn check(messages: &[Value]) -> Result<(), ApiError> {
    if messages.is_empty() {
        return Err(empty("messages"));
    }
    no_more("array", "messages", messages.len(), MOST_MESSAGES)?;
    for (index, message) in messages.iter().enumerate() {
        let path = format!("messages[{index}]");
        let fields = message.as_object().ok_or_else(|| wrong_type(&path, "an object", message))?;
        check_message(fields, &path)?;
    }
    check_tool_turns(messages)
}

fn empty(path: &str) -> ApiError {
    let message = format!(
        "Invalid '{path}': empty array. Expected an array with minimum length 1, but got an empty \
         array instead."
    );
    ApiError::invalid(path, "empty_array", message)
}

fn check_message(fields: &Map<String, Value>, path: &str) -> Result<(), ApiError> {
    let role_path = format!("{path}.role");
    let role = match fields.get("role") {
        None => return Err(missing(&role_path)),
        Some(Value::String(role)) if ROLES.contains(&role.as_str()) => role.as_str(),
        Some(Value::String(role)) => return Err(none_of(&role_path, role, &ROLES)),
        Some(other) => return Err(wrong_type(&role_path, "a string", other)),
    };
    if let Some(odd) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(unknown(&format!("{path}.{odd}")));
    }
    if let Some(name) = fields.get("name").filter(|name| !name.is_null()) {
        let name_path = format!("{path}.name");
        want(name.is_string(), &name_path, "a string", name)?;
        tools::check_name(name.as_str().unwrap_or_default(), &name_path)?;
    }
    if let Some(calls) = fields.get("tool_calls").filter(|calls| !calls.is_null()) {
        check_calls(calls, &format!("{path}.tool_calls"))?;
    }
    match role {
        "tool" => {
            let id_path = format!("{path}.tool_call_id");
            let id = fields.get("tool_call_id").ok_or_else(|| missing(&id_path))?;
            want(id.is_string(), &id_path, "a string", id)?;
        }
        "function" if !fields.contains_key("name") => return Err(missing(&format!("{path}.name"))),
        _ => {}
    }
    check_content(fields, role, path)
}

fn check_content(fields: &Map<String, Value>, role: &str, path: &str) -> Result<(), ApiError> {
    let content_path = format!("{path}.content");
    let has = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    let says_otherwise = ["tool_calls", "function_call", "refusal", "audio"];
    match fields.get("content").unwrap_or(&Value::Null) {
        Value::String(text) => no_more("string", &content_path, text.chars().count(), LONGEST_CONTENT),
        Value::Array(parts) if parts.is_empty() => Err(empty(&content_path)),
        Value::Array(parts) => {
            for (index, part) in parts.iter().enumerate() {
                check_part(part, role, &format!("{content_path}[{index}]"))?;
            }
            Ok(())
        }
        Value::Null if role == "assistant" && says_otherwise.into_iter().any(has) => Ok(()),
        Value::Null if role == "function" && fields.contains_key("content") => Ok(()),
        Value::Null => {
            // This sentence has its own way to write the path.
            let message = "Invalid value for 'content': expected a string, got null.";
            let path = content_path.replacen('[', ".[", 1);
            Err(ApiError::new(400, message).at(&path))
        }
        other => Err(wrong_type(&content_path, "one of a string or array of objects", other)),
    }
}

fn check_part(part: &Value, role: &str, path: &str) -> Result<(), ApiError> {
    want(part.is_object(), path, "an object", part)?;
    let allowed: &[&str] = match role {
        "user" => &["text", "image_url", "input_audio", "file"],
        "assistant" => &["text", "refusal"],
        _ => &["text"],
    };
    let kind_path = format!("{path}.type");
    let kind = part["type"].as_str().ok_or_else(|| missing(&kind_path))?;
    if !allowed.contains(&kind) {
        return Err(none_of(&kind_path, kind, allowed));
    }
    let value_path = format!("{path}.{kind}");
    let value = part.get(kind).ok_or_else(|| missing(&value_path))?;
    match kind {
        "text" | "refusal" => want(value.is_string(), &value_path, "a string", value),
        "image_url" => check_image(&value["url"], &format!("{value_path}.url")),
        _ => want(value.is_object(), &value_path, "an object", value),
    }
}

fn check_image(url: &Value, path: &str) -> Result<(), ApiError> {
    let url = url.as_str().ok_or_else(|| missing(path))?;
    let is_legal = ["https://", "http://", "data:image/"].iter().any(|scheme| url.starts_with(scheme));
    if is_legal {
        return Ok(());
    }
    let message = format!("Invalid '{path}'. Expected a valid URL, but got a value with an invalid format.");
    Err(ApiError::invalid(path, "invalid_value", message))
}

fn check_calls(calls: &Value, path: &str) -> Result<(), ApiError> {
    want(calls.is_array(), path, "an array", calls)?;
    let calls = calls.as_array().map_or(&[][..], Vec::as_slice);
    if calls.is_empty() {
        return Err(empty(path));
    }
    for (index, call) in calls.iter().enumerate() {
        let path = format!("{path}[{index}]");
        for (name, value) in [("id", &call["id"]), ("type", &call["type"])] {
            want(value.is_string(), &format!("{path}.{name}"), "a string", value)?;
        }
        if call["type"] == "function" {
            let function = &call["function"];
            for name in ["name", "arguments"] {
                let value = &function[name];
                want(value.is_string(), &format!("{path}.function.{name}"), "a string", value)?;
            }
        }
    }
    Ok(())
}

/// Every tool call has its answer right after it, and every answer its call.
fn check_tool_turns(messages: &[Value]) -> Result<(), ApiError> {
    let mut open: BTreeSet<&str> = BTreeSet::new();
    let mut may_answer = false;
    for (index, message) in messages.iter().enumerate() {
        let path = format!("messages.[{index}].role");
        if message["role"] == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            if !may_answer || !open.remove(id) {
                let text = "Invalid parameter: messages with role 'tool' must be a response to a \
                            preceeding message with 'tool_calls'.";
                return Err(ApiError::new(400, text).at(&path));
            }
            continue;
        }
        refuse_open_calls(&open, &path)?;
        let calls = message["tool_calls"].as_array();
        open = calls.into_iter().flatten().filter_map(|call| call["id"].as_str()).collect();
        may_answer = !open.is_empty();
    }
    refuse_open_calls(&open, &format!("messages.[{}].role", messages.len()))
}

fn refuse_open_calls(open: &BTreeSet<&str>, path: &str) -> Result<(), ApiError> {
    if open.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = open.iter().copied().collect();
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to \
         each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
        ids.join(", ")
    );
    Err(ApiError::new(400, message).at(path))
}
