//! Durable truth: people, places, conversations, and what is still to be done.
//!
//! The store promises that what a call has returned is on disk, and that one
//! call is one transaction. Everything written goes through one writer (see
//! `writer`); reads have connections of their own. Entities and SQL stay in
//! here; what comes out is of [`crate::domain`] or a plain struct of this layer.
//!
//! Moments are kept as microseconds since 1970, so that both engines sort and
//! compare them alike; order within a conversation is by `seq`, never by time.

mod access;
mod changes;
mod conversations;
mod engine;
mod entities;
mod error;
mod inbox;
mod instances;
mod outbox;
mod people;
mod places;
mod record;
mod schema;
mod writer;

use std::fs::File;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sea_orm::{DatabaseConnection, DatabaseTransaction};

use crate::domain::{InstanceId, Timestamp};
use crate::telemetry::Tasks;

pub use access::{CodeKind, PairingCode};
pub use error::StoreError;
pub use inbox::{
    Accepted, ClaimedTurn, DeliveryPart, Ending, Finale, KeptMessage, MatterId, Recovered, Revived,
};
pub use outbox::Answer;
pub use people::Identity;
pub use places::Space;
pub use record::{Answered, Exchange, Question};
pub use schema::{Schema, Step};

use engine::OpenFile;
use writer::Writer;

/// The database, open.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    readers: DatabaseConnection,
    file: OpenFile,
    /// This process, as claims name it.
    instance: InstanceId,
    /// Held for as long as the store is open by a daemon.
    _lock: Option<Arc<File>>,
}

impl Store {
    /// Opens the database for a daemon: nobody else may run on it meanwhile.
    pub async fn open(url: &str, tasks: &Tasks) -> Result<Self, StoreError> {
        let path = engine::path_of(url)?;
        let lock = engine::lock(&path)?;
        Self::start(&path, tasks, Some(Arc::new(lock))).await
    }

    /// Opens the database for a short operation, also beside a running daemon.
    pub async fn open_beside(url: &str, tasks: &Tasks) -> Result<Self, StoreError> {
        Self::start(&engine::path_of(url)?, tasks, None).await
    }

    async fn start(
        path: &std::path::Path,
        tasks: &Tasks,
        lock: Option<Arc<File>>,
    ) -> Result<Self, StoreError> {
        let connections = engine::connect(path).await?;
        engine::migrate(&connections.writer).await?;
        let writer = Writer::start(connections.writer, tasks);
        let unusable = |source| StoreError::Directory { path: path.to_owned(), source };
        let file = OpenFile::at(path).map_err(unusable)?;
        let instance = InstanceId(uuid::Uuid::new_v4());
        Ok(Self { writer, readers: connections.readers, file, instance, _lock: lock })
    }

    /// Whether nobody else can work on this database while we do.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self._lock.is_some()
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), StoreError> {
        if !self.file.is_there() {
            return Err(StoreError::Lost);
        }
        Ok(self.readers.ping().await?)
    }

    async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.writer.write(job).await
    }
}

/// A moment as it is kept.
fn micros(moment: Timestamp) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// A kept moment.
fn moment(micros: i64) -> Timestamp {
    Timestamp::from_unix_timestamp_nanos(i128::from(micros) * 1_000).unwrap_or(Timestamp::UNIX_EPOCH)
}
