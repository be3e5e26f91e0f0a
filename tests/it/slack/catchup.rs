//! Looking for what was missed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use switchboard::channels::slack::Pace;
use switchboard::channels::{Batch, Channel, Inbox, InboxError};
use switchboard::domain::{Address, Event, KnownPlace, Platform};

use super::bot::{Bot, Recorder, impatient, readable as workspace};
use crate::support::observed::Observed;
use crate::support::slack::{Fault, Slack};

/// An inbox that remembers the places of its messages, and where somebody looked.
struct Memory {
    recorder: Recorder,
    looked: Observed<Vec<Address>>,
}

#[async_trait]
impl Inbox for Memory {
    async fn accept(&self, batch: Batch) -> Result<(), InboxError> {
        self.recorder.accept(batch).await
    }

    async fn known_places(&self, platform: Platform, limit: u32) -> Result<Vec<KnownPlace>, InboxError> {
        assert_eq!((platform, limit), (Platform::Slack, 50));
        let mut places: Vec<KnownPlace> = Vec::new();
        self.recorder.0.read(|inside| {
            for message in &inside.messages {
                match places.iter_mut().find(|place| place.address == message.address) {
                    Some(place) => place.heard = place.heard.max(message.sequence),
                    None => {
                        places.push(KnownPlace { address: message.address.clone(), heard: message.sequence })
                    }
                }
            }
        });
        Ok(places)
    }

    async fn looked_through(&self, place: &Address, _: i64) -> Result<(), InboxError> {
        self.looked.update(|looked| looked.push(place.clone()));
        Ok(())
    }
}

/// A bot that begins to listen with what it heard before.
fn remembering(bot: Bot) -> (Bot, Observed<Vec<Address>>) {
    let looked = Observed::new(Vec::new());
    let memory = Arc::new(Memory { recorder: bot.inbox.clone(), looked: looked.clone() });
    (bot.starts_with(memory), looked)
}

fn texts(bot: &Bot) -> Vec<String> {
    bot.inside(|inside| {
        let mut texts: Vec<String> = Vec::new();
        for message in &inside.messages {
            let Event::Text(said) = &message.event else { continue };
            if !texts.contains(&said.text) {
                texts.push(said.text.clone());
            }
        }
        texts
    })
}

async fn looked_everywhere(looked: &Observed<Vec<Address>>, times: usize) {
    looked.wait_for(|looked| (looked.len() >= times).then_some(())).await.expect("it looks");
}

/// Nothing gets through, and Slack gives up.
async fn gives_up(slack: &Slack) {
    slack.time_passes(Duration::from_secs(600)).await;
    assert_eq!(slack.undelivered(), 0);
    assert!(!slack.lost_events().is_empty());
}

#[tokio::test]
async fn after_a_time_without_sockets_what_slack_gave_up_is_looked_for() {
    let (slack, alice) = workspace().await;
    let pace = Pace { resent_for: Duration::ZERO, ..impatient() };
    let (bot, looked) = remembering(Bot::prepared(&slack, pace));
    assert!(slack.wait_for_sockets(1).await);
    alice.dm("before");
    bot.wait_until(|inside| inside.has_text("before")).await;
    assert!(slack.wait_until_delivered().await);

    slack.fault("apps.connections.open", 8, Fault::Status(503));
    slack.cut_sockets();
    assert!(slack.wait_for_sockets(0).await);
    alice.dm("in between");
    gives_up(&slack).await;
    slack.clear_faults();

    bot.wait_until(|inside| inside.has_text("in between")).await;
    looked_everywhere(&looked, 1).await;
    assert_eq!(texts(&bot), ["before", "in between"]);
    bot.ends().await;
}

#[tokio::test]
async fn what_was_refused_while_others_came_in_is_looked_for_after_slack_gave_up() {
    let (slack, alice) = workspace().await;
    // Longer than the trouble with the inbox, which the next message ends.
    let pace = Pace { resent_for: Duration::from_secs(4), ..impatient() };
    let (bot, _) = remembering(Bot::prepared(&slack, pace));
    assert!(slack.wait_for_sockets(1).await);
    alice.dm("before");
    bot.wait_until(|inside| inside.has_text("before")).await;
    assert!(slack.wait_until_delivered().await);

    bot.inbox.0.update(|inside| (inside.refused, inside.asked) = (Some("refused".to_owned()), 0));
    alice.dm("refused");
    bot.wait_until(|inside| inside.asked > 0).await;
    slack.fault("delivery", 1, Fault::CutBefore);
    slack.wait_until_failed("timeout", 1).await;
    alice.dm("in between");
    bot.wait_until(|inside| inside.has_text("in between")).await;
    slack.fault("delivery", 2, Fault::CutBefore);
    gives_up(&slack).await;
    assert!(!bot.inside(|inside| inside.has_text("refused")));
    bot.inbox.0.update(|inside| inside.refused = None);

    bot.wait_until(|inside| inside.has_text("refused")).await;
    bot.ends().await;
}

#[tokio::test]
async fn rate_limits_and_outages_are_waited_out() {
    let (slack, alice) = workspace().await;
    slack.without_rate_limits();
    let bot = Bot::listens(&slack).await;
    alice.dm("before");
    bot.wait_until(|inside| inside.has_text("before")).await;
    assert!(slack.wait_until_delivered().await);
    let inbox = bot.inbox.clone();
    bot.ends().await;
    alice.dm("in between");
    gives_up(&slack).await;
    slack.fault("conversations.history", 1, Fault::RateLimited(1));
    slack.fault("conversations.history", 1, Fault::Status(503));

    let mut bot = Bot::prepared(&slack, impatient());
    bot.inbox = inbox;
    let (bot, _) = remembering(bot);

    bot.wait_until(|inside| inside.has_text("in between")).await;
    assert!(bot.channel.is_connected());
    bot.ends().await;
}

#[tokio::test]
async fn many_places_are_looked_through_at_the_pace_that_slack_allows() {
    let (slack, alice) = workspace().await;
    slack.subscribe_only(&["app_mention"]);
    let bot = Bot::listens(&slack).await;
    for number in 0..22 {
        alice.says_in("C1", &format!("<@bot> {number}"));
        bot.wait_until(|inside| inside.has_text(&number.to_string())).await;
    }
    let inbox = bot.inbox.clone();
    bot.ends().await;

    let mut bot = Bot::prepared(&slack, impatient());
    bot.inbox = inbox;
    let (bot, looked) = remembering(bot);
    looked_everywhere(&looked, 23).await;

    let calls = slack.calls();
    assert!(calls.iter().all(|call| call.status != "ratelimited"), "{calls:#?}");
    bot.ends().await;
}
