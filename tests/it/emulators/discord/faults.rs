//! Scripted faults of REST routes.

use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{ask, post, send};
use super::emulator::{Discord, Fault, Scope};

const POST: &str = "POST /channels/{id}/messages";

#[tokio::test]
async fn faults_happen_in_their_order_and_then_no_more() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();
    discord.fault(POST, 2, Fault::Status(500));
    let retry_after = Duration::from_millis(1500);
    discord.fault(POST, 1, Fault::RateLimited { retry_after, scope: Scope::Shared });
    discord.fault(POST, 1, Fault::Error { status: 403, code: 50007, message: "no" });

    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(post(&discord, dm, json!({ "content": "a" })).await.status);
    }

    assert_eq!(statuses, [500, 500, 429, 403, 200]);
    let logged: Vec<_> = discord.calls().into_iter().map(|call| (call.method, call.status)).collect();
    assert_eq!(logged[2], (POST.to_owned(), Some(429)));
    assert_eq!(discord.invalid_requests(), 1, "shared limits do not count");
    assert_eq!(discord.screen(dm).len(), 1);
}

#[tokio::test]
async fn a_cut_before_has_no_effect_and_a_cut_after_has() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();
    let path = format!("/channels/{dm}/messages");

    discord.fault(POST, 1, Fault::CutBefore);
    assert!(send(&discord, "POST", &path, Some(json!({ "content": "lost" }))).await.is_err());
    discord.fault(POST, 1, Fault::CutAfter);
    assert!(send(&discord, "POST", &path, Some(json!({ "content": "kept" }))).await.is_err());

    let texts: Vec<String> = discord.screen(dm).into_iter().map(|shown| shown.text).collect();
    assert_eq!(texts, ["kept"]);
    assert!(discord.calls().iter().all(|call| call.status.is_none()));
}

#[tokio::test]
async fn silence_and_delay_take_their_time() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();
    let path = format!("/channels/{dm}/messages");
    discord.fault(POST, 1, Fault::HangAfter);
    discord.fault(POST, 1, Fault::Delay(Duration::from_millis(50)));

    let hanging = send(&discord, "POST", &path, Some(json!({ "content": "a" })));
    assert!(tokio::time::timeout(Duration::from_millis(100), hanging).await.is_err());
    assert_eq!(discord.screen(dm).len(), 1);
    let before = Instant::now();
    assert_eq!(post(&discord, dm, json!({ "content": "b" })).await.status, 200);
    assert!(before.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn tests_see_that_the_gateway_was_not_found() {
    let discord = Discord::start().await;
    discord.fault("GET /gateway", 1, Fault::Status(503));

    assert_eq!(ask(&discord, "GET", "/gateway", None).await.status, 503);

    assert_eq!(discord.calls()[0].status, Some(503));
    assert!(discord.gateway_log().is_empty());
    assert_eq!(ask(&discord, "GET", "/gateway", None).await.body["url"], discord.gateway_url());
}
