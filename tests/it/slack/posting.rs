//! What people see of posts and edits.

use switchboard::channels::{Channel, ChannelError};
use switchboard::domain::markdown::split;
use switchboard::domain::{PostedId, ReplyTo};

use super::bot::{Bot, part, workspace};

async fn asked_in_channel(bot: &Bot) -> (String, ReplyTo) {
    let alice = bot.slack.user("U1", "alice");
    let ts = alice.says_in("C1", "<@bot> hello");
    let message = bot.next().await;
    (ts, message.reply_to())
}

#[tokio::test]
async fn an_answer_in_a_channel_stands_in_the_thread() {
    let (slack, _) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let (ts, to) = asked_in_channel(&bot).await;
    let posted = bot.posts(&to, "Hello yourself.").await.unwrap();
    let shown = slack.next_message().await.unwrap();
    assert_eq!((shown.text.as_str(), shown.thread.as_deref()), ("Hello yourself.", Some(ts.as_str())));
    assert!(shown.by_bot && !shown.broadcast && shown.only_for.is_none());
    assert_eq!(shown.ts, posted.0);
    bot.ends().await;
}

#[tokio::test]
async fn an_answer_in_a_direct_chat_stands_below_the_question() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let root = alice.dm("one");
    alice.dm_in_thread(&root, "two");
    for (text, thread) in [("one", None), ("two", Some(root.as_str()))] {
        let to = bot.next().await.reply_to();
        bot.posts(&to, text).await.unwrap();
        let shown = slack.next_message().await.unwrap();
        assert_eq!((shown.text.as_str(), shown.thread.as_deref()), (text, thread));
    }
    bot.ends().await;
}

#[tokio::test]
async fn an_edit_replaces_the_text_and_can_be_repeated() {
    let (slack, _) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let (_, to) = asked_in_channel(&bot).await;
    let posted = bot.posts(&to, "…").await.unwrap();
    for _ in 0..2 {
        bot.edits(&to, &posted, "Done & <dusted>.").await.unwrap();
    }
    let shown = slack.next_message().await.unwrap();
    assert_eq!((shown.text.as_str(), shown.edits), ("Done & <dusted>.", 1));
    bot.ends().await;
}

#[tokio::test]
async fn nothing_in_an_answer_calls_links_or_previews() {
    let (slack, _) = workspace().await;
    slack.user_group("S1", "admins", &[]);
    let bot = Bot::listens(&slack).await;
    let (_, to) = asked_in_channel(&bot).await;
    let text = "<!channel> <!here> <!everyone> <@U1> <!subteam^S1> @channel @alice https://example.com/a.png \
                <https://evil.example|good.example> &lt;!channel&gt; mailto:a@example.com";
    let posted = bot.posts(&to, text).await.unwrap();
    bot.edits(&to, &posted, &format!("{text}!")).await.unwrap();
    let shown = slack.next_message().await.unwrap();
    assert_eq!(shown.text, format!("{text}!"));
    assert!(shown.notified.is_empty() && shown.unfurled.is_empty(), "{shown:?}");
    assert!(!shown.markup.contains('<'), "{}", shown.markup);
    bot.ends().await;
}

#[tokio::test]
async fn the_longest_part_is_taken_by_posts_and_edits() {
    let (slack, _) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let (_, to) = asked_in_channel(&bot).await;
    let limits = bot.channel.capabilities();
    for unit in ["x", "é", "👨‍👩‍👧", "&", "<"] {
        let text = split(&unit.repeat(limits.text_limit), limits.text_limit, limits.length).remove(0);
        let posted = bot.posts(&to, &text).await.unwrap();
        bot.edits(&to, &posted, &text).await.unwrap();
        assert_eq!(slack.next_message().await.unwrap().text, text);
        slack.advance(std::time::Duration::from_secs(2));
    }
    bot.ends().await;
}

#[tokio::test]
async fn even_nothing_can_be_posted() {
    let (slack, _) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let (_, to) = asked_in_channel(&bot).await;
    for text in ["", " \n\t", "\0"] {
        bot.posts(&to, text).await.unwrap();
        assert_eq!(slack.next_message().await.unwrap().text, "…");
    }
    bot.ends().await;
}

#[tokio::test]
async fn the_question_may_be_gone_when_the_answer_comes() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let ts = alice.dm("forget it");
    let to = bot.next().await.reply_to();
    alice.deletes(&alice.dm_channel(), &ts);
    bot.posts(&to, "too late").await.unwrap();
    slack.next_message().await.unwrap();
    bot.ends().await;
}

#[tokio::test]
async fn the_bot_knows_its_name_and_that_slack_shows_no_typing() {
    let (slack, _) = workspace().await;
    let bot = Bot::prepared(&slack, super::bot::impatient());
    let account = bot.channel.check().await.unwrap();
    assert_eq!((account.id, account.name.as_str()), (slack.bot_user(), "switchboard"));
    assert!(bot.channel.typing().is_none());
    bot.ends().await;
}

#[tokio::test]
async fn somebody_elses_message_cannot_be_edited() {
    let (slack, _) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let (ts, to) = asked_in_channel(&bot).await;
    let result = bot.channel.edit(&to, &PostedId(ts), &part("mine")).await;
    assert!(matches!(result, Err(ChannelError::Rejected { .. })), "{result:?}");
    bot.ends().await;
}
