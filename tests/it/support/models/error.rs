//! The error objects of the API: `{"error": {message, type, param, code}}`.
//!
//! Source of the shape: `ApiError` of async-openai, which follows openai/openai-openapi.
//! Types, codes and most sentences are those that people quote from api.openai.com; no
//! document lists them, so clients should not rely on a sentence.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::server::Reply;

/// A refusal, with the status it goes out with.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    status: u16,
    message: String,
    kind: &'static str,
    param: Option<String>,
    code: Option<&'static str>,
    headers: Vec<(&'static str, String)>,
    is_forgivable: bool,
}

impl ApiError {
    /// An error with a status and a sentence, and the type that goes with the status.
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        let kind = match status {
            429 => "requests",
            529 => "overloaded_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        };
        let message = message.into();
        Self { status, message, kind, param: None, code: None, headers: Vec::new(), is_forgivable: false }
    }

    /// A `400` about one parameter.
    pub(super) fn invalid(param: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, message).at(param).coded(code)
    }

    pub(super) fn at(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    pub(super) fn coded(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(super) fn typed(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub(super) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Marks what may happen to a correct client, and so is no problem of a test.
    pub(super) fn forgivable(mut self) -> Self {
        self.is_forgivable = true;
        self
    }

    pub(super) fn is_forgivable(&self) -> bool {
        self.is_forgivable
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The body.
    pub(super) fn body(&self) -> Value {
        json!({"error": {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }})
    }

    pub(super) fn reply(&self) -> Reply {
        let status = StatusCode::from_u16(self.status).expect("statuses here are legal");
        Reply::with_headers(status, &self.headers, &self.body())
    }
}

/// No key, or not in an `Authorization: Bearer` header.
pub(super) fn no_key() -> ApiError {
    ApiError::new(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization \
         header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field \
         (with blank username) if you're accessing the API from your browser and are prompted for \
         a username and password. You can obtain an API key from \
         https://platform.openai.com/account/api-keys.",
    )
}

/// A key that is not valid, masked as the real one masks it.
pub(super) fn wrong_key(key: &str) -> ApiError {
    let shown: Vec<char> = key.chars().collect();
    let masked: String = match shown.len() {
        0..12 => "*".repeat(shown.len()),
        length => {
            let (first, last) = (&shown[..8], &shown[length - 4..]);
            let stars = "*".repeat(length - 12);
            first.iter().collect::<String>() + &stars + &last.iter().collect::<String>()
        }
    };
    let message = format!(
        "Incorrect API key provided: {masked}. You can find your API key at \
         https://platform.openai.com/account/api-keys."
    );
    ApiError::new(401, message).coded("invalid_api_key")
}

/// A model that is not there, or not for this key.
pub(super) fn no_model(model: &str) -> ApiError {
    let message = format!("The model `{model}` does not exist or you do not have access to it.");
    ApiError::new(404, message).coded("model_not_found")
}

/// A prompt that is longer than the model's context.
pub(super) fn too_long(limit: u64, tokens: u64) -> ApiError {
    let message = format!(
        "This model's maximum context length is {limit} tokens. However, your messages resulted \
         in {tokens} tokens. Please reduce the length of the messages."
    );
    ApiError::invalid("messages", "context_length_exceeded", message).forgivable()
}

/// A required parameter that is missing.
pub(super) fn missing(param: &str) -> ApiError {
    let message = format!("Missing required parameter: '{param}'.");
    ApiError::invalid(param, "missing_required_parameter", message)
}

/// A parameter that does not exist.
pub(super) fn unknown(param: &str) -> ApiError {
    let message = format!("Unknown parameter: '{param}'.");
    ApiError::invalid(param, "unknown_parameter", message)
}

/// A value of a wrong JSON type.
pub(super) fn wrong_type(param: &str, expected: &str, got: &Value) -> ApiError {
    let got = match got {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    let message = format!("Invalid type for '{param}': expected {expected}, but got {got} instead.");
    ApiError::invalid(param, "invalid_type", message)
}

/// A value that is none of those allowed.
pub(super) fn none_of(param: &str, got: &str, allowed: &[&str]) -> ApiError {
    let listed: Vec<String> = allowed.iter().map(|value| format!("'{value}'")).collect();
    let listed = match listed.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{}, and {last}", first.join(", ")),
        all => all.join(", "),
    };
    let message = format!("Invalid value: '{got}'. Supported values are: {listed}.");
    ApiError::invalid(param, "invalid_value", message)
}
