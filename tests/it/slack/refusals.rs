//! Every way in which Slack says no has its meaning, and words without secrets.

use std::time::Duration;

use switchboard::channels::slack::{Setup, Slack, WayIn};
use switchboard::channels::{Channel, ChannelError, LimitScope};
use switchboard::domain::{PostedId, ReplyTo};
use switchboard::telemetry::{Tasks, chain};

use super::bot::{Bot, impatient, setup, workspace};
use crate::support::slack::{Fault, Slack as Workspace};

async fn bot_and_question() -> (Bot, ReplyTo) {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    alice.says_in("C1", "<@bot> hello");
    let to = bot.next().await.reply_to();
    (bot, to)
}

fn holds_no_secret(slack: &Workspace, error: &ChannelError) {
    let shown = format!("{error:?} {}", chain(error));
    for secret in [slack.bot_token(), slack.app_token(), "ticket".to_owned(), "/commands/".to_owned()] {
        assert!(!shown.contains(&secret), "{shown}");
    }
}

#[tokio::test]
async fn a_rate_limit_says_for_whom_and_how_long() {
    let (bot, to) = bot_and_question().await;
    bot.slack.fault("chat.postMessage", 1, Fault::RateLimited(7));
    bot.slack.fault("chat.update", 1, Fault::RateLimited(9));
    let posted = bot.posts(&to, "x").await;
    let edited = bot.edits(&to, &PostedId("1.000001".to_owned()), "x").await;
    let wait = |seconds| Duration::from_secs(seconds);
    assert!(
        matches!(posted, Err(ChannelError::RateLimited { scope: LimitScope::Chat, retry_after, .. }) if retry_after == wait(7))
    );
    assert!(
        matches!(edited, Err(ChannelError::RateLimited { scope: LimitScope::Edits, retry_after, .. }) if retry_after == wait(9))
    );
    bot.ends().await;
}

#[tokio::test]
async fn what_surely_was_not_done_is_told_from_what_may_have_been() {
    let (bot, to) = bot_and_question().await;
    for fault in [
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Hang,
        Fault::HangAfter,
        Fault::Error("fatal_error"),
        Fault::Status(408),
        Fault::Status(500),
        Fault::StatusAfter(503),
        Fault::ErrorAfter("internal_error"),
    ] {
        bot.slack.fault("chat.postMessage", 1, fault.clone());
        let error = bot.posts(&to, "x").await.unwrap_err();
        assert!(matches!(error, ChannelError::Unknown { .. }), "{fault:?}: {error:?}");
        holds_no_secret(&bot.slack, &error);
    }
    bot.slack.fault("chat.postMessage", 1, Fault::Error("service_unavailable"));
    let error = bot.posts(&to, "x").await.unwrap_err();
    assert!(matches!(error, ChannelError::Unreachable { .. }), "{error:?}");
    // What may be done twice without harm is simply done again.
    for fault in [Fault::Status(503), Fault::StatusAfter(503)] {
        bot.slack.fault("chat.update", 1, fault.clone());
        let error = bot.edits(&to, &PostedId("1.000001".to_owned()), "x").await.unwrap_err();
        assert!(matches!(error, ChannelError::Unreachable { .. }), "{fault:?}: {error:?}");
    }
    while !bot.slack.unseen().is_empty() {
        bot.slack.next_message().await.unwrap();
    }
    bot.ends().await;
}

#[tokio::test]
async fn nobody_listening_means_that_nothing_was_done() {
    let (bot, to) = bot_and_question().await;
    let tasks = Tasks::default();
    let nowhere = Setup { api_base: "http://127.0.0.1:1/api".to_owned(), ..setup(&bot.slack, &tasks) };
    let nowhere = Slack::new(nowhere).unwrap();
    let error = nowhere.check().await.unwrap_err();
    assert!(matches!(error, ChannelError::Unreachable { .. }), "{error:?}");
    drop(to);
    bot.ends().await;
}

#[tokio::test]
async fn a_place_that_is_gone_is_gone() {
    let (bot, to) = bot_and_question().await;
    let alice = bot.slack.user("U1", "alice");
    let posted = bot.posts(&to, "x").await.unwrap();
    bot.slack.next_message().await.unwrap();
    let edited = bot.edits(&to, &PostedId("1700000000.000001".to_owned()), "x").await;
    assert!(matches!(edited, Err(ChannelError::Gone { .. })), "{edited:?}");
    bot.slack.removes_bot_from("C1");
    let result = bot.posts(&to, "x").await;
    assert!(matches!(result, Err(ChannelError::Gone { .. })), "{result:?}");
    alice.invites("C1", &bot.slack.bot_user());
    alice.archives("C1");
    for result in [bot.posts(&to, "x").await.map(drop), bot.edits(&to, &posted, "y").await] {
        assert!(matches!(result, Err(ChannelError::Gone { .. })), "{result:?}");
    }
    bot.ends().await;
}

#[tokio::test]
async fn a_missing_scope_comes_with_the_way_out() {
    let (bot, to) = bot_and_question().await;
    bot.slack.withdraw("chat:write");
    let error = bot.posts(&to, "x").await.unwrap_err();
    assert!(matches!(error, ChannelError::Setup { .. }), "{error:?}");
    assert!(error.to_string().contains("`chat:write`") && error.to_string().contains("reinstall"), "{error}");
    holds_no_secret(&bot.slack, &error);
    bot.ends().await;
}

#[tokio::test]
async fn tokens_that_are_mixed_up_are_told_apart() {
    let (slack, _) = workspace().await;
    let tasks = Tasks::default();
    let (bot, app) = (slack.bot_token(), slack.app_token());
    let swapped = [
        (app.as_str(), app.as_str(), "channels.slack.bot_token"),
        (bot.as_str(), bot.as_str(), "channels.slack.app_token"),
        ("xoxp-1", app.as_str(), "channels.slack.bot_token"),
    ];
    for (bot_token, app_token, key) in swapped {
        let given = Setup {
            bot_token: bot_token.into(),
            way_in: WayIn::Sockets { app_token: app_token.into() },
            ..setup(&slack, &tasks)
        };
        let Err(error) = Slack::new(given) else { panic!("{key} is wrong") };
        assert!(matches!(&error, ChannelError::Setup { way_out } if way_out.starts_with(key)), "{error}");
        holds_no_secret(&slack, &error);
    }
}

#[tokio::test]
async fn a_token_that_slack_does_not_know_is_no_reason_to_go_on_trying() {
    let (slack, _) = workspace().await;
    for old_is_bot in [true, false] {
        let bot = Bot::prepared(&slack, impatient());
        let fresh = if old_is_bot { ("xoxb-2", slack.app_token()) } else { ("xoxb-2", "xapp-2".to_owned()) };
        slack.rotate_tokens(fresh.0, &fresh.1);
        let error = bot.channel.check().await.unwrap_err();
        assert!(matches!(error, ChannelError::Unauthorized { .. }), "{error:?}");
        let mut bot = bot.starts();
        let error = bot.ended().await.unwrap_err();
        assert!(matches!(error, ChannelError::Unauthorized { .. }), "{error:?}");
        holds_no_secret(&slack, &error);
    }
}

#[tokio::test]
async fn an_app_token_without_its_scope_is_a_matter_of_setup() {
    let (slack, _) = workspace().await;
    slack.fault("apps.connections.open", 1, Fault::Error("missing_scope"));
    let bot = Bot::prepared(&slack, impatient());
    let error = bot.channel.check().await.unwrap_err();
    assert!(matches!(error, ChannelError::Setup { .. }), "{error:?}");
    slack.fault("apps.connections.open", 1, Fault::Error("not_allowed_token_type"));
    let error = bot.channel.check().await.unwrap_err();
    assert!(error.to_string().contains("xapp-"), "{error}");
    bot.ends().await;
}
