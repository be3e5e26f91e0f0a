//! The one writer of the embedded database.
//!
//! Many tasks have something to write, and SQLite takes one writer and one sync
//! to disk at a time. So one task takes jobs from a bounded queue and puts all
//! that wait into one IMMEDIATE transaction. Nobody is answered before the COMMIT.
//! It never lingers for more jobs: the sync itself is the time in which the next
//! ones gather.
//!
//! A failing job harms no neighbour: what it shared a transaction with is rolled
//! back with it, and each of them runs again in a transaction of its own. That is
//! rare, and cheaper than a savepoint for each job all the time, which takes the
//! thread of the connection two more turns.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument;

use crate::store::StoreError;
use crate::store::engine::transaction;
use crate::telemetry::{Tasks, chain};

/// How many jobs may wait; whoever comes then waits to be let in.
const QUEUE: usize = 1024;

/// How many jobs share one transaction at most.
const BATCH: usize = 256;

/// Does the work of a job, also more than once; false if nothing of it is to be kept.
type Work = Box<dyn for<'t> FnMut(&'t DatabaseTransaction) -> BoxFuture<'t, bool> + Send>;

/// Tells whoever waits what the last time came to, and how the commit went.
type Announce = Box<dyn FnOnce(Result<(), Arc<DbErr>>) + Send>;

/// Something to write.
struct Job {
    work: Work,
    announce: Announce,
}

/// The way to the writer; cheap to clone.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the writer on a connection that nobody else writes to.
    pub(super) fn start(db: DatabaseConnection, tasks: &Tasks) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        tasks.spawn(run(db, queue));
        Self { jobs }
    }

    /// Whether its task is there.
    pub(super) fn is_alive(&self) -> bool {
        !self.jobs.is_closed()
    }

    /// How many jobs wait.
    pub(super) fn waiting(&self) -> usize {
        QUEUE.saturating_sub(self.jobs.capacity())
    }

    /// Runs a job in a transaction and returns its result once it is durable.
    ///
    /// An error of the job undoes what the job wrote, and only that. It may run again
    /// when another one fails, so it changes nothing but the database.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, StoreError>>
            + Clone
            + Send
            + 'static,
    {
        let (answer, result) = oneshot::channel();
        let last = Arc::new(Mutex::new(None));
        let worked = Arc::clone(&last);
        let work: Work = Box::new(move |tx| {
            let (job, last) = (job.clone(), Arc::clone(&last));
            async move {
                let worked = AssertUnwindSafe(async { job(tx).await }).catch_unwind().await;
                let worked = worked.unwrap_or(Err(StoreError::Panicked));
                let is_kept = worked.is_ok();
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(worked);
                is_kept
            }
            .boxed()
        });
        let announce: Announce = Box::new(move |commit| {
            let worked = worked.lock().unwrap_or_else(PoisonError::into_inner).take();
            let outcome = match (commit, worked) {
                (Ok(()), worked) => worked.unwrap_or(Err(StoreError::Abandoned)),
                // Its own error says more.
                (Err(_), Some(Err(error))) => Err(error),
                (Err(source), Some(Ok(_)) | None) => Err(StoreError::Commit(source)),
            };
            // Whoever asked may have stopped waiting.
            let _ = answer.send(outcome);
        });
        let job = Job { work, announce };
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        result.await.map_err(|_| StoreError::Abandoned)?
    }
}

/// How a transaction ended.
enum End {
    Committed,
    /// A job failed, and nothing of any is kept.
    Failed,
}

/// Works until nobody can send jobs any more.
async fn run(db: DatabaseConnection, mut queue: mpsc::Receiver<Job>) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let written = write(&db, &mut batch).await;
        let is_shared = batch.len() > 1;
        for mut job in batch.drain(..) {
            let written = match &written {
                // One of them failed; the others are to have no harm of it.
                Ok(End::Failed) if is_shared => write(&db, std::slice::from_mut(&mut job)).await.map(drop),
                Ok(End::Failed | End::Committed) => Ok(()),
                Err(error) => Err(Arc::clone(error)),
            };
            (job.announce)(written);
        }
    }
}

/// Writes all of these jobs, or nothing.
async fn write(db: &DatabaseConnection, jobs: &mut [Job]) -> Result<End, Arc<DbErr>> {
    let written = work(db, jobs).instrument(transaction()).await;
    written.map_err(|error| {
        tracing::error!(error = %chain(&error), "a database transaction failed, nothing of it is kept");
        Arc::new(error)
    })
}

async fn work(db: &DatabaseConnection, jobs: &mut [Job]) -> Result<End, DbErr> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let tx = db.begin_with_options(immediate).await?;
    for job in jobs {
        if !(job.work)(&tx).await {
            tx.rollback().await?;
            return Ok(End::Failed);
        }
    }
    tx.commit().await?;
    Ok(End::Committed)
}

#[cfg(test)]
mod tests;
