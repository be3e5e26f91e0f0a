//! Bad days while listening: the network, the platform, other programs.

use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde_json::json;
use switchboard::channels::{Channel, ChannelError};

use super::{Listening, Log};
use crate::support::server::{Reply, Server};
use crate::support::telegram::{Fault, Telegram};

#[tokio::test]
async fn it_comes_back_after_failures_of_any_kind() {
    let faults = [
        Fault::Status(500),
        Fault::Page(502),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::RetryAfter(1),
        Fault::Garbage("[not json".to_owned()),
        Fault::Garbage(r#"{"ok":true,"result":{"no":"list"}}"#.to_owned()),
    ];
    for fault in faults {
        let telegram = Telegram::start().await;
        let alice = telegram.user(7, "Alice");
        alice.says("still there?");
        telegram.fault("getUpdates", 2, fault.clone());
        let began = Instant::now();
        let listening = Listening::to(&telegram);
        assert_eq!(listening.inbox.texts(1).await, ["still there?"], "{fault:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "{fault:?} took {:?}", began.elapsed());
        telegram.wait_until_confirmed().await.unwrap();
        assert!(listening.bot.is_connected());
    }
}

#[tokio::test]
async fn it_finds_out_who_it_is_however_long_that_takes() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    alice.says("hello");
    telegram.fault("getMe", 2, Fault::Status(502));
    let listening = Listening::to(&telegram);
    assert_eq!(listening.inbox.texts(1).await, ["hello"]);
}

#[tokio::test]
async fn another_poller_is_named_once_and_waited_for() {
    let (log, _logging) = Log::begin();
    let telegram = Telegram::start().await;
    telegram.without_rate_limits();
    let alice = telegram.user(7, "Alice");
    let listening = Listening::to(&telegram);
    telegram.wait_for_poll().await.unwrap();
    assert!(listening.bot.is_connected());
    let url = format!("{}/bot{}/getUpdates?timeout=50", telegram.url(), telegram.token());
    for round in 1..=2 {
        // The stranger ends our poll, and after a while we end theirs.
        let stolen = reqwest012::get(&url).await.unwrap();
        assert_eq!(stolen.status(), StatusCode::CONFLICT);
        telegram.wait_for_calls("getUpdates", 3 * round).await.unwrap();
        telegram.wait_for_poll().await.unwrap();
    }

    alice.says("whose are you?");
    assert_eq!(listening.inbox.texts(1).await, ["whose are you?"]);
    assert_eq!(log.text().matches("another program gets this bot's messages").count(), 1);
}

#[tokio::test]
async fn a_webhook_is_removed_and_what_waits_is_kept() {
    let (log, _logging) = Log::begin();
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    let hook = Server::start(async |_| Reply::text(StatusCode::BAD_GATEWAY, "text/plain", "")).await;
    let url = format!("{}/bot{}/setWebhook", telegram.url(), telegram.token());
    let set = reqwest012::Client::new().post(url).json(&json!({ "url": hook.url() })).send().await.unwrap();
    assert!(set.status().is_success());
    alice.says("waiting");

    let listening = Listening::to(&telegram);
    assert_eq!(listening.inbox.texts(1).await, ["waiting"]);
    assert!(log.text().contains("a webhook was set for this bot"), "{}", log.text());
    assert_eq!(telegram.count_calls("deleteWebhook"), 1);
}

#[tokio::test]
async fn a_revoked_token_ends_it_with_the_way_out() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    let listening = Listening::to(&telegram);
    telegram.wait_for_poll().await.unwrap();
    alice.says("last words");
    telegram.rotate_token("123456789:AAanotherTokenOfTheSameBotAltogether");
    let error = listening.task.await.unwrap().unwrap_err();
    assert!(matches!(error, ChannelError::Unauthorized { .. }), "{error}");
    assert!(error.to_string().contains("@BotFather"), "{error}");
}

#[tokio::test]
async fn it_ends_promptly_and_goes_on_where_it_was() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    let listening = Listening::to(&telegram);
    telegram.wait_for_poll().await.unwrap();
    let began = Instant::now();
    listening.stop().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
    telegram.wait_until_nobody_polls().await.unwrap();

    alice.says("while you were away");
    let listening = Listening::to(&telegram);
    assert_eq!(listening.inbox.texts(1).await, ["while you were away"]);
}

#[tokio::test]
async fn it_ends_promptly_while_nothing_works() {
    let telegram = Telegram::start().await;
    telegram.fault("*", 1_000, Fault::Hang);
    let listening = Listening::to(&telegram);
    telegram.wait_for_calls("getMe", 1).await.unwrap();
    assert!(!listening.bot.is_connected());
    let began = Instant::now();
    listening.stop().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
}
