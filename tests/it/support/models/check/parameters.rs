//! The parameters beside messages and tools.

use serde_json::{Map, Value};

use super::super::catalog::ModelCard;
use super::super::error::{ApiError, missing, none_of, unknown, wrong_type};

/// All parameters that exist, with the type of their values.
const PARAMETERS: [(&str, Kind); 37] = [
    ("audio", Kind::Object),
    ("frequency_penalty", Kind::Decimal(-2.0, 2.0)),
    ("function_call", Kind::Any),
    ("functions", Kind::Array(128)),
    ("logit_bias", Kind::Object),
    ("logprobs", Kind::Boolean),
    ("max_completion_tokens", Kind::Integer(1, i64::MAX)),
    ("max_tokens", Kind::Integer(1, i64::MAX)),
    ("messages", Kind::Any),
    ("metadata", Kind::Object),
    ("modalities", Kind::Array(2)),
    ("model", Kind::Any),
    ("moderation", Kind::Object),
    ("n", Kind::Integer(1, 128)),
    ("parallel_tool_calls", Kind::Boolean),
    ("prediction", Kind::Object),
    ("presence_penalty", Kind::Decimal(-2.0, 2.0)),
    ("prompt_cache_key", Kind::String(1024)),
    ("prompt_cache_options", Kind::Object),
    ("prompt_cache_retention", Kind::Word(&["in_memory", "24h"])),
    ("reasoning_effort", Kind::Word(&["none", "minimal", "low", "medium", "high", "xhigh", "max"])),
    ("response_format", Kind::Object),
    ("safety_identifier", Kind::String(64)),
    ("seed", Kind::Integer(i64::MIN, i64::MAX)),
    ("service_tier", Kind::Word(&["auto", "default", "flex", "scale", "priority", "fast"])),
    ("stop", Kind::Any),
    ("store", Kind::Boolean),
    ("stream", Kind::Boolean),
    ("stream_options", Kind::Object),
    ("temperature", Kind::Decimal(0.0, 2.0)),
    ("tool_choice", Kind::Any),
    ("tools", Kind::Array(128)),
    ("top_logprobs", Kind::Integer(0, 20)),
    ("top_p", Kind::Decimal(0.0, 1.0)),
    ("user", Kind::String(1024)),
    ("verbosity", Kind::Word(&["low", "medium", "high"])),
    ("web_search_options", Kind::Object),
];

enum Kind {
    Any,
    Boolean,
    Object,
    Array(usize),
    String(usize),
    Integer(i64, i64),
    Decimal(f64, f64),
    Word(&'static [&'static str]),
}

/// Checks every parameter by itself, and those that go together.
pub(super) fn check(fields: &Map<String, Value>) -> Result<(), ApiError> {
    for (name, value) in fields {
        let known = PARAMETERS.iter().find(|(known, _)| known == name);
        let (_, kind) = known.ok_or_else(|| unknown(name))?;
        // An explicit null is the same as nothing.
        if !value.is_null() {
            check_value(name, value, kind)?;
        }
    }
    check_stream_options(fields)?;
    check_stop(fields)?;
    check_metadata(fields)?;
    check_response_format(fields)?;
    if is_set(fields, "max_tokens") && is_set(fields, "max_completion_tokens") {
        let message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
        return Err(ApiError::invalid("max_tokens", "invalid_parameter_combination", message));
    }
    if is_set(fields, "top_logprobs") && fields.get("logprobs") != Some(&Value::Bool(true)) {
        let message = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.";
        return Err(ApiError::new(400, message).at("top_logprobs"));
    }
    Ok(())
}

/// Checks what depends on the model.
pub(super) fn check_for_model(fields: &Map<String, Value>, card: &ModelCard) -> Result<(), ApiError> {
    if is_set(fields, "max_completion_tokens") && !card.takes_max_completion_tokens {
        return Err(unknown("max_completion_tokens"));
    }
    if is_set(fields, "max_tokens") && !card.takes_max_tokens {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                       'max_completion_tokens' instead.";
        return Err(ApiError::invalid("max_tokens", "unsupported_parameter", message));
    }
    let temperature = fields.get("temperature").and_then(Value::as_f64);
    if !card.takes_temperature && temperature.is_some_and(|value| value != 1.0) {
        let message = "Unsupported value: 'temperature' does not support this value with this \
                       model. Only the default (1) value is supported.";
        return Err(ApiError::invalid("temperature", "unsupported_value", message));
    }
    for name in ["max_tokens", "max_completion_tokens"] {
        let asked = fields.get(name).and_then(Value::as_u64).unwrap_or_default();
        if asked > card.answer_tokens {
            let message = format!(
                "{name} is too large: {asked}. This model supports at most {} completion tokens, \
                 whereas you provided {asked}.",
                card.answer_tokens
            );
            return Err(ApiError::invalid(name, "invalid_value", message));
        }
    }
    // The emulator's own limit: one answer per request.
    if fields.get("n").and_then(Value::as_u64).is_some_and(|n| n > 1) {
        return Err(ApiError::invalid("n", "invalid_value", "The emulator gives one choice only."));
    }
    Ok(())
}

/// JSON mode wants the word in the prompt, so that the model does not run on.
pub(super) fn check_json_mode(fields: &Map<String, Value>, messages: &[Value]) -> Result<(), ApiError> {
    let format = fields.get("response_format");
    let is_json = format.is_some_and(|format| format["type"] == "json_object");
    let mentions_json = |message: &Value| {
        let content = message["content"].to_string();
        content.to_ascii_lowercase().contains("json")
    };
    if is_json && !messages.iter().any(mentions_json) {
        let message = "'messages' must contain the word 'json' in some form, to use \
                       'response_format' of type 'json_object'.";
        return Err(ApiError::new(400, message).at("messages"));
    }
    Ok(())
}

pub(super) fn is_set(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).is_some_and(|value| !value.is_null())
}

fn check_value(name: &str, value: &Value, kind: &Kind) -> Result<(), ApiError> {
    match kind {
        Kind::Any => Ok(()),
        Kind::Boolean => want(value.is_boolean(), name, "a boolean", value),
        Kind::Object => want(value.is_object(), name, "an object", value),
        Kind::Array(most) => {
            want(value.is_array(), name, "an array", value)?;
            let length = value.as_array().map_or(0, Vec::len);
            no_more("array", name, length, *most)
        }
        Kind::String(most) => {
            want(value.is_string(), name, "a string", value)?;
            let length = value.as_str().map_or(0, |text| text.chars().count());
            no_more("string", name, length, *most)
        }
        Kind::Integer(least, most) => {
            want(value.is_i64() || value.is_u64(), name, "an integer", value)?;
            let number = value.as_i64().unwrap_or(i64::MAX);
            let bounds = (least.to_string(), most.to_string());
            within("integer", name, value, (number < *least, number > *most), bounds)
        }
        Kind::Decimal(least, most) => {
            want(value.is_number(), name, "a decimal", value)?;
            let number = value.as_f64().unwrap_or(f64::NAN);
            let bounds = (least.to_string(), most.to_string());
            within("decimal", name, value, (number < *least, number > *most), bounds)
        }
        Kind::Word(words) => {
            want(value.is_string(), name, "a string", value)?;
            let word = value.as_str().unwrap_or_default();
            if words.contains(&word) { Ok(()) } else { Err(none_of(name, word, words)) }
        }
    }
}

pub(super) fn want(is_so: bool, name: &str, expected: &str, got: &Value) -> Result<(), ApiError> {
    if is_so { Ok(()) } else { Err(wrong_type(name, expected, got)) }
}

/// Arrays and strings have a longest length.
pub(super) fn no_more(what: &str, name: &str, length: usize, most: usize) -> Result<(), ApiError> {
    if length <= most {
        return Ok(());
    }
    let article = if what == "array" { "an" } else { "a" };
    let message = format!(
        "Invalid '{name}': {what} too long. Expected {article} {what} with maximum length {most}, \
         but got {article} {what} with length {length} instead."
    );
    let code = match what {
        "array" => "array_above_max_length",
        _ => "string_above_max_length",
    };
    Err(ApiError::invalid(name, code, message))
}

fn within(
    what: &'static str,
    name: &str,
    got: &Value,
    (is_below, is_above): (bool, bool),
    (least, most): (String, String),
) -> Result<(), ApiError> {
    let (side, sign, bound) = match (is_below, is_above) {
        (true, _) => ("below minimum", ">=", least),
        (_, true) => ("above maximum", "<=", most),
        (false, false) => return Ok(()),
    };
    let code = match (what, is_below) {
        ("integer", true) => "integer_below_min_value",
        ("integer", false) => "integer_above_max_value",
        (_, true) => "decimal_below_min_value",
        (_, false) => "decimal_above_max_value",
    };
    let message = format!(
        "Invalid '{name}': {what} {side} value. Expected a value {sign} {bound}, but got {got} \
         instead."
    );
    Err(ApiError::invalid(name, code, message))
}

fn check_stream_options(fields: &Map<String, Value>) -> Result<(), ApiError> {
    let Some(options) = fields.get("stream_options").and_then(Value::as_object) else {
        return Ok(());
    };
    if fields.get("stream") != Some(&Value::Bool(true)) {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(ApiError::new(400, message).at("stream_options"));
    }
    for (name, value) in options {
        let path = format!("stream_options.{name}");
        match name.as_str() {
            "include_usage" | "include_obfuscation" => {
                want(value.is_boolean() || value.is_null(), &path, "a boolean", value)?;
            }
            _ => return Err(unknown(&path)),
        }
    }
    Ok(())
}

fn check_stop(fields: &Map<String, Value>) -> Result<(), ApiError> {
    let stop = fields.get("stop").unwrap_or(&Value::Null);
    match stop {
        Value::Null | Value::String(_) => Ok(()),
        Value::Array(stops) => {
            no_more("array", "stop", stops.len(), 4)?;
            let odd = stops.iter().find(|stop| !stop.is_string());
            odd.map_or(Ok(()), |odd| Err(wrong_type("stop[0]", "a string", odd)))
        }
        other => Err(wrong_type("stop", "one of a string or array of strings", other)),
    }
}

/// At most 16 pairs, keys of 64 and values of 512 characters.
fn check_metadata(fields: &Map<String, Value>) -> Result<(), ApiError> {
    let metadata = fields.get("metadata").and_then(Value::as_object);
    for (index, (name, value)) in metadata.into_iter().flatten().enumerate() {
        let path = format!("metadata.{name}");
        if index >= 16 {
            let message = "Invalid 'metadata': too many properties. Expected an object with at \
                           most 16 properties.";
            return Err(ApiError::invalid("metadata", "object_above_max_properties", message));
        }
        want(value.is_string(), &path, "a string", value)?;
        no_more("string", "metadata", name.chars().count(), 64)?;
        no_more("string", &path, value.as_str().map_or(0, |text| text.chars().count()), 512)?;
    }
    Ok(())
}

fn check_response_format(fields: &Map<String, Value>) -> Result<(), ApiError> {
    let Some(format) = fields.get("response_format").filter(|format| !format.is_null()) else {
        return Ok(());
    };
    match format["type"].as_str() {
        Some("text" | "json_object") => Ok(()),
        Some("json_schema") if format["json_schema"]["name"].is_string() => Ok(()),
        Some("json_schema") => Err(missing("response_format.json_schema.name")),
        Some(other) => Err(none_of("response_format.type", other, &["json_object", "json_schema", "text"])),
        None => Err(missing("response_format.type")),
    }
}
