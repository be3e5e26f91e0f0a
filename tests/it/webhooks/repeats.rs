//! Platforms say things more than once: one answer all the same.

use std::time::Duration;

use super::House;
use crate::support::slack::Fault;

/// How often a platform says the same at once.
const TIMES: usize = 50;

#[tokio::test]
async fn the_same_update_fifty_times_in_parallel_and_after_a_restart_is_answered_once() {
    let house = House::new().await;
    house.models.answers_with(|asked| format!("heard {}", asked.last_user_text()));
    let alice = house.telegram.user(1001, "Alice");
    let bot = house.serve().await;
    // The first delivery and all its copies come together, with the answer not given yet.
    alice.says("one");
    assert_eq!(house.telegram.sends_again(TIMES).await, vec![Ok(()); TIMES]);
    house.telegram_says(1001, "heard one").await;
    house.telegram.wait_until_confirmed().await.unwrap();
    bot.stop().await;

    let bot = house.serve().await;
    assert_eq!(house.telegram.sends_again(TIMES).await, vec![Ok(()); TIMES]);
    alice.says("two");
    house.telegram_says(1001, "heard two").await;
    assert_eq!(house.said_on_telegram(1001), ["heard one", "heard two"]);
    assert_eq!(house.models.count(), 2);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn the_same_event_fifty_times_in_parallel_and_after_a_restart_is_answered_once() {
    let house = House::new().await;
    house.models.answers_with(|asked| format!("heard {}", asked.last_user_text()));
    let carol = house.slack.user("U1", "carol");
    let bot = house.serve().await;
    // The first delivery and all its copies come together, with the answer not given yet.
    carol.dm("one");
    let copies = house.slack.sends_again(TIMES).await;
    assert_eq!(copies, vec![Some(200); TIMES]);
    house.slack_says(&carol.dm_channel(), "heard one").await;
    // Slack tells us of our own post as well, and would come again a minute later.
    assert!(house.slack.wait_until_delivered().await);
    bot.stop().await;

    let bot = house.serve().await;
    assert_eq!(house.slack.sends_again(TIMES).await, vec![Some(200); TIMES]);
    carol.dm("two");
    house.slack_says(&carol.dm_channel(), "heard two").await;
    assert_eq!(house.said_on_slack(&carol.dm_channel()), ["heard one", "heard two"]);
    assert_eq!(house.models.count(), 2);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn a_retry_that_is_the_first_delivery_we_see_is_answered() {
    let house = House::new().await;
    house.models.answers_with(|asked| format!("heard {}", asked.last_user_text()));
    let carol = house.slack.user("U1", "carol");
    let bot = house.serve().await;
    // The first try and the one at once after it never reach us.
    house.slack.fault("delivery", 2, Fault::CutBefore);
    carol.dm("can you hear me?");
    house.slack.wait_until_failed("connection_failed", 2).await;
    house.slack.advance(Duration::from_secs(60));
    house.slack_says(&carol.dm_channel(), "heard can you hear me?").await;
    assert_eq!(house.said_on_slack(&carol.dm_channel()).len(), 1);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn a_retry_after_five_and_a_half_minutes_is_recognized() {
    let house = House::new().await;
    house.models.answers_with(|asked| format!("heard {}", asked.last_user_text()));
    let carol = house.slack.user("U1", "carol");
    let bot = house.serve().await;
    // We keep it each time, and Slack never learns of it but the last time.
    house.slack.fault("delivery", 3, Fault::CutAfter);
    carol.dm("once");
    house.slack.wait_until_failed("http_error", 2).await;
    house.slack_says(&carol.dm_channel(), "heard once").await;
    house.slack.advance(Duration::from_secs(60));
    house.slack.wait_until_failed("http_error", 3).await;
    house.slack.advance(Duration::from_secs(300));
    assert!(house.slack.wait_until_delivered().await);
    carol.dm("twice");
    house.slack_says(&carol.dm_channel(), "heard twice").await;
    assert_eq!(house.said_on_slack(&carol.dm_channel()), ["heard once", "heard twice"]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn while_the_database_is_away_nothing_is_acknowledged_and_afterwards_nothing_is_missing() {
    let house = House::new().await;
    house.models.answers_with(|asked| format!("heard {}", asked.last_user_text()));
    let (alice, carol) = (house.telegram.user(1001, "Alice"), house.slack.user("U1", "carol"));
    house.slack.retry_after([Duration::ZERO, Duration::from_secs(60), Duration::from_secs(300)]);
    let bot = house.serve().await;
    let beside = house.setup.beside().await;
    beside.shuts_writers_out().await;
    carol.dm("on slack");
    alice.says("on telegram");
    house.slack.wait_until_failed("http_error", 1).await;
    let why = house.telegram.wait_for_failed_delivery().await.unwrap();
    assert_eq!(why, "Wrong response from the webhook: 503 Service Unavailable");
    assert_eq!(house.models.count(), 0);
    beside.run("COMMIT").await;

    house.slack.advance(Duration::from_secs(60));
    house.telegram_says(1001, "heard on telegram").await;
    house.slack.advance(Duration::from_secs(300));
    house.slack_says(&carol.dm_channel(), "heard on slack").await;
    assert_eq!(house.said_on_telegram(1001).len(), 1);
    assert_eq!(house.said_on_slack(&carol.dm_channel()).len(), 1);
    beside.close().await;
    house.ends_well(bot).await;
}
