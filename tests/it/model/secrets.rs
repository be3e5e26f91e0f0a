//! What must not get out: keys and prompts, whatever a provider does with them.

use std::error::Error;

use axum::body::Body;
use hyper::{Response, StatusCode};
use serde_json::json;
use switchboard::model::ModelError;

use super::{PATIENT, ask, openai_with, said, settings_at};
use crate::support::models::Models;
use crate::support::observed::Observed;
use crate::support::server::{Call, Reply, Server};

const KEY: &str = "sk-very-secret-key";
const PROMPT: &str = "My doctor says that it is not contagious at all.";

/// Everything that a log could show of an error.
fn everything(error: &ModelError) -> String {
    let mut all = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        all.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    all
}

fn assert_discreet(error: &ModelError) {
    let all = everything(error);
    assert!(!all.contains(KEY) && !all.contains("contagious"), "{all}");
    assert!(!error.to_string().contains('\n') && error.to_string().chars().count() < 400, "{error}");
}

/// Quotes key and prompt in all it says.
fn quoting(call: &Call) -> String {
    let key = call.header("authorization").unwrap_or_default();
    let body = String::from_utf8_lossy(&call.body);
    format!("no way, {key}!\n{body}\n{}", "and so on ".repeat(1_000))
}

#[tokio::test]
async fn errors_quote_neither_key_nor_prompt() {
    for status in [307, 400, 401, 402, 404, 413, 429, 500, 503] {
        for is_json in [true, false] {
            let server = Server::start(move |call: Call| async move {
                let status = StatusCode::from_u16(status).unwrap();
                let message = quoting(&call);
                if is_json {
                    Reply::json(
                        status,
                        &json!({"error": {"message": message, "type": message, "code": null}}),
                    )
                } else {
                    Reply::text(status, "text/plain", &message)
                }
            })
            .await;
            let openai = openai_with(&settings_at(&server.url(), KEY), PATIENT);
            assert_discreet(&ask(&openai, &said(PROMPT)).await.error());
        }
    }
}

#[tokio::test]
async fn errors_in_a_stream_quote_neither_key_nor_prompt() {
    let texts: [fn(&Call) -> String; 5] = [
        |call| format!("data: {}\n\n", json!({"error": {"message": quoting(call)}})),
        |call| format!("data: {}\n\n", json!({"choices": quoting(call)})),
        |call| format!("data: {}\n\n", quoting(call)),
        |call| {
            let begun = json!({"choices": [{"delta": {"content": "Well"}}]});
            format!("data: {begun}\n\ndata: {}\n\n", json!({"error": quoting(call)}))
        },
        |call| {
            let begun = json!({"choices": [{"delta": {"content": "Well"}}]});
            format!("data: {begun}\n\ndata: {{{}\n\n", quoting(call))
        },
    ];
    for text in texts {
        let server = Server::start(move |call: Call| async move {
            Reply::text(StatusCode::OK, "text/event-stream", &text(&call))
        })
        .await;
        let openai = openai_with(&settings_at(&server.url(), KEY), PATIENT);
        assert_discreet(&ask(&openai, &said(PROMPT)).await.error());
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_an_error() {
    let server = Server::start(async |_| {
        let response = Response::builder().header("content-type", "text/event-stream");
        Reply::Respond(response.body(Body::from(b"data: \xff\xfe\n\n".to_vec())).unwrap())
    })
    .await;
    let error = ask(&openai_with(&settings_at(&server.url(), KEY), PATIENT), &said(PROMPT)).await.error();
    assert!(matches!(error, ModelError::Nonsense { .. }), "{error}");
}

#[tokio::test]
async fn without_a_key_none_is_sent_and_nothing_else_that_tells_who_we_are() {
    let seen = Observed::new(Vec::new());
    let log = seen.clone();
    let server = Server::start(move |call: Call| {
        let names = call.parts.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        log.update(|seen| seen.extend(names));
        async { Reply::Cut }
    })
    .await;
    ask(&openai_with(&settings_at(&server.url(), ""), PATIENT), &said(PROMPT)).await.error();
    let mut names = seen.read(Clone::clone);
    names.sort();
    assert_eq!(names, ["accept", "content-length", "content-type", "host", "user-agent"]);
}

#[tokio::test]
async fn a_prompt_is_not_carried_elsewhere() {
    let elsewhere = Models::start().await;
    let target = format!("{}/chat/completions", elsewhere.base_url());
    let server = Server::start(move |_| {
        let headers = [("location", target.clone())];
        async move { Reply::with_headers(StatusCode::TEMPORARY_REDIRECT, &headers, &json!({})) }
    })
    .await;
    let error = ask(&openai_with(&settings_at(&server.url(), KEY), PATIENT), &said(PROMPT)).await.error();
    assert!(matches!(error, ModelError::Misconfigured { status: 307, .. }), "{error}");
    assert_eq!(elsewhere.count(), 0);
}
