//! The two engines: SQLite in a file of ours, PostgreSQL on a server.
//!
//! Both keep the same promise: one write is one transaction, and what has been
//! returned is durable. What differs between them is in here; the rest of the
//! store speaks SQL that both understand.

mod disk;
mod history;
pub(super) mod postgres;
mod readers;
pub(super) mod sqlite;
mod statements;

use std::fs::File;
use std::io;
use std::path::PathBuf;

use futures_util::future::BoxFuture;
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use secrecy::ExposeSecret;

use crate::config::DatabaseSettings;
use crate::store::StoreError;
use crate::telemetry::{Tasks, metrics};

pub(super) use history::{applied, migrate, refuse_newer};
pub(super) use readers::Readers;
pub use sqlite::make_directory;
pub(super) use statements::transaction;

use postgres::Postgres;
use sqlite::Sqlite;

/// An open database.
#[derive(Clone)]
pub(super) enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// The only daemon on a database, or a short operation, also beside a daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    Alone,
    Beside,
}

impl Engine {
    /// Opens the database that the settings name, its schema brought up to date.
    pub(super) async fn open(
        settings: &DatabaseSettings,
        company: Company,
        tasks: &Tasks,
    ) -> Result<Self, StoreError> {
        if settings.is_on_a_server() {
            return Postgres::open(settings, tasks).await.map(Self::Postgres);
        }
        let path = sqlite::path_of(settings.url.expose_secret())?;
        let opened = Sqlite::open(&path, company, tasks).await;
        opened.map(Self::Sqlite).map_err(|error| disk::named(&path, error))
    }

    /// Connections for reading.
    pub(super) fn readers(&self) -> &Readers {
        match self {
            Self::Sqlite(sqlite) => &sqlite.readers,
            Self::Postgres(postgres) => &postgres.readers,
        }
    }

    /// Runs a job in a transaction and returns its result once that is durable.
    ///
    /// What was asked for is done also when nobody waits for the answer any more.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, StoreError>>
            + Clone
            + Send
            + 'static,
    {
        match self {
            Self::Sqlite(sqlite) => sqlite.writer.write(job).await,
            Self::Postgres(postgres) => postgres.write(job).await,
        }
    }

    /// Whether nobody else can work on it while we do.
    pub(super) fn is_exclusive(&self) -> bool {
        match self {
            Self::Sqlite(sqlite) => sqlite.is_exclusive(),
            Self::Postgres(_) => false,
        }
    }

    /// Asks for a sign of life.
    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.ping().await,
            Self::Postgres(postgres) => postgres.readers.ping().await,
        }
    }

    /// Whether jobs are still worked on; on a server, each does that by itself.
    pub(super) fn has_a_writer(&self) -> bool {
        match self {
            Self::Sqlite(sqlite) => sqlite.writer.is_alive(),
            Self::Postgres(_) => true,
        }
    }

    /// Records how busy it is.
    pub(super) fn measure(&self) {
        match self {
            Self::Sqlite(sqlite) => metrics::database_queue(sqlite.writer.waiting()),
            Self::Postgres(postgres) => {
                let (open, idle) = postgres.connections();
                metrics::database_connections(open, idle);
            }
        }
    }
}

/// The file that the settings name, as seen from the root, where there is none yet.
pub fn missing_file(settings: &DatabaseSettings) -> Result<Option<PathBuf>, StoreError> {
    if settings.is_on_a_server() {
        return Ok(None);
    }
    let path = sqlite::path_of(settings.url.expose_secret())?;
    // What cannot be looked at is told when it is opened.
    let is_missing = path.metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    Ok(is_missing.then(|| std::path::absolute(&path).unwrap_or(path)))
}

/// The steps that the schema has behind it, looked up beside whoever is at work; nothing is changed.
pub(super) async fn look(settings: &DatabaseSettings) -> Result<Vec<String>, StoreError> {
    if settings.is_on_a_server() {
        return history::recorded(&postgres::look(settings).await?).await;
    }
    let path = sqlite::path_of(settings.url.expose_secret())?;
    let looked = async {
        match sqlite::look(&path).await? {
            Some(db) => history::recorded(&db).await,
            None => Ok(Vec::new()),
        }
    };
    looked.await.map_err(|error| disk::named(&path, error))
}

/// One connection that no daemon and no other migration works beside.
pub(super) struct Exclusive {
    pub(super) db: DatabaseConnection,
    /// A file, and what keeps daemons off it; a server keeps a lock for us by itself.
    file: Option<(PathBuf, File)>,
}

impl Exclusive {
    /// Opens the database without changing its schema.
    pub(super) async fn open(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        if settings.is_on_a_server() {
            return Ok(Self { db: postgres::lock_schema(settings).await?, file: None });
        }
        let path = sqlite::path_of(settings.url.expose_secret())?;
        let opened = async {
            let lock = sqlite::lock(&path)?;
            Ok((sqlite::connect(&path).await?.writer, lock))
        };
        let (db, lock) = opened.await.map_err(|error| disk::named(&path, error))?;
        Ok(Self { db, file: Some((path, lock)) })
    }

    /// Names what is in the way of a file, where something is.
    pub(super) fn named(&self, error: StoreError) -> StoreError {
        match &self.file {
            Some((path, _)) => disk::named(path, error),
            None => error,
        }
    }

    /// Refuses while a daemon works on it; the lock of a file has done so already.
    pub(super) async fn refuse_company(&self) -> Result<(), StoreError> {
        if self.file.is_some() { Ok(()) } else { postgres::refuse_company(&self.db).await }
    }
}
