//! Lost sockets, repeated envelopes, and ends without warning.

use std::time::Duration;

use crate::support::models::{Answer, Gate};
use crate::support::slack::{Disconnect, Fault};
use crate::talk::slack::{House, said};
use crate::talk::{unhurried, wait_until_noted};

#[tokio::test]
async fn whatever_becomes_of_the_sockets_every_message_is_answered_once() {
    let house = House::new().await;
    house.models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
    house.slack.acknowledge_within(Duration::from_millis(500));
    house.slack.retry_after([Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(2)]);
    let bot = house.serve().await;
    let alice = house.slack.user("U1", "alice");
    let chat = alice.dm_channel();

    house.slack.fault("delivery", 1, Fault::Duplicate);
    alice.dm("twice");
    house.wait_until_last(&chat, "Heard twice").await;
    house.slack.fault("delivery", 1, Fault::CutAfter);
    alice.dm("unacknowledged");
    house.wait_until_last(&chat, "Heard unacknowledged").await;
    house.slack.disconnect_sockets(Disconnect::RefreshRequested);
    alice.dm("during a refresh");
    house.wait_until_last(&chat, "Heard during a refresh").await;
    assert!(house.slack.wait_until_delivered().await);

    assert_eq!(said(&house.slack.screen(&chat)).len(), 3);
    assert_eq!(house.models.count(), 3);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn after_all_sockets_were_cut_it_comes_back_and_answers() {
    let house = House::new().await;
    house.models.will_say("Here again.");
    let bot = house.serve().await;
    let alice = house.slack.user("U1", "alice");
    house.slack.cut_sockets();
    assert!(house.slack.wait_for_sockets(0).await);

    // Sockets that lived for moments only are not replaced at once.
    let is_back = house.slack.wait_for_sockets(2).await || house.slack.wait_for_sockets(2).await;
    assert!(is_back, "{:#?}", bot.log());
    alice.dm("Are you there?");

    house.wait_until_last(&alice.dm_channel(), "Here again.").await;
    house.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_that_a_crash_cut_becomes_whole_where_it_stands_after_the_next_start() {
    let house = House::new().await;
    let gate = Gate::closed_after(1);
    house.models.will(Answer::deltas(["Once upon", " a time."]).behind(&gate));
    let bot = house.serve_with(&unhurried(&house.setup)).await;
    let alice = house.slack.user("U1", "alice");
    alice.dm("Tell me a story.");
    house.wait_until_last(&alice.dm_channel(), "Once upon").await;
    wait_until_noted(&house.setup).await;
    assert!(house.slack.wait_until_delivered().await);
    bot.crash().await;
    gate.release();

    // Slack tells of the edit: were nobody there yet, it would do so again only after a minute.
    let gate = Gate::closed_after(0);
    house.models.will(Answer::text("Once upon a time.").behind(&gate));
    assert!(house.slack.wait_for_sockets(0).await);
    let bot = house.serve_with(&unhurried(&house.setup)).await;
    gate.release();
    let screen = house.wait_until_last(&alice.dm_channel(), "Once upon a time.").await;

    assert_eq!(said(&screen), ["Once upon a time."]);
    house.ends_well(bot).await;
}
