//! Faults that tests script for REST routes, and the log of calls.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use axum::body::Body;
use hyper::header::CONTENT_TYPE;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::super::server::Reply;
use super::limits::{Scope, too_many};

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The call is refused with a status and the platform's own body for it.
    Status(u16),
    /// The effect happens, then the answer is as with `Status`.
    StatusAfter(u16),
    /// The call is refused with a JSON error code.
    Error { status: u16, code: u32, message: &'static str },
    /// The call is refused with 429, as if the limit were used up.
    RateLimited { retry_after: Duration, scope: Scope },
    /// The connection closes and nothing has happened.
    CutBefore,
    /// The effect happens, then the connection closes without an answer.
    CutAfter,
    /// Nothing happens and nothing is said.
    Hang,
    /// The effect happens and nothing is said.
    HangAfter,
    /// The call takes this long.
    Delay(Duration),
}

/// A call that the bot made.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// When it arrived.
    pub at: Instant,
    /// The route, such as `POST /channels/{id}/messages`.
    pub method: String,
    /// The path, such as `/channels/7/messages`.
    pub target: String,
    /// The status of the answer; `None` when there was none.
    pub status: Option<u16>,
}

/// The scripted faults, by route.
#[derive(Debug, Default)]
pub(super) struct Faults {
    scripted: HashMap<String, VecDeque<(usize, Fault)>>,
}

impl Faults {
    pub(super) fn script(&mut self, route: &str, times: usize, fault: Fault) {
        self.scripted.entry(route.to_owned()).or_default().push_back((times, fault));
    }

    /// Takes the fault for this call of a route, if there is one.
    pub(super) fn take(&mut self, route: &str) -> Option<Fault> {
        let queue = self.scripted.get_mut(route)?;
        let (times, fault) = queue.front_mut()?;
        let taken = fault.clone();
        *times -= 1;
        if *times == 0 {
            queue.pop_front();
        }
        Some(taken)
    }

    pub(super) fn clear(&mut self) {
        self.scripted.clear();
    }
}

impl Fault {
    /// The answer of a fault that refuses, with its status and scope.
    pub(super) fn refusal(&self) -> Option<(u16, Option<Scope>, Reply)> {
        match self {
            Self::Status(429) => {
                let limited = Self::RateLimited { retry_after: Duration::from_secs(1), scope: Scope::User };
                limited.refusal()
            }
            Self::Status(status) => Some((*status, None, own_words(*status))),
            Self::Error { status, code, message } => {
                let body = json!({ "message": message, "code": code });
                Some((*status, None, Reply::json(status_code(*status), &body)))
            }
            Self::RateLimited { retry_after, scope } => {
                let (headers, body) = too_many(*retry_after, *scope, None);
                let reply = Reply::with_headers(StatusCode::TOO_MANY_REQUESTS, &headers, &body);
                Some((429, Some(*scope), reply))
            }
            _ => None,
        }
    }
}

pub(super) fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status has three digits")
}

/// The general body of a status: `{"message": "401: Unauthorized", "code": 0}`.
pub(super) fn general_error(status: u16) -> Value {
    let reason = status_code(status).canonical_reason().unwrap_or("Error");
    json!({ "message": format!("{status}: {reason}"), "code": 0 })
}

pub(super) fn own_words(status: u16) -> Reply {
    match status {
        403 => Reply::json(status_code(403), &json!({ "message": "Missing Access", "code": 50001 })),
        // Bad gateways and timeouts are told by Cloudflare, in HTML.
        502 | 504 | 520..=524 => {
            let page = format!("<html><head><title>{status}</title></head><body>cloudflare</body></html>");
            let response = Response::builder().status(status).header(CONTENT_TYPE, "text/html");
            Reply::Respond(response.body(Body::from(page)).expect("the parts are valid"))
        }
        _ => Reply::json(status_code(status), &general_error(status)),
    }
}
