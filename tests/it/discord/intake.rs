//! What comes in, and what becomes of it.

use switchboard::channels::Channel;
use switchboard::domain::{AddressKind, Attachment, Event, PostedId};

use super::Stage;
use super::inbox::Mood;
use crate::support::discord::{Discord, Fault};

#[tokio::test]
async fn a_direct_message_comes_in_with_who_said_it() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");

    let id = alice.dm("hello");

    let (message, said) = stage.inbox.said("hello").await;
    assert!(said.is_addressed());
    assert_eq!(said.message, Some(PostedId(id.to_string())));
    assert_eq!(message.key.0, format!("discord:message:{id}"));
    assert_eq!(message.sequence, i64::try_from(id).unwrap());
    assert_eq!((message.author.platform_user_id.as_str(), message.author.name.as_str()), ("1", "alice"));
    assert_eq!(message.address.kind, AddressKind::Direct);
    assert_eq!(message.address.chat, alice.dm_channel().to_string());
    assert_eq!((message.address.space, message.address.scope.as_str()), (None, ""));
    stage.ends().await;
}

#[tokio::test]
async fn the_guild_is_named_and_only_mentions_and_replies_are_addressed() {
    let stage = Stage::set().await;
    let general = stage.discord.guild(100, "Team").channel(200, "general");
    let alice = stage.discord.user(1, "alice");
    let bob = stage.discord.user(2, "bob");

    alice.says_in(general, "between us");
    alice.says_in(general, &format!("{} ask {} please", stage.discord.mention(), bob.mention()));

    let (message, said) = stage.inbox.said("ask @bob please").await;
    assert!(said.is_addressed());
    assert_eq!((message.address.kind, message.address.chat.as_str()), (AddressKind::Group, "200"));
    let space = message.address.space.clone().unwrap();
    assert_eq!((space.id.as_str(), space.name.as_deref()), ("100", Some("Team")));

    let posted = stage.post(&message.reply_to(), 0, "I have").await.unwrap();
    stage.discord.wait_for_message(general, |shown| shown.text == "I have").await;
    alice.replies_to(posted, "thank you");

    let (_, thanks) = stage.inbox.said("thank you").await;
    assert!(thanks.is_addressed());
    assert_eq!(thanks.reply_to, Some(PostedId(posted.to_string())));
    // Without the privilege, what is between others comes without words.
    assert_eq!(stage.inbox.texts(), ["", "ask @bob please", "thank you"]);
    stage.ends().await;
}

#[tokio::test]
async fn with_the_privilege_all_messages_have_words_and_are_still_not_addressed() {
    let stage = Stage::set_at(Discord::start().await, true).await;
    let general = stage.discord.guild(100, "Team").channel(200, "general");

    stage.discord.user(1, "alice").says_in(general, "between us");

    assert!(!stage.inbox.said("between us").await.1.is_addressed());
    stage.ends().await;
}

#[tokio::test]
async fn a_thread_is_a_place_of_its_own_in_its_channel() {
    let discord = Discord::start().await;
    let general = discord.guild(100, "Team").channel(200, "general");
    let alice = discord.user(1, "alice");
    let old = alice.starts_thread(general, "old");
    let stage = Stage::set_at(discord, false).await;
    let mention = stage.discord.mention();

    let new = alice.starts_thread(general, "new");
    alice.says_in(old, &format!("{mention} in the old one"));
    alice.says_in(new, &format!("{mention} in the new one"));

    for (text, thread) in [("in the old one", old), ("in the new one", new)] {
        let (message, _) = stage.inbox.said(text).await;
        assert_eq!(message.address.kind, AddressKind::Thread);
        assert_eq!(message.address.chat, general.to_string());
        assert_eq!(message.address.thread, Some(thread.to_string()));
        stage.post(&message.reply_to(), 0, "here").await.unwrap();
        stage.discord.wait_for_message(thread, |shown| shown.text == "here").await;
    }
    let asked = stage.discord.calls().into_iter().filter(|call| call.method == "GET /channels/{id}").count();
    assert_eq!(asked, 0, "guilds and new threads tell of themselves");
    stage.ends().await;
}

#[tokio::test]
async fn an_unknown_channel_is_asked_for_once() {
    let discord = Discord::start().await;
    let team = discord.guild(100, "Team");
    let general = team.channel(200, "general");
    let alice = discord.user(1, "alice");
    let thread = alice.starts_thread(general, "long ago");
    team.archives(thread, false);
    // Guilds tell of active threads only.
    let stage = Stage::set_at(discord, false).await;
    stage.discord.fault("GET /channels/{id}", 1, Fault::Status(500));

    alice.says_in(thread, &format!("{} one", stage.discord.mention()));
    alice.says_in(thread, &format!("{} two", stage.discord.mention()));

    for text in ["one", "two"] {
        let (message, _) = stage.inbox.said(text).await;
        let place = (message.address.kind, message.address.thread, message.address.chat);
        assert_eq!(place, (AddressKind::Thread, Some(thread.to_string()), general.to_string()));
    }
    let asked = stage.discord.calls().into_iter().filter(|call| call.method == "GET /channels/{id}").count();
    assert_eq!(asked, 2, "once in vain");
    stage.ends().await;
}

#[tokio::test]
async fn bots_webhooks_and_notices_are_not_heard() {
    let stage = Stage::set_at(Discord::start().await, true).await;
    let general = stage.discord.guild(100, "Team").channel(200, "general");
    let alice = stage.discord.user(1, "alice");

    stage.discord.other_bot(50, "beep").says_in(general, "beep");
    stage.discord.webhook(900, "GitHub", general).says("build failed");
    alice.starts_thread(general, "announced");
    alice.says_in(general, "the end");

    let (message, _) = stage.inbox.said("the end").await;
    stage.post(&message.reply_to(), 0, "our own").await.unwrap();
    alice.says_in(general, "really");
    stage.inbox.said("really").await;
    assert_eq!(stage.inbox.texts(), ["the end", "really"]);
    stage.discord.screen(general);
    stage.ends().await;
}

#[tokio::test]
async fn files_come_as_what_they_are() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");

    alice.sends_file(alice.dm_channel(), "look", "cat.png", ("image/png", b"png"));

    assert_eq!(stage.inbox.said("look").await.1.attachments, [Attachment::Image]);
    stage.ends().await;
}

#[tokio::test]
async fn edits_and_deletions_of_persons_come_in() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let id = alice.dm("helo");
    let (message, _) = stage.inbox.said("helo").await;
    let posted = stage.post(&message.reply_to(), 0, "hm").await.unwrap();

    alice.edits(id, "hello");
    alice.deletes(id);
    alice.deletes(posted);

    let events = stage
        .inbox
        .waits_for(|taken| {
            let events: Vec<_> = taken.messages.iter().map(|message| message.event.clone()).collect();
            (events.len() == 3).then_some(events)
        })
        .await;
    let (Event::Edited(now), Event::Deleted(was)) = (&events[1], &events[2]) else { panic!("{events:?}") };
    assert!(matches!(&now.event, Event::Text(said) if said.text == "hello" && said.is_addressed()));
    assert_eq!((&now.key, &was.key), (&message.key, &message.key));
    let by_alice = |taken: &super::inbox::Taken| {
        taken.messages.iter().all(|message| message.author.platform_user_id == "1")
    };
    assert!(stage.inbox.read(by_alice));
    stage.discord.screen(alice.dm_channel());
    stage.ends().await;
}

#[tokio::test]
async fn a_burst_keeps_its_order() {
    let stage = Stage::set_at(Discord::start().await.without_rate_limits(), false).await;
    let alice = stage.discord.user(1, "alice");
    let said: Vec<String> = (0..500).map(|number| format!("message {number}")).collect();

    for text in &said {
        alice.dm(text);
    }

    stage.inbox.said("message 499").await;
    assert_eq!(stage.inbox.texts(), said);
    assert!(stage.inbox.read(|taken| taken.messages.is_sorted_by_key(|message| message.sequence)));
    stage.ends().await;
}

#[tokio::test]
async fn what_the_inbox_refuses_is_offered_again() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    stage.inbox.is(Mood::Refuses);

    alice.dm("one");
    alice.dm("two");
    stage.inbox.attempts(3).await;
    alice.dm("three");
    stage.inbox.is(Mood::Takes);

    stage.inbox.said("three").await;
    assert_eq!(stage.inbox.texts(), ["one", "two", "three"]);
    stage.ends().await;
}

#[tokio::test]
async fn what_waits_at_the_end_is_stored_first() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    stage.inbox.is(Mood::Refuses);
    alice.dm("just in time");
    stage.inbox.attempts(1).await;
    stage.inbox.is(Mood::Takes);

    let inbox = stage.inbox.clone();
    stage.ends().await;

    assert_eq!(inbox.texts(), ["just in time"]);
}

#[tokio::test]
async fn the_bot_knows_who_it_is() {
    let stage = Stage::set().await;
    let account = stage.bot.check().await.unwrap();
    assert_eq!(account.id, stage.discord.bot_id().to_string());
    assert!(!account.name.is_empty());
    stage.ends().await;
}
