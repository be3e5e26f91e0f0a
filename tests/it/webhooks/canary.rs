//! Whoever comes and whatever goes wrong, the secrets of webhooks are never told.

use switchboard::model::install_crypto;

use super::{PublicStage, SECRET};
use crate::canary::is_silent;
use crate::support::database;
use crate::support::slack::signature;
use crate::support::telegram::Fault;

#[tokio::test]
async fn secrets_of_webhooks_are_never_told_while_strangers_knock() {
    let stage = PublicStage::new().await;
    stage.telegram.models.answers_with(|_| "Certainly.");
    let (alice, carol) =
        (stage.telegram.platform.user(1001, "Alice"), stage.slack.platform.user("U1", "carol"));
    let secrets = vec![
        ("channels.telegram.webhook_secret", SECRET.to_owned()),
        ("channels.telegram.token", stage.telegram.platform.token()),
        ("channels.slack.signing_secret", stage.slack.platform.signing_secret()),
        ("channels.slack.bot_token", stage.slack.platform.bot_token()),
    ];
    for fault in [Fault::Status(500), Fault::CutAfter, Fault::Page(502)] {
        stage.telegram.platform.fault("setWebhook", 1, fault);
    }
    let setup = stage.telegram.setup.clone().env("SWITCHBOARD__LOG__FILTER", "trace");
    let bot = setup.serve();
    stage.listens(&bot).await;

    install_crypto();
    let client = reqwest::Client::new();
    // Nearly right: a part of the secret would be as bad as all of it.
    let near = format!("{SECRET}x");
    let shown = "X-Telegram-Bot-Api-Secret-Token";
    for secret in ["", "guess", near.as_str()] {
        let request = client.post(stage.url("telegram")).header(shown, secret).body("{\"a\":1}");
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    let (body, at) = ("payload=x", 1_700_000_000);
    for signed in ["v0=00".to_owned(), signature(&stage.slack.platform.signing_secret(), at, body)] {
        let request = client.post(stage.url("slack")).header("X-Slack-Signature", signed);
        let request = request.header("X-Slack-Request-Timestamp", at.to_string()).body(body);
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    let request = client.post(stage.url("telegram")).header(shown, SECRET).body("no update");
    assert_eq!(request.send().await.unwrap().status(), 200);
    alice.says("hello");
    stage.telegram.wait_for_text(1001, "Certainly.").await;
    carol.dm("hello");
    stage.slack.wait_for_text(&carol.dm_channel(), "Certainly.").await;
    let chat = carol.dm_channel();
    carol.runs_in(&chat, "/switchboard", "whoami");
    let told = stage.slack.platform.wait_for_message(&chat, |shown| shown.text.contains("You are carol"));
    told.await.unwrap_or_else(|error| panic!("{error}"));

    let admin = bot.admin_url().await;
    let metrics = reqwest::get(format!("{admin}/metrics")).await.unwrap().text().await.unwrap();
    is_silent("metrics", &metrics, &secrets);
    let counted = r#"switchboard_webhooks_received_total{platform="telegram",outcome="unauthorized"} 3"#;
    assert!(metrics.contains(counted), "{metrics}");
    stage.telegram.platform.wait_until_confirmed().await.unwrap();
    let log = bot.stop().await.join("\n");
    assert!(log.contains("DEBUG"), "the log tells everything it can");
    is_silent("the log", &log, &secrets);
    assert!(!log.contains("/commands/"), "a response url is a secret, too");
    for words in
        [&["config", "show", "--sources"][..], &["config", "explain", "channels.telegram.webhook_secret"]]
    {
        let ran = setup.run(words).await;
        is_silent(&words.join(" "), &(ran.out + &ran.err), &secrets);
    }
    let kept = database::everything(&setup.database_url()).await;
    is_silent("the database", &kept.join("\n"), &secrets);
}
