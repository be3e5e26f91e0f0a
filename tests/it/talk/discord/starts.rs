//! Starts that cannot succeed, and say what to do.

use crate::support::discord::Discord;
use crate::support::program::Ran;
use crate::talk::discord::House;

async fn refuses(house: &House, words: &[&str]) {
    let Ran { code, err, .. } = house.setup.run(&["serve"]).await;
    assert_eq!(code, Some(78), "{err}");
    for words in words {
        assert!(err.contains(words), "`{words}` is not in: {err}");
    }
    assert!(!err.contains(&house.discord.token()), "{err}");
}

#[tokio::test]
async fn a_wrong_token_ends_the_start() {
    let mut house = House::new().await;
    house.setup = house.setup.env("SWITCHBOARD__CHANNELS__DISCORD__TOKEN", "MTIz.wrong.token");
    refuses(&house, &["discord", "channels.discord.token", "Reset Token"]).await;
    assert_eq!(house.discord.take_problems(), ["GET /users/@me: wrong or missing token"]);
}

#[tokio::test]
async fn a_missing_intent_ends_the_start() {
    let mut house = House::at(Discord::start().await).await;
    house.discord.allows_privileged_intents(0);
    house.setup = house.setup.env("SWITCHBOARD__CHANNELS__DISCORD__MESSAGE_CONTENT", "true");
    refuses(&house, &["Privileged Gateway Intents -> Message Content Intent"]).await;
}

#[tokio::test]
async fn a_token_that_is_reset_ends_the_daemon() {
    let house = House::new().await;
    let bot = house.serve().await;
    house.discord.resets_token();
    let status = bot.ended().await;
    assert_eq!(status.code(), Some(78), "{:#?}", bot.log());
    bot.wait_for_log("channels.discord.token").await;
    assert!(house.discord.take_problems().iter().all(|problem| problem.ends_with("wrong or missing token")));
}
