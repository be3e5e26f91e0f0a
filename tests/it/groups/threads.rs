//! Threads that answers open on Discord, if that is set.

use std::time::Duration;

use crate::groups::{hears, told};
use crate::support::discord::permissions::{CREATE_PUBLIC_THREADS, SEND_MESSAGES_IN_THREADS};
use crate::support::discord::{Discord, Fault};
use crate::support::stage::On;

const OPEN: &str = "POST /channels/{id}/messages/{id}/threads";

async fn stage() -> On<Discord> {
    let stage = hears(On::<Discord>::new().await).open().set("CHANNELS__DISCORD__THREADS", "always");
    stage.set("CHANNELS__DISCORD__MESSAGE_CONTENT", "true")
}

fn opened(stage: &On<Discord>) -> usize {
    stage.platform.calls().iter().filter(|call| call.method == OPEN).count()
}

#[tokio::test]
async fn a_mention_in_a_channel_is_answered_in_a_thread_where_people_go_on() {
    let stage = stage().await;
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let (ann, bob) = (stage.platform.user(1001, "ann"), stage.platform.user(1002, "bob"));
    let mention = stage.platform.mention();

    let pear = ann.says_in(general, &format!("{mention} pear"));
    stage.wait_until_last(pear, "Heard pear").await;
    bob.says_in(pear, "plum");
    stage.wait_until_last(pear, "Heard plum").await;
    let fig = ann.says_in(general, &format!("{mention} fig"));
    stage.wait_until_last(fig, "Heard fig").await;
    bob.says_in(pear, &format!("{mention} lime"));
    stage.wait_until_last(pear, "Heard lime").await;

    // What was asked meanwhile has its thread afterwards.
    bot.stop().await;
    let away = ann.says_in(general, &format!("{mention} while away"));
    let bot = stage.serve().await;
    stage.wait_until_last(away, "Heard while away").await;
    bob.says_in(away, "and I?");
    stage.wait_until_last(away, "Heard and I?").await;

    assert_eq!(stage.said(general), Vec::<String>::new());
    assert_eq!(opened(&stage), 3);
    assert_eq!(told(&stage.models.request(3).await), ["ann: fig"]);
    let all = ["ann: pear", "Heard pear", "bob: plum", "Heard plum", "bob: lime"];
    assert_eq!(told(&stage.models.request(4).await), all);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn where_it_may_open_none_it_answers_in_the_channel() {
    let stage = stage().await;
    let guild = stage.platform.guild(500, "Team");
    let general = guild.channel(501, "general");
    guild.denies_bot(general, CREATE_PUBLIC_THREADS);
    let bot = stage.serve().await;
    let ann = stage.platform.user(1001, "ann");

    for word in ["pear", "plum", "fig"] {
        ann.says_in(general, &format!("{} {word}", stage.platform.mention()));
        stage.wait_until_last(general, &format!("Heard {word}")).await;
    }

    assert_eq!(stage.said(general), ["Heard pear", "Heard plum", "Heard fig"]);
    // Once it is known that there are no threads, the conversation is the channel's.
    assert_eq!(told(&stage.models.request(3).await), ["ann: plum", "Heard plum", "ann: fig"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn where_it_may_not_write_in_threads_it_answers_in_the_channel() {
    let stage = stage().await;
    let guild = stage.platform.guild(500, "Team");
    let general = guild.channel(501, "general");
    guild.denies_bot(general, SEND_MESSAGES_IN_THREADS);
    let bot = stage.serve().await;
    let ann = stage.platform.user(1001, "ann");

    for word in ["pear", "plum"] {
        ann.says_in(general, &format!("{} {word}", stage.platform.mention()));
        stage.wait_until_last(general, &format!("Heard {word}")).await;
    }

    assert_eq!(stage.said(general), ["Heard pear", "Heard plum"]);
    assert_eq!(opened(&stage), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_that_came_in_the_channel_is_found_there_after_a_crash() {
    let stage = stage().await;
    let guild = stage.platform.guild(500, "Team");
    let general = guild.channel(501, "general");
    guild.denies_bot(general, CREATE_PUBLIC_THREADS);
    stage.platform.fault("POST /channels/{id}/messages", 1, Fault::HangAfter);
    let bot = stage.serve().await;
    let ann = stage.platform.user(1001, "ann");
    ann.says_in(general, &format!("{} pear", stage.platform.mention()));
    stage.wait_until_last(general, "Heard pear").await;
    bot.crash().await;
    guild.allows_bot(general, CREATE_PUBLIC_THREADS);
    // Discord has forgotten the key by then.
    stage.platform.time_passes(Duration::from_secs(600));

    let bot = stage.serve().await;
    bot.wait_for_log("a turn on discord ended").await;
    assert_eq!(stage.said(general), ["Heard pear"]);
    assert_eq!(opened(&stage), 1, "the one that was refused");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_crash_behind_the_opening_of_a_thread_opens_no_second_one() {
    let stage = stage().await;
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let ann = stage.platform.user(1001, "ann");
    stage.platform.fault("POST /channels/{id}/messages", 1, Fault::Hang);
    let pear = ann.says_in(general, &format!("{} pear", stage.platform.mention()));
    stage.platform.wait_for_calls("POST /channels/{id}/messages", 1).await;
    bot.crash().await;

    let bot = stage.serve().await;
    stage.wait_until_last(pear, "Heard pear").await;
    bot.stop().await;

    // The thread begins with a notice without words, of which there is one for each.
    assert_eq!(stage.said(pear), ["", "Heard pear"]);
    assert_eq!(stage.said(general), Vec::<String>::new());
}
