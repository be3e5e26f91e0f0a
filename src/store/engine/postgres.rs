//! PostgreSQL: a pool of connections, and each write a transaction of its own.
//!
//! Transactions are READ COMMITTED. What two of them might both make is
//! inserted `ON CONFLICT DO NOTHING` and looked at again; where they stand in
//! each other's way all the same, PostgreSQL ends one of them and it is run again.

use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::{ConnectOptions, Connection, PgPool};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqlxError, Statement,
    TransactionTrait,
};
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep, timeout};
use tracing::Instrument;
use uuid::Uuid;

use crate::config::DatabaseSettings;
use crate::store::StoreError;
use crate::store::engine::{Readers, history, statements};
use crate::telemetry::{Tasks, chain, metrics};

/// How we are called in `pg_stat_activity`.
const NAME: &str = "switchboard";

/// What guards the schema's history, beside the name of the schema ("SWBD").
const HISTORY_LOCK: i32 = 0x5357_4244;

/// How long one program waits until another has migrated.
const HISTORY_PATIENCE: Duration = Duration::from_secs(300);

/// How often a write is tried.
const TRIES: u32 = 5;

/// How long a write waits before its first repetition, up to twice as long; each further one waits longer.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a connection may take to show that it is alive.
const PULSE: Duration = Duration::from_secs(1);

/// When the server ends a transaction whose program says nothing more: it has been
/// cut off, and its locks would be in everybody's way. Ours never pause.
const ABANDONED: Duration = Duration::from_secs(2);

/// How much longer we wait for an answer than the server works on it.
const TRAVEL: Duration = Duration::from_secs(1);

/// A pool of connections to a server.
#[derive(Clone)]
pub(in crate::store) struct Postgres {
    pool: PgPool,
    db: DatabaseConnection,
    pub(super) readers: Readers,
    tasks: Tasks,
    patience: Duration,
}

/// Whether a URL is one of PostgreSQL.
pub(super) fn is_meant_by(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

impl Postgres {
    pub(super) async fn open(settings: &DatabaseSettings, tasks: &Tasks) -> Result<Self, StoreError> {
        let exclusive = lock_schema(settings).await?;
        let migrated = history::migrate(&exclusive).await;
        // The lock ends with its connection, however that ends.
        let _ = exclusive.close().await;
        migrated?;
        let pool = open_pool(settings, options(settings)?);
        let db = statements::told(DatabaseConnection::from(pool.clone()));
        let patience = settings.acquire_timeout() + settings.statement_timeout() + TRAVEL;
        let readers = Readers::new(db.clone(), patience);
        Ok(Self { pool, db, readers, tasks: tasks.clone(), patience })
    }

    /// How many connections are open, and how many of them are idle.
    pub(super) fn connections(&self) -> (usize, usize) {
        (usize::try_from(self.pool.size()).unwrap_or(usize::MAX), self.pool.num_idle())
    }

    /// Runs a job in a transaction and returns its result once it is durable.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, StoreError>>
            + Clone
            + Send
            + 'static,
    {
        let this = self.clone();
        // A task of its own goes on when whoever asked stops waiting.
        let work = self.tasks.spawn(async move { this.persist(job).await });
        work.await.unwrap_or_else(|end| {
            Err(if end.is_panic() { StoreError::Panicked } else { StoreError::Abandoned })
        })
    }

    async fn persist<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, StoreError>> + Clone,
    {
        for attempt in 1..TRIES {
            match self.attempt(job.clone()).await {
                Err(error) if is_worth_repeating(&error) => {
                    tracing::debug!(error = %chain(&error), "transaction {attempt} of {TRIES} did not work, once more");
                    // Whoever was in the way gets the time to end.
                    sleep(jittered(PAUSE * attempt)).await;
                }
                done => return done,
            }
        }
        self.attempt(job).await
    }

    async fn attempt<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, StoreError>>,
    {
        let work = async {
            let asked_at = Instant::now();
            let tx = self.db.begin().await?;
            metrics::database_acquired(asked_at.elapsed());
            match job(&tx).await {
                Ok(worked) => {
                    tx.commit().await.map_err(|error| StoreError::Commit(Arc::new(error)))?;
                    Ok(worked)
                }
                Err(error) => {
                    // Where this fails the connection is gone, and the transaction with it.
                    let _ = tx.rollback().await;
                    Err(error)
                }
            }
        };
        timeout(self.patience, work.instrument(statements::transaction()))
            .await
            .unwrap_or(Err(StoreError::Silent))
    }
}

/// Up to twice as long, differently each time, so that two do not meet again.
fn jittered(pause: Duration) -> Duration {
    let percent = u32::try_from(Uuid::new_v4().as_u128() % 100).unwrap_or(0);
    pause + pause * percent / 100
}

/// Whether a transaction failed by chance, before its commit, so that nothing of it is kept.
fn is_worth_repeating(error: &StoreError) -> bool {
    let StoreError::Statement(DbErr::Exec(cause) | DbErr::Query(cause) | DbErr::Conn(cause)) = error else {
        return false;
    };
    let RuntimeErr::SqlxError(cause) = cause else { return false };
    match cause.as_ref() {
        // The connection was lost, or found to be.
        SqlxError::Io(_) => true,
        // Serialization failure, deadlock, and the server's end by command or by crash.
        SqlxError::Database(error) => {
            matches!(error.code().as_deref(), Some("40001" | "40P01" | "57P01" | "57P02"))
        }
        _ => false,
    }
}

/// The connection that changes the schema, while no other program does.
pub(super) async fn lock_schema(settings: &DatabaseSettings) -> Result<DatabaseConnection, StoreError> {
    let patience = HISTORY_PATIENCE.as_millis().to_string();
    let options = options(settings)?.options([("statement_timeout", "0"), ("lock_timeout", &patience)]);
    // A pool would try again and again, and in the end not say why.
    let first = timeout(settings.connect_timeout(), options.connect()).await;
    let first = first.unwrap_or_else(|_| Err(silent()));
    let first = first.map_err(|error| at_connection(&options, error))?;
    // Whether it is told good-bye does not matter.
    let _ = first.close().await;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(settings.connect_timeout());
    let db = DatabaseConnection::from(pool.connect_lazy_with(options.clone()));
    let lock = format!("SELECT pg_advisory_lock({HISTORY_LOCK}, hashtext(current_schema()))");
    db.execute_unprepared(&lock).await.map_err(StoreError::Migrate)?;
    if history::is_foreign(&db).await? {
        let name = options.get_database().unwrap_or(options.get_username());
        return Err(StoreError::Foreign { place: format!("{name}` on `{}", server(&options)) });
    }
    Ok(db)
}

/// Refuses while a daemon has connections to the same database.
pub(super) async fn refuse_company(db: &DatabaseConnection) -> Result<(), StoreError> {
    let others = format!(
        "SELECT COUNT(*) AS n FROM pg_stat_activity \
         WHERE datname = current_database() AND application_name = '{NAME}' AND pid <> pg_backend_pid()"
    );
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), others)).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.try_get("", "n"))?;
    if count > 0 { Err(StoreError::Busy) } else { Ok(()) }
}

fn options(settings: &DatabaseSettings) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(settings.url.expose_secret()).map_err(StoreError::Unreadable)?;
    let patience = settings.statement_timeout().as_millis().to_string();
    let abandoned = ABANDONED.as_millis().to_string();
    Ok(options
        .application_name(NAME)
        .options([
            ("statement_timeout", patience.as_str()),
            ("idle_in_transaction_session_timeout", abandoned.as_str()),
            ("client_min_messages", "warning"),
        ])
        .disable_statement_logging())
}

fn open_pool(settings: &DatabaseSettings, options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(settings.pool_size)
        .acquire_timeout(settings.acquire_timeout())
        .idle_timeout(settings.idle_timeout())
        .max_lifetime(settings.max_lifetime())
        // The pool's own test has no limit, and neither has what it does with a
        // connection that comes back from a statement nobody waited for.
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(has_pulse(connection)))
        .after_release(|connection, _| Box::pin(has_pulse(connection)))
        .connect_lazy_with(options)
}

async fn has_pulse(connection: &mut impl Connection) -> Result<bool, SqlxError> {
    timeout(PULSE, connection.ping()).await.unwrap_or_else(|_| Err(silent()))?;
    Ok(true)
}

fn silent() -> SqlxError {
    SqlxError::Io(io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))
}

fn server(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

fn is_about_certificates(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

/// Why there is no connection, in words that show the way out.
fn at_connection(options: &PgConnectOptions, source: SqlxError) -> StoreError {
    let server = server(options);
    let user = options.get_username().to_owned();
    let code = match &source {
        SqlxError::Database(error) => error.code().map(|code| code.into_owned()).unwrap_or_default(),
        SqlxError::Tls(_) => return StoreError::Unsafe { server, source },
        // This is how a certificate that does not hold comes out of the handshake.
        SqlxError::Io(error) if is_about_certificates(error) => return StoreError::Unsafe { server, source },
        SqlxError::Configuration(_) => return StoreError::Unreadable(source),
        _ => String::new(),
    };
    match code.as_str() {
        "3D000" => {
            StoreError::NoDatabase { server, name: options.get_database().unwrap_or(&user).to_owned() }
        }
        "28000" | "28P01" => StoreError::Unwelcome { server, user, source },
        _ => StoreError::Unreachable { server, source },
    }
}
