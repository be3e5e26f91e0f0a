//! What is missing is said before anything starts.

use super::{PublicStage, SECRET};

/// Starts a daemon that cannot start; returns what it says at the end.
async fn refused(stage: &PublicStage, changes: &[(&str, &str)]) -> (i32, String) {
    let setup = changes.iter().fold(stage.telegram.setup.clone(), |setup, (key, value)| {
        setup.env(&format!("SWITCHBOARD__{key}"), value)
    });
    let ran = setup.run(&["serve"]).await;
    (ran.code.unwrap(), ran.err)
}

#[tokio::test]
async fn a_webhook_without_what_it_needs_refuses_to_start() {
    let stage = PublicStage::new().await;
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("CHANNELS__TELEGRAM__WEBHOOK_SECRET", "")], "`channels.telegram.webhook_secret`"),
        (&[("CHANNELS__TELEGRAM__WEBHOOK_SECRET", "0123456789")], "must have 16 to 256 characters"),
        (&[("CHANNELS__TELEGRAM__WEBHOOK_URL", "")], "`channels.telegram.webhook_url`"),
        (&[("CHANNELS__TELEGRAM__WEBHOOK_URL", "http://example.org/x")], "must begin with https://"),
        (&[("CHANNELS__SLACK__SIGNING_SECRET", "")], "`channels.slack.signing_secret`"),
        (&[("CHANNELS__SLACK__SIGNING_SECRET", "abc")], "is too short"),
        (&[("HTTP__LISTEN", "")], "`http.listen`"),
    ];
    for (changes, words) in cases {
        let (code, said) = refused(&stage, changes).await;
        assert_eq!(code, 78, "{said}");
        assert!(said.contains(words) && !said.contains(SECRET), "{words}: {said}");
    }
    assert_eq!(stage.telegram.platform.count_calls("setWebhook"), 0);
}

#[tokio::test]
async fn an_address_that_somebody_else_uses_is_not_available() {
    let stage = PublicStage::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = refused(&stage, &[("HTTP__LISTEN", &address)]).await;
    assert_eq!(code, 69, "{said}");
    assert!(said.contains("cannot listen on `http.listen`") && said.contains(&address), "{said}");
}

#[tokio::test]
async fn nothing_listens_while_no_channel_is_in_webhook_mode() {
    let stage = PublicStage::new().await;
    let setup = stage
        .telegram
        .setup
        .clone()
        .env("SWITCHBOARD__CHANNELS__TELEGRAM__MODE", "poll")
        .env("SWITCHBOARD__CHANNELS__SLACK__BOT_TOKEN", "")
        .env("SWITCHBOARD__CHANNELS__SLACK__MODE", "events");
    let bot = setup.serve();
    stage.telegram.platform.wait_for_poll().await.unwrap();
    bot.wait_for_log("nothing listens on `http.listen`").await;
    assert!(tokio::net::TcpStream::connect(stage.address).await.is_err());
    bot.stop().await;
}

#[tokio::test]
async fn a_token_that_is_wrong_ends_the_start_and_a_secret_that_is_wrong_is_told() {
    let stage = PublicStage::new().await;
    let (code, said) = refused(&stage, &[("CHANNELS__SLACK__BOT_TOKEN", "xoxb-1-wrong")]).await;
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("slack: the platform does not accept the token"), "{said}");
    assert_eq!(stage.slack.platform.take_problems(), ["auth.test: invalid_auth {}"]);

    let other = "0123456789abcdef0123456789abcdef";
    let bot = stage.telegram.setup.clone().env("SWITCHBOARD__CHANNELS__SLACK__SIGNING_SECRET", other).serve();
    bot.wait_for_log("Slack may send what comes in to").await;
    assert!(stage.slack.platform.events_to(&stage.url("slack")).await.is_err());
    let line = bot.wait_for_log("channels.slack.signing_secret is not that of the app").await;
    assert!(line.contains("\"WARN\"") && !line.contains(other), "{line}");
    bot.stop().await;
}

#[tokio::test]
async fn an_old_request_is_refused_with_a_word_on_clocks() {
    let stage = PublicStage::new().await;
    stage.telegram.models.answers_with(|_| "Certainly.");
    let carol = stage.slack.platform.user("U1", "carol");
    let bot = stage.serve().await;
    carol.dm("hello");
    stage.slack.wait_for_text(&carol.dm_channel(), "Certainly.").await;
    assert!(stage.slack.platform.wait_until_delivered().await);
    assert_eq!(stage.slack.platform.sends_again_signed_ago(400).await, Some(401));
    let line = bot.wait_for_log("clock skew").await;
    assert!(line.contains("\"WARN\"") && line.contains("NTP"), "{line}");
    stage.ends_well(bot).await;
}
