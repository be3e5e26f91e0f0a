//! Answers, on their way out.

use switchboard::channels::{Channel, ChannelError, Delete};
use switchboard::domain::markdown::split;
use switchboard::domain::{AddressKind, DeliveryKey, Part, PostedId, ReplyTo, TurnId};
use uuid::Uuid;

use super::{Listening, bot_on, part, reply_to};
use crate::support::telegram::{Fault, Shown, Telegram};

/// Names a post; Telegram never sees it.
pub(super) fn key() -> DeliveryKey {
    DeliveryKey::new(TurnId(Uuid::now_v7()), 0)
}

#[tokio::test]
async fn the_first_part_answers_the_message_and_the_rest_follows() {
    let telegram = Telegram::start().await;
    let (alice, bot) = (telegram.user(7, "Alice"), bot_on(&telegram));
    let said = alice.says("hello?");
    let to = reply_to(7, Some(said.id));
    bot.post(&to, &part("first"), &key()).await.unwrap();
    bot.post(&to, &Part::new(1, "second".to_owned()), &key()).await.unwrap();
    let first = telegram.next_message(&alice).await.unwrap();
    let second = telegram.next_message(&alice).await.unwrap();
    assert_eq!((first.text.as_str(), first.reply_to), ("first", Some(said.id)));
    assert_eq!((second.text.as_str(), second.reply_to), ("second", None));
    assert_eq!(telegram.problems(), [""; 0]);
}

#[tokio::test]
async fn text_arrives_as_it_is_without_previews_or_pings() {
    let telegram = Telegram::start().await;
    telegram.user(7, "Alice");
    let (group, bot) = (telegram.group(-1001, "Team"), bot_on(&telegram));
    let text = "<b>&amp; a < b\nhttps://example.com @alice_test, @everyone **bold**";
    for chat in [7, -1001] {
        bot.post(&reply_to(chat, None), &part(text), &key()).await.unwrap();
        let shown = telegram.next_message(chat).await.unwrap();
        assert_eq!(shown.text, "<b>& a < b\nhttps://example.com @alice_test, @everyone bold");
        assert_eq!(shown.marked("bold"), ["bold"]);
        assert!(!shown.previews);
    }
    let shown = telegram.screen(&group).remove(0);
    assert_eq!(shown.marked("mention"), [""; 0]);
    assert_eq!(shown.marked("code"), ["@alice_test", "@everyone"]);
}

#[tokio::test]
async fn an_answer_in_a_topic_stays_in_the_topic() {
    let telegram = Telegram::start().await;
    telegram.privacy_mode(false);
    let (alice, forum) = (telegram.user(7, "Alice"), telegram.forum(-1_001_000_000_000, "Team"));
    let topic = forum.topic("Plans", &alice);
    let listening = Listening::to(&telegram);
    alice.says_in(&topic, "hello");
    let message = listening.inbox.messages(1).await.remove(0);
    listening.bot.typing().unwrap().show_typing(&message.reply_to()).await.unwrap();
    assert!(telegram.typing(&forum));
    listening.bot.post(&message.reply_to(), &part("hi"), &key()).await.unwrap();
    let shown = telegram.next_message(&topic).await.unwrap();
    assert_eq!((shown.thread, shown.in_topic), (Some(topic.id()), true));
}

#[tokio::test]
async fn an_answer_is_posted_even_when_the_question_is_gone() {
    let telegram = Telegram::start().await;
    let (alice, bot) = (telegram.user(7, "Alice"), bot_on(&telegram));
    let said = alice.says("never mind");
    alice.deletes(said);
    bot.post(&reply_to(7, Some(said.id)), &part("too late"), &key()).await.unwrap();
    let shown = telegram.next_message(&alice).await.unwrap();
    assert_eq!((shown.text.as_str(), shown.reply_to), ("too late", None));
}

#[tokio::test]
async fn an_edit_replaces_the_text_and_may_be_repeated() {
    let telegram = Telegram::start().await;
    let (alice, bot) = (telegram.user(7, "Alice"), bot_on(&telegram));
    let to = reply_to(7, None);
    let posted = bot.post(&to, &part("thinking"), &key()).await.unwrap();
    for _ in 0..2 {
        bot.edit(&to, &posted, &part("2 < 3")).await.unwrap();
    }
    let shown = telegram.next_message(&alice).await.unwrap();
    assert_eq!((shown.text.as_str(), shown.edits), ("2 < 3", 1));
}

#[tokio::test]
async fn refused_html_is_sent_as_plain_text() {
    let telegram = Telegram::start().await;
    let (group, bot) = (telegram.group(-1001, "Team"), bot_on(&telegram));
    let refusal = Fault::Refuse(400, "Bad Request: can't parse entities: unexpected end tag".to_owned());
    telegram.fault("sendMessage", 1, refusal.clone());
    telegram.fault("editMessageText", 1, refusal);
    let to = reply_to(group.id(), None);
    let posted = bot.post(&to, &part("a & b, @alice_test"), &key()).await.unwrap();
    assert_eq!(telegram.next_message(&group).await.unwrap().text, "a & b, ＠alice_test");
    bot.edit(&to, &posted, &part("a < b")).await.unwrap();
    assert_eq!(telegram.screen(&group).remove(0).text, "a < b");
}

#[tokio::test]
async fn a_part_at_the_limit_is_taken_whatever_it_holds() {
    let telegram = Telegram::start().await;
    telegram.without_rate_limits();
    let (group, bot) = (telegram.group(-1001, "Team"), bot_on(&telegram));
    let limits = bot.capabilities();
    for text in ["&", "<x>", "@alice_test ", "😀", "字", "\u{200b}", "\0", "\n"] {
        let endless = text.repeat(limits.text_limit);
        let whole = split(&endless, limits.text_limit, limits.length).into_iter().next();
        bot.post(&reply_to(group.id(), None), &part(&whole.unwrap_or(endless)), &key()).await.unwrap();
        let shown = telegram.next_message(&group).await.unwrap();
        assert_eq!(shown.marked("mention"), [""; 0], "{text:?}");
    }
    bot.post(&reply_to(group.id(), None), &part(""), &key()).await.unwrap();
    assert_eq!(telegram.next_message(&group).await.unwrap().text, "…");
}

#[tokio::test]
async fn an_answer_follows_a_group_that_moves() {
    let telegram = Telegram::start().await;
    let (alice, group) = (telegram.user(7, "Alice"), telegram.group(-55, "Team"));
    let said = alice.says_in(&group, "hello");
    let moved = group.becomes_supergroup(-1_001_000_000_055, &alice);
    let (bot, to) = (bot_on(&telegram), reply_to(-55, Some(said.id)));
    let posted = bot.post(&to, &part("hel"), &key()).await.unwrap();
    bot.edit(&to, &posted, &part("hello")).await.unwrap();
    let is_whole = |shown: &Shown| shown.text == "hello";
    assert_eq!(telegram.wait_for_message(&moved, is_whole).await.unwrap().edits, 1);
}

#[tokio::test]
async fn typing_is_shown() {
    let telegram = Telegram::start().await;
    let (alice, bot) = (telegram.user(7, "Alice"), bot_on(&telegram));
    bot.typing().unwrap().show_typing(&reply_to(7, None)).await.unwrap();
    assert!(telegram.typing(&alice));
}

#[tokio::test]
async fn what_is_no_place_on_telegram_is_refused_without_asking() {
    let telegram = Telegram::start().await;
    let bot = bot_on(&telegram);
    let mut nowhere: ReplyTo = reply_to(7, None);
    nowhere.address.chat = "C024BE91L".to_owned();
    nowhere.address.kind = AddressKind::Group;
    assert!(!bot.post(&nowhere, &part("hi"), &key()).await.unwrap_err().is_passing());
    let odd = PostedId("1700000000.1".to_owned());
    assert!(!bot.edit(&reply_to(7, None), &odd, &part("hi")).await.unwrap_err().is_passing());
    assert!(telegram.calls().is_empty());
}

#[tokio::test]
async fn a_post_is_taken_away_and_a_second_time_is_no_error() {
    let telegram = Telegram::start().await;
    let (alice, bot) = (telegram.user(7, "Alice"), bot_on(&telegram));
    let to = reply_to(7, None);
    let posted = bot.post(&to, &part("a mistake"), &key()).await.unwrap();
    telegram.next_message(&alice).await.unwrap();

    for _ in 0..2 {
        deleting(&bot).delete(&to, &posted).await.unwrap();
    }

    assert!(telegram.screen(&alice).iter().all(|shown| shown.deleted));
    assert!(bot.read_back().is_none(), "a bot cannot read a chat");
    assert_eq!(telegram.problems(), [""; 0]);
}

#[tokio::test]
async fn a_post_that_is_too_old_stays_and_says_so() {
    let telegram = Telegram::start().await;
    let (alice, bot) = (telegram.user(7, "Alice"), bot_on(&telegram));
    let to = reply_to(7, None);
    let posted = bot.post(&to, &part("for ever"), &key()).await.unwrap();
    telegram.next_message(&alice).await.unwrap();
    telegram.time_passes(std::time::Duration::from_secs(49 * 60 * 60));

    let error = deleting(&bot).delete(&to, &posted).await.unwrap_err();

    assert!(matches!(error, ChannelError::Rejected { .. }), "{error:?}");
    assert!(!telegram.screen(&alice)[0].deleted);
}

fn deleting(bot: &dyn Channel) -> &dyn Delete {
    bot.delete().expect("Telegram lets us")
}
