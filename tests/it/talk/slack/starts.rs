//! Starts that cannot succeed, and say what to do.

use crate::support::program::Ran;
use crate::support::slack::Fault;
use crate::talk::slack::House;

async fn refuses(house: &House, words: &[&str]) {
    let Ran { code, err, .. } = house.setup.run(&["serve"]).await;
    assert_eq!(code, Some(78), "{err}");
    for words in words {
        assert!(err.contains(words), "`{words}` is not in: {err}");
    }
    for secret in [house.slack.bot_token(), house.slack.app_token()] {
        assert!(!err.contains(&secret), "{err}");
    }
}

#[tokio::test]
async fn a_wrong_token_ends_the_start() {
    let cases = [
        ("BOT_TOKEN", "xoxb-1-wrong", "auth.test: invalid_auth {}"),
        ("APP_TOKEN", "xapp-1-wrong", "apps.connections.open: invalid_auth {}"),
    ];
    for (key, token, problem) in cases {
        let mut house = House::new().await;
        house.setup = house.setup.env(&format!("SWITCHBOARD__CHANNELS__SLACK__{key}"), token);
        let words = ["slack", "channels.slack.bot_token", "OAuth & Permissions", "channels.slack.app_token"];
        refuses(&house, &words).await;
        assert_eq!(house.slack.take_problems(), [problem]);
    }
}

#[tokio::test]
async fn tokens_of_the_wrong_kind_end_the_start() {
    let mut house = House::new().await;
    let app_token = house.slack.app_token();
    house.setup = house.setup.env("SWITCHBOARD__CHANNELS__SLACK__BOT_TOKEN", &app_token);
    refuses(&house, &["channels.slack.bot_token is an app-level token", "xoxb-"]).await;
}

#[tokio::test]
async fn a_missing_scope_ends_the_start() {
    for method in ["auth.test", "apps.connections.open"] {
        let house = House::new().await;
        house.slack.fault(method, 1, Fault::Error("missing_scope"));
        refuses(&house, &["lacks a scope", "OAuth & Permissions"]).await;
    }
}

#[tokio::test]
async fn an_app_that_is_uninstalled_ends_the_daemon() {
    let house = House::new().await;
    let bot = house.serve().await;
    house.slack.uninstall_app();
    let status = bot.ended().await;
    assert_eq!(status.code(), Some(78), "{:#?}", bot.log());
    bot.wait_for_log("channels.slack.bot_token").await;
}
