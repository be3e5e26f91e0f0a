//! Starts that cannot succeed, and say what to do.

use crate::support::program::Ran;
use crate::talk::discord::Stage;

async fn refuses(stage: &Stage, words: &[&str]) {
    let Ran { code, err, .. } = stage.setup.run(&["serve"]).await;
    assert_eq!(code, Some(78), "{err}");
    for words in words {
        assert!(err.contains(words), "`{words}` is not in: {err}");
    }
    assert!(!err.contains(&stage.platform.token()), "{err}");
}

#[tokio::test]
async fn a_wrong_token_ends_the_start() {
    let mut stage = Stage::lifelike().await;
    stage.setup = stage.setup.env("SWITCHBOARD__CHANNELS__DISCORD__TOKEN", "MTIz.wrong.token");
    refuses(&stage, &["discord", "channels.discord.token", "Reset Token"]).await;
    assert_eq!(stage.platform.take_problems(), ["GET /users/@me: wrong or missing token"]);
}

#[tokio::test]
async fn a_missing_intent_ends_the_start() {
    let mut stage = Stage::lifelike().await;
    stage.platform.allows_privileged_intents(0);
    stage.setup = stage.setup.env("SWITCHBOARD__CHANNELS__DISCORD__MESSAGE_CONTENT", "true");
    refuses(&stage, &["Privileged Gateway Intents -> Message Content Intent"]).await;
}

#[tokio::test]
async fn a_token_that_is_reset_ends_the_daemon() {
    let stage = Stage::lifelike().await;
    let bot = stage.serve().await;
    stage.platform.resets_token();
    let status = bot.ended().await;
    assert_eq!(status.code(), Some(78), "{:#?}", bot.log());
    bot.wait_for_log("channels.discord.token").await;
    assert!(stage.platform.take_problems().iter().all(|problem| problem.ends_with("wrong or missing token")));
}
