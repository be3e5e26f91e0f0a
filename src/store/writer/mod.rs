//! The one writer of the embedded database.
//!
//! Many tasks have something to write, and SQLite takes one writer and one sync
//! to disk at a time. So one task takes jobs from a bounded queue and puts all
//! that wait into one IMMEDIATE transaction, each in a SAVEPOINT of its own, so
//! that a failing job harms no neighbour. Nobody is answered before the COMMIT.
//! It never lingers for more jobs: the sync itself is the time in which the next
//! ones gather.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
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

/// Tells the one who waits how the commit went.
type Announce = Box<dyn FnOnce(Result<(), Arc<DbErr>>) + Send>;

/// A job's own end: whether to keep what it wrote, and whom to tell.
struct Worked {
    keep: bool,
    announce: Announce,
}

type Job = Box<dyn for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Worked> + Send>;

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
    /// An error of the job undoes what the job wrote, and only that.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            async move {
                let worked = AssertUnwindSafe(job(tx)).catch_unwind().await;
                let worked = worked.unwrap_or(Err(StoreError::Panicked));
                let keep = worked.is_ok();
                let announce: Announce = Box::new(move |commit| {
                    let outcome = match commit {
                        Ok(()) => worked,
                        Err(source) => worked.and(Err(StoreError::Commit(source))),
                    };
                    // Whoever asked may have stopped waiting.
                    let _ = answer.send(outcome);
                });
                Worked { keep, announce }
            }
            .boxed()
        });
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        result.await.map_err(|_| StoreError::Abandoned)?
    }
}

/// Works until nobody can send jobs any more.
async fn run(db: DatabaseConnection, mut queue: mpsc::Receiver<Job>) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let mut announcements = Vec::with_capacity(batch.len());
        let committed = work(&db, batch.drain(..), &mut announcements).instrument(transaction()).await;
        let committed = committed.map_err(Arc::new);
        if let Err(error) = &committed {
            tracing::error!(error = %chain(error), "a database transaction failed, nothing of it is kept");
        }
        for announce in announcements {
            announce(committed.clone());
        }
    }
}

async fn work(
    db: &DatabaseConnection,
    jobs: impl ExactSizeIterator<Item = Job>,
    announcements: &mut Vec<Announce>,
) -> Result<(), DbErr> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let is_alone = jobs.len() == 1;
    let tx = db.begin_with_options(immediate).await?;
    for job in jobs {
        if is_alone {
            let worked = job(&tx).await;
            announcements.push(worked.announce);
            if !worked.keep {
                return tx.rollback().await;
            }
        } else {
            run_in_savepoint(&tx, job, announcements).await?;
        }
    }
    tx.commit().await
}

async fn run_in_savepoint(
    tx: &DatabaseTransaction,
    job: Job,
    announcements: &mut Vec<Announce>,
) -> Result<(), DbErr> {
    tx.execute_unprepared("SAVEPOINT job").await?;
    let worked = job(tx).await;
    announcements.push(worked.announce);
    if !worked.keep {
        tx.execute_unprepared("ROLLBACK TO job").await?;
    }
    tx.execute_unprepared("RELEASE job").await?;
    Ok(())
}

#[cfg(test)]
mod tests;
