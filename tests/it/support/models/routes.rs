//! Which path is answered by what, and what all of them have in common.

use std::time::Instant;

use hyper::Method;
use hyper::header::HeaderValue;
use serde_json::Value;

use super::super::observed::Observed;
use super::super::server::{Call, Reply};
use super::error::ApiError;
use super::requests::CallRecord;
use super::state::{Route, State};
use super::twist::{Incident, Twist};
use super::{chat, check, embeddings, moderations};

/// Answers any call, and records it.
pub(super) async fn answer(state: Observed<State>, call: Call) -> Reply {
    let record = CallRecord {
        at: Instant::now(),
        method: call.parts.method.to_string(),
        target: call.parts.uri.to_string(),
        status: 0,
    };
    let number = state.update(|state| state.calls.push(record));
    let mut reply = dispatch(&state, &call).await;
    if let Reply::Respond(response) = &mut reply {
        let id = HeaderValue::from_str(&format!("req_{number:032x}"));
        response.headers_mut().insert("x-request-id", id.expect("an id is plain text"));
        let version = HeaderValue::from_static("2020-10-01");
        response.headers_mut().insert("openai-version", version);
        let status = response.status().as_u16();
        state.update(|state| {
            if let Some(record) = state.calls.get_mut(number) {
                record.status = status;
            }
        });
    }
    reply
}

async fn dispatch(state: &Observed<State>, call: &Call) -> Reply {
    let (path, method) = (call.path(), &call.parts.method);
    let route = path.strip_prefix("/v1/").and_then(|name| match name.strip_prefix("models/") {
        Some(id) if !id.is_empty() => Some((Route::Models, Some(id))),
        Some(_) => None,
        None => Route::named(name).map(|route| (route, None)),
    });
    let Some((route, id)) = route.filter(|_| !path.starts_with("/v1//")) else {
        let message = format!("Invalid URL ({method} {path})");
        return refuse(state, call, &ApiError::new(404, message));
    };
    let expected = if route == Route::Models { Method::GET } else { Method::POST };
    if *method != expected {
        let message = format!(
            "Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a different HTTP \
             method?)"
        );
        return refuse(state, call, &ApiError::new(405, message).coded("method_not_supported"));
    }
    if route == Route::Chat {
        return chat::complete(state, call).await;
    }
    simple(state, call, (route, id)).await
}

/// Answers the routes that have neither scripts nor streams.
async fn simple(state: &Observed<State>, call: &Call, (route, id): (Route, Option<&str>)) -> Reply {
    if let Err(error) = state.read(|state| state.authorize(call.header("authorization"))) {
        return refuse(state, call, &error);
    }
    let fault = state.update(|state| state.next_fault(route));
    if let Some(reply) = fault.as_ref().and_then(|fault| fault.instead(id.unwrap_or_default())) {
        return reply;
    }
    let twist = Twist::of(fault.as_slice());
    tokio::time::sleep(twist.delay).await;
    let answer = match (route, id) {
        (Route::Models, None) => Ok(state.read(|state| state.catalog.list())),
        (Route::Models, Some(id)) => state.read(|state| state.catalog.show(&unescaped(id))),
        (Route::Embeddings, _) => json(call).and_then(|json| embeddings::answer(state, &json)),
        (Route::Moderations, _) => json(call).and_then(|json| moderations::answer(state, &json)),
        (Route::Chat, _) => unreachable!("chat has its own way"),
    };
    match (twist.first(), answer) {
        (Some((_, Incident::Cut)), _) => Reply::Cut,
        (Some((_, Incident::Hang)), _) => Reply::Hang,
        (_, Ok(reply)) => reply,
        (_, Err(error)) => refuse(state, call, &error),
    }
}

/// Reads the body of a request that must be a JSON object.
fn json(call: &Call) -> Result<Value, ApiError> {
    check_content_type(call)?;
    let json: Value = serde_json::from_slice(&call.body).map_err(|_| check::not_json())?;
    check::object(&json)?;
    Ok(json)
}

/// Only JSON is taken; a charset behind it does not matter.
///
/// Source: the sentence quoted in openai/openai-openapi#194.
pub(super) fn check_content_type(call: &Call) -> Result<(), ApiError> {
    let content_type = call.header("content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = format!(
        "Unsupported content type: '{content_type}'. This API method only accepts \
         'application/json' requests, but you specified the header 'Content-Type: \
         {content_type}'. Please try again with a supported content type."
    );
    Err(ApiError::new(400, message).coded("unsupported_content_type"))
}

/// Remembers a mistake that no correct client makes.
pub(super) fn record_problem(state: &Observed<State>, call: &Call, error: &ApiError) {
    if error.is_forgivable() {
        return;
    }
    let (method, path) = (&call.parts.method, call.path());
    let problem = format!("{method} {path}: {} {}", error.status(), error.message());
    state.update(|state| state.problems.push(problem));
}

fn refuse(state: &Observed<State>, call: &Call, error: &ApiError) -> Reply {
    record_problem(state, call, error);
    error.reply()
}

/// Model ids may hold slashes, which clients write as `%2F`.
fn unescaped(id: &str) -> String {
    id.replace("%2F", "/").replace("%2f", "/").replace("%3A", ":").replace("%3a", ":")
}
