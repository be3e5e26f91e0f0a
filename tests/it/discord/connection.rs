//! Staying connected, and knowing when to stop trying.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use switchboard::channels::{Batch, Channel, ChannelError, Inbox, InboxError};
use switchboard::telemetry::Tasks;
use tokio_util::sync::CancellationToken;

use super::inbox::{Mood, Recorder};
use super::{Stage, bot};
use crate::support::discord::{Discord, Fault, GatewayRecord, GatewayStep};

fn is_identified(record: &GatewayRecord) -> bool {
    matches!(record.what, GatewayStep::Identified { .. })
}

fn is_resumed(record: &GatewayRecord) -> bool {
    matches!(record.what, GatewayStep::Resumed { .. })
}

#[tokio::test]
async fn only_the_intents_that_are_needed_are_asked_for() {
    // Guilds, messages and reactions in them, and both in direct chats.
    let needed = 1 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 13;
    for (message_content, expected) in [(false, needed), (true, needed | 1 << 15)] {
        let stage = Stage::set_at(Discord::start().await, message_content).await;
        let wanted = GatewayStep::Identified { intents: expected };
        stage.discord.wait_for_gateway(1, |record| record.what == wanted).await;
        stage.ends().await;
    }
}

#[tokio::test]
async fn a_cut_connection_is_resumed_and_nothing_is_lost() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    alice.dm("before");
    stage.inbox.said("before").await;

    stage.discord.drops_connections();
    alice.dm("during");
    stage.inbox.said("during").await;
    stage.discord.asks_to_reconnect();
    stage.discord.wait_for_gateway(2, is_resumed).await;
    alice.dm("after");

    stage.inbox.said("after").await;
    assert_eq!(stage.inbox.texts(), ["before", "during", "after"]);
    stage.ends().await;
}

#[tokio::test]
async fn an_ended_session_is_begun_anew() {
    let stage = Stage::set_at(Discord::start().await.without_rate_limits(), false).await;
    let alice = stage.discord.user(1, "alice");

    stage.discord.invalidates_sessions(false);
    stage.discord.wait_for_gateway(2, is_identified).await;
    alice.dm("still there?");

    stage.inbox.said("still there?").await;
    stage.ends().await;
}

#[tokio::test]
async fn it_waits_for_a_platform_that_is_away() {
    let discord = Discord::start().await;
    for fault in [
        Fault::CutBefore,
        Fault::Status(502),
        Fault::RateLimited {
            retry_after: Duration::from_millis(300),
            scope: crate::support::discord::Scope::Global,
        },
    ] {
        discord.fault("GET /gateway/bot", 1, fault);
    }
    let stage = Stage::open(discord, false);
    assert!(!stage.bot.is_connected());

    stage.discord.wait_until_connected().await;

    stage.discord.user(1, "alice").dm("hello");
    stage.inbox.said("hello").await;
    assert!(stage.bot.is_connected());
    stage.ends().await;
}

#[tokio::test]
async fn the_address_that_was_told_is_the_one_that_is_used() {
    let discord = Discord::start().await;
    // Serenity would go to the real Discord now, without a word.
    discord.fault("GET /gateway", 1, Fault::Status(500));

    let stage = Stage::set_at(discord, false).await;

    stage.ends().await;
}

#[tokio::test]
async fn a_token_that_is_not_accepted_ends_it() {
    let discord = Discord::start().await;
    let stage = Stage::open(discord.clone(), false);
    discord.wait_until_connected().await;

    discord.resets_token();

    let (discord, error) = stage.gives_up().await;
    assert!(matches!(error, ChannelError::Unauthorized { .. }), "{error:?}");
    let identified = discord.gateway_log().into_iter().filter(is_identified).count();
    assert_eq!(identified, 1, "it does not try again");
    discord.take_problems();
}

#[tokio::test]
async fn a_wrong_token_is_noticed_before_identifying() {
    let discord = Discord::start().await;
    discord.fault("GET /gateway/bot", 1, Fault::Status(401));

    let (discord, error) = Stage::open(discord, false).gives_up().await;

    assert!(matches!(error, ChannelError::Unauthorized { .. }), "{error:?}");
    assert_eq!(discord.gateway_log().len(), 0);
}

#[tokio::test]
async fn a_missing_privilege_is_explained_with_the_way_out() {
    let discord = Discord::start().await;
    discord.allows_privileged_intents(0);
    let stage = Stage::open(discord, true);
    let checked = stage.bot.check().await.unwrap_err();

    let (discord, error) = stage.gives_up().await;

    for error in [checked, error] {
        assert!(matches!(error, ChannelError::Setup { .. }), "{error:?}");
        assert!(
            error.to_string().contains("Bot -> Privileged Gateway Intents -> Message Content Intent"),
            "{error}"
        );
    }
    assert_eq!(discord.take_problems(), ["gateway closed with 4014: Disallowed intent(s)."]);
}

#[tokio::test]
async fn the_last_sessions_of_the_day_are_kept() {
    let discord = Discord::start().await;
    discord.session_starts_left(19);
    let stage = Stage::open(discord, false);

    stage.discord.wait_for_calls("GET /gateway/bot", 1).await;
    stage.shutdown.cancel();
    stage.listening.await.unwrap().unwrap();

    assert_eq!(stage.discord.gateway_log().len(), 0, "the platform resets the token of who goes on");
}

#[tokio::test]
async fn an_outage_of_the_gateway_is_outlived() {
    let stage = Stage::set_at(Discord::start().await.without_rate_limits(), false).await;
    stage.discord.goes_down();
    stage.discord.wait_for_gateway(3, |record| record.what == GatewayStep::Dropped).await;

    stage.discord.comes_back();

    stage.discord.wait_until_connected().await;
    stage.discord.user(1, "alice").dm("hello");
    stage.inbox.said("hello").await;
    stage.ends().await;
}

#[tokio::test]
async fn it_ends_even_when_serenity_is_stuck() {
    let stage = Stage::set().await;
    // Serenity 0.12 goes on reading a connection that was closed with this code.
    stage.discord.closes_connections(4011);
    stage.discord.wait_for_gateway(1, |record| record.what == GatewayStep::ClosedByUs(4011)).await;

    stage.ends().await;
}

#[tokio::test]
async fn when_too_much_waits_the_gateway_is_closed_until_it_is_stored() {
    let stage = Stage::set_at(Discord::start().await.without_rate_limits(), false).await;
    let alice = stage.discord.user(1, "alice");
    stage.inbox.is(Mood::Ponders);
    let said: Vec<String> = (0..3_100).map(|number| format!("message {number}")).collect();

    for text in &said {
        alice.dm(text);
    }
    stage
        .discord
        .wait_for_gateway(1, |record| {
            matches!(record.what, GatewayStep::ClosedByClient(_) | GatewayStep::Dropped)
        })
        .await;
    stage.inbox.is(Mood::Takes);

    stage.inbox.said("message 3071").await;
    stage.discord.wait_for_gateway(2, is_identified).await;
    alice.dm("welcome back");
    stage.inbox.said("welcome back").await;
    // What came before the door closed is all there, in its order; how much that is beyond the bound is up to the wire.
    let mut texts = stage.inbox.texts();
    assert_eq!(texts.pop().as_deref(), Some("welcome back"));
    assert!(texts.len() >= 3_072 && said.starts_with(&texts), "{} messages", texts.len());
    stage.ends().await;
}

#[tokio::test]
async fn a_machine_that_stands_still_begins_a_new_session() {
    let discord = Discord::start().await.without_rate_limits();
    let alice = discord.user(1, "alice");
    let said: Vec<String> = (0..3_100).map(|number| format!("message {number}")).collect();
    let (go_on, gate) = mpsc::channel();
    let inbox = Arc::new(StandsStill { gate: Mutex::new(gate), inbox: Recorder::default() });
    let (tasks, shutdown) = (Tasks::default(), CancellationToken::new());
    let listening = {
        let (bot, inbox, shutdown) =
            (bot(&discord.token(), &discord.url(), &tasks), inbox.clone(), shutdown.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        thread::spawn(move || runtime.block_on(bot.listen(inbox, shutdown)))
    };
    discord.wait_until_connected().await;

    for text in &said {
        alice.dm(text);
    }
    let is_closed = |record: &GatewayRecord| matches!(record.what, GatewayStep::ClosedByClient(_));
    discord.wait_for_gateway(1, is_closed).await;
    drop::<mpsc::Sender<()>>(go_on);
    discord.wait_for_gateway(2, is_identified).await;
    alice.dm("welcome back");

    inbox.inbox.said("welcome back").await;
    let mut texts = inbox.inbox.texts();
    assert_eq!(texts.pop().as_deref(), Some("welcome back"));
    assert!(texts.len() >= 1_024 && said.starts_with(&texts), "{} messages", texts.len());
    shutdown.cancel();
    listening.join().unwrap().unwrap();
    assert_eq!(discord.problems(), Vec::<String>::new());
}

/// An inbox that lets the whole thread wait until the other end of the gate is gone.
struct StandsStill {
    gate: Mutex<mpsc::Receiver<()>>,
    inbox: Recorder,
}

#[async_trait]
impl Inbox for StandsStill {
    async fn accept(&self, batch: Batch) -> Result<(), InboxError> {
        let _ = self.gate.lock().unwrap().recv();
        self.inbox.accept(batch).await
    }
}

#[tokio::test]
async fn it_ends_while_the_inbox_ponders() {
    let stage = Stage::set().await;
    stage.inbox.is(Mood::Ponders);
    stage.discord.user(1, "alice").dm("hello");
    stage.inbox.attempts(1).await;

    stage.ends().await;
}

#[tokio::test]
async fn a_repeated_event_has_the_same_key() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    stage.discord.repeats_events(1);

    alice.dm("once");
    alice.dm("the end");

    stage.inbox.said("the end").await;
    assert_eq!(stage.inbox.texts(), ["once", "the end"]);
    stage.ends().await;
}
