//! `setWebhook`, `deleteWebhook`, `getWebhookInfo`.
//!
//! The real server insists on https, on four ports and on public addresses. So
//! does this one, with two doors for tests: plain http to this machine is
//! accepted as a server in local mode accepts it, and public https addresses
//! are reached through the gate a test has opened (`Telegram::webhook_gate`),
//! which stands for the proxy that ends TLS.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use hyper::{StatusCode, Uri};
use serde_json::{Value, json};
use tokio::task::AbortHandle;

use super::super::observed::Observed;
use super::super::server::Reply;
use super::answer::{Answer, Refusal};
use super::delivery;
use super::params::Params;
use super::state::State;

const LONGEST_SECRET: usize = 256;
const PORTS: &[u16] = &[80, 88, 443, 8443];
/// How often a webhook may be set.
const SET_PAUSE: Duration = Duration::from_secs(1);

/// A webhook that is set.
#[derive(Debug)]
pub(super) struct Webhook {
    pub url: String,
    pub target: Target,
    pub secret: String,
    pub max_connections: usize,
    pub ip_address: String,
    pub last_error: Option<(i64, String)>,
    pub generation: i64,
    task: Option<AbortHandle>,
}

/// Where deliveries go.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub address: SocketAddr,
    pub host: String,
    pub path: String,
}

/// What outlives a single webhook.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub gate: Option<SocketAddr>,
    next_allowed: Option<Instant>,
    /// What was sent last, to whom.
    pub last: Option<(Target, String, String)>,
}

impl Drop for Webhook {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Answers `setWebhook` and, with an empty address, `deleteWebhook`.
pub(super) fn set(observed: &Observed<State>, params: &Params, url: &str) -> Result<Reply, Refusal> {
    let done = observed.update(|state| apply(state, params, url))?;
    if done.starts {
        let generation =
            observed.update(|state| state.webhook.as_ref().map_or(0, |webhook| webhook.generation));
        let task = tokio::spawn(delivery::deliver(observed.clone(), generation)).abort_handle();
        observed.update(|state| {
            match state.webhook.as_mut().filter(|webhook| webhook.generation == generation) {
                Some(webhook) => webhook.task = Some(task),
                None => task.abort(),
            }
        });
    }
    let body = json!({ "ok": true, "result": true, "description": done.description });
    Ok(Reply::json(StatusCode::OK, &body))
}

/// `getWebhookInfo`.
pub(super) fn info(state: &mut State) -> Answer {
    let mut info = json!({
        "url": "", "has_custom_certificate": false, "pending_update_count": state.queue.len(),
    });
    if let Some(webhook) = &state.webhook {
        info["url"] = json!(webhook.url);
        info["max_connections"] = json!(webhook.max_connections);
        info["ip_address"] = json!(webhook.ip_address);
        if let Some((date, message)) = &webhook.last_error {
            info["last_error_date"] = json!(date);
            info["last_error_message"] = json!(message);
        }
    }
    if let Some(allowed) = state.outlet.allowed() {
        info["allowed_updates"] = json!(allowed);
    }
    Ok(info)
}

struct Done {
    description: &'static str,
    starts: bool,
}

fn apply(state: &mut State, params: &Params, url: &str) -> Result<Done, Refusal> {
    let done = |description, starts| Ok(Done { description, starts });
    let drops = params.flag("drop_pending_updates");
    if url.is_empty() {
        if drops {
            state.queue.clear();
        }
        return match state.webhook.take() {
            Some(_) => done("Webhook was deleted", false),
            None => done("Webhook is already deleted", false),
        };
    }
    let now = state.now();
    if state.limits.enabled && state.webhook_memory.next_allowed.is_some_and(|next| now < next) {
        return Err(Refusal::retry_after(1));
    }
    state.webhook_memory.next_allowed = Some(now + SET_PAUSE);
    let secret = params.text("secret_token");
    if secret.len() > LONGEST_SECRET {
        return Err(Refusal::bad_request("secret token is too long").malformed());
    }
    if !secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
        return Err(Refusal::bad_request("secret token contains unallowed characters").malformed());
    }
    let target = target(url, state.webhook_memory.gate)?;
    let max_connections = params.clamped("max_connections", 40, 1, 100) as usize;
    let allowed = params.json("allowed_updates", "allowed_updates").ok().flatten();
    let is_same = state.webhook.as_ref().is_some_and(|webhook| {
        webhook.url == url && webhook.secret == secret && webhook.max_connections == max_connections
    });
    state.outlet.allow(allowed);
    if is_same && !drops {
        return done("Webhook is already set", false);
    }
    if drops {
        state.queue.clear();
    }
    state.poll.end_for_webhook();
    let generation = state.serial();
    let ip_address = match params.text("ip_address") {
        given if given.is_empty() => target.address.ip().to_string(),
        given => given,
    };
    state.webhook = Some(Webhook {
        url: url.to_owned(),
        target,
        secret,
        max_connections,
        ip_address,
        last_error: None,
        generation,
        task: None,
    });
    done("Webhook was set", true)
}

/// Checks an address as `WebhookActor::start_up` does.
fn target(url: &str, gate: Option<SocketAddr>) -> Result<Target, Refusal> {
    let bad = |why: &str| Refusal::bad_request(format!("bad webhook: {why}"));
    // Without a scheme the server takes https (`td::parse_url`).
    let full = if url.contains("://") { url.to_owned() } else { format!("https://{url}") };
    let uri: Uri = full.parse().map_err(|_| Refusal::bad_request("invalid webhook URL specified"))?;
    let host = uri.host().ok_or_else(|| Refusal::bad_request("invalid webhook URL specified"))?.to_owned();
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let local = match host.as_str() {
        "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        other => other.trim_matches(['[', ']']).parse::<IpAddr>().ok().filter(IpAddr::is_loopback),
    };
    let authority = uri.authority().map_or(host.clone(), |authority| authority.as_str().to_owned());
    match (uri.scheme_str(), local, gate) {
        (Some("http"), Some(ip), _) => {
            let address = SocketAddr::new(ip, uri.port_u16().unwrap_or(80));
            Ok(Target { address, host: authority, path })
        }
        (Some("https"), ..) if !PORTS.contains(&uri.port_u16().unwrap_or(443)) => {
            Err(bad("Webhook can be set up only on ports 80, 88, 443 or 8443"))
        }
        (Some("https"), Some(ip), _) => Err(bad(&format!("IP address {ip} is reserved"))),
        (Some("https"), None, Some(address)) => Ok(Target { address, host: authority, path }),
        (Some("https"), None, None) => Err(bad("Failed to resolve host: Name or service not known")),
        _ => Err(bad("An HTTPS URL must be provided for webhook")),
    }
}

/// Takes a call that came as the answer to a webhook, unless it is one of those
/// the server ignores there.
pub(super) fn call_in_answer(body: &[u8]) -> Option<(String, Params)> {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice::<Value>(body) else {
        return None;
    };
    let method = fields.remove("method")?.as_str()?.to_ascii_lowercase();
    let ignored = ["deletewebhook", "setwebhook", "close", "logout"].contains(&method.as_str());
    (!ignored && !method.starts_with("get")).then(|| (method, Params::from_object(fields)))
}
