//! Events and commands over HTTP instead of sockets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::bot::workspace;
use super::server::{Reply, Server};
use super::slack::{Fault, signature};

/// What the bot's web server heard: headers and body.
type Heard = Arc<Mutex<Vec<(Vec<(String, String)>, String)>>>;

/// A bot that is reached over HTTP; `statuses` are its next answers.
async fn web_bot(statuses: Vec<(u16, &'static str)>) -> (Server, Heard) {
    let heard: Heard = Arc::default();
    let log = Arc::clone(&heard);
    let statuses = Arc::new(Mutex::new(statuses));
    let server = Server::start(move |call| {
        let body = String::from_utf8(call.body.to_vec()).unwrap();
        let headers = call
            .parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let challenge = serde_json::from_str::<Value>(&body)
            .ok()
            .and_then(|json| json["challenge"].as_str().map(str::to_owned));
        let is_command = call.path() == "/command";
        if challenge.is_none() {
            log.lock().unwrap().push((headers.collect(), body));
        }
        let next = if challenge.is_some() { None } else { statuses.lock().unwrap().pop() };
        async move {
            match (challenge, next) {
                (Some(challenge), _) => Reply::text(StatusCode::OK, "text/plain", &challenge),
                (None, Some((0, _))) => Reply::Hang,
                (None, Some((status, no_retry))) => {
                    let status = StatusCode::from_u16(status).unwrap();
                    Reply::with_headers(status, &[("X-Slack-No-Retry", no_retry.to_owned())], &json!({}))
                }
                (None, None) if is_command => Reply::json(StatusCode::OK, &json!({"text": "over http"})),
                (None, None) => Reply::json(StatusCode::OK, &json!({})),
            }
        }
    })
    .await;
    (server, heard)
}

fn header(headers: &[(String, String)], name: &str) -> Option<String> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

#[tokio::test]
async fn over_http_events_are_signed_and_retried() {
    let (slack, alice) = workspace().await;
    let (bot, heard) = web_bot(vec![(500, "0")]).await;
    slack.events_to(&format!("{}/events", bot.url())).await.unwrap();
    alice.dm("hello");
    assert!(slack.wait_until_delivered().await);
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 2);
    let (headers, body) = &heard[1];
    assert_eq!(header(headers, "x-slack-retry-num").as_deref(), Some("1"));
    assert_eq!(header(headers, "x-slack-retry-reason").as_deref(), Some("http_error"));
    let timestamp = header(headers, "x-slack-request-timestamp").unwrap().parse().unwrap();
    assert_eq!(
        header(headers, "x-slack-signature"),
        Some(signature(&slack.signing_secret(), timestamp, body))
    );
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["event"]["text"], "hello");
    assert_eq!(header(&heard[0].0, "x-slack-retry-num"), None);
}

#[tokio::test]
async fn over_http_a_slow_bot_is_asked_again_and_no_retry_is_honoured() {
    let (slack, alice) = workspace().await;
    slack.acknowledge_within(Duration::from_millis(500));
    let (bot, heard) = web_bot(vec![(503, "1"), (0, "")]).await;
    slack.events_to(&format!("{}/events", bot.url())).await.unwrap();
    alice.dm("hello");
    assert!(slack.wait_until_delivered().await);
    let reasons: Vec<_> =
        heard.lock().unwrap().iter().map(|(headers, _)| header(headers, "x-slack-retry-reason")).collect();
    assert_eq!(reasons, [None, Some("http_timeout".to_owned())]);
    assert_eq!(slack.lost_events().len(), 1);
}

#[tokio::test]
async fn over_http_retries_come_at_once_after_a_minute_and_after_five() {
    let (slack, alice) = workspace().await;
    let (bot, heard) = web_bot(vec![(500, "0"), (500, "0"), (500, "0")]).await;
    slack.events_to(&format!("{}/events", bot.url())).await.unwrap();
    slack.fault("delivery", 1, Fault::CutBefore);
    let retries = || -> Vec<_> {
        let heard = heard.lock().unwrap();
        heard.iter().map(|(headers, _)| header(headers, "x-slack-retry-num")).collect()
    };
    alice.dm("hello");
    slack.wait_until_failed("http_error", 1).await;
    assert_eq!(retries(), [Some("1".to_owned())], "the first try never came");
    slack.advance(Duration::from_secs(59));
    assert_eq!(slack.undelivered(), 1);
    assert_eq!(retries().len(), 1);
    slack.advance(Duration::from_secs(1));
    slack.wait_until_failed("http_error", 2).await;
    slack.advance(Duration::from_secs(300));
    slack.wait_until_failed("http_error", 3).await;
    assert_eq!(retries(), ["1", "2", "3"].map(|number| Some(number.to_owned())));
    assert!(slack.wait_until_delivered().await);
    assert_eq!(slack.lost_events().len(), 1);
    assert_eq!(slack.sends_again(2).await, [Some(200); 2]);
    assert_eq!(slack.sends_again_signed_ago(400).await, Some(200));
    let (headers, body) = heard.lock().unwrap().last().unwrap().clone();
    let old: u64 = header(&headers, "x-slack-request-timestamp").unwrap().parse().unwrap();
    assert_eq!(header(&headers, "x-slack-signature"), Some(signature(&slack.signing_secret(), old, &body)));
}

#[tokio::test]
async fn a_url_that_cannot_prove_itself_gets_no_events() {
    let (slack, _) = workspace().await;
    let server =
        Server::start(|_| async { Reply::json(StatusCode::OK, &json!({"challenge": "guess"})) }).await;
    assert!(slack.events_to(&server.url()).await.is_err());
}

#[tokio::test]
async fn over_http_a_command_is_a_form_and_answered_in_the_response() {
    let (slack, alice) = workspace().await;
    let (bot, heard) = web_bot(Vec::new()).await;
    slack.events_to(&format!("{}/events", bot.url())).await.unwrap();
    slack.commands_to(&format!("{}/command", bot.url()));
    alice.runs_in("C1", "/switchboard", "help me & you");
    assert_eq!(slack.wait_for_message("C1", |_| true).await.unwrap().text, "over http");
    let (headers, body) = heard.lock().unwrap()[0].clone();
    assert_eq!(header(&headers, "content-type").as_deref(), Some("application/x-www-form-urlencoded"));
    assert!(body.contains("text=help+me+%26+you"));
}

#[test]
fn the_signature_is_that_of_slacks_example() {
    // docs.slack.dev/authentication/verifying-requests-from-slack
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    assert_eq!(signature("8f742231b10e8888abcd99yyyzzz85a5", 1_531_420_618, body), expected);
}
