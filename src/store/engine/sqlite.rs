//! The embedded engine: its file, its lock, its connections.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::sqlite::SqliteSynchronous;
use sea_orm::sqlx::{Connection, SqliteConnection};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, SqlxError};

use crate::store::StoreError;
use crate::store::engine::{Company, Readers, history, statements};
use crate::store::writer::Writer;
use crate::telemetry::Tasks;

/// How many connections read beside the writer.
const READERS: u32 = 4;

/// How long a statement waits while a command-line tool writes.
const BUSY: Duration = Duration::from_secs(5);

/// How long a read may take; a file answers, or its disk is broken.
const READ_PATIENCE: Duration = Duration::from_secs(60);

/// How many rows a connection reads before somebody takes them: a whole look at a
/// conversation, so that no thread waits for the other in the middle of one.
const ROWS_AHEAD: usize = 2_048;

/// Who may do what with the files we make: they hold what people said, and are ours alone.
const FILE_MODE: u32 = 0o600;

/// The same for the directories.
const DIRECTORY_MODE: u32 = 0o700;

/// One file, open.
#[derive(Clone)]
pub(in crate::store) struct Sqlite {
    pub(super) writer: Writer,
    pub(super) readers: Readers,
    file: OpenFile,
    /// Held for as long as the file is open by a daemon.
    lock: Option<Arc<File>>,
}

impl Sqlite {
    /// Whether we have the file to ourselves.
    pub(super) fn is_exclusive(&self) -> bool {
        self.lock.is_some()
    }

    pub(super) async fn open(path: &Path, company: Company, tasks: &Tasks) -> Result<Self, StoreError> {
        let lock = match company {
            Company::Alone => Some(Arc::new(lock(path)?)),
            Company::Beside => None,
        };
        let connections = connect(path).await?;
        history::migrate(&connections.writer).await?;
        let writer = Writer::start(statements::told(connections.writer), tasks);
        let readers = Readers::new(statements::told(connections.readers), READ_PATIENCE);
        let unusable = |source| StoreError::Directory { path: path.to_owned(), source };
        let file = OpenFile::at(path).map_err(unusable)?;
        Ok(Self { writer, readers, file, lock })
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        if !self.file.is_there() {
            return Err(StoreError::Lost);
        }
        self.readers.ping().await
    }
}

/// The two ways into one file.
pub(in crate::store) struct Connections {
    pub(in crate::store) writer: DatabaseConnection,
    pub(in crate::store) readers: DatabaseConnection,
}

/// The file that was opened, to be told from one that took its place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OpenFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl OpenFile {
    /// The file that is at this path now.
    fn at(path: &Path) -> io::Result<Self> {
        let found = std::fs::metadata(path)?;
        Ok(Self { path: path.to_owned(), device: found.dev(), inode: found.ino() })
    }

    /// Whether it still lies where it was opened: SQLite would go on writing
    /// into a deleted file, and nobody would ever read it again.
    fn is_there(&self) -> bool {
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
    make_directory(directory).map_err(unusable)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(FILE_MODE)
        .open(directory.join(name))
        .map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

/// Makes a directory, and those above it that are missing; one that is there is left as it is.
pub fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path)
}

/// Makes an empty file, which is a database to SQLite; what is there already is left as it is.
///
/// SQLite itself would let everybody read it. The files it keeps beside take their rights from this one.
fn make_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Connects to the file, which is made when there is none.
pub(in crate::store) async fn connect(path: &Path) -> Result<Connections, StoreError> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let made = make_directory(directory).and_then(|()| make_file(path));
    made.map_err(|source| StoreError::Directory { path: directory.to_owned(), source })?;
    let writer = open(path, 1, false).await?;
    refuse_foreign(&writer, path).await?;
    // Not before it is known that the file is ours: this changes it.
    writer.execute_unprepared("PRAGMA journal_mode = WAL").await?;
    let readers = open(path, READERS, true).await?;
    Ok(Connections { writer, readers })
}

/// Connects to a file that is there, only to look at it; none if there is no file.
pub(super) async fn look(path: &Path) -> Result<Option<DatabaseConnection>, StoreError> {
    match std::fs::metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StoreError::Directory { path: path.to_owned(), source }),
    }
    let db = open(path, 1, true).await?;
    refuse_foreign(&db, path).await?;
    Ok(Some(db))
}

async fn open(path: &Path, connections: u32, is_read_only: bool) -> Result<DatabaseConnection, StoreError> {
    // The path is handed in below: in a URL, `%` and `?` would not be letters.
    let mut options = ConnectOptions::new("sqlite://switchboard.db");
    options.max_connections(connections).min_connections(1).sqlx_logging(false);
    // A connection to a file costs nothing to keep; SQLite has nothing to time out.
    options.idle_timeout(None).max_lifetime(None).test_before_acquire(false);
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_release(|connection, _| Box::pin(is_at_rest(connection)))
    });
    let file = path.to_owned();
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite
            .filename(&file)
            .busy_timeout(BUSY)
            .foreign_keys(true)
            .statement_cache_capacity(200)
            .row_buffer_size(ROWS_AHEAD);
        if is_read_only {
            return sqlite.read_only(true);
        }
        sqlite.create_if_missing(true).synchronous(SqliteSynchronous::Full)
    });
    let opened = Database::connect(options).await;
    opened.map_err(|source| StoreError::Open { path: path.to_owned(), source })
}

/// Whether a connection that comes back is good for another transaction.
///
/// When a commit fails, for instance because the disk is full, SQLite has ended the
/// transaction by itself; the rollback that follows finds none and fails too, and the
/// driver goes on counting it as open. It would take the next one for a part of it,
/// and tell that it is kept although it never is.
async fn is_at_rest(connection: &mut SqliteConnection) -> Result<bool, SqlxError> {
    if !connection.is_in_transaction() {
        return Ok(true);
    }
    // Takes its turn behind a rollback that is still on its way.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Refuses a database that has tables, none of which is ours.
async fn refuse_foreign(db: &DatabaseConnection, path: &Path) -> Result<(), StoreError> {
    let unreadable = |source| StoreError::Open { path: path.to_owned(), source };
    if history::is_foreign(db).await.map_err(unreadable)? {
        return Err(StoreError::Foreign { place: path.display().to_string() });
    }
    Ok(())
}
