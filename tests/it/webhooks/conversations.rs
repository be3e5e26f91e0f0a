//! Whole conversations, with nothing polled and no socket opened.

use serde_json::Value;
use switchboard::model::install_crypto;

use super::PublicStage;
use crate::support::models::{Answer, Gate};

#[tokio::test]
async fn answers_stream_on_both_platforms() {
    let stage = PublicStage::new().await;
    let (alice, carol) =
        (stage.telegram.platform.user(1001, "Alice"), stage.slack.platform.user("U1", "carol"));
    let bot = stage.serve().await;

    for platform in ["telegram", "slack"] {
        let gate = Gate::closed_after(1);
        stage
            .telegram
            .models
            .will(Answer::deltas(["Once upon a time", " there was", " a gate."]).behind(&gate));
        if platform == "telegram" {
            alice.says("Tell me a story.");
            stage.telegram.wait_for_text(1001, "Once upon a time").await;
            gate.release();
            stage.telegram.wait_for_text(1001, "Once upon a time there was a gate.").await;
        } else {
            carol.dm("Tell me a story.");
            stage.slack.wait_for_text(&carol.dm_channel(), "Once upon a time").await;
            gate.release();
            stage.slack.wait_for_text(&carol.dm_channel(), "Once upon a time there was a gate.").await;
        }
    }
    stage.telegram.models.will_say("Yes, Alice.");
    alice.says("Do you remember me?");
    stage.telegram.wait_for_text(1001, "Yes, Alice.").await;

    assert_eq!(stage.telegram.said(1001), ["Once upon a time there was a gate.", "Yes, Alice."]);
    assert_eq!(stage.slack.said(&carol.dm_channel()), ["Once upon a time there was a gate."]);
    let asked = stage.telegram.models.request(3).await;
    assert_eq!(asked.messages.len(), 4, "the conversation went on: {:?}", asked.messages);
    assert_eq!(stage.telegram.platform.count_calls("getUpdates"), 0);
    assert_eq!(stage.slack.platform.open_sockets(), 0);
    assert!(!stage.slack.platform.calls().iter().any(|call| call.method == "apps.connections.open"));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn mentions_commands_and_threads_work_on_slack() {
    let stage = PublicStage::new().await;
    stage.telegram.models.answers_with(|_| "Certainly.");
    let carol = stage.slack.platform.user("U1", "carol");
    let general = stage.slack.platform.channel("C1", "general", &[&carol]);
    let bot = stage.serve().await;

    carol.says_in(&general, &format!("<@{}> are you there?", stage.slack.platform.bot_user()));
    stage.slack.wait_for_text(&general, "Certainly.").await;
    carol.runs_in(&general, "/switchboard", "whoami");
    let is_it = |shown: &crate::support::slack::Shown| {
        shown.only_for.as_deref() == Some("U1") && shown.text.contains("You are carol")
    };
    stage.slack.platform.wait_for_message(&general, is_it).await.unwrap_or_else(|error| panic!("{error}"));
    let lasting: Vec<_> = stage
        .slack
        .platform
        .screen(&general)
        .into_iter()
        .filter(|shown| shown.by_bot && shown.only_for.is_none())
        .collect();
    assert_eq!(lasting.len(), 1, "{lasting:#?}");
    assert!(lasting[0].thread.is_some());
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_waits_is_kept_when_polling_becomes_a_webhook_and_back() {
    let stage = PublicStage::new().await;
    stage.telegram.models.answers_with(|asked| format!("heard {}", asked.last_words()));
    let alice = stage.telegram.platform.user(1001, "Alice");
    let polling = stage.telegram.setup.clone().env("SWITCHBOARD__CHANNELS__TELEGRAM__MODE", "poll");
    let bot = polling.serve();
    stage.telegram.platform.wait_for_poll().await.unwrap();
    alice.says("one");
    stage.telegram.wait_for_text(1001, "heard one").await;
    bot.stop().await;

    alice.says("two");
    let bot = stage.serve().await;
    stage.telegram.wait_for_text(1001, "heard two").await;
    stage.telegram.platform.wait_until_confirmed().await.unwrap();
    bot.stop().await;

    alice.says("three");
    stage.telegram.platform.wait_for_failed_delivery().await.unwrap();
    let bot = polling.serve();
    stage.telegram.wait_for_text(1001, "heard three").await;
    stage.telegram.platform.wait_for_poll().await.unwrap();
    assert_eq!(stage.telegram.said(1001), ["heard one", "heard two", "heard three"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_daemon_that_is_ready_says_so_of_its_webhooks() {
    let stage = PublicStage::new().await;
    let bot = stage.serve().await;
    let admin = bot.admin_url().await;
    install_crypto();
    let page = reqwest::get(format!("{admin}/readyz")).await.unwrap();
    assert_eq!(page.status(), 200);
    let told: Value = page.json().await.unwrap();
    assert_eq!((&told["channels"]["telegram"], &told["channels"]["slack"]), (&"up".into(), &"up".into()));
    // Health is not on the public address, nor webhooks on the other.
    for page in ["livez", "readyz", "metrics"] {
        assert_eq!(reqwest::get(format!("http://{}/{page}", stage.address)).await.unwrap().status(), 404);
    }
    let client = reqwest::Client::new();
    assert_eq!(client.post(format!("{admin}/webhooks/telegram")).send().await.unwrap().status(), 404);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn strangers_who_begin_and_say_no_more_keep_no_platform_out() {
    let stage = PublicStage::new().await;
    stage.telegram.models.answers_with(|asked| format!("heard {}", asked.last_words()));
    let bot = stage.serve().await;
    let mut strangers = Vec::new();
    for _ in 0..64 {
        let mut stream = tokio::net::TcpStream::connect(stage.address).await.unwrap();
        let words = "POST /webhooks/slack HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, words.as_bytes()).await.unwrap();
        strangers.push(stream);
    }
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let began = std::time::Instant::now();
    stage.telegram.platform.user(1001, "Alice").says("on telegram");
    let failed = tokio::time::timeout(
        std::time::Duration::from_secs(3),
        stage.telegram.platform.wait_for_failed_delivery(),
    )
    .await;
    stage.telegram.wait_for_text(1001, "heard on telegram").await;
    eprintln!("a delivery {failed:?}, answered after {:?}", began.elapsed());
    assert!(failed.is_err(), "Telegram was sent away: {failed:?}");
    drop(strangers);
    stage.ends_well(bot).await;
}
