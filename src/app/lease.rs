//! Proof that this process may write: only one at a time works on a database.
//!
//! The lease is kept by the database's clock and checked here by one that only
//! moves forward, so that a process which was stopped for a while writes nothing
//! after another has taken its place. The embedded database has a lock on its
//! file instead, which needs no proof.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::delivery::DeliveryError;
use crate::store::{DAEMON, Store, StoreError};
use crate::telemetry::chain;

/// How many times it is renewed while it lasts.
const RENEWALS: u32 = 3;

/// How long before its end it is not trusted any more: a request takes a while, too.
const MARGIN: u32 = 5;

/// How soon it is tried to renew it again when that failed: until then nobody may answer.
const RETRY: Duration = Duration::from_millis(500);

/// How long whoever is told to end waits for an answer about the lease.
const LAST_ANSWER: Duration = Duration::from_millis(500);

/// What came of asking for the lease.
#[derive(Debug)]
pub enum Taken {
    Ours(Arc<Lease>),
    /// Another process has it, and goes on living.
    Theirs,
    /// We were told to end while we waited.
    Ended,
}

/// The lease of this process.
#[derive(Debug)]
pub struct Lease {
    lasts: Duration,
    held: watch::Sender<Held>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// There is nobody else.
    Always,
    Until(Instant),
    /// Somebody else has it by now.
    Lost,
}

impl Lease {
    /// Takes the lease, and waits for it if another process has it.
    ///
    /// `stands_by` hears before each wait how long that will be.
    pub async fn take(
        store: &Store,
        lasts: Duration,
        shutdown: &CancellationToken,
        stands_by: &(dyn Fn(Duration) + Sync),
    ) -> Result<Taken, StoreError> {
        if store.is_exclusive() {
            return Ok(Taken::Ours(Arc::new(Self { lasts, held: watch::channel(Held::Always).0 })));
        }
        let deadline = Instant::now() + lasts * 2;
        let pause = lasts / (RENEWALS * 4);
        loop {
            let began = Instant::now();
            // What is on its way to the database is waited for a little: who holds the
            // lease and does not know would not give it back.
            let is_ours = tokio::select! {
                is_ours = store.lease(DAEMON, lasts) => is_ours?,
                () = async { shutdown.cancelled().await; sleep(LAST_ANSWER).await } => return Ok(Taken::Ended),
            };
            if is_ours {
                let held = watch::channel(Held::Until(began + lasts)).0;
                return Ok(Taken::Ours(Arc::new(Self { lasts, held })));
            }
            if began > deadline {
                return Ok(Taken::Theirs);
            }
            stands_by(pause);
            tokio::select! {
                () = shutdown.cancelled() => return Ok(Taken::Ended),
                () = sleep(pause) => {}
            }
        }
    }

    /// Keeps the lease until `shutdown` fires; returns early only when it is lost.
    pub(crate) async fn keep(&self, store: &Store, shutdown: &CancellationToken) {
        if *self.held.borrow() == Held::Always {
            return shutdown.cancelled().await;
        }
        let regular = self.lasts / RENEWALS;
        let mut has_failed = false;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(if has_failed { RETRY.min(regular) } else { regular }) => {}
            }
            let began = Instant::now();
            match store.lease(DAEMON, self.lasts).await {
                Ok(true) => {
                    has_failed = false;
                    self.held.send_replace(Held::Until(began + self.lasts));
                }
                Ok(false) => {
                    self.held.send_replace(Held::Lost);
                    tracing::error!("another process has taken this database over; leaving it alone");
                    return;
                }
                Err(error) if has_failed => {
                    tracing::debug!(error = %chain(&error), "the lease on the database cannot be renewed yet");
                }
                Err(error) => {
                    has_failed = true;
                    tracing::warn!(error = %chain(&error), "could not renew the lease on the database, trying again");
                }
            }
        }
    }

    /// Gives the lease back.
    pub(crate) async fn give_back(&self, store: &Store) {
        if *self.held.borrow() == Held::Always {
            return;
        }
        if let Err(error) = store.leave().await {
            tracing::warn!(error = %chain(&error), "could not give the lease on the database back; it runs out by itself");
        }
    }

    /// Waits until it is sure that nobody else has taken our place.
    pub(crate) async fn held(&self) -> Result<(), DeliveryError> {
        let mut held = self.held.subscribe();
        loop {
            match *held.borrow_and_update() {
                Held::Always => return Ok(()),
                Held::Until(end) if Instant::now() + self.lasts / MARGIN < end => return Ok(()),
                Held::Until(_) => {}
                Held::Lost => return Err(DeliveryError::Lost),
            }
            if held.changed().await.is_err() {
                return Err(DeliveryError::Lost);
            }
        }
    }
}
