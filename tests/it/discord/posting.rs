//! What people see of what is posted.

use switchboard::channels::Channel;
use switchboard::domain::{DeliveryKey, PostedId, ReplyTo, Timestamp, TurnId};

use super::{Stage, part};
use crate::support::discord::permissions::READ_MESSAGE_HISTORY;
use crate::support::discord::{Discord, Fault, User};

async fn asked(stage: &Stage, alice: &User) -> ReplyTo {
    alice.dm("a question");
    stage.inbox.said("a question").await.0.reply_to()
}

#[tokio::test]
async fn the_first_part_is_a_reply_and_pings_nobody() {
    let stage = Stage::set().await;
    let general = stage.discord.guild(100, "Team").channel(200, "general");
    let (alice, bob) = (stage.discord.user(1, "alice"), stage.discord.user(2, "bob"));
    bob.says_in(general, "I am here");
    let question = alice.says_in(general, &format!("{} hello", stage.discord.mention()));
    let to = stage.inbox.said("hello").await.0.reply_to();

    let first = stage.post(&to, 0, "@everyone <@2> <@&100> look at https://example.org").await.unwrap();
    let second = stage.post(&to, 1, "@here again").await.unwrap();

    let shown = stage.discord.wait_for_message(general, |shown| shown.id == first).await;
    assert_eq!(shown.reply_to, Some(question));
    assert_eq!((shown.pings.len(), shown.mentions.len(), shown.flags & 4), (0, 0, 4));
    let shown = stage.discord.wait_for_message(general, |shown| shown.id == second).await;
    assert_eq!((shown.reply_to, shown.pings.len()), (None, 0));
    stage.ends().await;
}

#[tokio::test]
async fn a_repeated_key_posts_nothing_new() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let to = asked(&stage, &alice).await;
    let key = DeliveryKey::new(TurnId::new(Timestamp::now_utc()), 0);
    stage.discord.fault("POST /channels/{id}/messages", 1, Fault::CutAfter);

    let unknown = stage.post_as(&key, &to, part(0, "an answer")).await;
    assert!(unknown.is_err());
    let first = stage.post_as(&key, &to, part(0, "an answer")).await.unwrap();
    let again = stage.post_as(&key, &to, part(0, "an answer")).await.unwrap();

    assert_eq!(first, again);
    let answers = stage.discord.screen(alice.dm_channel()).into_iter().filter(|shown| shown.by_bot);
    assert_eq!(answers.count(), 1);
    stage.ends().await;
}

#[tokio::test]
async fn an_edit_replaces_the_text_and_may_be_repeated() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let to = asked(&stage, &alice).await;
    let posted = stage.post(&to, 0, "…").await.unwrap();

    for _ in 0..2 {
        stage.bot.edit(&to, &PostedId(posted.to_string()), &part(0, "@everyone, an answer")).await.unwrap();
    }

    let shown = stage.discord.wait_for_message(alice.dm_channel(), |shown| shown.edits > 0).await;
    assert_eq!((shown.text.as_str(), shown.pings.len()), ("＠everyone, an answer", 0));
    stage.ends().await;
}

#[tokio::test]
async fn a_part_of_any_kind_within_the_limit_is_taken() {
    let stage = Stage::set_at(Discord::start().await.without_rate_limits(), false).await;
    let alice = stage.discord.user(1, "alice");
    let to = asked(&stage, &alice).await;
    let limit = stage.bot.capabilities().text_limit;
    let texts = [
        "x".repeat(limit),
        "𝕏".repeat(limit),
        "<@1>".repeat(limit / 4),
        "@everyone ".repeat(limit / 10),
        "&".repeat(limit),
    ];

    for text in texts {
        stage.post(&to, 0, &text).await.unwrap();
    }
    for blank in ["", " \n", "\0\u{7}"] {
        stage.post(&to, 1, blank).await.unwrap();
    }

    assert!(stage.discord.screen(alice.dm_channel()).iter().all(|shown| shown.pings.is_empty()));
    stage.ends().await;
}

#[tokio::test]
async fn an_answer_to_something_deleted_comes_all_the_same() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let question = alice.dm("never mind");
    let to = stage.inbox.said("never mind").await.0.reply_to();
    alice.deletes(question);

    stage.post(&to, 0, "an answer").await.unwrap();

    stage.discord.wait_for_message(alice.dm_channel(), |shown| shown.text == "an answer").await;
    stage.ends().await;
}

#[tokio::test]
async fn without_the_right_to_reply_the_answer_is_no_reply() {
    let stage = Stage::set().await;
    let team = stage.discord.guild(100, "Team");
    let general = team.channel(200, "general");
    stage.discord.user(1, "alice").says_in(general, &format!("{} hello", stage.discord.mention()));
    let to = stage.inbox.said("hello").await.0.reply_to();
    team.denies_bot(general, READ_MESSAGE_HISTORY);

    stage.post(&to, 0, "an answer").await.unwrap();

    let shown = stage.discord.wait_for_message(general, |shown| shown.text == "an answer").await;
    assert_eq!(shown.reply_to, None);
    stage.ends().await;
}

#[tokio::test]
async fn people_see_that_an_answer_is_being_written() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let to = asked(&stage, &alice).await;

    stage.bot.typing().unwrap().show_typing(&to).await.unwrap();

    stage.discord.wait_for_typing(alice.dm_channel()).await;
    stage.ends().await;
}
