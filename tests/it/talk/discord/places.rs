//! Where people talk: directly, in channels, in threads; and who is not heard.

use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::talk::discord::Stage;
use crate::talk::heard;

#[tokio::test]
async fn every_place_has_its_answers_and_a_conversation_of_its_own() {
    let stage = Stage::lifelike().await;
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    let mention = stage.platform.mention();

    alice.dm("plum");
    stage.wait_until_last(alice.dm_channel(), "Heard plum").await;
    alice.says_in(general, &format!("{mention} pear"));
    let screen = stage.wait_until_last(general, "Heard pear").await;
    alice.replies_to(screen.last().unwrap().id, "fig");
    stage.wait_until_last(general, "Heard fig").await;
    let thread = alice.starts_thread(general, "fruit");
    alice.says_in(thread, &format!("quince {mention}"));
    stage.wait_until_last(thread, "Heard quince").await;

    assert_eq!(said(&stage.platform.screen(general)), ["Heard pear", "Heard fig"]);
    assert_eq!(heard(&stage.models, "pear"), ["alice: pear"]);
    assert_eq!(heard(&stage.models, "fig"), ["alice: pear", "Heard pear", "alice: fig"]);
    assert_eq!(heard(&stage.models, "quince"), ["alice: quince"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn two_people_in_two_channels_do_not_wait_for_each_other() {
    let stage = Stage::lifelike().await.unhurried();
    let gate = Gate::closed_after(1);
    stage.models.when_asked("slowly", Answer::deltas(["Well,", " here it is."]).behind(&gate));
    stage.models.when_asked("quickly", "There.");
    let guild = stage.platform.guild(500, "Team");
    let (one, other) = (guild.channel(501, "one"), guild.channel(502, "other"));
    let bot = stage.serve().await;
    let (alice, bob) = (stage.platform.user(1001, "alice"), stage.platform.user(1002, "bob"));
    let mention = stage.platform.mention();

    alice.says_in(one, &format!("{mention} slowly"));
    stage.wait_until_last(one, "Well,").await;
    bob.says_in(other, &format!("{mention} quickly"));
    stage.wait_until_last(other, "There.").await;
    assert_eq!(gate.held(), 1);
    gate.release();

    stage.wait_until_last(one, "Well, here it is.").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn talk_among_others_gets_no_answer_and_reaches_no_model() {
    for reads_all in ["false", "true"] {
        let stage = Stage::lifelike().await;
        stage.models.when_asked("hello", "Hello.");
        let general = stage.platform.guild(500, "Team").channel(501, "general");
        let stage = stage.set("CHANNELS__DISCORD__MESSAGE_CONTENT", reads_all);
        let bot = stage.serve().await;
        let (alice, bob) = (stage.platform.user(1001, "alice"), stage.platform.user(1002, "bob"));

        let lunch = alice.says_in(general, "lunch?");
        bob.replies_to(lunch, "yes");
        bob.says_in(general, &format!("{} @everyone coming?", alice.mention()));
        alice.says_in(general, &format!("{} hello", stage.platform.mention()));
        let screen = stage.wait_until_last(general, "Hello.").await;

        assert_eq!(said(&screen), ["Hello."]);
        assert_eq!(stage.models.count(), 1);
        stage.ends_well(bot).await;
    }
}

#[tokio::test]
async fn bots_webhooks_and_the_bot_itself_are_not_answered() {
    let stage = Stage::lifelike().await;
    let mention = stage.platform.mention();
    stage.models.when_asked("hello", format!("Hello {mention}."));
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");

    let beep = stage.platform.other_bot(1900, "beeper").says_in(general, &format!("{mention} beep"));
    stage.platform.webhook(1901, "deploys", general).says(&format!("{mention} deployed"));
    stage.platform.other_bot(1900, "beeper").replies_to(beep, &format!("{mention} beep beep"));
    alice.says_in(general, &format!("{mention} hello"));
    let shown = stage.platform.wait_for_message(general, |shown| shown.text.starts_with("Hello")).await;
    stage.platform.other_bot(1900, "beeper").replies_to(shown.id, "thank you");
    alice.dm("hello again");
    stage.platform.wait_for_message(alice.dm_channel(), |shown| shown.text.starts_with("Hello")).await;

    assert_eq!(said(&stage.platform.screen(general)).len(), 1);
    assert_eq!(stage.models.count(), 2);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn edits_and_deletions_do_no_harm() {
    let stage = Stage::lifelike().await.unhurried();
    let gate = Gate::closed_after(0);
    stage.models.when_asked("one", Answer::text("The first.").behind(&gate));
    stage.models.when_asked("two", "The second.");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");

    let one = alice.dm("one");
    gate.wait_until_held(1).await;
    alice.edits(one, "uno");
    alice.edits(one, "eins");
    gate.release();
    stage.wait_until_last(alice.dm_channel(), "The first.").await;
    alice.deletes(one);
    let two = alice.dm("two");
    stage.wait_until_last(alice.dm_channel(), "The second.").await;
    alice.edits(two, "deux");
    alice.deletes(two);
    alice.dm("and two more");
    let again = |shown: &crate::support::discord::Shown| {
        shown.by_bot && shown.id > two && shown.text == "The second."
    };
    let mut seen = 0;
    stage
        .platform
        .wait_for_message(alice.dm_channel(), |shown| {
            seen += usize::from(again(shown));
            seen == 2
        })
        .await;

    assert_eq!(
        said(&stage.platform.screen(alice.dm_channel())),
        ["The first.", "The second.", "The second."]
    );
    assert_eq!(stage.models.count(), 3);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_a_model_says_has_no_power() {
    let stage = Stage::lifelike().await;
    let guild = stage.platform.guild(500, "Team");
    let general = guild.channel(501, "general");
    let role = guild.role(777, "admins");
    let (alice, bob) = (stage.platform.user(1001, "alice"), stage.platform.user(1002, "bob"));
    guild.welcomes(&bob);
    let powerful =
        format!("@everyone @here {} <@&{role}> <#{general}> see https://example.com/page", bob.mention());
    stage.models.when_asked("shout", powerful);
    let bot = stage.serve().await;

    alice.says_in(general, &format!("{} shout", stage.platform.mention()));
    let shown = stage.platform.wait_for_message(general, |shown| shown.by_bot).await;

    assert!(shown.text.contains("https://example.com/page"), "{}", shown.text);
    assert_eq!((shown.pings, shown.notified, shown.mentions), (Vec::new(), Vec::new(), Vec::new()));
    assert_eq!(shown.embeds, Vec::<serde_json::Value>::new());
    stage.ends_well(bot).await;
}
