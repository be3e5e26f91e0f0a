//! Second thoughts: edits and deletions of what waits, of what has not come yet, of
//! what was not for the bot.

use std::time::Duration;

use crate::support::models::Gate;
use crate::support::slack::Fault;
use crate::talk::slack::{House, said};
use crate::talk::{first_waits, unhurried, wait_until, wait_until_it_waits};

/// A model that answers with what it heard, and lets the first wait for `gate`.
async fn house() -> (House, Gate) {
    let house = House::new().await;
    house.slack.without_rate_limits();
    let gate = first_waits(&house.models);
    let setup = unhurried(&house.setup);
    (House { setup, ..house }, gate)
}

#[tokio::test]
async fn what_waits_is_heard_as_it_was_edited_and_what_was_taken_back_is_not_heard() {
    let (house, gate) = house().await;
    let alice = house.slack.user("U1", "alice");
    let general = house.slack.channel("C1", "general", &[&alice]);
    let bot = house.serve().await;
    let beside = house.setup.beside().await;

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

        house.wait_for(&place, "Heard second").await;
        assert_eq!(said(&house.slack.screen(&place)), ["Heard first", "Heard second"]);
    }
    assert_eq!(house.models.count(), 4);
    beside.close().await;
    house.ends_well(bot).await;
}

#[tokio::test]
async fn an_edit_that_comes_before_its_message_is_answered_and_the_message_adds_nothing() {
    let (house, _) = house().await;
    let alice = house.slack.user("U1", "alice");
    let general = house.slack.channel("C1", "general", &[&alice]);
    let bot = house.serve().await;

    // A mention comes as two events.
    for (place, call, events) in [(alice.dm_channel(), "", 1), (general, "<@bot> ", 2)] {
        house.slack.fault("delivery", events, Fault::CutBefore);
        let one = alice.says_in(&place, &format!("{call}helo"));
        alice.edits(&place, &one, &format!("{call}hello"));
        house.wait_for(&place, "Heard hello").await;
        // What got lost on the way is sent again.
        house.slack.advance(Duration::from_secs(3));
        assert!(house.slack.wait_until_delivered().await);
        alice.says_in(&place, &format!("{call}goodbye"));

        house.wait_for(&place, "Heard goodbye").await;
        assert_eq!(said(&house.slack.screen(&place)), ["Heard hello", "Heard goodbye"]);
    }
    assert_eq!(house.models.count(), 4);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn what_was_taken_back_before_it_came_is_not_answered() {
    let (house, _) = house().await;
    let alice = house.slack.user("U1", "alice");
    let bot = house.serve().await;
    let (place, beside) = (alice.dm_channel(), house.setup.beside().await);

    house.slack.fault("delivery", 1, Fault::CutBefore);
    let one = alice.dm("never mind");
    alice.deletes(&place, &one);
    wait_until(&beside, "SELECT COUNT(*) FROM inbox WHERE outcome = 'taken_back'", 1).await;
    house.slack.advance(Duration::from_secs(3));
    assert!(house.slack.wait_until_delivered().await);
    alice.dm("hello");

    house.wait_for(&place, "Heard hello").await;
    assert_eq!(said(&house.slack.screen(&place)), ["Heard hello"]);
    assert_eq!(house.models.count(), 1);
    beside.close().await;
    house.ends_well(bot).await;
}

#[tokio::test]
async fn a_mention_that_is_added_later_calls_the_bot_once() {
    let (house, _) = house().await;
    let alice = house.slack.user("U1", "alice");
    let general = house.slack.channel("C1", "general", &[&alice]);
    let bot = house.serve().await;

    let one = alice.says_in(&general, "are you there?");
    alice.edits(&general, &one, "<@bot> are you there?");
    let shown = house.wait_for(&general, "Heard are you there?").await;
    assert_eq!(shown.thread.as_deref(), Some(one.as_str()));
    alice.edits(&general, &one, "<@bot> are you still there?");
    // Without the mention and with it once more, Slack calls it new.
    alice.edits(&general, &one, "are you there at all?");
    alice.edits(&general, &one, "<@bot> are you there at all?");
    assert!(house.slack.wait_until_delivered().await);
    alice.says_in(&general, "<@bot> thank you");
    house.wait_for(&general, "Heard thank you").await;

    assert_eq!(said(&house.slack.screen(&general)), ["Heard are you there?", "Heard thank you"]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn changes_of_what_is_not_for_the_bot_and_of_what_is_answered_leave_nothing() {
    let (house, _) = house().await;
    let (alice, bob) = (house.slack.user("U1", "alice"), house.slack.user("U2", "bob"));
    let general = house.slack.channel("C1", "general", &[&alice, &bob]);
    let bot = house.serve().await;
    let chat = alice.dm_channel();

    let lunch = bob.says_in(&general, "lunch?");
    bob.edits(&general, &lunch, "dinner?");
    bob.deletes(&general, &lunch);
    let one = alice.dm("one");
    house.wait_for(&chat, "Heard one").await;
    alice.edits(&chat, &one, "uno");
    alice.deletes(&chat, &one);
    assert!(house.slack.wait_until_delivered().await);

    let beside = house.setup.beside().await;
    assert_eq!(beside.number("SELECT COUNT(*) FROM inbox").await, 1);
    assert_eq!(beside.texts("SELECT platform_user_id FROM identities").await, ["U1"]);
    assert_eq!(house.models.count(), 1);
    beside.close().await;
    house.ends_well(bot).await;
}
