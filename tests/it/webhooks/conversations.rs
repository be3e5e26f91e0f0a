//! Whole conversations, with nothing polled and no socket opened.

use serde_json::Value;
use switchboard::model::install_crypto;

use super::House;
use crate::support::models::{Answer, Gate};

#[tokio::test]
async fn answers_stream_on_both_platforms() {
    let house = House::new().await;
    let (alice, carol) = (house.telegram.user(1001, "Alice"), house.slack.user("U1", "carol"));
    let bot = house.serve().await;

    for platform in ["telegram", "slack"] {
        let gate = Gate::closed_after(1);
        house.models.will(Answer::deltas(["Once upon a time", " there was", " a gate."]).behind(&gate));
        if platform == "telegram" {
            alice.says("Tell me a story.");
            house.telegram_says(1001, "Once upon a time").await;
            gate.release();
            house.telegram_says(1001, "Once upon a time there was a gate.").await;
        } else {
            carol.dm("Tell me a story.");
            house.slack_says(&carol.dm_channel(), "Once upon a time").await;
            gate.release();
            house.slack_says(&carol.dm_channel(), "Once upon a time there was a gate.").await;
        }
    }
    house.models.will_say("Yes, Alice.");
    alice.says("Do you remember me?");
    house.telegram_says(1001, "Yes, Alice.").await;

    assert_eq!(house.said_on_telegram(1001), ["Once upon a time there was a gate.", "Yes, Alice."]);
    assert_eq!(house.said_on_slack(&carol.dm_channel()), ["Once upon a time there was a gate."]);
    let asked = house.models.request(3).await;
    assert_eq!(asked.messages.len(), 4, "the conversation went on: {:?}", asked.messages);
    assert_eq!(house.telegram.count_calls("getUpdates"), 0);
    assert_eq!(house.slack.open_sockets(), 0);
    assert!(!house.slack.calls().iter().any(|call| call.method == "apps.connections.open"));
    house.ends_well(bot).await;
}

#[tokio::test]
async fn mentions_commands_and_threads_work_on_slack() {
    let house = House::new().await;
    house.models.answers_with(|_| "Certainly.");
    let carol = house.slack.user("U1", "carol");
    let general = house.slack.channel("C1", "general", &[&carol]);
    let bot = house.serve().await;

    carol.says_in(&general, &format!("<@{}> are you there?", house.slack.bot_user()));
    house.slack_says(&general, "Certainly.").await;
    carol.runs_in(&general, "/switchboard", "whoami");
    let is_it = |shown: &crate::support::slack::Shown| {
        shown.only_for.as_deref() == Some("U1") && shown.text.contains("You are carol")
    };
    house.slack.wait_for_message(&general, is_it).await.unwrap_or_else(|error| panic!("{error}"));
    let lasting: Vec<_> = house
        .slack
        .screen(&general)
        .into_iter()
        .filter(|shown| shown.by_bot && shown.only_for.is_none())
        .collect();
    assert_eq!(lasting.len(), 1, "{lasting:#?}");
    assert!(lasting[0].thread.is_some());
    house.ends_well(bot).await;
}

#[tokio::test]
async fn what_waits_is_kept_when_polling_becomes_a_webhook_and_back() {
    let house = House::new().await;
    house.models.answers_with(|asked| format!("heard {}", asked.last_user_text()));
    let alice = house.telegram.user(1001, "Alice");
    let polling = house.setup.clone().env("SWITCHBOARD__CHANNELS__TELEGRAM__MODE", "poll");
    let bot = polling.serve();
    house.telegram.wait_for_poll().await.unwrap();
    alice.says("one");
    house.telegram_says(1001, "heard one").await;
    bot.stop().await;

    alice.says("two");
    let bot = house.serve().await;
    house.telegram_says(1001, "heard two").await;
    house.telegram.wait_until_confirmed().await.unwrap();
    bot.stop().await;

    alice.says("three");
    house.telegram.wait_for_failed_delivery().await.unwrap();
    let bot = polling.serve();
    house.telegram_says(1001, "heard three").await;
    house.telegram.wait_for_poll().await.unwrap();
    assert_eq!(house.said_on_telegram(1001), ["heard one", "heard two", "heard three"]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn a_daemon_that_is_ready_says_so_of_its_webhooks() {
    let house = House::new().await;
    let bot = house.serve().await;
    let admin = bot.admin_url().await;
    install_crypto();
    let page = reqwest::get(format!("{admin}/readyz")).await.unwrap();
    assert_eq!(page.status(), 200);
    let told: Value = page.json().await.unwrap();
    assert_eq!((&told["channels"]["telegram"], &told["channels"]["slack"]), (&"up".into(), &"up".into()));
    // Health is not on the public address, nor webhooks on the other.
    for page in ["livez", "readyz", "metrics"] {
        assert_eq!(reqwest::get(format!("http://{}/{page}", house.address)).await.unwrap().status(), 404);
    }
    let client = reqwest::Client::new();
    assert_eq!(client.post(format!("{admin}/webhooks/telegram")).send().await.unwrap().status(), 404);
    house.ends_well(bot).await;
}
