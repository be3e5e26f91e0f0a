//! Requests from the bot: the Web API and response urls.
//!
//! Source: docs.slack.dev/apis/web-api. A method gets its arguments from the
//! query, a form or, where it says so, JSON; the token from the `Authorization`
//! header or the form. Errors are HTTP 200 with `ok: false`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use hyper::{Method as Verb, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::super::server::{Call, Reply};
use super::Core;
use super::app::TokenState;
use super::faults::Fault;
use super::methods::{Args, Method, Needs, Refusal, find};
use super::respond::written;
use super::state::{CallRecord, World};

/// How long after its call a file is shared.
const SHARED_AFTER: Duration = Duration::from_millis(1_500);

/// Errors that say that the token belongs to nobody.
const NAMELESS: [&str; 5] =
    ["account_inactive", "invalid_auth", "not_allowed_token_type", "not_authed", "token_revoked"];

/// Answers one request.
pub(super) async fn answer(core: Arc<Core>, call: Call) -> Reply {
    let path = call.path().to_owned();
    if let Some(method) = path.strip_prefix("/api/") {
        return web_api(&core, method, &call).await;
    }
    if let Some(file) = path.strip_prefix("/upload/v1/") {
        return upload(&core, file, &call).await;
    }
    if path.starts_with("/commands/") || path.starts_with("/actions/") {
        return response_url(&core, &path, &call).await;
    }
    core.change(|world| world.problems.push(format!("{} {path}: there is no such place", call.parts.method)));
    Reply::text(StatusCode::NOT_FOUND, "text/html", "not found")
}

async fn web_api(core: &Arc<Core>, name: &str, call: &Call) -> Reply {
    let (args, misread) = read_args(call);
    let target = target(&args);
    let fault = core.world.update(|world| world.faults.take(name)).map(|(fault, _)| fault);
    if let Some(reply) = before(core, name, &target, fault.as_ref()).await {
        return reply;
    }
    let at = Instant::now();
    let reply = core.change(|world| {
        let outcome = match misread {
            Some(refusal) => Err(refusal),
            None => perform(world, name, args, call),
        };
        let status = world.note(name, &outcome);
        let status = injected(fault.as_ref()).unwrap_or(status);
        world.calls.push(CallRecord {
            at,
            method: name.to_owned(),
            target: target_of(&target, &outcome),
            status,
        });
        written_json(world, name, &outcome)
    });
    let shares = core.world.update(|world| std::mem::take(&mut world.shares));
    if !shares.is_empty() {
        let core = Arc::clone(core);
        tokio::spawn(async move {
            tokio::time::sleep(SHARED_AFTER).await;
            core.change(|world| {
                for (channel, message, how) in shares {
                    world.post(&channel, message, how);
                }
            });
        });
    }
    after(reply, fault.as_ref())
}

/// Takes a file at the address that was told for it.
async fn upload(core: &Core, file: &str, call: &Call) -> Reply {
    let fault = core.world.update(|world| world.faults.take("upload")).map(|(fault, _)| fault);
    if let Some(reply) = before(core, "upload", file, fault.as_ref()).await {
        return reply;
    }
    let is_taken = core.change(|world| {
        let is_taken = world.takes_upload(file, &call.body);
        if !is_taken {
            world.problems.push(format!("{file} is no file of {} bytes that was told of", call.body.len()));
        }
        is_taken
    });
    let status = if is_taken { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let body = Body::from(format!("OK - {}", call.body.len()));
    after(Response::builder().status(status).body(body).unwrap(), fault.as_ref())
}

async fn response_url(core: &Core, path: &str, call: &Call) -> Reply {
    let (args, misread) = read_args(call);
    let target = core.world.read(|world| world.response_target(path));
    let fault = core.world.update(|world| world.faults.take("response_url")).map(|(fault, _)| fault);
    if let Some(reply) = before(core, "response_url", &target, fault.as_ref()).await {
        return reply;
    }
    let at = Instant::now();
    let reply = core.change(|world| {
        let outcome = misread.map_or_else(|| world.respond(path, &args), Err);
        let status = world.note("response_url", &outcome.clone().map(|()| Value::Null));
        let status = injected(fault.as_ref()).unwrap_or(status);
        world.calls.push(CallRecord { at, method: "response_url".to_owned(), target, status });
        written(&outcome)
    });
    after(reply, fault.as_ref())
}

/// Plays the faults that come before a call has an effect.
async fn before(core: &Core, name: &str, target: &str, fault: Option<&Fault>) -> Option<Reply> {
    let reply = match fault? {
        Fault::Error(error) => error_reply(error),
        Fault::RateLimited(seconds) => ratelimited(*seconds),
        Fault::Status(status) => page(*status),
        Fault::CutBefore => Reply::Cut,
        Fault::Hang => Reply::Hang,
        Fault::Delay(time) => {
            tokio::time::sleep(*time).await;
            return None;
        }
        Fault::ErrorAfter(_) | Fault::StatusAfter(_) => return None,
        Fault::CutAfter | Fault::HangAfter | Fault::NoHello | Fault::Duplicate | Fault::Reorder => {
            return None;
        }
    };
    let record = CallRecord {
        at: Instant::now(),
        method: name.to_owned(),
        target: target.to_owned(),
        status: fault?.name(),
    };
    core.change(|world| world.calls.push(record));
    Some(reply)
}

/// The status of a call that a fault befell.
fn injected(fault: Option<&Fault>) -> Option<String> {
    fault.filter(|fault| !matches!(fault, Fault::Delay(_))).map(Fault::name)
}

/// Plays the faults that come after.
fn after(response: Response<Body>, fault: Option<&Fault>) -> Reply {
    match fault {
        Some(Fault::ErrorAfter(error)) => error_reply(error),
        Some(Fault::StatusAfter(status)) => page(*status),
        Some(Fault::CutAfter) => Reply::Cut,
        Some(Fault::HangAfter) => Reply::Hang,
        _ => Reply::Respond(response),
    }
}

fn error_reply(error: &str) -> Reply {
    Reply::json(StatusCode::OK, &json!({"ok": false, "error": error}))
}

fn page(status: u16) -> Reply {
    let status = StatusCode::from_u16(status).unwrap();
    Reply::text(status, "text/html", "<html><body>upstream connect error</body></html>")
}

fn ratelimited(seconds: u64) -> Reply {
    let body = json!({"ok": false, "error": "ratelimited"});
    Reply::with_headers(StatusCode::TOO_MANY_REQUESTS, &[("Retry-After", seconds.to_string())], &body)
}

/// Reads a call's arguments, or says what is wrong with its form.
fn read_args(call: &Call) -> (Args, Option<Refusal>) {
    let query = call.parts.uri.query().unwrap_or_default();
    let mut fields: Map<String, Value> = form(query).unwrap_or_default();
    let mut is_json = false;
    if call.parts.method != Verb::GET && !call.body.is_empty() {
        let kind = call.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_owned();
        let body = String::from_utf8_lossy(&call.body);
        match essence.as_str() {
            "application/json" => match serde_json::from_str(&body) {
                Ok(Value::Object(json)) => {
                    is_json = true;
                    fields.extend(json);
                }
                Ok(_) => return (Args::default(), Some(Refusal::malformed("json_not_object"))),
                Err(_) => return (Args::default(), Some(Refusal::malformed("invalid_json"))),
            },
            "application/x-www-form-urlencoded" => match form(&body) {
                Some(form) => fields.extend(form),
                None => {
                    return (Args::default(), Some(Refusal::malformed("invalid_form_data")));
                }
            },
            "" => {
                return (Args::default(), Some(Refusal::malformed("missing_post_type")));
            }
            _ => {
                return (Args::default(), Some(Refusal::malformed("invalid_post_type")));
            }
        }
        let mut args = Args::of(Value::Object(fields));
        args.json = is_json;
        args.charset_missing = is_json && !kind.contains("charset");
        return (args, None);
    }
    (Args::of(Value::Object(fields)), None)
}

fn form(text: &str) -> Option<Map<String, Value>> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(text).ok()?;
    Some(pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
}

fn perform(world: &mut World, name: &str, mut args: Args, call: &Call) -> Result<Value, Refusal> {
    let Some(method) = find(name) else {
        return Err(Refusal::malformed("unknown_method").with(json!({"req_method": name})));
    };
    if name == "apps.connections.open" && call.parts.method != Verb::POST {
        return Err(Refusal::malformed("insecure_request"));
    }
    let bearer =
        call.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    // docs.slack.dev: tokens in query strings are refused for apps made since February 2021.
    let in_query = call.parts.uri.query().is_some_and(|query| query.contains("token="));
    let token = bearer.or_else(|| args.text("token").filter(|_| !in_query && !args.json));
    authenticate(world, method, token.as_deref())?;
    let channel = args.text("channel").or_else(|| args.text("channel_id")).unwrap_or_default();
    let now = world.now();
    if let Err(seconds) = world.limits.admit(name, method.tier, &channel, now) {
        return Err(Refusal::ratelimited(seconds));
    }
    if let Needs::One(scopes) = method.needs {
        world.require(scopes)?;
    }
    if args.json && !method.takes_json {
        world.problems.push(format!("{name} takes a form, not JSON: the arguments were ignored"));
        args = Args::default();
    }
    world.note_unknown(name, args.unknown(method.arguments));
    let charset_missing = args.charset_missing;
    let mut answer = (method.run)(world, &args)?;
    answer["ok"] = json!(true);
    if charset_missing {
        answer["warning"] = json!("missing_charset");
        answer["response_metadata"]["warnings"] = json!(["missing_charset"]);
    }
    Ok(answer)
}

fn authenticate(world: &World, method: &Method, token: Option<&str>) -> Result<(), Refusal> {
    let app = &world.app;
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Err(Refusal::malformed("not_authed"));
    };
    let (right, other) = match method.needs {
        Needs::AppToken => (&app.app_token, &app.bot_token),
        Needs::Nothing | Needs::One(_) | Needs::ByConversation => (&app.bot_token, &app.app_token),
    };
    if token == other {
        return Err(Refusal::malformed("not_allowed_token_type"));
    }
    if app.retired.contains(token) {
        return Err(Refusal::new("invalid_auth"));
    }
    if token != right {
        return Err(Refusal::malformed("invalid_auth"));
    }
    match app.token_state {
        TokenState::Good => Ok(()),
        TokenState::Revoked => Err(Refusal::new("token_revoked")),
        TokenState::Inactive => Err(Refusal::new("account_inactive")),
    }
}

impl World {
    /// Refuses unless the app has one of the scopes.
    pub(super) fn require(&self, scopes: &[&str]) -> Result<(), Refusal> {
        if scopes.is_empty() || scopes.iter().any(|scope| self.app.scopes.contains(*scope)) {
            return Ok(());
        }
        let details = json!({"needed": scopes.join(","), "provided": self.app.granted()});
        Err(Refusal::new("missing_scope").with(details))
    }

    /// Records arguments that Slack would pass over.
    pub(super) fn note_unknown(&mut self, name: &str, unknown: Vec<&str>) {
        if !unknown.is_empty() {
            self.problems.push(format!("{name} has no such arguments: {}", unknown.join(", ")));
        }
    }

    /// Records what was wrong with a call, and returns its status for the log.
    fn note(&mut self, name: &str, outcome: &Result<Value, Refusal>) -> String {
        let Err(refusal) = outcome else {
            return "ok".to_owned();
        };
        if refusal.malformed {
            self.problems.push(format!(
                "{name}: {} {}",
                refusal.error,
                Value::Object(refusal.details.clone())
            ));
        }
        refusal.error.to_owned()
    }
}

fn written_json(world: &World, name: &str, outcome: &Result<Value, Refusal>) -> Response<Body> {
    let needs = find(name).map(|method| method.needs);
    let mut response =
        Response::builder().status(StatusCode::OK).header("Content-Type", "application/json; charset=utf-8");
    // They tell of the token that was used, so there is nothing to tell of one that is not good.
    let is_known = !matches!(outcome, Err(refusal) if NAMELESS.contains(&refusal.error));
    if let Some(needs) = needs.filter(|_| is_known) {
        let granted = match needs {
            Needs::AppToken => "connections:write".to_owned(),
            Needs::Nothing | Needs::One(_) | Needs::ByConversation => world.app.granted(),
        };
        response = response.header("X-OAuth-Scopes", granted);
    }
    if let Some(Needs::One(scopes)) = needs {
        response = response.header("X-Accepted-OAuth-Scopes", scopes.join(","));
    }
    let body = match outcome {
        Ok(answer) => answer.to_string(),
        Err(refusal) => {
            if let Some(seconds) = refusal.retry_after {
                response =
                    response.status(StatusCode::TOO_MANY_REQUESTS).header("Retry-After", seconds.to_string());
            }
            let mut body = refusal.details.clone();
            body.insert("ok".to_owned(), json!(false));
            body.insert("error".to_owned(), json!(refusal.error));
            Value::Object(body).to_string()
        }
    };
    response.body(Body::from(body)).unwrap()
}

fn target(args: &Args) -> String {
    let channel = args
        .text("channel")
        .or_else(|| args.text("channel_id"))
        .or_else(|| args.text("users"))
        .unwrap_or_default();
    match args.text("ts").or_else(|| args.text("timestamp")) {
        Some(ts) => format!("{channel}/{ts}"),
        None => channel,
    }
}

/// With the timestamp that a post got.
fn target_of(target: &str, outcome: &Result<Value, Refusal>) -> String {
    let posted = outcome
        .as_ref()
        .ok()
        .and_then(|answer| answer["message"].is_object().then(|| answer["ts"].as_str()).flatten());
    match posted {
        Some(ts) if !target.contains('/') => format!("{target}/{ts}"),
        _ => target.to_owned(),
    }
}
