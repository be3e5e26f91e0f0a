//! What the platform or the network says instead of yes, in our words.

use std::time::{Duration, Instant};

use switchboard::channels::{Channel, ChannelError, LimitScope};
use switchboard::domain::PostedId;
use switchboard::telemetry::chain;

use super::outgoing::key;
use super::{Log, bot_on, bot_with, part, reply_to};
use crate::support::telegram::{Fault, Telegram};

/// Posts under a fault and names the kind of error.
async fn kind_of(fault: Fault) -> &'static str {
    let telegram = Telegram::start().await;
    telegram.user(7, "Alice");
    telegram.fault("sendMessage", 1, fault);
    kind(&bot_on(&telegram).post(&reply_to(7, None), &part("hi"), &key()).await.unwrap_err())
}

fn kind(error: &ChannelError) -> &'static str {
    match error {
        ChannelError::RateLimited { .. } => "rate limited",
        ChannelError::Unreachable { .. } => "unreachable",
        ChannelError::Unknown { .. } => "unknown",
        ChannelError::Gone { .. } => "gone",
        ChannelError::Rejected { .. } => "rejected",
        ChannelError::Unauthorized { .. } => "unauthorized",
        ChannelError::Setup { .. } => "setup",
    }
}

#[tokio::test]
async fn every_failure_of_a_post_has_its_name() {
    let refuse = |code, words: &str| Fault::Refuse(code, words.to_owned());
    let table = [
        (Fault::RetryAfter(7), "rate limited"),
        (Fault::Status(500), "unknown"),
        (Fault::StatusAfter(502), "unknown"),
        (Fault::Page(502), "unknown"),
        (Fault::PageAfter(503), "unknown"),
        (Fault::Page(408), "unknown"),
        (Fault::Page(403), "unreachable"),
        (Fault::Page(504), "unknown"),
        (Fault::CutBefore, "unknown"),
        (Fault::CutAfter, "unknown"),
        (Fault::Garbage("<html>".to_owned()), "unknown"),
        (Fault::Garbage(r#"{"ok":true}"#.to_owned()), "unknown"),
        (refuse(403, "Forbidden: bot was kicked from the group chat"), "gone"),
        (refuse(400, "Bad Request: chat not found"), "gone"),
        (refuse(400, "Bad Request: message is too long"), "rejected"),
        (Fault::Status(401), "unauthorized"),
    ];
    for (fault, expected) in table {
        let began = Instant::now();
        assert_eq!(kind_of(fault.clone()).await, expected, "{fault:?}");
        assert!(began.elapsed() < Duration::from_secs(3), "{fault:?} took {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_rate_limit_tells_how_long_and_where() {
    let telegram = Telegram::start().await;
    telegram.user(7, "Alice");
    telegram.hold_back(7, Duration::from_secs(30));
    let error = bot_on(&telegram).post(&reply_to(7, None), &part("hi"), &key()).await.unwrap_err();
    let ChannelError::RateLimited { scope, retry_after, .. } = error else { panic!("{error}") };
    assert_eq!(scope, LimitScope::Chat);
    assert!(retry_after > Duration::from_secs(25), "{retry_after:?}");
}

#[tokio::test]
async fn whoever_shuts_us_out_is_gone() {
    let telegram = Telegram::start().await;
    let (alice, group) = (telegram.user(7, "Alice"), telegram.group(-1001, "Team"));
    let bot = bot_on(&telegram);
    let posted = bot.post(&reply_to(7, None), &part("hi"), &key()).await.unwrap();
    let shown = telegram.next_message(&alice).await.unwrap();
    alice.deletes(&shown);
    let edited = bot.edit(&reply_to(7, None), &posted, &part("ho")).await.unwrap_err();
    assert_eq!(kind(&edited), "gone", "{edited}");
    let never = PostedId("9999".to_owned());
    assert_eq!(kind(&bot.edit(&reply_to(7, None), &never, &part("ho")).await.unwrap_err()), "gone");

    alice.blocks_bot();
    assert_eq!(kind(&bot.post(&reply_to(7, None), &part("hi"), &key()).await.unwrap_err()), "gone");
    let to_group = reply_to(group.id(), None);
    alice.mutes_bot(&group);
    assert_eq!(kind(&bot.post(&to_group, &part("hi"), &key()).await.unwrap_err()), "gone");
    alice.kicks_bot(&group);
    assert_eq!(kind(&bot.typing().unwrap().show_typing(&to_group).await.unwrap_err()), "gone");
}

#[tokio::test]
async fn a_platform_that_is_not_there_has_done_nothing() {
    let telegram = Telegram::start().await;
    let bot = bot_on(&telegram);
    drop(telegram);
    let error = bot.post(&reply_to(7, None), &part("hi"), &key()).await.unwrap_err();
    assert_eq!(kind(&error), "unreachable", "{error}");
}

#[tokio::test]
async fn silence_after_a_post_is_not_waited_for_forever() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    telegram.fault("sendMessage", 1, Fault::HangAfter);
    let bot = bot_on(&telegram);
    let began = Instant::now();
    let error = bot.post(&reply_to(7, None), &part("hi"), &key()).await.unwrap_err();
    assert_eq!(kind(&error), "unknown", "{error}");
    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(telegram.next_message(&alice).await.unwrap().text, "hi");
}

#[tokio::test]
async fn no_secret_is_in_any_error_or_log() {
    let (log, _logging) = Log::begin();
    let telegram = Telegram::start().await;
    telegram.user(7, "Alice");
    let (bot, token) = (bot_on(&telegram), telegram.token());
    let faults = [
        Fault::Refuse(400, format!("Bad Request: no such path /bot{token}/sendMessage")),
        Fault::Refuse(401, format!("Unauthorized: {token}")),
        Fault::Garbage(format!("/bot{token}/")),
        Fault::Status(500),
        Fault::Page(502),
        Fault::CutBefore,
    ];
    let count = faults.len();
    for fault in faults {
        telegram.fault("*", 1, fault);
        let error = bot.post(&reply_to(7, None), &part("hi"), &key()).await.unwrap_err();
        tracing::warn!(error = %chain(&error), "{error:?}");
    }
    drop(telegram);
    let error = bot.check().await.unwrap_err();
    tracing::warn!(error = %chain(&error), "{error:?}");
    for base in ["nonsense", "ftp://example.com", "mailto:a@b"] {
        let error = bot_with(&token, base).err().unwrap();
        tracing::warn!(error = %chain(&error), "{error:?}");
    }

    let secret = token.split_once(':').unwrap().1;
    let log = log.text();
    assert!(log.matches("WARN").count() >= count + 4, "{log}");
    assert!(!log.contains(secret), "{log}");
}
