//! What the bot is told by webhook.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde_json::{Value, json};

use super::server::{Call, Reply, Server};
use super::{quick, texts};

/// The secrets and updates that came.
type Received = Arc<Mutex<Vec<(Option<String>, Value)>>>;

/// A bot behind a webhook: what it was sent, and what it answers.
struct Hook {
    server: Server,
    received: Received,
}

impl Hook {
    /// Answers with these statuses in turn, then with 200.
    async fn answering(statuses: Vec<u16>) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let statuses = Arc::new(Mutex::new(statuses));
        let log = Arc::clone(&received);
        let server = Server::start(move |call: Call| {
            let secret = call.header("x-telegram-bot-api-secret-token").map(str::to_owned);
            log.lock().unwrap().push((secret, serde_json::from_slice(&call.body).unwrap_or_default()));
            let mut statuses = statuses.lock().unwrap();
            let status = if statuses.is_empty() { 200 } else { statuses.remove(0) };
            async move { Reply::text(StatusCode::from_u16(status).unwrap(), "text/plain", "") }
        })
        .await;
        Self { server, received }
    }

    fn url(&self) -> String {
        format!("{}/hook", self.server.url())
    }

    fn texts(&self) -> Vec<String> {
        let received = self.received.lock().unwrap();
        received
            .iter()
            .filter_map(|(_, update)| Some(update["message"]["text"].as_str()?.to_owned()))
            .collect()
    }
}

#[tokio::test]
async fn a_webhook_gets_updates_in_order_with_its_secret() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    alice.says("dropped");
    let hook = Hook::answering(vec![500]).await;
    let params = json!({
        "url": hook.url(), "secret_token": "s3cret_-", "drop_pending_updates": true, "max_connections": 5,
    });
    bot.ok("setWebhook", params).await;
    alice.says("one");
    alice.says("two");
    telegram.wait_until_confirmed().await.unwrap();
    assert_eq!(hook.texts(), ["one", "one", "two"], "tried again before the next one");
    assert!(hook.received.lock().unwrap().iter().all(|(secret, _)| secret.as_deref() == Some("s3cret_-")));
    let info = bot.ok("getWebhookInfo", json!({})).await;
    assert_eq!(info["url"], hook.url());
    assert_eq!(info["last_error_message"], "Wrong response from the webhook: 500 Internal Server Error");
    let conflict = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
    bot.refused("getUpdates", json!({}), 409, conflict).await;
    bot.ok("deleteWebhook", json!({})).await;
    assert_eq!(bot.ok("getWebhookInfo", json!({})).await["url"], "");
    alice.says("by poll");
    assert_eq!(texts(&bot.updates(0, 0).await), ["by poll"]);
}

#[tokio::test]
async fn a_failing_webhook_holds_back_only_its_own_chat() {
    let (telegram, bot) = quick().await;
    let (alice, bob) = (telegram.user(7, "Alice"), telegram.user(8, "Bob"));
    let hook = Hook::answering(vec![503, 503]).await;
    bot.ok("setWebhook", json!({ "url": hook.url(), "max_connections": 1 })).await;
    let start = Instant::now();
    alice.says("from alice");
    while hook.texts().len() < 2 {
        tokio::task::yield_now().await;
    }
    bob.says("from bob");
    telegram.wait_until_confirmed().await.unwrap();
    assert_eq!(hook.texts(), ["from alice", "from alice", "from bob", "from alice"]);
    assert!(start.elapsed() >= Duration::from_secs(2), "the second retry comes after two seconds");
}

#[tokio::test]
async fn a_webhook_is_left_alone_for_as_long_as_it_asks() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let log = Arc::clone(&times);
    let server = Server::start(move |_| {
        let mut times = log.lock().unwrap();
        times.push(Instant::now());
        let is_first = times.len() == 1;
        async move {
            let (status, after) = if is_first { (503, "1") } else { (200, "0") };
            let status = StatusCode::from_u16(status).unwrap();
            Reply::with_headers(status, &[("Retry-After", after.to_owned())], &json!({}))
        }
    })
    .await;
    bot.ok("setWebhook", json!({ "url": server.url() })).await;
    alice.says("hello");
    telegram.wait_until_confirmed().await.unwrap();
    let times = times.lock().unwrap().clone();
    assert!(times.len() == 2 && times[1] - times[0] >= Duration::from_secs(1), "{times:?}");
    assert_eq!(telegram.sends_again(3).await, vec![Ok(()); 3]);
}

#[tokio::test]
async fn setting_a_webhook_ends_a_long_poll() {
    let (telegram, bot) = quick().await;
    let poller = bot.clone();
    let poll = tokio::spawn(async move { poller.call("getUpdates", json!({ "timeout": 50 })).await });
    telegram.wait_for_poll().await.unwrap();
    let hook = Hook::answering(vec![]).await;
    bot.ok("setWebhook", json!({ "url": hook.url() })).await;
    let (status, body) = poll.await.unwrap();
    assert_eq!((status, &body["description"]), (409, &json!("Conflict: terminated by setWebhook request")));
}

#[tokio::test]
async fn webhook_addresses_and_secrets_are_checked() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let bad = |why: &str| format!("Bad Request: bad webhook: {why}");
    let set = |url: &str| json!({ "url": url });
    let plain = bad("An HTTPS URL must be provided for webhook");
    bot.refused("setWebhook", set("http://example.com/x"), 400, &plain).await;
    let port = bad("Webhook can be set up only on ports 80, 88, 443 or 8443");
    bot.refused("setWebhook", set("https://example.com:1234/x"), 400, &port).await;
    let host = bad("Failed to resolve host: Name or service not known");
    bot.refused("setWebhook", set("https://bot.example.com/x"), 400, &host).await;
    let secret = "Bad Request: secret token contains unallowed characters";
    bot.refused("setWebhook", json!({ "url": "https://a.example/", "secret_token": "ä" }), 400, secret).await;

    let hook = Hook::answering(vec![]).await;
    let gate: SocketAddr = hook.server.address();
    telegram.webhook_gate(gate);
    bot.ok("setWebhook", set("https://bot.example.com/x")).await;
    alice.says("through the gate");
    telegram.wait_until_confirmed().await.unwrap();
    assert_eq!(hook.texts(), ["through the gate"]);
    assert_eq!(telegram.take_problems().len(), 1);
}

#[tokio::test]
async fn a_webhook_may_answer_with_a_call() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let server = Server::start(|_| async {
        Reply::json(StatusCode::OK, &json!({ "method": "sendMessage", "chat_id": 7, "text": "at once" }))
    })
    .await;
    bot.ok("setWebhook", json!({ "url": server.url() })).await;
    alice.says("hello");
    assert_eq!(telegram.next_message(&alice).await.unwrap().text, "at once");
}

#[tokio::test]
async fn a_webhook_gets_nothing_older_than_a_day() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    alice.says("yesterday");
    telegram.time_passes(Duration::from_secs(24 * 3600 + 1));
    alice.says("today");
    let hook = Hook::answering(vec![]).await;
    bot.ok("setWebhook", json!({ "url": hook.url() })).await;
    telegram.wait_until_confirmed().await.unwrap();
    assert_eq!(hook.texts(), ["today"]);
}
