//! Commands, and answers that only the person who asked can see.

use std::time::{Duration, Instant};

use serde_json::json;
use switchboard::channels::{Channel, ChannelError};
use switchboard::domain::{AddressKind, PostedId};

use super::inbox::Mood;
use super::{Stage, part};
use crate::support::discord::{Acknowledged, Discord, Fault};

#[tokio::test]
async fn commands_are_registered_only_when_they_differ() {
    let stage = Stage::set().await;
    stage.discord.wait_for_calls("PUT /applications/{id}/commands", 1).await;
    assert_eq!(stage.discord.commands(None), ["help", "new", "model", "whoami", "stop", "retry"]);
    let discord = stage.discord.clone();
    stage.ends().await;

    discord.time_passes(Duration::from_secs(60));
    let again = Stage::set_at(discord, false).await;
    again.discord.wait_for_calls("GET /applications/{id}/commands", 2).await;
    again.ends().await;
}

#[tokio::test]
async fn registering_that_failed_is_tried_again_with_the_next_session() {
    let discord = Discord::start().await.without_rate_limits();
    discord.fault("GET /applications/{id}/commands", 1, Fault::Status(503));
    let stage = Stage::set_at(discord, false).await;
    stage.discord.wait_for_calls("GET /applications/{id}/commands", 1).await;

    stage.discord.invalidates_sessions(false);

    stage.discord.wait_for_calls("PUT /applications/{id}/commands", 1).await;
    stage.ends().await;
}

#[tokio::test]
async fn a_command_comes_in_and_its_answer_is_for_one_person() {
    let stage = Stage::set().await;
    let general = stage.discord.guild(100, "Team").channel(200, "general");
    let (alice, bob) = (stage.discord.user(1, "alice"), stage.discord.user(2, "bob"));

    let asked = alice.runs_command("model", &[("name", json!("gpt-5"))], general).await;
    let (message, invocation) = stage.inbox.command("model").await;
    assert_eq!(invocation.arguments, "gpt-5");
    assert_eq!((message.address.kind, message.address.chat.as_str()), (AddressKind::Group, "200"));
    assert_eq!(asked.wait_until_acknowledged().await, Acknowledged::Deferred);

    let to = message.reply_to();
    stage.post(&to, 0, "Chosen.").await.unwrap();
    stage.post(&to, 1, "And more.").await.unwrap();
    let first = alice.waits_for(general, |shown| shown.text == "Chosen.").await;
    let more = alice.waits_for(general, |shown| shown.text == "And more.").await;
    assert!(first.ephemeral && more.ephemeral);
    assert_eq!((asked.original(), asked.follow_ups()), (Some(first.id), vec![more.id]));
    assert!(bob.screen(general).iter().all(|shown| !shown.by_bot));

    for (id, text) in [(first.id, "Chosen!"), (more.id, "And less.")] {
        stage.bot.edit(&to, &PostedId(id.to_string()), &part(0, text)).await.unwrap();
        alice.waits_for(general, |shown| shown.id == id && shown.text == text).await;
    }
    stage.ends().await;
}

#[tokio::test]
async fn an_answer_is_promised_in_time_while_the_inbox_ponders() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let dm = alice.dm_channel();
    stage.inbox.is(Mood::Ponders);
    let before = Instant::now();

    let asked = alice.runs_command("help", &[], dm).await;

    assert_eq!(asked.wait_until_acknowledged().await, Acknowledged::Deferred);
    assert!(before.elapsed() < Duration::from_secs(3), "it took {:?}", before.elapsed());
    stage.inbox.is(Mood::Takes);
    let (message, _) = stage.inbox.command("help").await;
    assert_eq!(message.address.kind, AddressKind::Direct);
    stage.post(&message.reply_to(), 0, "This is how.").await.unwrap();
    alice.waits_for(dm, |shown| shown.text == "This is how.").await;
    stage.ends().await;
}

#[tokio::test]
async fn a_command_that_is_not_taken_in_is_answered_so() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let dm = alice.dm_channel();
    stage.inbox.is(Mood::Refuses);

    alice.dm("this one waits");
    let asked = alice.runs_command("new", &[], dm).await;

    alice.waits_for(dm, |shown| shown.text == "Sorry, I could not take that in. Please repeat it.").await;
    assert!(!asked.failed());
    stage.inbox.is(Mood::Takes);
    stage.inbox.said("this one waits").await;
    alice.runs_command("help", &[], dm).await;
    let (help, _) = stage.inbox.command("help").await;
    stage.post(&help.reply_to(), 0, "Help.").await.unwrap();
    assert!(stage.inbox.read(|taken| taken.messages.len() == 2), "what was refused does not come later");
    alice.screen(dm);
    stage.ends().await;
}

#[tokio::test]
async fn a_promise_is_made_again_when_it_got_lost() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let dm = alice.dm_channel();
    for fault in [Fault::Status(500), Fault::CutAfter, Fault::CutBefore] {
        stage.discord.fault("POST /interactions/{id}/{token}/callback", 1, fault);
        let asked = alice.runs_command("whoami", &[], dm).await;
        assert_eq!(asked.wait_until_acknowledged().await, Acknowledged::Deferred);
    }
    stage.ends().await;
}

#[tokio::test]
async fn after_fifteen_minutes_the_answer_is_a_message() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let dm = alice.dm_channel();
    let asked = alice.runs_command("model", &[], dm).await;
    asked.wait_until_acknowledged().await;
    let (message, _) = stage.inbox.command("model").await;

    stage.time_passes(Duration::from_secs(15 * 60 + 1));
    let posted = stage.post(&message.reply_to(), 0, "The small one.").await.unwrap();
    stage
        .bot
        .edit(&message.reply_to(), &PostedId(posted.to_string()), &part(0, "The big one."))
        .await
        .unwrap();

    let shown = stage.discord.wait_for_message(dm, |shown| shown.text == "The big one.").await;
    assert_eq!((shown.id, shown.ephemeral), (posted, false));
    alice.screen(dm);
    stage.ends().await;
}

#[tokio::test]
async fn after_fifteen_minutes_others_do_not_read_what_was_for_one_person() {
    let stage = Stage::set().await;
    let general = stage.discord.guild(500, "Team").channel(501, "general");
    let alice = stage.discord.user(1, "alice");
    alice.runs_command("model", &[], general).await.wait_until_acknowledged().await;
    let (message, _) = stage.inbox.command("model").await;

    stage.time_passes(Duration::from_secs(15 * 60 + 1));
    let posted = stage.post(&message.reply_to(), 0, "The small one.").await.unwrap();
    let again = PostedId(posted.to_string());
    stage.bot.edit(&message.reply_to(), &again, &part(0, "The big one.")).await.unwrap();

    let shown = stage.discord.wait_for_message(general, |shown| shown.id == posted).await;
    assert_eq!(
        shown.text,
        "Sorry, I was too slow to answer a command here in private. Please give it again."
    );
    alice.screen(general);
    stage.ends().await;
}

#[tokio::test]
async fn a_restart_in_between_does_not_lose_the_answer() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let dm = alice.dm_channel();
    alice.runs_command("model", &[], dm).await.wait_until_acknowledged().await;
    let (message, _) = stage.inbox.command("model").await;
    let discord = stage.discord.clone();
    stage.ends().await;

    let after = Stage::open(discord, false);
    after.post(&message.reply_to(), 0, "The small one.").await.unwrap();

    assert!(alice.waits_for(dm, |shown| shown.text == "The small one.").await.ephemeral);
    after.discord.time_passes(Duration::from_secs(60));
    after.discord.wait_until_connected().await;
    after.ends().await;
}

#[tokio::test]
async fn a_hidden_answer_that_is_too_old_to_edit_is_gone() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let dm = alice.dm_channel();
    alice.runs_command("model", &[], dm).await;
    let (message, _) = stage.inbox.command("model").await;
    let posted = stage.post(&message.reply_to(), 0, "The small one.").await.unwrap();

    stage.time_passes(Duration::from_secs(15 * 60 + 1));
    let edited = stage.bot.edit(&message.reply_to(), &PostedId(posted.to_string()), &part(0, "No.")).await;

    assert!(matches!(edited, Err(ChannelError::Gone { .. })), "{edited:?}");
    alice.screen(dm);
    stage.ends().await;
}
