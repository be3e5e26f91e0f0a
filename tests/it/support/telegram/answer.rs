//! Answers in the shape of the Bot API, with the error texts of the real server.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::server::Reply;

/// What a method gives back.
pub(super) type Answer = Result<Value, Refusal>;

/// A refusal as the platform words it.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub status: u16,
    pub description: String,
    pub parameters: Option<Value>,
    /// True when no correct bot sends such a call: the emulator records it as a problem.
    pub malformed: bool,
}

impl Refusal {
    /// Refuses with a description used as it is.
    pub fn new(status: u16, description: impl Into<String>) -> Self {
        Self { status, description: description.into(), parameters: None, malformed: false }
    }

    /// Refuses with 400, worded like `Client::fail_query_with_error` does.
    pub fn bad_request(message: impl AsRef<str>) -> Self {
        Self::new(400, format!("Bad Request: {}", lower_first(message.as_ref())))
    }

    /// Refuses with 403.
    pub fn forbidden(message: impl AsRef<str>) -> Self {
        Self::new(403, format!("Forbidden: {}", message.as_ref()))
    }

    /// Refuses with 429 and the seconds to wait (`Query::set_retry_after_error`).
    pub fn retry_after(seconds: u64) -> Self {
        Self {
            parameters: Some(json!({ "retry_after": seconds })),
            ..Self::new(429, format!("Too Many Requests: retry after {seconds}"))
        }
    }

    /// Refuses because the group lives on under another id.
    pub fn migrated(to: i64) -> Self {
        Self {
            parameters: Some(json!({ "migrate_to_chat_id": to })),
            ..Self::bad_request("group chat was upgraded to a supergroup chat")
        }
    }

    /// Marks the call as one that no correct bot makes.
    pub fn malformed(mut self) -> Self {
        self.malformed = true;
        self
    }

    /// The description the platform uses for a bare status.
    pub fn of_status(status: u16) -> Self {
        let description = match status {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden: bot was blocked by the user",
            404 => "Not Found",
            409 => POLL_CONFLICT,
            429 => return Self::retry_after(1),
            500 => "Internal Server Error",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            _ => "Error",
        };
        Self::new(status, description)
    }

    /// The body of the answer.
    pub fn body(&self) -> Value {
        let mut body = json!({ "ok": false, "error_code": self.status, "description": self.description });
        if let Some(parameters) = &self.parameters {
            body["parameters"] = parameters.clone();
        }
        body
    }
}

/// What the older of two pollers is told (`Client::abort_long_poll`).
pub(super) const POLL_CONFLICT: &str =
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";

/// Turns an answer into HTTP.
pub(super) fn reply(answer: &Answer) -> Reply {
    match answer {
        Ok(result) => Reply::json(StatusCode::OK, &json!({ "ok": true, "result": result })),
        Err(refusal) => Reply::json(status(refusal.status), &refusal.body()),
    }
}

/// Turns a number into a status; the emulator only uses valid ones.
pub(super) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).expect("a status between 100 and 999")
}

/// Lowers the first letter unless the message is a code such as `MESSAGE_TOO_LONG`.
fn lower_first(message: &str) -> String {
    let mut letters = message.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    if letters.clone().next().is_some_and(|second| second == '_' || second.is_ascii_uppercase()) {
        return message.to_owned();
    }
    format!("{}{}", first.to_ascii_lowercase(), letters.as_str())
}
