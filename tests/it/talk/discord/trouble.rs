//! Lost connections, repeated events, and ends without warning.

use crate::support::discord::{Fault, GatewayRecord, GatewayStep};
use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::talk::discord::{POST, Stage};

#[tokio::test]
async fn whatever_becomes_of_the_gateway_every_message_is_answered_once() {
    let stage = Stage::lifelike().await.unlimited();
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    let chat = alice.dm_channel();
    let resumed = |record: &GatewayRecord| matches!(record.what, GatewayStep::Resumed { .. });

    stage.platform.repeats_events(1);
    alice.dm("twice");
    stage.wait_until_last(chat, "Heard twice").await;
    stage.platform.drops_connections();
    alice.dm("while away");
    stage.wait_until_last(chat, "Heard while away").await;
    stage.platform.asks_to_reconnect();
    stage.platform.wait_for_gateway(2, resumed).await;
    alice.dm("after a reconnect");
    stage.wait_until_last(chat, "Heard after a reconnect").await;
    stage.platform.invalidates_sessions(false);
    stage.platform.wait_for_gateway(2, GatewayRecord::is_identified).await;
    alice.dm("in a new session");
    stage.wait_until_last(chat, "Heard in a new session").await;

    assert_eq!(said(&stage.platform.screen(chat)).len(), 4);
    assert_eq!(stage.models.count(), 4);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_that_a_crash_cut_grows_whole_in_its_place() {
    let stage = Stage::lifelike().await.unlimited();
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Once upon", " a time."]).behind(&gate));
    let bot = stage.clone().unhurried().serve().await;
    let alice = stage.platform.user(1001, "alice");
    alice.dm("Tell me a story.");
    stage.wait_until_last(alice.dm_channel(), "Once upon").await;
    bot.crash().await;
    gate.release();

    stage.models.will_say("Once upon another time.");
    let bot = stage.serve().await;
    let screen = stage.wait_until_last(alice.dm_channel(), "Once upon another time.").await;

    assert_eq!(said(&screen), ["Once upon another time."]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_that_was_posted_when_the_crash_came_is_not_posted_twice() {
    let stage = Stage::lifelike().await.unlimited();
    stage.models.will_say("Certainly.");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    stage.platform.fault(POST, 1, Fault::HangAfter);
    alice.dm("Are you there?");
    stage.wait_until_last(alice.dm_channel(), "Certainly.").await;
    bot.crash().await;

    stage.models.will_say("Still here.");
    let bot = stage.serve().await;
    alice.dm("And now?");
    let screen = stage.wait_until_last(alice.dm_channel(), "Still here.").await;

    assert_eq!(said(&screen), ["Certainly.", "Still here."]);
    assert_eq!(stage.models.count(), 2, "an answer that is stored is not paid for twice");
    stage.ends_well(bot).await;
}
