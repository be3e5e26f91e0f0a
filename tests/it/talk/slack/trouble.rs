//! Lost sockets, repeated envelopes, and ends without warning.

use std::time::Duration;

use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::support::slack::{Disconnect, Fault};
use crate::talk::slack::Stage;
use crate::talk::wait_until_noted;

#[tokio::test]
async fn whatever_becomes_of_the_sockets_every_message_is_answered_once() {
    let stage = Stage::lifelike().await;
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    stage.platform.acknowledge_within(Duration::from_millis(500));
    stage.platform.retry_after([Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(2)]);
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    let chat = alice.dm_channel();

    stage.platform.fault("delivery", 1, Fault::Duplicate);
    alice.dm("twice");
    stage.wait_until_last(&chat, "Heard twice").await;
    stage.platform.fault("delivery", 1, Fault::CutAfter);
    alice.dm("unacknowledged");
    stage.wait_until_last(&chat, "Heard unacknowledged").await;
    stage.platform.disconnect_sockets(Disconnect::RefreshRequested);
    alice.dm("during a refresh");
    stage.wait_until_last(&chat, "Heard during a refresh").await;
    assert!(stage.platform.wait_until_delivered().await);

    assert_eq!(said(&stage.platform.screen(&chat)).len(), 3);
    assert_eq!(stage.models.count(), 3);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn after_all_sockets_were_cut_it_comes_back_and_answers() {
    let stage = Stage::lifelike().await;
    stage.models.will_say("Here again.");
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    stage.platform.cut_sockets();
    assert!(stage.platform.wait_for_sockets(0).await);

    // Sockets that lived for moments only are not replaced at once.
    let is_back = stage.platform.wait_for_sockets(2).await || stage.platform.wait_for_sockets(2).await;
    assert!(is_back, "{:#?}", bot.log());
    alice.dm("Are you there?");

    stage.wait_until_last(&alice.dm_channel(), "Here again.").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_that_a_crash_cut_becomes_whole_where_it_stands_after_the_next_start() {
    let stage = Stage::lifelike().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Once upon", " a time."]).behind(&gate));
    let bot = stage.clone().unhurried().serve().await;
    let alice = stage.platform.user("U1", "alice");
    alice.dm("Tell me a story.");
    stage.wait_until_last(&alice.dm_channel(), "Once upon").await;
    wait_until_noted(&stage.setup).await;
    assert!(stage.platform.wait_until_delivered().await);
    bot.crash().await;
    gate.release();

    // Slack tells of the edit: were nobody there yet, it would do so again only after a minute.
    let gate = Gate::closed_after(0);
    stage.models.will(Answer::text("Once upon a time.").behind(&gate));
    assert!(stage.platform.wait_for_sockets(0).await);
    let bot = stage.clone().unhurried().serve().await;
    gate.release();
    let screen = stage.wait_until_last(&alice.dm_channel(), "Once upon a time.").await;

    assert_eq!(said(&screen), ["Once upon a time."]);
    stage.ends_well(bot).await;
}
