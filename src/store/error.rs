//! Why the store could not do what it was asked.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use sea_orm::{DbErr, SqlxError};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no database we can open.
    #[error(
        "`database.url` must begin with `sqlite://`, `postgres://` or `postgresql://`, and begins with `{scheme}:`"
    )]
    Url { scheme: String },

    /// The directory of the database file cannot be used.
    #[error("cannot use the directory `{}` for the database", path.display())]
    Directory {
        path: PathBuf,
        #[source]
        source: io::Error,
    },

    /// Another process works on the same file.
    #[error("another Switchboard is running on `{}`; stop it first, or give this one a database of its own (`database.url`)", path.display())]
    InUse { path: PathBuf },

    /// The file cannot be opened, or is no database.
    #[error("cannot open the database `{}`", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: DbErr,
    },

    /// There is no room for the file.
    #[error("the disk under the database `{}` is full; make room on it", path.display())]
    Full {
        path: PathBuf,
        #[source]
        source: Box<Self>,
    },

    /// The file cannot be read or written, although nothing is wrong with it.
    #[error("the disk under the database `{}` does not work: it is full, broken or gone", path.display())]
    Broken {
        path: PathBuf,
        #[source]
        source: Box<Self>,
    },

    /// Another program has the file for itself.
    #[error("another program keeps the database `{}` locked; end that program, or wait for it", path.display())]
    Locked {
        path: PathBuf,
        #[source]
        source: Box<Self>,
    },

    /// The URL of a server cannot be read.
    #[error("`database.url` is no URL of a PostgreSQL server")]
    Unreadable(#[source] SqlxError),

    /// The server is not there, does not answer, or is not ready.
    #[error("cannot reach PostgreSQL at {server}; start it, or correct `database.url`")]
    Unreachable {
        server: String,
        #[source]
        source: SqlxError,
    },

    /// The server does not take the name or the password.
    #[error(
        "PostgreSQL at {server} does not let `{user}` in; correct the name and the password in `database.url`"
    )]
    Unwelcome {
        server: String,
        user: String,
        #[source]
        source: SqlxError,
    },

    /// The server has no such database.
    #[error(
        "PostgreSQL at {server} has no database `{name}`; create it (`createdb {name}`), or name another one in `database.url`"
    )]
    NoDatabase { server: String, name: String },

    /// The connection cannot be encrypted as was asked for.
    #[error("no connection to PostgreSQL at {server} as safe as `sslmode` in `database.url` asks for")]
    Unsafe {
        server: String,
        #[source]
        source: SqlxError,
    },

    /// The account on the server may not make tables.
    #[error(
        "the account in `database.url` may not make tables there; make the database its own (`ALTER DATABASE … OWNER TO …`), or name another one"
    )]
    NoRights(#[source] DbErr),

    /// The program had to end before the database took what was to be written.
    #[error("the database did not take it before the program had to end")]
    Late,

    /// A daemon works on the database whose history is to be changed.
    #[error("another Switchboard is running on this database; stop it first")]
    Busy,

    /// It is a database, but somebody else's.
    #[error("`{place}` is a database of another program; give Switchboard one of its own (`database.url`)")]
    Foreign { place: String },

    /// The schema is from a version after this one.
    #[error(
        "the database was made by a newer Switchboard (it needs version {needed} of the schema's readers, this one has {ours}); start that version again, or restore a backup"
    )]
    Newer { needed: i64, ours: i64 },

    /// A step of the schema's history failed.
    #[error("cannot migrate the database")]
    Migrate(#[source] DbErr),

    /// A statement failed; nothing of its job was kept.
    #[error("a database statement failed")]
    Statement(#[from] DbErr),

    /// The work was done, but could not be made durable; nothing was kept.
    #[error("cannot commit to the database")]
    Commit(#[source] Arc<DbErr>),

    /// The job was not run, because the transaction around it could not go on.
    #[error("the database could not begin or continue a transaction")]
    Abandoned,

    /// The database has said nothing for too long; whether the job was kept is not known.
    #[error("the database did not answer in time")]
    Silent,

    /// A stored row has a shape that this version cannot read.
    #[error("row {id} of `{table}` cannot be read")]
    Row {
        table: &'static str,
        id: String,
        #[source]
        source: Option<serde_json::Error>,
    },

    /// A job panicked; nothing of it was kept.
    #[error("a database job panicked")]
    Panicked,

    /// The file that was opened is not where it was.
    #[error("the database file has been moved, deleted or replaced")]
    Lost,

    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}
