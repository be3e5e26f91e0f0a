//! Where people talk: directly, in channels, in threads; and who is not heard.

use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::talk::heard;
use crate::talk::slack::Stage;

#[tokio::test]
async fn every_place_has_its_answers_and_a_conversation_of_its_own() {
    let stage = Stage::lifelike().await;
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;

    alice.dm("plum");
    let screen = stage.wait_until_last(&alice.dm_channel(), "Heard plum").await;
    assert_eq!(screen.last().unwrap().thread, None);
    let pear = alice.says_in(&general, "<@bot> pear");
    let shown = stage.wait_for_text(&general, "Heard pear").await;
    assert_eq!(shown.thread.as_deref(), Some(pear.as_str()));
    alice.replies_in(&general, &pear, "<@bot> fig");
    assert_eq!(stage.wait_for_text(&general, "Heard fig").await.thread, Some(pear));
    let quince = alice.says_in(&general, "<@bot> quince");
    assert_eq!(stage.wait_for_text(&general, "Heard quince").await.thread, Some(quince));

    assert_eq!(heard(&stage.models, "pear"), ["alice: pear"]);
    assert_eq!(heard(&stage.models, "fig"), ["alice: pear", "Heard pear", "alice: fig"]);
    assert_eq!(heard(&stage.models, "quince"), ["alice: quince"]);
    assert_eq!(stage.models.count(), 4, "a mention comes as two events and is one message");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_in_a_thread_of_a_direct_chat_stays_there() {
    let stage = Stage::lifelike().await;
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    let plum = alice.dm("plum");
    stage.wait_for_text(&alice.dm_channel(), "Heard plum").await;

    alice.dm_in_thread(&plum, "pear");

    assert_eq!(stage.wait_for_text(&alice.dm_channel(), "Heard pear").await.thread, Some(plum));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn two_people_in_two_channels_do_not_wait_for_each_other() {
    let stage = Stage::lifelike().await.unhurried();
    let gate = Gate::closed_after(1);
    stage.models.when_asked("slowly", Answer::deltas(["Well,", " here it is."]).behind(&gate));
    stage.models.when_asked("quickly", "There.");
    let (alice, bob) = (stage.platform.user("U1", "alice"), stage.platform.user("U2", "bob"));
    let one = stage.platform.channel("C1", "one", &[&alice]);
    let other = stage.platform.channel("C2", "other", &[&bob]);
    let bot = stage.serve().await;

    alice.says_in(&one, "<@bot> slowly");
    stage.wait_for_text(&one, "Well,").await;
    bob.says_in(&other, "<@bot> quickly");
    stage.wait_for_text(&other, "There.").await;
    assert_eq!(gate.held(), 1);
    gate.release();

    stage.wait_for_text(&one, "Well, here it is.").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn talk_among_others_gets_no_answer_and_reaches_no_model() {
    let stage = Stage::lifelike().await;
    stage.models.when_asked("hello", "Hello.");
    let (alice, bob) = (stage.platform.user("U1", "alice"), stage.platform.user("U2", "bob"));
    let general = stage.platform.channel("C1", "general", &[&alice, &bob]);
    let bot = stage.serve().await;

    let lunch = alice.says_in(&general, "lunch?");
    bob.replies_in(&general, &lunch, "yes");
    bob.says_in(&general, "<@U1> <!here> coming?");
    alice.says_in(&general, "<@bot> hello");
    stage.wait_for_text(&general, "Hello.").await;

    assert!(stage.platform.wait_until_delivered().await);
    assert_eq!(said(&stage.platform.screen(&general)), ["Hello."]);
    assert_eq!(stage.models.count(), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn bots_webhooks_and_the_bot_itself_are_not_answered() {
    let stage = Stage::lifelike().await;
    let mention = format!("<@{}>", stage.platform.bot_user());
    stage.models.when_asked("hello", format!("Hello {mention}."));
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;
    let helper = stage.platform.other_bot("U7", "helper");

    helper.says_in(&general, &format!("{mention} beep"));
    helper.posts_by_webhook(&general, &format!("{mention} deployed"));
    let asked = alice.says_in(&general, "<@bot> hello");
    let is_hello = |shown: &crate::support::slack::Shown| shown.by_bot && shown.text.starts_with("Hello");
    stage.platform.wait_for_message(&general, is_hello).await.unwrap();
    helper.replies_in(&general, &asked, &format!("{mention} thank you"));
    assert!(stage.platform.wait_until_delivered().await);
    alice.dm("hello again");
    stage.platform.wait_for_message(&alice.dm_channel(), is_hello).await.unwrap();

    assert_eq!(said(&stage.platform.screen(&general)).len(), 1);
    assert_eq!(stage.models.count(), 2);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn edits_and_deletions_do_no_harm() {
    let stage = Stage::lifelike().await.unhurried();
    let gate = Gate::closed_after(0);
    stage.models.when_asked("one", Answer::text("The first.").behind(&gate));
    stage.models.when_asked("two", "The second.");
    stage.models.when_asked("three", "The third.");
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    let chat = alice.dm_channel();

    let one = alice.dm("one");
    gate.wait_until_held(1).await;
    alice.edits(&chat, &one, "uno");
    alice.edits(&chat, &one, "eins");
    gate.release();
    stage.wait_for_text(&chat, "The first.").await;
    alice.deletes(&chat, &one);
    let two = alice.dm("two");
    stage.wait_for_text(&chat, "The second.").await;
    alice.edits(&chat, &two, "deux");
    alice.deletes(&chat, &two);
    alice.dm("three");
    stage.wait_for_text(&chat, "The third.").await;

    assert!(stage.platform.wait_until_delivered().await);
    assert_eq!(said(&stage.platform.screen(&chat)), ["The first.", "The second.", "The third."]);
    assert_eq!(stage.models.count(), 3);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_a_model_says_has_no_power() {
    let stage = Stage::lifelike().await;
    let (alice, bob) = (stage.platform.user("U1", "alice"), stage.platform.user("U2", "bob"));
    let general = stage.platform.channel("C1", "general", &[&alice, &bob]);
    let powerful = "@everyone @here <!channel> <!here> <@U2> @bob <#C1> <https://example.com/page|here> https://example.com/page";
    stage.models.when_asked("shout", powerful);
    let bot = stage.serve().await;

    alice.says_in(&general, "<@bot> shout");
    let read = "@everyone @here <!channel> <!here> <@U2> @bob <#C1> https://example.com/page|here https://example.com/page";
    let shown = stage.wait_for_text(&general, read).await;

    assert_eq!((shown.notified, shown.unfurled), (Vec::<String>::new(), Vec::<String>::new()));
    stage.ends_well(bot).await;
}
