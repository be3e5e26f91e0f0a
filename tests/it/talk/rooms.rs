//! Several platforms in one daemon: a bad day of one is no bad day of another.

use crate::support::discord::Discord;
use crate::support::stage::Stage;
use crate::support::telegram::Fault;

#[tokio::test]
async fn a_platform_that_hangs_holds_back_nobody_on_another() {
    let mut stage = Stage::lifelike().await.unhurried();
    let discord = stage.also_on(Discord::start().await.without_rate_limits());
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    // With two turns at once, two people in front of a wall are all that there is room for.
    let stage = stage.set("LIMITS__CONCURRENT_TURNS", "2");
    let bot = stage.serve().await;
    bot.wait_for_log("on discord I am").await;
    stage.platform.fault("sendMessage", 4, Fault::Hang);
    for id in 1001..=1004 {
        stage.platform.user(id, "Somebody").says("Anybody there?");
    }
    stage.models.request(2).await;

    let alice = discord.platform.user(2001, "alice");
    alice.dm("And here?");
    discord.wait_for_text(alice.dm_channel(), "Heard And here?").await;

    assert_eq!(stage.models.count(), 3, "the other two on Telegram wait for room there");
    bot.crash().await;
}
