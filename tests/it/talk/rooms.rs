//! Several platforms in one daemon: a bad day of one is no bad day of another.

use crate::support::discord::Discord;
use crate::support::telegram::{Fault, Telegram};
use crate::talk::{furnish, unhurried};

#[tokio::test]
async fn a_platform_that_hangs_holds_back_nobody_on_another() {
    let (telegram, discord) = (Telegram::start().await, Discord::start().await.without_rate_limits());
    let channels = format!(
        "[channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"\n\
         [channels.discord]\ntoken = \"{}\"\napi_base = \"{}\"",
        telegram.token(),
        telegram.url(),
        discord.token(),
        discord.url(),
    );
    let (models, setup) = furnish(&channels).await;
    models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
    // With two turns at once, two people in front of a wall are all that there is room for.
    let setup = unhurried(&setup).env("SWITCHBOARD__LIMITS__CONCURRENT_TURNS", "2");
    let bot = setup.serve();
    telegram.wait_for_poll().await.unwrap();
    bot.wait_for_log("on discord I am").await;
    telegram.fault("sendMessage", 4, Fault::Hang);
    for id in 1001..=1004 {
        telegram.user(id, "Somebody").says("Anybody there?");
    }
    models.request(2).await;

    let alice = discord.user(2001, "alice");
    alice.dm("And here?");
    let heard = |shown: &crate::support::discord::Shown| shown.by_bot && shown.text == "Heard And here?";
    discord.wait_for_message(alice.dm_channel(), heard).await;

    assert_eq!(models.count(), 3, "the other two on Telegram wait for room there");
    bot.crash().await;
    assert_eq!(models.problems(), Vec::<String>::new());
}
