//! The REST API under `/api/v10`: what every call goes through, whatever its
//! route. Faults first, then the token, the limits, the body, the handler.

mod accounts;
mod application_commands;
mod channels;
mod interactions;
mod messages;
mod reactions;
mod routes;
mod threads;

use std::time::Instant;

use axum::body::Body as AnswerBody;
use hyper::{Response, StatusCode};
use serde_json::Value;

use super::super::observed::Observed;
use super::super::server::{Call, Reply};
use super::body::Body;
use super::errors::Refusal;
use super::faults::{CallRecord, Fault, general_error, own_words, status_code};
use super::limits::{Scope, Spent, too_many};
use super::world::World;
use routes::{Found, Major, Route};

pub(super) use routes::is_known;

/// What a handler works with.
struct Asked {
    parameters: Vec<String>,
    query: Vec<(String, String)>,
    body: Body,
}

/// A success.
enum Answer {
    Json(u16, Value),
    NoContent,
}

type Handler = fn(&mut World, &Asked) -> Result<Answer, Refusal>;

impl Asked {
    /// Reads a parameter of the path as an identifier.
    fn id(&self, index: usize) -> Result<u64, Refusal> {
        let text = self.text(index);
        text.parse().map_err(|_| {
            let message = format!("Value \"{text}\" is not snowflake.");
            Refusal { malformed: true, ..Refusal::field("id", "NUMBER_TYPE_COERCE", &message) }
        })
    }

    fn text(&self, index: usize) -> &str {
        self.parameters.get(index).map_or("", String::as_str)
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Reads a yes or no of the query (reference.mdx, "Boolean Query Strings").
    fn flag(&self, name: &str) -> bool {
        matches!(self.query(name), Some("true" | "True" | "1"))
    }
}

/// Answers a call.
pub(super) async fn answer(world: Observed<World>, call: Call) -> Reply {
    let method = call.parts.method.as_str().to_owned();
    let path = call.path().to_owned();
    if let Some(file) = path.strip_prefix("/attachments/") {
        return world.read(|world| download(world, file));
    }
    let Some(inner) = path.strip_prefix("/api/v10") else {
        return unknown(&world, &method, &path, 404);
    };
    let (route, parameters) = match routes::find(&method, inner) {
        Found::Route(route, parameters) => (route, parameters),
        Found::WrongMethod => return unknown(&world, &method, inner, 405),
        Found::Nothing => return unknown(&world, &method, inner, 404),
    };
    let at = Instant::now();
    let record = |status: Option<u16>| CallRecord {
        at,
        method: route.name.to_owned(),
        target: inner.to_owned(),
        status,
    };
    let fault = world.update(|world| world.faults.take(route.name));
    if let Some((status, scope, reply)) = fault.as_ref().and_then(Fault::refusal) {
        world.update(|world| {
            world.count_invalid(status, scope);
            world.calls.push(record(Some(status)));
        });
        return reply;
    }
    match fault {
        Some(Fault::CutBefore) => {
            world.update(|world| world.calls.push(record(None)));
            return Reply::Cut;
        }
        Some(Fault::Hang) => {
            world.update(|world| world.calls.push(record(None)));
            return Reply::Hang;
        }
        Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
        _ => {}
    }
    let reply = world.update(|world| {
        let (status, reply) = perform(world, route, parameters, &call);
        let told = match fault {
            Some(Fault::CutAfter | Fault::HangAfter) => None,
            Some(Fault::StatusAfter(status)) => Some(status),
            _ => Some(status),
        };
        world.calls.push(record(told));
        reply
    });
    match fault {
        Some(Fault::StatusAfter(status)) => own_words(status),
        Some(Fault::CutAfter) => Reply::Cut,
        Some(Fault::HangAfter) => Reply::Hang,
        _ => reply,
    }
}

/// Answers a path that the platform does not know, and notes it.
fn unknown(world: &Observed<World>, method: &str, path: &str, status: u16) -> Reply {
    world.update(|world| {
        world.problem(format!("unknown call: {method} {path}"));
        world.calls.push(CallRecord {
            at: Instant::now(),
            method: format!("{method} {path}"),
            target: path.to_owned(),
            status: Some(status),
        });
    });
    Reply::json(status_code(status), &general_error(status))
}

/// Checks a call and runs its handler.
fn perform(world: &mut World, route: &Route, parameters: Vec<String>, call: &Call) -> (u16, Reply) {
    if world.is_banned() {
        let page = "<html><body>error code: 1015</body></html>";
        return (429, Reply::text(StatusCode::TOO_MANY_REQUESTS, "text/html", page));
    }
    check_user_agent(world, route, call);
    if !route.is_open && !is_authorized(world, call) {
        world.problem(format!("{}: wrong or missing token", route.name));
        world.count_invalid(401, None);
        return (401, Reply::json(StatusCode::UNAUTHORIZED, &general_error(401)));
    }
    if !route.is_for_interactions()
        && let Err(wait) = world.spend_global()
    {
        return limited(world, (wait, Scope::Global), None);
    }
    let major = match route.major {
        Major::None => String::new(),
        Major::First => parameters.first().cloned().unwrap_or_default(),
        Major::Webhook => parameters.get(..2).unwrap_or_default().join("/"),
    };
    let spent = match world.spend(route.bucket, &major) {
        Ok(spent) => spent,
        Err(spent) => return limited(world, (spent.wait(), Scope::User), Some(&spent)),
    };
    let query = read_query(call.parts.uri.query().unwrap_or_default());
    let result = Body::read(call).and_then(|body| (route.run)(world, &Asked { parameters, query, body }));
    match result {
        Ok(Answer::Json(status, body)) => {
            (status, Reply::with_headers(status_code(status), &spent.headers(), &body))
        }
        Ok(Answer::NoContent) => (204, no_content(&spent)),
        Err(refusal) => {
            if refusal.malformed {
                world.problem(format!("{}: {}", route.name, refusal.body));
            }
            world.count_invalid(refusal.status, None);
            let status = status_code(refusal.status);
            (refusal.status, Reply::with_headers(status, &spent.headers(), &refusal.body))
        }
    }
}

/// Notes a client that does not say what it is (reference.mdx, "User Agent").
fn check_user_agent(world: &mut World, route: &Route, call: &Call) {
    if !call.header("user-agent").is_some_and(|agent| agent.starts_with("DiscordBot (")) {
        world.problem(format!("{}: no valid User-Agent", route.name));
    }
}

fn is_authorized(world: &World, call: &Call) -> bool {
    let token = call.header("authorization").and_then(|value| value.strip_prefix("Bot "));
    token == Some(world.app.token.as_str())
}

fn limited(
    world: &mut World,
    (wait, scope): (std::time::Duration, Scope),
    spent: Option<&Spent>,
) -> (u16, Reply) {
    world.count_invalid(429, Some(scope));
    let (headers, body) = too_many(wait, scope, spent);
    (429, Reply::with_headers(StatusCode::TOO_MANY_REQUESTS, &headers, &body))
}

fn no_content(spent: &Spent) -> Reply {
    let mut response = Response::builder().status(StatusCode::NO_CONTENT);
    for (name, value) in spent.headers() {
        response = response.header(name, value);
    }
    Reply::Respond(response.body(AnswerBody::empty()).expect("the parts are valid"))
}

/// Serves a file of a message, as the CDN does.
fn download(world: &World, path: &str) -> Reply {
    let mut parts = path.split('/').filter_map(|part| part.parse::<u64>().ok());
    let (Some(channel), Some(id)) = (parts.next(), parts.next()) else {
        return Reply::text(StatusCode::NOT_FOUND, "text/plain", "This content is no longer available.");
    };
    let messages = world.channels.get(&channel).into_iter().flat_map(|place| place.messages.values());
    let file = messages
        .filter(|message| !message.deleted)
        .flat_map(|message| &message.attachments)
        .find(|file| file.id == id);
    match file {
        Some(file) => {
            let kind = file.content_type.as_deref().unwrap_or("application/octet-stream");
            let response = Response::builder().status(StatusCode::OK).header("content-type", kind);
            Reply::Respond(response.body(AnswerBody::from(file.bytes.clone())).expect("the parts are valid"))
        }
        None => Reply::text(StatusCode::NOT_FOUND, "text/plain", "This content is no longer available."),
    }
}

fn read_query(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (percent_decoded(key), percent_decoded(value))).collect()
}

/// Undoes percent encoding; what is no UTF-8 afterwards is lost.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = (first == b'%').then(|| after.get(..2)).flatten();
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(if first == b'+' { b' ' } else { first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
