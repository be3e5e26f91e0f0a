//! What Slack gave up sending is looked for where it sends requests, too.

use std::time::Duration;

use crate::support::models::Models;
use crate::webhooks::PublicStage;

fn hears(models: &Models) {
    models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
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
