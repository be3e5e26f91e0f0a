//! Requests to the bot: Events API, slash commands and clicks over HTTP.
//!
//! Source: docs.slack.dev/authentication/verifying-requests-from-slack and
//! /apis/events-api.

use std::fmt::Write;
use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;

/// One signed request.
#[derive(Debug, Clone)]
pub(super) struct Push {
    pub(super) delivery: u64,
    pub(super) url: String,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    pub(super) retry: Option<(u32, &'static str)>,
    pub(super) secret: String,
    pub(super) timestamp: u64,
    pub(super) within: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Outcome {
    Answered { status: u16, no_retry: bool, body: Option<Value> },
    Unreachable,
    Timeout,
}

/// Signs a body as Slack does: `v0=` and the HMAC-SHA256 of `v0:timestamp:body`.
pub fn signature(secret: &str, timestamp: u64, body: &str) -> String {
    let mac = hmac_sha256(secret.as_bytes(), format!("v0:{timestamp}:{body}").as_bytes());
    let mut text = "v0=".to_owned();
    for byte in mac {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// RFC 2104, with a block of 64 bytes.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

/// Sends a request and waits for its answer, as long as Slack does.
pub(super) async fn send(push: &Push) -> Outcome {
    match tokio::time::timeout(push.within, exchange(push)).await {
        Ok(Some(outcome)) => outcome,
        Ok(None) => Outcome::Unreachable,
        Err(_) => Outcome::Timeout,
    }
}

async fn exchange(push: &Push) -> Option<Outcome> {
    let uri: Uri = push.url.parse().ok()?;
    let authority = uri.authority()?.clone();
    let stream = TcpStream::connect((authority.host(), authority.port_u16().unwrap_or(80))).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let mut request = Request::post(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header("Host", authority.as_str())
        .header("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
        .header("Content-Type", push.content_type)
        .header("X-Slack-Request-Timestamp", push.timestamp.to_string())
        .header("X-Slack-Signature", signature(&push.secret, push.timestamp, &push.body));
    if let Some((number, reason)) = push.retry {
        request =
            request.header("X-Slack-Retry-Num", number.to_string()).header("X-Slack-Retry-Reason", reason);
    }
    let request = request.body(Body::from(push.body.clone())).ok()?;
    let answer = async {
        let response = sender.send_request(request).await.ok()?;
        read(response).await
    };
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => answer,
        _ = connection => answer.await,
    }
}

async fn read(response: Response<Incoming>) -> Option<Outcome> {
    let status = response.status().as_u16();
    let header =
        |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let no_retry = header("X-Slack-No-Retry").as_deref() == Some("1");
    let is_json = header("Content-Type").is_some_and(|kind| kind.starts_with("application/json"));
    let bytes = response.into_body().collect().await.ok()?.to_bytes();
    let body = if is_json {
        serde_json::from_slice(&bytes).ok()
    } else {
        // A command may be answered with bare text.
        Some(String::from_utf8_lossy(&bytes).into_owned())
            .filter(|text| !text.trim().is_empty())
            .map(|text| json!({"text": text}))
    };
    Some(Outcome::Answered { status, no_retry, body })
}

/// Asks a request URL to prove itself, as Slack does when it is entered:
/// docs.slack.dev/reference/events/url_verification.
pub(super) async fn verify(mut push: Push, challenge: &str) -> Result<(), String> {
    push.body = json!({"token": "verification-token", "challenge": challenge, "type": "url_verification"})
        .to_string();
    match send(&push).await {
        Outcome::Answered { status: 200, body: Some(body), .. } => {
            let plain = body["text"].as_str().map(str::trim);
            let named = body["challenge"].as_str();
            let form = plain.and_then(|text| text.strip_prefix("challenge="));
            let proven = [plain, named, form].contains(&Some(challenge));
            if proven { Ok(()) } else { Err(format!("the challenge was not returned: {body}")) }
        }
        other => Err(format!("the request URL did not answer: {other:?}")),
    }
}
