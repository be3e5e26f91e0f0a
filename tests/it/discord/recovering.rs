//! Looking for our own posts, and taking them away.

use std::time::Duration;

use switchboard::channels::{Channel, ChannelError};
use switchboard::domain::{DeliveryKey, PostedId, ReplyTo, Timestamp, TurnId};

use super::{Stage, part};
use crate::support::discord::permissions::READ_MESSAGE_HISTORY;
use crate::support::discord::{Discord, Fault};

const LIST: &str = "GET /channels/{id}/messages";

impl Stage {
    async fn asks(&self, text: &str) -> ReplyTo {
        self.discord.user(1, "alice").dm(text);
        self.inbox.said(text).await.0.reply_to()
    }

    async fn finds(&self, to: &ReplyTo, text: &str, known: &[u64]) -> Result<Option<u64>, ChannelError> {
        let since = Timestamp::now_utc() - Duration::from_secs(60);
        let known: Vec<_> = known.iter().map(|id| PostedId(id.to_string())).collect();
        let found = self.bot.read_back().unwrap().find(to, &part(0, text), since, &known).await?;
        Ok(found.map(|posted| posted.0.parse().unwrap()))
    }

    /// Posts something of which no answer comes.
    async fn posts_unheard(&self, to: &ReplyTo, text: &str) {
        self.discord.fault("POST /channels/{id}/messages", 1, Fault::CutAfter);
        let key = DeliveryKey::new(TurnId::new(Timestamp::now_utc()), 0);
        let error = self.post_as(&key, to, part(0, text)).await.unwrap_err();
        assert!(matches!(error, ChannelError::Unknown { .. }), "{error:?}");
    }

    fn shown(&self, text: &str) -> u64 {
        let screen = self.discord.screen(self.discord.user(1, "alice").dm_channel());
        screen.iter().rev().find(|shown| shown.text == text).unwrap().id
    }
}

#[tokio::test]
async fn a_post_of_which_nobody_heard_is_found_by_its_text_and_its_question() {
    let stage = Stage::set_at(Discord::start().await.without_rate_limits(), false).await;
    let (first, second) = (stage.asks("one?").await, stage.asks("two?").await);
    stage.posts_unheard(&first, "Yes @everyone.").await;
    stage.posts_unheard(&second, "Yes @everyone.").await;
    let screen = stage.discord.screen(stage.discord.user(1, "alice").dm_channel());
    let posts: Vec<u64> = screen.iter().filter(|shown| shown.by_bot).map(|shown| shown.id).collect();

    assert_eq!(stage.finds(&first, "Yes @everyone.", &[]).await.unwrap(), Some(posts[0]));
    assert_eq!(stage.finds(&second, "Yes @everyone.", &[]).await.unwrap(), Some(posts[1]));
    assert_eq!(stage.finds(&second, "Yes @everyone.", &[posts[1]]).await.unwrap(), None);
    assert_eq!(stage.finds(&second, "No.", &[]).await.unwrap(), None);
    stage.ends().await;
}

#[tokio::test]
async fn a_post_is_found_also_where_our_clock_is_ahead() {
    let stage = Stage::set_at(Discord::start().await.without_rate_limits(), false).await;
    let to = stage.asks("one?").await;
    stage.posts_unheard(&to, "Yes.").await;

    let by_our_clock = Timestamp::now_utc() + Duration::from_secs(20 * 60);
    let found = stage.bot.read_back().unwrap().find(&to, &part(0, "Yes."), by_our_clock, &[]).await;

    assert_eq!(found.unwrap(), Some(PostedId(stage.shown("Yes.").to_string())));
    stage.ends().await;
}

#[tokio::test]
async fn what_somebody_else_said_in_the_same_words_is_not_ours() {
    let stage = Stage::set().await;
    let to = stage.asks("say it back").await;
    stage.discord.user(1, "alice").dm("an answer");

    assert_eq!(stage.finds(&to, "an answer", &[]).await.unwrap(), None);
    stage.ends().await;
}

#[tokio::test]
async fn a_post_is_found_behind_pages_of_others_but_not_behind_too_many() {
    let stage = Stage::set_at(Discord::start().await.without_rate_limits(), false).await;
    let to = stage.asks("a question").await;
    let alice = stage.discord.user(1, "alice");
    for number in 0..250 {
        alice.dm(&format!("{number}"));
    }
    stage.posts_unheard(&to, "an answer").await;

    assert_eq!(stage.finds(&to, "an answer", &[]).await.unwrap(), Some(stage.shown("an answer")));
    for number in 0..800 {
        alice.dm(&format!("{number}"));
    }
    let error = stage.finds(&to, "another answer", &[]).await.unwrap_err();

    assert!(!error.is_passing(), "{error:?}");
    let calls = stage.discord.calls().iter().filter(|call| call.method == LIST).count();
    assert_eq!(calls, 3 + 10);
    stage.ends().await;
}

#[tokio::test]
async fn a_history_that_is_closed_to_us_is_not_taken_for_an_empty_one() {
    let stage = Stage::set().await;
    let team = stage.discord.guild(100, "Team");
    let general = team.channel(200, "general");
    stage.discord.user(1, "alice").says_in(general, &format!("{} hello", stage.discord.mention()));
    let to = stage.inbox.said("hello").await.0.reply_to();
    team.denies_bot(general, READ_MESSAGE_HISTORY);

    let error = stage.finds(&to, "an answer", &[]).await.unwrap_err();

    assert!(!error.is_passing(), "{error:?}");
    stage.ends().await;
}

#[tokio::test]
async fn a_refusal_for_now_is_passing() {
    let stage = Stage::set().await;
    let to = stage.asks("a question").await;
    for fault in [Fault::Status(502), Fault::CutBefore] {
        stage.discord.fault(LIST, 1, fault);
        let error = stage.finds(&to, "an answer", &[]).await.unwrap_err();
        assert!(error.is_passing(), "{error:?}");
    }
    stage.ends().await;
}

#[tokio::test]
async fn a_post_is_taken_away_and_a_second_time_is_no_error() {
    let stage = Stage::set().await;
    let to = stage.asks("a question").await;
    let posted = PostedId(stage.post(&to, 0, "a mistake").await.unwrap().to_string());

    for _ in 0..2 {
        stage.bot.delete().unwrap().delete(&to, &posted).await.unwrap();
    }

    let screen = stage.discord.screen(stage.discord.user(1, "alice").dm_channel());
    assert!(screen.iter().filter(|shown| shown.by_bot).all(|shown| shown.deleted));
    stage.ends().await;
}

#[tokio::test]
async fn an_answer_that_only_one_person_sees_is_taken_away_but_not_found() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let chat = alice.dm_channel();
    alice.runs_command("help", &[], chat).await;
    let to = stage.inbox.command("help").await.0.reply_to();
    let posted = PostedId(stage.post(&to, 0, "Help yourself.").await.unwrap().to_string());

    let error = stage.finds(&to, "Help yourself.", &[]).await.unwrap_err();
    stage.bot.delete().unwrap().delete(&to, &posted).await.unwrap();

    assert!(!error.is_passing(), "{error:?}");
    assert!(alice.screen(chat).iter().all(|shown| shown.deleted || shown.text != "Help yourself."));
    stage.ends().await;
}
