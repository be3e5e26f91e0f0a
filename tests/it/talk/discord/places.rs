//! Where people talk: directly, in channels, in threads; and who is not heard.

use crate::support::models::{Answer, Gate};
use crate::talk::discord::{House, said};
use crate::talk::{heard, unhurried};

#[tokio::test]
async fn every_place_has_its_answers_and_a_conversation_of_its_own() {
    let house = House::new().await;
    house.models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
    let general = house.discord.guild(500, "Team").channel(501, "general");
    let bot = house.serve().await;
    let alice = house.discord.user(1001, "alice");
    let mention = house.discord.mention();

    alice.dm("plum");
    house.wait_until_last(alice.dm_channel(), "Heard plum").await;
    alice.says_in(general, &format!("{mention} pear"));
    let screen = house.wait_until_last(general, "Heard pear").await;
    alice.replies_to(screen.last().unwrap().id, "fig");
    house.wait_until_last(general, "Heard fig").await;
    let thread = alice.starts_thread(general, "fruit");
    alice.says_in(thread, &format!("quince {mention}"));
    house.wait_until_last(thread, "Heard quince").await;

    assert_eq!(said(&house.discord.screen(general)), ["Heard pear", "Heard fig"]);
    assert_eq!(heard(&house.models, "pear"), ["pear"]);
    assert_eq!(heard(&house.models, "fig"), ["pear", "Heard pear", "fig"]);
    assert_eq!(heard(&house.models, "quince"), ["quince"]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn two_people_in_two_channels_do_not_wait_for_each_other() {
    let house = House::new().await;
    let gate = Gate::closed_after(1);
    house.models.when_asked("slowly", Answer::deltas(["Well,", " here it is."]).behind(&gate));
    house.models.when_asked("quickly", "There.");
    let guild = house.discord.guild(500, "Team");
    let (one, other) = (guild.channel(501, "one"), guild.channel(502, "other"));
    let bot = house.serve_with(&unhurried(&house.setup)).await;
    let (alice, bob) = (house.discord.user(1001, "alice"), house.discord.user(1002, "bob"));
    let mention = house.discord.mention();

    alice.says_in(one, &format!("{mention} slowly"));
    house.wait_until_last(one, "Well,").await;
    bob.says_in(other, &format!("{mention} quickly"));
    house.wait_until_last(other, "There.").await;
    assert_eq!(gate.held(), 1);
    gate.release();

    house.wait_until_last(one, "Well, here it is.").await;
    house.ends_well(bot).await;
}

#[tokio::test]
async fn talk_among_others_gets_no_answer_and_reaches_no_model() {
    for reads_all in ["false", "true"] {
        let house = House::new().await;
        house.models.when_asked("hello", "Hello.");
        let general = house.discord.guild(500, "Team").channel(501, "general");
        let setup = house.setup.clone().env("SWITCHBOARD__CHANNELS__DISCORD__MESSAGE_CONTENT", reads_all);
        let bot = house.serve_with(&setup).await;
        let (alice, bob) = (house.discord.user(1001, "alice"), house.discord.user(1002, "bob"));

        let lunch = alice.says_in(general, "lunch?");
        bob.replies_to(lunch, "yes");
        bob.says_in(general, &format!("{} @everyone coming?", alice.mention()));
        alice.says_in(general, &format!("{} hello", house.discord.mention()));
        let screen = house.wait_until_last(general, "Hello.").await;

        assert_eq!(said(&screen), ["Hello."]);
        assert_eq!(house.models.count(), 1);
        house.ends_well(bot).await;
    }
}

#[tokio::test]
async fn bots_webhooks_and_the_bot_itself_are_not_answered() {
    let house = House::new().await;
    let mention = house.discord.mention();
    house.models.when_asked("hello", format!("Hello {mention}."));
    let general = house.discord.guild(500, "Team").channel(501, "general");
    let bot = house.serve().await;
    let alice = house.discord.user(1001, "alice");

    let beep = house.discord.other_bot(1900, "beeper").says_in(general, &format!("{mention} beep"));
    house.discord.webhook(1901, "deploys", general).says(&format!("{mention} deployed"));
    house.discord.other_bot(1900, "beeper").replies_to(beep, &format!("{mention} beep beep"));
    alice.says_in(general, &format!("{mention} hello"));
    let shown = house.discord.wait_for_message(general, |shown| shown.text.starts_with("Hello")).await;
    house.discord.other_bot(1900, "beeper").replies_to(shown.id, "thank you");
    alice.dm("hello again");
    house.discord.wait_for_message(alice.dm_channel(), |shown| shown.text.starts_with("Hello")).await;

    assert_eq!(said(&house.discord.screen(general)).len(), 1);
    assert_eq!(house.models.count(), 2);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn edits_and_deletions_do_no_harm() {
    let house = House::new().await;
    let gate = Gate::closed_after(0);
    house.models.when_asked("one", Answer::text("The first.").behind(&gate));
    house.models.when_asked("two", "The second.");
    let bot = house.serve_with(&unhurried(&house.setup)).await;
    let alice = house.discord.user(1001, "alice");

    let one = alice.dm("one");
    gate.wait_until_held(1).await;
    alice.edits(one, "uno");
    alice.edits(one, "eins");
    alice.deletes(one);
    gate.release();
    house.wait_until_last(alice.dm_channel(), "The first.").await;
    let two = alice.dm("two");
    house.wait_until_last(alice.dm_channel(), "The second.").await;
    alice.edits(two, "deux");
    alice.deletes(two);
    alice.dm("and two more");
    let again = |shown: &crate::support::discord::Shown| {
        shown.by_bot && shown.id > two && shown.text == "The second."
    };
    let mut seen = 0;
    house
        .discord
        .wait_for_message(alice.dm_channel(), |shown| {
            seen += usize::from(again(shown));
            seen == 2
        })
        .await;

    assert_eq!(said(&house.discord.screen(alice.dm_channel())), ["The first.", "The second.", "The second."]);
    assert_eq!(house.models.count(), 3);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn what_a_model_says_has_no_power() {
    let house = House::new().await;
    let guild = house.discord.guild(500, "Team");
    let general = guild.channel(501, "general");
    let role = guild.role(777, "admins");
    let (alice, bob) = (house.discord.user(1001, "alice"), house.discord.user(1002, "bob"));
    guild.welcomes(&bob);
    let powerful =
        format!("@everyone @here {} <@&{role}> <#{general}> see https://example.com/page", bob.mention());
    house.models.when_asked("shout", powerful);
    let bot = house.serve().await;

    alice.says_in(general, &format!("{} shout", house.discord.mention()));
    let shown = house.discord.wait_for_message(general, |shown| shown.by_bot).await;

    assert!(shown.text.contains("https://example.com/page"), "{}", shown.text);
    assert_eq!((shown.pings, shown.notified, shown.mentions), (Vec::new(), Vec::new(), Vec::new()));
    assert_eq!(shown.embeds, Vec::<serde_json::Value>::new());
    house.ends_well(bot).await;
}
