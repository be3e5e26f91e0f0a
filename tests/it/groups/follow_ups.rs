//! Threads in which the bot has answered: people go on there without a mention.

use crate::groups::{hears, told};
use crate::support::discord::Discord;
use crate::support::slack::Slack;
use crate::support::stage::On;

#[tokio::test]
async fn on_slack_people_go_on_in_a_thread_where_the_bot_has_answered() {
    let stage = hears(On::<Slack>::new().await).open();
    stage.platform.hears_channels();
    let (sam, tom) = (stage.platform.user("U1", "sam"), stage.platform.user("U2", "tom"));
    let general = stage.platform.channel("C1", "general", &[&sam, &tom]);
    let bot = stage.serve().await;

    let other = tom.says_in(&general, "something else");
    tom.replies_in(&general, &other, "among us");
    let pear = sam.says_in(&general, "<@bot> pear");
    stage.wait_for_text(&general, "Heard pear").await;
    tom.replies_in(&general, &pear, "plum");
    let shown = stage.wait_for_text(&general, "Heard plum").await;
    assert_eq!(shown.thread.as_deref(), Some(pear.as_str()));
    tom.replies_in(&general, &pear, "<@U1> and you?");
    tom.replies_in(&general, &other, "still among us");
    sam.replies_in(&general, &pear, "<@bot> fig");
    stage.wait_for_text(&general, "Heard fig").await;
    assert!(stage.platform.wait_until_delivered().await);
    bot.stop().await;
    let bot = stage.serve().await;
    sam.replies_in(&general, &pear, "lime");
    stage.wait_for_text(&general, "Heard lime").await;

    assert_eq!(stage.said(&general), ["Heard pear", "Heard plum", "Heard fig", "Heard lime"]);
    assert_eq!(stage.models.count(), 4, "one answer for each, however many events tell of it");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn on_discord_people_go_on_in_a_thread_and_not_in_a_channel() {
    let stage = hears(On::<Discord>::new().await).open().set("CHANNELS__DISCORD__MESSAGE_CONTENT", "true");
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let (ann, bob) = (stage.platform.user(1001, "ann"), stage.platform.user(1002, "bob"));
    let mention = stage.platform.mention();

    ann.says_in(general, &format!("{mention} pear"));
    stage.wait_for_text(general, "Heard pear").await;
    let thread = ann.starts_thread(general, "fruit");
    bob.says_in(thread, "not yet");
    ann.says_in(thread, &format!("{mention} plum"));
    stage.wait_for_text(thread, "Heard plum").await;
    bob.says_in(general, "not here");
    let fig = bob.says_in(thread, "fig");
    stage.wait_for_text(thread, "Heard fig").await;
    ann.replies_to(fig, "to you, not to it");
    bob.says_in(thread, &format!("{} and you?", ann.mention()));
    bob.says_in(thread, "lime");
    stage.wait_until_last(thread, "Heard lime").await;

    assert_eq!(stage.said(thread), ["Heard plum", "Heard fig", "Heard lime"]);
    assert_eq!(stage.said(general), ["Heard pear"]);
    assert_eq!(stage.models.count(), 4);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn commands_are_no_answers_behind_which_people_go_on() {
    let stage = hears(On::<Slack>::new().await).open();
    stage.platform.hears_channels();
    let (sam, tom) = (stage.platform.user("U1", "sam"), stage.platform.user("U2", "tom"));
    let general = stage.platform.channel("C1", "general", &[&sam, &tom]);
    let bot = stage.serve().await;

    let pear = tom.says_in(&general, "pear");
    let commands = [("/model", "no other to choose"), ("/new", "clean page")];
    for (command, answer) in commands {
        sam.replies_in(&general, &pear, &format!("<@bot> {command}"));
        stage.wait_for(&general, answer).await;
        tom.replies_in(&general, &pear, "plum");
    }
    assert!(stage.platform.wait_until_delivered().await);
    sam.dm("the end");
    stage.wait_for_text(&sam.dm_channel(), "Heard the end").await;

    assert_eq!(stage.models.count(), 1, "nobody has called it");
    assert_eq!(stage.said(&general).len(), 2);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_was_said_to_others_before_is_not_answered_because_it_is_edited_afterwards() {
    let stage = hears(On::<Discord>::new().await).open().set("CHANNELS__DISCORD__MESSAGE_CONTENT", "true");
    let stage = stage.set("GROUPS__CONTEXT_MESSAGES", "9");
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let (ann, bob) = (stage.platform.user(1001, "ann"), stage.platform.user(1002, "bob"));

    let thread = ann.starts_thread(general, "fruit");
    let typo = bob.says_in(thread, "we shold go");
    ann.says_in(thread, &format!("{} pear", stage.platform.mention()));
    stage.wait_for_text(thread, "Heard pear").await;
    bob.edits(typo, "we should go");
    ann.says_in(thread, "plum");
    stage.wait_until_last(thread, "Heard plum").await;

    assert_eq!(stage.said(thread), ["Heard pear", "Heard plum"]);
    let seen = ["[heard] bob: we should go", "ann: pear", "Heard pear", "ann: plum"];
    assert_eq!(told(&stage.models.request(2).await), seen);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn where_that_is_not_wanted_a_thread_needs_mentions() {
    for (key, value) in [("GROUPS__FOLLOW_UPS", "false"), ("GROUPS__ANSWER", "reply")] {
        let stage = hears(On::<Slack>::new().await).open();
        stage.platform.hears_channels();
        let sam = stage.platform.user("U1", "sam");
        let general = stage.platform.channel("C1", "general", &[&sam]);
        let bot = stage.serve().await;
        let pear = sam.says_in(&general, "<@bot> pear");
        stage.wait_for_text(&general, "Heard pear").await;
        bot.stop().await;

        let stage = stage.set(key, value);
        let bot = stage.serve().await;
        sam.replies_in(&general, &pear, "plum");
        assert!(stage.platform.wait_until_delivered().await);
        sam.dm("the end");
        stage.wait_for_text(&sam.dm_channel(), "Heard the end").await;

        assert_eq!(stage.said(&general), ["Heard pear"], "{key}");
        assert_eq!(stage.models.count(), 2, "{key}");
        stage.ends_well(bot).await;
    }
}
