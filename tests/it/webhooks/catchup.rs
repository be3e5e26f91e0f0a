//! What Slack gave up sending is looked for where it sends requests, too.

use std::time::Duration;

use crate::support::models::Models;
use crate::webhooks::House;

fn hears(models: &Models) {
    models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
}

#[tokio::test]
async fn what_slack_gave_up_while_nobody_listened_is_answered_after_the_start() {
    let house = House::new().await;
    hears(&house.models);
    let bot = house.serve().await;
    let alice = house.slack.user("U1", "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    house.slack_says(&chat, "Heard before").await;
    assert!(house.slack.wait_until_delivered().await);
    bot.stop().await;

    alice.dm("anybody there?");
    for tries in 1..=4 {
        house.slack.wait_until_failed("connection_failed", tries).await;
        house.slack.advance(Duration::from_secs(300));
    }
    assert_eq!(house.slack.lost_events().len(), 1);
    let bot = house.serve().await;
    house.slack_says(&chat, "Heard anybody there?").await;

    assert_eq!(house.said_on_slack(&chat), ["Heard before", "Heard anybody there?"]);
    bot.stop().await;
    assert_eq!(house.slack.problems(), Vec::<String>::new());
}
