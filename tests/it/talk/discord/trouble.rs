//! Lost connections, repeated events, and ends without warning.

use crate::support::discord::{Fault, GatewayRecord, GatewayStep};
use crate::support::models::{Answer, Gate};
use crate::talk::discord::{House, POST, is_identified, said};
use crate::talk::unhurried;

#[tokio::test]
async fn whatever_becomes_of_the_gateway_every_message_is_answered_once() {
    let house = House::without_rate_limits().await;
    house.models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
    let bot = house.serve().await;
    let alice = house.discord.user(1001, "alice");
    let chat = alice.dm_channel();
    let resumed = |record: &GatewayRecord| matches!(record.what, GatewayStep::Resumed { .. });

    house.discord.repeats_events(1);
    alice.dm("twice");
    house.wait_until_last(chat, "Heard twice").await;
    house.discord.drops_connections();
    alice.dm("while away");
    house.wait_until_last(chat, "Heard while away").await;
    house.discord.asks_to_reconnect();
    house.discord.wait_for_gateway(2, resumed).await;
    alice.dm("after a reconnect");
    house.wait_until_last(chat, "Heard after a reconnect").await;
    house.discord.invalidates_sessions(false);
    house.discord.wait_for_gateway(2, is_identified).await;
    alice.dm("in a new session");
    house.wait_until_last(chat, "Heard in a new session").await;

    assert_eq!(said(&house.discord.screen(chat)).len(), 4);
    assert_eq!(house.models.count(), 4);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_that_a_crash_cut_grows_whole_in_its_place() {
    let house = House::without_rate_limits().await;
    let gate = Gate::closed_after(1);
    house.models.will(Answer::deltas(["Once upon", " a time."]).behind(&gate));
    let bot = house.serve_with(&unhurried(&house.setup)).await;
    let alice = house.discord.user(1001, "alice");
    alice.dm("Tell me a story.");
    house.wait_until_last(alice.dm_channel(), "Once upon").await;
    bot.crash().await;
    gate.release();

    house.models.will_say("Once upon another time.");
    let bot = house.serve().await;
    let screen = house.wait_until_last(alice.dm_channel(), "Once upon another time.").await;

    assert_eq!(said(&screen), ["Once upon another time."]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_that_was_posted_when_the_crash_came_is_not_posted_twice() {
    let house = House::without_rate_limits().await;
    house.models.will_say("Certainly.");
    let bot = house.serve().await;
    let alice = house.discord.user(1001, "alice");
    house.discord.fault(POST, 1, Fault::HangAfter);
    alice.dm("Are you there?");
    house.wait_until_last(alice.dm_channel(), "Certainly.").await;
    bot.crash().await;

    house.models.will_say("Still here.");
    let bot = house.serve().await;
    alice.dm("And now?");
    let screen = house.wait_until_last(alice.dm_channel(), "Still here.").await;

    assert_eq!(said(&screen), ["Certainly.", "Still here."]);
    assert_eq!(house.models.count(), 2, "an answer that is stored is not paid for twice");
    house.ends_well(bot).await;
}
