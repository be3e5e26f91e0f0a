//! Durable truth: people, places, conversations, and what is still to be done.
//!
//! The store promises that what a call has returned is on disk, and that one
//! call is one transaction, on SQLite (where everything written goes through one
//! `writer`) and on PostgreSQL alike; see `engine`. Entities and SQL stay in
//! here; what comes out is of [`crate::domain`] or a plain struct of this layer.
//!
//! Moments are kept as microseconds since 1970, so that both engines sort and
//! compare them alike; order within a conversation is by `seq`, never by time.

mod access;
mod again;
mod changes;
mod conversations;
mod doors;
mod engine;
mod entities;
mod error;
mod feedback;
mod heard;
mod inbox;
mod instances;
mod limited;
mod moves;
mod outbox;
mod people;
mod places;
mod record;
mod revisions;
mod schema;
mod writer;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::config::DatabaseSettings;
use crate::domain::{InstanceId, Timestamp};
use crate::telemetry::Tasks;

pub use access::{CodeKind, PairingCode, Standing};
pub use again::LastAsked;
pub use doors::Turned;
pub use engine::{make_directory, missing_file};
pub use error::StoreError;
pub use inbox::{
    Accepted, AskedAgain, ClaimedTurn, DeliveryPart, Ending, Finale, Incoming, KeptMessage, MatterId, Purged,
    Recovered, Revived, Taken,
};
pub use instances::DAEMON;
pub use outbox::Answer;
pub use people::Identity;
pub use places::Space;
pub use record::{Answered, Exchange, Question};
pub use revisions::Revised;
pub use schema::{Schema, Step};

use engine::{Company, Engine, Readers};

/// Turns the mark over. Writing the same again would not reach the disk.
const MARK: &str = "INSERT INTO schema_meta (name, value) VALUES ('mark', '0') ON CONFLICT (name) \
    DO UPDATE SET value = CASE schema_meta.value WHEN '0' THEN '1' ELSE '0' END";

/// The database, open.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    readers: Readers,
    /// This process, as claims name it.
    instance: InstanceId,
}

impl Store {
    /// Opens the database for a daemon; nobody else may run on the same file meanwhile.
    pub async fn open(settings: &DatabaseSettings, tasks: &Tasks) -> Result<Self, StoreError> {
        Self::start(settings, Company::Alone, tasks).await
    }

    /// Opens the database for a short operation, also beside a running daemon.
    pub async fn open_beside(settings: &DatabaseSettings, tasks: &Tasks) -> Result<Self, StoreError> {
        Self::start(settings, Company::Beside, tasks).await
    }

    async fn start(settings: &DatabaseSettings, company: Company, tasks: &Tasks) -> Result<Self, StoreError> {
        let engine = Engine::open(settings, company, tasks).await?;
        let instance = InstanceId(uuid::Uuid::new_v4());
        Ok(Self { readers: engine.readers().clone(), engine, instance })
    }

    /// Whether nobody else can work on this database while we do.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self.engine.is_exclusive()
    }

    /// Proves that the database can be read and written: turns a mark over in it,
    /// on the way that everything takes, and returns once that is durable.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.engine.ping().await?;
        self.write(|tx| async move { Ok(tx.execute_unprepared(MARK).await.map(drop)?) }.boxed()).await
    }

    /// Whether there is still somebody who writes, however long that takes.
    #[must_use]
    pub fn has_a_writer(&self) -> bool {
        self.engine.has_a_writer()
    }

    /// Records how busy the database is, for whoever scrapes the metrics.
    pub fn measure(&self) {
        self.engine.measure();
    }

    /// Runs a job in one transaction. It may run again if another transaction
    /// got in its way, so it changes nothing but the database; and it passes
    /// every failed statement on, because PostgreSQL has given up the whole
    /// transaction with it.
    async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, StoreError>>
            + Clone
            + Send
            + 'static,
    {
        self.engine.write(job).await
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
