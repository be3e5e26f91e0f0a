//! Very many answers at once, under the limits that each platform documents. How long it all
//! takes is measured by `benches/storm`; here it is what arrives, and in which order.

use crate::support::discord::{Discord, GatewayRecord};
use crate::support::models::{Answer, Gate};
use crate::support::platforms::Emulated;
use crate::support::screens::said;
use crate::support::slack::{Fault, Slack};
use crate::support::stage::On;
use crate::support::telegram::Telegram;

const LONG: &str = "Tell me everything.";
const QUICK: &str = "Are you there?";

/// How many long answers stream at once on each platform.
const CHATS: u16 = 30;

/// How many of a hundred calls a platform may refuse as one too many.
const TOO_MANY: usize = 1;

#[tokio::test]
async fn a_storm_of_streams_arrives_whole_within_the_limits_and_others_are_answered_meanwhile() {
    let patience =
        ["FIRST_TOKEN", "IDLE"].map(|what| format!("MODEL__PROVIDERS__MAIN__{what}_TIMEOUT_SECONDS"));
    let mut telegram = On::<Telegram>::lifelike().await.set(&patience[0], "60").set(&patience[1], "60");
    let discord = telegram.also_on(Discord::start().await);
    let slack = telegram.also_on(Slack::start().await);
    let words: Vec<String> = (0..40).map(|number| format!("word{number} ")).collect();
    let whole = words.concat().trim().to_owned();
    // Each streams, and ends only when it is told to.
    let gate = Gate::closed_after(words.len() - 1);
    let storm = Answer::deltas(words).at_tokens_per_second(15.0).behind(&gate);
    telegram.models.when_asked(LONG, storm);
    telegram.models.when_asked(QUICK, "Certainly.");
    let bot = slack.serve().await;
    telegram.platform.wait_for_poll().await.unwrap();
    discord.platform.wait_for_gateway(1, GatewayRecord::is_identified).await;

    let people = 1..=CHATS;
    let user = |number: u16| discord.platform.user(7_000 + u64::from(number), "Dana");
    let person = |number: u16| slack.platform.user(&format!("U7{number:03}"), "Sam");
    for number in people.clone() {
        telegram.platform.user(7_000 + i64::from(number), "Tess").says(LONG);
        user(number).dm(LONG);
        person(number).dm(LONG);
    }
    let (dm, im) = (user(CHATS + 1).dm_channel(), person(CHATS + 1).dm_channel());
    telegram.platform.user(6_000, "Tom").says(QUICK);
    user(CHATS + 1).dm(QUICK);
    person(CHATS + 1).dm(QUICK);

    // None of the long answers can have come to its end.
    telegram.wait_until_last(6_000, "Certainly.").await;
    discord.wait_until_last(dm, "Certainly.").await;
    slack.wait_until_last(&im, "Certainly.").await;
    gate.wait_until_held(usize::from(CHATS) * 3).await;
    gate.release();
    for number in people {
        stands_whole(&telegram, 7_000 + i64::from(number), &whole).await;
        stands_whole(&discord, user(number).dm_channel(), &whole).await;
        stands_whole(&slack, &person(number).dm_channel(), &whole).await;
    }

    let of_telegram = telegram.platform.calls().into_iter().map(|call| call.status == 429);
    let of_discord = discord.platform.calls().into_iter().map(|call| call.status == Some(429));
    let of_slack = slack.platform.calls().into_iter().map(|call| call.status.contains("rate"));
    assert_few_refused("Telegram", of_telegram);
    assert_few_refused("Discord", of_discord);
    assert_few_refused("Slack", of_slack);
    telegram.ends_well(bot).await;
    discord.is_left_well();
    slack.is_left_well();
}

async fn stands_whole<P: Emulated>(stage: &On<P>, chat: P::Chat<'_>, whole: &str) {
    stage.wait_for_text(chat, whole).await;
    let screen = stage.platform.screen(chat);
    assert_eq!(said(&screen), [whole]);
}

fn assert_few_refused(platform: &str, calls: impl Iterator<Item = bool>) {
    let (refused, taken): (Vec<bool>, Vec<bool>) = calls.partition(|is_refused| *is_refused);
    let all = refused.len() + taken.len();
    assert!(refused.len() * 100 <= all * TOO_MANY, "{platform} refused {} of {all} calls", refused.len());
}

#[tokio::test]
async fn edits_that_slack_refuses_hold_back_no_post() {
    let stage = On::<Slack>::lifelike().await;
    let gate = Gate::closed_after(1);
    stage.models.when_asked(LONG, Answer::deltas(["It begins", " and ends."]).behind(&gate));
    stage.models.when_asked(QUICK, "Certainly.");
    let bot = stage.serve().await;
    let (alice, bob) = (stage.platform.user("U1", "Alice"), stage.platform.user("U2", "Bob"));
    alice.dm(LONG);
    stage.wait_until_last(&alice.dm_channel(), "It begins").await;
    stage.platform.fault("chat.update", 1, Fault::RateLimited(8));
    gate.release();
    stage.platform.wait_for_calls("chat.update", 1).await;

    bob.dm(QUICK);
    stage.wait_until_last(&bob.dm_channel(), "Certainly.").await;

    let screen = stage.platform.screen(&alice.dm_channel());
    assert_eq!(said(&screen), ["It begins"], "what was refused has waited meanwhile");
    stage.wait_until_last(&alice.dm_channel(), "It begins and ends.").await;
    stage.ends_well(bot).await;
}
