//! Nothing is lost when the inbox, the network or Slack fail for a while.

use std::time::{Duration, Instant};

use switchboard::channels::ChannelError;
use switchboard::channels::slack::Pace;

use super::bot::{Bot, impatient, workspace};
use crate::support::slack::{Disconnect, Fault};

#[tokio::test]
async fn what_was_not_taken_in_comes_again() {
    let (slack, alice) = workspace().await;
    slack.acknowledge_within(Duration::from_millis(200));
    let bot = Bot::listens(&slack).await;
    bot.inbox.0.update(|inside| inside.is_stuck = true);
    alice.dm("hello");
    bot.wait_until(|inside| inside.asked >= 2).await;
    assert!(bot.inside(|inside| inside.messages.is_empty()));
    assert!(slack.undelivered() > 0);
    bot.inbox.0.update(|inside| inside.is_stuck = false);
    assert_eq!(bot.next_text().await.text, "hello");
    slack.advance(Duration::from_secs(61));
    assert!(slack.wait_until_delivered().await);
    assert!(slack.lost_events().is_empty());
    bot.ends().await;
}

#[tokio::test]
async fn a_short_failure_of_the_inbox_is_bridged() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    bot.inbox.0.update(|inside| inside.failures = 3);
    alice.dm("hello");
    assert_eq!(bot.next_text().await.text, "hello");
    assert!(slack.wait_until_delivered().await);
    assert_eq!(bot.inside(|inside| (inside.asked, inside.messages.len())), (4, 1));
    bot.ends().await;
}

#[tokio::test]
async fn an_acknowledgement_that_is_lost_brings_the_same_key_again() {
    let (slack, alice) = workspace().await;
    slack.acknowledge_within(Duration::from_millis(200));
    slack.fault("delivery", 1, Fault::CutAfter);
    let bot = Bot::listens(&slack).await;
    alice.dm("hello");
    let (first, second) = (bot.next().await, bot.next().await);
    assert_eq!((first.key, first.event), (second.key, second.event));
    assert!(slack.wait_until_delivered().await);
    bot.ends().await;
}

#[tokio::test]
async fn it_comes_back_after_cuts_and_refreshes() {
    let (slack, alice) = workspace().await;
    slack.acknowledge_within(Duration::from_millis(300));
    slack.retry_after([Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(2)]);
    let bot = Bot::listens(&slack).await;
    slack.cut_sockets();
    assert!(slack.wait_for_sockets(0).await);
    assert!(slack.wait_for_sockets(1).await);
    alice.dm("after a cut");
    // An acknowledgement that a refresh overtakes is lost: what it was for may come twice.
    bot.wait_until(|inside| inside.has_text("after a cut")).await;
    for reason in [Disconnect::Warning, Disconnect::RefreshRequested, Disconnect::TooManyWebsockets] {
        slack.disconnect_sockets(reason);
        let text = format!("after {reason:?}");
        alice.dm(&text);
        bot.wait_until(|inside| inside.has_text(&text)).await;
        assert!(slack.wait_until_delivered().await);
    }
    assert!(slack.lost_events().is_empty());
    bot.ends().await;
}

#[tokio::test]
async fn a_socket_that_is_cut_soon_comes_back_soon() {
    let (slack, alice) = workspace().await;
    let bot = Bot::begins(&slack, Pace { sockets: 1, ..Pace::default() });
    assert!(slack.wait_for_sockets(1).await);
    slack.cut_sockets();
    assert!(slack.wait_for_sockets(0).await);
    let cut = Instant::now();
    assert!(slack.wait_for_sockets(1).await);
    assert!(cut.elapsed() < Pace::default().reconnect_wait / 2, "{:?}", cut.elapsed());
    alice.dm("hello");
    assert_eq!(bot.next_text().await.text, "hello");
    bot.ends().await;
}

#[tokio::test]
async fn it_waits_for_slack_to_come_up() {
    let (slack, alice) = workspace().await;
    slack.fault("auth.test", 2, Fault::Status(503));
    slack.fault("auth.test", 1, Fault::Hang);
    slack.fault("apps.connections.open", 2, Fault::RateLimited(0));
    slack.fault("socket", 1, Fault::CutBefore);
    let bot = Bot::listens(&slack).await;
    alice.dm("hello");
    assert_eq!(bot.next_text().await.text, "hello");
    bot.ends().await;
}

#[tokio::test]
async fn a_connection_that_never_comes_about_is_given_up() {
    let (slack, alice) = workspace().await;
    slack.fault("socket", 1, Fault::Hang);
    let bot = Bot::listens(&slack).await;
    alice.dm("hello");
    assert_eq!(bot.next_text().await.text, "hello");
    bot.ends().await;
}

#[tokio::test]
async fn tokens_that_are_withdrawn_end_it() {
    let (slack, _) = workspace().await;
    slack.hears_of_its_end();
    let mut bot = Bot::listens(&slack).await;
    slack.uninstall_app();
    let error = bot.ended().await.unwrap_err();
    assert!(matches!(error, ChannelError::Unauthorized { .. }), "{error:?}");
}

#[tokio::test]
async fn tokens_that_are_replaced_end_it_once_the_socket_is_gone() {
    let (slack, _) = workspace().await;
    let mut bot = Bot::listens(&slack).await;
    slack.rotate_tokens("xoxb-2", "xapp-2");
    slack.cut_sockets();
    let error = bot.ended().await.unwrap_err();
    assert!(matches!(error, ChannelError::Unauthorized { .. }), "{error:?}");
}

#[tokio::test]
async fn socket_mode_that_is_switched_off_ends_it_with_the_way_out() {
    let (slack, _) = workspace().await;
    let mut bot = Bot::listens(&slack).await;
    slack.disconnect_sockets(Disconnect::LinkDisabled);
    let error = bot.ended().await.unwrap_err();
    assert!(
        matches!(&error, ChannelError::Setup { way_out } if way_out.contains("Enable Socket Mode")),
        "{error:?}"
    );
}

#[tokio::test]
async fn it_ends_at_once_even_while_the_inbox_is_stuck() {
    let (slack, alice) = workspace().await;
    let mut bot = Bot::listens(&slack).await;
    bot.inbox.0.update(|inside| inside.is_stuck = true);
    alice.dm("hello");
    bot.wait_until(|inside| inside.asked == 1).await;
    bot.tasks.shutdown().cancel();
    let ended = tokio::time::timeout(Duration::from_secs(1), bot.ended()).await;
    ended.expect("at once").unwrap();
    assert!(slack.wait_for_sockets(0).await);
}

#[tokio::test]
async fn two_sockets_share_the_work() {
    let (slack, alice) = workspace().await;
    slack.fault("delivery", 1, Fault::Duplicate);
    let pace = Pace { sockets: 2, ..impatient() };
    let bot = Bot::begins(&slack, pace);
    assert!(slack.wait_for_sockets(2).await);
    alice.dm("hello");
    let (first, second) = (bot.next().await, bot.next().await);
    assert_eq!((first.key, first.event), (second.key, second.event));
    bot.ends().await;
    assert!(slack.wait_for_sockets(0).await);
}
