//! What was said while nobody listened, where the platforms send requests: what Slack gave
//! up is looked for, and of what Telegram kept for too long there is one notice.

use std::time::Duration;

use crate::support::models::Models;
use crate::webhooks::PublicStage;

fn hears(models: &Models) {
    models.answers_with(|asked| format!("Heard {}", asked.last_words()));
}

#[tokio::test]
async fn what_telegram_kept_for_too_long_gets_one_notice() {
    let mut stage = PublicStage::new().await;
    stage.telegram = stage.telegram.set("CATCHUP__MAX_AGE_MINUTES", "0");
    hears(&stage.telegram.models);
    let bot = stage.serve().await;
    let alice = stage.telegram.platform.user(1001, "Alice");
    // Nothing waited, so nobody has missed anything.
    alice.says("you are there");
    stage.telegram.wait_for_text(1001, "Heard you are there").await;
    stage.telegram.platform.wait_until_confirmed().await.unwrap();
    bot.stop().await;

    for number in 0..3 {
        alice.says(&format!("number {number}"));
    }
    stage.telegram.platform.wait_for_failed_delivery().await.unwrap();
    let bot = stage.serve().await;
    stage.telegram.platform.time_passes(Duration::from_secs(70));
    stage.telegram.platform.wait_until_confirmed().await.unwrap();
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    let said = stage.telegram.said(1001);
    let [heard, notice] = &said[..] else { panic!("{said:#?}") };
    assert_eq!(heard, "Heard you are there");
    assert!(notice.starts_with("I was away and missed messages here"), "{notice}");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_slack_gave_up_while_nobody_listened_is_answered_after_the_start() {
    let stage = PublicStage::new().await;
    hears(&stage.telegram.models);
    let bot = stage.serve().await;
    let alice = stage.slack.platform.user("U1", "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    stage.slack.wait_for_text(&chat, "Heard before").await;
    assert!(stage.slack.platform.wait_until_delivered().await);
    bot.stop().await;

    alice.dm("anybody there?");
    for tries in 1..=4 {
        stage.slack.platform.wait_until_failed("connection_failed", tries).await;
        stage.slack.platform.advance(Duration::from_secs(300));
    }
    assert_eq!(stage.slack.platform.lost_events().len(), 1);
    let bot = stage.serve().await;
    stage.slack.wait_for_text(&chat, "Heard anybody there?").await;

    assert_eq!(stage.slack.said(&chat), ["Heard before", "Heard anybody there?"]);
    stage.slack.ends(bot).await;
}
