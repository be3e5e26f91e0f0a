//! Slash commands: acknowledged in time, answered to one person alone.

use std::time::Duration;

use switchboard::channels::ChannelError;
use switchboard::domain::{Event, ReplyTo};

use super::bot::{Bot, workspace};
use crate::support::slack::{Fault, Slack as Workspace};

async fn asked(bot: &Bot) -> ReplyTo {
    let message = bot.next().await;
    assert!(matches!(message.event, Event::Command(_)));
    message.reply_to()
}

fn calls(slack: &Workspace, method: &str) -> usize {
    slack.calls().iter().filter(|call| call.method == method).count()
}

#[tokio::test]
async fn a_command_comes_in_with_its_name_and_the_rest() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    alice.runs_in("C1", "/switchboard", "model gpt-5 mini");
    let message = bot.next().await;
    let Event::Command(given) = &message.event else { panic!("a command") };
    assert_eq!((given.name.as_str(), given.arguments.as_str()), ("model", "gpt-5 mini"));
    assert_eq!(message.address.chat, "C1");
    assert_eq!(message.author.name, "alice");
    assert!(slack.wait_until_delivered().await);
    assert!(slack.unseen().is_empty());
    bot.ends().await;
}

#[tokio::test]
async fn only_the_asking_person_sees_the_answer() {
    let (slack, alice) = workspace().await;
    let bob = slack.user("U2", "bob");
    bob.joins("C1");
    let bot = Bot::listens(&slack).await;
    alice.runs_in("C1", "/switchboard", "help");
    let to = asked(&bot).await;
    let posted = bot.posts(&to, "*I* know <!channel> https://example.com").await.unwrap();
    let shown = slack.next_message().await.unwrap();
    assert_eq!(
        (shown.only_for.as_deref(), shown.text.as_str()),
        (Some("U1"), "I know <!channel> https://example.com")
    );
    assert!(shown.notified.is_empty() && shown.unfurled.is_empty());
    assert!(bob.screen("C1").iter().all(|shown| !shown.by_bot));
    let changed = bot.edits(&to, &posted, "something else").await;
    assert!(matches!(changed, Err(ChannelError::Rejected { .. })));
    bot.ends().await;
}

#[tokio::test]
async fn a_sixth_answer_finds_another_way() {
    let (slack, alice) = workspace().await;
    slack.without_rate_limits();
    let bot = Bot::listens(&slack).await;
    alice.runs_in("C1", "/switchboard", "help");
    let to = asked(&bot).await;
    for number in 0..6 {
        bot.posts(&to, &number.to_string()).await.unwrap();
        let shown = slack.next_message().await.unwrap();
        assert_eq!((shown.text, shown.only_for.as_deref()), (number.to_string(), Some("U1")));
    }
    assert_eq!(calls(&slack, "chat.postEphemeral"), 1);
    bot.ends().await;
}

#[tokio::test]
async fn an_answer_after_half_an_hour_finds_another_way() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    alice.runs("/switchboard", "whoami");
    let to = asked(&bot).await;
    slack.advance(Duration::from_secs(31 * 60));
    bot.posts(&to, "You are alice.").await.unwrap();
    assert_eq!(slack.next_message().await.unwrap().only_for.as_deref(), Some("U1"));
    assert_eq!(calls(&slack, "chat.postEphemeral"), 1);
    bot.ends().await;
}

#[tokio::test]
async fn a_response_url_that_leads_elsewhere_is_not_used() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    alice.runs_in("C1", "/switchboard", "help");
    let mut to = asked(&bot).await;
    let elsewhere = Workspace::start().await;
    let token = &mut to.interaction.as_mut().unwrap().token;
    *token = token.replace(&slack.api_url().replace("/api", ""), &elsewhere.api_url().replace("/api", ""));
    bot.posts(&to, "help").await.unwrap();
    slack.next_message().await.unwrap();
    assert!(elsewhere.calls().is_empty() && elsewhere.problems().is_empty());
    assert_eq!(calls(&slack, "response_url"), 0);
    bot.ends().await;
}

#[tokio::test]
async fn a_slow_inbox_keeps_nobody_waiting() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    bot.inbox.0.update(|inside| inside.is_stuck = true);
    alice.runs_in("C1", "/switchboard", "help");
    let shown = slack.next_message().await.unwrap();
    assert_eq!((shown.text.as_str(), shown.only_for.as_deref()), ("One moment, I am on it.", Some("U1")));
    assert!(slack.wait_until_delivered().await);
    assert!(bot.inside(|inside| inside.messages.is_empty()));
    bot.inbox.0.update(|inside| inside.is_stuck = false);
    bot.posts(&asked(&bot).await, "help").await.unwrap();
    slack.next_message().await.unwrap();
    bot.ends().await;
}

#[tokio::test]
async fn a_command_that_is_lost_is_asked_for_again() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    bot.inbox.0.update(|inside| inside.failures = usize::MAX);
    alice.runs_in("C1", "/switchboard", "new");
    assert_eq!(slack.next_message().await.unwrap().text, "One moment, I am on it.");
    let shown = slack.next_message().await.unwrap();
    assert_eq!(shown.text, "Sorry, I could not take that in. Please repeat it.");
    assert_eq!(shown.only_for.as_deref(), Some("U1"));
    bot.ends().await;
}

#[tokio::test]
async fn a_command_that_is_taken_in_late_is_not_asked_for_again() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    bot.inbox.0.update(|inside| (inside.held, inside.failures) = (Some("help"), usize::MAX));
    alice.runs_in("C1", "/switchboard", "help");
    assert_eq!(slack.next_message().await.unwrap().text, "One moment, I am on it.");
    // One that comes later is tried for as long as any.
    alice.runs_in("C1", "/switchboard", "new");
    assert_eq!(slack.next_message().await.unwrap().text, "One moment, I am on it.");
    let refused = slack.next_message().await.unwrap();
    assert_eq!(refused.text, "Sorry, I could not take that in. Please repeat it.");

    bot.inbox.0.update(|inside| (inside.held, inside.failures) = (None, 0));
    bot.posts(&asked(&bot).await, "what I know").await.unwrap();
    assert_eq!(slack.next_message().await.unwrap().text, "what I know");
    bot.ends().await;
}

#[tokio::test]
async fn trouble_with_an_answer_is_told_as_it_is() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    alice.runs_in("C1", "/switchboard", "help");
    let to = asked(&bot).await;
    slack.fault("response_url", 1, Fault::CutAfter);
    assert!(matches!(bot.posts(&to, "one").await, Err(ChannelError::Unknown { .. })));
    slack.next_message().await.unwrap();
    slack.fault("response_url", 1, Fault::RateLimited(2));
    assert!(matches!(bot.posts(&to, "two").await, Err(ChannelError::RateLimited { .. })));
    slack.fault("response_url", 1, Fault::Status(503));
    assert!(matches!(bot.posts(&to, "three").await, Err(ChannelError::Unknown { .. })));
    bot.ends().await;
}
