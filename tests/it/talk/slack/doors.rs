//! Channels that are closed to the bot.

use crate::talk::doors::{CLOSED, told};
use crate::talk::slack::Stage;
use crate::talk::{first_waits, wait_until_it_waits};

#[tokio::test]
async fn a_channel_without_the_bot_is_closed_with_all_its_threads() {
    let stage = Stage::lifelike().await.unlimited().unhurried();
    stage.platform.hears_of_channels();
    let gate = first_waits(&stage.models);
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;
    let beside = stage.beside().await;
    let pear = alice.says_in(&general, "<@bot> pear");
    stage.wait_for_text(&general, "Heard pear").await;
    gate.hold(0);
    let first = alice.says_in(&general, "<@bot> first");
    gate.wait_until_held(1).await;
    alice.replies_in(&general, &first, "<@bot> second");
    wait_until_it_waits(&beside, "second").await;
    beside.close().await;
    let posts = || stage.platform.calls().iter().filter(|call| call.method == "chat.postMessage").count();
    let before = posts();

    stage.platform.removes_bot_from(&general);
    bot.wait_for_logs(CLOSED, 2).await;
    gate.release();
    bot.wait_for_logs("a turn on slack ended", 2).await;
    assert_eq!(stage.closed().await, [format!("C1 {pear} removed"), format!("C1 {first} removed")]);
    assert_eq!(stage.unanswered().await, ["dead undelivered", "failed closed_removed"]);
    assert_eq!((stage.models.count(), posts() - before), (2, 1));
    assert_eq!(told(&bot, CLOSED), 2, "{:#?}", bot.log());

    alice.invites(&general, &stage.platform.bot_user());
    alice.replies_in(&general, &pear, "<@bot> plum");
    stage.wait_for_text(&general, "Heard plum").await;
    assert_eq!(stage.closed().await, [format!("C1 {first} removed")], "who speaks opens the place");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_channel_that_is_put_away_can_be_taken_out_and_one_that_is_deleted_cannot() {
    let stage = Stage::lifelike().await.unlimited().unhurried();
    stage.platform.hears_of_channels();
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;
    let pear = alice.says_in(&general, "<@bot> pear");
    stage.wait_for_text(&general, "Heard pear").await;

    alice.archives(&general);
    bot.wait_for_logs(CLOSED, 1).await;
    assert_eq!(stage.closed().await, [format!("C1 {pear} archived")]);
    alice.unarchives(&general);
    bot.wait_for_log("is open again").await;
    alice.replies_in(&general, &pear, "<@bot> plum");
    stage.wait_for_text(&general, "Heard plum").await;
    alice.deletes_channel(&general);
    bot.wait_for_logs(CLOSED, 2).await;
    assert_eq!(stage.closed().await, [format!("C1 {pear} deleted")]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_channel_of_whose_end_nobody_tells_is_closed_by_the_first_refusal() {
    let stage = Stage::lifelike().await.unlimited().unhurried();
    let gate = first_waits(&stage.models);
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;
    gate.hold(0);
    let first = alice.says_in(&general, "<@bot> first");
    gate.wait_until_held(1).await;
    alice.archives(&general);
    gate.release();
    bot.wait_for_logs("a turn on slack ended", 1).await;
    assert_eq!(stage.closed().await, [format!("C1 {first} archived")]);
    assert_eq!(stage.unanswered().await, ["dead undelivered"]);
    assert_eq!(told(&bot, CLOSED), 1, "{:#?}", bot.log());
    let posts = stage.platform.calls().iter().filter(|call| call.method == "chat.postMessage").count();
    assert_eq!(posts, 1);
    stage.ends_well(bot).await;
}
