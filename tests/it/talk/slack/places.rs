//! Where people talk: directly, in channels, in threads; and who is not heard.

use crate::support::models::{Answer, Gate};
use crate::talk::slack::{House, said};
use crate::talk::{heard, unhurried};

#[tokio::test]
async fn every_place_has_its_answers_and_a_conversation_of_its_own() {
    let house = House::new().await;
    house.models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
    let alice = house.slack.user("U1", "alice");
    let general = house.slack.channel("C1", "general", &[&alice]);
    let bot = house.serve().await;

    alice.dm("plum");
    let screen = house.wait_until_last(&alice.dm_channel(), "Heard plum").await;
    assert_eq!(screen.last().unwrap().thread, None);
    let pear = alice.says_in(&general, "<@bot> pear");
    let shown = house.wait_for(&general, "Heard pear").await;
    assert_eq!(shown.thread.as_deref(), Some(pear.as_str()));
    alice.replies_in(&general, &pear, "<@bot> fig");
    assert_eq!(house.wait_for(&general, "Heard fig").await.thread, Some(pear));
    let quince = alice.says_in(&general, "<@bot> quince");
    assert_eq!(house.wait_for(&general, "Heard quince").await.thread, Some(quince));

    assert_eq!(heard(&house.models, "pear"), ["pear"]);
    assert_eq!(heard(&house.models, "fig"), ["pear", "Heard pear", "fig"]);
    assert_eq!(heard(&house.models, "quince"), ["quince"]);
    assert_eq!(house.models.count(), 4, "a mention comes as two events and is one message");
    house.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_in_a_thread_of_a_direct_chat_stays_there() {
    let house = House::new().await;
    house.models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
    let bot = house.serve().await;
    let alice = house.slack.user("U1", "alice");
    let plum = alice.dm("plum");
    house.wait_for(&alice.dm_channel(), "Heard plum").await;

    alice.dm_in_thread(&plum, "pear");

    assert_eq!(house.wait_for(&alice.dm_channel(), "Heard pear").await.thread, Some(plum));
    house.ends_well(bot).await;
}

#[tokio::test]
async fn two_people_in_two_channels_do_not_wait_for_each_other() {
    let house = House::new().await;
    let gate = Gate::closed_after(1);
    house.models.when_asked("slowly", Answer::deltas(["Well,", " here it is."]).behind(&gate));
    house.models.when_asked("quickly", "There.");
    let (alice, bob) = (house.slack.user("U1", "alice"), house.slack.user("U2", "bob"));
    let one = house.slack.channel("C1", "one", &[&alice]);
    let other = house.slack.channel("C2", "other", &[&bob]);
    let bot = house.serve_with(&unhurried(&house.setup)).await;

    alice.says_in(&one, "<@bot> slowly");
    house.wait_for(&one, "Well,").await;
    bob.says_in(&other, "<@bot> quickly");
    house.wait_for(&other, "There.").await;
    assert_eq!(gate.held(), 1);
    gate.release();

    house.wait_for(&one, "Well, here it is.").await;
    house.ends_well(bot).await;
}

#[tokio::test]
async fn talk_among_others_gets_no_answer_and_reaches_no_model() {
    let house = House::new().await;
    house.models.when_asked("hello", "Hello.");
    let (alice, bob) = (house.slack.user("U1", "alice"), house.slack.user("U2", "bob"));
    let general = house.slack.channel("C1", "general", &[&alice, &bob]);
    let bot = house.serve().await;

    let lunch = alice.says_in(&general, "lunch?");
    bob.replies_in(&general, &lunch, "yes");
    bob.says_in(&general, "<@U1> <!here> coming?");
    alice.says_in(&general, "<@bot> hello");
    house.wait_for(&general, "Hello.").await;

    assert!(house.slack.wait_until_delivered().await);
    assert_eq!(said(&house.slack.screen(&general)), ["Hello."]);
    assert_eq!(house.models.count(), 1);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn bots_webhooks_and_the_bot_itself_are_not_answered() {
    let house = House::new().await;
    let mention = format!("<@{}>", house.slack.bot_user());
    house.models.when_asked("hello", format!("Hello {mention}."));
    let alice = house.slack.user("U1", "alice");
    let general = house.slack.channel("C1", "general", &[&alice]);
    let bot = house.serve().await;
    let helper = house.slack.other_bot("U7", "helper");

    helper.says_in(&general, &format!("{mention} beep"));
    helper.posts_by_webhook(&general, &format!("{mention} deployed"));
    let asked = alice.says_in(&general, "<@bot> hello");
    let is_hello = |shown: &crate::support::slack::Shown| shown.by_bot && shown.text.starts_with("Hello");
    house.slack.wait_for_message(&general, is_hello).await.unwrap();
    helper.replies_in(&general, &asked, &format!("{mention} thank you"));
    assert!(house.slack.wait_until_delivered().await);
    alice.dm("hello again");
    house.slack.wait_for_message(&alice.dm_channel(), is_hello).await.unwrap();

    assert_eq!(said(&house.slack.screen(&general)).len(), 1);
    assert_eq!(house.models.count(), 2);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn edits_and_deletions_do_no_harm() {
    let house = House::new().await;
    let gate = Gate::closed_after(0);
    house.models.when_asked("one", Answer::text("The first.").behind(&gate));
    house.models.when_asked("two", "The second.");
    house.models.when_asked("three", "The third.");
    let bot = house.serve_with(&unhurried(&house.setup)).await;
    let alice = house.slack.user("U1", "alice");
    let chat = alice.dm_channel();

    let one = alice.dm("one");
    gate.wait_until_held(1).await;
    alice.edits(&chat, &one, "uno");
    alice.edits(&chat, &one, "eins");
    alice.deletes(&chat, &one);
    gate.release();
    house.wait_for(&chat, "The first.").await;
    let two = alice.dm("two");
    house.wait_for(&chat, "The second.").await;
    alice.edits(&chat, &two, "deux");
    alice.deletes(&chat, &two);
    alice.dm("three");
    house.wait_for(&chat, "The third.").await;

    assert!(house.slack.wait_until_delivered().await);
    assert_eq!(said(&house.slack.screen(&chat)), ["The first.", "The second.", "The third."]);
    assert_eq!(house.models.count(), 3);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn what_a_model_says_has_no_power() {
    let house = House::new().await;
    let (alice, bob) = (house.slack.user("U1", "alice"), house.slack.user("U2", "bob"));
    let general = house.slack.channel("C1", "general", &[&alice, &bob]);
    let powerful = "@everyone @here <!channel> <!here> <@U2> @bob <#C1> <https://example.com/page|here> https://example.com/page";
    house.models.when_asked("shout", powerful);
    let bot = house.serve().await;

    alice.says_in(&general, "<@bot> shout");
    let shown = house.wait_for(&general, powerful).await;

    assert_eq!((shown.notified, shown.unfurled), (Vec::<String>::new(), Vec::<String>::new()));
    house.ends_well(bot).await;
}
