//! From a request to its method, with faults on the way, and the record of both.

use std::time::Instant;

use super::super::observed::Observed;
use super::super::server::{Call, Reply};
use super::answer::{self, Refusal};
use super::faults::{self, Fault};
use super::params::Params;
use super::state::{CallRecord, State};
use super::{files, methods, polling, webhook};

/// The shortest secret of a well-formed token (`Client::start_up`).
const SHORTEST_SECRET: usize = 24;

/// Answers one HTTP request.
pub(super) async fn answer(observed: Observed<State>, call: Call) -> Reply {
    let path = call.path().replace("%3A", ":").replace("%3a", ":");
    let (is_file, rest) = match path.strip_prefix("/file/bot") {
        Some(rest) => (true, Some(rest)),
        None => (false, path.strip_prefix("/bot")),
    };
    let Some((token, rest)) = rest.and_then(|rest| rest.split_once('/')) else {
        return refuse(&observed, "a path that is none", Refusal::of_status(404).malformed());
    };
    if let Err(refusal) = check_token(&observed, token) {
        return refuse(&observed, "a token", refusal);
    }
    if is_file {
        return file(&observed, rest).await;
    }
    let Some(method) = methods::find(rest) else {
        let refusal = Refusal::new(404, "Not Found: method not found").malformed();
        return refuse(&observed, &format!("unknown method {rest}"), refusal);
    };
    match Params::read(&call) {
        Ok(params) => self::call(&observed, method.name, params).await,
        Err(refusal) => refuse(&observed, method.name, refusal),
    }
}

/// Runs a method and records it; `method` in any case.
pub(super) async fn call(observed: &Observed<State>, method: &str, params: Params) -> Reply {
    let Some(method) = methods::find(method) else {
        let refusal = Refusal::new(404, "Not Found: method not found").malformed();
        return refuse(observed, &format!("unknown method {method}"), refusal);
    };
    let at = Instant::now();
    let unknown: Vec<&str> = params.names().filter(|name| !method.parameters.contains(name)).collect();
    if !unknown.is_empty() {
        let problem = format!("{}: no such parameters: {}", method.name, unknown.join(", "));
        observed.update(|state| state.problems.push(problem));
    }
    for name in params.names().filter(|name| methods::NOT_EMULATED.contains(name)) {
        let problem = format!("{}: the emulator does not know what to do with {name}", method.name);
        observed.update(|state| state.problems.push(problem));
    }
    let record = |status: u16| {
        let target = params.text("chat_id").parse().ok();
        let record = CallRecord { at, method: method.name.to_owned(), target, status };
        observed.update(|state| state.record(record));
    };
    let fault = take_fault(observed, method.name, &params.text("chat_id"));
    if let Some((status, reply)) = fault.as_ref().and_then(faults::reply_instead) {
        record(status);
        return reply;
    }
    let (status, reply) = match execute(observed, method.name, &params).await {
        Ok(reply) => (200, reply),
        Err(refusal) => (refusal.status, refuse(observed, method.name, refusal)),
    };
    let (status, reply) = fault.as_ref().and_then(faults::reply_after).unwrap_or((status, reply));
    record(status);
    if let Some(Fault::Delay(time)) = fault {
        tokio::time::sleep(time).await;
    }
    reply
}

fn take_fault(observed: &Observed<State>, name: &str, chat: &str) -> Option<Fault> {
    let is_planned = observed.read(|state| state.faults.left() > 0);
    let name = name.to_ascii_lowercase();
    is_planned.then(|| observed.update(|state| state.faults.take(&name, chat))).flatten()
}

async fn execute(observed: &Observed<State>, method: &str, params: &Params) -> Result<Reply, Refusal> {
    match method {
        "getUpdates" => polling::get_updates(observed, params).await,
        "setWebhook" => webhook::set(observed, params, &params.text("url")),
        "deleteWebhook" => webhook::set(observed, params, ""),
        _ => {
            let result = observed.update(|state| methods::run(state, method, params))?;
            Ok(answer::reply(&Ok(result)))
        }
    }
}

async fn file(observed: &Observed<State>, path: &str) -> Reply {
    let fault = take_fault(observed, "file", "");
    if let Some((_, reply)) = fault.as_ref().and_then(faults::reply_instead) {
        return reply;
    }
    if let Some(Fault::Delay(time)) = fault {
        tokio::time::sleep(time).await;
    }
    observed.read(|state| files::download(state, path)).unwrap_or_else(|refusal| answer::reply(&Err(refusal)))
}

/// A token that is not ours is refused with 401, one that cannot be a token with 404.
fn check_token(observed: &Observed<State>, token: &str) -> Result<(), Refusal> {
    observed.read(|state| {
        if token == state.token {
            return Ok(());
        }
        if state.revoked.contains(token) {
            return Err(Refusal::of_status(401));
        }
        let is_token = token.split_once(':').is_some_and(|(id, secret)| {
            id.parse::<i64>().is_ok_and(|id| id > 0)
                && secret.len() >= SHORTEST_SECRET
                && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        });
        Err(Refusal::of_status(if is_token { 401 } else { 404 }).malformed())
    })
}

fn refuse(observed: &Observed<State>, what: &str, refusal: Refusal) -> Reply {
    if refusal.malformed {
        let problem = format!("{what}: {}", refusal.description);
        observed.update(|state| state.problems.push(problem));
    }
    answer::reply(&Err(refusal))
}
