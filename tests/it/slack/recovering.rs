//! Looking for our own posts, and taking them away.

use std::time::Duration;

use switchboard::channels::{Channel, ChannelError};
use switchboard::domain::{PostedId, ReplyTo, Timestamp};

use super::bot::{Bot, part, readable as workspace};
use crate::support::slack::Fault;

impl Bot {
    async fn finds(
        &self,
        to: &ReplyTo,
        text: &str,
        known: &[PostedId],
    ) -> Result<Option<PostedId>, ChannelError> {
        let since = Timestamp::now_utc() - Duration::from_secs(60);
        self.channel.read_back().unwrap().find(to, &part(text), since, known).await
    }

    async fn posts_unheard(&self, to: &ReplyTo, text: &str) -> PostedId {
        self.slack.fault("chat.postMessage", 1, Fault::CutAfter);
        let error = self.posts(to, text).await.unwrap_err();
        assert!(matches!(error, ChannelError::Unknown { .. }), "{error:?}");
        PostedId(self.slack.next_message().await.unwrap().ts)
    }
}

#[tokio::test]
async fn a_post_of_which_nobody_heard_is_found_where_it_belongs() {
    let (slack, alice) = workspace().await;
    slack.subscribe_only(&["app_mention", "message.im"]);
    let bot = Bot::listens(&slack).await;
    alice.says_in("C1", "<@bot> hello");
    let in_channel = bot.next().await.reply_to();
    let root = alice.dm("hello");
    let direct = bot.next().await.reply_to();
    alice.dm_in_thread(&root, "and here");
    let below = bot.next().await.reply_to();
    let text = "1 < 2 && see https://example.com";

    for to in [&in_channel, &direct, &below] {
        assert_eq!(bot.finds(to, text, &[]).await.unwrap(), None);
        let posted = bot.posts_unheard(to, text).await;
        assert_eq!(bot.finds(to, text, &[]).await.unwrap(), Some(posted.clone()));
        assert_eq!(bot.finds(to, text, &[posted]).await.unwrap(), None);
        assert_eq!(bot.finds(to, "2 < 1", &[]).await.unwrap(), None);
    }
    bot.ends().await;
}

#[tokio::test]
async fn a_post_is_found_also_where_our_clock_is_ahead() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    alice.dm("hello");
    let to = bot.next().await.reply_to();
    let posted = bot.posts_unheard(&to, "an answer").await;

    let by_our_clock = Timestamp::now_utc() + Duration::from_secs(20 * 60);
    let found = bot.channel.read_back().unwrap().find(&to, &part("an answer"), by_our_clock, &[]).await;

    assert_eq!(found.unwrap(), Some(posted));
    bot.ends().await;
}

#[tokio::test]
async fn what_somebody_else_said_in_the_same_words_is_not_ours() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    alice.dm("an answer");
    let to = bot.next().await.reply_to();

    assert_eq!(bot.finds(&to, "an answer", &[]).await.unwrap(), None);
    bot.ends().await;
}

#[tokio::test]
async fn without_the_scope_of_the_place_the_way_out_is_named_and_trying_again_is_no_use() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    alice.says_in("C1", "<@bot> hello");
    let to = bot.next().await.reply_to();
    slack.withdraw("channels:history");

    let error = bot.finds(&to, "an answer", &[]).await.unwrap_err();

    assert!(matches!(error, ChannelError::Setup { .. }) && !error.is_passing(), "{error:?}");
    assert!(error.to_string().contains("channels:history"), "{error}");
    bot.ends().await;
}

#[tokio::test]
async fn a_post_is_found_behind_pages_of_others_but_not_behind_too_many() {
    let (slack, alice) = workspace().await;
    slack.without_rate_limits();
    slack.subscribe_only(&["app_mention"]);
    let bot = Bot::listens(&slack).await;
    let root = alice.says_in("C1", "<@bot> hello");
    let to = bot.next().await.reply_to();
    (0..450).for_each(|number| drop(alice.replies_in("C1", &root, &format!("{number}"))));
    let posted = bot.posts_unheard(&to, "an answer").await;

    assert_eq!(bot.finds(&to, "an answer", &[]).await.unwrap(), Some(posted));
    (0..600).for_each(|number| drop(alice.replies_in("C1", &root, &format!("{number}"))));
    let error = bot.finds(&to, "another answer", &[]).await.unwrap_err();

    assert!(matches!(error, ChannelError::Rejected { .. }), "{error:?}");
    bot.ends().await;
}

#[tokio::test]
async fn a_refusal_for_now_is_passing() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    alice.dm("hello");
    let to = bot.next().await.reply_to();
    for fault in [Fault::Status(503), Fault::RateLimited(1), Fault::CutBefore] {
        slack.fault("conversations.history", 1, fault);
        let error = bot.finds(&to, "an answer", &[]).await.unwrap_err();
        assert!(error.is_passing(), "{error:?}");
    }
    bot.ends().await;
}

#[tokio::test]
async fn a_post_is_taken_away_and_a_second_time_is_no_error() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    alice.dm("hello");
    let to = bot.next().await.reply_to();
    let posted = bot.posts(&to, "a mistake").await.unwrap();
    slack.next_message().await.unwrap();

    for _ in 0..2 {
        bot.channel.delete().unwrap().delete(&to, &posted).await.unwrap();
    }

    assert!(slack.screen(&alice.dm_channel()).iter().filter(|shown| shown.by_bot).all(|shown| shown.deleted));
    let ephemeral = PostedId("ephemeral".to_owned());
    let error = bot.channel.delete().unwrap().delete(&to, &ephemeral).await.unwrap_err();
    assert!(!error.is_passing(), "{error:?}");
    bot.ends().await;
}
