//! Starts that cannot succeed, and say what to do.

use crate::support::program::Ran;
use crate::support::slack::Fault;
use crate::talk::slack::Stage;

async fn refuses(stage: &Stage, words: &[&str]) {
    let Ran { code, err, .. } = stage.setup.run(&["serve"]).await;
    assert_eq!(code, Some(78), "{err}");
    for words in words {
        assert!(err.contains(words), "`{words}` is not in: {err}");
    }
    for secret in [stage.platform.bot_token(), stage.platform.app_token()] {
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
        let mut stage = Stage::lifelike().await;
        stage.setup = stage.setup.env(&format!("SWITCHBOARD__CHANNELS__SLACK__{key}"), token);
        let words = ["slack", "channels.slack.bot_token", "OAuth & Permissions", "channels.slack.app_token"];
        refuses(&stage, &words).await;
        assert_eq!(stage.platform.take_problems(), [problem]);
    }
}

#[tokio::test]
async fn tokens_of_the_wrong_kind_end_the_start() {
    let mut stage = Stage::lifelike().await;
    let app_token = stage.platform.app_token();
    stage.setup = stage.setup.env("SWITCHBOARD__CHANNELS__SLACK__BOT_TOKEN", &app_token);
    refuses(&stage, &["channels.slack.bot_token is an app-level token", "xoxb-"]).await;
}

#[tokio::test]
async fn a_missing_scope_ends_the_start() {
    for method in ["auth.test", "apps.connections.open"] {
        let stage = Stage::lifelike().await;
        stage.platform.fault(method, 1, Fault::Error("missing_scope"));
        refuses(&stage, &["lacks a scope", "OAuth & Permissions"]).await;
    }
}

#[tokio::test]
async fn an_app_that_is_uninstalled_ends_the_daemon() {
    let stage = Stage::lifelike().await;
    stage.platform.hears_of_its_end();
    let bot = stage.serve().await;
    stage.platform.uninstall_app();
    let status = bot.ended().await;
    assert_eq!(status.code(), Some(78), "{:#?}", bot.log());
    bot.wait_for_log("channels.slack.bot_token").await;
}
