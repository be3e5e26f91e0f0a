//! Platforms say things more than once: one answer all the same.

use std::time::Duration;

use super::PublicStage;
use crate::support::slack::Fault;

/// How often a platform says the same at once.
const TIMES: usize = 50;

#[tokio::test]
async fn the_same_update_fifty_times_in_parallel_and_after_a_restart_is_answered_once() {
    let stage = PublicStage::new().await;
    stage.telegram.models.answers_with(|asked| format!("heard {}", asked.last_words()));
    let alice = stage.telegram.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    // The first delivery and all its copies come together, with the answer not given yet.
    alice.says("one");
    assert_eq!(stage.telegram.platform.sends_again(TIMES).await, vec![Ok(()); TIMES]);
    stage.telegram.wait_for_text(1001, "heard one").await;
    stage.telegram.platform.wait_until_confirmed().await.unwrap();
    bot.stop().await;

    let bot = stage.serve().await;
    assert_eq!(stage.telegram.platform.sends_again(TIMES).await, vec![Ok(()); TIMES]);
    alice.says("two");
    stage.telegram.wait_for_text(1001, "heard two").await;
    assert_eq!(stage.telegram.said(1001), ["heard one", "heard two"]);
    assert_eq!(stage.telegram.models.count(), 2);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn the_same_event_fifty_times_in_parallel_and_after_a_restart_is_answered_once() {
    let stage = PublicStage::new().await;
    stage.telegram.models.answers_with(|asked| format!("heard {}", asked.last_words()));
    let carol = stage.slack.platform.user("U1", "carol");
    let bot = stage.serve().await;
    // The first delivery and all its copies come together, with the answer not given yet.
    carol.dm("one");
    let copies = stage.slack.platform.sends_again(TIMES).await;
    assert_eq!(copies, vec![Some(200); TIMES]);
    stage.slack.wait_for_text(&carol.dm_channel(), "heard one").await;
    // Slack tells us of our own post as well, and would come again a minute later.
    assert!(stage.slack.platform.wait_until_delivered().await);
    bot.stop().await;

    let bot = stage.serve().await;
    assert_eq!(stage.slack.platform.sends_again(TIMES).await, vec![Some(200); TIMES]);
    carol.dm("two");
    stage.slack.wait_for_text(&carol.dm_channel(), "heard two").await;
    assert_eq!(stage.slack.said(&carol.dm_channel()), ["heard one", "heard two"]);
    assert_eq!(stage.telegram.models.count(), 2);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_retry_that_is_the_first_delivery_we_see_is_answered() {
    let stage = PublicStage::new().await;
    stage.telegram.models.answers_with(|asked| format!("heard {}", asked.last_words()));
    let carol = stage.slack.platform.user("U1", "carol");
    let bot = stage.serve().await;
    // The first try and the one at once after it never reach us.
    stage.slack.platform.fault("delivery", 2, Fault::CutBefore);
    carol.dm("can you hear me?");
    stage.slack.platform.wait_until_failed("connection_failed", 2).await;
    stage.slack.platform.advance(Duration::from_secs(60));
    stage.slack.wait_for_text(&carol.dm_channel(), "heard can you hear me?").await;
    assert_eq!(stage.slack.said(&carol.dm_channel()).len(), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_retry_after_five_and_a_half_minutes_is_recognized() {
    let stage = PublicStage::new().await;
    stage.telegram.models.answers_with(|asked| format!("heard {}", asked.last_words()));
    let carol = stage.slack.platform.user("U1", "carol");
    let bot = stage.serve().await;
    // We keep it each time, and Slack never learns of it but the last time.
    stage.slack.platform.fault("delivery", 3, Fault::CutAfter);
    carol.dm("once");
    stage.slack.platform.wait_until_failed("http_error", 2).await;
    stage.slack.wait_for_text(&carol.dm_channel(), "heard once").await;
    stage.slack.platform.advance(Duration::from_secs(60));
    stage.slack.platform.wait_until_failed("http_error", 3).await;
    stage.slack.platform.advance(Duration::from_secs(300));
    assert!(stage.slack.platform.wait_until_delivered().await);
    carol.dm("twice");
    stage.slack.wait_for_text(&carol.dm_channel(), "heard twice").await;
    assert_eq!(stage.slack.said(&carol.dm_channel()), ["heard once", "heard twice"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn while_the_database_is_away_nothing_is_acknowledged_and_afterwards_nothing_is_missing() {
    let stage = PublicStage::new().await;
    stage.telegram.models.answers_with(|asked| format!("heard {}", asked.last_words()));
    let (alice, carol) =
        (stage.telegram.platform.user(1001, "Alice"), stage.slack.platform.user("U1", "carol"));
    stage.slack.platform.retry_after([Duration::ZERO, Duration::from_secs(60), Duration::from_secs(300)]);
    let bot = stage.serve().await;
    let beside = stage.telegram.beside().await;
    beside.shuts_writers_out().await;
    carol.dm("on slack");
    alice.says("on telegram");
    stage.slack.platform.wait_until_failed("http_error", 1).await;
    let why = stage.telegram.platform.wait_for_failed_delivery().await.unwrap();
    assert_eq!(why, "Wrong response from the webhook: 503 Service Unavailable");
    assert_eq!(stage.telegram.models.count(), 0);
    beside.run("COMMIT").await;

    stage.slack.platform.advance(Duration::from_secs(60));
    stage.telegram.wait_for_text(1001, "heard on telegram").await;
    stage.slack.platform.advance(Duration::from_secs(300));
    stage.slack.wait_for_text(&carol.dm_channel(), "heard on slack").await;
    assert_eq!(stage.telegram.said(1001).len(), 1);
    assert_eq!(stage.slack.said(&carol.dm_channel()).len(), 1);
    beside.close().await;
    stage.ends_well(bot).await;
}
