//! Opening the embedded database: its file, its lock, its connections, its schema.

use std::fs::{File, OpenOptions, TryLockError, create_dir_all};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::SqliteSynchronous;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, EntityTrait};

use crate::store::StoreError;
use crate::store::entities::schema_meta;

/// The version of the schema's readers that this program is. A step of the
/// schema that older programs cannot live with raises the number it asks for.
const READER_VERSION: i64 = 1;

/// How many connections read beside the writer.
const READERS: u32 = 4;

/// How long a statement waits while a command-line tool writes.
const BUSY: Duration = Duration::from_secs(5);

/// The two ways into one file.
pub(super) struct Connections {
    pub(super) writer: DatabaseConnection,
    pub(super) readers: DatabaseConnection,
}

/// The file that was opened, to be told from one that took its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl OpenFile {
    /// The file that is at this path now.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        let found = std::fs::metadata(path)?;
        Ok(Self { path: path.to_owned(), device: found.dev(), inode: found.ino() })
    }

    /// Whether it still lies where it was opened: SQLite would go on writing
    /// into a deleted file, and nobody would ever read it again.
    pub(super) fn is_there(&self) -> bool {
        Self::at(&self.path).is_ok_and(|found| found == *self)
    }
}

/// The path in a `sqlite://` URL.
pub(super) fn path_of(url: &str) -> Result<PathBuf, StoreError> {
    let scheme = || url.split(':').next().unwrap_or_default().to_owned();
    let path = url.strip_prefix("sqlite://").ok_or_else(|| StoreError::Url { scheme: scheme() })?;
    Ok(PathBuf::from(path))
}

/// Takes the right to be the only daemon on this file, for as long as the
/// returned file is open.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unusable = |source| StoreError::Directory { path: directory.to_owned(), source };
    create_dir_all(directory).map_err(unusable)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(directory.join(name))
        .map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

/// Connects to the file, which is made when there is none.
pub(super) async fn connect(path: &Path) -> Result<Connections, StoreError> {
    if let Some(directory) = path.parent() {
        create_dir_all(directory)
            .map_err(|source| StoreError::Directory { path: directory.to_owned(), source })?;
    }
    let writer = open(path, 1, false).await?;
    refuse_foreign(&writer, path).await?;
    // Not before it is known that the file is ours: this changes it.
    writer.execute_unprepared("PRAGMA journal_mode = WAL").await?;
    let readers = open(path, READERS, true).await?;
    Ok(Connections { writer, readers })
}

async fn open(path: &Path, connections: u32, is_read_only: bool) -> Result<DatabaseConnection, StoreError> {
    // The path is handed in below: in a URL, `%` and `?` would not be letters.
    let mut options = ConnectOptions::new("sqlite://switchboard.db");
    options.max_connections(connections).min_connections(1).sqlx_logging(false);
    // A connection to a file costs nothing to keep; SQLite has nothing to time out.
    options.idle_timeout(None).max_lifetime(None).test_before_acquire(false);
    let file = path.to_owned();
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite =
            sqlite.filename(&file).busy_timeout(BUSY).foreign_keys(true).statement_cache_capacity(200);
        if is_read_only {
            return sqlite.read_only(true);
        }
        sqlite.create_if_missing(true).synchronous(SqliteSynchronous::Full)
    });
    let opened = Database::connect(options).await;
    opened.map_err(|source| StoreError::Open { path: path.to_owned(), source })
}

/// Refuses a database that has tables, none of which is ours.
async fn refuse_foreign(db: &DatabaseConnection, path: &Path) -> Result<(), StoreError> {
    let count =
        |filter: &str| format!("SELECT COUNT(*) AS n FROM sqlite_master WHERE type = 'table' {filter}");
    let all = count_of(db, &count(""))
        .await
        .map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
    let ours = count_of(db, &count("AND name = 'seaql_migrations'")).await?;
    if all > 0 && ours == 0 {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    Ok(())
}

async fn count_of(db: &DatabaseConnection, sql: &str) -> Result<i64, sea_orm::DbErr> {
    let row = db.query_one_raw(sea_orm::Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map_or(Ok(0), |row| row.try_get("", "n"))
}

/// Brings the schema up to date, unless a newer program made it.
pub(super) async fn migrate(db: &DatabaseConnection) -> Result<(), StoreError> {
    refuse_newer(db).await?;
    let known: Vec<String> =
        Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let applied = applied(db).await?;
    if known.iter().all(|name| applied.contains(name)) {
        return Ok(());
    }
    Migrator::up(db, None).await.map_err(StoreError::Migrate)
}

/// The steps that the schema has behind it, newer programs' included.
pub(super) async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    Migrator::install(db).await.map_err(StoreError::Migrate)?;
    let sql = "SELECT version FROM seaql_migrations ORDER BY version";
    let rows = db.query_all_raw(sea_orm::Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get("", "version").map_err(StoreError::from)).collect()
}

/// Refuses a schema that asks for newer programs than this one.
pub(super) async fn refuse_newer(db: &DatabaseConnection) -> Result<(), StoreError> {
    let has_meta =
        count_of(db, "SELECT COUNT(*) AS n FROM sqlite_master WHERE type = 'table' AND name = 'schema_meta'")
            .await?;
    if has_meta == 0 {
        return Ok(());
    }
    let row = schema_meta::Entity::find_by_id("minimum_compatible_version").one(db).await?;
    let needed = row.and_then(|row| row.value.parse().ok()).unwrap_or(0);
    if needed > READER_VERSION {
        return Err(StoreError::Newer { needed, ours: READER_VERSION });
    }
    Ok(())
}
