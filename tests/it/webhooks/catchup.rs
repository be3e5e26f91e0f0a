//! What was said while nobody listened, where the platforms send requests: what Slack gave
//! up is looked for, and of what Telegram kept for too long there is one notice.

use std::time::Duration;

use crate::support::models::Models;
use crate::webhooks::House;

fn hears(models: &Models) {
    models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
}

#[tokio::test]
async fn what_telegram_kept_for_too_long_gets_one_notice() {
    let mut house = House::new().await;
    house.setup = house.setup.clone().env("SWITCHBOARD__CATCHUP__MAX_AGE_MINUTES", "0");
    hears(&house.models);
    let bot = house.serve().await;
    let alice = house.telegram.user(1001, "Alice");
    // Nothing waited, so nobody has missed anything.
    alice.says("you are there");
    house.telegram_says(1001, "Heard you are there").await;
    house.telegram.wait_until_confirmed().await.unwrap();
    bot.stop().await;

    for number in 0..3 {
        alice.says(&format!("number {number}"));
    }
    house.telegram.wait_for_failed_delivery().await.unwrap();
    let bot = house.serve().await;
    house.telegram.time_passes(Duration::from_secs(70));
    house.telegram.wait_until_confirmed().await.unwrap();
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    let said = house.said_on_telegram(1001);
    let [heard, notice] = &said[..] else { panic!("{said:#?}") };
    assert_eq!(heard, "Heard you are there");
    assert!(notice.starts_with("I was away and missed messages here"), "{notice}");
    house.ends_well(bot).await;
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
