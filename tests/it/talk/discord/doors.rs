//! Channels, threads and guilds that are closed to the bot.

use crate::talk::discord::{POST, Stage};
use crate::talk::doors::{CLOSED, told};
use crate::talk::{first_waits, wait_until_it_waits};

#[tokio::test]
async fn a_channel_that_is_deleted_is_closed_with_its_threads_and_what_waits_there() {
    let stage = Stage::lifelike().await.unlimited().unhurried();
    let gate = first_waits(&stage.models);
    let team = stage.platform.guild(500, "Team");
    let (general, other) = (team.channel(501, "general"), team.channel(502, "other"));
    let bot = stage.serve().await;
    let beside = stage.beside().await;
    let [alice, bob] = [(1001, "alice"), (1002, "bob")].map(|(id, name)| stage.platform.user(id, name));
    let mention = stage.platform.mention();
    let thread = alice.starts_thread(general, "fruit");
    alice.says_in(thread, &format!("{mention} quince"));
    stage.wait_until_last(thread, "Heard quince").await;
    gate.hold(0);
    alice.says_in(general, &format!("{mention} first"));
    gate.wait_until_held(1).await;
    bob.says_in(general, &format!("{mention} second"));
    wait_until_it_waits(&beside, "second").await;
    beside.close().await;
    let posts = || stage.platform.calls().iter().filter(|call| call.method == POST).count();
    let before = posts();

    team.deletes_channel(general);
    bot.wait_for_logs(CLOSED, 2).await;
    gate.release();
    bot.wait_for_logs("a turn on discord ended", 2).await;
    assert_eq!(stage.closed().await, [format!("{general}  deleted"), format!("{general} {thread} deleted")]);
    assert_eq!(stage.unanswered().await, ["failed closed_deleted", "failed closed_deleted"]);
    assert_eq!((stage.models.count(), posts() - before), (2, 1));
    assert_eq!(told(&bot, CLOSED), 2, "{:#?}", bot.log());

    alice.says_in(other, &format!("{mention} plum"));
    stage.wait_until_last(other, "Heard plum").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_thread_is_closed_alone_and_a_guild_with_everything_in_it() {
    let stage = Stage::lifelike().await.unlimited().unhurried();
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let team = stage.platform.guild(500, "Team");
    let general = team.channel(501, "general");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    let mention = stage.platform.mention();
    alice.says_in(general, &format!("{mention} pear"));
    stage.wait_until_last(general, "Heard pear").await;
    let thread = alice.starts_thread(general, "fruit");
    alice.says_in(thread, &format!("{mention} quince"));
    stage.wait_until_last(thread, "Heard quince").await;
    alice.dm("fig");
    stage.wait_until_last(alice.dm_channel(), "Heard fig").await;

    team.deletes_channel(thread);
    bot.wait_for_logs(CLOSED, 1).await;
    assert_eq!(stage.closed().await, [format!("{general} {thread} deleted")]);
    // An outage of Discord's is none of this.
    team.is_available(false);
    team.is_available(true);
    team.removes_bot();
    bot.wait_for_logs(CLOSED, 2).await;
    assert_eq!(stage.closed().await, [format!("{general}  removed"), format!("{general} {thread} deleted")]);

    team.invites_bot();
    alice.says_in(general, &format!("{mention} plum"));
    stage.wait_until_last(general, "Heard plum").await;
    assert_eq!(stage.closed().await, [format!("{general} {thread} deleted")], "who speaks opens the place");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn who_does_not_let_the_bot_write_hears_of_it_nothing_more() {
    let stage = Stage::lifelike().await.unlimited().unhurried();
    let gate = first_waits(&stage.models);
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    gate.hold(0);
    alice.dm("first");
    gate.wait_until_held(1).await;
    alice.blocks_the_bot(true);
    gate.release();
    bot.wait_for_logs("a turn on discord ended", 1).await;
    assert_eq!(stage.closed().await, [format!("{}  blocked", alice.dm_channel())]);
    assert_eq!(stage.unanswered().await, ["dead undelivered"]);
    assert_eq!(stage.platform.calls().iter().filter(|call| call.method == POST).count(), 1);
    assert_eq!(told(&bot, CLOSED), 1, "{:#?}", bot.log());

    alice.blocks_the_bot(false);
    stage.setup.run(&["deliveries", "retry", "--all"]).await;
    stage.wait_until_last(alice.dm_channel(), "Heard first").await;
    alice.dm("plum");
    stage.wait_until_last(alice.dm_channel(), "Heard plum").await;
    assert_eq!(stage.closed().await, Vec::<String>::new());
    stage.ends_well(bot).await;
}
