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
    /// Takes the lease, and waits for it if another process has it; none if
    /// that other one goes on living.
    pub async fn take(store: &Store, lasts: Duration) -> Result<Option<Arc<Self>>, StoreError> {
        if store.is_exclusive() {
            return Ok(Some(Arc::new(Self { lasts, held: watch::channel(Held::Always).0 })));
        }
        let deadline = Instant::now() + lasts * 2;
        let mut is_told = false;
        loop {
            let began = Instant::now();
            if store.lease(DAEMON, lasts).await? {
                let held = watch::channel(Held::Until(began + lasts)).0;
                return Ok(Some(Arc::new(Self { lasts, held })));
            }
            if began > deadline {
                return Ok(None);
            }
            if !is_told {
                tracing::info!("another process may be at work on this database; waiting for its end");
                is_told = true;
            }
            sleep(lasts / (RENEWALS * 4)).await;
        }
    }

    /// Keeps the lease until `shutdown` fires; returns early only when it is lost.
    pub(crate) async fn keep(&self, store: &Store, shutdown: &CancellationToken) {
        if *self.held.borrow() == Held::Always {
            return shutdown.cancelled().await;
        }
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(self.lasts / RENEWALS) => {}
            }
            let began = Instant::now();
            match store.lease(DAEMON, self.lasts).await {
                Ok(true) => drop(self.held.send_replace(Held::Until(began + self.lasts))),
                Ok(false) => {
                    self.held.send_replace(Held::Lost);
                    tracing::error!("another process has taken this database over; leaving it alone");
                    return;
                }
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "could not renew the lease on the database");
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
