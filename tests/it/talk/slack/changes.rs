//! Second thoughts: edits and deletions of what waits, of what has not come yet, of
//! what was not for the bot.

use std::time::Duration;

use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::support::slack::Fault;
use crate::talk::slack::Stage;
use crate::talk::{first_waits, heard, wait_until, wait_until_it_waits};

/// A model that answers with what it heard, and lets the first wait for `gate`.
async fn stage() -> (Stage, Gate) {
    let stage = Stage::lifelike().await;
    stage.platform.without_rate_limits();
    stage.platform.hears_channels();
    let gate = first_waits(&stage.models);
    (stage.unhurried(), gate)
}

#[tokio::test]
async fn what_waits_is_heard_as_it_was_edited_and_what_was_taken_back_is_not_heard() {
    let (stage, gate) = stage().await;
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;
    let beside = stage.setup.beside().await;

    for round in [1, 2] {
        let (place, call) = if round == 1 { (alice.dm_channel(), "") } else { (general.clone(), "<@bot> ") };
        gate.hold(0);
        let first = alice.says_in(&place, &format!("{call}first"));
        gate.wait_until_held(1).await;
        let says = |text: &str| {
            let text = format!("{call}{text}");
            if round == 1 { alice.dm(&text) } else { alice.replies_in(&place, &first, &text) }
        };
        let second = says("secnd");
        wait_until_it_waits(&beside, "secnd").await;
        let third = says("third");
        wait_until_it_waits(&beside, "third").await;
        alice.edits(&place, &second, &format!("{call}second"));
        alice.deletes(&place, &third);
        wait_until_it_waits(&beside, "second").await;
        let taken_back = "SELECT COUNT(*) FROM inbox WHERE outcome = 'taken_back' AND payload IS NULL";
        wait_until(&beside, taken_back, round).await;
        gate.release();

        stage.wait_for_text(&place, "Heard second").await;
        assert_eq!(said(&stage.platform.screen(&place)), ["Heard first", "Heard second"]);
    }
    assert_eq!(stage.models.count(), 4);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_edit_that_comes_before_its_message_is_answered_and_the_message_adds_nothing() {
    let (stage, _) = stage().await;
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;

    // A mention comes as two events.
    for (place, call, events) in [(alice.dm_channel(), "", 1), (general, "<@bot> ", 2)] {
        stage.platform.fault("delivery", events, Fault::CutBefore);
        let one = alice.says_in(&place, &format!("{call}helo"));
        alice.edits(&place, &one, &format!("{call}hello"));
        stage.wait_for_text(&place, "Heard hello").await;
        // What got lost on the way is sent again.
        stage.platform.advance(Duration::from_secs(3));
        assert!(stage.platform.wait_until_delivered().await);
        alice.says_in(&place, &format!("{call}goodbye"));

        stage.wait_for_text(&place, "Heard goodbye").await;
        assert_eq!(said(&stage.platform.screen(&place)), ["Heard hello", "Heard goodbye"]);
    }
    assert_eq!(stage.models.count(), 4);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_was_taken_back_before_it_came_is_not_answered() {
    let (stage, _) = stage().await;
    let alice = stage.platform.user("U1", "alice");
    let bot = stage.serve().await;
    let (place, beside) = (alice.dm_channel(), stage.setup.beside().await);

    stage.platform.fault("delivery", 1, Fault::CutBefore);
    let one = alice.dm("never mind");
    alice.deletes(&place, &one);
    wait_until(&beside, "SELECT COUNT(*) FROM inbox WHERE outcome = 'taken_back'", 1).await;
    stage.platform.advance(Duration::from_secs(3));
    assert!(stage.platform.wait_until_delivered().await);
    alice.dm("hello");

    stage.wait_for_text(&place, "Heard hello").await;
    assert_eq!(said(&stage.platform.screen(&place)), ["Heard hello"]);
    assert_eq!(stage.models.count(), 1);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_mention_that_is_added_later_calls_the_bot_once() {
    let (stage, _) = stage().await;
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;

    let one = alice.says_in(&general, "are you there?");
    alice.edits(&general, &one, "<@bot> are you there?");
    let shown = stage.wait_for_text(&general, "Heard are you there?").await;
    assert_eq!(shown.thread.as_deref(), Some(one.as_str()));
    alice.edits(&general, &one, "<@bot> are you still there?");
    // Without the mention and with it once more, Slack calls it new.
    alice.edits(&general, &one, "are you there at all?");
    alice.edits(&general, &one, "<@bot> are you there at all?");
    assert!(stage.platform.wait_until_delivered().await);
    alice.says_in(&general, "<@bot> thank you");
    stage.wait_for_text(&general, "Heard thank you").await;

    assert_eq!(said(&stage.platform.screen(&general)), ["Heard are you there?", "Heard thank you"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn changes_of_what_is_not_for_the_bot_leave_nothing() {
    let (stage, _) = stage().await;
    let (alice, bob) = (stage.platform.user("U1", "alice"), stage.platform.user("U2", "bob"));
    let general = stage.platform.channel("C1", "general", &[&alice, &bob]);
    let bot = stage.serve().await;
    let chat = alice.dm_channel();

    let lunch = bob.says_in(&general, "lunch?");
    bob.edits(&general, &lunch, "dinner?");
    bob.deletes(&general, &lunch);
    alice.dm("one");
    stage.wait_for_text(&chat, "Heard one").await;
    assert!(stage.platform.wait_until_delivered().await);

    let beside = stage.setup.beside().await;
    assert_eq!(beside.number("SELECT COUNT(*) FROM inbox").await, 1);
    assert_eq!(beside.texts("SELECT platform_user_id FROM identities").await, ["U1"]);
    assert_eq!(stage.models.count(), 1);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn without_the_events_of_channels_second_thoughts_count_in_direct_chats_only() {
    let stage = Stage::lifelike().await.unhurried();
    stage.platform.without_rate_limits();
    let gate = first_waits(&stage.models);
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;
    let beside = stage.setup.beside().await;
    for (place, call, heard) in
        [(general, "<@bot> ", "Heard secnd"), (alice.dm_channel(), "", "Heard second")]
    {
        gate.hold(0);
        let first = alice.says_in(&place, &format!("{call}first"));
        gate.wait_until_held(1).await;
        let says = |text: &str| {
            let text = format!("{call}{text}");
            if call.is_empty() { alice.dm(&text) } else { alice.replies_in(&place, &first, &text) }
        };
        let second = says("secnd");
        wait_until_it_waits(&beside, "secnd").await;
        alice.edits(&place, &second, &format!("{call}second"));
        assert!(stage.platform.wait_until_delivered().await);
        gate.release();
        stage.wait_for_text(&place, heard).await;
        assert_eq!(said(&stage.platform.screen(&place)), ["Heard first", heard]);
    }
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_is_answered_is_heard_as_it_was_edited_and_what_was_taken_back_is_not_heard_again() {
    let (stage, _) = stage().await;
    let alice = stage.platform.user("U1", "alice");
    let bot = stage.serve().await;
    let (chat, beside) = (alice.dm_channel(), stage.setup.beside().await);
    let one = alice.dm("one");
    stage.wait_for_text(&chat, "Heard one").await;
    let two = alice.dm("two");
    stage.wait_for_text(&chat, "Heard two").await;
    bot.wait_for_logs("a turn on slack ended", 2).await;
    alice.edits(&chat, &one, "uno");
    alice.deletes(&chat, &two);
    wait_until(&beside, "SELECT COUNT(*) FROM message_revisions WHERE content = 'one'", 1).await;
    wait_until(&beside, "SELECT COUNT(*) FROM messages WHERE deleted_at IS NOT NULL", 2).await;
    alice.dm("three");
    stage.wait_for_text(&chat, "Heard three").await;

    assert_eq!(said(&stage.platform.screen(&chat)), ["Heard one", "Heard two", "Heard three"]);
    assert_eq!(heard(&stage.models, "three"), ["uno", "Heard one", "three"]);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_ends_when_its_question_is_taken_back() {
    let (stage, _) = stage().await;
    let alice = stage.platform.user("U1", "alice");
    let bot = stage.serve().await;
    let chat = alice.dm_channel();
    let gate = Gate::closed_after(1);
    stage.models.when_asked("think", Answer::deltas(["Well, let me think", " for ever."]).behind(&gate));
    let think = alice.dm("think");
    stage.wait_for_text(&chat, "Well, let me think").await;
    alice.deletes(&chat, &think);
    gate.wait_until_nobody_is_held().await;
    bot.wait_for_logs("a turn on slack ended", 2).await;

    alice.dm("hello");
    stage.wait_for_text(&chat, "Heard hello").await;
    assert_eq!(said(&stage.platform.screen(&chat)), ["Well, let me think", "Heard hello"]);
    assert_eq!(heard(&stage.models, "hello"), ["hello"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn where_that_is_set_the_last_question_is_answered_as_it_was_edited() {
    let (stage, _) = stage().await;
    let stage = stage.set("CONVERSATION__ANSWER_EDITS", "true");
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;
    let one = alice.dm("one");
    let chat = alice.dm_channel();
    stage.wait_until_last(&chat, "Heard one").await;
    alice.edits(&chat, &one, "uno");
    let screen = stage.wait_until_last(&chat, "Heard uno").await;
    assert_eq!(said(&screen), ["Heard one", "Heard uno"]);

    let one = alice.says_in(&general, "<@bot> one");
    stage.wait_until_last(&general, "Heard one").await;
    alice.edits(&general, &one, "<@bot> uno");
    let screen = stage.wait_until_last(&general, "Heard uno").await;
    assert_eq!(said(&screen), ["Heard one", "Heard uno"]);
    assert_eq!(screen.last().unwrap().thread.as_deref(), Some(one.as_str()));
    assert!(stage.platform.wait_until_delivered().await);
    assert_eq!(stage.models.count(), 4);
    stage.ends_well(bot).await;
}
