//! Builds the parts, joins them, starts and stops them.
//!
//! The only place where channels and the router meet. Stopping goes in the
//! order of a message's way: channels stop listening, nothing new is begun,
//! what runs gets its time, what does not make it is put back into the inbox.

mod clock;
mod delivery;
mod dispatch;
mod doors;
mod intake;
mod lease;
mod ledger;
mod listening;
mod pulse;
mod purge;
mod stops;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::channels::{Channel, ChannelError, Inbox};
use crate::config::Settings;
use crate::domain::texts::Texts;
use crate::domain::{Clock, Platform};
use crate::model::{Model, TokenEstimates};
use crate::router::{AccessRules, Attention, Overheard, Parts, Router};
use crate::store::{Store, StoreError};
use crate::telemetry::{Tasks, chain};

pub use clock::SystemClock;
pub use lease::{Lease, Taken};
pub use pulse::Pulse;

use delivery::Delivery;
use dispatch::Dispatch;
use intake::Intake;
use listening::Listening;
use stops::Stops;
use turns::{Begun, Turns};

/// How much longer than the drain the end takes, at most: together they are less than
/// the ten seconds that Docker grants.
pub const GRACE: Duration = Duration::from_millis(1_500);

/// How much of the grace is for everything but the last writes of turns.
const LEAVING: Duration = Duration::from_millis(500);

/// What an app is built from.
pub struct Foundations {
    pub store: Store,
    pub model: Arc<dyn Model>,
    pub tokens: Arc<TokenEstimates>,
    pub texts: Arc<Texts>,
    pub clock: Arc<dyn Clock>,
    pub channels: Vec<Arc<dyn Channel>>,
    /// Proof that nobody else works on the database.
    pub lease: Arc<Lease>,
    /// Told how much waits or is being worked on.
    pub busy: watch::Sender<usize>,
}

/// Why we listen no more.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// A platform does not let us in.
    #[error("{platform} does not let us in")]
    Refused {
        platform: Platform,
        #[source]
        source: ChannelError,
    },

    /// No channel can go on; this is one of them.
    #[error("{platform} cannot go on")]
    Channel {
        platform: Platform,
        #[source]
        source: ChannelError,
    },

    /// Another process has taken our place on the database.
    #[error("another process has taken this database over while this one was stopped or could not reach it")]
    Replaced,
}

/// The program at work.
pub struct App {
    channels: Vec<Arc<dyn Channel>>,
    inbox: Arc<dyn Inbox>,
    dispatch: Arc<Dispatch>,
    store: Store,
    clock: Arc<dyn Clock>,
    lease: Arc<Lease>,
    /// Running turns.
    turns: Tasks,
    /// Everything that brings in work.
    sources: Tasks,
    give_back: CancellationToken,
    last_call: CancellationToken,
    drain: Duration,
}

impl App {
    /// Puts the parts together; nothing runs yet.
    #[must_use]
    pub fn build(foundations: Foundations, settings: &Settings) -> Self {
        let Foundations { store, model, tokens, texts, clock, channels, lease, busy } = foundations;
        let stops = Arc::new(Stops::default());
        let access = AccessRules::new(settings.access.clone());
        let overheard = Arc::new(Overheard::new(&settings.groups));
        let router = Router::new(Parts {
            store: store.clone(),
            model,
            tokens: Arc::clone(&tokens),
            texts: Arc::clone(&texts),
            stop: Arc::clone(&stops) as _,
            access: access.clone(),
            overheard: Arc::clone(&overheard),
            settings: settings.model.clone(),
            answers_edits: settings.conversation.answer_edits,
            groups: settings.groups.clone(),
            message_chars: settings.limits.message_chars as usize,
        });
        let last_call = CancellationToken::new();
        let turns = Turns {
            store: store.clone(),
            router,
            delivery: Delivery::new(
                &channels,
                Arc::clone(&lease),
                &texts,
                (&settings.limits, settings.conversation.buttons),
            ),
            stops: Arc::clone(&stops),
            texts,
            tokens,
            clock: Arc::clone(&clock),
            begun: Begun::default(),
            last_call: last_call.clone(),
        };
        let give_back = CancellationToken::new();
        let concurrent = settings.limits.concurrent_turns as usize;
        let platforms = channels.iter().map(|channel| channel.platform()).collect();
        let parts = (store.clone(), turns);
        let dispatch = Arc::new(Dispatch::new(parts, platforms, concurrent, busy, give_back.clone()));
        let (turns, sources) = (Tasks::default(), Tasks::default());
        let inbox = Arc::new(Intake {
            store: store.clone(),
            dispatch: Arc::clone(&dispatch),
            stops,
            clock: Arc::clone(&clock),
            tasks: sources.clone(),
            attention: Attention {
                settings: settings.groups.clone(),
                access: access.clone(),
                store: store.clone(),
            },
            access,
            overheard,
            max_age: Duration::from_secs(u64::from(settings.catchup.max_age_minutes) * 60),
        });
        let drain = Duration::from_secs(settings.shutdown.drain_seconds);
        Self { channels, inbox, dispatch, store, clock, lease, turns, sources, give_back, last_call, drain }
    }

    /// Takes up what an earlier run left, and begins to work on what comes.
    pub async fn start(&self) -> Result<Pulse, StoreError> {
        let orphans = self.dispatch.recover().await?;
        if orphans > 0 {
            tracing::info!(count = orphans, "took up {orphans} messages of an earlier run");
        }
        let dispatch = Arc::clone(&self.dispatch);
        let dispatching = self.sources.spawn(dispatch.run(self.turns.clone(), self.sources.shutdown()));
        let dispatch = Arc::clone(&self.dispatch);
        self.sources.spawn(dispatch.look(self.sources.shutdown()));
        let (store, clock) = (self.store.clone(), Arc::clone(&self.clock));
        self.sources.spawn(purge::run(store, clock, self.sources.shutdown()));
        Ok(Pulse {
            store: self.store.clone(),
            dispatch: Arc::clone(&self.dispatch),
            dispatching: dispatching.abort_handle(),
            ending: self.sources.shutdown(),
        })
    }

    /// Listens on all channels until `shutdown` fires, or we cannot go on.
    ///
    /// Each begins when its platform has said who we are, and waits for no other;
    /// `has_begun` fires with the first.
    pub async fn listen(
        &self,
        shutdown: &CancellationToken,
        has_begun: &CancellationToken,
    ) -> Result<(), ListenError> {
        let (ended, mut ends) = mpsc::channel(self.channels.len().max(1));
        for channel in &self.channels {
            let listening = Listening {
                channel: Arc::clone(channel),
                inbox: Arc::clone(&self.inbox),
                dispatch: Arc::clone(&self.dispatch),
                has_begun: has_begun.clone(),
            };
            let (ended, ending) = (ended.clone(), self.sources.shutdown());
            self.sources.spawn(async move {
                // Nobody waits for it once the app is stopping.
                let _ = ended.send(listening.run(ending).await).await;
            });
        }
        drop(ended);
        tokio::select! {
            () = shutdown.cancelled() => Ok(()),
            () = self.lease.keep(&self.store, shutdown) => if shutdown.is_cancelled() { Ok(()) } else { Err(ListenError::Replaced) },
            result = last(&mut ends) => result,
        }
    }

    /// Stops: no more intake, what runs gets its time, the rest is put back. Gives back
    /// the moment at which the process has to be gone.
    ///
    /// A database that takes nothing does not hold the end up: what could not be put back
    /// is in it as it was, and the next start takes it up.
    pub async fn stop(&self) -> Instant {
        let asked_at = Instant::now();
        let drained_by = asked_at + self.drain;
        let end_by = drained_by + GRACE;
        let have_sources_ended =
            timeout_at(drained_by.max(asked_at + LEAVING), self.sources.end()).await.is_ok();
        if !have_sources_ended {
            tracing::warn!("what brings in work does not end in time");
        }
        if timeout_at(drained_by, self.turns.finished()).await.is_err() {
            tracing::warn!("not everything was finished in time; the rest is put back");
            self.give_back.cancel();
            self.put_back_by(end_by).await;
        }
        // Whoever has nothing to drain any more does not use its time to wait for a write.
        let end_by = end_by.min(Instant::now() + GRACE);
        if timeout_at(end_by, self.lease.give_back(&self.store)).await.is_err() {
            tracing::warn!("could not give the lease on the database back in time; it runs out by itself");
        }
        end_by
    }

    /// Waits for the last writes of turns, for as long as there is.
    async fn put_back_by(&self, end_by: Instant) {
        if timeout_at(end_by - LEAVING, self.turns.finished()).await.is_ok() {
            return;
        }
        let count = self.turns.count();
        tracing::warn!(
            count,
            "the database takes nothing; {count} turns stay as they are there, for the next start to take up"
        );
        self.last_call.cancel();
        // They have nothing to wait for any more.
        let _ = timeout_at(end_by, self.turns.finished()).await;
    }
}

/// Waits for the last channel: one that cannot go on does not stop the others, but
/// one that is not let in at all, by a wrong setting, ends the start.
async fn last(ends: &mut mpsc::Receiver<Result<(), ListenError>>) -> Result<(), ListenError> {
    let mut outcome = Ok(());
    while let Some(result) = ends.recv().await {
        match &result {
            Err(ListenError::Refused { .. }) => return result,
            Err(ListenError::Channel { platform, source }) => {
                tracing::error!(platform = %platform, error = %chain(source), "{platform} cannot go on");
            }
            Ok(()) | Err(ListenError::Replaced) => {}
        }
        outcome = outcome.and(result);
    }
    outcome
}
