//! The gateway connection: serenity in a thread of its own.
//!
//! Serenity starts a task for every event. On a runtime with one thread they
//! run in the order in which they were started, so a handler that never waits
//! keeps the order of events; on the main runtime it would be lost.
//!
//! Serenity 0.12 goes on reading, without a pause, a connection that was closed
//! with 4003, 4010 or 4011, until its next heartbeat fails. Its thread is busy
//! so long, also when it should end, and nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use serenity::Error as SerenityError;
use serenity::client::{ClientBuilder, Context, RawEventHandler};
use serenity::gateway::{ConnectionStage, ShardManager};
use serenity::http::Http;
use serenity::model::event::Event;
use serenity::model::gateway::GatewayIntents;
use serenity::model::id::ShardId;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::channels::ChannelError;
use crate::channels::discord::errors::from_gateway;
use crate::channels::discord::happening::Happening;
use crate::channels::discord::places::Places;
use crate::channels::discord::waiting::Arrival;

/// How many events may be under way from the gateway's thread to ours. With more, the session is
/// given up, as after an outage; no machine that keeps up comes near it.
const UNDER_WAY: usize = 1_024;

/// How long the gateway may be without a session before we begin anew. Serenity
/// itself would identify every ten seconds for ever, and Discord resets the
/// token of a bot that identifies a thousand times a day.
const PATIENCE: Duration = Duration::from_secs(45);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum End {
    /// We wanted it to.
    Asked,
    /// Trying again may help.
    Lost(&'static str),
    /// Trying again cannot help.
    Refused(ChannelError),
}

/// What it takes to connect.
pub(super) struct Door {
    pub(super) http: Http,
    pub(super) url: String,
    pub(super) intents: GatewayIntents,
    pub(super) places: Arc<Places>,
    /// Is kept true while there is a session.
    pub(super) is_connected: Arc<AtomicBool>,
}

/// A connection to the gateway; it ends when this is dropped.
pub(super) struct Gateway {
    arrivals: mpsc::Receiver<Arrival>,
    ended: oneshot::Receiver<End>,
    stop: CancellationToken,
    _stop_when_dropped: DropGuard,
}

impl Gateway {
    /// Connects in a new thread.
    pub(super) fn connect(door: Door) -> Result<Self, ChannelError> {
        let (sender, arrivals) = mpsc::channel(UNDER_WAY);
        let (report, ended) = oneshot::channel();
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let started = thread::Builder::new().name("discord-gateway".to_owned()).spawn(move || {
            // Nobody listens any more when the receiver is gone.
            let _ = report.send(run(door, sender, &stopping));
        });
        started
            .map_err(|error| ChannelError::Unreachable { step: "starting a thread", source: error.into() })?;
        Ok(Self { arrivals, ended, _stop_when_dropped: stop.clone().drop_guard(), stop })
    }

    /// The next event; nothing when the connection has ended.
    pub(super) async fn next(&mut self) -> Option<Arrival> {
        self.arrivals.recv().await
    }

    /// Why the connection has ended.
    pub(super) async fn end(mut self) -> End {
        (&mut self.ended).await.unwrap_or(End::Lost("its thread has failed"))
    }

    /// Closes the connection; what arrives until then goes to `take`.
    pub(super) async fn close(mut self, take: impl Fn(Arrival)) {
        self.stop.cancel();
        // A thread that does not end by then is busy inside serenity, and ends when it looks up.
        let emptied = timeout(GOODBYE + LOOK_EVERY, async {
            while let Some(arrival) = self.arrivals.recv().await {
                take(arrival);
            }
        });
        if emptied.await.is_err() {
            tracing::warn!("the gateway's thread takes its time to end");
        }
    }
}

fn run(door: Door, sender: mpsc::Sender<Arrival>, stop: &CancellationToken) -> End {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(_) => return End::Lost("its runtime did not start"),
    };
    let end = runtime.block_on(converse(door, sender, stop));
    // Resolving a name may block a thread for long; nobody waits for it.
    runtime.shutdown_background();
    end
}

async fn converse(door: Door, sender: mpsc::Sender<Arrival>, stop: &CancellationToken) -> End {
    let Door { http, url, intents, places, is_connected } = door;
    let overrun = CancellationToken::new();
    let handler = Handler { sender, places, overrun: overrun.clone() };
    let client = ClientBuilder::new_with_http(http, intents).raw_event_handler(handler).await;
    let mut client = match client {
        Ok(client) => client,
        Err(error) => return ended(&error),
    };
    // Serenity has asked for the address itself, and falls back to the real
    // Discord without a word; this is the one that we were told.
    *client.ws_url.lock().await = url;
    let manager = Arc::clone(&client.shard_manager);
    let end = tokio::select! {
        result = client.start() => match result {
            Ok(()) => End::Lost("serenity ended it"),
            Err(error) => ended(&error),
        },
        () = stop.cancelled() => {
            // In vain or not, the thread ends.
            let _ = timeout(GOODBYE, manager.shutdown_all()).await;
            End::Asked
        }
        () = overrun.cancelled() => {
            let _ = timeout(GOODBYE, manager.shutdown_all()).await;
            End::Lost("more came at once than could be taken in")
        }
        () = without_session(&manager, &is_connected) => {
            let _ = timeout(GOODBYE, manager.shutdown_all()).await;
            End::Lost("there was no session for too long")
        }
    };
    is_connected.store(false, Ordering::Relaxed);
    end
}

fn ended(error: &SerenityError) -> End {
    from_gateway(error).map_or(End::Lost("the connection failed"), End::Refused)
}

/// Waits until there has been no session for too long.
async fn without_session(manager: &ShardManager, is_connected: &AtomicBool) {
    let mut last_seen = Instant::now();
    while last_seen.elapsed() < PATIENCE {
        sleep(LOOK_EVERY).await;
        let runners = manager.runners.lock().await;
        let stage = runners.get(&ShardId(0)).map(|runner| runner.stage);
        drop(runners);
        let has_session = stage == Some(ConnectionStage::Connected);
        is_connected.store(has_session, Ordering::Relaxed);
        if has_session {
            last_seen = Instant::now();
        }
    }
}

struct Handler {
    sender: mpsc::Sender<Arrival>,
    places: Arc<Places>,
    /// Fires when an event could not be handed on.
    overrun: CancellationToken,
}

#[async_trait]
impl RawEventHandler for Handler {
    /// Takes an event. This must not wait for anything, or the order is lost.
    async fn raw_event(&self, _: Context, event: Event) {
        // Places are learned at once: when we connect, every guild tells of
        // itself, and that could be more than may be under way.
        match &event {
            Event::Ready(event) => self.places.begin_session(event.ready.guilds.iter().map(|guild| guild.id)),
            Event::GuildCreate(event) => return self.places.learn_guild(&event.guild),
            Event::GuildUpdate(event) => return self.places.learn_name(event.guild.id, &event.guild.name),
            Event::ChannelCreate(event) => return self.places.learn_channel(&event.channel),
            Event::ThreadCreate(event) => return self.places.learn_channel(&event.thread),
            Event::ThreadUpdate(event) => return self.places.learn_channel(&event.thread),
            Event::ThreadListSync(event) => {
                return event.threads.iter().for_each(|thread| self.places.learn_channel(thread));
            }
            _ => {}
        }
        let Some(what) = Happening::of(event) else { return };
        // What comes after one that was not handed on would seem to be next to what came before
        // it. What was said is in the channels' history, where the next session looks.
        if self.overrun.is_cancelled() {
            return;
        }
        if let Err(TrySendError::Full(_)) = self.sender.try_send(Arrival { at: Instant::now(), what }) {
            self.overrun.cancel();
        }
    }
}
